/* test_conv.c: the primitive conv in float32 and 16-bit floats against itself in float64, and that against the formula, over dilations,
 * strides, paddings, groups and layouts; failing allocations. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "graph/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t state = 88172645463325252u;
static uint32_t next(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33);
}
static int64_t pick(int64_t low, int64_t high) { return low + next() % (high - low + 1); }

typedef struct operand {
  char *memory;
  int64_t shape[4], strides[4];
  emily__tensor tensor;
} operand;

static void put(emily_dtype dtype, char *to, double x) {
  if (dtype == EMILY_FLOAT32) *(float *)(void *)to = (float)x;
  else if (dtype == EMILY_FLOAT64) *(double *)(void *)to = x;
  else if (dtype == EMILY_FLOAT16) *(emily__f16 *)(void *)to = emily__f32_to_f16((float)x);
  else *(emily__bf16 *)(void *)to = emily__f32_to_bf16((float)x);
}
static double get(const operand *x, int64_t at) {
  const char *p = (const char *)x->tensor.data + at * (int64_t)emily_dtype_size(x->tensor.dtype);
  if (x->tensor.dtype == EMILY_FLOAT32) return *(const float *)(const void *)p;
  if (x->tensor.dtype == EMILY_FLOAT64) return *(const double *)(const void *)p;
  if (x->tensor.dtype == EMILY_FLOAT16) return emily__f16_to_f32(*(const emily__f16 *)(const void *)p);
  return emily__bf16_to_f32(*(const emily__bf16 *)(const void *)p);
}

/* [a, b, c, d] with `gap` elements unused between those of the last axis. Numbers of few bits: exact in every dtype. */
static void make(operand *x, emily_dtype dtype, const int64_t shape[4], int64_t gap, uint64_t seed) {
  int64_t size = 1 + gap, itemsize = (int64_t)emily_dtype_size(dtype);
  for (int i = 3; i >= 0; i--) {
    x->shape[i] = shape[i];
    x->strides[i] = size;
    size *= shape[i];
  }
  x->memory = malloc((size_t)((size + 1) * itemsize));
  uint64_t before = state;
  state = seed;
  for (int64_t i = 0; i < size / (1 + gap); i++) put(dtype, x->memory + i * (1 + gap) * itemsize, (double)pick(-8, 8) / 8);
  state = before;
  x->tensor = (emily__tensor){x->memory, x->shape, x->strides, size / (1 + gap), 4, dtype, gap == 0};
}

typedef struct conv_case {
  emily__attrs_conv attrs;
  int64_t x[4], w[4], out[4];
} conv_case;

static bool draw(conv_case *c) {
  *c = (conv_case){.attrs = {.axes = 2, .groups = next() % 3 ? 1 : pick(2, 20), .flip = next() % 2}};
  const int64_t channels = c->attrs.groups > 1 && next() % 2 ? 1 : pick(1, 70), filters = channels == 1 && next() % 2 ? 1 : pick(1, 40);
  c->x[0] = pick(1, 3), c->x[3] = channels * c->attrs.groups;
  c->w[0] = c->out[3] = filters * c->attrs.groups, c->w[3] = channels;
  c->out[0] = c->x[0];
  for (int i = 0; i < 2; i++) {
    c->x[i + 1] = pick(1, 14), c->w[i + 1] = pick(1, 4);
    c->attrs.stride[i] = pick(1, 3), c->attrs.kernel_dilation[i] = pick(1, 3), c->attrs.input_dilation[i] = next() % 2 ? 1 : pick(1, 4);
    c->attrs.low[i] = pick(-1, 3), c->attrs.high[i] = pick(-1, 3);
    const emily__window w = {c->x[i + 1], c->attrs.input_dilation[i], c->attrs.low[i], c->attrs.high[i], c->w[i + 1],
                             c->attrs.kernel_dilation[i], c->attrs.stride[i]};
    if (emily__window_places(&w, &c->out[i + 1])) return false;
  }
  return true;
}

static emily_status run(const conv_case *c, const operand *x, const operand *w, operand *out) {
  const emily__tensor inputs[2] = {x->tensor, w->tensor};
  const emily__node_view node = {.prim = EMILY__PRIM_conv, .attrs = &c->attrs, .n_inputs = 2, .n_outputs = 1, .inputs = inputs,
                                 .outputs = &out->tensor, .donated = -1};
  return emily__cpu_conv(&node);
}

/* Element of the input that tap t of output o reads; -1: none. */
static int64_t reads(const conv_case *c, int i, int64_t o, int64_t t) {
  const int64_t p = o * c->attrs.stride[i] + t * c->attrs.kernel_dilation[i] - c->attrs.low[i], spread = c->attrs.input_dilation[i];
  return p < 0 || p % spread || p / spread >= c->x[i + 1] ? -1 : p / spread;
}

static double formula(const conv_case *c, const operand *x, const operand *w, const int64_t o[4]) {
  const int64_t filters = c->w[0] / c->attrs.groups, group = o[3] / filters;
  double sum = 0;
  for (int64_t a = 0; a < c->w[1]; a++)
    for (int64_t b = 0; b < c->w[2]; b++) {
      const int64_t i = reads(c, 0, o[1], a), j = reads(c, 1, o[2], b);
      if (i < 0 || j < 0) continue;
      const int64_t ta = c->attrs.flip ? c->w[1] - 1 - a : a, tb = c->attrs.flip ? c->w[2] - 1 - b : b;
      for (int64_t k = 0; k < c->w[3]; k++)
        sum += get(x, o[0] * x->strides[0] + i * x->strides[1] + j * x->strides[2] + (group * c->w[3] + k) * x->strides[3]) *
               get(w, o[3] * w->strides[0] + ta * w->strides[1] + tb * w->strides[2] + k * w->strides[3]);
    }
  return sum;
}

/* Products of eighths are exact, and so are their sums in float32: 16-bit results are rounded once. */
static void check(const conv_case *c, emily_dtype dtype) {
  operand x, w, out;
  make(&x, dtype, c->x, next() % 3 ? 0 : 1, 11);
  make(&w, dtype, c->w, next() % 3 ? 0 : 2, 12);
  make(&out, dtype, c->out, 0, 13);
  assert_int_equal(run(c, &x, &w, &out), EMILY_OK);
  int64_t at = 0;
  for (int64_t n = 0; n < c->out[0]; n++)
    for (int64_t i = 0; i < c->out[1]; i++)
      for (int64_t j = 0; j < c->out[2]; j++)
        for (int64_t f = 0; f < c->out[3]; f++, at++) {
          const double want = formula(c, &x, &w, (int64_t[]){n, i, j, f}), got = get(&out, at);
          const double unit = dtype == EMILY_FLOAT16 ? 0x1p-11 : dtype == EMILY_BFLOAT16 ? 0x1p-8 : 0;
          if (!(fabs(got - want) <= fabs(want) * unit)) fail_msg("%s: %g instead of %g", emily_dtype_name(dtype), got, want);
        }
  free(x.memory);
  free(w.memory);
  free(out.memory);
}

static void dilated_windows(void **unused) {
  (void)unused;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT64, EMILY_FLOAT16, EMILY_BFLOAT16};
  for (int trial = 0; trial < 200; trial++) {
    conv_case c;
    if (draw(&c)) check(&c, dtypes[trial % 4]);
  }
}

static void failing_allocations(void **unused) {
  (void)unused;
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT64};
  conv_case c = {.attrs = {.axes = 2, .groups = 1, .stride = {1, 1}, .kernel_dilation = {1, 1}, .input_dilation = {1, 1}},
                 .x = {1, 4, 4, 3}, .w = {5, 2, 2, 3}, .out = {1, 3, 3, 5}};
  for (int i = 0; i < 2; i++) {
    operand x, w, out;
    make(&x, dtypes[i], c.x, 0, 1), make(&w, dtypes[i], c.w, 0, 2), make(&out, dtypes[i], c.out, 0, 3);
    emily__alloc_fail_after(1);
    assert_int_equal(run(&c, &x, &w, &out), EMILY_OUT_OF_MEMORY);
    emily__alloc_fail_after(0);
    assert_int_equal(run(&c, &x, &w, &out), EMILY_OK);
    free(x.memory), free(w.memory), free(out.memory);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(dilated_windows), cmocka_unit_test(failing_allocations)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
