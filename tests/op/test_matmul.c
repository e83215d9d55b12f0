/* test_matmul.c: products by hand, accumulation, neighbours, refusals. */
#include "support/arrays.h"

#include <math.h>

#define OPERANDS(...) (emily_array *const[]){__VA_ARGS__}

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

/* Sums wrap in the dtype, whatever its extremes; bools are or of ands. */
static void integers_wrap(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  const int8_t low[4] = {-128, -128, 127, 127};
  emily_array *a = emily_scope_adopt(s, emily_array_from_data(low, INTS(2, 2), 2, EMILY_INT8));
  EXPECT(s, emily_matmul(s, a, a), SHAPE(2, 2), -128, -128, -127, -127);
  const int64_t high[4] = {INT64_MAX, 1, INT64_MIN, -1};
  emily_array *b = emily_scope_adopt(s, emily_array_from_data(high, INTS(2, 2), 2, EMILY_INT64));
  const int64_t want[4] = {INT64_MIN + 1, INT64_MAX - 1, 0, INT64_MIN + 1};
  emily_array *squared = emily_scope_adopt(s, emily_array_from_data(want, INTS(2, 2), 2, EMILY_INT64));
  EXPECT(s, emily_equal(s, emily_matmul(s, b, b), squared), SHAPE(2, 2), 1, 1, 1, 1);
  const bool bits[4] = {true, true, false, false};
  emily_array *c = emily_scope_adopt(s, emily_array_from_data(bits, INTS(2, 2), 2, EMILY_BOOL));
  EXPECT(s, emily_matmul(s, c, c), SHAPE(2, 2), 1, 1, 0, 0);
  EXPECT(s, emily_addmm(s, a, a, a, -3, 2), SHAPE(2, 2), -128, -128, 123, 123);
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
  emily_array *whole = emily_ones(s, SHAPE(2, 2), EMILY_INT32);
  assert_null(emily_addmm(s, whole, whole, whole, 0.5, 1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "alpha and beta of a product of integers are whole numbers");
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

/* Products over chosen axes, by hand. */
static void chosen_axes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *b = FLOATS(s, SHAPE(3, 2), 1, 0, 0, 1, 1, 1), *v = FLOATS(s, SHAPE(3), 1, -1, 1);
  EXPECT(s, emily_tensordot(s, a, b, 1, NULL, 0, NULL, 0), SHAPE(2, 2), 4, 5, 10, 11);
  EXPECT(s, emily_tensordot(s, a, b, 0, SHAPE(0, 1), SHAPE(1, 0)), SCALAR, 1 + 3 + 5 + 6);
  EXPECT(s, emily_tensordot(s, v, v, 0, NULL, 0, NULL, 0), SHAPE(3, 3), 1, -1, 1, -1, 1, -1, 1, -1, 1);
  EXPECT(s, emily_dot_general(s, a, b, SHAPE(1), NULL, 0, SHAPE(0), NULL, 0), SHAPE(2, 2), 4, 5, 10, 11);
  EXPECT(s, emily_dot_general(s, a, b, NULL, 0, SHAPE(1), NULL, 0, SHAPE(0)), SHAPE(3, 2, 2), 1, 0, 4, 0, 0, 2, 0, 5, 3, 3, 6, 6);
  EXPECT(s, emily_vecdot(s, a, emily_reshape(s, v, SHAPE(1, 3)), -1), SHAPE(2), 2, 5);
  EXPECT(s, emily_kron(s, v, FLOATS(s, SHAPE(2), 1, 10)), SHAPE(6), 1, 10, -1, -10, 1, 10);
  emily_array *z = emily_scope_adopt(s, emily_array_from_data((const float[]){1, 2, 3, -1}, INTS(2), 1, EMILY_COMPLEX64));
  EXPECT(s, emily_real(s, emily_vecdot(s, z, z, 0)), SCALAR, 15);
  test_close(s);
}

static void einsum(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *a = FLOATS(s, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), *b = FLOATS(s, SHAPE(3, 2), 1, 0, 0, 1, 1, 1), *m = FLOATS(s, SHAPE(2, 2), 1, 2, 3, 4);
  EXPECT(s, emily_einsum(s, "ij,jk", OPERANDS(a, b), 2), SHAPE(2, 2), 4, 5, 10, 11);
  EXPECT(s, emily_einsum(s, "ii", OPERANDS(m), 1), SCALAR, 5);
  EXPECT(s, emily_einsum(s, "ii->i", OPERANDS(emily_transpose(s, m, NULL, 0)), 1), SHAPE(2), 1, 4);
  EXPECT(s, emily_einsum(s, " i...  ->... ", OPERANDS(a), 1), SHAPE(3), 5, 7, 9);
  EXPECT(s, emily_einsum(s, "ij,jk,kl->il", OPERANDS(a, b, m), 3), SHAPE(2, 2), 19, 28, 43, 64);
  EXPECT(s, emily_einsum(s, ",ij->ji", OPERANDS(FLOATS(s, SCALAR, 2), a), 2), SHAPE(3, 2), 2, 8, 4, 10, 6, 12);
  EXPECT(s, emily_einsum(s, "ij,j->i", OPERANDS(a, FLOATS(s, SHAPE(1), 2)), 2), SHAPE(2), 12, 30);
  int32_t path[9];
  size_t count;
  char report[256];
  assert_int_equal(emily_einsum_path("ij,jk,kl->il", OPERANDS(a, b, m), 3, path, 9, &count, report, sizeof report), EMILY_OK);
  assert_int_equal(count, 6);
  assert_memory_equal(path, ((const int32_t[]){2, 0, 1, 2, 0, 1}), 6 * sizeof *path);
  assert_non_null(strstr(report, "Naive FLOP count:  72"));
  assert_int_equal(emily_einsum_path("ij,jk,kl->il", OPERANDS(a, b, m), 3, path, 5, &count, NULL, 0), EMILY_INVALID_ARGUMENT);
  test_close(s);
}

static void einsum_refusals(void **state) {
  (void)state;
  static const struct { const char *subscripts, *message; } wrong[] = {
      {"ij,jk", "1 operands and more subscripts"}, {"i", "has 2 axes and 1 subscripts"}, {"ijk...", "has 2 axes and 3 subscripts"},
      {"i1", "not '1'"}, {"i...j...", "one \"...\" at most"}, {"ii", "share a letter"}, {"ij->ik", "'k' is in no operand"},
      {"ij->ii", "'i' twice"}, {"ij-i", "\"->\" is expected"}, {"ij->i,j", "after the result"}, {"ij.", "not '.'"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    emily_scope *s = emily_scope_open(NULL);
    assert_null(emily_einsum(s, wrong[i].subscripts, OPERANDS(emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32)), 1));
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, wrong[i].message);
  }
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32);
  assert_null(emily_einsum(s, "ij,jk", OPERANDS(x, x), 2));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "its letter 3 elsewhere");
  s = emily_scope_open(NULL);
  x = emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32);
  assert_null(emily_tensordot(s, x, x, 1, NULL, 0, NULL, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "have extents 3 and 2");
  s = emily_scope_open(NULL);
  x = emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32);
  assert_null(emily_dot_general(s, x, x, SHAPE(0, 0), NULL, 0, SHAPE(0, 1), NULL, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "named twice");
  s = emily_scope_open(NULL);
  x = emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32);
  assert_null(emily_dot_general(s, x, x, SHAPE(0, 1, 0), NULL, 0, SHAPE(0, 1, 0), NULL, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "more than there are");
  s = emily_scope_open(NULL);
  assert_null(emily_vecdot(s, emily_ones(s, SHAPE(2, 3), EMILY_FLOAT32), emily_ones(s, SHAPE(3), EMILY_FLOAT32), -1));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "not the same in both");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(integers_wrap),
      cmocka_unit_test(empty_products),
      cmocka_unit_test(a_dot_of_16384),
      cmocka_unit_test(rows_and_threads_do_not_meet),
      cmocka_unit_test(chosen_axes),
      cmocka_unit_test(einsum),
      cmocka_unit_test(einsum_refusals),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
