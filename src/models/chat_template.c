/* chat_template.c: the chat templates of a checkpoint, with its special tokens. See emily/chat.h. */
#include "models/chat_template.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/vec.h"
#include "io/file.h"
#include "io/model_files.h"
#include "template/template.h"
#include "text/special.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t FILE_MAX = 1 << 20;
static const char WHERE[] = "chat_template", SUFFIX[] = ".jinja";

typedef struct named {
  char *name;
  emily__template *template;
} named;

struct emily_chat_template {
  atomic_int references;
  char *path;
  EMILY__VEC(named) list;
  json_t *defaults; /* variables that a call may set otherwise */
};

/* ---- lifetime ---- */

static emily_status new_template(const char *path, emily_chat_template **out) {
  emily_chat_template *t = emily__calloc(1, sizeof *t);
  if (!t) return EMILY_OUT_OF_MEMORY;
  atomic_init(&t->references, 1);
  t->path = emily__strdup(path);
  t->defaults = json_pack("{s:n, s:n, s:b}", "tools", "documents", "add_generation_prompt", 0);
  *out = t;
  if (t->path && t->defaults) return EMILY_OK;
  emily_chat_template_release(t);
  return emily__fail_memory(WHERE, 0, 0);
}

emily_chat_template *emily_chat_template_retain(emily_chat_template *t) {
  if (t) atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
  return t;
}

void emily_chat_template_release(emily_chat_template *t) {
  if (!t || atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; i < t->list.count; i++) {
    emily__free(t->list.data[i].name);
    emily__template_free(t->list.data[i].template);
  }
  emily__vec_free(&t->list);
  json_decref(t->defaults);
  emily__free(t->path);
  emily__free(t);
}

static const named *find(const emily_chat_template *t, const char *name) {
  for (size_t i = 0; i < t->list.count; i++)
    if (!strcmp(t->list.data[i].name, name)) return &t->list.data[i];
  return NULL;
}

/* file: for messages. */
static emily_status add(emily_chat_template *t, const char *name, const char *file, const char *text, size_t length) {
  named row = {.name = emily__strdup(name)};
  if (!row.name) return EMILY_OUT_OF_MEMORY;
  emily_status status = find(t, name)
                            ? emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: two templates are named '%s'", file, name)
                            : emily__template_parse(file, text, length, &row.template);
  if (status == EMILY_OK && !emily__vec_push(&t->list, row)) status = EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) return EMILY_OK;
  emily__free(row.name);
  emily__template_free(row.template);
  return status;
}

/* ---- files ---- */

static emily_status add_file(emily_chat_template *t, const char *name, const char *path) {
  emily__str text = {0};
  EMILY__TRY(emily__file_read(path, FILE_MAX, &text));
  emily_status status = add(t, name, path, text.data, text.count);
  emily__str_free(&text);
  return status;
}

static int is_template_file(const struct dirent *entry) {
  size_t length = strlen(entry->d_name), suffix = sizeof SUFFIX - 1;
  return length > suffix && !strcmp(entry->d_name + length - suffix, SUFFIX);
}

static emily_status add_entry(emily_chat_template *t, const char *folder, const char *file) {
  char *path = emily__path_join(folder, file), *name = emily__strndup(file, strlen(file) - (sizeof SUFFIX - 1));
  emily_status status = path && name ? add_file(t, name, path) : EMILY_OUT_OF_MEMORY;
  emily__free(path);
  emily__free(name);
  return status;
}

static emily_status add_folder(emily_chat_template *t, const char *folder) {
  struct dirent **entries;
  emily_status status = EMILY_OK;
  int count = scandir(folder, &entries, is_template_file, alphasort);
  if (count < 0) return errno == ENOMEM ? emily__fail_memory(WHERE, 0, 0) : EMILY_OK; /* there is none */
  for (int i = 0; i < count; i++) {
    if (status == EMILY_OK) status = add_entry(t, folder, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return status;
}

static emily_status add_files(emily_chat_template *t) {
  char *file = emily__path_join(t->path, "chat_template.jinja"),
       *folder = emily__path_join(t->path, "additional_chat_templates");
  emily_status status = file && folder ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK && emily__file_is_regular(file)) status = add_file(t, "default", file);
  if (status == EMILY_OK) status = add_folder(t, folder);
  emily__free(file);
  emily__free(folder);
  return status;
}

/* ---- tokenizer_config.json ---- */

static emily_status add_listed(emily_chat_template *t, const json_t *entry, const char *file) {
  const char *name = NULL;
  const json_t *text = emily__json_at(entry, "template");
  EMILY__TRY(emily__json_string(entry, "name", file, &name));
  if (!name || !json_is_string(text))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: an entry of \"chat_template\" lacks \"name\" or \"template\"",
                       file);
  return add(t, name, file, json_string_value(text), json_string_length(text));
}

static emily_status add_json(emily_chat_template *t, const json_t *value, const char *file) {
  size_t i;
  json_t *entry;
  if (!value) return EMILY_OK;
  if (json_is_string(value)) return add(t, "default", file, json_string_value(value), json_string_length(value));
  if (!json_is_array(value))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s: \"chat_template\" is %s, neither a string nor a list", file,
                       emily__json_type_name(value));
  json_array_foreach(value, i, entry) EMILY__TRY(add_listed(t, entry, file));
  return EMILY_OK;
}

static emily_status add_config(emily_chat_template *t) {
  json_t *config = NULL;
  char *file = emily__path_join(t->path, "tokenizer_config.json");
  emily_status status = file ? emily__model_file_load(file, &config) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = add_json(t, emily__json_at(config, "chat_template"), file);
  else if (status == EMILY_NOT_FOUND) status = EMILY_OK;
  json_decref(config);
  emily__free(file);
  return status;
}

/* ---- loading ---- */

static emily_status add_tokens(emily_chat_template *t) {
  emily__special_tokens tokens;
  EMILY__TRY(emily__special_tokens_load(t->path, NULL, &tokens));
  bool room = true;
  for (size_t i = 0; room && i < tokens.list.count; i++) {
    const emily__special_token *token = &tokens.list.data[i];
    if (token->name) room = !json_object_set_new(t->defaults, token->name, json_stringn(token->text, token->length));
  }
  emily__special_tokens_free(&tokens);
  return room ? EMILY_OK : emily__fail_memory(WHERE, 0, 0);
}

static emily_status load(emily_chat_template *t) {
  EMILY__TRY(add_files(t));
  if (!t->list.count) EMILY__TRY(add_config(t));
  if (!t->list.count)
    return emily__fail(
        EMILY_NOT_FOUND, WHERE,
        "%s has no chat template: neither chat_template.jinja nor \"chat_template\" in tokenizer_config.json; "
        "it may be a model that only continues texts (emily generate)",
        t->path);
  return add_tokens(t);
}

static emily_status finish(emily_status status, emily_chat_template *t, emily_chat_template **out) {
  if (status == EMILY_OK) *out = t;
  else emily_chat_template_release(t);
  return status;
}

emily_status emily_chat_template_load(const char *path, emily_chat_template **out) {
  emily_chat_template *t;
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "path and out must not be NULL");
  EMILY__TRY(new_template(path, &t));
  return finish(load(t), t, out);
}

emily_status emily_chat_template_parse(const char *text, size_t length, const char *name, emily_chat_template **out) {
  emily_chat_template *t;
  if (!text || !name || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "text, name and out must not be NULL");
  EMILY__TRY(new_template(name, &t));
  return finish(add(t, "default", name, text, length), t, out);
}

/* ---- rendering ---- */

static bool in_range(int value, int least, int most) { return value >= least && value <= most; }

bool emily__chat_date(const char *text, struct tm *out) {
  int year, month, day, hour = 0, minute = 0, second = 0, end = 0;
  if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3) return false;
  if (text[end] == 'T' || text[end] == ' ') {
    int rest = 0;
    if (sscanf(text + end + 1, "%2d:%2d%n:%2d%n", &hour, &minute, &rest, &second, &rest) < 2) return false;
    end += 1 + rest;
  }
  if (text[end] || year < 1 || !in_range(month, 1, 12) || !in_range(day, 1, 31) || !in_range(hour, 0, 23) ||
      !in_range(minute, 0, 59) || !in_range(second, 0, 59))
    return false;
  *out = (struct tm){.tm_year = year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_sec = second};
  return timegm(out) != -1 && out->tm_mday == day; /* sets the day of the week and of the year */
}

static emily_status pick(const emily_chat_template *t, const json_t *variables, const char *name, const named **out) {
  emily__str names = {0};
  if (name) *out = find(t, name);
  else if (!emily__json_at(variables, "tools") || !(*out = find(t, "tool_use"))) *out = find(t, "default");
  if (!*out && !name && t->list.count == 1) *out = &t->list.data[0];
  if (*out) return EMILY_OK;
  for (size_t i = 0; i < t->list.count; i++) emily__str_printf(&names, "%s%s", i ? ", " : "", t->list.data[i].name);
  emily__fail(EMILY_NOT_FOUND, WHERE, "%s has no chat template named '%s'; there are: %s", t->path,
              name ? name : "default", names.data ? names.data : "");
  emily__str_free(&names);
  return EMILY_NOT_FOUND;
}

emily_status emily__chat_render(const emily_chat_template *t, const json_t *variables,
                                const emily_render_options *options, char **text, size_t *text_length) {
  const json_t *const both[] = {t->defaults, variables};
  const named *chosen = NULL;
  struct tm now;
  emily__template_options o = {0};
  if (options && options->now) {
    if (!emily__chat_date(options->now, &now))
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "'%s' is no date: write 2026-07-04 or 2026-07-04T18:30:00",
                         options->now);
    o.now = &now;
  }
  EMILY__TRY(pick(t, variables, options ? options->template_name : NULL, &chosen));
  size_t length;
  EMILY__TRY(emily__template_render(chosen->template, both, 2, &o, text, &length));
  if (text_length) *text_length = length;
  return EMILY_OK;
}

emily_status emily_chat_template_render(const emily_chat_template *t, const char *json, size_t length,
                                        const emily_render_options *options, char **text, size_t *text_length) {
  json_t *variables;
  if (!t || !json || !text || (options && options->struct_size < sizeof *options))
    return emily__fail(
        EMILY_INVALID_ARGUMENT, WHERE,
        "the template, json and text must not be NULL, and options begin as EMILY_RENDER_OPTIONS_INIT");
  EMILY__TRY(emily__json_parse(json, length, "the conversation", &variables));
  emily_status status =
      json_is_object(variables)
          ? emily__chat_render(t, variables, options, text, text_length)
          : emily__fail(EMILY_BAD_FORMAT, WHERE, "the conversation is %s, not an object with \"messages\"",
                        emily__json_type_name(variables));
  json_decref(variables);
  return status;
}

emily_status emily_chat_encode(const emily_tokenizer *tokenizer, const char *text, size_t length,
                               emily_encoding **out) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.add_special_tokens = 0;
  options.max_length = 0;
  return emily_tokenizer_encode(tokenizer, text, length, NULL, 0, &options, out);
}
