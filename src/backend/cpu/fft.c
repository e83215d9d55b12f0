/* fft.c: Fourier transforms along one axis: complex forwards and backwards, real to half a spectrum, half a spectrum to real.
 *
 * Lines along the axis are taken in groups: brought together as contiguous complex lines (where they are not that already), transformed
 * by a plan (fft_plan.h), and put where they belong. Groups run in parallel; lines that are very long one after the other, each by all
 * threads. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/fft.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"

#include <string.h>

enum {
  GROUP = EMILY__FFT_LANES,
  LONG = 8192,   /* points of a line that is a group by itself */
  WIDE = 32768   /* points of a SPLIT line that all threads work on */
};

typedef struct job {
  const emily__tensor *in, *out;
  const emily__fft_plan *plan, *line; /* line: the complex one, plan itself but for REAL */
  emily__fft_mode mode;
  int32_t axis;
  int64_t n, lines, group; /* n: length of the longer side; lines a group */
  float scale;
  bool wide;
  emily__slots slots;
} job;

/* A group of lines under way: where each starts, and buffers of `points` complex numbers a line. */
typedef struct lines {
  int64_t count;
  const char *in[GROUP];
  char *out[GROUP];
  int64_t in_stride, out_stride; /* along the axis, bytes */
  float *from, *to;
} lines;

static const char *line_at(const emily__tensor *t, int32_t axis, int64_t index) {
  int64_t offset = 0;
  for (int32_t i = t->ndim - 1; i >= 0; i--) {
    if (i == axis) continue;
    offset += index % t->shape[i] * t->strides[i];
    index /= t->shape[i];
  }
  return (const char *)t->data + offset * (int64_t)emily_dtype_size(t->dtype);
}

/* ---- from the input to complex lines ---- */

static void bring_complex(const job *j, const lines *l) {
  const int64_t n = j->line->n;
  for (int64_t k = 0; k < n; k++)
    for (int64_t g = 0; g < l->count; g++) memcpy(l->from + 2 * (g * n + k), l->in[g] + k * l->in_stride, 8);
}

/* Pairs of reals are complex numbers where n is even; else the imaginary parts are zero. */
static void bring_reals(const job *j, const lines *l) {
  const int64_t points = j->line->n, step = j->plan->kind == EMILY__FFT_REAL ? 1 : 2;
  for (int64_t k = 0; k < j->n; k++)
    for (int64_t g = 0; g < l->count; g++) {
      float *to = l->from + 2 * g * points + step * k;
      memcpy(to, l->in[g] + k * l->in_stride, 4);
      if (step == 2) to[1] = 0;
    }
}

typedef struct complex_pair {
  float re, im;
} complex_pair;

static complex_pair at(const char *line, int64_t stride, int64_t k) {
  complex_pair z;
  memcpy(&z, line + k * stride, sizeof z);
  return z;
}

/* Half a spectrum X as the transform Z of pairs: Z[k] = E + i O with E = X[k] + conj X[h - k], O = (X[k] - conj X[h - k]) exp(2πi k / n). */
static void fold(const job *j, const char *line, int64_t stride, float *z) {
  const int64_t h = j->n / 2;
  const float first = at(line, stride, 0).re, last = at(line, stride, h).re;
  z[0] = first + last;
  z[1] = first - last;
  for (int64_t k = 1; k <= h / 2; k++) {
    const complex_pair a = at(line, stride, k), b = at(line, stride, h - k);
    const float *w = j->plan->halves + 2 * k;
    const float er = a.re + b.re, ei = a.im - b.im, dr = a.re - b.re, di = a.im + b.im;
    const float o_re = dr * w[0] + di * w[1], o_im = di * w[0] - dr * w[1];
    z[2 * (h - k)] = er + o_im;
    z[2 * (h - k) + 1] = o_re - ei;
    z[2 * k] = er - o_im;
    z[2 * k + 1] = ei + o_re;
  }
}

/* An odd length: the other half is the mirrored conjugate. */
static void mirror(const job *j, const char *line, int64_t stride, float *z) {
  z[0] = at(line, stride, 0).re;
  z[1] = 0;
  for (int64_t k = 1; k <= j->n / 2; k++) {
    const complex_pair a = at(line, stride, k);
    z[2 * k] = z[2 * (j->n - k)] = a.re;
    z[2 * k + 1] = a.im;
    z[2 * (j->n - k) + 1] = -a.im;
  }
}

static void bring_spectrum(const job *j, const lines *l) {
  for (int64_t g = 0; g < l->count; g++) {
    float *z = l->from + 2 * g * j->line->n;
    if (j->plan->kind == EMILY__FFT_REAL) fold(j, l->in[g], l->in_stride, z);
    else mirror(j, l->in[g], l->in_stride, z);
  }
}

/* ---- from complex lines to the output ---- */

static void put_complex(const job *j, const lines *l, int64_t length) {
  const int64_t points = j->line->n;
  for (int64_t k = 0; k < length; k++)
    for (int64_t g = 0; g < l->count; g++) {
      const float *z = l->to + 2 * (g * points + k);
      memcpy(l->out[g] + k * l->out_stride, &(complex_pair){z[0] * j->scale, z[1] * j->scale}, 8);
    }
}

static void put_reals(const job *j, const lines *l) {
  const int64_t points = j->line->n, step = j->plan->kind == EMILY__FFT_REAL ? 1 : 2;
  for (int64_t k = 0; k < j->n; k++)
    for (int64_t g = 0; g < l->count; g++) {
      const float x = l->to[2 * g * points + step * k] * j->scale;
      memcpy(l->out[g] + k * l->out_stride, &x, 4);
    }
}

/* The transform Z of pairs as half a spectrum X: X[k] = E + w O, X[h - k] = conj(E - w O), w = exp(-2πi k / n), with
 * E = (Z[k] + conj Z[h - k]) / 2, O = -i (Z[k] - conj Z[h - k]) / 2. */
static void unfold(const job *j, const float *z, char *line, int64_t stride) {
  const int64_t h = j->n / 2;
  const float half = 0.5f * j->scale;
  memcpy(line, &(complex_pair){(z[0] + z[1]) * j->scale, 0}, 8);
  memcpy(line + h * stride, &(complex_pair){(z[0] - z[1]) * j->scale, 0}, 8);
  for (int64_t k = 1; k <= h / 2; k++) {
    const float *a = z + 2 * k, *b = z + 2 * (h - k), *w = j->plan->halves + 2 * k;
    const float er = a[0] + b[0], ei = a[1] - b[1], o_re = a[1] + b[1], o_im = b[0] - a[0];
    const float tr = o_re * w[0] - o_im * w[1], ti = o_re * w[1] + o_im * w[0];
    memcpy(line + (h - k) * stride, &(complex_pair){half * (er - tr), half * (ti - ei)}, 8);
    memcpy(line + k * stride, &(complex_pair){half * (er + tr), half * (ei + ti)}, 8);
  }
}

static void put_spectrum(const job *j, const lines *l) {
  if (j->plan->kind != EMILY__FFT_REAL) put_complex(j, l, j->n / 2 + 1);
  else
    for (int64_t g = 0; g < l->count; g++) unfold(j, l->to + 2 * g * j->line->n, l->out[g], l->out_stride);
}

/* ---- groups ---- */

/* Lines that are contiguous and equally far apart are transformed where they are; *ld complex numbers apart. */
static bool in_place(const char *const *line, int64_t count, int64_t stride, int64_t wanted, int64_t *ld) {
  const int64_t apart = count > 1 ? line[1] - line[0] : 0;
  *ld = apart / 8;
  if (stride != wanted || apart % 8 || apart < 0) return false;
  for (int64_t g = 2; g < count; g++)
    if (line[g] - line[0] != g * apart) return false;
  return true;
}

static void scale_line(float *x, int64_t floats, float scale) {
  for (int64_t i = 0; i < floats; i++) x[i] *= scale;
}

static emily_status transform(const job *j, const lines *l, const float *from, int64_t from_ld, float *to, int64_t to_ld, float *scratch) {
  const bool inverse = j->mode == EMILY__FFT_BACKWARD || j->mode == EMILY__FFT_TO_REAL;
  if (j->wide) return emily__fft_transform_wide(j->line, from, to, inverse);
  emily__fft_transform(j->line, l->count, from, from_ld, to, to_ld, inverse, scratch);
  return EMILY_OK;
}

static emily_status run_group(const job *j, int64_t group, float *room) {
  const bool complex = j->mode == EMILY__FFT_FORWARD || j->mode == EMILY__FFT_BACKWARD;
  const int64_t points = j->line->n, first = group * j->group;
  int64_t from_ld = points, to_ld = points;
  lines l = {.count = j->lines - first < j->group ? j->lines - first : j->group, .from = room, .to = room + 2 * points * j->group};
  l.in_stride = j->in->strides[j->axis] * (int64_t)emily_dtype_size(j->in->dtype);
  l.out_stride = j->out->strides[j->axis] * (int64_t)emily_dtype_size(j->out->dtype);
  for (int64_t g = 0; g < l.count; g++) {
    l.in[g] = line_at(j->in, j->axis, first + g);
    l.out[g] = (char *)line_at(j->out, j->axis, first + g);
  }
  const float *from = l.from;
  const bool pairs = j->mode == EMILY__FFT_FROM_REAL && j->plan->kind == EMILY__FFT_REAL;
  if ((complex && in_place(l.in, l.count, l.in_stride, 8, &from_ld)) || (pairs && in_place(l.in, l.count, l.in_stride, 4, &from_ld)))
    from = (const float *)(const void *)l.in[0];
  else {
    from_ld = points;
    if (complex) bring_complex(j, &l);
    else if (j->mode == EMILY__FFT_FROM_REAL) bring_reals(j, &l);
    else bring_spectrum(j, &l);
  }
  const bool direct = complex && in_place((const char *const *)l.out, l.count, l.out_stride, 8, &to_ld);
  if (direct) l.to = (float *)(void *)l.out[0];
  else to_ld = points;
  EMILY__TRY(transform(j, &l, from, from_ld, l.to, to_ld, room + 4 * points * j->group));
  if (direct)
    for (int64_t g = 0; g < l.count && j->scale != 1; g++) scale_line(l.to + 2 * g * to_ld, 2 * points, j->scale);
  else if (complex) put_complex(j, &l, points);
  else if (j->mode == EMILY__FFT_FROM_REAL) put_spectrum(j, &l);
  else put_reals(j, &l);
  return EMILY_OK;
}

static void run_block(void *context, int64_t group) {
  job *j = context;
  int slot;
  float *room = emily__slots_take(&j->slots, &slot);
  run_group(j, group, room); /* not wide: it can't fail */
  emily__slots_give(&j->slots, slot);
}

static emily_status run_groups(job *j) {
  const int64_t groups = (j->lines + j->group - 1) / j->group, points = j->line->n;
  const int64_t threads = j->wide ? 1 : emily__pool_threads() < EMILY__SLOTS_MAX ? emily__pool_threads() : EMILY__SLOTS_MAX;
  const int64_t slots = groups < threads ? groups : threads;
  const int64_t room = (4 * points * j->group + (j->wide ? 0 : emily__fft_scratch(j->line)) + 15) / 16 * 16;
  const size_t bytes = (size_t)(room * slots) * sizeof(float);
  void *scratch;
  EMILY__TRY(emily__cpu_allocate(bytes, &scratch));
  emily_status status = EMILY_OK;
  emily__slots_init(&j->slots, scratch, room, (int32_t)slots);
  if (!j->wide) emily__pool_run(run_block, j, groups);
  else
    for (int64_t g = 0; g < groups && !status; g++) status = run_group(j, g, scratch);
  emily__cpu_release(scratch, bytes);
  return status;
}

emily_status emily__cpu_fft(const emily__node_view *node) {
  const emily__attrs_fft *a = node->attrs;
  job j = {.in = &node->inputs[0], .out = &node->outputs[0], .mode = (emily__fft_mode)a->mode, .axis = (int32_t)a->axis, .n = a->n,
           .scale = (float)a->scale};
  if (j.out->size == 0) return EMILY_OK;
  const bool reals = (j.mode == EMILY__FFT_FROM_REAL || j.mode == EMILY__FFT_TO_REAL) && j.n % 2 == 0;
  EMILY__TRY(emily__fft_plan_get(j.n, reals ? EMILY__FFT_REALS : EMILY__FFT_LINE, &j.plan));
  j.line = reals ? j.plan->inner : j.plan;
  j.lines = j.out->size / j.out->shape[j.axis];
  j.group = j.line->n >= LONG ? 1 : GROUP;
  j.wide = j.line->kind == EMILY__FFT_SPLIT && j.line->n >= WIDE;
  emily_status status = run_groups(&j);
  emily__fft_plan_release(j.plan);
  return status;
}
