/* test_cmd_quantize.c: the report and the last line, what is written, what is called wrongly. */
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
  tiny_qwen3(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  folder_remove(out);
  return 0;
}

static void tells_each_layer(void **state) {
  (void)state;
  shell r = shell_run("", "quantize", folder, "--dry-run", "--report", "--mode", "nvfp4");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "model.embed_tokens  nvfp4, 4 bits, groups of 16  4.0 KiB to "));
  assert_non_null(strstr(r.out, "  error 0."));
  assert_non_null(strstr(r.out, "model.norm.weight  float32"));
  assert_non_null(strstr(r.out, "would write 1 file, "));
  assert_non_null(strstr(r.out, " bits a number\n"));
  shell_free(&r);
}

/* tiny_qwen3's rows are 16 wide: too short for groups of 32, but for o_proj's 32. */
static void writes_and_names_what_is_kept(void **state) {
  (void)state;
  shell r = shell_run("", "quantize", folder, out, "--bits", "8", "--group-size", "32");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "kept as it is: model.embed_tokens (its rows are no whole groups)\n"));
  assert_non_null(strstr(r.out, "wrote "));
  assert_int_equal(access(in(out, "tokenizer.json"), R_OK), 0);
  shell_free(&r);
  r = shell_run("", "generate", out, "-p", "ab", "-n", "2", "--ignore-eos");
  assert_int_equal(r.code, 0);
  shell_free(&r);
  r = shell_run("", "quantize", out, "--dry-run");
  shell_assert_error(&r, 5, "is quantized already");
  shell_free(&r);
}

static void names_what_is_wrong(void **state) {
  (void)state;
  shell r = shell_run("", "quantize", folder);
  shell_assert_error(&r, 2, "name the folder to write, or give --dry-run");
  shell_free(&r);
  r = shell_run("", "quantize", folder, out, "--dtype", "f64");
  shell_assert_error(&r, 2, "--dtype must be f32, f16 or bf16, and is \"f64\"");
  shell_free(&r);
  r = shell_run("", "quantize", folder, folder, "--group-size", "32");
  shell_assert_error(&r, 1, "is not empty");
  shell_free(&r);
  r = shell_run("", "quantize", folder, "--dry-run", "--bits", "7");
  shell_assert_error(&r, 1, "2, 3, 4, 5, 6 or 8 bits");
  shell_free(&r);
  r = shell_run("", "quantize", folder, "--dry-run");
  shell_assert_error(&r, 1, "no matrix of ");
  shell_free(&r);
  r = shell_run("", "quantize", "no/such", "--dry-run");
  shell_assert_error(&r, 3, "no/such");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tells_each_layer),
      cmocka_unit_test(writes_and_names_what_is_kept),
      cmocka_unit_test(names_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
