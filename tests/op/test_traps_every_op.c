/* test_traps_every_op.c: traps that any op can fall into, tried on each op of the table. */
#include "support/calls.h"

#include "base/alloc.h"

#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; /* freed memory is kept aside: what is resident says nothing */
#else
enum { SANITIZED = 0 };
#endif

static uint64_t active_memory(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  return info.active;
}

static long resident_kib(void) {
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  assert_non_null(f);
  assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
  fclose(f);
  return pages * 4;
}

/* The results of a sound call; NULL where there is none. */
static void *bytes_of_op(const emily_op_info *info, int64_t n, size_t *size) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *out[TEST_CALL_RESULTS];
  size_t count = 0;
  test_call c = {.info = info};
  bool sound = test_call_sound(s, &c, n) && test_call_run(s, &c, out, &count) == EMILY_OK;
  void *bytes = sound ? test_call_bytes(out, count, size) : NULL;
  emily_scope_close(s);
  return bytes;
}

/* The tests below try what test_call_sound knows to call. A new op that does not take n by n belongs into its table. */
static void most_ops_have_a_sound_call(void **state) {
  (void)state;
  int32_t without = 0;
  for (int32_t i = 0; i < emily_op_count(); i++) {
    size_t size = 0;
    void *bytes = bytes_of_op(emily_op_at(i), 5, &size);
    if (!bytes) printf("%s has no sound call\n", emily_op_at(i)->name), without++;
    free(bytes);
  }
  assert_in_range(without, 0, emily_op_count() / 20);
}

/* ---- zero sizes ---- */

typedef struct extents {
  int32_t ndim;
  int64_t shape[4];
} extents;

/* All operands alike, and the first beside others of another shape. */
static void zero_size_and_0_d_arrays(void **state) {
  (void)state;
  static const extents shapes[] = {{0, {0}}, {1, {0}}, {3, {2, 0, 3}}, {2, {0, 5}}, {2, {3, 0}}, {4, {0, 0, 0, 0}}, {1, {1}}, {2, {2, 2}}};
  enum { SHAPES = sizeof shapes / sizeof *shapes };
  for (int32_t i = 0; i < emily_op_count(); i++)
    for (int j = 0; j < SHAPES * SHAPES; j++)
      for (emily_dtype d = 0; d <= EMILY_COMPLEX64; d++) {
        const extents *first = &shapes[j / SHAPES], *others = &shapes[j % SHAPES];
        test_call c = {.info = emily_op_at(i)};
        if (first != others && (d % 3 != EMILY_FLOAT32 % 3 || c.info->arg_count < 2 || c.info->args[1].kind > EMILY_ARG_ARRAYS)) continue;
        emily_scope *s = emily_scope_open(NULL);
        test_call_usual(s, &c, others->shape, others->ndim, d);
        if (c.operand_count) c.operands[0] = emily_zeros(s, first->shape, first->ndim, d);
        test_call_look(s, &c);
        bool elementwise = strcmp(c.info->group, "unary") == 0 || strcmp(c.info->group, "binary") == 0;
        if (elementwise && first == others && d == EMILY_FLOAT32 && !strstr(c.info->name, "bit") && !strstr(c.info->name, "shift") &&
            !strstr(c.info->name, "count"))
          test_close(s);
        else emily_scope_close(s);
      }
}

/* ---- views ---- */

enum { FLIPPED, TRANSPOSED, PADDED, BROADCAST, VIEWS };

/* x again, by strides that are negative, permuted, wide, or 0 (where `base` is then changed to the row that is repeated). */
static emily_array *seen_otherwise(emily_scope *s, emily_array **base, int kind) {
  emily_array *x = *base;
  int32_t ndim = emily_array_ndim(x);
  int64_t zero[8] = {0}, one[8], stop[8];
  for (int32_t i = 0; i < ndim; i++) one[i] = 1, stop[i] = emily_array_shape(x)[i] + 1;
  if (kind == FLIPPED) return emily_flip(s, emily_copy(s, emily_flip(s, x, NULL, -1)), NULL, -1);
  if (kind == TRANSPOSED) return emily_transpose(s, emily_copy(s, emily_transpose(s, x, NULL, -1)), NULL, -1);
  if (kind == PADDED) return emily_slice(s, emily_pad(s, x, one, one, NULL, NULL, "constant"), one, stop, NULL);
  if (ndim == 0) return x;
  for (int32_t i = 0; i < ndim; i++) stop[i]--;
  stop[0] = 1;
  emily_array *row = emily_copy(s, emily_slice(s, x, zero, stop, NULL));
  emily_array *view = emily_broadcast_to(s, row, emily_array_shape(x), ndim);
  *base = emily_copy(s, view);
  return view;
}

/* Where kernels add in another order than for a dense array, the last bits may differ. */
static bool close_enough(emily_scope *s, emily_array *a, emily_array *b) {
  double close = 0;
  if (emily_array_dtype(a) == EMILY_BOOL || emily_dtype_is_integer(emily_array_dtype(a))) return false;
  assert_int_equal(emily_array_item_float(emily_allclose(s, a, b, 1e-5, 1e-5, true), &close), EMILY_OK);
  return close == 1;
}

static void one_op_of_views(const emily_op_info *info, int kind, int64_t n, int *exact) {
  emily_scope *s = emily_scope_open(NULL);
  test_call dense = {.info = info};
  if (!test_call_sound(s, &dense, n)) {
    emily_scope_close(s);
    return;
  }
  test_call views = dense;
  for (size_t k = 0; k < dense.operand_count; k++)
    if (dense.operands[k]) views.operands[k] = seen_otherwise(s, &dense.operands[k], kind);
  emily_array *want[TEST_CALL_RESULTS], *got[TEST_CALL_RESULTS];
  size_t count = 0, again = 0, size = 0, other = 0;
  if (test_call_run(s, &dense, want, &count) != EMILY_OK) fail_msg("%s: %s", info->name, emily_scope_message(s));
  if (test_call_run(s, &views, got, &again) != EMILY_OK) fail_msg("%s: %s", info->name, emily_scope_message(s));
  assert_int_equal(count, again);
  char *a = test_call_bytes(want, count, &size), *b = test_call_bytes(got, again, &other);
  bool of_values = strcmp(info->group, "linalg") == 0 && kind == BROADCAST; /* a matrix of equal rows is singular */
  if ((!a || !b) && !(of_values && !a && !b)) fail_msg("%s: %s", info->name, emily_last_error()->message);
  bool same = size == other && (!a || memcmp(a, b, size) == 0);
  *exact += same;
  for (size_t i = 0; i < count && !same; i++)
    if (!close_enough(s, want[i], got[i]) && !of_values) fail_msg("%s: result %zu differs for view %d", info->name, i, kind);
  free(a), free(b);
  test_close(s);
}

static void negative_broadcast_padded_strides(void **state) {
  (void)state;
  int exact = 0;
  for (int32_t i = 0; i < emily_op_count(); i++)
    for (int kind = 0; kind < VIEWS; kind++)
      for (int64_t n = 9; n <= 33; n += 24) one_op_of_views(emily_op_at(i), kind, n, &exact);
  printf("%d of %d calls have the same bits\n", exact, emily_op_count() * VIEWS * 2);
}

/* ---- threads ---- */

static void a_result_that_depends_on_thread_count(void **state) {
  (void)state;
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *info = emily_op_at(i);
    int64_t n = strcmp(info->group, "linalg") == 0 ? 24 : 63; /* unstack gives at most as many results as there is room for */
    size_t size = 0, other = 0;
    emily_set_threads(1);
    void *alone = bytes_of_op(info, n, &size);
    for (int32_t threads = 2; threads <= 4; threads++) {
      emily_set_threads(threads);
      void *shared = bytes_of_op(info, n, &other);
      bool same = alone ? shared && size == other && memcmp(alone, shared, size) == 0 : !shared;
      if (!same) fail_msg("%s: %d threads give other bits", info->name, threads);
      free(shared);
    }
    free(alone);
  }
  emily_set_threads(0);
}

/* ---- errors ---- */

/* One call with the n-th allocation failing: it fails for want of memory and says so, or its bits are right. False: there was no n-th. */
static bool failing_allocation(const emily_op_info *info, int64_t n, const void *want, size_t size) {
  emily_array *out[TEST_CALL_RESULTS];
  size_t count = 0, other = 0;
  test_call c = {.info = info};
  emily_scope *s = emily_scope_open(NULL);
  assert_true(test_call_sound(s, &c, 5));
  assert_int_equal(emily_scope_status(s), EMILY_OK);
  emily__alloc_fail_after(n);
  emily_status status = test_call_run(s, &c, out, &count);
  if (status == EMILY_OK) status = emily_eval(out, count);
  bool reached = emily__alloc_count() >= n;
  emily__alloc_fail_after(0);
  if (status != EMILY_OK && status != EMILY_OUT_OF_MEMORY) fail_msg("%s, allocation %d: status %d: %s", info->name, (int)n, status, emily_last_error()->message);
  if (status != EMILY_OK && !strstr(emily_last_error()->message, "memory")) fail_msg("%s: \"%s\"", info->name, emily_last_error()->message);
  if (status == EMILY_OK) {
    void *bytes = test_call_bytes(out, count, &other);
    if (!bytes || size != other || memcmp(bytes, want, size) != 0) fail_msg("%s, allocation %d: other bits", info->name, (int)n);
    free(bytes);
  }
  emily_scope_close(s);
  return reached;
}

/* An error in the middle of an evaluation spoils nothing later: each op once with each of its allocations failing, and then again. */
static void an_error_in_the_middle_of_an_evaluation_and_its_cause(void **state) {
  (void)state;
  uint64_t base = active_memory();
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *info = emily_op_at(i);
    size_t size = 0, other = 0;
    void *before = bytes_of_op(info, 5, &size);
    if (!before) continue;
    emily_memory_clear_cache(NULL);
    for (int64_t n = 1; failing_allocation(info, n, before, size); n++) assert_true(n < 10000);
    void *after = bytes_of_op(info, 5, &other);
    assert_true(after && size == other && memcmp(before, after, size) == 0);
    free(before), free(after);
  }
  assert_int_equal(active_memory(), base);
}

/* ---- memory ---- */

/* 1,000 extents, none met before, through ops that keep plans, pack or take scratch memory. */
static void caches_that_grow_with_each_new_shape(void **state) {
  (void)state;
  const char *ops[] = {"fft_fft", "matmul", "sort", "softmax", "cumsum", "argmax", "concatenate", "add"};
  long half = 0;
  emily_memory_set_cache_limit(NULL, 8 << 20);
  for (int64_t n = 1; n <= 1000; n++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *xs[2] = {emily_ones(s, SHAPE(2, 3 * n), EMILY_FLOAT32), emily_ones(s, SHAPE(2, 3 * n), EMILY_FLOAT32)}, *out[2];
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
      const emily_op_info *info = emily_op_find(ops[k]);
      size_t operands = info->arg_count > 1 && info->args[1].kind == EMILY_ARG_ARRAY ? 2 : info->args[0].kind == EMILY_ARG_ARRAYS ? 2 : 1;
      emily_array *given[2] = {xs[0], strcmp(ops[k], "matmul") == 0 ? emily_swapaxes(s, xs[1], 0, 1) : xs[1]};
      assert_int_equal(emily_call_op(s, info, given, operands, NULL, 0, out, 2, NULL), EMILY_OK);
      assert_int_equal(emily_eval(out, 1), EMILY_OK);
    }
    test_close(s);
    if (n == 500) half = resident_kib();
  }
  if (!SANITIZED && resident_kib() > half + 8192) fail_msg("resident memory went from %ld to %ld KiB", half, resident_kib());
  emily_memory_set_cache_limit(NULL, 1 << 28);
}

/* 10,000 calls, op after op. */
static void memory_not_given_back(void **state) {
  (void)state;
  uint64_t base = active_memory();
  int64_t live = 0;
  long half = 0;
  size_t size = 0;
  emily_memory_set_cache_limit(NULL, 8 << 20);
  for (int32_t i = 0; i < 10000; i++) {
    free(bytes_of_op(emily_op_at(i % emily_op_count()), 5, &size));
    if (i == 4999) half = resident_kib();
    if (i == emily_op_count() * 10) live = emily__alloc_live();
    if (i > emily_op_count() * 10 && i % emily_op_count() == 0) assert_in_range(emily__alloc_live(), 0, live + 8);
  }
  assert_int_equal(active_memory(), base);
  if (!SANITIZED && resident_kib() > half + 8192) fail_msg("resident memory went from %ld to %ld KiB", half, resident_kib());
  emily_memory_set_cache_limit(NULL, 1 << 28);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(most_ops_have_a_sound_call),
      cmocka_unit_test(zero_size_and_0_d_arrays),
      cmocka_unit_test(negative_broadcast_padded_strides),
      cmocka_unit_test(a_result_that_depends_on_thread_count),
      cmocka_unit_test(an_error_in_the_middle_of_an_evaluation_and_its_cause),
      cmocka_unit_test(caches_that_grow_with_each_new_shape),
      cmocka_unit_test(memory_not_given_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
