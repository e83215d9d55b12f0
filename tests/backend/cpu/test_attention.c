/* test_attention.c: attention against float64 and against values by hand, at the level in use: masks of every kind, grouped heads, windows, sinks, layouts as
 * a cache gives them, one query and many, and what must not leak in. */
#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "support/near.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

static const emily_dtype floats[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};
enum { FLOATS = sizeof floats / sizeof *floats };

typedef struct attention_case {
  const emily__tensor *q, *k, *v, *mask, *sinks; /* mask and sinks: NULL for none */
  float scale;
  bool causal;
  int64_t window;
} attention_case;

typedef struct shape {
  int64_t batch, heads, kv_heads, queries, keys, width, v_width;
} shape;

static attention_case random_case(emily_dtype dtype, shape s) {
  return (attention_case){.q = tensor_random(dtype, DIMS(s.batch, s.heads, s.queries, s.width), -2, 2),
                          .k = tensor_random(dtype, DIMS(s.batch, s.kv_heads, s.keys, s.width), -2, 2),
                          .v = tensor_random(dtype, DIMS(s.batch, s.kv_heads, s.keys, s.v_width), -1, 1),
                          .scale = (float)(1 / sqrt((double)s.width))};
}

static bool sees(const attention_case *c, int64_t i, int64_t j) {
  const int64_t own = i + c->k->shape[2] - c->q->shape[2];
  return !c->causal || (j <= own && (c->window == 0 || j > own - c->window));
}

static double *values_of(const emily__tensor *x) {
  double *values = x ? calloc((size_t)x->size + 1, sizeof *values) : NULL;
  for (int64_t i = 0; x && i < x->size; i++) values[i] = tensor_get(x, i);
  return values;
}

/* -inf where key j is hidden; q and k are the rows in question, mask the whole of it */
static double score(const attention_case *c, int64_t row, const double *q, const double *k, const double *mask, int64_t j) {
  const int64_t Tq = c->q->shape[2], Tk = c->k->shape[2], D = c->q->shape[3];
  double bias = 0, dot = 0;
  if (!sees(c, row % Tq, j)) return -INFINITY;
  if (mask) {
    bias = mask[row * Tk + j];
    if (c->mask->dtype == EMILY_BOOL) bias = bias != 0 ? 0 : -INFINITY;
    if (bias == -INFINITY) return bias;
  }
  for (int64_t d = 0; d < D; d++) dot += q[d] * k[d];
  return dot * (double)c->scale + bias;
}

/* want = Σ exp(scores - most) v / (Σ exp(scores - most) + exp(sink - most)) */
static void mix(const double *scores, const double *v, double sink, int64_t keys, int64_t width, double *want) {
  double most = sink, sum = 0;
  for (int64_t j = 0; j < keys; j++) most = fmax(most, scores[j]);
  if (most == -INFINITY) return;
  for (int64_t j = 0; j < keys; j++) {
    if (scores[j] == -INFINITY) continue;
    const double weight = exp(scores[j] - most);
    sum += weight;
    for (int64_t d = 0; d < width; d++) want[d] += weight * v[j * width + d];
  }
  sum += exp(sink - most);
  for (int64_t d = 0; d < width; d++) want[d] /= sum;
}

static double *reference(const attention_case *c) {
  const int64_t H = c->q->shape[1], Tq = c->q->shape[2], Tk = c->k->shape[2], D = c->q->shape[3], Dv = c->v->shape[3];
  const int64_t rows = c->q->shape[0] * H * Tq, group = H / c->k->shape[1];
  double *q = values_of(c->q), *k = values_of(c->k), *v = values_of(c->v), *mask = values_of(c->mask);
  double *want = calloc((size_t)(rows * Dv) + 1, sizeof *want), *scores = calloc((size_t)Tk + 1, sizeof *scores);
  for (int64_t row = 0; row < rows; row++) {
    const int64_t kv = row / Tq / group; /* of all sequences' key heads */
    for (int64_t j = 0; j < Tk; j++) scores[j] = score(c, row, q + row * D, k + (kv * Tk + j) * D, mask, j);
    mix(scores, v + kv * Tk * Dv, c->sinks ? tensor_get(c->sinks, row / Tq % H) : -INFINITY, Tk, Dv, want + row * Dv);
  }
  free(q), free(k), free(v), free(mask), free(scores);
  return want;
}

static emily__tensor *run(const attention_case *c, emily_status want) {
  const emily__attrs_attention attrs = {c->scale, c->causal, c->window, c->mask != NULL, c->sinks != NULL};
  const emily__tensor *inputs[5] = {c->q, c->k, c->v};
  int n = 3;
  if (c->mask) inputs[n++] = c->mask;
  if (c->sinks) inputs[n++] = c->sinks;
  emily__tensor *out = tensor_new(c->q->dtype, DIMS(c->q->shape[0], c->q->shape[1], c->q->shape[2], c->v->shape[3]));
  assert_int_equal(tensor_run(EMILY__PRIM_attention, &attrs, out, n, inputs), want);
  return out;
}

/* Results are means of v, within [-1, 1]: the error is absolute. float32 scores of size up to 4 √D ≈ 45 carry rounding errors
 * of some 2^-24 · 45, which the exponential passes on to the weights. Then one rounding to the dtype. */
static void check(const attention_case *c) {
  double *want = reference(c);
  const double inside = c->q->dtype == EMILY_FLOAT64 ? 1e-13 : 64 * 0x1p-24;
  assert_true(tensor_near(run(c, EMILY_OK), want, rounding_of(c->q->dtype), inside + rounding_of(c->q->dtype)));
  free(want);
}

static const shape shapes[] = {{1, 1, 1, 1, 1, 1, 1},       {2, 3, 3, 5, 7, 8, 8},       {1, 2, 1, 33, 65, 16, 24},
                               {2, 4, 2, 1, 130, 64, 64},   {1, 8, 2, 3, 300, 32, 32},   {1, 2, 2, 70, 70, 64, 64},
                               {1, 3, 1, 129, 140, 20, 17}, {1, 16, 8, 1, 1100, 128, 128}, {1, 40, 1, 1, 37, 128, 96},
                               {1, 1, 1, 200, 9, 80, 80},   {3, 12, 12, 13, 13, 32, 32}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void every_shape_and_dtype(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int i = 0; i < SHAPES; i++) {
      attention_case c = random_case(floats[d], shapes[i]);
      check(&c);
      c.causal = true;
      check(&c);
      tensors_free();
    }
}

/* q=2,k=5 and q=5,k=2, aligned at the bottom right: of the latter, the first three rows see nothing and are zeros. */
static void causal_mask_when_queries_and_keys_differ(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++) {
    attention_case c = random_case(floats[d], (shape){1, 2, 2, 2, 5, 4, 4});
    c.causal = true;
    check(&c);
    c = random_case(floats[d], (shape){1, 2, 2, 5, 2, 4, 4});
    c.causal = true;
    check(&c);
    const emily__tensor *y = run(&c, EMILY_OK);
    for (int64_t i = 0; i < 12; i++) assert_true(tensor_get(y, i) == 0 && tensor_get(y, 20 + i) == 0);
    for (int64_t i = 12; i < 16; i++) assert_true(tensor_get(y, i) != 0);
    c = random_case(floats[d], (shape){1, 2, 1, 100, 40, 16, 16});
    c.causal = true;
    check(&c);
    tensors_free();
  }
}

/* A window's edges, with more keys than queries and with fewer. */
static void sliding_windows(void **state) {
  (void)state;
  static const int64_t windows[] = {1, 2, 7, 64, 127, 128, 129, 1000};
  for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
    for (int kind = 0; kind < 4; kind++) {
      static const shape of[] = {{1, 2, 1, 1, 400, 16, 16}, {1, 2, 2, 150, 290, 16, 16}, {1, 2, 1, 5, 300, 16, 16}, {1, 1, 1, 300, 200, 16, 16}};
      attention_case c = random_case(EMILY_FLOAT32, of[kind]);
      c.causal = true;
      c.window = windows[w];
      check(&c);
      tensors_free();
    }
}

/* 6 heads over 2, the window's edges, a sink with a masked row */
static void gqa_sliding_window_attention_sinks(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int queries = 1; queries <= 90; queries += 89) {
      attention_case c = random_case(floats[d], (shape){2, 6, 2, queries, 90, 32, 32});
      emily__tensor *mask = tensor_random(EMILY_BOOL, DIMS(2, 6, queries, 90), 0, 1);
      for (int64_t j = 0; j < 90; j++) tensor_set(mask, j, 0);
      c.sinks = tensor_random(floats[d], DIMS(6), -3, 3);
      check(&c);
      c.causal = true;
      c.window = 11;
      check(&c);
      c.mask = mask;
      check(&c);
      for (int64_t j = 0; j < 32; j++) assert_true(tensor_get(run(&c, EMILY_OK), j) == 0);
      c.sinks = tensor_laid_out(tensor_of(floats[d], DIMS(6), (double[]){60, -INFINITY, -200, 0, 30, -3}), LAYOUT_NEGATIVE);
      check(&c);
      tensors_free();
    }
}

static const emily__tensor *broadcast_mask(const emily__tensor *m, shape s, bool batch, bool head, bool query) {
  const int64_t dims[4] = {s.batch, s.heads, s.queries, s.keys};
  return tensor_view(m, 0, 4, dims, (int64_t[]){batch ? m->strides[0] : 0, head ? m->strides[1] : 0, query ? m->strides[2] : 0, m->strides[3]});
}

static void masks_of_every_kind(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int i = 0; i < SHAPES; i++)
      for (int kind = 0; kind < 8; kind++) {
        const shape s = shapes[i];
        if (s.batch * s.heads * s.queries * s.keys > 20000) continue;
        attention_case c = random_case(floats[d], s);
        emily__tensor *mask = tensor_random(kind & 1 ? EMILY_BOOL : floats[d], DIMS(s.batch, s.heads, s.queries, s.keys), -3, 3);
        for (int64_t j = 0; !(kind & 1) && j < mask->size; j++)
          if (tensor_bits() % 3 == 0) tensor_set(mask, j, -INFINITY);
        const emily__tensor *laid_out = tensor_laid_out(mask, kind % LAYOUT_COUNT);
        c.mask = broadcast_mask(laid_out, s, kind & 2, kind & 4, kind < 6);
        c.causal = kind == 3 || kind == 4;
        check(&c);
        tensors_free();
      }
}

/* Finite output; and real tokens unchanged by padding, whatever stands in the padding. */
static void fully_masked_attention_rows_give_nan(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int queries = 1; queries <= 20; queries += 19) {
      const shape s = {2, 2, 2, queries, 40, 16, 16};
      attention_case c = random_case(floats[d], s);
      emily__tensor *mask = tensor_new(EMILY_BOOL, DIMS(2, 1, 1, 40));
      for (int64_t j = 0; j < 80; j++) tensor_set(mask, j, j < 25); /* the second sequence is all padding */
      c.mask = broadcast_mask(mask, s, true, false, false);
      check(&c);
      const emily__tensor *y = run(&c, EMILY_OK);
      for (int64_t i = 0; i < y->size; i++) assert_true(isfinite(tensor_get(y, i)));
      for (int64_t i = y->size / 2; i < y->size; i++) assert_true(tensor_get(y, i) == 0);
      emily__tensor *k = (emily__tensor *)c.k, *v = (emily__tensor *)c.v;
      for (int64_t h = 0; h < 4; h++)
        for (int64_t j = h < 2 ? 25 : 0; j < 40; j++)
          for (int64_t e = 0; e < 16; e++) {
            tensor_set(k, (h * 40 + j) * 16 + e, e % 2 ? NAN : INFINITY);
            tensor_set(v, (h * 40 + j) * 16 + e, e % 2 ? -INFINITY : NAN);
          }
      assert_true(tensors_same(y, run(&c, EMILY_OK)));
      tensors_free();
    }
}

/* A cache with room ahead, its tail NaN; keys of later tokens NaN for those that must not see them. */
static void unused_slots_of_a_kv_cache_leak_in(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int queries = 1; queries <= 150; queries += 149) {
      const shape s = {1, 4, 2, queries, 200, 32, 32};
      attention_case c = random_case(floats[d], s);
      const emily__tensor *full_k = c.k, *full_v = c.v;
      const int64_t cache[4] = {12800, 6400, 32, 1};
      c.k = tensor_view(full_k, 0, DIMS(1, 2, 170, 32), cache);
      c.v = tensor_view(full_v, 0, DIMS(1, 2, 170, 32), cache);
      c.causal = true;
      check(&c);
      const emily__tensor *y = run(&c, EMILY_OK);
      for (int64_t h = 0; h < 2; h++)
        for (int64_t i = 170 * 32; i < 200 * 32; i++) {
          tensor_set((emily__tensor *)full_k, h * 6400 + i, NAN);
          tensor_set((emily__tensor *)full_v, h * 6400 + i, NAN);
        }
      assert_true(tensors_same(y, run(&c, EMILY_OK)));
      for (int64_t h = 0; h < 2; h++) { /* the last key: all queries but the last are blind to it */
        tensor_set((emily__tensor *)full_k, h * 6400 + 169 * 32 + 3, NAN);
        for (int64_t e = 0; e < 32; e++) tensor_set((emily__tensor *)full_v, h * 6400 + 169 * 32 + e, NAN);
      }
      const emily__tensor *z = run(&c, EMILY_OK);
      for (int64_t row = 0; row < 4 * queries; row++)
        for (int64_t e = 0; e < 32; e++) {
          const double before = tensor_get(y, row * 32 + e), now = tensor_get(z, row * 32 + e);
          assert_true(row % queries == queries - 1 ? isnan(now) : now == before);
        }
      tensors_free();
    }
}

static void negative_broadcast_padded_strides(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++)
      for (int queries = 1; queries <= 19; queries += 9) {
        attention_case c = random_case(floats[d], (shape){2, 4, 2, queries, 35, 16, 16});
        c.q = tensor_laid_out(c.q, layout);
        c.k = tensor_laid_out(c.k, layout);
        c.v = tensor_laid_out(c.v, (layout + 1) % LAYOUT_COUNT);
        check(&c);
        /* one k and v for all heads and both sequences */
        c.k = tensor_view(c.k, 0, DIMS(2, 2, 35, 16), (int64_t[]){0, 0, c.k->strides[2], c.k->strides[3]});
        c.v = tensor_view(c.v, 0, DIMS(2, 2, 35, 16), (int64_t[]){0, 0, c.v->strides[2], c.v->strides[3]});
        check(&c);
        tensors_free();
      }
}

/* 40K keys with a mask */
static void more_than_32k_keys(void **state) {
  (void)state;
  for (int queries = 1; queries <= 2; queries++) {
    const shape s = {1, 2, 1, queries, 40000, 4, 4};
    attention_case c = random_case(EMILY_FLOAT32, s);
    const emily__tensor *mask = tensor_random(EMILY_BOOL, DIMS(1, 1, 1, 40000), 0, 1);
    c.mask = broadcast_mask(mask, s, false, false, false);
    check(&c);
    tensors_free();
  }
}

static void large_scores(void **state) {
  (void)state;
  for (int queries = 1; queries <= 12; queries += 11) {
    attention_case c = random_case(EMILY_FLOAT32, (shape){1, 1, 1, queries, 300, 8, 8});
    c.scale = 0; /* all alike */
    check(&c);
    c.scale = 1;
    emily__tensor *k = (emily__tensor *)c.k;
    for (int64_t i = 0; i < k->size; i++) tensor_set(k, i, 200); /* scores of hundreds, all the same in a row */
    check(&c);
    tensor_set(k, 150 * 8, 1e30);
    run(&c, EMILY_OK);
    tensors_free();
  }
}

typedef struct repeat {
  attention_case c;
  emily__tensor *first;
} repeat;

static void compare(void *context, int threads) {
  repeat *r = context;
  emily__tensor *y = run(&r->c, EMILY_OK);
  if (threads == 1) r->first = y;
  else assert_true(tensors_same(r->first, y));
}

static const emily__tensor *second(const emily__tensor *x) {
  return tensor_view(x, x->strides[0], DIMS(1, x->shape[1], x->shape[2], x->shape[3]), x->strides);
}

static void a_result_that_depends_on_batch_mates_or_thread_count(void **state) {
  (void)state;
  static const shape of[] = {{3, 4, 2, 100, 100, 32, 32}, {3, 4, 2, 1, 3000, 32, 32}, {3, 6, 2, 4, 333, 32, 32}};
  for (int d = 0; d < 3; d++)
    for (int i = 0; i < 3; i++) {
      repeat r = {.c = random_case(floats[d], of[i])};
      r.c.causal = true;
      with_threads(compare, &r);
      attention_case alone = r.c;
      alone.q = second(r.c.q), alone.k = second(r.c.k), alone.v = second(r.c.v);
      assert_true(tensors_same(run(&alone, EMILY_OK), second(r.first)));
      tensors_free();
    }
}

static void zero_size_and_failing_allocations(void **state) {
  (void)state;
  attention_case c = random_case(EMILY_FLOAT32, (shape){1, 2, 2, 0, 5, 4, 4});
  run(&c, EMILY_OK);
  c = random_case(EMILY_FLOAT32, (shape){1, 2, 2, 3, 0, 4, 4}); /* nothing to see */
  check(&c);
  c = random_case(EMILY_FLOAT32, (shape){1, 2, 2, 3, 5, 4, 0});
  run(&c, EMILY_OK);
  for (int d = 2; d < 4; d++)
    for (int queries = 1; queries <= 40; queries += 39) {
      c = random_case(floats[d], (shape){1, 2, 2, queries, 40, 16, 16});
      emily__alloc_fail_after(1);
      run(&c, EMILY_OUT_OF_MEMORY);
      emily__alloc_fail_after(0);
      const int64_t live = emily__alloc_live();
      check(&c);
      assert_int_equal(emily__alloc_live(), live);
    }
  tensors_free();
}

/* ---- by hand ---- */

/* One query over keys k with values v, in a node of its own; D = Dv = 1. */
static emily__tensor *run_node(const emily__attrs_attention *attrs, emily__tensor *q, emily__tensor *k, emily__tensor *v,
                          emily__tensor *extra) {
  emily__tensor *out = tensor_new(q->dtype, 4, (int64_t[]){q->shape[0], q->shape[1], q->shape[2], v->shape[3]});
  const emily__tensor *inputs[4] = {q, k, v, extra};
  assert_int_equal(tensor_run(EMILY__PRIM_attention, attrs, out, extra ? 4 : 3, inputs), EMILY_OK);
  return out;
}

/* Softmax of equal scores is the mean of the values that are seen. */
static void causal_is_aligned_at_the_bottom_right(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT16; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1, .causal = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){0, 0});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){1, 2, 3, 4, 5});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){1, 2, 3, 6, 8});
    emily__tensor *out = run_node(&attrs, q, k, v, NULL); /* q = 2, k = 5: query 0 sees four keys, query 1 all */
    assert_true(tensor_get(out, 0) == 3 && tensor_get(out, 1) == 4);
    q = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){0, 0, 0, 0, 0});
    k = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){1, 2});
    v = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){4, 8});
    out = run_node(&attrs, q, k, v, NULL); /* q = 5, k = 2: the first three see nothing */
    static const double want[] = {0, 0, 0, 4, 6};
    for (int i = 0; i < 5; i++) assert_true(tensor_get(out, i) == want[i]);
    tensors_free();
  }
}

static void a_window_keeps_its_keys_with_the_querys_own(void **state) {
  (void)state;
  emily__attrs_attention attrs = {.scale = 1, .causal = 1, .window = 2};
  emily__tensor *q = tensor_of(EMILY_FLOAT64, DIMS(1, 1, 4, 1), (double[]){0, 0, 0, 0});
  emily__tensor *v = tensor_of(EMILY_FLOAT64, DIMS(1, 1, 4, 1), (double[]){1, 3, 5, 7});
  emily__tensor *out = run_node(&attrs, q, q, v, NULL);
  static const double want[] = {1, 2, 4, 6};
  for (int i = 0; i < 4; i++) assert_true(tensor_get(out, i) == want[i]);
  tensors_free();
}

static void sinks_take_their_share_and_give_nothing(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1, .has_sinks = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 2, 1, 1), (double[]){0, 0});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){1, 2, 3});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){4, 4, 4});
    emily__tensor *sinks = tensor_of(d, DIMS(2), (double[]){0, 200});
    emily__tensor *out = run_node(&attrs, q, k, v, sinks);
    assert_true(fabs(tensor_get(out, 0) - 3) < 1e-6); /* three keys and a sink of equal score: 3/4 of 4 */
    assert_true(tensor_get(out, 1) >= 0 && tensor_get(out, 1) < 1e-30); /* the sink takes all, also where e^200 overflows */
    tensors_free();
  }
}

static void masks_hide_or_add(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 2, .has_mask = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 1, 1), (double[]){1});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){NAN, 0, log(3) / 2});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){NAN, 0, 4});
    emily__tensor *keep = tensor_of(EMILY_BOOL, DIMS(1, 1, 1, 3), (double[]){0, 1, 1});
    assert_true(fabs(tensor_get(run_node(&attrs, q, k, v, keep), 0) - 3) < 1e-6); /* weights 1 : 3 */
    emily__tensor *add = tensor_of(d, DIMS(1, 1, 1, 3), (double[]){-INFINITY, log(3), 0});
    assert_true(fabs(tensor_get(run_node(&attrs, q, k, v, add), 0) - 2) < 1e-6); /* 3 : 3 */
    tensors_free();
  }
}

static void groups_of_heads_share_keys(void **state) {
  (void)state;
  emily__attrs_attention attrs = {.scale = 1};
  emily__tensor *q = tensor_of(EMILY_FLOAT64, DIMS(1, 6, 1, 1), (double[]){0, 0, 0, 0, 0, 0});
  emily__tensor *k = tensor_of(EMILY_FLOAT64, DIMS(1, 2, 1, 1), (double[]){0, 0});
  emily__tensor *v = tensor_of(EMILY_FLOAT64, DIMS(1, 2, 1, 1), (double[]){5, 7});
  emily__tensor *out = run_node(&attrs, q, k, v, NULL);
  for (int h = 0; h < 6; h++) assert_true(tensor_get(out, h) == (h < 3 ? 5 : 7));
  tensors_free();
}

static void empty_extents(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){1, 2});
    emily__tensor *none = tensor_new(d, DIMS(1, 1, 0, 1));
    emily__tensor *out = run_node(&attrs, q, none, none, NULL); /* no keys: zeros */
    assert_true(tensor_get(out, 0) == 0 && tensor_get(out, 1) == 0);
    assert_int_equal(run_node(&attrs, none, q, q, NULL)->size, 0);
    tensors_free();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(causal_is_aligned_at_the_bottom_right),
      cmocka_unit_test(a_window_keeps_its_keys_with_the_querys_own),
      cmocka_unit_test(sinks_take_their_share_and_give_nothing),
      cmocka_unit_test(masks_hide_or_add),
      cmocka_unit_test(groups_of_heads_share_keys),
      cmocka_unit_test(empty_extents),
      cmocka_unit_test(every_shape_and_dtype),
      cmocka_unit_test(causal_mask_when_queries_and_keys_differ),
      cmocka_unit_test(sliding_windows),
      cmocka_unit_test(gqa_sliding_window_attention_sinks),
      cmocka_unit_test(masks_of_every_kind),
      cmocka_unit_test(fully_masked_attention_rows_give_nan),
      cmocka_unit_test(unused_slots_of_a_kv_cache_leak_in),
      cmocka_unit_test(negative_broadcast_padded_strides),
      cmocka_unit_test(more_than_32k_keys),
      cmocka_unit_test(large_scores),
      cmocka_unit_test(a_result_that_depends_on_batch_mates_or_thread_count),
      cmocka_unit_test(zero_size_and_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
