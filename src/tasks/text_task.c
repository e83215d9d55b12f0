/* text_task.c: see text_task.h. */
#include "tasks/text_task.h"

#include "base/status.h"
#include "base/utf8.h"
#include "text/special.h"

#include <math.h>
#include <string.h>

static emily_status refuse_head(const char *where, const emily__text_task *t, uint32_t heads) {
  emily__str known = {0};
  bool room = true;
  for (int i = 0; i < EMILY__TASK_COUNT; i++)
    if (heads & 1u << i) room = room && emily__str_printf(&known, "%s%s", known.count ? " or " : "", emily__task_name((emily__task)i));
  emily_status status = !room ? EMILY_OUT_OF_MEMORY
                              : emily__fail(EMILY_UNSUPPORTED, where, "%s is a %s %s, and the task needs a model %s", emily_model_path(t->model),
                                            emily_model_family(t->model), emily_model_task(t->model), known.data);
  emily__str_free(&known);
  return status;
}

static emily_status load(const char *where, const char *path, const emily_model_options *options, uint32_t heads,
                         emily__text_task *t) {
  EMILY__TRY(emily_model_load(path, options, &t->model));
  const emily__task task = emily__model_task(t->model);
  if (!(heads & 1u << task)) return refuse_head(where, t, heads);
  if (task == EMILY__TASK_IMAGE || task == EMILY__TASK_IMAGE_TEACHER) return emily_preprocessor_load(path, &t->preprocessor);
  EMILY__TRY(emily_tokenizer_load(path, &t->tokenizer));
  t->max_tokens = emily_model_context_length(t->model);
  return EMILY_OK;
}

emily_status emily__text_task_load(const char *where, const char *path, const emily_model_options *options, uint32_t heads,
                                   size_t size, void *out) {
  if (!path || !out || (options && options->struct_size < sizeof *options))
    return emily__fail(EMILY_INVALID_ARGUMENT, where,
                       "path and out must not be NULL, and options begin as EMILY_MODEL_OPTIONS_INIT");
  emily_model_options whole = options ? *options : (emily_model_options)EMILY_MODEL_OPTIONS_INIT;
  whole.body_only = 0;
  emily__text_task *t = emily__calloc(1, size);
  if (!t) return EMILY_OUT_OF_MEMORY;
  atomic_init(&t->references, 1);
  emily_status status = load(where, path, &whole, heads, t);
  if (status == EMILY_OK) memcpy(out, &t, sizeof t);
  else emily__text_task_release(t);
  return status;
}

emily_status emily__text_task_token(const emily__text_task *task, const char *path, const char *name, int32_t *id) {
  emily__special_tokens special = {0};
  emily_status status = emily__special_tokens_load(path, task->tokenizer, &special);
  const emily__special_token *token = emily__special_token_named(&special, name);
  *id = token ? token->id : -1;
  emily__special_tokens_free(&special);
  return status;
}

void *emily__text_task_retain(void *task) {
  if (task) atomic_fetch_add_explicit(&((emily__text_task *)task)->references, 1, memory_order_relaxed);
  return task;
}

void emily__text_task_release(void *task) {
  emily__text_task *t = task;
  if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1) return;
  if (t->dispose) t->dispose(t);
  emily_model_release(t->model);
  emily_tokenizer_release(t->tokenizer);
  emily_preprocessor_release(t->preprocessor);
  emily__free(t);
}

emily_status emily__text_task_check(const char *where, const void *task, const char *const *texts, size_t count, bool sized) {
  if (!task || (count && !texts)) return emily__fail(EMILY_INVALID_ARGUMENT, where, "the model and its texts must not be NULL");
  if (!sized) return emily__fail(EMILY_INVALID_ARGUMENT, where, "options must begin as their initialiser");
  for (size_t i = 0; i < count; i++)
    if (!texts[i]) return emily__fail(EMILY_INVALID_ARGUMENT, where, "text %zu is NULL", i);
  return EMILY_OK;
}

char *emily__text_repaired(const char *text, const size_t *lengths, size_t index, size_t *length) {
  emily__str out = {0};
  if (!emily__str_puts(&out, "") || !emily__utf8_append_repaired(&out, text, lengths ? lengths[index] : strlen(text))) {
    emily__str_free(&out);
    return NULL;
  }
  *length = out.count;
  return out.data;
}

int64_t emily__text_characters(const char *text, size_t bytes) {
  int64_t count = 0;
  for (size_t i = 0; i < bytes; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
  return count;
}

void emily__softmax(float *values, size_t count) {
  float largest = -INFINITY;
  double sum = 0;
  for (size_t i = 0; i < count; i++) largest = values[i] > largest ? values[i] : largest;
  for (size_t i = 0; i < count; i++) sum += (double)(values[i] = expf(values[i] - largest));
  for (size_t i = 0; i < count; i++) values[i] = (float)((double)values[i] / sum);
}
