/* test_vec.c: arrays that grow, strings that end with NUL, and both when memory is out. */
#include "base/vec.h"

#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

typedef EMILY__VEC(int32_t) ints;

static void elements_stay_while_it_grows(void **state) {
  (void)state;
  ints v = {0};
  for (int32_t i = 0; i < 1000; i++) assert_true(emily__vec_push(&v, i));
  assert_int_equal(v.count, 1000);
  assert_true(v.capacity >= 1000 && v.capacity < 2000);
  for (int32_t i = 0; i < 1000; i++) assert_int_equal(v.data[i], i);
  emily__vec_free(&v);
  assert_true(!v.data && !v.count && !v.capacity);
}

static void reserved_room_does_not_move(void **state) {
  (void)state;
  ints v = {0};
  assert_true(emily__vec_reserve(&v, 100));
  int32_t *data = v.data;
  for (int32_t i = 0; i < 100; i++) assert_true(emily__vec_push(&v, i));
  assert_ptr_equal(v.data, data);
  emily__vec_free(&v);
}

static void failures_leave_it_as_it_was(void **state) {
  (void)state;
  ints v = {0};
  assert_true(emily__vec_push(&v, 7));
  assert_false(emily__vec_reserve(&v, SIZE_MAX)); /* the count wraps */
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_false(emily__vec_reserve(&v, SIZE_MAX / 2)); /* the bytes do */
  emily__alloc_fail_after(1);
  assert_false(emily__vec_reserve(&v, 1000));
  emily__alloc_fail_after(0);
  assert_true(v.count == 1 && v.data[0] == 7);
  emily__vec_free(&v);
}

static void strings_end_with_nul(void **state) {
  (void)state;
  emily__str s = {0};
  assert_true(emily__str_puts(&s, "") && s.count == 0);
  assert_string_equal(s.data, "");
  assert_true(emily__str_puts(&s, "ab") && emily__str_append(&s, "c\0d", 3) && emily__str_append(&s, NULL, 0));
  assert_int_equal(s.count, 5);
  assert_memory_equal(s.data, "abc\0d", 6);
  emily__str_clear(&s);
  assert_true(emily__str_printf(&s, "%d-%s", 42, "x") && emily__str_printf(&s, "%200d", 1));
  assert_int_equal(s.count, 204);
  assert_memory_equal(s.data, "42-x  ", 6);
  assert_int_equal(strlen(s.data), 204);
  emily__str_free(&s);
  emily__str_clear(&s); /* there is nothing to clear */
  assert_true(!s.data && !s.count && !s.capacity);
}

static void strings_survive_failures(void **state) {
  (void)state;
  emily__str s = {0};
  assert_true(emily__str_puts(&s, "kept"));
  emily__error nothing = {0};
  emily__error_restore(&nothing);
  assert_false(emily__str_append(&s, "", SIZE_MAX));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  emily__alloc_fail_after(1);
  assert_false(emily__str_printf(&s, "%1000d", 1));
  emily__alloc_fail_after(0);
  assert_string_equal(s.data, "kept");
  emily__str_free(&s);
}

static void more_than_there_is_is_out_of_memory(void **state) {
  (void)state;
  emily__str text = {0};
  assert_true(emily__str_puts(&text, "kept"));
  assert_false(emily__str_append(&text, "x", SIZE_MAX));
  assert_int_equal(emily_last_error()->status, EMILY_OUT_OF_MEMORY);
  assert_int_equal(emily_last_error()->bytes_asked, SIZE_MAX);
  assert_string_equal(text.data, "kept");
  emily__str_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(more_than_there_is_is_out_of_memory),
      cmocka_unit_test(elements_stay_while_it_grows),
      cmocka_unit_test(reserved_room_does_not_move),
      cmocka_unit_test(failures_leave_it_as_it_was),
      cmocka_unit_test(strings_end_with_nul),
      cmocka_unit_test(strings_survive_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
