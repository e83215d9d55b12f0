/* test_quantized_matmul.c: products with quantized matrices beside float64 sums of what these stand for; neighbours, threads, refusals. */
#include "support/arrays.h"

#include <math.h>
#include <string.h>

#define ZEROS(dtype, ...) emily_zeros(s, SHAPE(__VA_ARGS__), EMILY_##dtype)

static const struct form {
  const char *mode;
  int64_t group, bits;
} forms[] = {{"affine", 64, 4}, {"affine", 32, 8}, {"affine", 128, 2}, {"affine", 32, 3}, {"affine", 64, 5}, {"affine", 128, 6},
             {"affine", 32, 4}, {"affine", 128, 8}, {"mxfp4", 32, 4},  {"mxfp8", 32, 8},  {"nvfp4", 16, 4}, {"float8", 128, 8},
             {"float8", 32, 8}};
enum { FORMS = sizeof forms / sizeof *forms };

static emily_array *wave(emily_scope *s, const int64_t *shape, int32_t ndim, float speed) {
  int64_t size = 1;
  for (int32_t i = 0; i < ndim; i++) size *= shape[i];
  emily_array *x = emily_multiply(s, test_range(s, 0, size, EMILY_FLOAT32), FLOATS(s, SCALAR, speed));
  return emily_reshape(s, emily_sin(s, x), shape, ndim);
}

static void quantize(emily_scope *s, emily_array *w, const struct form *f, emily_array *out[3]) {
  out[2] = NULL;
  if (strcmp(f->mode, "float8") == 0) { /* scales of any size: (1, 1 + 1/64, …) mod 2 */
    out[0] = emily_view(s, emily_astype(s, w, EMILY_FLOAT8_E4M3FN), EMILY_UINT32);
    int64_t shape[3];
    const int32_t ndim = emily_array_ndim(w);
    memcpy(shape, emily_array_shape(w), (size_t)ndim * sizeof *shape);
    shape[ndim - 1] /= f->group;
    out[1] = emily_add(s, wave(s, shape, ndim, 0.9f), FLOATS(s, SCALAR, 0.01f));
    return;
  }
  assert_int_equal(emily_quantize(s, w, NULL, f->group, f->bits, f->mode, out, 3, NULL), EMILY_OK);
}

/* The largest difference from the float64 product of the dequantized matrix. */
static double error(emily_scope *s, emily_array *y, emily_array *x, emily_array *q[3], const struct form *f, bool transpose) {
  emily_array *w = emily_dequantize(s, q[0], q[1], q[2], NULL, f->group, f->bits, f->mode, EMILY_FLOAT32);
  w = emily_astype(s, w, EMILY_FLOAT64);
  if (transpose) w = emily_swapaxes(s, w, -1, -2);
  emily_array *want = emily_matmul(s, emily_astype(s, x, EMILY_FLOAT64), w);
  emily_array *worst = emily_max(s, emily_abs(s, emily_subtract(s, emily_astype(s, y, EMILY_FLOAT64), want)), NULL, 0, false);
  double value;
  assert_non_null(worst);
  assert_int_equal(emily_array_read(worst, &value, sizeof value), EMILY_OK);
  return value;
}

/* Each form: whole and odd numbers of groups in K, N below 8 and odd, M from one row to those that a blocked product takes. Sums of K ≤ 640
 * products below 1 in magnitude, in float32: 640 roundings of 2^-24 of a partial sum below 640 are 0.03 at worst, 1e-4 at most in fact. */
static void tails_in_k_and_n(void **state) {
  (void)state;
  const int64_t rows[] = {1, 2, 3, 4, 5, 8, 9, 14, 32, 33, 64, 67}, columns[] = {1, 3, 7, 8, 33}, groups[] = {1, 2, 5};
  for (int f = 0; f < FORMS; f++)
    for (int g = 0; g < 3; g++)
      for (int c = 0; c < 5; c++) {
        emily_scope *s = emily_scope_open(NULL);
        const int64_t k = forms[f].group * groups[g], n = columns[c];
        emily_array *q[3], *t[3];
        quantize(s, wave(s, SHAPE(n, k), 0.7f), &forms[f], q);
        quantize(s, wave(s, SHAPE(n, k), 0.3f), &forms[f], t); /* taken as [n, k]: x [m, n] */
        for (int m = 0; m < 12; m++) {
          emily_array *x = wave(s, SHAPE(rows[m], k), 1.1f), *across = wave(s, SHAPE(rows[m], n), 1.3f);
          emily_array *y = emily_quantized_matmul(s, x, q[0], q[1], q[2], true, forms[f].group, forms[f].bits, forms[f].mode);
          if (error(s, y, x, q, &forms[f], true) > 1e-4) fail_msg("%s %d bits, K %d, N %d, M %d", forms[f].mode, (int)forms[f].bits, (int)k, (int)n, (int)rows[m]);
          y = emily_quantized_matmul(s, across, t[0], t[1], t[2], false, forms[f].group, forms[f].bits, forms[f].mode);
          if (error(s, y, across, t, &forms[f], false) > 1e-4) fail_msg("%s %d bits, K %d, N %d, M %d along n", forms[f].mode, (int)forms[f].bits, (int)n, (int)k, (int)rows[m]);
        }
        test_close(s);
      }
}

/* A row's product has the same bits whatever the rows beside it hold (NaN here), and on any number of threads. */
static void rows_and_threads_do_not_meet(void **state) {
  (void)state;
  static float bits[6][70];
  const int64_t heights[] = {7, 70};
  for (int f = 0; f < FORMS; f++)
    for (int h = 0; h < 2; h++) {
      for (int variant = 0; variant < 6; variant++) {
        emily_set_threads(variant % 3 + 1);
        emily_scope *s = emily_scope_open(NULL);
        emily_array *x = wave(s, SHAPE(heights[h], 384), 1.1f), *q[3];
        quantize(s, wave(s, SHAPE(70, 384), 0.7f), &forms[f], q);
        if (variant > 2) {
          x = emily_slice_update(s, x, FLOATS(s, SCALAR, NAN), INTS(0, 0), INTS(3, 384), NULL);
          x = emily_slice_update(s, x, FLOATS(s, SCALAR, NAN), INTS(4, 0), INTS(heights[h], 384), NULL);
        }
        emily_array *y = emily_quantized_matmul(s, x, q[0], q[1], q[2], true, forms[f].group, forms[f].bits, forms[f].mode);
        assert_int_equal(emily_array_read(emily_slice(s, y, INTS(3, 0), INTS(4, 70), NULL), bits[variant], sizeof bits[0]), EMILY_OK);
        test_close(s);
      }
      for (int variant = 1; variant < 6; variant++) assert_memory_equal(bits[0], bits[variant], sizeof bits[0]);
    }
  emily_set_threads(0);
}

/* A token's bits do not depend on how many others go to its expert; indices out of bounds give zeros, negative ones count from the end. */
static void experts_do_not_meet(void **state) {
  (void)state;
  float alone[24], among[24];
  for (int f = 0; f < FORMS; f++) {
    for (int crowd = 0; crowd < 2; crowd++) {
      emily_scope *s = emily_scope_open(NULL);
      emily_array *x = wave(s, SHAPE(6, 1, 256), 1.1f), *q[3];
      quantize(s, wave(s, SHAPE(4, 24, 256), 0.7f), &forms[f], q);
      const int32_t apart[6] = {0, 1, 2, 3, 0, 1}, together[6] = {2, 2, 2, 2, 2, 2};
      emily_array *rhs = emily_scope_adopt(s, emily_array_from_data(crowd ? together : apart, INTS(6), 1, EMILY_INT32));
      emily_array *y = emily_gather_qmm(s, x, q[0], q[1], q[2], NULL, rhs, true, forms[f].group, forms[f].bits, forms[f].mode, false);
      assert_int_equal(emily_array_read(emily_slice(s, y, INTS(2, 0, 0), INTS(3, 1, 24), NULL), crowd ? among : alone, sizeof alone), EMILY_OK);
      test_close(s);
    }
    assert_memory_equal(alone, among, sizeof alone);
  }
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(1, 1, 64), EMILY_FLOAT32), *q[3];
  quantize(s, emily_ones(s, SHAPE(2, 1, 64), EMILY_FLOAT32), &forms[0], q);
  const int32_t indices[4] = {0, -1, 2, -3};
  emily_array *rhs = emily_scope_adopt(s, emily_array_from_data(indices, INTS(4), 1, EMILY_INT32));
  emily_array *y = emily_gather_qmm(s, x, q[0], q[1], q[2], ZEROS(INT32, 1), rhs, true, 0, 0, "affine", false);
  EXPECT(s, y, SHAPE(4, 1, 1), 64, 64, 0, 0);
  test_close(s);
}

static void qqmm_rounds_its_activations(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const char *const modes[] = {"nvfp4", "mxfp4", "mxfp8"};
  for (int i = 0; i < 3; i++) {
    emily_array *w = wave(s, SHAPE(9, 64), 0.7f), *q[3], *x = emily_multiply(s, emily_ones(s, SHAPE(2, 64), EMILY_FLOAT32), FLOATS(s, SCALAR, 6));
    assert_int_equal(emily_quantize(s, w, NULL, 0, 0, modes[i], q, 3, NULL), EMILY_OK);
    emily_array *plain = emily_quantized_matmul(s, x, q[0], q[1], NULL, true, 0, 0, modes[i]);
    EXPECT(s, emily_array_equal(s, emily_qqmm(s, x, q[0], q[1], NULL, NULL, 0, 0, modes[i]), plain, false), SCALAR, 1);
    EXPECT(s, emily_array_equal(s, emily_qqmm(s, x, w, NULL, NULL, NULL, 0, 0, modes[i]), plain, false), SCALAR, 1);
  }
  test_close(s);
}

#define REFUSED(call, text)                                   \
  do {                                                        \
    emily_scope *s = emily_scope_open(NULL);                  \
    assert_null(call);                                        \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);     \
  } while (0)
#define MATRIX ZEROS(UINT32, 3, 8), ZEROS(FLOAT32, 3, 1), ZEROS(FLOAT32, 3, 1)

static void refusals(void **state) {
  (void)state;
  REFUSED(emily_quantized_matmul(s, ZEROS(FLOAT32, 2, 65), MATRIX, true, 0, 0, "affine"), "the inner extents are 65 and 64");
  REFUSED(emily_quantized_matmul(s, ZEROS(FLOAT32, 2, 64), MATRIX, false, 0, 0, "affine"), "the inner extents are 64 and 3");
  REFUSED(emily_quantized_matmul(s, emily_zeros(s, SCALAR, EMILY_FLOAT32), MATRIX, true, 0, 0, "affine"), "the inner extents are 1 and 64");
  REFUSED(emily_quantized_matmul(s, ZEROS(COMPLEX64, 2, 64), MATRIX, true, 0, 0, "affine"), "is of floats");
  REFUSED(emily_quantized_matmul(s, ZEROS(INT32, 2, 64), ZEROS(UINT32, 3, 8), ZEROS(UINT8, 3, 2), NULL, true, 0, 0, "mxfp4"), "is of floats");
  REFUSED(emily_quantized_matmul(s, ZEROS(FLOAT32, 2, 1, 64), ZEROS(UINT32, 3, 1, 8), ZEROS(FLOAT32, 3, 1, 1), ZEROS(FLOAT32, 3, 1, 1), true, 0, 0, "affine"), "the batch axes do not broadcast");
  REFUSED(emily_gather_qmm(s, ZEROS(FLOAT32, 2, 64), MATRIX, ZEROS(FLOAT32, 2), NULL, true, 0, 0, "affine", false), "indices must be integers");
  REFUSED(emily_gather_qmm(s, ZEROS(FLOAT32, 2, 64), MATRIX, ZEROS(INT32, 2), ZEROS(INT32, 3), true, 0, 0, "affine", false), "the indices do not broadcast");
  REFUSED(emily_qqmm(s, ZEROS(FLOAT32, 2, 64), ZEROS(UINT32, 3, 8), NULL, NULL, NULL, 0, 0, "nvfp4"), "w is a quantized matrix with scales");
  REFUSED(emily_qqmm(s, ZEROS(FLOAT32, 2, 64), ZEROS(FLOAT32, 3, 64), NULL, NULL, NULL, 0, 0, "affine"), "activations are quantized in modes");
  REFUSED(emily_qqmm(s, ZEROS(FLOAT32, 2, 60), ZEROS(FLOAT32, 3, 60), NULL, NULL, NULL, 0, 0, "nvfp4"), "no whole groups");
  REFUSED(emily_qqmm(s, ZEROS(FLOAT32, 2, 64), ZEROS(FLOAT32, 3, 64), NULL, ZEROS(FLOAT32, 1), NULL, 0, 0, "nvfp4"), "two global scales, or none");
  REFUSED(emily_qqmm(s, ZEROS(FLOAT32, 2, 64), ZEROS(FLOAT32, 2, 3, 64), NULL, NULL, NULL, 0, 0, "nvfp4"), "w is a matrix");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tails_in_k_and_n),
      cmocka_unit_test(rows_and_threads_do_not_meet),
      cmocka_unit_test(experts_do_not_meet),
      cmocka_unit_test(qqmm_rounds_its_activations),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
