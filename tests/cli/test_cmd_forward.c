/* test_cmd_forward.c: files in and out; what is wrong with a checkpoint or an input is one clear message. */
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

#include "emily/array_map.h"

#include <sys/stat.h>
#include <unistd.h>

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

/* int32 or int64 ids [2, 5] under a name. */
static void put_input(const char *name, emily_dtype dtype, int64_t value) {
  emily_array_map *map = emily_array_map_new();
  int64_t wide[10];
  int32_t narrow[10];
  for (int i = 0; i < 10; i++) wide[i] = i == 9 ? value : 4 + i, narrow[i] = (int32_t)wide[i];
  const void *data = dtype == EMILY_INT64 ? (const void *)wide : (const void *)narrow;
  emily_array *array = emily_array_from_data(data, (int64_t[]){2, 5}, 2, dtype);
  assert_int_equal(emily_array_map_set(map, name, array), EMILY_OK);
  assert_int_equal(emily_safetensors_save(in(folder, "in.st"), map, NULL), EMILY_OK);
  emily_array_release(array);
  emily_array_map_release(map);
}

static shell forward(const char *model) {
  remove(in(folder, "out.st"));
  return shell_run("", "forward", model, in(folder, "in.st"), in(folder, "out.st"));
}

static void check_shape(const emily_array_map *map, const char *name, int32_t ndim, const int64_t *shape) {
  emily_array *array = emily_array_map_get(map, name);
  assert_non_null(array);
  assert_int_equal(emily_array_dtype(array), EMILY_FLOAT32);
  assert_int_equal(emily_array_ndim(array), ndim);
  assert_memory_equal(emily_array_shape(array), shape, (size_t)ndim * sizeof *shape);
}

static void outputs_are_written_in_float32(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    put_input("input_ids", i ? EMILY_INT64 : EMILY_INT32, 7);
    shell r = forward(folder);
    emily_array_map *map;
    assert_int_equal(r.code, 0);
    assert_string_equal(r.out, "");
    assert_string_equal(r.err, "");
    assert_int_equal(emily_safetensors_load(in(folder, "out.st"), &map), EMILY_OK);
    check_shape(map, "last_hidden_state", 3, (int64_t[]){2, 5, TINY_WIDTH});
    check_shape(map, "hidden_states", 4, (int64_t[]){3, 2, 5, TINY_WIDTH});
    emily_array_map_release(map);
    shell_free(&r);
  }
}

static void wanted_outputs_alone(void **state) {
  (void)state;
  emily_array_map *map;
  put_input("input_ids", EMILY_INT32, 7);
  shell r = shell_run("", "forward", folder, in(folder, "in.st"), in(folder, "out.st"), "-o", "last_hidden_state");
  assert_int_equal(r.code, 0);
  assert_int_equal(emily_safetensors_load(in(folder, "out.st"), &map), EMILY_OK);
  assert_int_equal(emily_array_map_count(map), 1);
  emily_array_map_release(map);
  shell_free(&r);
  r = shell_run("", "forward", folder, in(folder, "in.st"), in(folder, "out.st"), "-o", "nothing");
  shell_assert_error(&r, 3, "nothing");
  shell_free(&r);
}

static void check_refused(const char *model, int code, const char *part) {
  shell r = forward(model);
  struct stat status;
  shell_assert_error(&r, code, part);
  assert_int_not_equal(stat(in(folder, "out.st"), &status), 0);
  shell_free(&r);
}

static void inputs_that_do_not_fit(void **state) {
  (void)state;
  put_input("input_id", EMILY_INT32, 7);
  check_refused(folder, 1, "input_id");
  put_input("input_ids", EMILY_INT32, TINY_VOCAB);
  check_refused(folder, 1, "input_ids");
  put_input("input_ids", EMILY_INT64, -1);
  check_refused(folder, 1, "input_ids");
  folder_puts(folder, "in.st", "not safetensors at all");
  check_refused(folder, 4, "in.st");
  folder_puts(folder, "in.st", "");
  check_refused(folder, 4, "in.st");
  assert_int_equal(remove(in(folder, "in.st")), 0);
  check_refused(folder, 3, "in.st");
}

static char *model_copy(void) {
  char *copy = folder_new();
  tiny_bert(copy);
  return copy;
}

static void truncate_weights(const char *model, double part) {
  struct stat status;
  assert_int_equal(stat(in(model, "model.safetensors"), &status), 0);
  assert_int_equal(truncate(in(model, "model.safetensors"), (off_t)((double)status.st_size * part)), 0);
}

static void change_config(const char *model, const char *from, const char *to) {
  char text[4096], changed[4096];
  FILE *file = fopen(in(model, "config.json"), "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  char *at = strstr(text, from);
  assert_non_null(at);
  snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  folder_puts(model, "config.json", changed);
}

static void check_config(const char *from, const char *to, int code, const char *part) {
  char *model = model_copy();
  change_config(model, from, to);
  check_refused(model, code, part);
  folder_remove(model);
}

static void checkpoints_that_do_not_fit(void **state) {
  (void)state;
  put_input("input_ids", EMILY_INT32, 7);
  check_refused("/nowhere/at/all", 3, "/nowhere/at/all");
  check_config("\"bert\"", "\"nosuchfamily\"", 5, "nosuchfamily");
  check_config("\"num_hidden_layers\":2", "\"num_hidden_layers\":3", 4, "encoder.layer.2"); /* missing */
  check_config("\"num_hidden_layers\":2", "\"num_hidden_layers\":1", 4, "encoder.layer.1"); /* unused */
  check_config("\"vocab_size\":64", "\"vocab_size\":65", 4, "word_embeddings");             /* another shape */
  check_config("\"hidden_act\":\"gelu\"", "\"hidden_act\":\"nosuchact\"", 5, "nosuchact");
  check_config("\"hidden_size\":16", "\"hidden_size\":\"16\"", 4, "hidden_size");
  check_config("\"hidden_size\":16", "\"hidden_size\":", 4, "config.json is not JSON");
  check_config("\"hidden_size\":16", "\"hidden_size\":16,\"nosuchkey\":1", 5, "nosuchkey");
}

static void damaged_weights(void **state) {
  (void)state;
  const double parts[] = {0, 0.0001, 0.01, 0.5, 0.999};
  put_input("input_ids", EMILY_INT32, 7);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char *model = model_copy();
    truncate_weights(model, parts[i]);
    check_refused(model, 4, "model.safetensors");
    folder_remove(model);
  }
  char *model = model_copy();
  assert_int_equal(remove(in(model, "model.safetensors")), 0);
  check_refused(model, 3, model);
  folder_remove(model);
}

static void a_place_that_cannot_be_written(void **state) {
  (void)state;
  put_input("input_ids", EMILY_INT32, 7);
  shell r = shell_run("", "forward", folder, in(folder, "in.st"), "/nowhere/out.st");
  shell_assert_error(&r, 3, "/nowhere/out.st");
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outputs_are_written_in_float32),
      cmocka_unit_test(wanted_outputs_alone),
      cmocka_unit_test(inputs_that_do_not_fit),
      cmocka_unit_test(checkpoints_that_do_not_fit),
      cmocka_unit_test(damaged_weights),
      cmocka_unit_test(a_place_that_cannot_be_written),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
