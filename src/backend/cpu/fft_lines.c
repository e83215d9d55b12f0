/* fft_lines.c: transforms of contiguous lines by a plan; see fft.h and fft_plan.h. */
#include "backend/cpu/fft.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"
#include "base/alloc.h"

#include <string.h>

enum { LANES = EMILY__FFT_LANES, POINT = EMILY__FFT_POINT };

static int64_t blocks_of(int64_t n) { return (n + LANES - 1) / LANES; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- PASSES: points of sixteen lines, [n][2][16] ---- */

/* Where the result is: a or b, which are both overwritten. */
static float *run_passes(const emily__fft_plan *plan, float *a, float *b, int32_t re) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  for (int32_t i = 0; i < plan->count; i++) {
    k->fft_pass(b, a, &plan->passes[i], re);
    float *last = a;
    a = b;
    b = last;
  }
  return a;
}

static int64_t passes_scratch(int64_t n) { return 2 * n * POINT; }

static void transform_passes(const emily__fft_plan *plan, int64_t count, const float *in, int64_t in_ld, float *out, int64_t out_ld,
                             bool inverse, float *scratch) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  const int64_t n = plan->n;
  if (count < LANES) memset(scratch, 0, (size_t)(n * POINT) * sizeof *scratch);
  k->transpose_f32(scratch, LANES, in, 2 * in_ld, count, 2 * n);
  const float *y = run_passes(plan, scratch, scratch + n * POINT, inverse ? LANES : 0);
  k->transpose_f32(out, 2 * out_ld, y, LANES, 2 * n, count);
}

/* ---- SPLIT ---- */

/* One line's steps: first blocks of sixteen columns into `middle` [⌈n2 / 16⌉][n1][2][16], then blocks of sixteen rows of that. */
typedef struct split {
  const emily__fft_plan *plan;
  const float *in;
  float *out, *middle;
  int32_t re;
} split;

static int64_t split_middle(const emily__fft_plan *plan) { return blocks_of(plan->rows->n) * plan->columns->n * POINT; }
static int64_t split_block(const emily__fft_plan *plan) {
  return passes_scratch(plan->columns->n > plan->rows->n ? plan->columns->n : plan->rows->n);
}

/* Sixteen complex numbers (or n and zeros) as one point, and back. */
static void load_point(float *point, const float *x, int64_t n) {
  for (int64_t l = 0; l < n; l++) point[l] = x[2 * l], point[l + LANES] = x[2 * l + 1];
  for (int64_t l = n; l < LANES; l++) point[l] = point[l + LANES] = 0;
}
static void store_point(float *x, const float *point, int64_t n) {
  for (int64_t l = 0; l < n; l++) x[2 * l] = point[l], x[2 * l + 1] = point[l + LANES];
}

/* out = y · factors, point by point */
static void turn(float *out, const float *y, const float *factors, int64_t points, int32_t re) {
  const int32_t im = LANES - re;
  for (int64_t i = 0; i < points; i++, out += POINT, y += POINT, factors += POINT)
    for (int32_t l = 0; l < LANES; l++) {
      const float a = y[re + l], b = y[im + l], c = factors[l], d = factors[LANES + l];
      out[re + l] = a * c - b * d;
      out[im + l] = a * d + b * c;
    }
}

static void split_columns(const split *s, int64_t block, float *scratch) {
  const emily__fft_plan *columns = s->plan->columns;
  const int64_t n1 = columns->n, n2 = s->plan->rows->n, first = block * LANES, n = smaller(LANES, n2 - first);
  for (int64_t j = 0; j < n1; j++)
    if (n == LANES) load_point(scratch + j * POINT, s->in + 2 * (j * n2 + first), LANES);
    else load_point(scratch + j * POINT, s->in + 2 * (j * n2 + first), n);
  const float *y = run_passes(columns, scratch, scratch + n1 * POINT, s->re);
  turn(s->middle + block * n1 * POINT, y, s->plan->factors + block * n1 * POINT, n1, s->re);
}

static void split_rows(const split *s, int64_t block, float *scratch) {
  const emily__cpu_kernels *k = emily__cpu_kernels_get();
  const emily__fft_plan *rows = s->plan->rows;
  const int64_t n1 = s->plan->columns->n, n2 = rows->n, first = block * LANES, n = smaller(LANES, n1 - first);
  if (n < LANES) memset(scratch, 0, (size_t)(n2 * POINT) * sizeof *scratch);
  for (int64_t b = 0; b < blocks_of(n2); b++)
    for (int64_t part = 0; part < POINT; part += LANES)
      k->transpose_f32(scratch + b * LANES * POINT + part, POINT, s->middle + (b * n1 + first) * POINT + part, POINT, n,
                       smaller(LANES, n2 - b * LANES));
  const float *y = run_passes(rows, scratch, scratch + n2 * POINT, s->re);
  for (int64_t j = 0; j < n2; j++)
    if (n == LANES) store_point(s->out + 2 * (j * n1 + first), y + j * POINT, LANES);
    else store_point(s->out + 2 * (j * n1 + first), y + j * POINT, n);
}

static void transform_split(const emily__fft_plan *plan, const float *in, float *out, bool inverse, float *scratch) {
  const split s = {plan, in, out, scratch, inverse ? LANES : 0};
  float *room = scratch + split_middle(plan);
  for (int64_t b = 0; b < blocks_of(plan->rows->n); b++) split_columns(&s, b, room);
  for (int64_t b = 0; b < blocks_of(plan->columns->n); b++) split_rows(&s, b, room);
}

typedef struct wide {
  split s;
  emily__slots slots;
  void (*step)(const split *, int64_t, float *);
} wide;

static void wide_block(void *context, int64_t block) {
  wide *w = context;
  int slot;
  float *scratch = emily__slots_take(&w->slots, &slot);
  w->step(&w->s, block, scratch);
  emily__slots_give(&w->slots, slot);
}

emily_status emily__fft_transform_wide(const emily__fft_plan *plan, const float *in, float *out, bool inverse) {
  const int32_t threads = (int32_t)smaller(emily__pool_threads(), EMILY__SLOTS_MAX);
  float *room = emily__alloc_array((size_t)(split_middle(plan) + threads * split_block(plan)), sizeof *room);
  if (!room) return EMILY_OUT_OF_MEMORY;
  wide w = {.s = {plan, in, out, room, inverse ? LANES : 0}, .step = split_columns};
  emily__slots_init(&w.slots, room + split_middle(plan), split_block(plan), threads);
  emily__pool_run(wide_block, &w, blocks_of(plan->rows->n));
  w.step = split_rows;
  emily__pool_run(wide_block, &w, blocks_of(plan->columns->n));
  emily__free(room);
  return EMILY_OK;
}

/* ---- CHIRP ---- */

/* out = x · w of n complex numbers; swapped: real and imaginary parts of x (or of out) change places. */
static void multiply(float *out, const float *x, const float *w, int64_t n, bool swap_in, bool swap_out) {
  for (int64_t i = 0; i < n; i++) {
    const float a = x[2 * i + swap_in], b = x[2 * i + !swap_in], re = a * w[2 * i] - b * w[2 * i + 1], im = a * w[2 * i + 1] + b * w[2 * i];
    out[2 * i + swap_out] = re;
    out[2 * i + !swap_out] = im;
  }
}

static void transform_chirp(const emily__fft_plan *plan, int64_t count, const float *in, int64_t in_ld, float *out, int64_t out_ld, bool inverse,
                            float *scratch) {
  const int64_t n = plan->n, m = plan->inner->n;
  float *lines = scratch, *rest = scratch + 2 * m * LANES;
  for (int64_t g = 0; g < count; g++) {
    multiply(lines + 2 * g * m, in + 2 * g * in_ld, plan->chirp, n, inverse, false);
    memset(lines + 2 * (g * m + n), 0, (size_t)(m - n) * 2 * sizeof *lines);
  }
  emily__fft_transform(plan->inner, count, lines, m, lines, m, false, rest);
  for (int64_t g = 0; g < count; g++) multiply(lines + 2 * g * m, lines + 2 * g * m, plan->filter, m, false, false);
  emily__fft_transform(plan->inner, count, lines, m, lines, m, true, rest);
  for (int64_t g = 0; g < count; g++) multiply(out + 2 * g * out_ld, lines + 2 * g * m, plan->chirp, n, false, inverse);
}

/* ---- any plan ---- */

int64_t emily__fft_scratch(const emily__fft_plan *plan) {
  if (plan->kind == EMILY__FFT_PASSES) return passes_scratch(plan->n);
  if (plan->kind == EMILY__FFT_SPLIT) return split_middle(plan) + split_block(plan);
  return 2 * plan->inner->n * LANES + emily__fft_scratch(plan->inner);
}

void emily__fft_transform(const emily__fft_plan *plan, int64_t count, const float *in, int64_t in_ld, float *out, int64_t out_ld, bool inverse,
                          float *scratch) {
  if (plan->kind == EMILY__FFT_PASSES) transform_passes(plan, count, in, in_ld, out, out_ld, inverse, scratch);
  else if (plan->kind == EMILY__FFT_CHIRP) transform_chirp(plan, count, in, in_ld, out, out_ld, inverse, scratch);
  else
    for (int64_t g = 0; g < count; g++) transform_split(plan, in + 2 * g * in_ld, out + 2 * g * out_ld, inverse, scratch);
}

emily_status emily__fft_transform_alone(const emily__fft_plan *plan, float *line) {
  float *scratch = emily__alloc_array((size_t)emily__fft_scratch(plan), sizeof *scratch);
  if (!scratch) return EMILY_OUT_OF_MEMORY;
  emily__fft_transform(plan, 1, line, plan->n, line, plan->n, false, scratch);
  emily__free(scratch);
  return EMILY_OK;
}
