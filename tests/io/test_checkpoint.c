/* test_checkpoint.c: folders with one file, with shards, with something wrong. */
#include "emily/checkpoint.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/safetensors_write.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const int64_t two[] = {2};

/* A file whose tensors are float32 [2] with the values (v, v + 0.5), v = base, base + 1, …. */
static void put_file(const char *folder, const char *name, const char *const *names, size_t count, float base) {
  emily__st_tensor tensors[8];
  const char *const metadata[] = {"format", "pt", name, "here"};
  emily__st_writer *writer;
  for (size_t i = 0; i < count; i++) tensors[i] = (emily__st_tensor){names[i], EMILY_FLOAT32, 1, two};
  assert_int_equal(emily__st_writer_open(in(folder, name), tensors, count, metadata, 2, &writer), EMILY_OK);
  for (size_t i = 0; i < count; i++) {
    const float values[] = {base + (float)i, base + (float)i + 0.5f};
    assert_int_equal(emily__st_writer_put(writer, values, sizeof values), EMILY_OK);
  }
  assert_int_equal(emily__st_writer_commit(writer), EMILY_OK);
}

static void assert_values(emily_checkpoint *checkpoint, const char *name, float first) {
  emily_array *array = NULL;
  float values[2];
  assert_int_equal(emily_checkpoint_get(checkpoint, name, &array), EMILY_OK);
  assert_int_equal(emily_array_dtype(array), EMILY_FLOAT32);
  assert_int_equal(emily_array_read(array, values, sizeof values), EMILY_OK);
  assert_true(values[0] == first && values[1] == first + 0.5f);
  emily_array_release(array);
}

static void put_shards(const char *folder) {
  put_file(folder, "m-1.safetensors", (const char *const[]){"b", "a", "stray"}, 3, 10);
  put_file(folder, "m-2.safetensors", (const char *const[]){"c", "a"}, 2, 20);
  folder_puts(folder, "model.safetensors.index.json",
              "{\"weight_map\":{\"c\":\"m-2.safetensors\",\"a\":\"m-1.safetensors\",\"b\":\"m-1.safetensors\"}}");
}

static void one_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_checkpoint *checkpoint = NULL;
  put_file(folder, "model.safetensors", (const char *const[]){"z", "b", "a"}, 3, 1);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(checkpoint), 3);
  assert_string_equal(emily_checkpoint_name(checkpoint, 0), "a");
  assert_string_equal(emily_checkpoint_name(checkpoint, 2), "z");
  assert_int_equal(emily_checkpoint_dtype(checkpoint, 0), EMILY_FLOAT32);
  assert_string_equal(emily_checkpoint_dtype_name(checkpoint, 0), "F32");
  assert_int_equal(emily_checkpoint_ndim(checkpoint, 0), 1);
  assert_int_equal(emily_checkpoint_shape(checkpoint, 0)[0], 2);
  assert_int_equal(emily_checkpoint_nbytes(checkpoint, 0), 8);
  assert_string_equal(emily_checkpoint_file(checkpoint, 0), in(folder, "model.safetensors"));
  assert_string_equal(emily_checkpoint_metadata(checkpoint, "format"), "pt");
  assert_null(emily_checkpoint_metadata(checkpoint, "none"));
  assert_values(checkpoint, "a", 3);
  assert_values(checkpoint, "z", 1);
  assert_int_equal(emily_checkpoint_unlisted_count(checkpoint), 0);
  emily_checkpoint_release(checkpoint);

  checkpoint = NULL; /* the file by itself */
  assert_int_equal(emily_checkpoint_open(in(folder, "model.safetensors"), &checkpoint), EMILY_OK);
  assert_values(checkpoint, "b", 2);
  emily_checkpoint_release(checkpoint);
  folder_remove(folder);
}

static void used_marks_say_what_was_asked_for(void **state) {
  (void)state;
  char *folder = folder_new();
  size_t index = 9;
  emily_array *array = NULL;
  emily_checkpoint *checkpoint = NULL;
  put_file(folder, "model.safetensors", (const char *const[]){"a", "b"}, 2, 1);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_find(checkpoint, "b", &index), EMILY_OK); /* looking is not using */
  assert_int_equal(index, 1);
  assert_false(emily_checkpoint_used(checkpoint, 0) || emily_checkpoint_used(checkpoint, 1));
  assert_values(checkpoint, "b", 2);
  assert_false(emily_checkpoint_used(checkpoint, 0));
  assert_true(emily_checkpoint_used(checkpoint, 1));
  assert_int_equal(emily_checkpoint_get(checkpoint, "c", &array), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "has no tensor 'c'"));
  assert_non_null(strstr(emily_last_error()->message, folder));
  assert_null(array);
  emily_checkpoint_release(checkpoint);
  folder_remove(folder);
}

static void shards_are_one_checkpoint(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_checkpoint *checkpoint = NULL;
  put_shards(folder);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(checkpoint), 3);
  assert_values(checkpoint, "a", 11); /* from the shard that the index says, though the other has one too */
  assert_values(checkpoint, "b", 10);
  assert_values(checkpoint, "c", 20);
  assert_string_equal(emily_checkpoint_file(checkpoint, 2), in(folder, "m-2.safetensors"));
  assert_int_equal(emily_checkpoint_unlisted_count(checkpoint), 2);
  assert_string_equal(emily_checkpoint_unlisted_name(checkpoint, 0), "stray");
  assert_string_equal(emily_checkpoint_unlisted_name(checkpoint, 1), "a");
  assert_null(emily_checkpoint_unlisted_name(checkpoint, 2));
  assert_string_equal(emily_checkpoint_metadata(checkpoint, "m-2.safetensors"), "here");
  emily_checkpoint_release(checkpoint);
  put_file(folder, "model.safetensors", (const char *const[]){"only"}, 1, 5); /* wins over the index */
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(checkpoint), 1);
  emily_checkpoint_release(checkpoint);
  folder_remove(folder);
}

static void what_is_wrong_is_named(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_checkpoint *checkpoint = NULL;
  assert_int_equal(emily_checkpoint_open(in(folder, "none"), &checkpoint), EMILY_NOT_FOUND);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "holds neither model.safetensors nor"));
  folder_puts(folder, "pytorch_model.bin", "pickle");
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "safe_serialization=True"));
  put_shards(folder);
  unlink(in(folder, "m-2.safetensors"));
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "is incomplete"));
  assert_non_null(strstr(emily_last_error()->message, "m-2.safetensors"));
  put_file(folder, "m-2.safetensors", (const char *const[]){"d"}, 1, 0);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "m-2.safetensors does not hold tensor 'c'"));
  folder_puts(folder, "m-2.safetensors", "short");
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_BAD_FORMAT);
  folder_puts(folder, "model.safetensors.index.json", "{\"weight_map\":{\"c\":\"../m\"}}");
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "no plain name"));
  folder_puts(folder, "model.safetensors.index.json", "{\"weight_map\":{}}");
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(checkpoint), 0);
  emily_checkpoint_release(checkpoint);
  folder_remove(folder);
}

static void arguments_out_of_range_are_answered(void **state) {
  (void)state;
  char *folder = folder_new();
  size_t index;
  emily_array *array;
  emily_checkpoint *checkpoint = NULL;
  put_file(folder, "model.safetensors", (const char *const[]){"a"}, 1, 1);
  assert_int_equal(emily_checkpoint_open(NULL, &checkpoint), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_checkpoint_open(folder, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  for (int i = 0; i < 2; i++) {
    const emily_checkpoint *c = i ? NULL : checkpoint;
    assert_null(emily_checkpoint_name(c, 1));
    assert_int_equal(emily_checkpoint_dtype(c, 1), -1);
    assert_null(emily_checkpoint_dtype_name(c, 1));
    assert_int_equal(emily_checkpoint_ndim(c, 1), -1);
    assert_null(emily_checkpoint_shape(c, 1));
    assert_int_equal(emily_checkpoint_nbytes(c, 1), 0);
    assert_null(emily_checkpoint_file(c, 1));
    assert_false(emily_checkpoint_used(c, 1));
    assert_null(emily_checkpoint_unlisted_name(c, 0));
    assert_null(emily_checkpoint_metadata(c, NULL));
    assert_int_equal(emily_checkpoint_find(c, NULL, &index), EMILY_INVALID_ARGUMENT);
  }
  assert_int_equal(emily_checkpoint_count(NULL), 0);
  assert_int_equal(emily_checkpoint_get(NULL, "a", &array), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_checkpoint_get(checkpoint, "a", NULL), EMILY_INVALID_ARGUMENT);
  assert_ptr_equal(emily_checkpoint_retain(checkpoint), checkpoint);
  emily_checkpoint_release(checkpoint);
  assert_string_equal(emily_checkpoint_name(checkpoint, 0), "a");
  emily_checkpoint_release(checkpoint);
  emily_checkpoint_release(NULL);
  assert_null(emily_checkpoint_retain(NULL));
  folder_remove(folder);
}

static void arrays_outlive_their_checkpoint(void **state) {
  (void)state;
  char *folder = folder_new();
  float values[2];
  emily_array *array = NULL;
  emily_checkpoint *checkpoint = NULL;
  put_file(folder, "model.safetensors", (const char *const[]){"a"}, 1, 1);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  assert_int_equal(emily_checkpoint_get(checkpoint, "a", &array), EMILY_OK);
  emily_checkpoint_release(checkpoint);
  folder_remove(folder);
  assert_int_equal(emily_array_read(array, values, sizeof values), EMILY_OK);
  assert_true(values[0] == 1 && values[1] == 1.5f);
  emily_array_release(array);
}

static emily_status open_and_get(const char *folder) {
  emily_array *array = NULL;
  emily_checkpoint *checkpoint = NULL;
  EMILY__TRY(emily_checkpoint_open(folder, &checkpoint));
  emily_status status = emily_checkpoint_get(checkpoint, "c", &array);
  assert_true((status == EMILY_OK) == (array != NULL) &&
              (status == EMILY_OK) == emily_checkpoint_used(checkpoint, 2));
  emily_array_release(array);
  emily_checkpoint_release(checkpoint);
  return status;
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  put_shards(folder);
  assert_int_equal(open_and_get(folder), EMILY_OK); /* once before, so that what is made once is made */
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = open_and_get(folder);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 1000);
  }
  emily__alloc_fail_after(0);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_file),
      cmocka_unit_test(used_marks_say_what_was_asked_for),
      cmocka_unit_test(shards_are_one_checkpoint),
      cmocka_unit_test(what_is_wrong_is_named),
      cmocka_unit_test(arguments_out_of_range_are_answered),
      cmocka_unit_test(arrays_outlive_their_checkpoint),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
