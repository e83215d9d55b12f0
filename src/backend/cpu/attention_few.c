/* attention_few.c: attention of few rows (queries times the query heads that share a key head), as in a decode step: bound by the
 * memory that k and v are read from.
 *
 * k and v are streamed once for all rows, in their own dtype, by tiles of KEYS keys: scores of a tile, a running softmax (see
 * attention_tiled.c), the weighted sum of its values. Long sequences are cut into parts of PART keys, so that one sequence keeps
 * many threads busy; each part leaves its sums, its maxima and its sums of weights, and the parts are added up at the end. Cuts
 * are made by shape alone.
 */
#include "backend/cpu/attention.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

#include <math.h>
#include <string.h>

enum { KEYS = 128, PART = 2048, FEW = EMILY__ATTENTION_FEW };

typedef struct job {
  const emily__attention *a;
  int64_t rows;          /* R = queries · group; row r is head r / queries of its group, query r % queries */
  int64_t parts;         /* of the keys */
  float *scratch;        /* one stretch of `floats` for each part of each key head of each sequence */
  int64_t floats;
} job;

/* What stands in a stretch. */
typedef struct part {
  float *o, *top, *sum; /* [R, Dv], [R], [R] */
  float *q;             /* [R, D], scaled */
  float *k, *v;         /* [KEYS, D], [KEYS, Dv]: where their last axis is not contiguous */
} part;

typedef struct tile {
  int64_t b, hk, j0, n; /* keys [j0, j0 + n) */
  float s[FEW * KEYS];
} tile;

static bool contiguous(const emily__tensor *x) { return x->strides[3] == 1 || x->shape[3] == 1; }

static int64_t floats_of(const job *j) {
  const emily__attention *a = j->a;
  const int64_t copies = (contiguous(a->k) ? 0 : a->D) + (contiguous(a->v) ? 0 : a->Dv);
  return (j->rows * (a->D + a->Dv + 2) + KEYS * copies + 15) / 16 * 16;
}

static part part_at(const job *j, float *at) {
  const emily__attention *a = j->a;
  part p = {.o = at};
  p.top = p.o + j->rows * a->Dv;
  p.sum = p.top + j->rows;
  p.q = p.sum + j->rows;
  p.k = p.q + j->rows * a->D;
  p.v = p.k + (contiguous(a->k) ? 0 : KEYS * a->D);
  return p;
}

static void load_queries(const job *j, int64_t b, int64_t hk, part *p) {
  const emily__attention *a = j->a;
  for (int64_t r = 0; r < j->rows; r++) {
    float *q = p->q + r * a->D;
    emily__gather_f32(q, emily__attention_at(a->q, b, hk * a->group + r / a->Tq, r % a->Tq), a->q->strides[3], a->q->dtype, a->D);
    a->kernels->multiply_scalar(q, q, a->scale, a->D);
    p->top[r] = -INFINITY;
    p->sum[r] = 0;
  }
  memset(p->o, 0, (size_t)(j->rows * a->Dv) * sizeof *p->o);
}

/* Rows of x for the tile's keys, `width` elements each, and their stride: where they lie, or gathered as float32. */
static const void *rows_of(const emily__tensor *x, const tile *t, float *copy, int64_t width, int64_t *stride, emily_dtype *dtype) {
  *dtype = x->dtype;
  *stride = x->strides[2];
  if (contiguous(x)) return emily__attention_at(x, t->b, t->hk, t->j0);
  for (int64_t j = 0; j < t->n; j++)
    emily__gather_f32(copy + j * width, emily__attention_at(x, t->b, t->hk, t->j0 + j), x->strides[3], x->dtype, width);
  *dtype = EMILY_FLOAT32;
  *stride = width;
  return copy;
}

static void find_scores(const job *j, part *p, tile *t) {
  const emily__attention *a = j->a;
  int64_t stride;
  emily_dtype dtype;
  const void *k = rows_of(a->k, t, p->k, a->D, &stride, &dtype);
  for (int64_t r = 0; r < j->rows; r++) {
    float *s = t->s + r * KEYS;
    const float *q = p->q + r * a->D;
    if (dtype == EMILY_FLOAT32) a->kernels->gemv_f32(s, q, k, stride, t->n, a->D);
    else if (dtype == EMILY_FLOAT16) a->kernels->gemv_f16(s, q, k, stride, t->n, a->D);
    else a->kernels->gemv_bf16(s, q, k, stride, t->n, a->D);
  }
}

static void apply_mask(const emily__tensor *mask, const char *at, int64_t n, float *s) {
  const int64_t step = mask->strides[3];
  float add[KEYS];
  if (mask->dtype == EMILY_BOOL) {
    for (int64_t c = 0; c < n; c++)
      if (!((const uint8_t *)at)[c * step]) s[c] = -INFINITY;
    return;
  }
  emily__gather_f32(add, at, step, mask->dtype, n);
  for (int64_t c = 0; c < n; c++) s[c] = add[c] == -INFINITY ? -INFINITY : s[c] + add[c];
}

static void hide(const job *j, int64_t r, tile *t) {
  const emily__attention *a = j->a;
  float *s = t->s + r * KEYS;
  int64_t first, end;
  emily__attention_range(a, r % a->Tq, &first, &end);
  for (int64_t c = 0; c < t->n && t->j0 + c < first; c++) s[c] = -INFINITY;
  for (int64_t c = end > t->j0 ? end - t->j0 : 0; c < t->n; c++) s[c] = -INFINITY;
  if (!a->mask) return;
  const char *at = emily__attention_at(a->mask, t->b, t->hk * a->group + r / a->Tq, r % a->Tq);
  apply_mask(a->mask, at + t->j0 * a->mask->strides[3] * (int64_t)emily_dtype_size(a->mask->dtype), t->n, s);
}

/* Scores become weights; what stands in o and sum shrinks to the new maximum. */
static void soften(const job *j, int64_t r, part *p, tile *t) {
  const emily__cpu_kernels *kernels = j->a->kernels;
  float *s = t->s + r * KEYS, *o = p->o + r * j->a->Dv;
  const float here = kernels->max(s, t->n), top = here > p->top[r] ? here : p->top[r];
  if (here == -INFINITY) { /* nothing to see here */
    memset(s, 0, (size_t)t->n * sizeof *s);
    return;
  }
  const float shift = top == -INFINITY ? 0 : top; /* here is NaN: so will be the row */
  if (top != p->top[r] && p->sum[r] != 0) {
    const float shrink = expf(p->top[r] - shift);
    kernels->multiply_scalar(o, o, shrink, j->a->Dv);
    p->sum[r] *= shrink;
  }
  p->top[r] = top;
  p->sum[r] += kernels->soften_row(s, shift, t->n);
}

static void add_values(const job *j, part *p, tile *t) {
  const emily__attention *a = j->a;
  const emily__cpu_kernels *kernels = a->kernels;
  int64_t stride;
  emily_dtype dtype;
  const void *v = rows_of(a->v, t, p->v, a->Dv, &stride, &dtype);
  if (dtype == EMILY_FLOAT32) kernels->mix_f32(p->o, a->Dv, t->s, KEYS, j->rows, v, stride, t->n, a->Dv);
  else if (dtype == EMILY_FLOAT16) kernels->mix_f16(p->o, a->Dv, t->s, KEYS, j->rows, v, stride, t->n, a->Dv);
  else kernels->mix_bf16(p->o, a->Dv, t->s, KEYS, j->rows, v, stride, t->n, a->Dv);
}

/* Keys that some query sees: those of the first and the last query together, which overlap or touch. */
static void range_of_all(const emily__attention *a, int64_t *first, int64_t *end) {
  int64_t unused;
  emily__attention_range(a, 0, first, &unused);
  emily__attention_range(a, a->Tq - 1, &unused, end);
}

/* out = Σ parts' o / (Σ parts' sum + the sink's), each scaled to the largest maximum; into the first part's o. */
static void finish_row(const job *j, int64_t b, int64_t hk, int64_t r, float *scratch) {
  const emily__attention *a = j->a;
  const int64_t h = hk * a->group + r / a->Tq;
  float top = -INFINITY, sum = 0;
  const part first = part_at(j, scratch);
  for (int64_t i = 0; i < j->parts; i++) {
    const part p = part_at(j, scratch + i * j->floats);
    if (p.top[r] > top) top = p.top[r];
  }
  const float shift = top == -INFINITY ? 0 : top;
  for (int64_t i = 0; i < j->parts; i++) {
    const part p = part_at(j, scratch + i * j->floats);
    const float scale = expf(p.top[r] - shift);
    if (p.top[r] == -INFINITY && p.sum[r] == 0) continue; /* saw nothing */
    sum += p.sum[r] * (p.top[r] == -INFINITY ? 1 : scale);
    if (i == 0) a->kernels->multiply_scalar(first.o + r * a->Dv, first.o + r * a->Dv, scale, a->Dv);
    else a->kernels->axpy(first.o + r * a->Dv, scale, p.o + r * a->Dv, a->Dv);
  }
  float *o = first.o + r * a->Dv;
  if (top != -INFINITY) sum += emily__attention_sink(a, h, top);
  if (sum != 0) a->kernels->multiply_scalar(o, o, 1 / sum, a->Dv);
  emily__scatter_f32(emily__attention_at(a->out, b, h, r % a->Tq), 1, a->out->dtype, o, a->Dv);
}

static void finish(const job *j, int64_t b, int64_t hk, float *scratch) {
  for (int64_t r = 0; r < j->rows; r++) finish_row(j, b, hk, r, scratch);
}

static void run_part(void *context, int64_t block) {
  const job *j = context;
  const emily__attention *a = j->a;
  const int64_t which = block % j->parts;
  tile t = {.hk = block / j->parts % a->Hk, .b = block / j->parts / a->Hk};
  float *scratch = j->scratch + block * j->floats;
  part p = part_at(j, scratch);
  int64_t first, end;
  load_queries(j, t.b, t.hk, &p);
  range_of_all(a, &first, &end);
  if (end > (which + 1) * PART) end = (which + 1) * PART;
  if (first < which * PART) first = which * PART;
  for (t.j0 = first / KEYS * KEYS; t.j0 < end; t.j0 += KEYS) {
    t.n = end - t.j0 < KEYS ? end - t.j0 : KEYS;
    find_scores(j, &p, &t);
    for (int64_t r = 0; r < j->rows; r++) {
      hide(j, r, &t);
      soften(j, r, &p, &t);
    }
    add_values(j, &p, &t);
  }
  if (j->parts == 1) finish(j, t.b, t.hk, scratch);
}

static void finish_head(void *context, int64_t block) {
  const job *j = context;
  finish(j, block / j->a->Hk, block % j->a->Hk, j->scratch + block * j->parts * j->floats);
}

emily_status emily__attention_few(const emily__attention *a) {
  job j = {.a = a, .rows = a->group * a->Tq, .parts = a->Tk > PART ? (a->Tk + PART - 1) / PART : 1};
  const int64_t heads = a->B * a->Hk;
  j.floats = floats_of(&j);
  const size_t bytes = (size_t)(heads * j.parts * j.floats) * sizeof(float);
  void *scratch;
  EMILY__TRY(emily__cpu_allocate(bytes, &scratch));
  j.scratch = scratch;
  emily__pool_run(run_part, &j, heads * j.parts);
  if (j.parts > 1) emily__pool_run(finish_head, &j, heads);
  emily__cpu_release(scratch, bytes);
  return EMILY_OK;
}
