/* arrays.h: what the tests of arrays and graphs share: making arrays, reading them, and small loops over dtypes. */
#ifndef EMILY_TESTS_ARRAYS_H
#define EMILY_TESTS_ARRAYS_H

#include "emily/emily.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SHAPE(...) (const int64_t[]){__VA_ARGS__}, (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define SCALAR NULL, 0
#define INTS(...) (const int64_t[]){__VA_ARGS__}

/* A float32 array of the scope's from literal values. */
emily_array *test_floats(emily_scope *s, const int64_t *shape, int32_t ndim, const float *values);
#define FLOATS(s, shape_and_count, ...) test_floats((s), shape_and_count, (const float[]){__VA_ARGS__})

/* A 1-d array of `n` consecutive numbers from `first`, in any dtype. */
emily_array *test_range(emily_scope *s, int64_t first, int64_t n, emily_dtype dtype);

/* Evaluate and compare all elements, as float64, row-major. Closes nothing. */
void test_expect(emily_scope *s, emily_array *x, const int64_t *shape, int32_t ndim, const double *values, double tolerance);
#define EXPECT(s, x, shape_and_count, ...) \
  test_expect((s), (x), shape_and_count, (const double[]){__VA_ARGS__}, 0)
#define EXPECT_NEAR(s, x, tolerance, shape_and_count, ...) \
  test_expect((s), (x), shape_and_count, (const double[]){__VA_ARGS__}, (tolerance))

/* The scope failed with this status, and its message holds this text. Closes the scope. */
void test_expect_failure(emily_scope *s, emily_status status, const char *text);

/* Closes the scope, which must be healthy. */
void test_close(emily_scope *s);

/* A seed from EMILY_TEST_SEED or the clock, printed; and a small generator (splitmix64). */
uint64_t test_seed(void);
uint64_t test_random(uint64_t *state);

#endif
