/* test_buffer.c: the last reference gives the memory back, once. */
#include "array/buffer.h"

#include "base/alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct releases {
  int count;
  void *data;
  size_t bytes;
} releases;

static void note_release(void *data, size_t bytes, void *context) {
  releases *seen = context;
  seen->count++;
  seen->data = data;
  seen->bytes = bytes;
}

static void the_last_reference_releases(void **state) {
  (void)state;
  char memory[16];
  releases seen = {0};
  emily__buffer *buffer = emily__buffer_new(memory, sizeof memory, false, note_release, &seen);
  assert_ptr_equal(emily__buffer_retain(buffer), buffer);
  emily__buffer_unref(buffer);
  assert_int_equal(seen.count, 0);
  emily__buffer_unref(buffer);
  assert_true(seen.count == 1 && seen.data == memory && seen.bytes == sizeof memory);
  emily__buffer_unref(NULL);
}

static void only_a_sole_writer_is_exclusive(void **state) {
  (void)state;
  char memory[16];
  emily__buffer *own = emily__buffer_new(memory, sizeof memory, false, NULL, NULL);
  emily__buffer *lent = emily__buffer_new(memory, sizeof memory, true, NULL, NULL);
  assert_true(emily__buffer_exclusive(own));
  assert_false(emily__buffer_exclusive(lent));
  emily__buffer_retain(own);
  assert_false(emily__buffer_exclusive(own));
  emily__buffer_unref(own);
  assert_true(emily__buffer_exclusive(own));
  emily__buffer_unref(own);
  emily__buffer_unref(lent);
}

static void without_memory_nothing_is_released(void **state) {
  (void)state;
  releases seen = {0};
  emily__alloc_fail_after(1);
  assert_null(emily__buffer_new(&seen, 1, false, note_release, &seen));
  emily__alloc_fail_after(0);
  assert_int_equal(seen.count, 0);
}

static void *drop(void *buffer) {
  for (int i = 0; i < 1000; i++) {
    emily__buffer_retain(buffer);
    emily__buffer_unref(buffer);
  }
  emily__buffer_unref(buffer);
  return NULL;
}

static void threads_may_drop_it(void **state) {
  (void)state;
  releases seen = {0};
  emily__buffer *buffer = emily__buffer_new(&seen, 1, false, note_release, &seen);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    emily__buffer_retain(buffer);
    assert_int_equal(pthread_create(&threads[i], NULL, drop, buffer), 0);
  }
  emily__buffer_unref(buffer);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(seen.count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_reference_releases),
      cmocka_unit_test(only_a_sole_writer_is_exclusive),
      cmocka_unit_test(without_memory_nothing_is_released),
      cmocka_unit_test(threads_may_drop_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
