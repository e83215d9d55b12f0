/* prompt.c: see prompt.h. The cases are those of Transformers' _retrieve_init_tokens. */
#include "models/whisper/prompt.h"

#include "models/whisper/languages.h"

#include <stdio.h>
#include <string.h>

static const char WHERE[] = "emily_transcribe";

static emily_status push(emily__ids *list, int32_t id) {
  return emily__vec_push(list, id) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status find_language(const emily__whisper_generation *g, const char *language, int32_t *out) {
  const char *code = emily__whisper_language(language);
  char token[32];
  if (!code) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is no language that Whisper knows", language);
  snprintf(token, sizeof token, "<|%s|>", code);
  *out = emily__named_id_find(&g->languages, token);
  if (*out >= 0) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "the language \"%s\" is not one of this model's", language);
}

static emily_status find_task(const emily__whisper_generation *g, const char *task, int32_t *out) {
  *out = emily__named_id_find(&g->tasks, task);
  if (*out >= 0) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "the task \"%s\" is not one of this model's (transcribe and translate are known)",
                     task);
}

static emily_status set_language(const emily__whisper_generation *g, const char *language, emily__ids *out, bool *detect) {
  int32_t id = -1;
  bool open = out->count < 2 || out->data[1] < 0;
  if (language) EMILY__TRY(find_language(g, language, &id));
  *detect = !language && open && g->languages.count;
  if (!language && !*detect) return EMILY_OK;
  if (out->count > 1) return out->data[1] = id, EMILY_OK;
  return push(out, id);
}

static bool has_task(const emily__whisper_generation *g, const emily__ids *out) {
  for (size_t i = 0; i < out->count; i++)
    if (emily__named_id_has(&g->tasks, out->data[i])) return true;
  return false;
}

static emily_status set_task(const emily__whisper_generation *g, const char *language, const char *task, emily__ids *out) {
  int32_t id = -1;
  if (!task && (!language || !g->tasks.count || has_task(g, out))) return EMILY_OK;
  EMILY__TRY(find_task(g, task ? task : "transcribe", &id));
  return push(out, id);
}

static emily_status set_timestamps(const emily__whisper_generation *g, bool timestamps, emily__ids *out) {
  bool there = out->data[out->count - 1] == g->no_timestamps;
  if (g->no_timestamps < 0 || there != timestamps) return EMILY_OK;
  if (!timestamps) return push(out, g->no_timestamps);
  out->count--;
  return EMILY_OK;
}

/* Places that stayed open hold nothing. */
static void drop_open(emily__ids *out, bool detect) {
  size_t kept = 0;
  for (size_t i = 0; i < out->count; i++)
    if (out->data[i] >= 0 || (detect && i == 1)) out->data[kept++] = out->data[i];
  out->count = kept;
}

emily_status emily__whisper_prompt(const emily__whisper_generation *g, const char *language, const char *task,
                                   bool timestamps, emily__ids *out, bool *detect) {
  if (g->english_only && (language || task))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "this model knows English alone: no language and no task can be chosen");
  if (!language) language = g->language;
  if (!task) task = g->task;
  out->count = 0;
  EMILY__TRY(push(out, g->start));
  for (size_t i = 0; !language && !task && i < g->forced.count; i++) EMILY__TRY(push(out, g->forced.data[i]));
  EMILY__TRY(set_language(g, language, out, detect));
  EMILY__TRY(set_task(g, language, task, out));
  EMILY__TRY(set_timestamps(g, timestamps, out));
  drop_open(out, *detect);
  return EMILY_OK;
}

const char *emily__whisper_prompt_language(const emily__whisper_generation *g, const emily__ids *prompt) {
  for (size_t i = 0; prompt->count > 1 && i < g->languages.count; i++)
    if (g->languages.data[i].id == prompt->data[1]) return emily__whisper_language(g->languages.data[i].name);
  return NULL;
}
