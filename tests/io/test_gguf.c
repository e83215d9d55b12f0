/* test_gguf.c: what a GGUF file says, and each way in which it can lie. */
#include "io/gguf.h"

#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A file as it grows. */
static emily__str bytes;

static void start(uint32_t version, uint64_t tensors, uint64_t values) {
  emily__str_clear(&bytes);
  emily__str_append(&bytes, "GGUF", 4);
  emily__str_append(&bytes, &version, 4);
  emily__str_append(&bytes, &tensors, 8);
  emily__str_append(&bytes, &values, 8);
}
static void u32(uint32_t v) { emily__str_append(&bytes, &v, 4); }
static void u64(uint64_t v) { emily__str_append(&bytes, &v, 8); }
static void text(const char *t) {
  u64(strlen(t));
  emily__str_append(&bytes, t, strlen(t));
}
static void tensor(const char *name, uint32_t rank, const uint64_t *extents, uint32_t type, uint64_t offset) {
  text(name);
  u32(rank);
  for (uint32_t i = 0; i < rank; i++) u64(extents[i]);
  u32(type);
  u64(offset);
}
static void data(size_t alignment, size_t count) {
  while (bytes.count % alignment) emily__str_append(&bytes, "", 1);
  for (size_t i = 0; i < count; i++) emily__str_append(&bytes, "\1", 1);
}

static emily_gguf *parse(void) {
  emily_gguf *file = NULL;
  emily_status status = emily__gguf_parse((const uint8_t *)bytes.data, bytes.count, "f", &file);
  if (status) fail_msg("%s", emily_last_error()->message);
  return file;
}

static void refused_as(emily_status wanted, const char *part) {
  emily_gguf *file = NULL;
  int64_t live = emily__alloc_live();
  assert_int_equal(emily__gguf_parse((const uint8_t *)bytes.data, bytes.count, "f", &file), wanted);
  assert_null(file);
  assert_int_equal(emily__alloc_live(), live);
  if (!strstr(emily_last_error()->message, part)) fail_msg("%s", emily_last_error()->message);
}
static void refused(const char *part) { refused_as(EMILY_BAD_FORMAT, part); }

static void sample(uint32_t version) {
  start(version, 2, 5);
  text("a.name"), u32(EMILY_GGUF_STRING), text("tiny");
  text("a.count"), u32(EMILY_GGUF_UINT32), u32(7);
  text("a.words"), u32(EMILY_GGUF_ARRAY), u32(EMILY_GGUF_STRING), u64(2), text("x"), text("");
  text("a.list"), u32(EMILY_GGUF_ARRAY), u32(EMILY_GGUF_UINT32), u64(2), u32(5), u32(6);
  text("a.deep"), u32(EMILY_GGUF_ARRAY), u32(EMILY_GGUF_ARRAY), u64(1), u32(EMILY_GGUF_UINT32), u64(1), u32(9);
  tensor("b", 2, (uint64_t[]){32, 2}, 8, 0); /* Q8_0: 68 bytes */
  tensor("a", 2, (uint64_t[]){3, 2}, 24, 96);
  data(32, 96 + 6);
}

static void what_a_file_says(void **state) {
  (void)state;
  for (uint32_t version = 2; version <= 3; version++) {
    size_t index, length;
    sample(version);
    emily_gguf *file = parse();
    assert_int_equal(emily_gguf_metadata_count(file), 5);
    assert_string_equal(emily_gguf_metadata_key(file, 1), "a.count");
    assert_int_equal(emily_gguf_metadata_kind(file, 1), EMILY_GGUF_UINT32);
    assert_string_equal(emily_gguf_metadata_text(file, 0, 0, &length), "tiny");
    assert_int_equal(length, 4);
    assert_int_equal(emily_gguf_metadata_find(file, "a.words", &index), EMILY_OK);
    assert_int_equal(emily_gguf_metadata_item_kind(file, index), EMILY_GGUF_STRING);
    assert_int_equal(emily_gguf_metadata_length(file, index), 2);
    assert_string_equal(emily_gguf_metadata_text(file, index, 0, NULL), "x");
    assert_string_equal(emily_gguf_metadata_text(file, index, 1, NULL), "");
    assert_null(emily_gguf_metadata_text(file, index, 2, NULL));
    assert_null(emily_gguf_metadata_text(file, 1, 0, NULL));
    assert_int_equal(emily_gguf_count(file), 2);
    assert_string_equal(emily_gguf_type_name(file, 0), "Q8_0");
    assert_int_equal(emily_gguf_nbytes(file, 0), 68);
    assert_int_equal(emily_gguf_shape(file, 1)[0], 2);
    assert_int_equal(emily_gguf_shape(file, 1)[1], 3);
    assert_int_equal(emily_gguf_find(file, "a", &index), EMILY_OK);
    assert_int_equal(index, 1);
    assert_int_equal(emily_gguf_find(file, "c", &index), EMILY_NOT_FOUND);
    emily_gguf_close(file);
  }
}

static void numbers_of_metadata(void **state) {
  (void)state;
  emily_array *array;
  int64_t value;
  sample(3);
  emily_gguf *file = parse();
  assert_int_equal(emily_gguf_metadata_array(file, 1, &array), EMILY_OK);
  assert_int_equal(emily_array_ndim(array), 0);
  assert_int_equal(emily_array_item_int(array, &value), EMILY_OK);
  assert_int_equal(value, 7);
  emily_array_release(array);
  assert_int_equal(emily_gguf_metadata_array(file, 3, &array), EMILY_OK);
  assert_int_equal(emily_array_dim(array, 0), 2);
  emily_array_release(array);
  assert_int_equal(emily_gguf_metadata_array(file, 0, &array), EMILY_UNSUPPORTED);
  assert_int_equal(emily_gguf_metadata_array(file, 4, &array), EMILY_UNSUPPORTED);
  assert_int_equal(emily_gguf_metadata_array(file, 5, &array), EMILY_INVALID_ARGUMENT);
  emily_gguf_close(file);
}

/* Cut anywhere, a file is refused: nothing is read behind its end (AddressSanitizer sees the exact block). */
static void each_prefix_is_refused(void **state) {
  (void)state;
  sample(3);
  for (size_t i = 0; i < bytes.count; i++) {
    emily_gguf *file = NULL;
    uint8_t *copy = malloc(i ? i : 1);
    memcpy(copy, bytes.data, i);
    assert_int_equal(emily__gguf_parse(copy, i, "f", &file), EMILY_BAD_FORMAT);
    free(copy);
  }
}

static void lies(void **state) {
  (void)state;
  const uint64_t huge[] = {INT64_MAX, INT64_MAX, 0}, wide[] = {1ull << 62, 4}, negative[] = {1ull << 63}, odd[] = {33}, one[] = {8};
  start(1, 0, 0), refused_as(EMILY_UNSUPPORTED, "version 1");
  start(0x03000000, 0, 0), refused_as(EMILY_UNSUPPORTED, "big-endian");
  start(3, UINT64_MAX, 0), refused("ends");
  start(3, 0, UINT64_MAX), refused("ends");
  start(3, 0, 1), u64(UINT64_MAX), refused("ends");
  start(3, 0, 1), text("k"), u32(13), refused("no kind");
  start(3, 0, 1), text("k"), u32(EMILY_GGUF_BOOL), emily__str_append(&bytes, "\2", 1), refused("neither 0 nor 1");
  start(3, 0, 1), text("k"), u32(EMILY_GGUF_ARRAY), u32(EMILY_GGUF_UINT64), u64(1ull << 61), refused("ends");
  start(3, 0, 1), text("k"), u32(EMILY_GGUF_ARRAY), u32(EMILY_GGUF_STRING), u64(UINT64_MAX), refused("ends");
  start(3, 0, 1), text("\xff"), u32(EMILY_GGUF_UINT32), u32(1), refused("UTF-8");
  start(3, 0, 2), text("k"), u32(EMILY_GGUF_UINT32), u32(1), text("k"), u32(EMILY_GGUF_UINT32), u32(1), refused("twice");
  start(3, 0, 1), text("k"), u32(EMILY_GGUF_ARRAY);
  for (int i = 0; i < 100; i++) u32(EMILY_GGUF_ARRAY), u64(1);
  refused("nested");
  start(3, 0, 1), text("general.alignment"), u32(EMILY_GGUF_UINT32), u32(0), refused("power of two");
  start(3, 0, 1), text("general.alignment"), u32(EMILY_GGUF_UINT32), u32(24), refused("power of two");
  start(3, 0, 1), text("general.alignment"), u32(EMILY_GGUF_INT32), u32(32), refused("no uint32");
  start(3, 1, 0), tensor("t", 9, (uint64_t[9]){0}, 0, 0), refused("9 axes");
  start(3, 1, 0), tensor("t", 1, negative, 0, 0), refused("63 bits");
  start(3, 1, 0), tensor("t", 2, wide, 0, 0), refused("63 bits");
  start(3, 1, 0), tensor("t", 3, huge, 0, 0), refused("63 bits");
  start(3, 1, 0), tensor("t", 1, odd, 2, 0), refused("no whole blocks of Q4_0");
  start(3, 1, 0), tensor("t", 1, one, 4, 0), refused_as(EMILY_UNSUPPORTED, "the type 4");
  start(3, 1, 0), tensor("t", 1, one, 24, 0), refused("within the file");
  start(3, 1, 0), tensor("t", 1, one, 24, 4), data(32, 32), refused("multiple of 32");
  start(3, 1, 0), tensor("t", 1, one, 24, UINT64_MAX - 31), data(32, 32), refused("within the file");
  start(3, 2, 0), tensor("t", 1, one, 24, 0), tensor("t", 1, one, 24, 0), data(32, 32), refused("twice");
}

static void types_that_are_not_dequantized(void **state) {
  (void)state;
  emily_array *out[3];
  start(3, 1, 0), tensor("t", 1, (uint64_t[]){32}, 20, 0), data(32, 18);
  emily_gguf *file = parse();
  assert_string_equal(emily_gguf_type_name(file, 0), "IQ4_NL");
  assert_int_equal(emily_gguf_array(file, 0, out), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "IQ4_NL"));
  assert_int_equal(emily_gguf_array(file, 1, out), EMILY_INVALID_ARGUMENT);
  emily_gguf_close(file);
  emily_gguf_close(NULL);
}

static int release(void **state) {
  (void)state;
  emily__str_free(&bytes);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_file_says), cmocka_unit_test(numbers_of_metadata), cmocka_unit_test(each_prefix_is_refused),
      cmocka_unit_test(lies),             cmocka_unit_test(types_that_are_not_dequantized),
  };
  return cmocka_run_group_tests(tests, NULL, release);
}
