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

/* The position of the view's key in slot j. */
static int64_t position(const emily__kv_view *view, int64_t j) {
  return view->turned ? view->first + (j - view->turned + view->keys) % view->keys : view->first + j;
}

/* Append `count` tokens to each of `layers` layers; evaluate what each sees, which must be the tokens [start[l], end). start NULL: what the views say. */
static void append(emily__kv_cache *cache, int64_t layers, int64_t count, const int64_t *start) {
  int64_t first = emily__kv_cache_length(cache), end = first + count;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *seen[8];
  emily__kv_view views[4];
  for (int64_t l = 0; l < layers; l++) {
    emily_array *k = numbered(s, first, count), *v = emily_negative(s, k);
    assert_true(emily__kv_cache_extend(cache, s, l, k, v, &views[l]));
    if (start) assert_int_equal(views[l].first, start[l]);
    assert_int_equal(views[l].keys, end - views[l].first);
    for (int i = 0; i < 2; i++) seen[2 * l + i] = emily_scope_keep(s, views[l].part[i]);
  }
  assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
  test_close(s);
  assert_int_equal(emily__kv_cache_length(cache), end);
  assert_int_equal(emily_eval(seen, (size_t)(2 * layers)), EMILY_OK);
  for (int64_t l = 0; l < layers; l++) {
    emily_scope *check = emily_scope_open(NULL);
    double want[2 * 512];
    int64_t n = views[l].keys;
    for (int64_t i = 0; i < n; i++) want[i] = (double)position(&views[l], i), want[n + i] = want[i] + 1000;
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

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Steps and chunks in every order through a ring: the first query sees w - 1 tokens before it, and no buffer is longer than the window. */
static void a_ring_holds_its_window(void **state) {
  (void)state;
  for (int64_t window = 1; window <= 9; window++)
    for (int64_t every = 2; every <= 7; every++) {
      emily__kv_cache *cache = NULL;
      assert_int_equal(emily__kv_cache_new(2, INTS(window, 0), 4, &cache), EMILY_OK);
      for (int64_t i = 0; i < 30; i++) {
        const int64_t length = emily__kv_cache_length(cache), count = i % every == 0 ? 1 + i % 11 : 1;
        const int64_t inside = length + count <= window ? 0 : larger(0, length - smaller(length, window - 1));
        append(cache, 2, count, (const int64_t[]){inside, 0});
      }
      const int64_t all = emily__kv_cache_length(cache), grown = (all + all / 2 + 3) / 4 * 4;
      assert_true(emily__kv_cache_bytes(cache) <= (uint64_t)(2 * 2 * (window + grown)) * sizeof(float));
      emily__kv_cache_free(cache);
    }
}

static void cuts_back(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(8, 0), 4, &cache), EMILY_OK);
  append(cache, 2, 7, INTS(0, 0));
  assert_true(emily__kv_cache_cut(cache, 3)); /* the ring has not turned over */
  assert_int_equal(emily__kv_cache_length(cache), 3);
  assert_false(emily__kv_cache_cut(cache, 4));
  append(cache, 2, 1, INTS(0, 0));
  append(cache, 2, 6, INTS(0, 0));
  assert_int_equal(emily__kv_cache_length(cache), 10);
  assert_false(emily__kv_cache_cut(cache, 8)); /* token 1 is lost, and the one at 8 would see it */
  assert_int_equal(emily__kv_cache_length(cache), 10);
  assert_true(emily__kv_cache_cut(cache, 9));
  append(cache, 2, 1, INTS(2, 0));
  append(cache, 2, 5, INTS(3, 0));
  assert_true(emily__kv_cache_cut(cache, 14));
  append(cache, 2, 3, INTS(7, 0));
  assert_true(emily__kv_cache_cut(cache, 0));
  append(cache, 2, 12, INTS(0, 0));
  emily__kv_cache_free(cache);
}

/* Bytes of a layer's keys and values of that many tokens, as `numbered` makes them. */
static uint64_t bytes_of(int64_t tokens) { return (uint64_t)(2 * 2 * tokens) * sizeof(float); }

/* Room for what is known to come at once, and none beyond what can come. */
static void makes_room_for_what_is_expected(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 6), 4, &cache), EMILY_OK);
  emily__kv_cache_expect(cache, 20, 23);
  append(cache, 2, 3, NULL);
  assert_true(emily__kv_cache_bytes(cache) == bytes_of(23) + bytes_of(6));
  for (int i = 0; i < 20; i++) append(cache, 2, 1, NULL);
  assert_true(emily__kv_cache_bytes(cache) == bytes_of(23) + bytes_of(6));
  append(cache, 2, 1, NULL); /* it was wrong: the cache goes on growing */
  assert_true(emily__kv_cache_bytes(cache) >= bytes_of(24) + bytes_of(6));
  emily__kv_cache_free(cache);
}

/* Within its room, or round its ring, a step costs the new tokens, not a copy of the cache. */
static void steps_in_place(int64_t window) {
  enum { D = 4096, ROOM = 256 };
  emily__kv_cache *cache = NULL;
  emily_memory_info before = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily__kv_cache_new(1, &window, ROOM, &cache), EMILY_OK);
  const int64_t first = window ? window : 1;
  for (int64_t step = 0; step < 3; step++) {
    const int64_t count = step == 0 ? first : 1;
    if (step == 1) {
      assert_int_equal(emily_memory_reset_peak(NULL), EMILY_OK);
      assert_int_equal(emily_memory_stats(NULL, &before), EMILY_OK);
    }
    emily_scope *s = emily_scope_open(NULL);
    emily_array *k = emily_ones(s, SHAPE(1, 1, count, D), EMILY_FLOAT32), *v = emily_copy(s, k);
    emily__kv_view view;
    assert_true(emily__kv_cache_extend(cache, s, 0, k, v, &view));
    emily_array *sum = emily_scope_keep(s, emily_add(s, emily_sum(s, view.part[0], NULL, 0, false), emily_sum(s, view.part[1], NULL, 0, false)));
    assert_int_equal(emily__kv_cache_commit(cache), EMILY_OK);
    test_close(s);
    double value;
    assert_int_equal(emily_array_item_float(sum, &value), EMILY_OK);
    assert_true(value == 2.0 * D * (double)(window ? window : step + 1));
    emily_array_release(sum);
  }
  assert_int_equal(emily_memory_stats(NULL, &after), EMILY_OK);
  assert_true(after.active == before.active);
  assert_true(after.peak - before.active < emily__kv_cache_bytes(cache) / 4); /* less than half of one buffer */
  emily__kv_cache_free(cache);
}

static void updates_in_place(void **state) {
  (void)state;
  steps_in_place(0);
  steps_in_place(256);
}

static void rolls_back(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 3), 4, &cache), EMILY_OK);
  append(cache, 2, 3, INTS(0, 0));
  emily_scope *s = emily_scope_open(NULL);
  emily_array *k = numbered(s, 50, 2), *v = numbered(s, 50, 2);
  emily__kv_view view;
  assert_true(emily__kv_cache_extend(cache, s, 0, k, v, &view));
  test_close(s);
  emily__kv_cache_rollback(cache);
  assert_int_equal(emily__kv_cache_length(cache), 3);
  append(cache, 2, 1, INTS(0, 1));
  emily__kv_cache_free(cache);
}

static void refuses_half_a_pass(void **state) {
  (void)state;
  emily__kv_cache *cache = NULL;
  assert_int_equal(emily__kv_cache_new(2, INTS(0, 0), 4, &cache), EMILY_OK);
  append(cache, 2, 3, INTS(0, 0));
  emily_scope *s = emily_scope_open(NULL);
  emily_array *k = numbered(s, 3, 2), *v = numbered(s, 3, 2);
  emily__kv_view view;
  assert_true(emily__kv_cache_extend(cache, s, 0, k, v, &view));
  assert_false(emily__kv_cache_extend(cache, s, 1, NULL, NULL, &view)); /* as after an error: nothing happens */
  test_close(s);
  assert_int_equal(emily__kv_cache_commit(cache), EMILY_INTERNAL);
  assert_int_equal(emily__kv_cache_length(cache), 3);
  append(cache, 2, 1, INTS(0, 0));
  emily__kv_cache_free(cache);
  emily__kv_cache_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(grows_in_steps), cmocka_unit_test(a_ring_holds_its_window), cmocka_unit_test(cuts_back), cmocka_unit_test(makes_room_for_what_is_expected),
      cmocka_unit_test(updates_in_place), cmocka_unit_test(rolls_back), cmocka_unit_test(refuses_half_a_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
