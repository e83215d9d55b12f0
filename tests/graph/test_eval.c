/* test_eval.c: order, failure, sharing and release of lazy graphs. */
#include "support/arrays.h"

#include "base/alloc.h"
#include "graph/node.h"

#include <pthread.h>
#include <stdio.h>

static uint64_t active_memory(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  return info.active;
}

static void building_does_no_work(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 4, EMILY_FLOAT32), *y = emily_add(s, x, x);
  assert_false(emily_array_is_evaluated(y));
  EXPECT(s, y, SHAPE(4), 0, 2, 4, 6);
  assert_true(emily_array_is_evaluated(y));
  test_close(s);
}

/* A million nodes: built, evaluated and freed on a thread with a 256 KiB stack. */
enum { CHAIN = 1000000 };

static void *long_chain(void *result) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *one = emily_array_from_float(1, EMILY_FLOAT32), *x = emily_array_from_float(0, EMILY_FLOAT32);
  emily_scope_close(s);
  for (int i = 0; i < CHAIN; i += 100) {
    s = emily_scope_open(NULL);
    emily_array *y = x;
    for (int k = 0; k < 100; k++) y = emily_add(s, y, one);
    y = emily_scope_keep(s, y);
    emily_scope_close(s);
    emily_array_release(x);
    x = y;
  }
  emily_array_item_float(x, result);
  emily_array_release(x);
  emily_array_release(one);
  return NULL;
}

static void *unevaluated_chain(void *unused) {
  emily_array *x = emily_array_from_float(0, EMILY_FLOAT32);
  for (int i = 0; i < CHAIN; i++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *y = emily_scope_keep(s, emily_negative(s, x));
    emily_scope_close(s);
    emily_array_release(x);
    x = y;
  }
  emily_array_release(x);
  return unused;
}

static void run_on_small_stack(void *(*fn)(void *), void *argument) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  assert_int_equal(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  assert_int_equal(pthread_create(&thread, &attributes, fn, argument), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

static void a_chain_of_a_million_nodes_needs_no_stack(void **state) {
  (void)state;
  uint64_t before = active_memory();
  double result = 0;
  run_on_small_stack(long_chain, &result);
  assert_true(result == CHAIN);
  run_on_small_stack(unevaluated_chain, NULL);
  assert_int_equal(active_memory(), before);
}

static void a_shared_node_runs_once(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 1, 3, EMILY_FLOAT32);
  for (int i = 0; i < 60; i++) x = emily_add(s, x, x); /* 2^60 paths from end to start */
  emily_array *y = emily_divide(s, x, emily_scope_adopt(s, emily_array_from_float(0x1p60, EMILY_FLOAT32)));
  EXPECT(s, y, SHAPE(3), 1, 2, 3);
  test_close(s);
}

static void intermediates_give_their_memory_back(void **state) {
  (void)state;
  uint64_t before = active_memory();
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_zeros(s, SHAPE(1000000), EMILY_FLOAT32);
  for (int i = 0; i < 20; i++) x = emily_exp(s, x);
  emily_array *y = emily_scope_keep(s, emily_sum(s, x, NULL, 0, false));
  test_close(s);
  emily_memory_reset_peak(NULL);
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  emily_memory_stats(NULL, &info);
  /* one buffer that each exp takes over in turn, and the sum: never two big ones at a time */
  assert_true(info.peak - before < 2 * 4000000);
  emily_array_release(y);
  assert_int_equal(active_memory(), before);
}

static void an_error_in_the_middle_spoils_nothing(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = test_range(s, 0, 1000, EMILY_FLOAT32);
  emily_array *good = emily_exp(s, emily_negative(s, x));
  emily_array *indices = emily_scope_adopt(s, emily_array_from_int(5000, EMILY_INT32));
  emily_array *bad = emily_take(s, good, indices, 0);
  emily_array *sum = emily_scope_keep(s, emily_add(s, emily_sum(s, good, NULL, 0, false), bad));
  test_close(s);
  emily_set_debug(EMILY_DEBUG_INDICES);
  assert_int_equal(emily_eval(&sum, 1), EMILY_DEBUG_CHECK);
  assert_non_null(strstr(emily_last_error()->message, "5000"));
  assert_int_equal(emily_eval(&sum, 1), EMILY_DEBUG_CHECK); /* and again: still there, still the same */
  emily_set_debug(0);
  double value, reference;
  assert_int_equal(emily_array_item_float(sum, &value), EMILY_OK);
  s = emily_scope_open(NULL);
  emily_array *again = emily_exp(s, emily_negative(s, test_range(s, 0, 1000, EMILY_FLOAT32)));
  emily_array_item_float(emily_sum(s, again, NULL, 0, false), &reference);
  test_close(s);
  assert_true(value == reference);
  emily_array_release(sum);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  uint64_t base = active_memory();
  emily_memory_clear_cache(NULL);
  int failures = 0;
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_ones(s, SHAPE(64, 64), EMILY_FLOAT32);
    emily_array *y = emily_softmax(s, emily_matmul(s, x, emily_swapaxes(s, x, 0, 1)), INTS(-1), 1, false);
    y = emily_scope_keep(s, emily_concatenate(s, (emily_array *[]){y, y}, 2, 0));
    emily_status status = emily_scope_close(s);
    if (status == EMILY_OK) status = emily_eval(&y, 1);
    bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) {
      float got[2 * 64 * 64];
      assert_int_equal(emily_array_read(y, got, sizeof got), EMILY_OK);
      assert_true(got[0] == 1.0f / 64);
    } else {
      failures++;
      assert_int_equal(status, EMILY_OUT_OF_MEMORY);
      /* the same graph, evaluated again with memory: right */
      if (y) assert_int_equal(emily_eval(&y, 1), EMILY_OK);
    }
    emily_array_release(y);
    if (!reached) break;
  }
  assert_true(failures > 10);
  assert_int_equal(active_memory(), base);
}

/* ---- streams ---- */

static void streams_meet_in_one_graph(void **state) {
  (void)state;
  emily_stream *a = emily_stream_new("cpu"), *b = emily_stream_new("cpu");
  for (int round = 0; round < 200; round++) {
    emily_scope *sa = emily_scope_open(a), *sb = emily_scope_open(b);
    emily_array *x = test_range(sa, round, 100, EMILY_FLOAT32);
    for (int i = 0; i < 10; i++) x = i % 2 ? emily_add(sa, x, x) : emily_negative(sb, x);
    emily_array *y = emily_scope_keep(sb, emily_sum(sb, x, NULL, 0, false));
    emily_status st = emily_scope_close(sa);
    assert_int_equal(st, EMILY_OK);
    assert_int_equal(emily_scope_close(sb), EMILY_OK);
    if (round % 2) assert_int_equal(emily_async_eval(&y, 1), EMILY_OK);
    double value;
    assert_int_equal(emily_array_item_float(y, &value), EMILY_OK);
    assert_true(value == -32.0 * (100.0 * round + 4950));
    emily_array_release(y);
  }
  emily_stream_release(a);
  emily_stream_release(b);
}

static void async_work_is_bounded_and_ends(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new("cpu");
  emily_array *x = emily_array_from_float(0, EMILY_FLOAT32), *one = emily_array_from_float(1, EMILY_FLOAT32);
  for (int i = 0; i < 2000; i++) {
    emily_scope *s = emily_scope_open(stream);
    emily_array *y = emily_scope_keep(s, emily_add(s, x, one));
    test_close(s);
    emily_array_release(x);
    x = y;
    assert_int_equal(emily_async_eval(&x, 1), EMILY_OK);
  }
  assert_int_equal(emily_stream_synchronize(stream), EMILY_OK);
  assert_true(emily_array_is_evaluated(x));
  double value;
  emily_array_item_float(x, &value);
  assert_true(value == 2000);
  emily_array_release(x);
  emily_array_release(one);
  emily_stream_release(stream);
}

static void a_result_dropped_while_it_is_computed_leaks_nothing(void **state) {
  (void)state;
  uint64_t before = active_memory();
  emily_stream *stream = emily_stream_new("cpu");
  for (int i = 0; i < 500; i++) {
    emily_scope *s = emily_scope_open(stream);
    emily_array *y = emily_scope_keep(s, emily_exp(s, emily_zeros(s, SHAPE(1000), EMILY_FLOAT32)));
    test_close(s);
    emily_async_eval(&y, 1);
    emily_array_release(y);
  }
  emily_stream_synchronize(stream);
  emily_stream_release(stream);
  assert_int_equal(active_memory(), before);
}

/* ---- threads ---- */

typedef struct job {
  emily_array *weights;
  float result[64];
} job;

static void *work(void *argument) {
  job *j = argument;
  emily_stream *stream = emily_stream_new("cpu");
  for (int round = 0; round < 30; round++) {
    emily_scope *s = emily_scope_open(stream);
    emily_array *x = emily_ones(s, SHAPE(8, 64), EMILY_FLOAT32);
    for (int i = 0; i < 4; i++) x = emily_softmax(s, emily_matmul(s, x, j->weights), INTS(-1), 1, false);
    emily_array *y = emily_scope_keep(s, emily_sum(s, x, INTS(0), 1, false));
    emily_scope_close(s);
    emily_array_read(y, j->result, sizeof j->result);
    emily_array_release(y);
  }
  emily_stream_release(stream);
  return NULL;
}

static void sixteen_threads_share_weights_and_agree(void **state) {
  (void)state;
  enum { THREADS = 16 };
  static job jobs[THREADS];
  pthread_t threads[THREADS];
  emily_scope *s = emily_scope_open(NULL);
  /* lazy on purpose: one of the threads evaluates it, the others wait for that */
  emily_array *weights = emily_scope_keep(s, emily_sin(s, emily_reshape(s, test_range(s, 0, 64 * 64, EMILY_FLOAT32), SHAPE(64, 64))));
  test_close(s);
  for (int i = 0; i < THREADS; i++) {
    jobs[i].weights = weights;
    assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 1; i < THREADS; i++) assert_memory_equal(jobs[0].result, jobs[i].result, sizeof jobs[0].result);
  emily_array_release(weights);
}

static void one_thread_and_many_give_the_same_bits(void **state) {
  (void)state;
  float results[4][512];
  for (int n = 1; n <= 4; n++) {
    emily_set_threads(n);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_sin(s, emily_reshape(s, test_range(s, 0, 512 * 512, EMILY_FLOAT32), SHAPE(512, 512)));
    emily_array *y = emily_softmax(s, emily_matmul(s, x, x), INTS(-1), 1, false);
    emily_array *sums = emily_sum(s, emily_exp(s, y), INTS(0), 1, false);
    assert_int_equal(emily_array_read(sums, results[n - 1], sizeof results[0]), EMILY_OK);
    test_close(s);
  }
  emily_set_threads(0);
  for (int n = 1; n < 4; n++) assert_memory_equal(results[0], results[n], sizeof results[0]);
}

/* ---- memory over time ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; /* freed memory is kept aside: what is resident says nothing */
#else
enum { SANITIZED = 0 };
#endif

static long resident_kib(void) {
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
  fclose(f);
  return pages * 4;
}

static void work_of_shape(int64_t n) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(n, n + 1), EMILY_FLOAT32);
  emily_array *y = emily_scope_keep(s, emily_sum(s, emily_exp(s, emily_matmul(s, x, emily_swapaxes(s, x, 0, 1))), NULL, 0, false));
  test_close(s);
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  emily_array_release(y);
}

/* A thousand shapes: what is cached is bounded, so resident memory levels off; and ten thousand rounds leave nothing behind. */
static void memory_levels_off(void **state) {
  (void)state;
  uint64_t before = active_memory();
  emily_memory_set_cache_limit(NULL, 8 << 20);
  for (int64_t n = 1; n <= 500; n++) work_of_shape(n);
  long half = resident_kib();
  for (int64_t n = 1; n <= 500; n++) work_of_shape(n % 2 ? n : 501 - n);
  for (int i = 0; i < 10000; i++) work_of_shape(3);
  long end = resident_kib();
  emily_memory_set_cache_limit(NULL, 1 << 28);
  assert_int_equal(active_memory(), before);
  if (!SANITIZED && end > half + 8192) fail_msg("resident memory went from %ld to %ld KiB", half, end);
}

static void null_arrays_are_refused(void **state) {
  (void)state;
  emily_array *none = NULL;
  assert_int_equal(emily_eval(&none, 1), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_async_eval(&none, 1), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_eval(NULL, 0), EMILY_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(building_does_no_work),
      cmocka_unit_test(a_chain_of_a_million_nodes_needs_no_stack),
      cmocka_unit_test(a_shared_node_runs_once),
      cmocka_unit_test(intermediates_give_their_memory_back),
      cmocka_unit_test(an_error_in_the_middle_spoils_nothing),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(streams_meet_in_one_graph),
      cmocka_unit_test(async_work_is_bounded_and_ends),
      cmocka_unit_test(a_result_dropped_while_it_is_computed_leaks_nothing),
      cmocka_unit_test(sixteen_threads_share_weights_and_agree),
      cmocka_unit_test(one_thread_and_many_give_the_same_bits),
      cmocka_unit_test(memory_levels_off),
      cmocka_unit_test(null_arrays_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
