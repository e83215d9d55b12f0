/* test_safetensors.c: sound files, and each way in which a file can be unsound. */
#include "io/safetensors.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* A file in memory: the header's length, the header, `bytes` of data 0, 1, 2, …. To be freed. */
static uint8_t *image(const char *header, size_t bytes, size_t *size) {
  size_t length = strlen(header);
  *size = 8 + length + bytes;
  uint8_t *file = malloc(*size);
  assert_non_null(file);
  for (int i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)length >> 8 * i);
  memcpy(file + 8, header, length);
  for (size_t i = 0; i < bytes; i++) file[8 + length + i] = (uint8_t)i;
  return file;
}

static void tensors_and_metadata_are_found(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file;
  const char *header =
      "{\"__metadata__\":{\"format\":\"pt\",\"\":\"empty key\"},"
      "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
      "\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]},"
      "\"scalar\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[32,33],\"extra\":null},"
      "\"none\":{\"dtype\":\"F64\",\"shape\":[3,0],\"data_offsets\":[8,8]}}   ";
  uint8_t *bytes = image(header, 33, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  assert_int_equal(file->count, 4);
  assert_string_equal(file->entries[0].name, "b"); /* the header's order */
  const emily__st_entry *b = emily__safetensors_find(file, "b");
  assert_ptr_equal(b, &file->entries[0]);
  assert_int_equal(b->rank, 2);
  assert_int_equal(b->shape[0], 2);
  assert_int_equal(b->shape[1], 3);
  assert_int_equal(b->dtype->dtype, EMILY_FLOAT32);
  assert_int_equal(b->bytes, 24);
  assert_int_equal(file->data[b->offset], 8);
  const emily__st_entry *scalar = emily__safetensors_find(file, "scalar");
  assert_int_equal(scalar->rank, 0);
  assert_int_equal(scalar->bytes, 1);
  assert_int_equal(emily__safetensors_find(file, "none")->bytes, 0);
  assert_null(emily__safetensors_find(file, ""));
  assert_null(emily__safetensors_find(file, "bb"));
  assert_null(emily__safetensors_find(file, "__metadata__"));
  assert_int_equal(file->metadata_count, 2);
  assert_string_equal(file->metadata[0], "format");
  assert_string_equal(file->metadata[1], "pt");
  assert_string_equal(file->metadata[3], "empty key");
  emily__safetensors_close(file);
  free(bytes);
}

/* As MLX writes a file without metadata. */
static void metadata_may_be_null(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file;
  uint8_t *bytes = image("{\"__metadata__\":null,\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  assert_int_equal(file->count, 1);
  assert_int_equal(file->metadata_count, 0);
  emily__safetensors_close(file);
  free(bytes);
}

static void a_file_without_tensors_is_sound(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file;
  uint8_t *bytes = image("{}", 0, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  assert_int_equal(file->count, 0);
  assert_null(emily__safetensors_find(file, "a"));
  emily__safetensors_close(file);
  free(bytes);
}

static void every_dtype_has_its_size(void **state) {
  (void)state;
  const struct {
    const char *name;
    int size;
    emily_dtype dtype;
  } cases[] = {
      {"BOOL", 1, EMILY_BOOL},   {"U8", 1, EMILY_UINT8},      {"I8", 1, EMILY_INT8},       {"U16", 2, EMILY_UINT16},
      {"I16", 2, EMILY_INT16},   {"U32", 4, EMILY_UINT32},    {"I32", 4, EMILY_INT32},     {"U64", 8, EMILY_UINT64},
      {"I64", 8, EMILY_INT64},   {"F16", 2, EMILY_FLOAT16},   {"BF16", 2, EMILY_BFLOAT16}, {"F32", 4, EMILY_FLOAT32},
      {"F64", 8, EMILY_FLOAT64}, {"C64", 8, EMILY_COMPLEX64}, {"F8_E8M0", 1, -1},
      {"F8_E4M3", 1, EMILY_FLOAT8_E4M3FN}, {"F8_E5M2", 1, EMILY_FLOAT8_E5M2}};
  int known = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const emily__st_dtype *dtype = emily__st_dtype_named(cases[i].name);
    assert_non_null(dtype);
    assert_int_equal(dtype->size, cases[i].size);
    assert_int_equal(dtype->dtype, cases[i].dtype);
    if (dtype->dtype < 0) continue;
    assert_int_equal(dtype->size, emily_dtype_size(dtype->dtype));
    assert_ptr_equal(emily__st_dtype_of(dtype->dtype), dtype);
    known++;
  }
  assert_int_equal(known, EMILY_DTYPE_COUNT - 4); /* the format has no integers of 2 and 4 bits */
  assert_null(emily__st_dtype_of(-1));
  assert_null(emily__st_dtype_of(EMILY_DTYPE_COUNT));
  assert_null(emily__st_dtype_named("f32"));
}

static void alignment_is_told(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file;
  /* The header has 174 bytes, so the data begin at byte 182, which is even and no multiple of 4. */
  const char *header =
      "{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},"
      "\"b\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[2,10]},"
      "\"c\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[10,18]}}";
  char padded[300];
  snprintf(padded, sizeof padded, "%-174s", header);
  assert_int_equal(strlen(padded), 174);
  uint8_t *bytes = image(padded, 18, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  assert_true(emily__st_aligned(emily__safetensors_find(file, "a")));
  assert_true(emily__st_aligned(emily__safetensors_find(file, "b"))); /* 184: a pair of floats needs 4 */
  assert_true(emily__st_aligned(emily__safetensors_find(file, "c"))); /* 192 */
  emily__safetensors_close(file);
  free(bytes);
  snprintf(padded, sizeof padded, "%-175s", header);
  bytes = image(padded, 18, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  for (int i = 0; i < 3; i++) assert_false(emily__st_aligned(&file->entries[i]));
  emily__safetensors_close(file);
  free(bytes);
}

typedef struct unsound {
  const char *header;
  size_t bytes;
  const char *message; /* a part of it */
} unsound;

#define T(dtype, shape, begin, end) \
  "{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static const unsound headers[] = {
    {"[]", 0, "does not begin with '{'"},
    {" {}", 0, "does not begin with '{'"},
    {"{", 0, "does not begin with '{'"}, /* shorter than any object */
    {"{]", 0, "no sound JSON"},
    {"{} x", 0, "no sound JSON"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"a\":" T("F32", "1", "0", "4") "}", 4, "duplicate"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "duplicate"},
    {"{\"a\\u0000b\":" T("F32", "1", "0", "4") "}", 4, "no sound JSON"},
    {"{\"a\xff\":" T("F32", "1", "0", "4") "}", 4, "no sound JSON"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "__metadata__ 'k' is not a string"},
    {"{\"a\":[]}", 0, "'a': its header entry is not an object"},
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "'a': its dtype is not a string"},
    {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "'a': its dtype is not a string"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "'a': its shape is not an array"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[0,4]}}", 4, "'a': its shape is not an array"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "'a': its data_offsets are not an array of two"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4,
     "'a': its data_offsets are not an array of two"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4, "not an array of two"},
    {"{\"a\":" T("F32", "1", "0", "4.0") "}", 4, "data_offsets are not whole numbers"},
    {"{\"a\":" T("F32", "1", "-4", "0") "}", 4, "data_offsets are not whole numbers"},
    {"{\"a\":" T("F32", "1", "\\\"0\\\"", "4") "}", 4, "no sound JSON"},
    {"{\"a\":" T("F32", "-1", "0", "4") "}", 4, "a dimension is not a whole number"},
    {"{\"a\":" T("F32", "1.0", "0", "4") "}", 4, "a dimension is not a whole number"},
    {"{\"a\":" T("F32", "true", "0", "4") "}", 4, "a dimension is not a whole number"},
    {"{\"a\":" T("F32", "9223372036854775808", "0", "4") "}", 4, "no sound JSON"},
    {"{\"a\":" T("F32", "4294967296,4294967296", "0", "0") "}", 0, "product of its shape"},
    {"{\"a\":" T("U8", "4294967296,4294967296,0", "0", "0") "}", 0, "product of its shape"},
    {"{\"a\":" T("F32", "4611686018427387904", "0", "0") "}", 0, "size in bytes does not fit"},
    {"{\"a\":" T("F32", "1", "4", "0") "}", 4, "end before they begin"},
    {"{\"a\":" T("F32", "2", "0", "8") "}", 4, "ends at byte 8 of the data, which has only 4"},
    {"{\"a\":" T("F32", "1", "0", "9223372036854775807") "}", 4, "which has only 4"},
    {"{\"a\":" T("F32", "2", "0", "4") "}", 4, "has 4 bytes of data where its dtype and shape take 8"},
    {"{\"a\":" T("F32", "", "0", "8") "}", 8, "has 8 bytes of data where its dtype and shape take 4"},
    {"{\"a\":" T("F32", "0", "0", "4") "}", 4, "has 4 bytes of data where its dtype and shape take 0"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"b\":" T("F32", "1", "2", "6") "}", 6, "'b' overlaps a"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"b\":" T("F32", "1", "0", "4") "}", 4, "overlaps"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"b\":" T("F32", "1", "6", "10") "}", 10, "'b' leaves a hole after a"},
    {"{\"a\":" T("F32", "1", "4", "8") "}", 8, "'a' leaves a hole after the header"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"b\":" T("F32", "0", "2", "2") "}", 4, "'b' overlaps a"},
    {"{\"a\":" T("F32", "1", "0", "4") "}", 7, "3 bytes after the last tensor belong to none"},
    {"{}", 1, "1 bytes after the last tensor"},
};

static void unsound_headers_are_refused_with_the_reason(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    size_t size;
    emily__safetensors *file = NULL;
    uint8_t *bytes = image(headers[i].header, headers[i].bytes, &size);
    emily_status status = emily__safetensors_parse(bytes, size, "the.file", &file);
    const char *message = emily_last_error()->message;
    if (status != EMILY_BAD_FORMAT || !strstr(message, headers[i].message) || strncmp(message, "the.file", 8) != 0 ||
        file)
      fail_msg("%s: status %d, '%s'", headers[i].header, status, message);
    free(bytes);
  }
}

static void unknown_dtypes_are_unsupported(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file = NULL;
  uint8_t *bytes = image("{\"w\":" T("F4", "2", "0", "1") "}", 1, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_UNSUPPORTED);
  assert_string_equal(emily_last_error()->message, "mem: tensor 'w' has the dtype 'F4', which emily does not know");
  free(bytes);
}

static void deep_nesting_is_refused(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file = NULL;
  char *header = malloc(100001);
  header[0] = '{';
  memset(header + 1, '[', 99999);
  memcpy(header + 1, "\"a\":", 4);
  header[100000] = '\0';
  uint8_t *bytes = image(header, 0, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_BAD_FORMAT);
  free(bytes);
  free(header);
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  size_t size;
  emily__safetensors *file = NULL;
  uint8_t *bytes = image("{\"a\":" T("F32", "3", "0", "12") ",\"b\":" T("U8", "1", "12", "13") "}", 13, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  emily__safetensors_close(file);
  file = NULL;
  for (size_t cut = 0; cut < size; cut++) {
    uint8_t *part = malloc(cut + 1); /* of its own, so that a read past the end is seen */
    memcpy(part, bytes, cut);
    assert_int_equal(emily__safetensors_parse(part, cut, "mem", &file), EMILY_BAD_FORMAT);
    assert_null(file);
    free(part);
  }
  free(bytes);
}

static void header_lengths_are_capped(void **state) {
  (void)state;
  emily__safetensors *file = NULL;
  const uint8_t huge[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, '{', '}'};
  assert_int_equal(emily__safetensors_parse(huge, sizeof huge, "mem", &file), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "18446744073709551615 bytes, more than the 100000000"));
  const uint8_t over[16] = {0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}'}; /* 100,000,001 */
  assert_int_equal(emily__safetensors_parse(over, sizeof over, "mem", &file), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "more than the 100000000"));
  const uint8_t at[16] = {0x00, 0xE1, 0xF5, 0x05, 0,
                          0,    0,    0,    '{',  '}'}; /* the cap itself: only too long for this file */
  assert_int_equal(emily__safetensors_parse(at, sizeof at, "mem", &file), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "truncated"));
  assert_null(file);
}

static void files_are_mapped(void **state) {
  (void)state;
  char *folder = folder_new();
  size_t size;
  emily__safetensors *file = NULL;
  uint8_t *bytes = image("{\"a\":" T("U8", "5", "0", "5") "}", 5, &size);
  folder_put(folder, "m.safetensors", bytes, size);
  assert_int_equal(emily__safetensors_open(in(folder, "m.safetensors"), &file), EMILY_OK);
  assert_int_equal(file->data[file->entries[0].offset + 4], 4);
  assert_string_equal(file->path, in(folder, "m.safetensors"));
  emily__safetensors_close(file);
  folder_put(folder, "empty", "", 0);
  assert_int_equal(emily__safetensors_open(in(folder, "empty"), &file), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "has 0 bytes"));
  assert_int_equal(emily__safetensors_open(folder, &file), EMILY_IO_ERROR);
  assert_int_equal(emily__safetensors_open(in(folder, "none"), &file), EMILY_NOT_FOUND);
  emily__safetensors_close(NULL);
  free(bytes);
  folder_remove(folder);
}

/* 100,000 tensors in falling order of name and offset: quadratic work would run into the runner's time limit. */
static void many_tensors_take_no_quadratic_time(void **state) {
  (void)state;
  enum { MANY = 100000 };
  emily__str header = {0};
  emily__str_puts(&header, "{");
  for (int i = MANY - 1; i >= 0; i--)
    emily__str_printf(&header, "\"model.layers.%06d.weight\":" T("U8", "1", "%d", "%d") "%s", i, i, i + 1,
                      i ? "," : "}");
  size_t size;
  emily__safetensors *file;
  uint8_t *bytes = image(header.data, MANY, &size);
  assert_int_equal(emily__safetensors_parse(bytes, size, "mem", &file), EMILY_OK);
  for (int i = 0; i < MANY; i++) {
    char name[64];
    snprintf(name, sizeof name, "model.layers.%06d.weight", i);
    const emily__st_entry *entry = emily__safetensors_find(file, name);
    assert_true(entry && file->data[entry->offset] == (uint8_t)i);
  }
  emily__safetensors_close(file);
  emily__str_free(&header);
  free(bytes);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  size_t size;
  uint8_t *bytes = image("{\"__metadata__\":{\"k\":\"v\"},\"a\":" T("F32", "1", "0", "4") "}", 4, &size);
  char *folder = folder_new();
  folder_put(folder, "m", bytes, size);
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__safetensors *file = NULL;
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = emily__safetensors_open(in(folder, "m"), &file);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    assert_true((status == EMILY_OK) == (file != NULL));
    emily__safetensors_close(file);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 100);
  }
  emily__alloc_fail_after(0);
  folder_remove(folder);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_and_metadata_are_found), cmocka_unit_test(metadata_may_be_null),
      cmocka_unit_test(a_file_without_tensors_is_sound),
      cmocka_unit_test(every_dtype_has_its_size),
      cmocka_unit_test(alignment_is_told),
      cmocka_unit_test(unsound_headers_are_refused_with_the_reason),
      cmocka_unit_test(unknown_dtypes_are_unsupported),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(header_lengths_are_capped),
      cmocka_unit_test(files_are_mapped),
      cmocka_unit_test(many_tensors_take_no_quadratic_time),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
