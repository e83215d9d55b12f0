/* embed.c: texts to vectors. See emily/embed.h.
 *
 * Texts are prepared and tokenized, and go through the model as text_rows.h has it.
 */
#include "emily/embed.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "io/file.h"
#include "models/embed_config.h"
#include "models/model.h"
#include "models/text_rows.h"
#include "text/unicode.h"

#include <stdatomic.h>
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

typedef struct job {
  const emily_embedder *embedder;
  const char *prompt;
  emily__text_rows rows;
  float *out;
} job;

static emily_status tokenize_one(job *j, size_t index, const char *text, size_t length, emily__str *raw, emily__str *ready) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  emily_encoding *encoding;
  options.max_length = j->embedder->max_tokens;
  if (!prepare(j->embedder, j->prompt, text, length, raw, ready)) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(emily_tokenizer_encode(j->embedder->tokenizer, ready->data, ready->count, NULL, 0, &options, &encoding));
  return emily__text_rows_add(&j->rows, encoding, index);
}

static emily_status tokenize(job *j, const char *const *texts, const size_t *lengths, size_t count) {
  emily__str raw = {0}, ready = {0};
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < count && status == EMILY_OK; i++)
    status = tokenize_one(j, i, texts[i], lengths ? lengths[i] : strlen(texts[i]), &raw, &ready);
  emily__str_free(&raw);
  emily__str_free(&ready);
  return status;
}

/* ---- a batch ---- */

/* The hidden state [n, T, D], pooled: [n, size] */
static emily_array *pool(void *context, emily_scope *s, const emily__text_batch *batch, const emily_array_map *inputs,
                         const emily_array_map *outputs) {
  (void)batch;
  const emily__embed_config *c = &((const job *)context)->embedder->config;
  emily_array *h = emily_array_map_get(outputs, "last_hidden_state"), *parts[6];
  emily_array *mask = emily_astype(s, emily_array_map_get(inputs, "attention_mask"), EMILY_BOOL);
  for (int32_t i = 0; i < c->pooling_count; i++) parts[i] = c->pooling[i](s, h, mask);
  emily_array *y = c->pooling_count == 1 ? parts[0] : emily_concatenate(s, parts, c->pooling_count, 1);
  return c->normalize ? emily__l2_normalize(s, y) : y;
}

static emily_status keep(void *context, const emily__text_batch *batch, const float *values, size_t size) {
  const job *j = context;
  for (size_t r = 0; r < batch->count; r++) memcpy(j->out + batch->rows[r].text * size, values + r * size, size * sizeof *values);
  return EMILY_OK;
}

static emily_status run(job *j, const emily_embed_options *options) {
  static const char *const wanted[] = {"last_hidden_state"};
  const emily_task_run how = {.struct_size = sizeof how, .batch_tokens = options->batch_tokens, .progress = options->progress,
                              .context = options->context, .stream = options->stream};
  const emily__text_work work = {.where = WHERE, .model = j->embedder->model, .run = &how,
                                 .batch_tokens = DEFAULT_BATCH_TOKENS, .outputs = wanted, .output_count = 1,
                                 .context = j, .reduce = pool, .take = keep};
  return emily__text_rows_run(&work, &j->rows);
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
  job j = {.embedder = embedder, .out = out};
  EMILY__TRY(emily__embed_config_prompt(&embedder->config, options->prompt_name, &j.prompt));
  emily_status status = tokenize(&j, texts, lengths, count);
  if (status == EMILY_OK && count) status = run(&j, options);
  emily__text_rows_free(&j.rows);
  return status;
}
