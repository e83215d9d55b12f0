/* test_cmd_op.c: operands by name, attributes of each kind, lists, and what is wrong with them. */
#include "../support/folder.h"
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/array_map.h"

static char *folder;
static char file[512]; /* the input */

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  snprintf(file, sizeof file, "%s/in.st", folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

/* [2, 3] tensors of 1 … 6, with the given names. */
static void put(const char *const *names) {
  const float data[6] = {1, 2, 3, 4, 5, 6};
  emily_array_map *map = emily_array_map_new();
  for (; *names; names++) {
    emily_array *array = emily_array_from_data(data, (int64_t[]){2, 3}, 2, EMILY_FLOAT32);
    assert_int_equal(emily_array_map_set(map, *names, array), EMILY_OK);
    emily_array_release(array);
  }
  assert_int_equal(emily_safetensors_save(file, map, NULL), EMILY_OK);
  emily_array_map_release(map);
}
#define PUT(...) put((const char *const[]){__VA_ARGS__, NULL})

static shell op(const char *const *words) {
  const char *args[20] = {"op", *words, "-o", in(folder, "out.st")};
  size_t count = 4;
  for (words++; *words; words++) args[count++] = *words;
  return shell_run_bytes(NULL, 0, args);
}
#define OP(...) op((const char *const[]){__VA_ARGS__, NULL})

static void check(shell r, const char *name, size_t count, const float *wanted) {
  float got[16];
  emily_array_map *map;
  if (r.code) fail_msg("exit code %d: %s", r.code, r.err);
  assert_int_equal(emily_safetensors_load(in(folder, "out.st"), &map), EMILY_OK);
  emily_array *array = emily_array_map_get(map, name);
  assert_non_null(array);
  assert_int_equal(emily_array_read(array, got, count * sizeof *got), EMILY_OK);
  assert_memory_equal(got, wanted, count * sizeof *got);
  emily_array_map_release(map);
  shell_free(&r);
}

static void operands(void **state) {
  (void)state;
  PUT("a", "b");
  check(OP("add", file), "out", 6, (float[]){2, 4, 6, 8, 10, 12});
  PUT("whatever");
  check(OP("negative", file), "out", 6, (float[]){-1, -2, -3, -4, -5, -6});
  PUT("xs.0", "xs.1");
  check(OP("concatenate", file, "-a", "axis=1"), "out", 12, (float[]){1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
}

static void attributes(void **state) {
  (void)state;
  PUT("x");
  check(OP("sum", file, "-a", "axes=0"), "out", 3, (float[]){5, 7, 9});
  check(OP("sum", file, "-a", "axes=all"), "out", 1, (float[]){21});
  check(OP("sum", file, "--attr", "axes=-1", "--attr=keepdims=true"), "out", 2, (float[]){6, 15});
  check(OP("reshape", file, "-a", "shape=3,-1"), "out", 6, (float[]){1, 2, 3, 4, 5, 6});
  check(OP("arange", "-a", "start=1", "-a", "stop=2", "-a", "step=0.5", "-a", "dtype=float32"), "out", 2,
        (float[]){1, 1.5f});
}

static void several_results(void **state) {
  (void)state;
  PUT("x");
  check(OP("split", file, "-a", "parts=2"), "out.1", 3, (float[]){4, 5, 6});
}

static void check_slip(shell r, int code, const char *part) {
  shell_assert_error(&r, code, part);
  shell_free(&r);
}

static void slips(void **state) {
  (void)state;
  PUT("x");
  check_slip(OP("sofmax", file), 3, "did you mean 'softmax'?");
  check_slip(OP("add", file), 3, "the operand 'a' of add is not among");
  check_slip(OP("sum", file, "-a", "axes"), 1, "NAME=VALUE");
  check_slip(OP("sum", file, "-a", "axis=0"), 3, "no attribute 'axis'");
  check_slip(OP("sum", file, "-a", "x=0"), 3, "no attribute 'x'");
  check_slip(OP("sum", file, "-a", "axes=a"), 1, "'axes' takes axes");
  check_slip(OP("sum", file, "-a", "keepdims=maybe"), 1, "'keepdims' takes true or false");
  check_slip(OP("astype", file, "-a", "dtype=float99"), 1, "float99");
  check_slip(OP("sum", file, "-a", "axes=2"), 1, "axis");
  check_slip(OP("reshape", file), 1, "shape");
  check_slip(OP("reshape", file, "-a", "shape=5"), 1, "");
  PUT("a", "b", "c");
  check_slip(OP("add", file), 1, "the tensor 'c' of the input is no operand of add");
  shell r = shell_run("", "op", "add", file);
  check_slip(r, 2, "-o OUT.safetensors");
  r = shell_run("", "op");
  check_slip(r, 2, "too little");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operands),
      cmocka_unit_test(attributes),
      cmocka_unit_test(several_results),
      cmocka_unit_test(slips),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
