/* test_vec.c: growable arrays and strings. */
#include "support/arrays.h"

#include "base/vec.h"

static void elements_stay_while_it_grows(void **state) {
  (void)state;
  EMILY__VEC(int32_t) numbers = {0};
  for (int32_t i = 0; i < 1000; i++) assert_true(emily__vec_push(&numbers, i * i));
  assert_int_equal(numbers.count, 1000);
  for (int32_t i = 0; i < 1000; i++) assert_int_equal(numbers.data[i], i * i);
  emily__vec_free(&numbers);
  assert_true(!numbers.data && !numbers.count && !numbers.capacity);
}

static void a_failure_leaves_it_as_it_was(void **state) {
  (void)state;
  EMILY__VEC(int64_t) numbers = {0};
  assert_true(emily__vec_push(&numbers, 5));
  while (numbers.count < numbers.capacity) assert_true(emily__vec_push(&numbers, 6));
  size_t count = numbers.count;
  emily__alloc_fail_after(1);
  assert_false(emily__vec_push(&numbers, 7));
  emily__alloc_fail_after(0);
  assert_false(emily__vec_reserve(&numbers, SIZE_MAX - 2)); /* wraps */
  assert_false(emily__vec_reserve(&numbers, SIZE_MAX / 8));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_true(numbers.count == count && numbers.data[0] == 5 && numbers.data[count - 1] == 6);
  emily__vec_free(&numbers);
}

static void strings_end_with_nul(void **state) {
  (void)state;
  emily__str text = {0};
  assert_true(emily__str_append(&text, "", 0));
  assert_string_equal(text.data, "");
  assert_true(emily__str_puts(&text, "a") && emily__str_printf(&text, "%d-%s", 42, "b") && emily__str_append(&text, "\0c", 2));
  assert_int_equal(text.count, 7);
  assert_memory_equal(text.data, "a42-b\0c", 8);
  for (int i = 0; i < 500; i++) assert_true(emily__str_printf(&text, "%04d", i));
  assert_int_equal(text.count, 2007);
  assert_string_equal(text.data + 2003, "0499");
  emily__str_clear(&text);
  assert_true(text.count == 0 && text.data[0] == '\0');
  assert_false(emily__str_append(&text, "x", SIZE_MAX));
  assert_int_equal(emily_last_error()->bytes_asked, SIZE_MAX);
  emily__str_free(&text);
  assert_null(text.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elements_stay_while_it_grows),
      cmocka_unit_test(a_failure_leaves_it_as_it_was),
      cmocka_unit_test(strings_end_with_nul),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
