/* gguf_export.c: emily_model_to_gguf: a model's weights and settings as a GGUF file, named and laid out as llama.cpp's converter does it.
 *
 * Tensors of one axis are float32, as llama.cpp wants them. Rows of q and k of architectures that rotate neighbours are put in that order,
 * norms of gemma3 get their 1, experts are stacked. One tensor at a time is in memory.
 */
#include "models/gguf_export.h"

#include "base/status.h"
#include "dtype/blocks.h"
#include "io/checkpoint.h"
#include "io/gguf.h"
#include "models/rewrite.h"

#include <stdio.h>
#include <string.h>

static const char WHERE[] = "emily_model_to_gguf";

typedef struct source {
  const emily__rewrite_item *item; /* NULL: the factors of rope */
  char *name;                      /* the tensor's in GGUF */
  int64_t heads;                   /* of q or k whose rows are put in the other order; else 0 */
  bool plus_one;
} source;

typedef struct exporter {
  emily__rewrite rewrite;
  const emily_convert_options *options;
  const emily__gguf_arch *arch;
  emily__gguf_metadata metadata;
  emily_array *factors; /* of rope, or NULL */
  EMILY__VEC(source) sources;
  EMILY__VEC(emily__gguf_item) items;
  uint64_t done, total;
} exporter;

/* ---- which tensors ---- */

/* Whether the file format leaves a tensor out: buffers, and the pooler of BERT, which GGUF's models have no use for. */
static bool left_out(const char *name) {
  static const char *const parts[] = {"rotary_emb.inv_freq", "embeddings.position_ids", ".attn.masked_bias", "pooler.dense."};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(name, parts[i])) return true;
  const size_t length = strlen(name);
  return length > 10 && !strcmp(name + length - 10, ".attn.bias");
}

/* The name as a checkpoint of the whole model, or of the bare body, may have it. */
static bool translate(const exporter *e, const char *name, char *out, size_t room) {
  static const char *const prefixes[] = {"", "model.", "transformer."};
  char full[EMILY__WEIGHT_NAME_MAX + 32];
  const char *bare[] = {name, !strncmp(name, "bert.", 5) ? name + 5 : NULL, !strncmp(name, "nomic_bert.", 11) ? name + 11 : NULL};
  for (int b = 0; b < 3; b++)
    for (size_t i = 0; bare[b] && i < sizeof prefixes / sizeof *prefixes; i++) {
      snprintf(full, sizeof full, "%s%s", prefixes[i], bare[b]);
      if (emily__gguf_tensor_from_hf(e->arch, full, out, room)) return true;
    }
  return false;
}

static int64_t heads_of(const exporter *e, const char *name) {
  const json_t *heads = emily__json_at(e->rewrite.config, "num_attention_heads"), *kv = emily__json_at(e->rewrite.config, "num_key_value_heads");
  if (!e->arch->interleaved) return 0;
  if (strstr(name, ".attn_q.")) return json_integer_value(heads);
  return strstr(name, ".attn_k.") ? json_integer_value(kv ? kv : heads) : 0;
}

static bool packable(const emily__gguf_item *item, const emily__block_format *format) {
  return format && item->rank >= 2 && item->shape[item->rank - 1] % format->block == 0 && strcmp(item->name, "position_embd.weight") != 0 &&
         strcmp(item->name, "token_types.weight") != 0 && !strstr(item->name, "ffn_gate_inp");
}

static const emily__gguf_type *type_of(const exporter *e, const emily__gguf_item *item, emily_dtype from) {
  const emily__block_format *format = e->options->blocks ? emily__block_format_named(e->options->blocks) : NULL;
  if (item->rank < 2 || strstr(item->name, "ffn_gate_inp")) return emily__gguf_type_for(EMILY_FLOAT32);
  if (packable(item, format)) return emily__gguf_type_of((uint32_t)format->id);
  if (e->options->dtype >= 0) return emily__gguf_type_for(e->options->dtype);
  return emily__gguf_type_for(from < 0 || from == EMILY_FLOAT64 ? EMILY_FLOAT32 : from);
}

static emily_status add(exporter *e, source s, const int64_t *shape, int32_t rank, emily_dtype from) {
  emily__gguf_item item = {.name = s.name, .rank = rank};
  if (rank > EMILY__GGUF_RANK_MAX) return emily__fail(EMILY_UNSUPPORTED, WHERE, "'%s' has %d axes", s.name, rank);
  memcpy(item.shape, shape, (size_t)rank * sizeof *shape);
  item.type = type_of(e, &item, from);
  if (!item.type) return emily__fail(EMILY_UNSUPPORTED, WHERE, "'%s' is of %s", s.name, emily_dtype_name(from));
  if (!emily__vec_push(&e->items, item) || !emily__vec_push(&e->sources, s)) return EMILY_OUT_OF_MEMORY;
  return EMILY_OK;
}

/* Takes the name. */
static emily_status add_named(exporter *e, const emily__rewrite_item *item, const char *name) {
  source s = {.item = item, .name = emily__gguf_keep(&e->metadata, name), .heads = heads_of(e, name)};
  s.plus_one = e->arch->plus_one && item && item->ndim == 1;
  if (!s.name) return EMILY_OUT_OF_MEMORY;
  if (item) return add(e, s, item->shape, item->ndim, item->from);
  return add(e, s, emily_array_shape(e->factors), 1, EMILY_FLOAT32);
}

static emily_status add_item(exporter *e, const emily__rewrite_item *item) {
  char hf[EMILY__WEIGHT_NAME_MAX + 16], name[EMILY__WEIGHT_NAME_MAX];
  snprintf(hf, sizeof hf, "%s%s", item->name, item->layer ? ".weight" : "");
  e->total += item->bytes_before;
  if (left_out(hf)) return EMILY_OK;
  if (translate(e, hf, name, sizeof name)) return add_named(e, item, name);
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "GGUF's %s has no tensor for \"%s\"", e->arch->name, hf);
}

static emily_status add_items(exporter *e) {
  if (e->factors) EMILY__TRY(add_named(e, NULL, "rope_freqs.weight"));
  for (size_t i = 0; i < e->rewrite.items.count; i++) EMILY__TRY(add_item(e, &e->rewrite.items.data[i]));
  return EMILY_OK;
}

/* ---- one tensor ---- */

static emily_array *stored(emily_scope *s, const exporter *e, const emily__rewrite_item *item) {
  emily_array *array = NULL;
  if (!item->layer)
    return emily_checkpoint_get(e->rewrite.checkpoint, item->tensor, &array) == EMILY_OK ? emily_scope_adopt(s, array) : emily_scope_fail(s);
  emily_array **parts = emily__alloc_array((size_t)item->source_count, sizeof *parts);
  if (!parts) return emily_scope_fail(s);
  for (int64_t i = 0; i < item->source_count; i++) {
    const emily__weight *w = &item->sources[i];
    parts[i] = w->packing ? emily__weight_dense(s, w) : item->across == EMILY__ACROSS ? emily_swapaxes(s, w->data, 0, 1) : w->data;
  }
  const bool stack = item->ndim > emily_array_ndim(parts[0]);
  array = stack ? emily_stack(s, parts, (int32_t)item->source_count, 0) : parts[0];
  emily__free(parts);
  return array;
}

/* Rows [heads, 2, half] in the order [heads, half, 2]: what pairs halves apart then pairs neighbours. */
static emily_array *interleaved(emily_scope *s, emily_array *x, int64_t heads) {
  if (!x) return NULL;
  const int32_t rank = emily_array_ndim(x);
  const int64_t rows = emily_array_dim(x, 0), shape[] = {heads, 2, rows / heads / 2, rank > 1 ? emily_array_dim(x, 1) : 1};
  if (heads <= 0 || rows % (2 * heads)) return NULL;
  emily_array *turned = emily_swapaxes(s, emily_reshape(s, x, shape, 4), 1, 2);
  return emily_reshape(s, turned, emily_array_shape(x), rank);
}

static emily_array *shaped(emily_scope *s, const exporter *e, const source *from) {
  if (!from->item) return e->factors;
  emily_array *x = stored(s, e, from->item);
  if (from->heads) x = interleaved(s, x, from->heads);
  if (!from->plus_one) return x;
  emily_array *one = emily_array_from_float(1, EMILY_FLOAT32);
  return one ? emily_add(s, emily_astype(s, x, EMILY_FLOAT32), emily_scope_adopt(s, one)) : emily_scope_fail(s);
}

/* Blocks of a format, uint8 [..., bytes of a row]. A new reference. */
static emily_status packed(emily_array *x, const emily__gguf_item *item, emily_array **out) {
  const emily__block_format *format = emily__block_format_of(item->type->id);
  const int64_t blocks = emily_array_size(x) / format->block;
  const size_t bytes = (size_t)(blocks * format->size);
  int64_t shape[EMILY__GGUF_RANK_MAX];
  const void *data;
  EMILY__TRY(emily_eval(&x, 1));
  EMILY__TRY(emily_array_data(x, true, &data));
  memcpy(shape, item->shape, sizeof shape);
  shape[item->rank - 1] = shape[item->rank - 1] / format->block * format->size;
  uint8_t *memory = emily__malloc(bytes);
  if (!memory) return EMILY_OUT_OF_MEMORY;
  emily__block_pack(format, data, blocks, memory);
  *out = emily_array_wrap(memory, shape, item->rank, EMILY_UINT8, emily__free, memory);
  if (*out) return EMILY_OK;
  emily__free(memory);
  return emily_last_error()->status;
}

static emily_status tell(exporter *e, size_t index) {
  const emily__gguf_item *item = &e->items.data[index];
  const emily__rewrite_item *from = e->sources.data[index].item;
  const bool blocks = emily__block_format_of(item->type->id);
  uint64_t size = 1;
  for (int32_t i = 0; i < item->rank; i++) size *= (uint64_t)item->shape[i];
  emily_rewrite_tensor told = {.name = item->name, .mode = blocks ? item->type->name : NULL, .from = from ? from->from : EMILY_FLOAT32,
                               .to = blocks ? -1 : item->type->dtype, .group_size = blocks ? item->type->block : 0,
                               .bits = blocks ? item->type->size * 8 / item->type->block : 0, .bytes_before = from ? from->bytes_before : 0,
                               .bytes_after = size / item->type->block * item->type->size, .error = -1, .total = e->total};
  emily_rewrite_totals *t = &e->rewrite.totals;
  t->bytes_before += told.bytes_before;
  t->bytes_after += told.bytes_after;
  t->parameters += size;
  t->tensors++;
  t->packed += blocks;
  told.done = e->done += told.bytes_before;
  if (!e->options->each || e->options->each(e->options->context, &told)) return EMILY_OK;
  return emily__fail(EMILY_CANCELLED, WHERE, "stopped");
}

static emily_status make(void *context, size_t index, emily_array **out) {
  exporter *e = context;
  const emily__gguf_item *item = &e->items.data[index];
  const bool blocks = emily__block_format_of(item->type->id);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = shaped(s, e, &e->sources.data[index]);
  x = emily_contiguous(s, emily_astype(s, x, blocks ? EMILY_FLOAT32 : item->type->dtype), false);
  emily_array *kept = emily_scope_keep(s, x);
  emily_status status = emily_scope_close(s);
  if (status == EMILY_OK && !kept) status = emily__fail(EMILY_BAD_FORMAT, WHERE, "'%s' does not have rows of whole heads", item->name);
  if (status == EMILY_OK && blocks) {
    status = packed(kept, item, out);
    emily_array_release(kept);
  } else if (status == EMILY_OK) {
    *out = kept;
  }
  if (status != EMILY_OK) return status;
  status = tell(e, index);
  if (status != EMILY_OK) emily_array_release(*out);
  return status;
}

/* ---- the file ---- */

/* llama.cpp's numbers for what most of a file is. */
static uint32_t file_type(const exporter *e) {
  uint64_t bytes[64] = {0}, best = 0;
  for (size_t i = 0; i < e->items.count; i++) {
    const emily__gguf_item *item = &e->items.data[i];
    uint64_t size = 1;
    for (int32_t k = 0; k < item->rank; k++) size *= (uint64_t)item->shape[k];
    bytes[item->type->id] += size;
  }
  for (uint64_t i = 1; i < 64; i++)
    if (bytes[i] > bytes[best]) best = i;
  return best == 30 ? 32 : best == 8 ? 7 : best == 2 ? 2 : (uint32_t)best;
}

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static int64_t rows_of(const exporter *e) {
  for (size_t i = 0; i < e->items.count; i++)
    if (!strcmp(e->items.data[i].name, "token_embd.weight")) return e->items.data[i].shape[0];
  return 0;
}

static emily_status gather(exporter *e, const char *path) {
  const char *type = json_string_value(emily__json_at(e->rewrite.config, "model_type"));
  e->arch = type ? emily__gguf_arch_of_type(type) : NULL;
  if (emily__checkpoint_gguf(e->rewrite.checkpoint)) return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s is a GGUF file already", path);
  if (!e->arch) return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s: models of type \"%s\" are not written to GGUF", path, type ? type : "");
  EMILY__TRY(emily__gguf_export_config(e->arch, e->rewrite.config, &e->metadata));
  EMILY__TRY(emily__gguf_export_pooling(path, e->arch, &e->metadata));
  EMILY__TRY(emily__gguf_export_rope(e->rewrite.config, &e->factors));
  EMILY__TRY(add_items(e));
  emily__gguf_put_text(&e->metadata, last_part(path), "general.name");
  emily__gguf_put_uint(&e->metadata, file_type(e), "general.file_type");
  emily__gguf_put_uint(&e->metadata, 2, "general.quantization_version");
  return emily__gguf_export_tokenizer(path, e->rewrite.config, rows_of(e), &e->metadata);
}

static emily_status dry(exporter *e) {
  for (size_t i = 0; i < e->items.count; i++) EMILY__TRY(tell(e, i));
  return EMILY_OK;
}

static emily_status write_all(exporter *e, const char *path, const char *out) {
  EMILY__TRY(emily__rewrite_open(&e->rewrite, path, true));
  EMILY__TRY(gather(e, path));
  if (e->options->dry_run) return dry(e);
  e->rewrite.totals.files = 1;
  const emily__gguf_content content = {e->items.data, e->items.count, make, e};
  return emily__gguf_write(out, &content, e->metadata.pairs.data, e->metadata.pairs.count);
}

static emily_status check(const char *path, const char *out, const emily_convert_options *o) {
  if (!path || !o || (!out && !o->dry_run)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "path, out and options must not be NULL");
  if (o->struct_size < sizeof *o) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_CONVERT_OPTIONS_INIT");
  if (o->dtype != -1 && !emily__rewrite_takes(o->dtype)) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "dtype must be float32, float16 or bfloat16");
  if (o->blocks && strcmp(o->blocks, "Q8_0") != 0 && strcmp(o->blocks, "Q4_0") != 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "blocks must be Q8_0 or Q4_0");
  return EMILY_OK;
}

emily_status emily_model_to_gguf(const char *path, const char *out, const emily_convert_options *options, emily_rewrite_totals *totals) {
  EMILY__TRY(check(path, out, options));
  exporter e = {.options = options};
  emily_status status = write_all(&e, path, out);
  if (status == EMILY_OK && totals) *totals = e.rewrite.totals;
  emily_array_release(e.factors);
  emily__vec_free(&e.items);
  emily__vec_free(&e.sources);
  emily__gguf_metadata_free(&e.metadata);
  emily__rewrite_close(&e.rewrite);
  return status;
}
