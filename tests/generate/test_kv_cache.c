/* test_kv_cache.c: what attention sees, how rooms grow and slide, updates in place, transactions. */
#include "generate/kv_cache.h"

#include "../support/arrays.h"

#include "emily/runtime.h"

/* count tokens numbered from `first`: [1, 2, count, 1], head h of token t holds t + 1000 h */
static emily_array *numbered(emily_scope *s, int64_t first, int64_t count) {
  float values[2 * 512];
  for (int64_t t = 0; t < count; t++) values[t] = (float)(first + t), values[count + t] = (float)(first + t + 1000);
  return test_floats(s, SHAPE(1, 2, count, 1), values);
}

/* Append `count` tokens to each of `layers` layers; evaluate what each sees, which must be the tokens [start[l], end). */
static void append(emily__kv_cache *cache, int64_t layers, int64_t count, const int64_t *start) {
  int64_t first = emily__kv_cache_length(cache), end = first + count;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *seen[8];
  for (int64_t l = 0; l < layers; l++) {
    emily_array *k = numbered(s, first, count), *v = emily_negative(s, k);
    int64_t from, keys;
    emily__kv_cache_span(cache, l, count, &from, &keys);
    emily__kv_cache_append(cache, s, l, &k, &v);
    assert_int_equal(from, start[l]);
    assert_int_equal(keys, end - from);
    seen[2 * l] = emily_scope_keep(s, k), seen[2 * l + 1] = emily_scope_keep(s, v);
  }
  assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
  test_close(s);
  assert_int_equal(emily__kv_cache_length(cache), end);
  assert_int_equal(emily_eval(seen, (size_t)(2 * layers)), EMILY_OK);
  for (int64_t l = 0; l < layers; l++) {
    emily_scope *check = emily_scope_open(NULL);
    double want[2 * 512];
    int64_t n = end - start[l];
    for (int64_t i = 0; i < n; i++) want[i] = (double)(start[l] + i), want[n + i] = want[i] + 1000;
    test_expect(check, seen[2 * l], SHAPE(1, 2, n, 1), want, 0);
    test_expect(check, emily_negative(check, seen[2 * l + 1]), SHAPE(1, 2, n, 1), want, 0);
    test_close(check);
    emily_array_release(seen[2 * l]);
    emily_array_release(seen[2 * l + 1]);
  }
}

static void grows_in_steps(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 0), 4, &cache), EMILY_OK);
  append(cache, 2, 3, INTS(0, 0));
  for (int i = 0; i < 40; i++) append(cache, 2, 1, INTS(0, 0));
  append(cache, 2, 30, INTS(0, 0));
  emily__kv_cache_free(cache);
}

/* A window of w needs the last w - 1 tokens; more may still lie in the room. */
static void slides(void **state) {
  (void)state;
  for (int64_t window = 1; window <= 6; window++) {
    emily__kv_cache *cache = NULL;
    assert_int_equal(emily__kv_cache_new(2, INTS(window, 0), 4, &cache), EMILY_OK);
    for (int i = 0; i < 30; i++) {
      int64_t from, keys, length = emily__kv_cache_length(cache), count = i % 7 == 6 ? 5 : 1;
      emily__kv_cache_span(cache, 0, count, &from, &keys);
      assert_true(from <= (length - (window - 1) > 0 ? length - (window - 1) : 0));
      assert_true(keys <= window + count + 8); /* what is kept is bounded: a step or two beyond the window */
      append(cache, 2, count, (const int64_t[]){from, 0});
    }
    emily__kv_cache_free(cache);
  }
}

/* Within its room a step costs the new tokens, not a copy of the cache. */
static void updates_in_place(void **state) {
  (void)state;
  enum { D = 4096, ROOM = 256 };
  emily__kv_cache *cache = NULL;
  emily_memory_info before = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily__kv_cache_new(1, INTS(0), ROOM, &cache), EMILY_OK);
  for (int step = 0; step < 3; step++) {
    if (step == 1) {
      assert_int_equal(emily_memory_reset_peak(NULL), EMILY_OK);
      assert_int_equal(emily_memory_stats(NULL, &before), EMILY_OK);
    }
    emily_scope *s = emily_scope_open(NULL);
    emily_array *k = emily_ones(s, SHAPE(1, 1, 1, D), EMILY_FLOAT32), *v = emily_ones(s, SHAPE(1, 1, 1, D), EMILY_FLOAT32);
    emily__kv_cache_append(cache, s, 0, &k, &v);
    emily_array *sum = emily_scope_keep(s, emily_sum(s, emily_add(s, k, v), NULL, 0, false));
    assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
    test_close(s);
    double value;
    assert_int_equal(emily_array_item_float(sum, &value), EMILY_OK);
    assert_true(value == 2.0 * D * (step + 1));
    emily_array_release(sum);
  }
  assert_int_equal(emily_memory_stats(NULL, &after), EMILY_OK);
  assert_true(after.active == before.active);
  assert_true(after.peak - before.active < (uint64_t)D * ROOM * sizeof(float) / 2); /* less than half of one buffer */
  emily__kv_cache_free(cache);
}

static void rolls_back(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 3), 4, &cache), EMILY_OK);
  append(cache, 2, 3, INTS(0, 0));
  emily_scope *s = emily_scope_open(NULL);
  emily_array *k = numbered(s, 50, 2), *v = numbered(s, 50, 2);
  emily__kv_cache_append(cache, s, 0, &k, &v);
  test_close(s);
  emily__kv_cache_rollback(cache);
  assert_int_equal(emily__kv_cache_length(cache), 3);
  append(cache, 2, 1, INTS(0, 0));
  emily__kv_cache_free(cache);
}

static void refuses_half_a_pass(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 0), 4, &cache), EMILY_OK);
  append(cache, 2, 3, INTS(0, 0));
  emily_scope *s = emily_scope_open(NULL);
  emily_array *k = numbered(s, 3, 2), *v = numbered(s, 3, 2), *none = NULL;
  emily__kv_cache_append(cache, s, 0, &k, &v);
  emily__kv_cache_append(cache, s, 1, &none, &none); /* as after an error: nothing happens */
  test_close(s);
  assert_int_equal(emily__kv_cache_commit(cache), EMILY_INTERNAL);
  assert_int_equal(emily__kv_cache_length(cache), 3);
  append(cache, 2, 1, INTS(0, 0));
  emily__kv_cache_free(cache);
  emily__kv_cache_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grows_in_steps), cmocka_unit_test(slides),
      cmocka_unit_test(updates_in_place), cmocka_unit_test(rolls_back), cmocka_unit_test(refuses_half_a_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
