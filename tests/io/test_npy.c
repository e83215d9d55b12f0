/* test_npy.c: headers of .npy files: sound ones, odd ones, hostile ones. */
#include "io/npy.h"

#include "emily/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* A file of version `version` with this dict and `bytes` bytes of data: 0, 1, 2, …; its size. */
static size_t file_of(uint8_t *room, int version, const char *dict, size_t bytes) {
  const size_t n = strlen(dict), start = version == 1 ? 10 : 12;
  memcpy(room, "\x93NUMPY", 6);
  room[6] = (uint8_t)version;
  room[7] = 0;
  for (size_t i = 8; i < start; i++) room[i] = (uint8_t)(n >> 8 * (i - 8));
  memcpy(room + start, dict, n);
  for (size_t i = 0; i < bytes; i++) room[start + n + i] = (uint8_t)i;
  return start + n + bytes;
}

static emily_status parse(const char *dict, size_t bytes, emily__npy *out) {
  uint8_t room[1024];
  const size_t size = file_of(room, 1, dict, bytes);
  return emily__npy_parse(room, size, size, "a.npy", out);
}

static void sound_headers(void **state) {
  (void)state;
  emily__npy npy;
  assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }      \n", 24, &npy), EMILY_OK);
  assert_int_equal(npy.dtype, EMILY_FLOAT32);
  assert_int_equal(npy.ndim, 2);
  assert_int_equal(npy.shape[1], 3);
  assert_int_equal(npy.bytes, 24);
  assert_false(npy.fortran || npy.swapped);
  assert_int_equal(parse("{\"shape\":(),\"fortran_order\":True,\"descr\":\">i2\"}", 2, &npy), EMILY_OK);
  assert_true(npy.fortran && npy.swapped && npy.ndim == 0);
  assert_int_equal(parse("{'descr': '|V2', 'fortran_order': False, 'shape': (5L,)}", 99, &npy), EMILY_OK);
  assert_int_equal(npy.dtype, EMILY_BFLOAT16);
  assert_int_equal(parse("{'descr': '|b1', 'fortran_order': False, 'shape': (0, 9223372036854775807)}", 0, &npy), EMILY_OK);
  uint8_t room[256];
  const size_t size = file_of(room, 3, "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8);
  assert_int_equal(emily__npy_parse(room, size, size, "a.npy", &npy), EMILY_OK);
  assert_int_equal(npy.dtype, EMILY_COMPLEX64);
}

static void hostile_files_counts_offsets_products_that_wrap(void **state) {
  (void)state;
  const struct {
    const char *dict;
    emily_status status;
    const char *says;
  } cases[] = {
      {"", EMILY_BAD_FORMAT, "no dict"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", EMILY_BAD_FORMAT, "cut short"},
      {"{'descr': '<f4', 'fortran_order': False}", EMILY_BAD_FORMAT, "lacks a key"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", EMILY_BAD_FORMAT, "twice"},
      {"{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}", EMILY_BAD_FORMAT, "neither True nor False"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", EMILY_BAD_FORMAT, "more than 2^63"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,)}", EMILY_BAD_FORMAT, "more than 2^63"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", EMILY_BAD_FORMAT, "no extent"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", EMILY_BAD_FORMAT, "no extent"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2", EMILY_BAD_FORMAT, "does not end"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 3}", EMILY_BAD_FORMAT, "no tuple"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", EMILY_BAD_FORMAT, "goes on"},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': ()}", EMILY_UNSUPPORTED, "<c16"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", EMILY_UNSUPPORTED, "records"},
      {"{'descr': '<f4', 'color': False, 'shape': ()}", EMILY_BAD_FORMAT, "unknown key"},
      {"{'descr': 'a name that is much too long for a dtype', 'fortran_order': False, 'shape': ()}", EMILY_BAD_FORMAT, "no string"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily__npy npy;
    assert_int_equal(parse(cases[i].dict, 3, &npy), cases[i].status);
    if (!strstr(emily_last_error()->message, cases[i].says)) fail_msg("'%s' does not say '%s'", emily_last_error()->message, cases[i].says);
  }
  uint8_t room[256];
  emily__npy npy;
  for (size_t there = 0; there < 40; there++) { /* cut anywhere in the header */
    file_of(room, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4);
    assert_int_equal(emily__npy_parse(room, there, there, "a.npy", &npy), EMILY_BAD_FORMAT);
  }
  file_of(room, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4);
  room[6] = 9;
  assert_int_equal(emily__npy_parse(room, 200, 200, "a.npy", &npy), EMILY_UNSUPPORTED);
}

static void arrays_in_any_order(void **state) {
  (void)state;
  uint8_t room[256];
  emily__npy npy;
  emily_array *array = NULL;
  uint16_t got[6];
  /* big-endian, first axis fastest: element [i, j] is the (i + 2 j)-th */
  const size_t size = file_of(room, 1, "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3)}", 12);
  assert_int_equal(emily__npy_parse(room, size, size, "a.npy", &npy), EMILY_OK);
  assert_int_equal(emily__npy_array(&npy, room, NULL, "a.npy", &array), EMILY_OK);
  assert_int_equal(emily_array_dim(array, 0), 2);
  assert_int_equal(emily_array_read(array, got, sizeof got), EMILY_OK);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++) assert_int_equal(got[3 * i + j], (2 * (i + 2 * j)) << 8 | (2 * (i + 2 * j) + 1));
  emily_array_release(array);
  const size_t bools = file_of(room, 1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", 3);
  assert_int_equal(emily__npy_parse(room, bools, bools, "a.npy", &npy), EMILY_OK);
  assert_int_equal(emily__npy_array(&npy, room, NULL, "a.npy", &array), EMILY_BAD_FORMAT); /* 0, 1, 2 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_headers),
      cmocka_unit_test(hostile_files_counts_offsets_products_that_wrap),
      cmocka_unit_test(arrays_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
