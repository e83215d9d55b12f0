/* test_cmd_convert.c: what is said of rounding, what is written, what is called wrongly. */
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

/* To a GGUF file, which generates what the folder does, and back. */
static void to_gguf_and_back(void **state) {
  (void)state;
  char file[1024], again[1024], model[1024];
  const char *root = getenv("EMILY_TEST_DATA");
  snprintf(model, sizeof model, "%s/models/gguf_qwen3/model.gguf", root ? root : "tests/data");
  snprintf(again, sizeof again, "%s", in(out, "back"));
  snprintf(file, sizeof file, "%s", in(out, "again.gguf"));
  shell r = shell_run("", "convert", model, again, "--dtype", "f32");
  assert_int_equal(r.code, 0);
  shell_free(&r);
  r = shell_run("", "convert", again, file);
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "no number changes\n"));
  shell_free(&r);
  shell first = shell_run("", "generate", model, "--tokens", "1,2,3", "-n", "5", "--temperature", "0");
  shell second = shell_run("", "generate", file, "--tokens", "1,2,3", "-n", "5", "--temperature", "0");
  assert_int_equal(first.code, 0);
  assert_string_equal(first.out, second.out);
  shell_free(&first);
  shell_free(&second);
  r = shell_run("", "convert", model, in(out, "other.gguf"));
  assert_int_equal(r.code, 5);
  assert_non_null(strstr(r.err, "is a GGUF file already"));
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(says_whether_numbers_are_rounded), cmocka_unit_test(names_what_is_wrong),
                                     cmocka_unit_test(to_gguf_and_back)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
