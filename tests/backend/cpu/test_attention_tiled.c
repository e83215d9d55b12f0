/* test_attention_tiled.c: the tiled attention against the row-by-row one in float64, over heads, masks, windows, layouts and dtypes,
 * and what must not leak into it. */
#include "backend/cpu/attention.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "support/arrays.h"
#include "support/tensors.h"

#include <math.h>
#include <stdio.h>

/* One problem: what an attention node is made of. */
typedef struct problem {
  int64_t B, H, Hk, Tq, Tk, D, Dv, window;
  emily_dtype dtype;
  int mask;   /* 0 none, 1 bool, 2 additive */
  bool causal, sinks;
  int layout; /* of q, k and v */
} problem;

typedef struct operands {
  emily__tensor *q, *k, *v, *mask, *sinks;
} operands;

static operands make(const problem *p) {
  operands o = {0};
  o.q = tensor_laid_out(tensor_random(p->dtype, DIMS(p->B, p->H, p->Tq, p->D), -1, 1), p->layout);
  o.k = tensor_laid_out(tensor_random(p->dtype, DIMS(p->B, p->Hk, p->Tk, p->D), -1, 1), p->layout);
  o.v = tensor_laid_out(tensor_random(p->dtype, DIMS(p->B, p->Hk, p->Tk, p->Dv), -1, 1), p->layout);
  if (p->mask == 1) o.mask = tensor_random(EMILY_BOOL, DIMS(p->B, p->H, p->Tq, p->Tk), 0, 1);
  if (p->mask == 2) {
    o.mask = tensor_random(p->dtype, DIMS(p->B, p->H, p->Tq, p->Tk), -2, 2);
    for (int64_t i = 0; i < o.mask->size; i += 3) tensor_set(o.mask, i, -INFINITY);
  }
  if (p->sinks) o.sinks = tensor_random(p->dtype, DIMS(p->H), -1, 1);
  return o;
}

static emily__attention call(const problem *p, const operands *o, const emily__cpu_kernels *kernels, const emily__tensor *out) {
  return (emily__attention){.q = o->q, .k = o->k, .v = o->v, .out = out, .mask = o->mask, .sinks = o->sinks, .kernels = kernels,
                            .B = p->B, .H = p->H, .Hk = p->Hk, .group = p->H / p->Hk, .Tq = p->Tq, .Tk = p->Tk, .D = p->D,
                            .Dv = p->Dv, .window = p->window, .scale = 1 / sqrtf((float)p->D), .causal = p->causal};
}

static emily__tensor *tiled(const problem *p, const operands *o, const emily__cpu_kernels *kernels) {
  emily__tensor *out = tensor_new(p->dtype, DIMS(p->B, p->H, p->Tq, p->Dv));
  emily__attention a = call(p, o, kernels, out);
  assert_int_equal(emily__attention_tiled(&a), EMILY_OK);
  return out;
}

static emily__tensor *plain(const problem *p, const operands *o) {
  emily__tensor *out = tensor_new(p->dtype, DIMS(p->B, p->H, p->Tq, p->Dv));
  emily__attention a = call(p, o, emily__cpu_kernels_get(), out);
  assert_int_equal(emily__attention_plain(&a), EMILY_OK);
  return out;
}

/* Values are below 1, sums of float32 products of up to a thousand terms are off by some 1e-6; then one rounding of the dtype. */
static double tolerance(emily_dtype dtype) {
  return dtype == EMILY_FLOAT32 ? 4e-6 : dtype == EMILY_FLOAT16 ? 0x1p-11 + 4e-6 : 0x1p-8 + 4e-6;
}

static void expect_equal(const problem *p, const emily__tensor *got, const emily__tensor *want) {
  for (int64_t i = 0; i < got->size; i++) {
    const double a = tensor_get(got, i), b = tensor_get(want, i);
    if (!(fabs(a - b) <= tolerance(p->dtype)))
      fail_msg("B %d H %d/%d T %d x %d D %d/%d %s mask %d causal %d window %d sinks %d layout %d: element %d is %g, not %g",
               (int)p->B, (int)p->H, (int)p->Hk, (int)p->Tq, (int)p->Tk, (int)p->D, (int)p->Dv, emily_dtype_name(p->dtype), p->mask,
               p->causal, (int)p->window, p->sinks, p->layout, (int)i, a, b);
  }
}

static void random_problems_at_each_level(void **state) {
  (void)state;
  static const char *const levels[] = {"plain", "avx2", "avx512"};
  static const int64_t lengths[] = {1, 2, 3, 5, 9, 17, 63, 64, 65, 127, 128, 129, 200, 300}, widths[] = {1, 3, 8, 16, 31, 32, 64, 80};
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16};
  uint64_t seed = test_seed();
  for (size_t l = 0; l < 3; l++) {
    emily__cpu_kernels kernels;
    if (!emily__cpu_kernels_at(levels[l], &kernels)) {
      printf("%s: not on this cpu\n", levels[l]);
      continue;
    }
    for (int round = 0; round < 120; round++) {
      problem p = {.B = 1 + (int64_t)(test_random(&seed) % 2), .Hk = 1 + (int64_t)(test_random(&seed) % 3)};
      p.H = p.Hk * (1 + (int64_t)(test_random(&seed) % 4));
      p.Tq = lengths[test_random(&seed) % (round % 4 ? 8 : 14)];
      p.Tk = lengths[test_random(&seed) % 14];
      p.D = widths[test_random(&seed) % 8];
      p.Dv = test_random(&seed) % 2 ? p.D : widths[test_random(&seed) % 8];
      p.dtype = dtypes[test_random(&seed) % 3];
      p.mask = (int)(test_random(&seed) % 3);
      p.causal = test_random(&seed) % 2;
      p.window = p.causal && test_random(&seed) % 2 ? 1 + (int64_t)(test_random(&seed) % 150) : 0;
      p.sinks = test_random(&seed) % 3 == 0;
      p.layout = (int)(test_random(&seed) % LAYOUT_COUNT);
      operands o = make(&p);
      expect_equal(&p, tiled(&p, &o, &kernels), plain(&p, &o));
      tensors_free();
    }
  }
}

static void rows_that_see_nothing_are_zero(void **state) {
  (void)state;
  for (int sinks = 0; sinks < 2; sinks++) {
    problem p = {.B = 1, .H = 2, .Hk = 1, .Tq = 5, .Tk = 2, .D = 8, .Dv = 8, .dtype = EMILY_FLOAT32, .causal = true, .sinks = sinks};
    operands o = make(&p);
    emily__tensor *out = tiled(&p, &o, emily__cpu_kernels_get());
    expect_equal(&p, out, plain(&p, &o));
    for (int64_t h = 0; h < 2; h++)
      for (int64_t i = 0; i < 3 * 8; i++) assert_true(tensor_get(out, h * 40 + i) == 0); /* queries 0 to 2 of 5 see none of 2 keys */
    assert_true(tensor_get(out, 3 * 8) != 0);
    tensors_free();
  }
  problem p = {.B = 2, .H = 2, .Hk = 2, .Tq = 70, .Tk = 140, .D = 16, .Dv = 16, .dtype = EMILY_FLOAT32, .mask = 1};
  operands o = make(&p);
  for (int64_t i = 0; i < o.mask->size; i++) tensor_set(o.mask, i, 0);
  emily__tensor *out = tiled(&p, &o, emily__cpu_kernels_get());
  for (int64_t i = 0; i < out->size; i++) assert_true(tensor_get(out, i) == 0);
  tensors_free();
}

/* Keys behind the mask hold NaN in k and v: the output has the same bits as with zeros there. */
static void unused_slots_of_a_cache_do_not_leak(void **state) {
  (void)state;
  for (int64_t Tq = 1; Tq <= 65; Tq += 32) {
    problem p = {.B = 1, .H = 4, .Hk = 2, .Tq = Tq, .Tk = 150, .D = 16, .Dv = 16, .dtype = EMILY_FLOAT32, .mask = 1};
    operands o = make(&p);
    emily__tensor *out[2];
    for (int fill = 0; fill < 2; fill++) {
      for (int64_t h = 0; h < 2; h++)
        for (int64_t j = 100; j < 150; j++)
          for (int64_t d = 0; d < 16; d++) {
            tensor_set(o.k, (h * 150 + j) * 16 + d, fill ? NAN : 0);
            tensor_set(o.v, (h * 150 + j) * 16 + d, fill ? NAN : 0);
          }
      for (int64_t r = 0; r < 4 * Tq; r++)
        for (int64_t j = 0; j < 150; j++) tensor_set(o.mask, r * 150 + j, j < 100);
      out[fill] = tiled(&p, &o, emily__cpu_kernels_get());
    }
    /* with NaN in a tile the sums are taken key by key: another order, so the last bits may differ, and nothing more */
    expect_equal(&p, out[1], out[0]);
    tensors_free();
  }
}

static void neighbours_and_threads_change_no_bit(void **state) {
  (void)state;
  problem p = {.B = 3, .H = 6, .Hk = 2, .Tq = 70, .Tk = 200, .D = 32, .Dv = 32, .dtype = EMILY_FLOAT32, .causal = true, .window = 90};
  operands o = make(&p);
  emily__tensor *first = tiled(&p, &o, emily__cpu_kernels_get());
  for (int64_t i = 0; i < o.q->size / 3; i++) tensor_set(o.q, i, 5); /* sequence 0 changes, 1 and 2 do not */
  emily_set_threads(1);
  emily__tensor *one = tiled(&p, &o, emily__cpu_kernels_get());
  emily_set_threads(3);
  emily__tensor *many = tiled(&p, &o, emily__cpu_kernels_get());
  emily_set_threads(0);
  assert_true(tensors_same(one, many));
  for (int64_t i = first->size / 3; i < first->size; i++) assert_true(tensor_get(first, i) == tensor_get(one, i));
  tensors_free();
}

static void more_than_32k_keys_with_a_mask(void **state) {
  (void)state;
  problem p = {.B = 1, .H = 2, .Hk = 1, .Tq = 2, .Tk = 40000, .D = 16, .Dv = 16, .dtype = EMILY_FLOAT32, .mask = 1};
  operands o = make(&p);
  expect_equal(&p, tiled(&p, &o, emily__cpu_kernels_get()), plain(&p, &o));
  tensors_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_problems_at_each_level),       cmocka_unit_test(rows_that_see_nothing_are_zero),
      cmocka_unit_test(unused_slots_of_a_cache_do_not_leak), cmocka_unit_test(neighbours_and_threads_change_no_bit),
      cmocka_unit_test(more_than_32k_keys_with_a_mask),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
