/* test_matmul.c: products by hand, accumulation, neighbours, refusals. */
#include "support/arrays.h"

#include <math.h>

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *b = FLOATS(s, SHAPE(3, 2), 1, 0, 0, 1, 1, 1), *v = FLOATS(s, SHAPE(3), 1, -1, 1);
  EXPECT(s, emily_matmul(s, a, b), SHAPE(2, 2), 4, 5, 10, 11);
  EXPECT(s, emily_matmul(s, a, v), SHAPE(2), 2, 5);
  EXPECT(s, emily_matmul(s, v, b), SHAPE(2), 2, 0);
  EXPECT(s, emily_matmul(s, v, v), SCALAR, 3);
  EXPECT(s, emily_matmul(s, emily_broadcast_to(s, a, SHAPE(2, 2, 3)), b), SHAPE(2, 2, 2), 4, 5, 10, 11, 4, 5, 10, 11);
  EXPECT(s, emily_addmm(s, FLOATS(s, SHAPE(2), 1, 2), a, b, 2, 10), SHAPE(2, 2), 18, 30, 30, 42);
  EXPECT(s, emily_linear(s, a, emily_transpose(s, b, NULL, 0), FLOATS(s, SHAPE(2), 100, 200)), SHAPE(2, 2), 104, 205, 110, 211);
  EXPECT(s, emily_outer(s, v, FLOATS(s, SHAPE(2), 2, 3)), SHAPE(3, 2), 2, 3, -2, -3, 2, 3);
  EXPECT(s, emily_inner(s, a, a), SHAPE(2, 2), 14, 32, 32, 77);
  EXPECT(s, emily_inner(s, a, FLOATS(s, SCALAR, 2)), SHAPE(2, 3), 2, 4, 6, 8, 10, 12);
  EXPECT(s, emily_matmul(s, emily_flip(s, a, NULL, 0), b), SHAPE(2, 2), 10, 9, 4, 3);
  test_close(s);
}

static void empty_products(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = emily_zeros(s, SHAPE(2, 0), EMILY_FLOAT32), *b = emily_zeros(s, SHAPE(0, 2), EMILY_FLOAT32);
  EXPECT(s, emily_matmul(s, a, b), SHAPE(2, 2), 0, 0, 0, 0);
  EXPECT(s, emily_addmm(s, FLOATS(s, SCALAR, 3), a, b, 1, 2), SHAPE(2, 2), 6, 6, 6, 6);
  EXPECT(s, emily_linear(s, a, emily_zeros(s, SHAPE(2, 0), EMILY_FLOAT32), FLOATS(s, SHAPE(2), 1, 2)), SHAPE(2, 2), 1, 2, 1, 2);
  EXPECT(s, emily_matmul(s, b, emily_zeros(s, SHAPE(2, 3), EMILY_FLOAT32)), SHAPE(0, 3), 0);
  test_close(s);
}

/* A dot of 16,384 in every float dtype: 16-bit operands are exact, and their sum is rounded once. */
static void a_dot_of_16384(void **state) {
  (void)state;
  uint64_t random = test_seed();
  enum { N = 16384 };
  static double a[N], b[N];
  double want = 0, size = 0;
  for (int i = 0; i < N; i++) {
    a[i] = (double)(test_random(&random) % 17) / 8 - 1; /* exact in bfloat16 */
    b[i] = (double)(test_random(&random) % 17) / 16;
    want += a[i] * b[i];
    size += fabs(a[i] * b[i]);
  }
  const struct { emily_dtype dtype; double rounding; } kinds[] = {{EMILY_FLOAT32, 0}, {EMILY_FLOAT16, 0x1p-11}, {EMILY_BFLOAT16, 0x1p-8}, {EMILY_FLOAT64, 0}};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *wa = emily_scope_adopt(s, emily_array_from_data(a, INTS(N), 1, EMILY_FLOAT64)), *wb = emily_scope_adopt(s, emily_array_from_data(b, INTS(N), 1, EMILY_FLOAT64));
  for (int k = 0; k < 4; k++) {
    emily_array *x = emily_astype(s, wa, kinds[k].dtype), *y = emily_astype(s, wb, kinds[k].dtype);
    double tolerance = fabs(want) * kinds[k].rounding + size * 0x1p-18; /* float32 partial sums of eighths are all but exact */
    EXPECT_NEAR(s, emily_matmul(s, x, y), tolerance, SCALAR, want);
    emily_array *rows = emily_broadcast_to(s, x, SHAPE(40, N)), *columns = emily_broadcast_to(s, emily_expand_dims(s, y, INTS(1), 1), SHAPE(N, 9));
    emily_array *low = emily_min(s, emily_matmul(s, rows, columns), NULL, 0, false), *high = emily_max(s, emily_matmul(s, rows, columns), NULL, 0, false);
    EXPECT_NEAR(s, low, tolerance, SCALAR, want);
    EXPECT_NEAR(s, high, tolerance, SCALAR, want);
  }
  test_close(s);
}

/* A row's product has the same bits whatever the rows beside it hold (NaN here), and on any number of threads. */
static void rows_and_threads_do_not_meet(void **state) {
  (void)state;
  static float bits[6][96];
  for (int variant = 0; variant < 6; variant++) {
    emily_set_threads(variant % 3 + 1);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_sin(s, emily_reshape(s, test_range(s, 0, 40 * 200, EMILY_FLOAT32), SHAPE(40, 200)));
    emily_array *w = emily_cos(s, emily_reshape(s, test_range(s, 0, 200 * 96, EMILY_FLOAT32), SHAPE(200, 96)));
    if (variant > 2) {
      emily_array *fill = emily_scope_adopt(s, emily_array_from_float(NAN, EMILY_FLOAT32));
      x = emily_slice_update(s, x, fill, INTS(0, 0), INTS(17, 200), NULL);
      x = emily_slice_update(s, x, fill, INTS(18, 0), INTS(40, 200), NULL);
    }
    emily_array *row = emily_slice(s, emily_matmul(s, x, w), INTS(17, 0), INTS(18, 96), NULL);
    assert_int_equal(emily_array_read(row, bits[variant], sizeof bits[0]), EMILY_OK);
    test_close(s);
  }
  emily_set_threads(0);
  for (int variant = 1; variant < 6; variant++) assert_memory_equal(bits[0], bits[variant], sizeof bits[0]);
}

static void refusals(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  assert_null(emily_matmul(s, emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32), emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_matmul: the inner extents are 3 and 2 (operands: float32 [2, 3], float32 [2, 3])");
  s = emily_scope_open(NULL);
  assert_null(emily_matmul(s, emily_ones(s, SHAPE(2, 2), EMILY_INT32), emily_ones(s, SHAPE(2, 2), EMILY_INT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "products are of floats and complex numbers; cast integers first");
  s = emily_scope_open(NULL);
  assert_null(emily_matmul(s, emily_ones(s, SCALAR, EMILY_FLOAT32), emily_ones(s, SHAPE(2), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "operands of at least one axis");
  s = emily_scope_open(NULL);
  assert_null(emily_matmul(s, emily_ones(s, SHAPE(2, 1, 2), EMILY_FLOAT32), emily_ones(s, SHAPE(3, 2, 2), EMILY_FLOAT32)));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the batch axes do not broadcast");
  s = emily_scope_open(NULL);
  assert_null(emily_linear(s, emily_ones(s, SHAPE(2), EMILY_FLOAT32), emily_ones(s, SHAPE(3, 4), EMILY_FLOAT32), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "x is [..., in] and weight [out, in]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(empty_products),
      cmocka_unit_test(a_dot_of_16384),
      cmocka_unit_test(rows_and_threads_do_not_meet),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
