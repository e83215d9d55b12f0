/* test_cmd_render.c: `emily render`: lines of conversations, and one from options. */
#include "support/folder.h"
#include "support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static char *folder;

static const char TEMPLATE[] =
    "{{ bos_token }}{% for m in messages %}\n{% if m.role == 'robot' %}{{ raise_exception('no robots') }}{% endif "
    "%}\n[{{ m.role }}] {{ m.content }}\n"
    "{% endfor %}\n{% if tools %}{{ tools|tojson }}{% endif %}{{ note }}{% if add_generation_prompt %}[assistant]{% "
    "endif %}";

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  folder_puts(folder, "chat_template.jinja", TEMPLATE);
  folder_puts(folder, "tokenizer_config.json",
              "{\"bos_token\":{\"content\":\"<s>\"},\"chat_template\":\"not this one\"}");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static void check(const char *input, int code, const char *wanted) {
  shell r = shell_run(input, "render", folder, "--jsonl", "-");
  assert_string_equal(r.out, wanted);
  assert_int_equal(r.code, code);
  shell_free(&r);
}

static void lines_are_answered_in_order(void **state) {
  (void)state;
  check("{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u00e9\"}]}\n", 0,
        "{\"text\":\"<s>[user] a\xC3\xA9\\n\"}\n");
  check(
      "{\"messages\":[],\"tools\":[{\"x\":1.0}],\"add_generation_prompt\":true,\"note\":\"n\",\"bos_token\":\"B\"}\n",
      0, "{\"text\":\"B[{\\\"x\\\": 1.0}]n[assistant]\"}\n");
  check("", 0, "");
}

/* That the template raises is an answer; that a line is no object is not. */
static void errors_stand_in_their_place(void **state) {
  (void)state;
  shell r = shell_run("{\"messages\":[{\"role\":\"robot\"}]}\n{\"messages\":[]}\n", "render", folder, "--jsonl", "-");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "chat_template.jinja, line 2: no robots\"}\n{\"text\":\"<s>"));
  assert_string_equal(r.err, "");
  shell_free(&r);
  r = shell_run("[1]\n{\"messages\":[]}\n{\"a\":12345678901234567890}\n", "render", folder, "--jsonl", "-");
  assert_int_equal(r.code, 1);
  assert_int_equal(strncmp(r.out, "{\"error\":\"line 1: ", 18), 0);
  assert_non_null(strstr(r.out, "{\"text\":\"<s>\"}\n{\"error\":\"line 3: "));
  shell_free(&r);
}

static void a_conversation_from_options(void **state) {
  (void)state;
  folder_puts(folder, "tools.json", "[{\"name\": \"f\"}]");
  shell r = shell_run("", "render", folder, "-m", "system:be: brief", "-m", "user:hi", "-g", "--tools",
                      in(folder, "tools.json"), "--var", "note=\"N\"");
  assert_int_equal(r.code, 0);
  assert_string_equal(r.out, "<s>[system] be: brief\n[user] hi\n[{\"name\": \"f\"}]N[assistant]\n");
  shell_free(&r);
}

static void the_date_can_be_given(void **state) {
  (void)state;
  char *other = folder_new();
  folder_puts(other, "tokenizer_config.json", "{\"chat_template\":\"{{ strftime_now('%A %d %B %Y %H:%M') }}\"}");
  shell r = shell_run("", "render", other, "-m", "user:x", "--date", "2024-02-29T07:05");
  assert_string_equal(r.out, "Thursday 29 February 2024 07:05\n");
  shell_free(&r);
  r = shell_run("", "render", other, "-m", "user:x", "--date", "2023-02-29");
  shell_assert_error(&r, 1, "is no date");
  shell_free(&r);
  folder_remove(other);
}

static void several_templates(void **state) {
  (void)state;
  char *other = folder_new();
  folder_puts(other, "chat_template.jinja", "D");
  folder_puts(other, "additional_chat_templates/tool_use.jinja", "T");
  folder_puts(other, "additional_chat_templates/rag.jinja", "R");
  shell r = shell_run("{}\n{\"tools\":[]}\n{\"tools\":null}\n", "render", other, "--jsonl", "-");
  assert_string_equal(r.out, "{\"text\":\"D\"}\n{\"text\":\"T\"}\n{\"text\":\"D\"}\n");
  shell_free(&r);
  r = shell_run("", "render", other, "-m", "user:x", "--template", "rag");
  assert_string_equal(r.out, "R\n");
  shell_free(&r);
  r = shell_run("", "render", other, "-m", "user:x", "--template", "none");
  shell_assert_error(&r, 3, "there are: default, rag, tool_use");
  shell_free(&r);
  folder_remove(other);
}

static void a_template_without_end_is_stopped(void **state) {
  (void)state;
  char *other = folder_new();
  folder_puts(other, "chat_template.jinja",
              "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}");
  shell r = shell_run("{}\n", "render", other, "--jsonl", "-");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "{\"error\":"));
  assert_non_null(strstr(r.out, "too many steps"));
  shell_free(&r);
  folder_remove(other);
}

static void slips(void **state) {
  (void)state;
  const struct {
    int code;
    const char *part, *args[6];
  } cases[] = {{2, "no conversation", {NULL}},
               {2, "ROLE:TEXT", {"-m", "hello"}},
               {2, "ROLE:TEXT", {"-m", ":hello"}},
               {2, "NAME=JSON", {"-m", "user:a", "--var", "x"}},
               {2, "a text needs quotes", {"-m", "user:a", "--var", "x=y"}},
               {2, "with --jsonl", {"-m", "user:a", "--jsonl", "-"}},
               {3, "nowhere.json", {"-m", "user:a", "--tools", "nowhere.json"}},
               {1, "no robots", {"-m", "robot:a"}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *args[10] = {"render", folder};
    memcpy(args + 2, cases[i].args, sizeof cases[i].args);
    shell r = shell_run_bytes(NULL, 0, args);
    shell_assert_error(&r, cases[i].code, cases[i].part);
    shell_free(&r);
  }
}

static void broken_files(void **state) {
  (void)state;
  const struct {
    int code;
    const char *config, *part;
  } cases[] = {{3, "{}", "has no chat template"},
               {4, "{\"chat_template\":3}", "neither a string nor a list"},
               {4, "{\"chat_template\":[{\"name\":\"a\"}]}", "lacks \"name\" or \"template\""},
               {4, "{\"chat_template\":[{\"name\":\"a\",\"template\":\"\"},{\"name\":\"a\",\"template\":\"\"}]}",
                "two templates"},
               {4, "{\"chat_template\":\"\\n{% if %}\"}", "line 2"},
               {5, "{\"chat_template\":\"{% extends 'x' %}\"}", "'extends' is not supported"}};
  char *other = folder_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    folder_puts(other, "tokenizer_config.json", cases[i].config);
    shell r = shell_run("", "render", other, "-m", "user:x");
    shell_assert_error(&r, cases[i].code, cases[i].part);
    shell_free(&r);
  }
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_are_answered_in_order),
      cmocka_unit_test(errors_stand_in_their_place),
      cmocka_unit_test(a_conversation_from_options),
      cmocka_unit_test(the_date_can_be_given),
      cmocka_unit_test(several_templates),
      cmocka_unit_test(a_template_without_end_is_stopped),
      cmocka_unit_test(slips),
      cmocka_unit_test(broken_files),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
