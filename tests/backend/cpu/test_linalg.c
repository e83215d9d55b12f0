/* test_linalg.c: batches over the pool: the same bits for any number of threads and batch mates, every allocation failing in turn, and the
 * small loops beside LAPACK. */
#include "support/arrays.h"

#include "base/alloc.h"
#include "backend/cpu/linalg_small.h"
#include "emily/runtime.h"

#include <math.h>

/* Matrices that are positive definite and a little different from each other. */
static emily_array *matrices(emily_scope *s, int64_t count, int64_t n, emily_dtype dtype) {
  emily_array *wave = emily_sin(s, emily_reshape(s, emily_arange(s, 0, (double)(count * n * n), 1, EMILY_FLOAT32), (int64_t[]){count, n, n}, 3));
  emily_array *x = emily_add(s, wave, emily_multiply(s, emily_eye(s, n, n, 0, EMILY_FLOAT32), FLOATS(s, SCALAR, (float)(2 * n))));
  return emily_astype(s, emily_add(s, x, emily_swapaxes(s, x, 1, 2)), dtype);
}

/* Each op's results on x, in a row. */
static size_t all_ops(emily_scope *s, emily_array *x, emily_array **out) {
  size_t n = 0;
  if (emily_linalg_svd(s, x, true, out + n) == EMILY_OK) n += 3;
  if (emily_linalg_qr(s, x, "complete", out + n) == EMILY_OK) n += 2;
  if (emily_linalg_eigh(s, x, "L", out + n) == EMILY_OK) n += 2;
  if (emily_linalg_eig(s, x, out + n) == EMILY_OK) n += 2;
  if (emily_linalg_lu(s, x, out + n) == EMILY_OK) n += 3;
  if (emily_linalg_lu_factor(s, x, out + n) == EMILY_OK) n += 2;
  if (emily_linalg_slogdet(s, x, out + n) == EMILY_OK) n += 2;
  emily_array *more[] = {emily_linalg_cholesky(s, x, true), emily_linalg_inv(s, x),         emily_linalg_tri_inv(s, x, false),
                         emily_linalg_solve(s, x, x),       emily_linalg_pinv(s, x),        emily_linalg_det(s, x),
                         emily_linalg_svdvals(s, x),        emily_linalg_eigvalsh(s, x, "U"), emily_linalg_eigvals(s, x),
                         emily_linalg_solve_triangular(s, x, x, true, false, "conjugate")};
  memcpy(out + n, more, sizeof more);
  return n + sizeof more / sizeof *more;
}

enum { RESULTS = 32 };

static void a_result_that_depends_on_batch_mates_or_thread_count(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT64, EMILY_COMPLEX64};
  for (int k = 0; k < 3; k++)
    for (int64_t n = 5; n <= 40; n += 35) {
      emily_scope *s = emily_scope_open(NULL);
      emily_array *x = matrices(s, 40, n, dtypes[k]), *one[RESULTS], *few[RESULTS], *many[RESULTS];
      emily_array *alone = emily_slice(s, x, INTS(17, 0, 0), (int64_t[]){18, n, n}, NULL);
      assert_int_equal(emily_eval(&x, 1), EMILY_OK);
      emily_set_threads(1);
      size_t count = all_ops(s, x, one);
      assert_int_equal(emily_eval(one, count), EMILY_OK);
      emily_set_threads(4);
      all_ops(s, x, many);
      all_ops(s, alone, few);
      for (size_t i = 0; i < count; i++) {
        emily_array *same = emily_array_equal(s, one[i], many[i], false);
        emily_array *apart = emily_array_equal(s, emily_take(s, one[i], emily_scope_adopt(s, emily_array_from_int(17, EMILY_INT32)), 0),
                                               emily_take(s, few[i], emily_scope_adopt(s, emily_array_from_int(0, EMILY_INT32)), 0), false);
        EXPECT(s, same, SCALAR, 1);
        EXPECT(s, apart, SCALAR, 1);
      }
      emily_set_threads(0);
      test_close(s);
    }
}

static void every_allocation_can_fail(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = matrices(s, 3, 20, EMILY_FLOAT32), *warm[RESULTS];
  size_t count = all_ops(s, x, warm);
  assert_int_equal(emily_eval(warm, count), EMILY_OK);
  for (size_t i = 0; i < count; i++)
    for (int64_t n = 1;; n++) {
      emily_array *out[RESULTS];
      emily_scope *inner = emily_scope_open(NULL);
      all_ops(inner, x, out);
      emily__alloc_fail_after(n);
      emily_status status = emily_eval(&out[i], 1);
      bool reached = emily__alloc_count() >= n;
      emily__alloc_fail_after(0);
      if (reached) assert_int_equal(status, EMILY_OUT_OF_MEMORY);
      else assert_int_equal(status, EMILY_OK);
      if (reached) assert_int_equal(emily_eval(&out[i], 1), EMILY_OK);
      test_close(inner);
      if (!reached) break;
    }
  test_close(s);
}

/* The product of the factors is the matrix, for each size that the loops take. */
static void small_factors(void **state) {
  (void)state;
  for (int64_t n = 1; n <= EMILY__SMALL_MATRIX; n++) {
    double a[256], l[256], inverse[256] = {0};
    int32_t pivots[16];
    for (int64_t i = 0; i < n * n; i++) l[i] = a[i] = sin((double)(3 * i + 1)) + (i % (n + 1) == 0 ? (double)n / 4 : 0);
    for (int64_t i = 0; i < n; i++) inverse[i * n + i] = 1;
    assert_int_equal(emily__small_of[1].lu(l, pivots, n), 0);
    emily__small_of[1].lu_solve(l, pivots, inverse, n, n);
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t p = 0; p < n; p++) sum += a[i * n + p] * inverse[p * n + j];
        assert_true(fabs(sum - (i == j)) < 1e-11);
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_result_that_depends_on_batch_mates_or_thread_count),
      cmocka_unit_test(every_allocation_can_fail),
      cmocka_unit_test(small_factors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
