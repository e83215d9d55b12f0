/* test_copy.c: copies from every layout, fills, at sizes where tiles, blocks and the pool begin. */
#include "backend/cpu/copy.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static void check(const emily__tensor *x) {
  emily__tensor *out = tensor_new(x->dtype, x->ndim, x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_copy, NULL, out, INPUTS(x)), EMILY_OK);
  assert_true(tensors_same(out, x));
}

static void every_dtype_and_layout(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      check(tensor_laid_out(tensor_random(dtype, DIMS(3, 5, 7), 0, 99), layout));
      check(tensor_laid_out(tensor_random(dtype, DIMS(1), 0, 99), layout));
      check(tensor_laid_out(tensor_random(dtype, DIMS(2, 0, 3), 0, 99), layout));
      check(tensor_random(dtype, NO_DIMS, 0, 99));
    }
}

static void transposes_around_tiles_and_blocks(void **state) {
  (void)state;
  const int64_t extents[] = {1, 2, 15, 16, 17, 33, 250};
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 7; j++)
      for (emily_dtype dtype = EMILY_UINT8; dtype <= EMILY_UINT64; dtype++)
        check(tensor_laid_out(tensor_random(dtype, DIMS(2, extents[i], extents[j]), 0, 99), LAYOUT_PERMUTED));
}

static void long_rows(void **state) {
  (void)state;
  const int64_t lengths[] = {32767, 32768, 32769, 65536, 100000};
  for (int i = 0; i < 5; i++) {
    check(tensor_random(EMILY_INT16, DIMS(lengths[i]), -99, 99));
    check(tensor_laid_out(tensor_random(EMILY_INT16, DIMS(lengths[i]), -99, 99), LAYOUT_NEGATIVE));
    check(tensor_laid_out(tensor_random(EMILY_FLOAT32, DIMS(2, lengths[i]), -99, 99), LAYOUT_PADDED));
  }
}

static void broadcasts(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_FLOAT32, DIMS(300), -9, 9);
  check(tensor_view(x, 3, DIMS(200, 300), (int64_t[]){0, 0}));
  check(tensor_view(x, 0, DIMS(200, 300), (int64_t[]){0, 1}));
  check(tensor_view(x, 0, DIMS(300, 200), (int64_t[]){1, 0}));
}

static void full_writes_the_element(void **state) {
  (void)state;
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++) {
    struct {
      int64_t dtype;
      uint64_t bits;
      int64_t count, shape[2];
    } attrs = {dtype, 0, 2, {700, 99}};
    emily__tensor *value = tensor_random(dtype, NO_DIMS, 0, 99), *out = tensor_new(dtype, DIMS(700, 99));
    memcpy(&attrs.bits, value->data, emily_dtype_size(dtype));
    assert_int_equal(tensor_run(EMILY__PRIM_full, &attrs, out, 0, NULL), EMILY_OK);
    assert_true(tensors_same(out, tensor_view(value, 0, DIMS(700, 99), (int64_t[]){0, 0})));
  }
}

static void into_a_window(void **state) {
  (void)state;
  emily__tensor *x = tensor_random(EMILY_UINT16, DIMS(40, 30), 0, 9999),
                *memory = tensor_new(EMILY_UINT16, DIMS(50, 70));
  emily__tensor *window = tensor_view(memory, 49 * 70 + 1, DIMS(40, 30), (int64_t[]){-70, 2});
  emily__cpu_copy_elements(2, x->shape, 2, window->data, window->strides, x->data, x->strides);
  assert_true(tensors_same(window, x));
  int64_t untouched = 0;
  for (int64_t i = 0; i < memory->size; i++) untouched += tensor_get(memory, i) == 0xA5A5;
  assert_true(untouched >= memory->size - x->size);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(every_dtype_and_layout),
      TEST(transposes_around_tiles_and_blocks),
      TEST(long_rows),
      TEST(broadcasts),
      TEST(full_writes_the_element),
      TEST(into_a_window),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
