/* rewrite_gguf.c: what a rewrite of a GGUF file undoes, so that a Hugging Face checkpoint comes out: the order of rows of q and k, the 1 in
 * norms of gemma3; and Llama 3's scaling of rope, which is a tensor there, as settings.
 */
#include "base/status.h"
#include "io/checkpoint.h"
#include "io/gguf_arch.h"
#include "models/gguf_export.h"
#include "models/rewrite.h"

#include <math.h>
#include <string.h>

static const char WHERE[] = "convert", FACTORS[] = "rope_freqs.weight";

/* ---- rope ---- */

static bool same_factors(const json_t *config, const float *factors, int64_t count) {
  emily_array *made = NULL;
  const void *data;
  bool same = emily__gguf_export_rope(config, &made) == EMILY_OK && made && emily_array_size(made) == count &&
              emily_array_data(made, true, &data) == EMILY_OK;
  for (int64_t i = 0; i < count && same; i++) same = fabsf(((const float *)data)[i] - factors[i]) <= 1e-4f * factors[i];
  emily_array_release(made);
  return same;
}

/* The largest factor is the setting of that name; the original length is a power of two, and the other settings are always these. */
static bool find_scaling(json_t *config, const float *factors, int64_t count) {
  double factor = 1;
  for (int64_t i = 0; i < count; i++) factor = (double)factors[i] > factor ? (double)factors[i] : factor;
  for (int original = 16; original <= 1 << 20; original *= 2) {
    json_t *scaling = json_pack("{s:s, s:f, s:f, s:f, s:i}", "rope_type", "llama3", "factor", factor, "low_freq_factor", 1.0, "high_freq_factor", 4.0,
                                "original_max_position_embeddings", original);
    if (json_object_set_new(config, "rope_scaling", scaling)) return false;
    if (same_factors(config, factors, count)) return true;
  }
  return false;
}

static emily_status read_factors(emily__rewrite *r) {
  size_t index;
  emily_array *array = NULL;
  const void *data = NULL;
  emily__error before;
  emily__error_save(&before);
  if (emily_checkpoint_find(r->checkpoint, FACTORS, &index) != EMILY_OK) return emily__error_restore(&before), EMILY_OK;
  EMILY__TRY(emily_checkpoint_get(r->checkpoint, FACTORS, &array));
  const bool read = emily_array_dtype(array) == EMILY_FLOAT32 && emily_array_data(array, true, &data) == EMILY_OK;
  const bool found = read && find_scaling(r->config, data, emily_array_size(array));
  emily_array_release(array);
  return found ? EMILY_OK : emily__fail(EMILY_UNSUPPORTED, WHERE, "the file's factors of rope are those of no setting that Transformers has");
}

/* ---- items ---- */

static bool ends(const char *name, const char *tail) {
  const size_t length = strlen(name), back = strlen(tail);
  return length >= back && !strcmp(name + length - back, tail);
}

static int64_t heads_of(const emily__rewrite *r, const emily__rewrite_item *item) {
  const int64_t heads = json_integer_value(json_object_get(r->config, "num_attention_heads"));
  const json_t *kv = json_object_get(r->config, "num_key_value_heads");
  if (ends(item->name, "self_attn.q_proj") || ends(item->name, "self_attn.q_proj.bias")) return heads;
  if (ends(item->name, "self_attn.k_proj") || ends(item->name, "self_attn.k_proj.bias")) return json_is_integer(kv) ? json_integer_value(kv) : heads;
  return 0;
}

static emily_status undo(const emily__rewrite *r, const emily__gguf_arch *arch, emily__rewrite_item *item) {
  const int32_t axis = item->layer ? 0 : item->ndim - 1;
  if (arch->interleaved) item->heads = heads_of(r, item);
  if (item->heads < 0 || (item->heads && item->shape[axis] % (2 * item->heads)))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "'%s' does not have rows of whole heads", item->name);
  item->minus_one = arch->plus_one && !item->layer && item->ndim == 1;
  return EMILY_OK;
}

static void drop_factors(emily__rewrite *r) {
  size_t kept = 0;
  for (size_t i = 0; i < r->items.count; i++) {
    emily__rewrite_item *item = &r->items.data[i];
    if (strcmp(item->name, FACTORS) != 0) {
      r->items.data[kept++] = *item;
      continue;
    }
    emily__free(item->name);
    emily__free(item->sources);
  }
  r->items.count = kept;
}

emily_status emily__rewrite_from_gguf(emily__rewrite *r) {
  const char *type = json_string_value(json_object_get(r->config, "model_type"));
  const emily__gguf_arch *arch = type ? emily__gguf_arch_of_type(type) : NULL;
  if (!emily__checkpoint_gguf(r->checkpoint) || !arch) return EMILY_OK;
  for (size_t i = 0; i < r->items.count; i++) EMILY__TRY(undo(r, arch, &r->items.data[i]));
  EMILY__TRY(read_factors(r));
  drop_factors(r);
  json_object_del(r->config, "rope_interleaved");
  return EMILY_OK;
}

/* Of a head's rows, what paired neighbours stands halves apart: row j · half + i was row 2 i + j. */
emily_array *emily__rewrite_order(emily_scope *s, int64_t heads, int64_t rows, int64_t from, int64_t to) {
  const int64_t count = to - from, dim = rows / heads, half = dim / 2;
  int64_t *order = emily__alloc_array((size_t)count, sizeof *order);
  if (!order) return emily_scope_fail(s);
  for (int64_t i = 0; i < count; i++) {
    const int64_t row = from + i, within = row % dim;
    order[i] = row - within + within % half * 2 + within / half;
  }
  emily_array *array = emily_array_from_data(order, &count, 1, EMILY_INT64);
  emily__free(order);
  return array ? emily_scope_adopt(s, array) : emily_scope_fail(s);
}
