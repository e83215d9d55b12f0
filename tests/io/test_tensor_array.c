/* test_tensor_array.c: tensors become arrays without a copy where they can, with one where they must. */
#include "io/tensor_array.h"

#include "io/safetensors_write.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A file of one tensor of 8 bytes, `shift` bytes of padding before it. */
static emily__safetensors *open_one(const char *folder, const char *dtype, const char *shape, int shift) {
  char header[256];
  uint8_t file[300] = {0};
  emily__safetensors *out = NULL;
  snprintf(header, sizeof header, "{\"w\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[0,8]}}", dtype, shape);
  int length = (int)(strlen(header) + 7) / 8 * 8 + shift;
  file[0] = (uint8_t)length;
  memset(file + 8, ' ', (size_t)length);
  memcpy(file + 8, header, strlen(header));
  for (int i = 0; i < 8; i++) file[8 + length + i] = (uint8_t)(i % 2);
  folder_put(folder, "w.safetensors", file, (size_t)length + 16);
  assert_int_equal(emily__safetensors_open(in(folder, "w.safetensors"), &out), EMILY_OK);
  return out;
}

static void aligned_bytes_are_used_in_place(void **state) {
  (void)state;
  const char *const cases[][2] = {{"F32", "2"}, {"BF16", "2,2"}, {"F64", ""},
                                  {"I8", "8"},  {"BOOL", "4,2"}, {"C64", "1"}};
  char *folder = folder_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily_array *array = NULL;
    const void *data = NULL;
    emily__safetensors *file = open_one(folder, cases[i][0], cases[i][1], 0);
    assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_OK);
    assert_int_equal(emily_array_dtype(array), file->entries[0].dtype->dtype);
    assert_int_equal(emily_array_ndim(array), file->entries[0].rank);
    assert_int_equal(emily_array_data(array, true, &data), EMILY_OK);
    assert_ptr_equal(data, file->data + file->entries[0].offset);
    const uint8_t *bytes = data;
    emily__safetensors_close(file); /* the array holds the mapping */
    assert_true(bytes[0] == 0 && bytes[1] == 1);
    emily_array_release(array);
  }
  folder_remove(folder);
}

static void unaligned_bytes_are_copied(void **state) {
  (void)state;
  char *folder = folder_new();
  for (int shift = 0; shift < 8; shift++) {
    emily_array *array = NULL;
    const void *data = NULL;
    emily__safetensors *file = open_one(folder, "F64", "1", shift);
    assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_OK);
    assert_int_equal(emily_array_data(array, true, &data), EMILY_OK);
    assert_memory_equal(data, file->data + file->entries[0].offset, 8);
    assert_int_equal((uintptr_t)data % 8, 0);
    assert_true((data == file->data + file->entries[0].offset) == (shift == 0));
    emily_array_release(array);
    emily__safetensors_close(file);
  }
  folder_remove(folder);
}

static void bytes_in_memory_are_copied(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__safetensors *mapped = open_one(folder, "I32", "2", 0), *file = NULL;
  emily_array *array = NULL;
  int32_t values[2];
  uint8_t *bytes = malloc(mapped->size);
  memcpy(bytes, mapped->data, mapped->size);
  assert_int_equal(emily__safetensors_parse(bytes, mapped->size, "mem", &file), EMILY_OK);
  assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_OK);
  emily__safetensors_close(file);
  free(bytes);
  assert_int_equal(emily_array_read(array, values, sizeof values), EMILY_OK);
  assert_int_equal(values[1], 0x01000100);
  emily_array_release(array);
  emily__safetensors_close(mapped);
  folder_remove(folder);
}

static void what_emily_cannot_hold_is_refused(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_array *array = NULL;
  emily__safetensors *file = open_one(folder, "F8_E8M0", "8", 0);
  assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "tensor 'w' has the dtype F8_E8M0"));
  emily__safetensors_close(file);

  emily__str shape = {0}; /* more axes than an array may have */
  emily__str_puts(&shape, "8");
  for (int i = 0; i < EMILY_MAX_NDIM; i++) emily__str_puts(&shape, ",1");
  file = open_one(folder, "U8", shape.data, 0);
  emily__str_free(&shape);
  assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "tensor 'w'"));
  emily__safetensors_close(file);
  assert_null(array);
  folder_remove(folder);
}

static void a_bool_of_two_is_refused(void **state) {
  (void)state;
  const int64_t three[] = {3};
  const emily__st_tensor mask = {"mask", EMILY_BOOL, 1, three};
  char *folder = folder_new();
  emily_array *array = NULL;
  emily__st_writer *writer;
  emily__safetensors *file;
  assert_int_equal(emily__st_writer_open(in(folder, "b"), &mask, 1, NULL, 0, &writer), EMILY_OK);
  assert_int_equal(emily__st_writer_put(writer, "\0\1\2", 3), EMILY_OK);
  assert_int_equal(emily__st_writer_commit(writer), EMILY_OK);
  assert_int_equal(emily__safetensors_open(in(folder, "b"), &file), EMILY_OK);
  assert_int_equal(emily__st_array(file, &file->entries[0], &array), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "'mask' has a bool that is neither 0 nor 1"));
  assert_null(array);
  emily__safetensors_close(file);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(aligned_bytes_are_used_in_place), cmocka_unit_test(unaligned_bytes_are_copied),
      cmocka_unit_test(bytes_in_memory_are_copied),      cmocka_unit_test(what_emily_cannot_hold_is_refused),
      cmocka_unit_test(a_bool_of_two_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
