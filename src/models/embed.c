/* embed.c: texts to vectors. See emily/embed.h.
 *
 * All texts are tokenized, sorted by their number of tokens (longest first: what is too large for the memory shows at once), and cut into
 * batches of like length; a batch is one evaluation. Rows are padded at the right.
 */
#include "emily/embed.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "io/file.h"
#include "models/embed_config.h"
#include "models/model.h"
#include "text/unicode.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DEFAULT_BATCH_TOKENS = 4096;
static const char WHERE[] = "emily_embed";

struct emily_embedder {
  atomic_int references;
  emily__embed_config config;
  emily_model *model;
  emily_tokenizer *tokenizer;
  int64_t size, max_tokens;
};

/* ---- loading ---- */

static void destroy(emily_embedder *e) {
  emily__embed_config_free(&e->config);
  emily_model_release(e->model);
  emily_tokenizer_release(e->tokenizer);
  emily__free(e);
}

static emily_status load(emily_embedder *e, const char *path, const emily_model_options *options) {
  emily_model_options body = options ? *options : (emily_model_options)EMILY_MODEL_OPTIONS_INIT;
  body.body_only = 1;
  EMILY__TRY(emily__embed_config_load(path, &e->config));
  EMILY__TRY(emily_model_load(e->config.model_path, &body, &e->model));
  EMILY__TRY(emily_tokenizer_load(e->config.model_path, &e->tokenizer));
  int64_t hidden = emily_model_hidden_size(e->model), context = emily_model_context_length(e->model);
  if (e->config.pooling_size && e->config.pooling_size != hidden)
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: the pooling is for vectors of %lld, the model's have %lld", path,
                       (long long)e->config.pooling_size, (long long)hidden);
  e->size = hidden * e->config.pooling_count;
  e->max_tokens = e->config.max_tokens && e->config.max_tokens < context ? e->config.max_tokens : context;
  return EMILY_OK;
}

emily_status emily_embedder_load(const char *path, const emily_model_options *options, emily_embedder **out) {
  if (!path || !out || (options && options->struct_size < sizeof *options))
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_embedder_load",
                       "path and out must not be NULL, and options begin as EMILY_MODEL_OPTIONS_INIT");
  emily_embedder *e = emily__calloc(1, sizeof *e);
  if (!e) return EMILY_OUT_OF_MEMORY;
  atomic_init(&e->references, 1);
  emily_status status = load(e, path, options);
  if (status == EMILY_OK) *out = e;
  else destroy(e);
  return status;
}

emily_embedder *emily_embedder_retain(emily_embedder *e) {
  if (e) atomic_fetch_add_explicit(&e->references, 1, memory_order_relaxed);
  return e;
}

void emily_embedder_release(emily_embedder *e) {
  if (e && atomic_fetch_sub_explicit(&e->references, 1, memory_order_acq_rel) == 1) destroy(e);
}

int64_t emily_embedder_size(const emily_embedder *e) { return e->size; }
int64_t emily_embedder_max_tokens(const emily_embedder *e) { return e->max_tokens; }
emily_model *emily_embedder_model(const emily_embedder *e) { return e->model; }
emily_tokenizer *emily_embedder_tokenizer(const emily_embedder *e) { return e->tokenizer; }

/* ---- texts to tokens ---- */

/* What Python's str.strip takes away. */
static bool is_blank(int32_t c) { return emily__is_space(c) || (c >= 0x1C && c <= 0x1F); }

/* Cut blanks off both ends of valid UTF-8. */
static void strip(const char **text, size_t *length) {
  size_t begin = 0, end = *length, used;
  while (begin < end && is_blank(emily__utf8_next(*text + begin, &used))) begin += used;
  while (end > begin) {
    size_t last = emily__utf8_back(*text, end);
    if (!is_blank(emily__utf8_next(*text + last, &used))) break;
    end = last;
  }
  *text += begin;
  *length = end - begin;
}

static bool append_lower(emily__str *out, const char *text, size_t length) {
  size_t used;
  for (size_t at = 0; at < length; at += used) {
    int32_t lower[2];
    char bytes[8];
    size_t written = 0;
    int count = emily__lower(emily__utf8_next(text + at, &used), lower);
    for (int i = 0; i < count; i++) written += emily__utf8_encode(lower[i], bytes + written);
    if (!emily__str_append(out, bytes, written)) return false;
  }
  return true;
}

/* What sentence-transformers hands its tokenizer: the prompt and the text, stripped, in lower case where that is asked for. */
static bool prepare(const emily_embedder *e, const char *prompt, const char *text, size_t length, emily__str *raw,
                    emily__str *out) {
  emily__str_clear(raw);
  emily__str_clear(out);
  if (!emily__str_puts(raw, prompt) || !emily__utf8_append_repaired(raw, text, length)) return false;
  const char *start = raw->data;
  size_t count = raw->count;
  strip(&start, &count);
  return e->config.lowercase ? emily__str_puts(out, "") && append_lower(out, start, count)
                             : emily__str_append(out, start, count);
}

typedef struct row {
  emily_encoding *encoding;
  size_t index;   /* of the text */
  int64_t tokens; /* at least 1 */
} row;

typedef struct job {
  const emily_embedder *embedder;
  const emily_embed_options *options;
  const char *prompt;
  row *rows;
  size_t count;
  float *out;
} job;

static emily_status tokenize_one(const job *j, const char *text, size_t length, emily__str *raw, emily__str *ready,
                                 row *out) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.max_length = j->embedder->max_tokens;
  if (!prepare(j->embedder, j->prompt, text, length, raw, ready)) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(emily_tokenizer_encode(j->embedder->tokenizer, ready->data, ready->count, NULL, 0, &options,
                                    &out->encoding));
  size_t count = emily_encoding_count(out->encoding);
  out->tokens = count ? (int64_t)count : 1;
  return EMILY_OK;
}

static emily_status tokenize(job *j, const char *const *texts, const size_t *lengths) {
  emily__str raw = {0}, ready = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < j->count && status == EMILY_OK; i++) {
    j->rows[i].index = i;
    status = tokenize_one(j, texts[i], lengths ? lengths[i] : strlen(texts[i]), &raw, &ready, &j->rows[i]);
  }
  emily__str_free(&raw);
  emily__str_free(&ready);
  return status;
}

/* ---- a batch ---- */

static int by_length(const void *a, const void *b) {
  const row *x = a, *y = b;
  if (x->tokens != y->tokens) return x->tokens > y->tokens ? -1 : 1;
  return x->index < y->index ? -1 : 1;
}

/* ids and mask int32 [n, length], padded with 0. */
static void fill(const row *rows, size_t n, int64_t length, int32_t *ids, int32_t *mask) {
  for (size_t r = 0; r < n; r++) {
    size_t count = emily_encoding_count(rows[r].encoding), at = r * (size_t)length;
    if (count) memcpy(ids + at, emily_encoding_ids(rows[r].encoding), count * sizeof *ids);
    for (size_t t = 0; t < count; t++) mask[at + t] = 1;
  }
}

/* Put `values` [n, length] under a name. */
static emily_status set_input(emily_array_map *map, const char *name, const int32_t *values, size_t n, int64_t length) {
  emily_array *array = emily_array_from_data(values, (const int64_t[]){(int64_t)n, length}, 2, EMILY_INT32);
  if (!array) return emily_last_error()->status;
  emily_status status = emily_array_map_set(map, name, array);
  emily_array_release(array);
  return status;
}

static emily_status batch_inputs(const row *rows, size_t n, int64_t length, emily_array_map *map) {
  size_t cells = n * (size_t)length;
  int32_t *values = emily__calloc(cells, 2 * sizeof *values);
  if (!values) return EMILY_OUT_OF_MEMORY;
  fill(rows, n, length, values, values + cells);
  emily_status status = set_input(map, "input_ids", values, n, length);
  if (status == EMILY_OK) status = set_input(map, "attention_mask", values + cells, n, length);
  emily__free(values);
  return status;
}

/* h [n, T, D]: [n, size], lazily */
static emily_array *pool(const emily_embedder *e, emily_scope *s, emily_array *h, emily_array *given_mask) {
  emily_array *parts[6], *mask = emily_astype(s, given_mask, EMILY_BOOL);
  for (int32_t i = 0; i < e->config.pooling_count; i++) parts[i] = e->config.pooling[i](s, h, mask);
  emily_array *y = e->config.pooling_count == 1 ? parts[0] : emily_concatenate(s, parts, e->config.pooling_count, 1);
  return e->config.normalize ? emily__l2_normalize(s, y) : y;
}

static emily_status build(const job *j, emily_array_map *inputs, emily_array_map *outputs, emily_array **out) {
  static const char *const wanted[] = {"last_hidden_state"};
  const emily_embedder *e = j->embedder;
  emily_scope *s = emily_scope_open(j->options->stream ? j->options->stream : emily_model_stream(e->model));
  emily_status status = emily_model_forward(e->model, s, inputs, wanted, 1, outputs);
  if (status == EMILY_OK)
    *out = emily_scope_keep(s, pool(e, s, emily_array_map_get(outputs, wanted[0]),
                                    emily_array_map_get(inputs, "attention_mask")));
  emily_status closed = emily_scope_close(s);
  return status != EMILY_OK ? status : closed;
}

/* The vectors of rows [0, n), n >= 1, which are sorted: the first is the longest. */
static emily_status run_batch(const job *j, const row *rows, size_t n) {
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_array *y = NULL;
  emily_status status = inputs && outputs ? batch_inputs(rows, n, rows[0].tokens, inputs) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = build(j, inputs, outputs, &y);
  emily_array_map_release(inputs);
  emily_array_map_release(outputs); /* before the evaluation, so that the hidden state's memory can be reused */
  size_t size = (size_t)j->embedder->size, bytes = n * size * sizeof(float);
  float *values = status == EMILY_OK ? emily__malloc(bytes) : NULL;
  if (status == EMILY_OK) status = values ? emily_array_read(y, values, bytes) : EMILY_OUT_OF_MEMORY;
  for (size_t r = 0; r < n && status == EMILY_OK; r++)
    memcpy(j->out + rows[r].index * size, values + r * size, size * sizeof(float));
  emily__free(values);
  emily_array_release(y);
  return status;
}

static emily_status run_all(const job *j) {
  int64_t most = j->options->batch_tokens > 0 ? j->options->batch_tokens : DEFAULT_BATCH_TOKENS;
  for (size_t at = 0; at < j->count;) {
    size_t fits = (size_t)(most / j->rows[at].tokens), n = j->count - at;
    if (n > fits) n = fits ? fits : 1;
    EMILY__TRY(run_batch(j, j->rows + at, n));
    at += n;
    if (j->options->progress && j->options->progress(at, j->count, j->options->context) != 0)
      return emily__fail(EMILY_CANCELLED, WHERE, "stopped on request after %zu of %zu texts", at, j->count);
  }
  return EMILY_OK;
}

static emily_status check(const emily_embedder *embedder, const char *const *texts, size_t count,
                          const emily_embed_options *options, const float *out) {
  if (!embedder || (count && (!texts || !out)))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "embedder, texts and out must not be NULL");
  if (options->struct_size < sizeof *options)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_EMBED_OPTIONS_INIT");
  for (size_t i = 0; i < count; i++)
    if (!texts[i]) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "text %zu is NULL", i);
  return EMILY_OK;
}

emily_status emily_embed(emily_embedder *embedder, const char *const *texts, const size_t *lengths, size_t count,
                         const emily_embed_options *options, float *out) {
  static const emily_embed_options defaults = EMILY_EMBED_OPTIONS_INIT;
  if (!options) options = &defaults;
  EMILY__TRY(check(embedder, texts, count, options, out));
  job j = {.embedder = embedder, .options = options, .count = count, .out = out};
  EMILY__TRY(emily__embed_config_prompt(&embedder->config, options->prompt_name, &j.prompt));
  if (count == 0) return EMILY_OK;
  j.rows = emily__calloc(count, sizeof *j.rows);
  if (!j.rows) return EMILY_OUT_OF_MEMORY;
  emily_status status = tokenize(&j, texts, lengths);
  if (status == EMILY_OK) {
    qsort(j.rows, count, sizeof *j.rows, by_length);
    status = run_all(&j);
  }
  for (size_t i = 0; i < count; i++) emily_encoding_free(j.rows[i].encoding);
  emily__free(j.rows);
  return status;
}
