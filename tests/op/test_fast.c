/* test_fast.c: norms, rope and attention beside naive formulas in float64. */
#include "support/arrays.h"

#include <math.h>
#include <stdio.h>

static double *doubles(size_t n) { return calloc(n + 1, sizeof(double)); }

/* Uniform in [-1, 1), what float32 holds of it. */
static double uniform(uint64_t *random) { return (float)((double)(test_random(random) >> 11) * 0x1p-52 - 1); }

static emily_array *draw(emily_scope *s, uint64_t *random, const int64_t *shape, int32_t ndim, double **values) {
  int64_t n = 1;
  for (int32_t i = 0; i < ndim; i++) n *= shape[i];
  *values = doubles((size_t)n);
  for (int64_t i = 0; i < n; i++) (*values)[i] = uniform(random);
  emily_array *wide = emily_scope_adopt(s, emily_array_from_data(*values, shape, ndim, EMILY_FLOAT64));
  return emily_astype(s, wide, EMILY_FLOAT32);
}

/* ---- attention ---- */

typedef struct sizes {
  int64_t b, heads, shared, tq, tk, d; /* heads of q, of k and v, queries, keys, width */
} sizes;

typedef struct rules {
  const bool *mask; /* [tq, tk] or NULL */
  bool causal;
  int64_t window;
  const double *sinks; /* [heads] or NULL */
} rules;

static bool seen(const sizes *n, const rules *r, int64_t i, int64_t j) {
  int64_t at = i + n->tk - n->tq;
  if (r->mask && !r->mask[i * n->tk + j]) return false;
  return !r->causal || (j <= at && (r->window == 0 || j > at - r->window));
}

/* softmax(q k^T scale) v of one query, written out. */
static void naive_row(const sizes *n, const rules *r, const double *q, const double *k, const double *v, double scale, int64_t head,
                      int64_t i, double *out) {
  double *weight = doubles((size_t)n->tk), top = r->sinks ? r->sinks[head] : -INFINITY, total = 0;
  for (int64_t j = 0; j < n->tk; j++) {
    weight[j] = -INFINITY;
    if (!seen(n, r, i, j)) continue;
    weight[j] = 0;
    for (int64_t c = 0; c < n->d; c++) weight[j] += q[c] * k[j * n->d + c] * scale;
    top = fmax(top, weight[j]);
  }
  if (r->sinks) total = exp(r->sinks[head] - top);
  for (int64_t j = 0; j < n->tk; j++) total += weight[j] = weight[j] == -INFINITY ? 0 : exp(weight[j] - top);
  for (int64_t c = 0; c < n->d; c++) {
    out[c] = 0;
    for (int64_t j = 0; j < n->tk; j++) out[c] += total > 0 ? weight[j] / total * v[j * n->d + c] : 0;
  }
  free(weight);
}

static double *naive_attention(const sizes *n, const rules *r, const double *q, const double *k, const double *v, double scale) {
  double *out = doubles((size_t)(n->b * n->heads * n->tq * n->d));
  for (int64_t b = 0; b < n->b; b++)
    for (int64_t h = 0; h < n->heads; h++) {
      int64_t kv = (b * n->shared + h / (n->heads / n->shared)) * n->tk * n->d, at = (b * n->heads + h) * n->tq * n->d;
      for (int64_t i = 0; i < n->tq; i++) naive_row(n, r, q + at + i * n->d, k + kv, v + kv, scale, h, i, out + at + i * n->d);
    }
  return out;
}

/* emily's answer is the naive one within what float32 sums of such sizes lose. */
static void check_attention(uint64_t *random, sizes n, rules r) {
  emily_scope *s = emily_scope_open(NULL);
  double *q, *k, *v, scale = 1 / sqrt((double)n.d);
  emily_array *aq = draw(s, random, SHAPE(n.b, n.heads, n.tq, n.d), &q), *ak = draw(s, random, SHAPE(n.b, n.shared, n.tk, n.d), &k);
  emily_array *av = draw(s, random, SHAPE(n.b, n.shared, n.tk, n.d), &v), *mask = NULL, *sinks = NULL;
  if (r.mask) mask = emily_scope_adopt(s, emily_array_from_data(r.mask, INTS(n.tq, n.tk), 2, EMILY_BOOL));
  if (r.sinks) sinks = emily_astype(s, emily_scope_adopt(s, emily_array_from_data(r.sinks, INTS(n.heads), 1, EMILY_FLOAT64)), EMILY_FLOAT32);
  emily_array *y = emily_scaled_dot_product_attention(s, aq, ak, av, scale, mask, r.causal, r.window, sinks);
  double *want = naive_attention(&n, &r, q, k, v, scale);
  test_expect(s, y, SHAPE(n.b, n.heads, n.tq, n.d), want, 2e-6);
  test_close(s);
  free(q), free(k), free(v), free(want);
}

static void causal_where_queries_are_not_keys(void **state) {
  (void)state;
  uint64_t random = test_seed();
  check_attention(&random, (sizes){1, 2, 2, 2, 5, 8}, (rules){.causal = true});
  check_attention(&random, (sizes){1, 2, 2, 5, 2, 8}, (rules){.causal = true}); /* the first three see nothing */
  check_attention(&random, (sizes){2, 2, 1, 70, 70, 16}, (rules){.causal = true});
  check_attention(&random, (sizes){1, 2, 1, 1, 300, 64}, (rules){.causal = true});
}

static void six_heads_over_two_with_window_and_sinks(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const double sinks[6] = {0.5, -1, 0, 2, -20, 1};
  for (int64_t window = 1; window < 9; window++) check_attention(&random, (sizes){2, 6, 2, 7, 7, 8}, (rules){.causal = true, .window = window});
  check_attention(&random, (sizes){1, 6, 2, 3, 40, 16}, (rules){.causal = true, .window = 4, .sinks = sinks});
  check_attention(&random, (sizes){1, 6, 2, 33, 65, 24}, (rules){.sinks = sinks});
  check_attention(&random, (sizes){1, 6, 2, 5, 2, 8}, (rules){.causal = true, .window = 1, .sinks = sinks}); /* a sink alone: zeros */
}

static void fully_masked_rows_are_zeros(void **state) {
  (void)state;
  uint64_t random = test_seed();
  bool mask[9 * 20];
  for (int i = 0; i < 9 * 20; i++) mask[i] = i / 20 != 0 && i / 20 != 4 && test_random(&random) % 2;
  check_attention(&random, (sizes){1, 2, 1, 9, 20, 8}, (rules){.mask = mask});
  check_attention(&random, (sizes){1, 2, 1, 9, 20, 8}, (rules){.mask = mask, .causal = true, .window = 3});
  /* the same by an additive mask of -infinity */
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(1, 1, 2, 4), EMILY_FLOAT32);
  emily_array *added = FLOATS(s, SHAPE(2, 2), -INFINITY, -INFINITY, 0, -INFINITY);
  emily_array *y = emily_scaled_dot_product_attention(s, x, x, x, 1, added, false, 0, NULL);
  EXPECT_NEAR(s, y, 1e-6, SHAPE(1, 1, 2, 4), 0, 0, 0, 0, 1, 1, 1, 1);
  test_close(s);
}

/* Keys past the end are NaN and masked away: padding does not touch real tokens. */
static void padding_leaves_real_tokens_alone(void **state) {
  (void)state;
  uint64_t random = test_seed();
  emily_scope *s = emily_scope_open(NULL);
  double *unused[3];
  emily_array *q = draw(s, &random, SHAPE(1, 2, 3, 8), &unused[0]), *k = draw(s, &random, SHAPE(1, 2, 5, 8), &unused[1]);
  emily_array *v = draw(s, &random, SHAPE(1, 2, 5, 8), &unused[2]);
  emily_array *fill = emily_scope_adopt(s, emily_array_from_float(NAN, EMILY_FLOAT32));
  emily_array *k_long = emily_pad(s, k, INTS(0, 0, 0, 0), INTS(0, 0, 7, 0), fill, NULL, "constant"), *v_long = emily_pad(s, v, INTS(0, 0, 0, 0), INTS(0, 0, 7, 0), fill, NULL, "constant");
  emily_array *mask = emily_less(s, emily_arange(s, 0, 12, 1, EMILY_INT32), emily_scope_adopt(s, emily_array_from_int(5, EMILY_INT32)));
  emily_array *alone = emily_scaled_dot_product_attention(s, q, k, v, 0.3, NULL, false, 0, NULL);
  emily_array *padded = emily_scaled_dot_product_attention(s, q, k_long, v_long, 0.3, mask, false, 0, NULL);
  EXPECT(s, emily_allclose(s, alone, padded, 0, 1e-6, false), SCALAR, 1);
  test_close(s);
  for (int i = 0; i < 3; i++) free(unused[i]);
}

/* 40,960 keys with a mask: indices of scores pass 2^15 and, over queries, 2^16. */
static void more_than_32k_keys(void **state) {
  (void)state;
  uint64_t random = test_seed();
  enum { KEYS = 40960, QUERIES = 3 };
  bool *mask = malloc(QUERIES * KEYS);
  for (int i = 0; i < QUERIES * KEYS; i++) mask[i] = test_random(&random) % 3 != 0;
  for (int j = 0; j < KEYS; j++) mask[KEYS + j] = j == KEYS - 1; /* the second sees the last key alone */
  check_attention(&random, (sizes){1, 1, 1, QUERIES, KEYS, 8}, (rules){.mask = mask});
  free(mask);
}

/* The first batch entry has the same bits whatever stands in the others, and with any number of threads. */
static void attention_ignores_batch_mates_and_threads(void **state) {
  (void)state;
  enum { FIRST = 4 * 33 * 16 };
  uint64_t seed = test_seed();
  float bits[4][FIRST];
  for (int variant = 0; variant < 4; variant++) {
    uint64_t random = seed, other = seed + (uint64_t)variant;
    emily_set_threads(variant + 1);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x[3];
    for (int i = 0; i < 3; i++) {
      double *a, *b;
      emily_array *mine = draw(s, &random, SHAPE(1, 4, 33, 16), &a), *theirs = draw(s, &other, SHAPE(1 + variant, 4, 33, 16), &b);
      x[i] = emily_concatenate(s, (emily_array *[]){mine, theirs}, 2, 0);
      free(a), free(b);
    }
    emily_array *y = emily_scaled_dot_product_attention(s, x[0], x[1], x[2], 0.25, NULL, true, 0, NULL);
    emily_array *first = emily_slice(s, y, INTS(0, 0, 0, 0), INTS(1, 4, 33, 16), NULL);
    assert_int_equal(emily_array_read(first, bits[variant], sizeof bits[0]), EMILY_OK);
    test_close(s);
  }
  emily_set_threads(0);
  for (int variant = 1; variant < 4; variant++) assert_memory_equal(bits[0], bits[variant], sizeof bits[0]);
}

static void attention_refuses(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *q = emily_ones(s, SHAPE(1, 5, 2, 4), EMILY_FLOAT32), *k = emily_ones(s, SHAPE(1, 2, 2, 4), EMILY_FLOAT32);
  assert_null(emily_scaled_dot_product_attention(s, q, k, k, 1, NULL, false, 0, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "H a multiple of Hk (operands: float32 [1, 5, 2, 4]");
  s = emily_scope_open(NULL);
  k = emily_ones(s, SHAPE(1, 1, 2, 4), EMILY_FLOAT32);
  assert_null(emily_scaled_dot_product_attention(s, k, k, k, 1, NULL, false, 3, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "window is 3; it is positive and goes with causal");
  s = emily_scope_open(NULL);
  k = emily_ones(s, SHAPE(1, 1, 2, 4), EMILY_FLOAT32);
  assert_null(emily_scaled_dot_product_attention(s, k, k, k, 1, emily_ones(s, SHAPE(3, 2), EMILY_BOOL), false, 0, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "the mask bool [3, 2] does not broadcast");
  s = emily_scope_open(NULL);
  k = emily_ones(s, SHAPE(1, 1, 2, 4), EMILY_INT32);
  assert_null(emily_scaled_dot_product_attention(s, k, k, k, 1, NULL, false, 0, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "attention is of floats");
}

/* ---- norms ---- */

/* Rows of one number: rms_norm gives x / sqrt(x² + eps), layer_norm 0 and the bias. */
static void norms_of_6e4_and_1e_8_and_0_and_1e30(void **state) {
  (void)state;
  const double numbers[] = {6e4, 1e-8, 0, 1e30, -6e4, 1e-30}, eps = 1e-6;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    emily_dtype dtype = fabs(numbers[i]) < 65504 && numbers[i] != 1e-8 && numbers[i] != 1e-30 ? EMILY_FLOAT16 : EMILY_FLOAT32;
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = emily_full(s, SHAPE(2, 37), emily_scope_adopt(s, emily_array_from_float(numbers[i], dtype)));
    emily_array *rms = emily_astype(s, emily_rms_norm(s, x, NULL, eps), EMILY_FLOAT64), *centred = emily_layer_norm(s, x, NULL, NULL, eps);
    double got[2 * 37], want = numbers[i] / sqrt(numbers[i] * numbers[i] + eps);
    assert_int_equal(emily_array_read(rms, got, sizeof got), EMILY_OK);
    for (int k = 0; k < 2 * 37; k++)
      if (!(fabs(got[k] - want) <= 1e-3 * fabs(want))) fail_msg("rms_norm of rows of %g: %g, not %g", numbers[i], got[k], want); /* float16's rounding */
    /* a mean that is rounded leaves less than its own last place, divided by sqrt(eps) at most */
    EXPECT(s, emily_all(s, emily_isfinite(s, centred), NULL, 0, false), SCALAR, 1);
    test_close(s);
  }
}

static void norms_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 3, 4, 1, -1), *w = FLOATS(s, SHAPE(2), 2, 1), *b = FLOATS(s, SHAPE(2), 10, 0);
  EXPECT_NEAR(s, emily_rms_norm(s, x, w, 0), 1e-6, SHAPE(2, 2), 6 / sqrt(12.5), 4 / sqrt(12.5), 2, -1);
  EXPECT_NEAR(s, emily_layer_norm(s, x, w, b, 0), 1e-5, SHAPE(2, 2), 8, 1, 12, -1);
  EXPECT(s, emily_rms_norm(s, emily_zeros(s, SHAPE(0, 2), EMILY_FLOAT32), w, 1e-5), SHAPE(0, 2), 0);
  assert_int_equal(emily_array_dtype(emily_rms_norm(s, emily_astype(s, x, EMILY_BFLOAT16), w, 0)), EMILY_FLOAT32);
  assert_null(emily_rms_norm(s, x, FLOATS(s, SHAPE(3), 1, 2, 3), 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "emily_rms_norm: weight must be [2], the extent of x's last axis (operands: float32 [2, 2])");
  s = emily_scope_open(NULL);
  assert_null(emily_layer_norm(s, emily_ones(s, SCALAR, EMILY_FLOAT32), NULL, NULL, 0));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "a norm needs an axis");
}

/* Rows have the same bits alone and among others, on any number of threads. */
static void norms_and_softmax_ignore_their_neighbours(void **state) {
  (void)state;
  uint64_t random = test_seed();
  enum { D = 131 };
  double *unused;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *row = draw(s, &random, SHAPE(1, D), &unused);
  free(unused);
  emily_array *rest = draw(s, &random, SHAPE(500, D), &unused), *many = emily_concatenate(s, (emily_array *[]){rest, row, rest}, 3, 0);
  emily_array *alone[] = {emily_rms_norm(s, row, NULL, 1e-5), emily_layer_norm(s, row, NULL, NULL, 1e-5), emily_softmax(s, row, INTS(-1), 1, false)};
  for (int threads = 1; threads <= 3; threads++) {
    emily_set_threads(threads);
    emily_array *among[] = {emily_rms_norm(s, many, NULL, 1e-5), emily_layer_norm(s, many, NULL, NULL, 1e-5), emily_softmax(s, many, INTS(-1), 1, false)};
    for (int i = 0; i < 3; i++)
      EXPECT(s, emily_array_equal(s, alone[i], emily_slice(s, among[i], INTS(500, 0), INTS(501, D), NULL), false), SCALAR, 1);
  }
  emily_set_threads(0);
  test_close(s);
  free(unused);
}

/* ---- rope ---- */

typedef struct turn {
  int64_t dims, offset;
  double base, scale;
  bool traditional;
  const int32_t *offsets; /* [], [B] or [B, T], as many axes as offsets_ndim */
  int32_t offsets_ndim;
  const float *freqs;
} turn;

static int64_t position(const turn *r, int64_t b, int64_t t, int64_t length) {
  if (!r->offsets) return r->offset + t;
  return r->offsets_ndim == 0 ? r->offsets[0] + t : r->offsets_ndim == 1 ? r->offsets[b] + t : r->offsets[b * length + t];
}

static void naive_rope(const turn *r, const double *x, double *y, int64_t d, int64_t at) {
  int64_t half = r->dims / 2;
  memcpy(y, x, (size_t)d * sizeof *y);
  for (int64_t i = 0; i < half; i++) {
    double angle = (double)at * r->scale / (r->freqs ? (double)r->freqs[i] : pow(r->base, 2.0 * (double)i / (double)r->dims));
    int64_t a = r->traditional ? 2 * i : i, b = r->traditional ? 2 * i + 1 : i + half;
    y[a] = x[a] * cos(angle) - x[b] * sin(angle);
    y[b] = x[a] * sin(angle) + x[b] * cos(angle);
  }
}

static void check_rope(uint64_t *random, int64_t b, int64_t heads, int64_t t, int64_t d, turn r) {
  emily_scope *s = emily_scope_open(NULL);
  double *x;
  int64_t shape[] = {b, heads, t, d}, *from = heads ? shape : shape + 1; /* no heads: [B, T, D] */
  if (!heads) shape[1] = b;
  emily_array *ax = draw(s, random, from, heads ? 4 : 3, &x);
  double *want = doubles((size_t)(b * (heads ? heads : 1) * t * d));
  for (int64_t row = 0, per = (heads ? heads : 1) * t; row < b * per; row++)
    naive_rope(&r, x + row * d, want + row * d, d, position(&r, row / per, row % t, t));
  emily_array *offsets = r.offsets ? emily_scope_adopt(s, emily_array_from_data(r.offsets, INTS(b, t), r.offsets_ndim, EMILY_INT32)) : NULL;
  emily_array *freqs = r.freqs ? test_floats(s, INTS(r.dims / 2), 1, r.freqs) : NULL;
  emily_array *y = emily_rope(s, ax, r.dims, r.traditional, r.base, r.scale, r.offset, offsets, freqs);
  test_expect(s, y, from, heads ? 4 : 3, want, 1e-6); /* values up to √2: a few roundings of float32 */
  test_close(s);
  free(x), free(want);
}

static void rope_beside_float64(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const int32_t one[] = {100000}, each[] = {5, 0, 4000}, all[] = {3, 2, 1, 0, 7, 7, 9, 1, 100, 4, 4, 50};
  const float freqs[] = {1, 7.5f, 100, 3};
  for (int traditional = 0; traditional < 2; traditional++)
    for (int64_t heads = 0; heads < 3; heads++)
      for (int64_t t = 1; t < 5; t += 3) {
        check_rope(&random, 3, heads, t, 8, (turn){8, 0, 10000, 1, traditional, NULL, 0, NULL});
        check_rope(&random, 3, heads, t, 11, (turn){8, 131071, 1e6, 0.25, traditional, NULL, 0, NULL});
        check_rope(&random, 3, heads, t, 8, (turn){8, 0, 10000, 1, traditional, one, 0, NULL});
        check_rope(&random, 3, heads, t, 8, (turn){6, 0, 10000, 1, traditional, each, 1, NULL});
        check_rope(&random, 3, heads, t, 8, (turn){8, 0, 10000, 1, traditional, all, 2, freqs});
      }
}

static void rope_refuses(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_ones(s, SHAPE(1, 2, 8), EMILY_FLOAT32);
  assert_null(emily_rope(s, x, 7, false, 1e4, 1, 0, NULL, NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "dims is 7; it must be even and at most D");
  s = emily_scope_open(NULL);
  x = emily_ones(s, SHAPE(1, 2, 8), EMILY_FLOAT32);
  assert_null(emily_rope(s, x, 8, false, 1e4, 1, 0, emily_zeros(s, SHAPE(2), EMILY_INT32), NULL));
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "offsets are integers of shape [], [B] or [B, T]");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(causal_where_queries_are_not_keys),
      cmocka_unit_test(six_heads_over_two_with_window_and_sinks),
      cmocka_unit_test(fully_masked_rows_are_zeros),
      cmocka_unit_test(padding_leaves_real_tokens_alone),
      cmocka_unit_test(more_than_32k_keys),
      cmocka_unit_test(attention_ignores_batch_mates_and_threads),
      cmocka_unit_test(attention_refuses),
      cmocka_unit_test(norms_of_6e4_and_1e_8_and_0_and_1e30),
      cmocka_unit_test(norms_by_hand),
      cmocka_unit_test(norms_and_softmax_ignore_their_neighbours),
      cmocka_unit_test(rope_beside_float64),
      cmocka_unit_test(rope_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
