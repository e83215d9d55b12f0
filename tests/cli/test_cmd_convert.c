/* test_cmd_convert.c: what is said of rounding, what is written, what is called wrongly. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder, *out;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  out = folder_new();
  tiny_bert(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  folder_remove(out);
  return 0;
}

static void says_whether_numbers_are_rounded(void **state) {
  (void)state;
  shell r = shell_run("", "convert", folder, out, "--dtype", "bf16", "--report");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "embeddings.LayerNorm.weight  float32 to bfloat16  64 B to 32 B\n"));
  assert_non_null(strstr(r.out, "numbers are rounded\n"));
  assert_int_equal(access(in(out, "tokenizer.json"), R_OK), 0);
  shell_free(&r);
  r = shell_run("", "convert", out, "--dry-run", "--dtype", "f32");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "no number changes\n"));
  shell_free(&r);
  r = shell_run("", "embed", out, "ab");
  assert_int_equal(r.code, 0);
  shell_free(&r);
}

static void names_what_is_wrong(void **state) {
  (void)state;
  shell r = shell_run("", "convert", folder);
  shell_assert_error(&r, 2, "name the folder or the .gguf file to write");
  shell_free(&r);
  r = shell_run("", "convert", folder, out, "--dtype", "int8");
  shell_assert_error(&r, 2, "--dtype must be");
  shell_free(&r);
  r = shell_run("", "convert", folder, folder);
  shell_assert_error(&r, 1, "is not empty");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(says_whether_numbers_are_rounded), cmocka_unit_test(names_what_is_wrong)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
