/* test_cmd_search.c: a passage that is the query itself comes first, with its line; lines, paragraphs, odd files. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_bert(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static shell search(const char *text, const char *const *options) {
  const char *args[16] = {"search", folder, "--query", "the red fox", "-"};
  size_t count = 5;
  while (*options) args[count++] = *options++;
  return shell_run_bytes(text, strlen(text), args);
}
#define SEARCH(text, ...) search(text, (const char *const[]){__VA_ARGS__, NULL})

static void the_passage_itself_is_best(void **state) {
  (void)state;
  shell r = SEARCH("zzz zzz\n\n0123456789\r\n  \nthe red fox\nqqq\n", "--top", "1");
  assert_int_equal(r.code, 0);
  assert_string_equal(r.out, " 1.0000      5: the red fox\n");
  assert_string_equal(r.err, "");
  shell_free(&r);
}

static void scores_fall(void **state) {
  (void)state;
  shell r = SEARCH("a b c\nthe red fox\nthe red box\nxyz 123\n", "--json", "-k9");
  double last = 2;
  int count = 0;
  assert_int_equal(r.code, 0);
  for (const char *at = r.out; (at = strstr(at, "{\"score\":")); count++) {
    double score = strtod(at + 9, NULL);
    at += 9;
    assert_true(score <= last && score >= -1.000001);
    last = score;
  }
  assert_int_equal(count, 4);
  shell_free(&r);
}

static void paragraphs_are_joined(void **state) {
  (void)state;
  shell r = SEARCH("zz\n\nthe red\nfox\n\n\nyy\n", "--paragraphs", "--top=1", "--json");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "\"line\":3,\"text\":\"the red\\nfox\"}\n"));
  shell_free(&r);
  r = SEARCH("zz\n\nthe red\nfox", "--paragraphs", "--top=1");
  assert_non_null(strstr(r.out, "     3: the red\n                fox\n"));
  shell_free(&r);
}

static void odd_files(void **state) {
  (void)state;
  shell r = SEARCH("", "--lines");
  assert_int_equal(r.code, 0);
  assert_string_equal(r.out, "");
  shell_assert_error(&r, 0, "holds no passages");
  shell_free(&r);
  r = SEARCH("\xFF\xFE bad \x1b[31m\nthe red fox", "--lines");
  assert_int_equal(r.code, 0);
  assert_null(strchr(r.out, 27));
  shell_free(&r);
  r = shell_run("", "search", folder, "-q", "x", "/nowhere.txt");
  shell_assert_error(&r, 3, "cannot open /nowhere.txt");
  shell_free(&r);
  r = shell_run("", "search", folder, "-q", "x", folder);
  shell_assert_error(&r, 3, "Is a directory");
  shell_free(&r);
}

static void many_passages_keep_the_best(void **state) {
  (void)state;
  enum { COUNT = 1500 };
  char *text = malloc(COUNT * 16), *at = text;
  assert_non_null(text);
  for (int i = 0; i < COUNT; i++) at += sprintf(at, i == 1234 ? "the red fox\n" : "q%d\n", i);
  shell r = SEARCH(text, "--top", "1");
  assert_string_equal(r.out, " 1.0000   1235: the red fox\n");
  shell_free(&r);
  free(text);
}

static void slips(void **state) {
  (void)state;
  shell r = shell_run("", "search", folder, "-");
  shell_assert_error(&r, 2, "--query");
  shell_free(&r);
  r = SEARCH("a", "--lines", "--paragraphs");
  shell_assert_error(&r, 2, "exclude each other");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_passage_itself_is_best),  cmocka_unit_test(scores_fall),
      cmocka_unit_test(paragraphs_are_joined),       cmocka_unit_test(odd_files),
      cmocka_unit_test(many_passages_keep_the_best), cmocka_unit_test(slips),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
