/* test_jsonl.c: hostile lines get an error in their place, the others their answer; long lines; talk with another
 * program. */
#include "../support/folder.h"
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../support/tiny.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_tokenizer(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static void check_bad(const char *line, size_t length, const char *part) {
  char input[512], wanted[128];
  size_t count = (size_t)snprintf(input, sizeof input, "{\"text\":\"a\"}\n");
  memcpy(input + count, line, length);
  count += length;
  count += (size_t)snprintf(input + count, sizeof input - count, "\n{\"text\":\"b\"}\n");
  shell r = shell_run_bytes(input, count, (const char *const[]){"tokenize", folder, "--jsonl", "-", NULL});
  shell_assert_error(&r, 1, part);
  assert_int_equal(strncmp(r.err, "emily: line 2: ", 15), 0);
  snprintf(wanted, sizeof wanted, "{\"ids\":[2,4,3]}\n{\"error\":\"line 2: ");
  assert_int_equal(strncmp(r.out, wanted, strlen(wanted)), 0);
  const char *last = strstr(r.out, "\n{\"ids\":[2,5,3]}\n");
  assert_non_null(last);
  assert_string_equal(last, "\n{\"ids\":[2,5,3]}\n");
  shell_free(&r);
}
#define CHECK_BAD(line, part) check_bad(line, sizeof(line) - 1, part)

static void a_bad_line_is_answered_with_its_error(void **state) {
  (void)state;
  CHECK_BAD("{\"text\": \"a\"", "not JSON");
  CHECK_BAD("{\"text\": \"\\ud83d\"}", "not JSON");
  CHECK_BAD("{\"text\": \"\\udc00x\"}", "not JSON");
  CHECK_BAD("{\"text\": \"\xFF\"}", "not JSON");
  CHECK_BAD("{\"text\": \"\xED\xA0\x80\"}", "not JSON");
  CHECK_BAD("{\"text\": \"a\"} {\"text\": \"b\"}", "not JSON");
  CHECK_BAD("{\"text\": 1}", "\"text\" is an integer and not a string");
  CHECK_BAD("{\"text\": null}", "the line has no \"text\"");
  CHECK_BAD("{\"text\": \"a\", \"pair\": [\"b\"]}", "\"pair\" is an array");
  CHECK_BAD("{}", "the line has no \"text\"");
  CHECK_BAD("[]", "an array and not an object");
  CHECK_BAD("7", "an integer and not an object");
  CHECK_BAD("\0", "not JSON");
  CHECK_BAD("{\"text\0\": \"a\"}", "not JSON");
}

static void nesting_is_bounded(void **state) {
  (void)state;
  size_t depth = 100000;
  char *input = malloc(depth + 1);
  assert_non_null(input);
  memset(input, '[', depth);
  input[depth] = '\0';
  shell r = shell_run(input, "tokenize", folder, "--jsonl", "-");
  shell_assert_error(&r, 1, "line 1: the line is not JSON: maximum parsing depth");
  shell_free(&r);
  free(input);
}

static void a_text_may_hold_anything_that_json_can_say(void **state) {
  (void)state;
  shell r = shell_run("{\"text\": \"a\\u0000b \\ud83d\\ude00\"}", "tokenize", folder, "--jsonl", "-");
  assert_int_equal(r.code, 0);
  shell_free(&r);
}

/* Longer than the reader's block, an input of several of them, and the last without an end. */
static void lines_may_be_long(void **state) {
  (void)state;
  enum { WORDS = 100000, LINES = 3 };
  size_t line = 2 * WORDS + 32, at = 0;
  char *input = malloc(LINES * line);
  assert_non_null(input);
  for (int i = 0; i < LINES; i++) {
    at += (size_t)sprintf(input + at, "%s{\"text\":\"", i ? "\n" : "");
    for (int w = 0; w < WORDS; w++) input[at++] = 'a', input[at++] = ' ';
    at += (size_t)sprintf(input + at, "\"}");
  }
  shell r = shell_run_bytes(input, at, (const char *const[]){"tokenize", folder, "--jsonl", "-", NULL});
  assert_int_equal(r.code, 0);
  const char *out = r.out;
  for (int i = 0; i < LINES; i++) {
    const char *end = strchr(out, '\n');
    assert_non_null(end);
    json_t *answer = json_loadb(out, (size_t)(end - out), 0, NULL);
    assert_int_equal(json_array_size(json_object_get(answer, "ids")), WORDS + 2);
    json_decref(answer);
    out = end + 1;
  }
  assert_string_equal(out, "");
  shell_free(&r);
  free(input);
}

/* The answer comes while the input is still open. */
static void it_answers_before_it_waits(void **state) {
  (void)state;
  int in[2], out[2], null = open("/dev/null", O_WRONLY);
  char text[64];
  assert_true(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC));
  pid_t pid = shell_start(in[0], out[1], null, (const char *const[]){"tokenize", folder, "--jsonl", "-", NULL});
  close(in[0]), close(out[1]), close(null);
  for (int i = 0; i < 3; i++) {
    static const char line[] = "{\"text\":\"a\"}\n", wanted[] = "{\"ids\":[2,4,3]}\n";
    assert_int_equal(write(in[1], line, sizeof line - 1), sizeof line - 1);
    size_t count = 0;
    while (count < sizeof wanted - 1) {
      ssize_t got = read(out[0], text + count, sizeof text - count);
      assert_true(got > 0);
      count += (size_t)got;
    }
    assert_memory_equal(text, wanted, sizeof wanted - 1);
  }
  close(in[1]);
  assert_int_equal(shell_wait(pid), 0);
  close(out[0]);
}

static void an_input_that_cannot_be_read_is_told(void **state) {
  (void)state;
  shell r = shell_run("", "tokenize", folder, "--jsonl", "/nowhere.jsonl");
  shell_assert_error(&r, 3, "cannot open /nowhere.jsonl: No such file");
  shell_free(&r);
  r = shell_run("", "tokenize", folder, "--jsonl", folder);
  shell_assert_error(&r, 3, "Is a directory");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bad_line_is_answered_with_its_error),
      cmocka_unit_test(nesting_is_bounded),
      cmocka_unit_test(a_text_may_hold_anything_that_json_can_say),
      cmocka_unit_test(lines_may_be_long),
      cmocka_unit_test(it_answers_before_it_waits),
      cmocka_unit_test(an_input_that_cannot_be_read_is_told),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
