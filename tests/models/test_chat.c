/* test_chat.c: conversations in C: what a turn is given, what a failure leaves behind, and that memory may be out. */
#include "support/folder.h"
#include "support/tiny.h"

#include "base/alloc.h"
#include "emily/chat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char TEMPLATE[] =
    "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {% endfor %}{{ mode }}"
    "{% if messages|length > 6 %}{{ raise_exception('too long') }}{% endif %}";

static char *folder;
static emily_model *model;
static emily_tokenizer *tokenizer;
static emily_chat_template *template;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_qwen3(folder);
  folder_puts(folder, "chat_template.jinja", TEMPLATE);
  emily_model_options options = EMILY_MODEL_OPTIONS_INIT;
  return emily_model_load(folder, &options, &model) || emily_tokenizer_load(folder, &tokenizer) ||
         emily_chat_template_load(folder, &template);
}

static int teardown(void **state) {
  (void)state;
  emily_chat_template_release(template);
  emily_tokenizer_release(tokenizer);
  emily_model_release(model);
  folder_remove(folder);
  return 0;
}

static emily_chat *new_chat(void) {
  emily_chat *chat;
  assert_int_equal(emily_chat_new(model, tokenizer, template, &chat), EMILY_OK);
  return chat;
}

static emily_generate_options short_answers(void) {
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.max_new_tokens = 6;
  options.ignore_eos = 1;
  return options;
}

static char *say(emily_chat *chat, const char *text, size_t *reused) {
  const emily_generate_options options = short_answers();
  emily_generation *g;
  assert_int_equal(emily_chat_say(chat, text, &options, &g), EMILY_OK);
  char *copy = strdup(g->text);
  if (reused) *reused = g->reused_count;
  emily_generation_free(g);
  return copy;
}

/* What a chat says is what emily_generate says to the rendered conversation, without special tokens added. */
static void a_turn_is_the_rendered_conversation(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  const emily_generate_options options = short_answers();
  emily_encoding *encoding;
  emily_generation *g;
  assert_int_equal(emily_chat_set_system(chat, "be kind"), EMILY_OK);
  assert_int_equal(emily_chat_set_variable(chat, "mode", "\"now\""), EMILY_OK);
  char *answer = say(chat, "hello", NULL), *text;
  const char *json =
      "{\"messages\":[{\"role\":\"system\",\"content\":\"be "
      "kind\"},{\"role\":\"user\",\"content\":\"hello\"}],\"mode\":\"now\",\"add_generation_prompt\":true}";
  assert_int_equal(emily_chat_template_render(template, json, strlen(json), NULL, &text, NULL), EMILY_OK);
  assert_string_equal(text, "s be kind u hello now");
  assert_int_equal(emily_chat_encode(tokenizer, text, strlen(text), &encoding), EMILY_OK);
  for (size_t i = 0; i < emily_encoding_count(encoding); i++) assert_true(emily_encoding_ids(encoding)[i] > 3);
  assert_int_equal(
      emily_generate(model, tokenizer, emily_encoding_ids(encoding), emily_encoding_count(encoding), &options, &g),
      EMILY_OK);
  assert_string_equal(g->text, answer);
  emily_generation_free(g);
  emily_encoding_free(encoding);
  emily_string_free(text);
  free(answer);
  emily_chat_free(chat);
}

static void turns_are_remembered(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  size_t reused;
  char *first = say(chat, "hello", &reused), *second, *json;
  assert_int_equal(reused, 0);
  second = say(chat, "why", &reused);
  assert_true(reused >= 6); /* "u hello" at least */
  assert_int_equal(emily_chat_message_count(chat), 4);
  assert_true(emily_chat_token_count(chat) > 0);
  assert_int_equal(emily_chat_messages(chat, &json), EMILY_OK);
  const char *begin = "[{\"role\":\"user\",\"content\":\"hello\"},{\"role\":\"assistant\",\"content\":\"";
  assert_int_equal(strncmp(json, begin, strlen(begin)), 0);
  emily_string_free(json);
  emily_chat_clear(chat);
  assert_int_equal(emily_chat_message_count(chat), 0);
  assert_int_equal(emily_chat_token_count(chat), 0);
  char *again = say(chat, "hello", NULL);
  assert_string_equal(first, again);
  free(first), free(second), free(again);
  emily_chat_free(chat);
}

static void a_failure_leaves_the_chat_as_it_was(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  const emily_generate_options options = short_answers();
  emily_generation *g = NULL;
  for (int i = 0; i < 6; i++) assert_int_equal(emily_chat_add(chat, i % 2 ? "assistant" : "user", "x"), EMILY_OK);
  assert_int_equal(emily_chat_say(chat, "more", &options, &g), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "chat_template.jinja, line 1: too long"));
  assert_null(g);
  assert_int_equal(emily_chat_message_count(chat), 6);
  assert_int_equal(emily_chat_say(chat, "\xFF", &options, &g), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_chat_set_variable(chat, "x", "{"), EMILY_BAD_FORMAT);
  assert_int_equal(emily_chat_message_count(chat), 6);
  emily_chat_free(chat);
}

/* A call of a tool, its result, and the answer to it, without a word of the user's. */
static void tools_take_part(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  const emily_generate_options options = short_answers();
  emily_generation *g;
  char *json;
  assert_int_equal(emily_chat_add(chat, "user", "sum"), EMILY_OK);
  assert_int_equal(emily_chat_add_json(chat, "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"n\":1}]}"),
                   EMILY_OK);
  assert_int_equal(emily_chat_add(chat, "tool", "3"), EMILY_OK);
  assert_int_equal(emily_chat_add_json(chat, "[]"), EMILY_BAD_FORMAT);
  assert_int_equal(emily_chat_add_json(chat, "{"), EMILY_BAD_FORMAT);
  assert_int_equal(emily_chat_say(chat, NULL, &options, &g), EMILY_OK);
  emily_generation_free(g);
  assert_int_equal(emily_chat_message_count(chat), 4);
  assert_int_equal(emily_chat_messages(chat, &json), EMILY_OK);
  assert_non_null(
      strstr(json, "\"tool_calls\":[{\"n\":1}]},{\"role\":\"tool\",\"content\":\"3\"},{\"role\":\"assistant\""));
  emily_string_free(json);
  emily_chat_free(chat);
}

static int32_t stop_at_once(const emily_generation_piece *piece, void *context) {
  (void)piece, (void)context;
  return 1;
}

static void an_answer_that_was_stopped(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  emily_generate_options options = short_answers();
  const int32_t cancel = 1;
  emily_generation *g;
  options.cancel = &cancel;
  assert_int_equal(emily_chat_say(chat, "hello", &options, &g), EMILY_OK);
  assert_int_equal(g->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(emily_chat_message_count(chat), g->text_length ? 2 : 0);
  emily_generation_free(g);
  emily_chat_clear(chat);
  options.cancel = NULL;
  options.callback = stop_at_once;
  assert_int_equal(emily_chat_say(chat, "hello", &options, &g), EMILY_OK);
  assert_int_equal(emily_chat_message_count(chat), g->text_length ? 2 : 0);
  emily_generation_free(g);
  emily_chat_free(chat);
}

static void arguments_are_checked(void **state) {
  (void)state;
  emily_chat *chat = new_chat();
  emily_render_options options = EMILY_RENDER_OPTIONS_INIT;
  assert_int_equal(emily_chat_new(NULL, tokenizer, template, &chat), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_chat_add(chat, "user", NULL), EMILY_INVALID_ARGUMENT);
  options.now = "later";
  assert_int_equal(emily_chat_set_options(chat, &options), EMILY_INVALID_ARGUMENT);
  options.now = "2024-02-29";
  options.template_name = "none";
  assert_int_equal(emily_chat_set_options(chat, &options), EMILY_OK);
  emily_generation *g;
  assert_int_equal(emily_chat_say(chat, "x", NULL, &g), EMILY_NOT_FOUND);
  emily_chat_free(chat);
  emily_chat_free(NULL);
}

static emily_status load_and_render(void) {
  emily_chat_template *t;
  char *text;
  const char *json = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  emily_status status = emily_chat_template_load(folder, &t);
  if (status) return status;
  status = emily_chat_template_render(t, json, strlen(json), NULL, &text, NULL);
  if (!status) emily_string_free(text);
  emily_chat_template_release(t);
  return status;
}

static void every_allocation_of_loading_may_fail(void **state) {
  (void)state;
  folder_puts(folder, "tokenizer_config.json", "{\"bos_token\":\"<s>\"}");
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    emily_status status = load_and_render();
    bool failed = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    assert_int_equal(status, failed ? EMILY_OUT_OF_MEMORY : EMILY_OK);
    assert_int_equal(emily__alloc_live(), live);
    if (!failed) break;
    assert_true(n < 2000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_turn_is_the_rendered_conversation),  cmocka_unit_test(turns_are_remembered),
      cmocka_unit_test(a_failure_leaves_the_chat_as_it_was),  cmocka_unit_test(tools_take_part),
      cmocka_unit_test(an_answer_that_was_stopped),           cmocka_unit_test(arguments_are_checked),
      cmocka_unit_test(every_allocation_of_loading_may_fail),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
