/* test_safetensors_write.c: what is written reads back; what cannot be written leaves no file. */
#include "io/safetensors_write.h"

#include "io/safetensors.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const int64_t two_three[] = {2, 3}, nothing[] = {0, 7};
static const emily__st_tensor tensors[] = {
    {"layer.\"0\"\\\n", EMILY_FLOAT32, 2, two_three},
    {"none", EMILY_INT64, 2, nothing},
    {"\xC3\xA9t\xC3\xA9", EMILY_BFLOAT16, 1, two_three},
    {"scalar", EMILY_BOOL, 0, NULL},
};
static const char *const metadata[] = {"format", "pt", "note", "tab\there"};

static void what_is_written_reads_back(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__st_writer *writer;
  emily__safetensors *file;
  uint8_t data[24 + 4 + 1];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
  assert_int_equal(emily__st_writer_open(in(folder, "m"), tensors, 4, metadata, 2, &writer), EMILY_OK);
  assert_int_equal(emily__st_writer_put(writer, data, 10), EMILY_OK); /* pieces need not end with tensors */
  assert_int_equal(emily__st_writer_put(writer, data + 10, sizeof data - 10), EMILY_OK);
  assert_int_not_equal(access(in(folder, "m"), F_OK), 0);
  assert_int_equal(emily__st_writer_commit(writer), EMILY_OK);
  assert_int_equal(emily__safetensors_open(in(folder, "m"), &file), EMILY_OK);
  assert_int_equal(file->count, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(file->entries[i].name, tensors[i].name);
    assert_int_equal(file->entries[i].dtype->dtype, tensors[i].dtype);
    assert_int_equal(file->entries[i].rank, tensors[i].rank);
    if (tensors[i].rank) assert_memory_equal(file->entries[i].shape, tensors[i].shape, 8 * (size_t)tensors[i].rank);
    assert_true(emily__st_aligned(&file->entries[i])); /* the data begin at a multiple of 8 */
  }
  assert_int_equal(file->entries[0].offset % 8, 0);
  assert_memory_equal(file->data + file->entries[0].offset, data, sizeof data);
  assert_int_equal(file->metadata_count, 2);
  for (int i = 0; i < 4; i++) assert_string_equal(file->metadata[i], metadata[i]);
  emily__safetensors_close(file);
  folder_remove(folder);
}

static void a_file_of_nothing(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__st_writer *writer;
  emily__safetensors *file;
  assert_int_equal(emily__st_writer_open(in(folder, "m"), NULL, 0, NULL, 0, &writer), EMILY_OK);
  assert_int_equal(emily__st_writer_commit(writer), EMILY_OK);
  assert_int_equal(emily__safetensors_open(in(folder, "m"), &file), EMILY_OK);
  assert_int_equal(file->count, 0);
  assert_int_equal(file->size, 16);
  emily__safetensors_close(file);
  assert_int_equal(emily__st_writer_open(in(folder, "n"), NULL, 0, metadata, 1, &writer), EMILY_OK);
  assert_int_equal(emily__st_writer_commit(writer), EMILY_OK);
  assert_int_equal(emily__safetensors_open(in(folder, "n"), &file), EMILY_OK);
  assert_string_equal(file->metadata[1], "pt");
  emily__safetensors_close(file);
  folder_remove(folder);
}

static void too_many_and_too_few_bytes_leave_no_file(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__st_writer *writer;
  const uint8_t data[64] = {0};
  assert_int_equal(emily__st_writer_open(in(folder, "m"), tensors, 1, NULL, 0, &writer), EMILY_OK);
  assert_int_equal(emily__st_writer_put(writer, data, 25), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__st_writer_put(writer, data, 23), EMILY_OK);
  assert_int_equal(emily__st_writer_commit(writer), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "23 bytes of data came where its tensors take 24"));
  assert_int_equal(rmdir(folder), 0); /* nothing is left in it */
  emily__st_writer_abort(NULL);
  assert_int_equal(emily__st_writer_open(in(folder, "m"), tensors, 1, NULL, 0, &writer), EMILY_IO_ERROR);
  char *other = folder_new();
  assert_int_equal(emily__st_writer_open(in(other, "m"), tensors, 1, NULL, 0, &writer), EMILY_OK);
  emily__st_writer_abort(writer);
  assert_int_equal(rmdir(other), 0);
  free(folder);
  free(other);
}

static void tensors_that_cannot_be_written(void **state) {
  (void)state;
  char *folder = folder_new();
  const int64_t negative[] = {-1}, wraps[] = {INT64_MAX, 3}, half[] = {INT64_MAX / 4 + 1};
  const emily__st_tensor wrong[] = {{"__metadata__", EMILY_INT8, 0, NULL}, {"a", -1, 0, NULL},
                                    {"a", EMILY_DTYPE_COUNT, 0, NULL},     {"a\xff", EMILY_INT8, 0, NULL},
                                    {"a", EMILY_INT8, 1, negative},        {"a", EMILY_INT8, 2, wraps}};
  const emily__st_tensor sum[] = {
      {"a", EMILY_INT16, 1, half}, {"b", EMILY_INT16, 1, half}, {"c", EMILY_INT8, 1, half}};
  const char *const bad_metadata[] = {"k", "\xC0\x80"};
  emily__st_writer *writer = NULL;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(emily__st_writer_open(in(folder, "m"), &wrong[i], 1, NULL, 0, &writer), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__st_writer_open(in(folder, "m"), sum, 3, NULL, 0, &writer), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__st_writer_open(in(folder, "m"), NULL, 0, bad_metadata, 1, &writer), EMILY_INVALID_ARGUMENT);
  assert_null(writer);
  assert_int_equal(rmdir(folder), 0);
  free(folder);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__st_writer *writer = NULL;
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = emily__st_writer_open(in(folder, "m"), tensors, 4, metadata, 2, &writer);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    emily__st_writer_abort(writer);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 1000);
  }
  emily__alloc_fail_after(0);
  assert_int_equal(rmdir(folder), 0);
  free(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_reads_back),
      cmocka_unit_test(a_file_of_nothing),
      cmocka_unit_test(too_many_and_too_few_bytes_leave_no_file),
      cmocka_unit_test(tensors_that_cannot_be_written),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
