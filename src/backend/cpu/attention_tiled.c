/* attention_tiled.c: attention by tiles, with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022).
 *
 * A unit of work is one key head of one sequence and a tile of queries, with all the query heads that share the key head: R rows in
 * all, so that each k and v is read once for the group. Over tiles of KEYS keys that some row can see:
 *
 *     S = Q Kᵀ · scale                  [R, KEYS]   few rows: K streamed as it lies, in its own dtype; many: K transposed once
 *     hide what range and mask hide     S = -inf
 *     m' = max(m, max S), P = e^(S - m'), l' = l e^(m - m') + Σ P
 *     O' = O e^(m - m') + P V           [R, Dv]
 *
 * and at the end O / l. Hidden keys have P = 0; where a tile has some and its V holds NaN or Inf, P V goes key by key without them, so
 * that an unused slot never leaks. Tiles are cut by shape alone. */
#include "backend/cpu/attention.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

#include <math.h>
#include <string.h>

enum { KEYS = 128, ROWS = 64, FEW = 8 };

/* Scratch of one unit, in floats. */
typedef struct tile {
  float *q;            /* [R, D], scaled; behind it, for many rows, its panels */
  float *q_panels;     /* [panel][D][mr] */
  float *k;            /* [KEYS, D] gathered, where K is not contiguous float32 */
  float *kt;           /* [D][KEYS]: a tile of K, transposed */
  float *v;            /* [KEYS][dv]: a tile of V, where V is not float32 rows of a width that suits the micro-kernel */
  float *s;            /* [R, KEYS] */
  float *p_panel;      /* [KEYS][mr] */
  float *o;            /* [R, dv] */
  float *top, *sum;    /* [R] */
} tile;

typedef struct job {
  const emily__attention *a;
  int64_t queries, tiles; /* queries in a tile; tiles of queries */
  int64_t R, dv, mr;      /* rows at most; Dv padded; rows of a panel */
  float *scratch;
  size_t floats;          /* of a worker block */
  int64_t units, blocks;
} job;

typedef struct unit {
  int64_t b, hk, i0, n, R; /* queries [i0, i0 + n), R = n · group rows; row r is head r / n, query i0 + r % n */
} unit;

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static void lay_out(const job *j, float *at, tile *t) {
  const emily__attention *a = j->a;
  t->q = at, at += round_up(j->R * a->D, 16);
  t->q_panels = at, at += round_up(round_up(j->R, j->mr) * a->D, 16);
  t->k = at, at += round_up(KEYS * a->D, 16);
  t->kt = at, at += round_up(KEYS * a->D, 16);
  t->v = at, at += round_up(KEYS * j->dv, 16);
  t->s = at, at += j->R * KEYS;
  t->p_panel = at, at += round_up(KEYS * j->mr, 16);
  t->o = at, at += round_up(j->R * j->dv, 16);
  t->top = at, at += round_up(j->R, 16);
  t->sum = at;
}

static size_t floats_needed(const job *j) {
  tile t;
  lay_out(j, NULL, &t);
  return ((size_t)(uintptr_t)t.sum / sizeof(float)) + (size_t)round_up(j->R, 16);
}

/* ---- queries ---- */

static void load_queries(const job *j, const unit *u, tile *t) {
  const emily__attention *a = j->a;
  for (int64_t r = 0; r < u->R; r++) {
    const char *q = emily__attention_at(a->q, u->b, u->hk * a->group + r / u->n, u->i0 + r % u->n);
    emily__gather_f32(t->q + r * a->D, q, a->q->strides[3], a->q->dtype, a->D);
    a->kernels->multiply_scalar(t->q + r * a->D, t->q + r * a->D, a->scale, a->D);
  }
  for (int64_t r = 0; r < u->R; r += j->mr) {
    const int64_t rows = u->R - r < j->mr ? u->R - r : j->mr;
    a->kernels->transpose_f32(t->q_panels + r * a->D, rows, t->q + r * a->D, a->D, rows, a->D);
  }
  memset(t->o, 0, (size_t)(u->R * j->dv) * sizeof(float));
  for (int64_t r = 0; r < u->R; r++) {
    t->top[r] = -INFINITY;
    t->sum[r] = 0;
  }
}

/* ---- scores ---- */

/* Few rows: each streams the tile, which the first has brought into the cache. */
static void few_scores(const emily__attention *a, const unit *u, int64_t j0, int64_t n, tile *t) {
  const void *k = emily__attention_at(a->k, u->b, u->hk, j0);
  const int64_t stride = a->k->strides[2];
  for (int64_t r = 0; r < u->R; r++) {
    const float *q = t->q + r * a->D;
    float *s = t->s + r * KEYS;
    if (a->k->dtype == EMILY_FLOAT32) a->kernels->gemv_f32(s, q, k, stride, n, a->D);
    else if (a->k->dtype == EMILY_FLOAT16) a->kernels->gemv_f16(s, q, k, stride, n, a->D);
    else a->kernels->gemv_bf16(s, q, k, stride, n, a->D);
  }
}

/* K's rows [j0, j0 + n) as contiguous float32 rows, `stride` apart: where they lie, or gathered. */
static const float *key_rows(const emily__attention *a, const unit *u, int64_t j0, int64_t n, tile *t, int64_t *stride) {
  if (a->k->dtype == EMILY_FLOAT32 && a->k->strides[3] == 1) {
    *stride = a->k->strides[2];
    return (const float *)emily__attention_at(a->k, u->b, u->hk, j0);
  }
  for (int64_t j = 0; j < n; j++)
    emily__gather_f32(t->k + j * a->D, emily__attention_at(a->k, u->b, u->hk, j0 + j), a->k->strides[3], a->k->dtype, a->D);
  *stride = a->D;
  return t->k;
}

static void scores(const job *j, const unit *u, int64_t j0, int64_t n, tile *t) {
  const emily__attention *a = j->a;
  const emily__cpu_kernels *kernels = a->kernels;
  int64_t stride;
  if (u->R <= FEW && a->k->strides[3] == 1) {
    few_scores(a, u, j0, n, t);
    return;
  }
  const float *k = key_rows(a, u, j0, n, t, &stride);
  if (n < KEYS) memset(t->kt, 0, (size_t)(KEYS * a->D) * sizeof(float));
  kernels->transpose_f32(t->kt, KEYS, k, stride, n, a->D);
  for (int64_t r = 0; r < u->R; r += j->mr) {
    const int32_t rows = (int32_t)(u->R - r < j->mr ? u->R - r : j->mr);
    for (int64_t c = 0; c < n; c += kernels->gemm_nr)
      kernels->gemm_micro(t->s + r * KEYS + c, KEYS, t->q_panels + r * a->D, t->kt + c, KEYS, a->D, rows, false);
  }
}

/* ---- hiding ---- */

/* s[0 … n) of one row += mask, or -inf where it hides the key; whether it hides one. */
static bool apply_mask(const emily__attention *a, const unit *u, int64_t r, int64_t j0, int64_t n, float *s) {
  const emily__tensor *m = a->mask;
  const int64_t step = m->strides[3];
  const char *at = emily__attention_at(m, u->b, u->hk * a->group + r / u->n, u->i0 + r % u->n) +
                   j0 * step * (int64_t)emily_dtype_size(m->dtype);
  bool hides = false;
  if (m->dtype == EMILY_BOOL) {
    for (int64_t j = 0; j < n; j++) {
      const bool keep = ((const uint8_t *)at)[j * step];
      hides |= !keep;
      s[j] = keep ? s[j] : -INFINITY;
    }
    return hides;
  }
  float add[KEYS];
  emily__gather_f32(add, at, step, m->dtype, n);
  for (int64_t j = 0; j < n; j++) {
    hides |= add[j] == -INFINITY;
    s[j] = add[j] == -INFINITY ? -INFINITY : s[j] + add[j];
  }
  return hides;
}

/* Causality, window and mask of all rows over keys [j0, j0 + n); whether they hide one. */
static bool hide(const job *j, const unit *u, int64_t j0, int64_t n, tile *t) {
  const emily__attention *a = j->a;
  bool hides = false;
  for (int64_t r = 0; r < u->R; r++) {
    float *s = t->s + r * KEYS;
    int64_t first, end;
    emily__attention_range(a, u->i0 + r % u->n, &first, &end);
    hides |= first > j0 || end < j0 + n;
    for (int64_t c = 0; c < n && j0 + c < first; c++) s[c] = -INFINITY;
    for (int64_t c = end > j0 ? end - j0 : 0; c < n; c++) s[c] = -INFINITY;
    if (a->mask) hides |= apply_mask(a, u, r, j0, n, s);
  }
  return hides;
}

/* ---- the running softmax ---- */

/* S becomes P; O and the sums shrink by e^(old top - new top). */
static void soften(const job *j, const unit *u, int64_t n, tile *t) {
  const emily__cpu_kernels *kernels = j->a->kernels;
  for (int64_t r = 0; r < u->R; r++) {
    float *s = t->s + r * KEYS;
    const float here = kernels->max(s, n), top = here > t->top[r] || here != here ? here : t->top[r];
    if (top == -INFINITY) { /* nothing seen yet, and nothing here */
      memset(s, 0, (size_t)n * sizeof *s);
      continue;
    }
    if (top != t->top[r] && t->top[r] != -INFINITY) {
      const float shrink = expf(t->top[r] - top);
      kernels->multiply_scalar(t->o + r * j->dv, t->o + r * j->dv, shrink, j->dv);
      t->sum[r] *= shrink;
    }
    t->top[r] = top;
    kernels->add_scalar(s, s, -top, n);
    kernels->exp(s, s, n);
    t->sum[r] += kernels->sum(s, n);
  }
}

/* ---- values ---- */

static bool all_finite(const float *x, int64_t n) {
  float zero = 0; /* 0 · x is 0 for finite x and NaN otherwise */
  for (int64_t i = 0; i < n; i++) zero += 0.0f * x[i];
  return zero == 0;
}

/* V's rows [j0, j0 + n) as float32 rows of dv columns, `stride` apart: where they lie, or gathered. */
static const float *value_rows(const job *j, const unit *u, int64_t j0, int64_t n, tile *t, int64_t *stride) {
  const emily__attention *a = j->a;
  if (a->v->dtype == EMILY_FLOAT32 && a->v->strides[3] == 1 && a->Dv == j->dv) {
    *stride = a->v->strides[2];
    return (const float *)emily__attention_at(a->v, u->b, u->hk, j0);
  }
  for (int64_t c = 0; c < n; c++) {
    float *v = t->v + c * j->dv;
    emily__gather_f32(v, emily__attention_at(a->v, u->b, u->hk, j0 + c), a->v->strides[3], a->v->dtype, a->Dv);
    for (int64_t d = a->Dv; d < j->dv; d++) v[d] = 0;
  }
  *stride = j->dv;
  return t->v;
}

static bool rows_finite(const float *v, int64_t stride, int64_t n, int64_t columns) {
  for (int64_t c = 0; c < n; c++)
    if (!all_finite(v + c * stride, columns)) return false;
  return true;
}

/* O += P V, key by key, without the keys that are hidden from a row. */
static void add_visible(const job *j, const unit *u, const float *v, int64_t stride, int64_t n, tile *t) {
  for (int64_t c = 0; c < n; c++)
    for (int64_t r = 0; r < u->R; r++)
      if (t->s[r * KEYS + c] != 0) j->a->kernels->axpy(t->o + r * j->dv, t->s[r * KEYS + c], v + c * stride, j->a->Dv);
}

static void add_values(const job *j, const unit *u, int64_t j0, int64_t n, bool hides, tile *t) {
  const emily__cpu_kernels *kernels = j->a->kernels;
  int64_t stride;
  const float *v = value_rows(j, u, j0, n, t, &stride);
  if (hides && !rows_finite(v, stride, n, j->a->Dv)) {
    add_visible(j, u, v, stride, n, t);
    return;
  }
  for (int64_t r = 0; r < u->R; r += j->mr) {
    const int32_t rows = (int32_t)(u->R - r < j->mr ? u->R - r : j->mr);
    kernels->transpose_f32(t->p_panel, rows, t->s + r * KEYS, KEYS, rows, n);
    for (int64_t d = 0; d < j->dv; d += kernels->gemm_nr)
      kernels->gemm_micro(t->o + r * j->dv + d, j->dv, t->p_panel, v + d, stride, n, rows, true);
  }
}

/* ---- the end ---- */

static void finish(const job *j, const unit *u, tile *t) {
  const emily__attention *a = j->a;
  for (int64_t r = 0; r < u->R; r++) {
    const int64_t h = u->hk * a->group + r / u->n;
    float *o = t->o + r * j->dv, sum = t->sum[r];
    if (a->sinks) {
      float sink;
      emily__gather_f32(&sink, (const char *)a->sinks->data + h * a->sinks->strides[0] * (int64_t)emily_dtype_size(a->sinks->dtype), 1, a->sinks->dtype, 1);
      /* the sink may be the largest: then e^(sink - top) overflows to infinity, and the row to zeros, as it should */
      if (t->top[r] != -INFINITY) sum += expf(sink - t->top[r]);
    }
    if (t->top[r] == -INFINITY)
      memset(o, 0, (size_t)a->Dv * sizeof *o);
    else
      a->kernels->multiply_scalar(o, o, 1.0f / sum, a->Dv);
    emily__scatter_f32(emily__attention_at(a->out, u->b, h, u->i0 + r % u->n), 1, a->out->dtype, o, a->Dv);
  }
}

static void run_unit(const job *j, int64_t index, tile *t) {
  const emily__attention *a = j->a;
  unit u = {.i0 = index % j->tiles * j->queries, .hk = index / j->tiles % a->Hk, .b = index / j->tiles / a->Hk};
  u.n = a->Tq - u.i0 < j->queries ? a->Tq - u.i0 : j->queries;
  u.R = u.n * a->group;
  load_queries(j, &u, t);
  int64_t first, end, unused;
  emily__attention_range(a, u.i0, &first, &unused);
  emily__attention_range(a, u.i0 + u.n - 1, &unused, &end);
  for (int64_t j0 = first / KEYS * KEYS; j0 < end; j0 += KEYS) {
    const int64_t n = end - j0 < KEYS ? end - j0 : KEYS;
    scores(j, &u, j0, n, t);
    const bool hides = hide(j, &u, j0, n, t);
    soften(j, &u, n, t);
    add_values(j, &u, j0, n, hides, t);
  }
  finish(j, &u, t);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  tile t;
  lay_out(j, j->scratch + (size_t)block * j->floats, &t);
  for (int64_t i = block * j->units / j->blocks; i < (block + 1) * j->units / j->blocks; i++) run_unit(j, i, &t);
}

emily_status emily__attention_tiled(const emily__attention *a) {
  enum { MAX_BLOCKS = 64 };
  job j = {.a = a, .mr = a->kernels->gemm_mr};
  void *scratch;
  j.queries = a->group >= ROWS ? 1 : ROWS / a->group;
  if (j.queries > a->Tq) j.queries = a->Tq;
  j.tiles = (a->Tq + j.queries - 1) / j.queries;
  j.R = j.queries * a->group;
  j.dv = round_up(a->Dv, a->kernels->gemm_nr);
  j.units = a->B * a->Hk * j.tiles;
  j.blocks = j.units < MAX_BLOCKS ? j.units : MAX_BLOCKS;
  j.floats = floats_needed(&j);
  const size_t bytes = j.floats * (size_t)j.blocks * sizeof(float);
  EMILY__TRY(emily__cpu_allocate(bytes, &scratch));
  j.scratch = scratch;
  emily__pool_run(run_block, &j, j.blocks);
  emily__cpu_release(scratch, bytes);
  return EMILY_OK;
}
