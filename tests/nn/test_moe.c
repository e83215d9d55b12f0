/* test_moe.c: a mixture of experts beside loops in float64; experts as strided views, which are not copied; tokens that do not meet. */
#include "nn/moe.h"

#include "../support/arrays.h"

#include "emily/runtime.h"

#include <math.h>

enum { EXPERTS = 6, WIDTH = 40, INNER = 24, BATCH = 2, LENGTH = 5, TOKENS = BATCH * LENGTH };

/* The weights as the naive side sees them. */
typedef struct weights {
  float router[EXPERTS][WIDTH], gate[EXPERTS][INNER][WIDTH], up[EXPERTS][INNER][WIDTH], down[EXPERTS][WIDTH][INNER];
  float x[TOKENS][WIDTH];
} weights;

static void fill(float *values, size_t count, uint64_t *seed, double size) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(((double)(test_random(seed) >> 11) * 0x1p-53 - 0.5) * size);
}

static weights *new_weights(uint64_t seed) {
  weights *w = malloc(sizeof *w);
  assert_non_null(w);
  fill(&w->router[0][0], EXPERTS * WIDTH, &seed, 2);
  fill(&w->gate[0][0][0], EXPERTS * INNER * WIDTH, &seed, 1);
  fill(&w->up[0][0][0], EXPERTS * INNER * WIDTH, &seed, 1);
  fill(&w->down[0][0][0], EXPERTS * WIDTH * INNER, &seed, 1);
  fill(&w->x[0][0], TOKENS * WIDTH, &seed, 2);
  return w;
}

/* ---- the naive side ---- */

static double dot(const float *a, const float *b, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (double)a[i] * b[i];
  return sum;
}

static double silu(double x) { return x / (1 + exp(-x)); }

/* y += p * down(silu(gate x) * up x) */
static void add_expert(const weights *w, int e, double p, const float *x, double *y) {
  double h[INNER];
  for (int i = 0; i < INNER; i++) h[i] = silu(dot(w->gate[e][i], x, WIDTH)) * dot(w->up[e][i], x, WIDTH);
  for (int d = 0; d < WIDTH; d++)
    for (int i = 0; i < INNER; i++) y[d] += p * w->down[e][d][i] * h[i];
}

static void naive(const weights *w, const float *x, int top_k, bool normalize, double *y) {
  double p[EXPERTS], all = 0, kept = 0;
  bool chosen[EXPERTS] = {false};
  for (int e = 0; e < EXPERTS; e++) all += p[e] = exp(dot(w->router[e], x, WIDTH));
  for (int k = 0; k < top_k; k++) {
    int best = -1;
    for (int e = 0; e < EXPERTS; e++)
      if (!chosen[e] && (best < 0 || p[e] > p[best])) best = e;
    chosen[best] = true, kept += p[best];
  }
  for (int d = 0; d < WIDTH; d++) y[d] = 0;
  for (int e = 0; e < EXPERTS; e++)
    if (chosen[e]) add_expert(w, e, p[e] / (normalize ? kept : all), x, y);
}

/* ---- the layer ---- */

static emily_array *array(emily_scope *s, const float *values, const int64_t *shape, int32_t ndim) {
  return emily_scope_adopt(s, emily_array_from_data(values, shape, ndim, EMILY_FLOAT32));
}

static emily__moe new_moe(emily_scope *s, const weights *w, int64_t top_k, bool normalize) {
  return (emily__moe){.router = {.weight = {.data = array(s, &w->router[0][0], SHAPE(EXPERTS, WIDTH))}},
                      .gate = {.weight = {.data = array(s, &w->gate[0][0][0], SHAPE(EXPERTS, INNER, WIDTH))}},
                      .up = {.weight = {.data = array(s, &w->up[0][0][0], SHAPE(EXPERTS, INNER, WIDTH))}},
                      .down = {.weight = {.data = array(s, &w->down[0][0][0], SHAPE(EXPERTS, WIDTH, INNER))}},
                      .top_k = top_k, .normalize = normalize, .act = emily_silu};
}

static float *apply(emily_scope *s, const emily__moe *moe, const float *x) {
  emily_array *y = emily__moe_apply(s, moe, array(s, x, SHAPE(BATCH, LENGTH, WIDTH)));
  float *values = malloc(TOKENS * WIDTH * sizeof *values);
  assert_int_equal(emily_array_read(y, values, TOKENS * WIDTH * sizeof *values), EMILY_OK);
  assert_true(emily_array_ndim(y) == 3 && emily_array_dim(y, 0) == BATCH && emily_array_dim(y, 1) == LENGTH);
  return values;
}

static void equals_loops_over_experts(void **state) {
  (void)state;
  weights *w = new_weights(test_seed());
  for (int k = 1; k <= EXPERTS; k++)
    for (int normalize = 0; normalize < 2; normalize++) {
      emily_scope *s = emily_scope_open(NULL);
      emily__moe moe = new_moe(s, w, k, normalize);
      float *got = apply(s, &moe, &w->x[0][0]);
      for (int t = 0; t < TOKENS; t++) {
        double want[WIDTH];
        naive(w, w->x[t], k, normalize, want);
        for (int d = 0; d < WIDTH; d++) assert_true(fabs(got[t * WIDTH + d] - want[d]) < 1e-4); /* float32 sums of 40 and 24 products */
      }
      free(got);
      test_close(s);
    }
  free(w);
}

/* Trap: a result that depends on batch mates. What other tokens hold decides how many of them an expert meets; no bit changes. */
static void batch_mates_change_no_bit(void **state) {
  (void)state;
  weights *w = new_weights(3);
  emily_scope *s = emily_scope_open(NULL);
  emily__moe moe = new_moe(s, w, 2, true);
  float *one = apply(s, &moe, &w->x[0][0]);
  for (int t = 0; t < TOKENS; t++) {
    float x[TOKENS][WIDTH];
    for (int other = 0; other < TOKENS; other++) memcpy(x[other], w->x[other == t ? t : (t + 1) % TOKENS], sizeof x[0]);
    float *again = apply(s, &moe, &x[0][0]);
    assert_memory_equal(again + t * WIDTH, one + t * WIDTH, WIDTH * sizeof *one);
    free(again);
  }
  free(one);
  free(w);
  test_close(s);
}

/* Views of every third matrix, as they lie in a file between those of other parts: the same bits, and no copy of a matrix. */
static void strided_experts_are_not_copied(void **state) {
  (void)state;
  enum { E = 16, N = 256, K = 512 }; /* 8 MiB */
  emily_scope *s = emily_scope_open(NULL);
  emily_array *whole = emily_random_normal(s, emily_random_key(s, 5), SHAPE(E * 3, N, K), EMILY_FLOAT32, NULL, NULL);
  emily_array *view = emily_as_strided(s, whole, SHAPE(E, N, K), SHAPE(3 * N * K, K, 1), N * K);
  emily_array *x = emily_random_normal(s, emily_random_key(s, 5), SHAPE(3, 1, K), EMILY_FLOAT32, NULL, NULL);
  emily_array *indices = emily_astype(s, FLOATS(s, SHAPE(3, 2), 0, 7, 15, 3, 7, 1), EMILY_INT32), *copy = emily_contiguous(s, view, false);
  emily_array *const ready[] = {view, x, indices, copy};
  if (emily_eval(ready, 4) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  emily__experts strided = {.weight = {.data = view}}, dense = {.weight = {.data = copy}};
  emily_memory_info before = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_reset_peak(NULL), EMILY_OK);
  assert_int_equal(emily_memory_stats(NULL, &before), EMILY_OK);
  emily_array *y = emily__experts_apply(s, &strided, x, indices);
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  assert_int_equal(emily_memory_stats(NULL, &after), EMILY_OK);
  assert_true(after.peak - before.active < N * K * sizeof(float)); /* less than one matrix */
  emily_array *want = emily__experts_apply(s, &dense, x, indices), *same = emily_array_equal(s, y, want, false);
  int64_t equal = 0;
  assert_int_equal(emily_array_item_int(same, &equal), EMILY_OK);
  assert_int_equal(equal, 1);
  test_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_loops_over_experts),
      cmocka_unit_test(batch_mates_change_no_bit),
      cmocka_unit_test(strided_experts_are_not_copied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
