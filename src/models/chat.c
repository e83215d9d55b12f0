/* chat.c: a conversation that remembers: messages as JSON, and a session of the model. See emily/chat.h. */
#include "emily/chat.h"

#include "base/alloc.h"
#include "base/status.h"
#include "models/chat_template.h"

#include <stdlib.h>
#include <string.h>

static const char WHERE[] = "emily_chat";

struct emily_chat {
  emily_model *model;
  emily_tokenizer *tokenizer;
  emily_chat_template *chat_template;
  emily_session *session;
  json_t *system;   /* a message, or NULL */
  json_t *messages; /* the others, in order */
  json_t *variables;
  char *template_name, *now;
};

/* jansson tells no reason: text that is no UTF-8, or memory. */
static emily_status json_failed(void) {
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "a text is not UTF-8, or memory is out");
}

/* ---- lifetime ---- */

emily_status emily_chat_new(emily_model *model, emily_tokenizer *tokenizer, emily_chat_template *chat_template,
                            emily_chat **out) {
  if (!model || !tokenizer || !chat_template || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "model, tokenizer, chat_template and out must not be NULL");
  emily_chat *chat = emily__calloc(1, sizeof *chat);
  if (!chat) return EMILY_OUT_OF_MEMORY;
  chat->model = emily_model_retain(model);
  chat->tokenizer = emily_tokenizer_retain(tokenizer);
  chat->chat_template = emily_chat_template_retain(chat_template);
  chat->messages = json_array();
  chat->variables = json_object();
  emily_status status =
      chat->messages && chat->variables ? emily_session_new(model, &chat->session) : emily__fail_memory(WHERE, 0, 0);
  if (status == EMILY_OK) *out = chat;
  else emily_chat_free(chat);
  return status;
}

void emily_chat_free(emily_chat *chat) {
  if (!chat) return;
  emily_session_free(chat->session);
  emily_model_release(chat->model);
  emily_tokenizer_release(chat->tokenizer);
  emily_chat_template_release(chat->chat_template);
  json_decref(chat->system);
  json_decref(chat->messages);
  json_decref(chat->variables);
  emily__free(chat->template_name);
  emily__free(chat->now);
  emily__free(chat);
}

/* ---- settings ---- */

static json_t *new_message(const char *role, const char *content, size_t length) {
  return json_pack("{s:s, s:s%}", "role", role, "content", content, length);
}

emily_status emily_chat_set_system(emily_chat *chat, const char *text) {
  json_t *message = NULL;
  if (!chat) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat must not be NULL");
  if (text && !(message = new_message("system", text, strlen(text)))) return json_failed();
  json_decref(chat->system);
  chat->system = message;
  return EMILY_OK;
}

emily_status emily_chat_set_variable(emily_chat *chat, const char *name, const char *json) {
  json_t *value;
  if (!chat || !name) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat and name must not be NULL");
  if (!json) return json_object_del(chat->variables, name), EMILY_OK;
  EMILY__TRY(emily__json_parse(json, strlen(json), name, &value));
  return json_object_set_new(chat->variables, name, value) ? json_failed() : EMILY_OK;
}

static emily_status copy(const char *text, char **out) {
  char *made = text ? emily__strdup(text) : NULL;
  if (text && !made) return EMILY_OUT_OF_MEMORY;
  emily__free(*out);
  *out = made;
  return EMILY_OK;
}

emily_status emily_chat_set_options(emily_chat *chat, const emily_render_options *options) {
  struct tm date;
  if (!chat || !options || options->struct_size < sizeof *options)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE,
                       "chat must not be NULL, and options begin as EMILY_RENDER_OPTIONS_INIT");
  if (options->now && !emily__chat_date(options->now, &date))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "'%s' is no date: write 2026-07-04 or 2026-07-04T18:30:00",
                       options->now);
  EMILY__TRY(copy(options->template_name, &chat->template_name));
  return copy(options->now, &chat->now);
}

/* ---- messages ---- */

static emily_status append(emily_chat *chat, const char *role, const char *content, size_t length) {
  json_t *message = new_message(role, content, length);
  return message && !json_array_append_new(chat->messages, message) ? EMILY_OK : json_failed();
}

emily_status emily_chat_add(emily_chat *chat, const char *role, const char *content) {
  if (!chat || !role || !content)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat, role and content must not be NULL");
  return append(chat, role, content, strlen(content));
}

emily_status emily_chat_add_json(emily_chat *chat, const char *json) {
  json_t *message;
  if (!chat || !json) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat and json must not be NULL");
  EMILY__TRY(emily__json_parse(json, strlen(json), "the message", &message));
  if (json_is_object(message)) return json_array_append_new(chat->messages, message) ? json_failed() : EMILY_OK;
  emily_status status =
      emily__fail(EMILY_BAD_FORMAT, WHERE, "the message is %s and not an object", emily__json_type_name(message));
  json_decref(message);
  return status;
}

/* The system's message and the others. */
static json_t *all_messages(const emily_chat *chat) {
  json_t *all = json_array();
  bool good =
      all && (!chat->system || !json_array_append(all, chat->system)) && !json_array_extend(all, chat->messages);
  if (!good) json_decref(all);
  return good ? all : NULL;
}

static json_t *all_variables(const emily_chat *chat) {
  json_t *messages = all_messages(chat);
  json_t *all = json_pack("{s:o, s:b}", "messages", messages, "add_generation_prompt", 1);
  if (all && json_object_update(all, chat->variables)) json_decref(all), all = NULL;
  return all;
}

static emily_status encode(const emily_chat *chat, emily_encoding **out) {
  const emily_render_options options = {sizeof options, chat->template_name, chat->now};
  json_t *variables = all_variables(chat);
  char *text;
  size_t length;
  if (!variables) return emily__fail_memory(WHERE, 0, 0);
  emily_status status = emily__chat_render(chat->chat_template, variables, &options, &text, &length);
  json_decref(variables);
  EMILY__TRY(status);
  status = emily_chat_encode(chat->tokenizer, text, length, out);
  emily_string_free(text);
  return status;
}

static emily_status answer(emily_chat *chat, const emily_generate_options *options, emily_generation **out) {
  emily_encoding *encoding;
  EMILY__TRY(encode(chat, &encoding));
  emily_status status = emily_session_generate(chat->session, chat->tokenizer, emily_encoding_ids(encoding),
                                               emily_encoding_count(encoding), options, out);
  emily_encoding_free(encoding);
  return status;
}

emily_status emily_chat_say(emily_chat *chat, const char *text, const emily_generate_options *options,
                            emily_generation **out) {
  emily_generation *generation = NULL;
  if (!chat || !out) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat and out must not be NULL");
  size_t before = json_array_size(chat->messages);
  if (text) EMILY__TRY(append(chat, "user", text, strlen(text)));
  emily_status status = answer(chat, options, &generation);
  bool nothing =
      status == EMILY_OK && generation->finish_reason == EMILY_FINISH_CANCELLED && !generation->text_length;
  if (status == EMILY_OK && !nothing) status = append(chat, "assistant", generation->text, generation->text_length);
  bool undo = (status != EMILY_OK || nothing) && json_array_size(chat->messages) > before;
  if (undo) json_array_remove(chat->messages, before);
  if (status == EMILY_OK) *out = generation;
  else emily_generation_free(generation);
  return status;
}

void emily_chat_clear(emily_chat *chat) {
  json_array_clear(chat->messages);
  emily_session_clear(chat->session);
}

size_t emily_chat_message_count(const emily_chat *chat) { return json_array_size(chat->messages); }
size_t emily_chat_token_count(const emily_chat *chat) { return emily_session_length(chat->session); }

emily_status emily_chat_messages(const emily_chat *chat, char **json) {
  if (!chat || !json) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "chat and json must not be NULL");
  json_t *all = all_messages(chat);
  char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
  json_decref(all);
  if (!text) return emily__fail_memory(WHERE, 0, 0);
  char *made = emily__strdup(text); /* callers free with emily_string_free */
  free(text);
  if (!made) return EMILY_OUT_OF_MEMORY;
  *json = made;
  return EMILY_OK;
}
