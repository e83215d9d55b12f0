/* test_quantize_blocks.c: products with ggml's blocks beside float64 sums of what these stand for; batches, indices, refusals. */
#include "dtype/blocks.h"
#include "support/arrays.h"

#include <math.h>

/* Random blocks of Q8_0 or Q4_K as uint8 of a shape whose last extent counts blocks. Their scales are small. */
static emily_array *blocks(emily_scope *s, const emily__block_format *format, const int64_t *shape, int32_t ndim) {
  int64_t count = 1, bytes[4];
  for (int32_t i = 0; i < ndim; i++) count *= bytes[i] = shape[i];
  bytes[ndim - 1] *= format->size;
  uint8_t *data = malloc((size_t)(count * format->size));
  for (int64_t i = 0; i < count * format->size; i++) data[i] = (uint8_t)(rand() >> 7);
  for (int64_t b = 0; b < count; b++)
    for (int k = 1; k < (format->id == EMILY__BLOCK_Q4_K ? 4 : 2); k += 2) data[b * format->size + k] = 0x20;
  emily_array *array = emily_array_from_data(data, bytes, ndim, EMILY_UINT8);
  free(data);
  return emily_scope_adopt(s, array);
}

static emily_array *wave(emily_scope *s, const int64_t *shape, int32_t ndim, emily_dtype dtype) {
  int64_t size = 1;
  for (int32_t i = 0; i < ndim; i++) size *= shape[i];
  emily_array *x = emily_multiply(s, test_range(s, 0, size, EMILY_FLOAT32), FLOATS(s, SCALAR, 0.7f));
  return emily_astype(s, emily_reshape(s, emily_sin(s, x), shape, ndim), dtype);
}

static emily_array *wide(emily_scope *s, emily_array *x) { return emily_astype(s, x, EMILY_FLOAT64); }

/* |y - x @ w| at most a part of the largest |x| @ |w|. */
static void expect_product(emily_scope *s, emily_array *y, emily_array *x, emily_array *w, double part) {
  emily_array *want = emily_matmul(s, wide(s, x), w);
  emily_array *worst = emily_max(s, emily_abs(s, emily_subtract(s, wide(s, y), want)), NULL, 0, false);
  emily_array *size = emily_max(s, emily_matmul(s, emily_abs(s, wide(s, x)), emily_abs(s, w)), NULL, 0, false);
  double values[2];
  assert_non_null(worst);
  assert_int_equal(emily_array_read(worst, &values[0], sizeof *values), EMILY_OK);
  assert_int_equal(emily_array_read(size, &values[1], sizeof *values), EMILY_OK);
  assert_true(values[1] > 0 && values[0] <= part * values[1]);
}

static emily_array *dense(emily_scope *s, emily_array *w, const char *format) {
  return emily_swapaxes(s, wide(s, emily_block_dequantize(s, w, format, EMILY_FLOAT32)), -1, -2);
}

/* From one row to those that a blocked product takes; every format; K of one and of several blocks. */
static void every_format(void **state) {
  (void)state;
  const int64_t rows[] = {1, 2, 5, 33, 67}, columns[] = {1, 7, 70};
  for (size_t f = 0; emily__block_format_at(f); f++) {
    const emily__block_format *format = emily__block_format_at(f);
    if (format->id != EMILY__BLOCK_Q8_0 && format->id != EMILY__BLOCK_Q4_K && format->id != EMILY__BLOCK_Q4_0) continue;
    for (int m = 0; m < 5; m++)
      for (int n = 0; n < 3; n++) {
        emily_scope *s = emily_scope_open(NULL);
        emily_array *w = blocks(s, format, SHAPE(columns[n], 3));
        emily_array *x = wave(s, SHAPE(rows[m], 3 * format->block), EMILY_FLOAT32);
        expect_product(s, emily_block_matmul(s, x, w, format->name), x, dense(s, w, format->name), 1e-5);
        assert_int_equal(emily_scope_close(s), EMILY_OK);
      }
  }
}

static void other_dtypes_and_axes(void **state) {
  (void)state;
  const emily__block_format *format = emily__block_format_named("Q4_K");
  emily_scope *s = emily_scope_open(NULL);
  emily_array *w = blocks(s, format, SHAPE(3, 6, 1)), *x = wave(s, SHAPE(3, 2, 256), EMILY_FLOAT32);
  expect_product(s, emily_block_matmul(s, x, w, "Q4_K"), x, dense(s, w, "Q4_K"), 1e-5);
  expect_product(s, emily_block_matmul(s, wide(s, x), w, "Q4_K"), x, dense(s, w, "Q4_K"), 1e-12);
  emily_array *half = emily_astype(s, x, EMILY_FLOAT16);
  assert_int_equal(emily_array_dtype(emily_block_matmul(s, half, w, "Q4_K")), EMILY_FLOAT16);
  expect_product(s, emily_block_matmul(s, half, w, "Q4_K"), half, dense(s, w, "Q4_K"), 1e-3);
  emily_array *one = wave(s, SHAPE(256), EMILY_FLOAT32), *matrix = blocks(s, format, SHAPE(5, 1));
  emily_array *y = emily_block_matmul(s, one, matrix, "Q4_K");
  assert_int_equal(emily_array_ndim(y), 1);
  expect_product(s, y, one, dense(s, matrix, "Q4_K"), 1e-5);
  emily_array *back = emily_slice(s, matrix, INTS(4, 0), INTS(-6, 144), INTS(-1, 1)); /* rows from the last to the first */
  expect_product(s, emily_block_matmul(s, one, back, "Q4_K"), one, dense(s, back, "Q4_K"), 1e-5);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
}

static void indices_choose(void **state) {
  (void)state;
  const emily__block_format *format = emily__block_format_named("Q8_0");
  emily_scope *s = emily_scope_open(NULL);
  emily_array *w = blocks(s, format, SHAPE(4, 5, 2)), *x = wave(s, SHAPE(3, 1, 64), EMILY_FLOAT32);
  emily_array *at = emily_astype(s, FLOATS(s, SHAPE(3), 3, 0, 3), EMILY_INT32);
  emily_array *chosen = emily_take(s, dense(s, w, "Q8_0"), at, 0);
  expect_product(s, emily_gather_block_mm(s, x, w, NULL, at, "Q8_0"), x, chosen, 1e-5);
  expect_product(s, emily_gather_block_mm(s, wide(s, x), w, NULL, at, "Q8_0"), x, chosen, 1e-12);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
}

static void refuse(emily_array *(*call)(emily_scope *, emily_array *, emily_array *)) {
  emily_scope *s = emily_scope_open(NULL);
  assert_null(call(s, wave(s, SHAPE(2, 256), EMILY_FLOAT32), blocks(s, emily__block_format_named("Q4_K"), SHAPE(3, 1))));
  assert_int_equal(emily_scope_close(s), EMILY_INVALID_ARGUMENT);
}

static emily_array *other_format(emily_scope *s, emily_array *x, emily_array *w) { return emily_block_matmul(s, x, w, "IQ2_XS"); }
static emily_array *no_whole_blocks(emily_scope *s, emily_array *x, emily_array *w) { return emily_block_matmul(s, x, w, "Q8_0"); }
static emily_array *other_inner(emily_scope *s, emily_array *x, emily_array *w) {
  return emily_block_matmul(s, emily_reshape(s, x, SHAPE(4, 128)), w, "Q4_K");
}
static emily_array *no_bytes(emily_scope *s, emily_array *x, emily_array *w) { return (void)w, emily_block_matmul(s, x, x, "Q4_K"); }
static emily_array *to_integers(emily_scope *s, emily_array *x, emily_array *w) {
  return (void)x, emily_block_dequantize(s, w, "Q4_K", EMILY_INT32);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  refuse(other_format);
  refuse(no_whole_blocks);
  refuse(other_inner);
  refuse(no_bytes);
  refuse(to_integers);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_format), cmocka_unit_test(other_dtypes_and_axes), cmocka_unit_test(indices_choose),
                                     cmocka_unit_test(what_does_not_fit_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
