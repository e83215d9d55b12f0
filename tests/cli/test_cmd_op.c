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

#include "cli/op_args.h"
#include "emily/array_map.h"
#include "emily/call.h"
#include "emily/files.h"

static char *folder;
static char file[512];   /* the input */
static char square[512]; /* another: [[1, 2], [3, 4]] */

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  snprintf(file, sizeof file, "%s/in.st", folder);
  snprintf(square, sizeof square, "%s/square.st", folder);
  emily_array_map *map = emily_array_map_new();
  emily_array *array = emily_array_from_data((float[]){1, 2, 3, 4}, (int64_t[]){2, 2}, 2, EMILY_FLOAT32);
  assert_int_equal(emily_array_map_set(map, "a", array), EMILY_OK);
  assert_int_equal(emily_safetensors_save(square, map, NULL), EMILY_OK);
  emily_array_release(array);
  emily_array_map_release(map);
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
  const char *args[52] = {"op", *words, "-o", in(folder, "out.st")};
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

static void check_slip(shell r, int code, const char *part) {
  shell_assert_error(&r, code, part);
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
  check(OP("linalg_slogdet", square), "out.0", 1, (float[]){-1});
  check(OP("linalg_lu", square, "-d", "cpu"), "out.1", 4, (float[]){1, 0, 1.f / 3, 1});
}

static void words(void **state) {
  (void)state;
  PUT("x");
  check(OP("pad", file, "-a", "low=0,1", "-a", "high=0,0", "-a", "mode=edge"), "out", 8, (float[]){1, 1, 2, 3, 4, 4, 5, 6});
  PUT("operands.0");
  check(OP("einsum", file, "-a", "subscripts=ij->j"), "out", 3, (float[]){5, 7, 9});
  check_slip(OP("linalg_qr", square, "-a", "mode=half"), 1, "half");
}

/* The operands of one call lie in several files. */
static void several_files(void **state) {
  (void)state;
  char other[512];
  snprintf(other, sizeof other, "%s/other.st", folder);
  PUT("a");
  assert_int_equal(rename(file, other), 0);
  PUT("b");
  check(OP("add", other, file), "out", 6, (float[]){2, 4, 6, 8, 10, 12});
  check_slip(OP("add", file, other, file), 1, "the tensor 'b' is in a file before it too");
  check_slip(OP("add", file, in(folder, "none.st")), 3, "none.st");
}

static void files_of_numpy(void **state) {
  (void)state;
  emily_array *array = emily_array_from_data((float[]){1, 2}, (int64_t[]){2}, 1, EMILY_FLOAT32);
  assert_int_equal(emily_npy_save(in(folder, "a.npy"), array), EMILY_OK);
  assert_int_equal(emily_npy_save(in(folder, "b.npy"), array), EMILY_OK);
  emily_array_release(array);
  check(OP("add", in(folder, "a.npy"), in(folder, "b.npy")), "out", 2, (float[]){2, 4});
  check(OP("negative", in(folder, "a.npy")), "out", 2, (float[]){-1, -2});
  check_slip(OP("add", in(folder, "a.npy"), in(folder, "a.npy")), 1, "in a file before it too");
  check(OP("nan_to_num", in(folder, "a.npy"), "-a", "posinf=inf", "-a", "neginf=-inf", "-a", "nan=nan"), "out", 2, (float[]){1, 2});
  check_slip(OP("exp", in(folder, "c.npy")), 3, "c.npy");
}

/* What an attribute of a kind may be where the table has no default. */
static const char *value_of(const emily_arg_info *arg) {
  static const char *const values[] = {[EMILY_ARG_INT] = "1",       [EMILY_ARG_REAL] = "1.5",    [EMILY_ARG_FLAG] = "true",
                                       [EMILY_ARG_DTYPE] = "int32", [EMILY_ARG_INTS] = "0",      [EMILY_ARG_AXES] = "0",
                                       [EMILY_ARG_TEXT] = "ij->ji", [EMILY_ARG_PER_AXIS] = "1,1"};
  return arg->required ? values[arg->kind] : cli_arg_default(arg);
}

/* Writes the operands that an op asks for, and its attributes into words[]; the number of words. */
static size_t call_words(const emily_op_info *op, const char **words, char (*room)[64]) {
  const char *names[16] = {0};
  size_t operands = 0, count = 0;
  words[count++] = op->name;
  for (int32_t i = 0; i < op->arg_count; i++) {
    const emily_arg_info *arg = &op->args[i];
    if (arg->kind == EMILY_ARG_OPTIONAL) continue;
    bool list = arg->kind == EMILY_ARG_ARRAYS, operand = list || arg->kind == EMILY_ARG_ARRAY;
    snprintf(room[i], sizeof room[i], operand ? "%s%s" : "%s=%s", arg->name, operand ? list ? ".0" : "" : value_of(arg));
    if (operand) names[operands++] = room[i];
    else if (arg->required || strcmp(value_of(arg), "none")) words[count++] = "-a", words[count++] = room[i];
  }
  put(names);
  if (operands) words[count++] = file;
  return count;
}

/* Each op is called, its operands and attributes are understood, defaults as `emily ops` writes them too: what an op then refuses it
 * refuses for its values, and most take them. */
static void every_op_can_be_called(void **state) {
  (void)state;
  int32_t done = 0;
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const char *words[48] = {0};
    char room[16][64];
    call_words(emily_op_at(i), words, room);
    shell r = op(words);
    if (r.code != 0 && r.code != 1 && r.code != 5) fail_msg("%s: exit code %d: %s", words[0], r.code, r.err);
    if (strstr(r.err, "' takes ") || strstr(r.err, "NAME=VALUE") || strstr(r.err, "NAME.0")) fail_msg("%s: %s", words[0], r.err);
    done += r.code == 0;
    shell_free(&r);
  }
  if (done < emily_op_count() / 2) fail_msg("only %d of %d ops took what they were given", done, emily_op_count());
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
      cmocka_unit_test(words),
      cmocka_unit_test(several_files),
      cmocka_unit_test(files_of_numpy),
      cmocka_unit_test(every_op_can_be_called),
      cmocka_unit_test(slips),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
