/* arrays.c: see arrays.h. */
#include "support/arrays.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

emily_array *test_floats(emily_scope *s, const int64_t *shape, int32_t ndim, const float *values) {
  return emily_scope_adopt(s, emily_array_from_data(values, shape, ndim, EMILY_FLOAT32));
}

emily_array *test_range(emily_scope *s, int64_t first, int64_t n, emily_dtype dtype) {
  emily_array *range = emily_arange(s, (double)first, (double)(first + n), 1, EMILY_INT64);
  return emily_astype(s, range, dtype);
}

void test_expect(emily_scope *s, emily_array *x, const int64_t *shape, int32_t ndim, const double *values, double tolerance) {
  if (!x) fail_msg("no array: %s", emily_scope_message(s));
  assert_int_equal(emily_array_ndim(x), ndim);
  for (int32_t i = 0; i < ndim; i++) assert_int_equal(emily_array_shape(x)[i], shape[i]);
  emily_array *wide = emily_astype(s, x, EMILY_FLOAT64);
  size_t bytes = emily_array_nbytes(wide);
  double *got = malloc(bytes + 1);
  if (emily_array_read(wide, got, bytes) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  for (int64_t i = 0; i < emily_array_size(x); i++) {
    bool same = isnan(values[i]) ? isnan(got[i]) : got[i] == values[i] || fabs(got[i] - values[i]) <= tolerance;
    if (!same) fail_msg("element %lld is %.17g, not %.17g (tolerance %g)", (long long)i, got[i], values[i], tolerance);
  }
  free(got);
}

void test_expect_failure(emily_scope *s, emily_status status, const char *text) {
  assert_int_equal(emily_scope_status(s), status);
  if (!strstr(emily_scope_message(s), text)) fail_msg("\"%s\" does not say \"%s\"", emily_scope_message(s), text);
  assert_int_equal(emily_scope_close(s), status);
}

void test_close(emily_scope *s) {
  if (emily_scope_status(s) != EMILY_OK) fail_msg("the scope failed: %s", emily_scope_message(s));
  assert_int_equal(emily_scope_close(s), EMILY_OK);
}

uint64_t test_seed(void) {
  const char *given = getenv("EMILY_TEST_SEED");
  uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
  printf("EMILY_TEST_SEED=%llu\n", (unsigned long long)seed);
  return seed;
}

uint64_t test_random(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
