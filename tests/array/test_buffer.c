/* test_buffer.c: counting, release, exclusiveness. */
#include "support/arrays.h"

#include "array/buffer.h"
#include "base/alloc.h"

static int released;
static void note(void *data, size_t bytes, void *context) {
  assert_ptr_equal(data, context);
  assert_int_equal(bytes, 16);
  released++;
}

static void the_last_reference_releases_once(void **state) {
  (void)state;
  char data[16];
  released = 0;
  emily__buffer *buffer = emily__buffer_new(data, sizeof data, false, note, data);
  assert_true(emily__buffer_exclusive(buffer));
  assert_ptr_equal(emily__buffer_retain(buffer), buffer);
  assert_false(emily__buffer_exclusive(buffer));
  emily__buffer_unref(buffer);
  assert_int_equal(released, 0);
  assert_true(emily__buffer_exclusive(buffer));
  emily__buffer_unref(buffer);
  assert_int_equal(released, 1);
  emily__buffer_unref(NULL);
}

static void what_is_read_only_is_never_exclusive(void **state) {
  (void)state;
  char data[16];
  emily__buffer *buffer = emily__buffer_new(data, sizeof data, true, NULL, NULL);
  assert_false(emily__buffer_exclusive(buffer));
  emily__buffer_unref(buffer);
}

static void without_memory_nothing_is_released(void **state) {
  (void)state;
  char data[16];
  released = 0;
  emily__alloc_fail_after(1);
  assert_null(emily__buffer_new(data, sizeof data, false, note, data));
  emily__alloc_fail_after(0);
  assert_int_equal(released, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_reference_releases_once),
      cmocka_unit_test(what_is_read_only_is_never_exclusive),
      cmocka_unit_test(without_memory_nothing_is_released),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
