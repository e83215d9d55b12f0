/* test_array_map.c: arrays by name, in order, each reference counted. */
#include "emily/array_map.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static emily_array *number(int64_t value) {
  emily_array *array = emily_array_from_int(value, EMILY_INT64);
  assert_non_null(array);
  return array;
}

static void keeps_the_order_and_replaces(void **state) {
  (void)state;
  emily_array_map *map = emily_array_map_new();
  emily_array *one = number(1), *two = number(2);
  assert_int_equal(emily_array_map_set(map, "b", one), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "a", two), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "", one), EMILY_OK);
  assert_int_equal(emily_array_map_count(map), 3);
  assert_string_equal(emily_array_map_name(map, 0), "b");
  assert_ptr_equal(emily_array_map_at(map, 1), two);
  assert_ptr_equal(emily_array_map_get(map, ""), one);
  assert_int_equal(emily_array_map_set(map, "b", two), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "b", two), EMILY_OK); /* the same again */
  assert_int_equal(emily_array_map_count(map), 3);
  assert_ptr_equal(emily_array_map_get(map, "b"), two);
  assert_null(emily_array_map_get(map, "c"));
  emily_array_release(one);
  emily_array_release(two);
  int64_t value;
  assert_int_equal(emily_array_item_int(emily_array_map_get(map, "a"), &value), EMILY_OK); /* the map's reference */
  assert_int_equal(value, 2);
  emily_array_map_release(map);
}

static void many_names_are_found(void **state) {
  (void)state;
  enum { MANY = 20000 };
  char name[32];
  emily_array_map *map = emily_array_map_new();
  emily_array *even = number(0), *odd = number(1);
  for (int i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "layers.%d.weight", i);
    assert_int_equal(emily_array_map_set(map, name, i % 2 ? odd : even), EMILY_OK);
  }
  for (int i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "layers.%d.weight", i);
    assert_ptr_equal(emily_array_map_get(map, name), i % 2 ? odd : even);
    assert_string_equal(emily_array_map_name(map, (size_t)i), name);
  }
  assert_null(emily_array_map_get(map, "layers.20000.weight"));
  emily_array_map_release(map);
  emily_array_release(even);
  emily_array_release(odd);
}

static void nothing_is_answered_with_nothing(void **state) {
  (void)state;
  emily_array_map *map = emily_array_map_new();
  emily_array *one = number(1);
  assert_int_equal(emily_array_map_set(NULL, "a", one), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_array_map_set(map, NULL, one), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_array_map_set(map, "a", NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_array_map_count(map), 0);
  assert_int_equal(emily_array_map_count(NULL), 0);
  assert_null(emily_array_map_get(NULL, "a"));
  assert_null(emily_array_map_get(map, NULL));
  assert_null(emily_array_map_name(map, 0));
  assert_null(emily_array_map_at(map, 0));
  emily_array_map_release(map);
  emily_array_map_release(NULL);
  emily_array_release(one);
}

static bool fill(emily_array *array) {
  char name[16];
  emily_array_map *map = emily_array_map_new();
  bool ok = map != NULL;
  for (int i = 0; ok && i < 40; i++) { /* enough to grow both the list and the table */
    snprintf(name, sizeof name, "%d", i);
    ok = emily_array_map_set(map, name, array) == EMILY_OK;
    assert_int_equal(emily_array_map_count(map), ok ? i + 1 : i);
    assert_ptr_equal(emily_array_map_get(map, name), ok ? array : NULL);
  }
  emily_array_map_release(map);
  return ok;
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  emily_array *one = number(1);
  bool ok = false;
  for (int n = 1; !ok; n++) {
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    ok = fill(one);
    assert_int_equal(emily__alloc_live(), live);
    assert_true(n < 1000);
  }
  emily__alloc_fail_after(0);
  emily_array_release(one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_the_order_and_replaces),
      cmocka_unit_test(many_names_are_found),
      cmocka_unit_test(nothing_is_answered_with_nothing),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
