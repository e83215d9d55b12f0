/* test_stream.c: queues, workers, and streams that go while work is queued. */
#include "support/arrays.h"

#include "graph/stream.h"

#include <pthread.h>

static emily_array *slow(emily_stream *stream, int steps) {
  emily_scope *s = emily_scope_open(stream);
  emily_array *x = emily_ones(s, SHAPE(64, 64), EMILY_FLOAT32);
  for (int i = 0; i < steps; i++) x = emily_softmax(s, emily_matmul(s, x, x), INTS(-1), 1, false);
  x = emily_scope_keep(s, x);
  test_close(s);
  return x;
}

static void a_stream_released_with_work_queued_still_does_it(void **state) {
  (void)state;
  for (int round = 0; round < 50; round++) {
    emily_stream *stream = emily_stream_new("cpu");
    emily_array *y = slow(stream, 5);
    assert_int_equal(emily_async_eval(&y, 1), EMILY_OK);
    emily_stream_release(stream);
    float got[64 * 64];
    assert_int_equal(emily_array_read(y, got, sizeof got), EMILY_OK);
    assert_true(got[0] == 1.0f / 64);
    emily_array_release(y);
  }
}

static void synchronizing_waits_for_all(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new("cpu");
  emily_array *y[20];
  for (int i = 0; i < 20; i++) {
    y[i] = slow(stream, 3);
    assert_int_equal(emily_async_eval(&y[i], 1), EMILY_OK);
  }
  assert_int_equal(emily_stream_synchronize(stream), EMILY_OK);
  for (int i = 0; i < 20; i++) {
    assert_true(emily_array_is_evaluated(y[i]));
    emily_array_release(y[i]);
  }
  assert_int_equal(emily_stream_synchronize(NULL), EMILY_OK);
  emily_stream_release(stream);
}

/* Many threads queue on one stream and wait for their own work: whoever is free runs the queue, in order. */
static void *queue_and_wait(void *stream) {
  for (int i = 0; i < 30; i++) {
    emily_array *y = slow(stream, 2);
    if (i % 2) emily_async_eval(&y, 1);
    emily_eval(&y, 1);
    if (!emily_array_is_evaluated(y)) return stream;
    emily_array_release(y);
  }
  return NULL;
}

static void threads_share_a_stream(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new("cpu");
  pthread_t threads[8];
  for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, queue_and_wait, stream), 0);
  for (int i = 0; i < 8; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  emily_stream_release(stream);
}

static void a_failure_reaches_those_who_depend_on_it(void **state) {
  (void)state;
  emily_stream *a = emily_stream_new("cpu"), *b = emily_stream_new("cpu");
  emily_scope *sa = emily_scope_open(a), *sb = emily_scope_open(b);
  emily_array *index = emily_scope_adopt(sa, emily_array_from_int(9, EMILY_INT32));
  emily_array *bad = emily_take(sa, emily_ones(sa, SHAPE(3), EMILY_FLOAT32), index, 0);
  emily_array *other = emily_scope_keep(sb, emily_exp(sb, bad));
  emily_array *first = emily_scope_keep(sa, bad);
  test_close(sb);
  test_close(sa);
  emily_set_debug(EMILY_DEBUG_INDICES);
  emily_async_eval(&first, 1);
  assert_int_equal(emily_eval(&other, 1), EMILY_DEBUG_CHECK);
  emily_set_debug(0);
  double value;
  assert_int_equal(emily_array_item_float(other, &value), EMILY_OK);
  assert_true(value == 1); /* out of bounds gives 0 */
  emily_array_release(first);
  emily_array_release(other);
  emily_stream_release(a);
  emily_stream_release(b);
}

static void devices(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new(NULL);
  assert_string_equal(emily_stream_device(stream), "cpu");
  assert_ptr_equal(emily_stream_retain(stream), stream);
  emily_stream_release(stream);
  emily_stream_release(stream);
  emily_stream_release(NULL);
  assert_null(emily_stream_retain(NULL));
  assert_string_equal(emily_stream_device(NULL), "");
  assert_ptr_equal(emily_stream_default(), emily_stream_default());
}

static void an_idle_stream_starts_no_thread(void **state) {
  (void)state;
  emily_stream *stream = emily_stream_new("cpu");
  emily_scope *s = emily_scope_open(stream);
  assert_ptr_equal(emily_scope_stream(s), stream);
  EXPECT(s, emily_exp(s, emily_zeros(s, SHAPE(2), EMILY_FLOAT32)), SHAPE(2), 1, 1);
  test_close(s);
  assert_false(stream->has_worker);
  assert_int_equal(stream->queued, 0);
  assert_int_equal(emily_stream_synchronize(stream), EMILY_OK);
  emily_stream_release(stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_idle_stream_starts_no_thread),
      cmocka_unit_test(a_stream_released_with_work_queued_still_does_it),
      cmocka_unit_test(synchronizing_waits_for_all),
      cmocka_unit_test(threads_share_a_stream),
      cmocka_unit_test(a_failure_reaches_those_who_depend_on_it),
      cmocka_unit_test(devices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
