/* test_runtime.c: debug flags, telemetry, memory limits. */
#include "support/arrays.h"

#include <math.h>

static void the_nan_check_names_the_op(void **state) {
  (void)state;
  emily_set_debug(EMILY_DEBUG_NAN);
  assert_int_equal(emily_debug(), EMILY_DEBUG_NAN);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 0, -1);
  emily_array *y = emily_scope_keep(s, emily_add(s, emily_log(s, emily_negative(s, x)), x));
  test_close(s);
  assert_int_equal(emily_eval(&y, 1), EMILY_DEBUG_CHECK);
  assert_string_equal(emily_last_error()->where, "log");
  emily_set_debug(0);
  float got[3];
  assert_int_equal(emily_array_read(y, got, sizeof got), EMILY_OK);
  assert_true(isnan(got[0]) && isinf(got[1]) && got[2] == -1);
  emily_array_release(y);
}

typedef struct seen {
  int evals, reads;
  uint64_t nodes;
} seen;

static void listen(const emily_span *span, void *context) {
  seen *counts = context;
  assert_true(span->end_ns >= span->begin_ns);
  if (span->kind == EMILY_SPAN_EVAL) counts->evals++, counts->nodes += span->count;
  if (span->kind == EMILY_SPAN_READ) counts->reads++;
}

static void spans_are_told(void **state) {
  (void)state;
  seen counts = {0};
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_exp(s, emily_exp(s, FLOATS(s, SHAPE(2), 0, 0)));
  emily_set_telemetry(listen, &counts);
  float got[2];
  emily_array_read(y, got, sizeof got);
  emily_set_telemetry(NULL, NULL);
  emily_array_read(emily_exp(s, y), got, sizeof got);
  test_close(s);
  assert_int_equal(counts.evals, 1);
  assert_int_equal(counts.nodes, 2);
  assert_int_equal(counts.reads, 1);
}

static void a_limit_is_an_error_that_says_how_much(void **state) {
  (void)state;
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  emily_memory_clear_cache(NULL);
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  assert_int_equal(emily_memory_set_limit(NULL, info.active + (1 << 20)), EMILY_OK);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_ones(s, SHAPE(1 << 20), EMILY_FLOAT32));
  test_close(s);
  assert_int_equal(emily_eval(&y, 1), EMILY_OUT_OF_MEMORY);
  assert_true(emily_last_error()->bytes_asked >= 4 << 20);
  assert_true(emily_last_error()->bytes_free > 0 && emily_last_error()->bytes_free <= 1 << 20);
  emily_memory_set_limit(NULL, 0);
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  emily_array_release(y);
}

static void statistics_by_device(void **state) {
  (void)state;
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats("abacus", &info), EMILY_NOT_FOUND);
  assert_int_equal(emily_memory_stats("cpu", NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_memory_reset_peak("cpu"), EMILY_OK);
  assert_int_equal(emily_memory_set_cache_limit("cpu", 0), EMILY_OK);
  emily_array *x = emily_array_from_data((char[4096]){0}, SHAPE(4096), EMILY_INT8);
  emily_array_release(x);
  emily_memory_stats("cpu", &info);
  assert_int_equal(info.cache, 0);
  emily_memory_set_cache_limit("cpu", 1 << 28);
}

static void threads_can_be_set(void **state) {
  (void)state;
  int32_t usual = emily_threads();
  assert_true(usual >= 1);
  emily_set_threads(3);
  assert_int_equal(emily_threads(), 3);
  emily_set_threads(0);
  assert_int_equal(emily_threads(), usual);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nan_check_names_the_op), cmocka_unit_test(spans_are_told),
      cmocka_unit_test(a_limit_is_an_error_that_says_how_much), cmocka_unit_test(statistics_by_device),
      cmocka_unit_test(threads_can_be_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
