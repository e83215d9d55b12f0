/* attention_tiled.c: attention of many queries by tiles, with a running softmax (Milakov and Gimelshein 2018; Dao et al. 2022).
 *
 * A unit of work is one key head of one sequence and a tile of queries with all the query heads that share the key head: R rows,
 * row r being head r / n, query i0 + r % n. Everything is kept transposed, a strip of gemm_nr rows at a time, so that a
 * query is a lane: the micro-kernel of products makes the scores with k as its A panel, its B panel is at first q and then
 * the weights just as they come, and the softmax needs no sums across lanes. For each tile of KEYS keys, packed once for all strips:
 *
 *     S = k q · scale                   [KEYS, nr]
 *     S = -inf                          where range and mask hide a key from a query
 *     m' = max(m, max S), P = e^(S - m'), l' = l e^(m - m') + Σ P
 *     O' = O e^(m - m') + vᵀ P          [Dv, nr]
 *
 * and at the end O / l. A strip takes of a tile only the keys that one of its queries sees. A weight of 0 may not meet a NaN or Inf
 * of an unused slot: such values are packed as 0, and added apart to the lanes that see them. Tiles are cut by shape alone.
 */
#include "backend/cpu/attention.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { KEYS = 128, SHORT = 256, FEW_ROWS = 64, MANY_ROWS = 128, NR = EMILY__GEMM_NR_MAX };

typedef struct job {
  const emily__attention *a;
  int64_t queries, tiles; /* queries in a tile; tiles of queries */
  int64_t strips;         /* of a full tile's rows */
  int64_t mr, nr;
  int64_t floats;         /* a unit's scratch */
  _Atomic bool failed;
} job;

typedef struct unit {
  int64_t b, hk, i0, n, rows; /* queries [i0, i0 + n), n · group rows */
  int64_t j0, keys;           /* the tile of keys in hand: [j0, j0 + keys) */
  bool finite;                /* its values */
  float *q;                   /* [strip][D][nr], scaled */
  float *k, *v;               /* [panel][D][mr], [panel][KEYS][mr]; the last panels are as narrow as they need be */
  float *s;                   /* [KEYS][nr] of one strip */
  float *o;                   /* [strip][Dv][nr] */
  float *top, *sum;           /* [strip][nr] */
  float *row;                 /* [mr][D] or [nr][D] or [nr][Dv]: on the way in and out */
} unit;

/* The strip in hand. Lanes past its rows do as the last row does. */
typedef struct strip {
  int64_t index, lanes;
  int64_t begin, end;             /* keys of the tile that it takes; begin is a multiple of mr */
  int32_t first[NR], last[NR];    /* those that each lane sees: first ≤ j < last */
} strip;

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t floats_of(const job *j) {
  const emily__attention *a = j->a;
  return j->strips * j->nr * (a->D + a->Dv + 2) + KEYS * (a->D + a->Dv + j->nr) + larger(j->mr, j->nr) * larger(a->D, a->Dv) + 64;
}

static void lay_out(const job *j, float *at, unit *u) {
  const emily__attention *a = j->a;
  const int64_t lanes = j->strips * j->nr;
  u->s = at;
  u->top = u->s + KEYS * j->nr;
  u->sum = u->top + lanes;
  u->q = u->sum + lanes;
  u->o = u->q + lanes * a->D;
  u->k = u->o + lanes * a->Dv;
  u->v = u->k + KEYS * a->D;
  u->row = u->v + KEYS * a->Dv;
}

static char *row_at(const emily__attention *a, const emily__tensor *x, const unit *u, int64_t r) {
  return emily__attention_at(x, u->b, u->hk * a->group + r / u->n, u->i0 + r % u->n);
}

/* ---- packing ---- */

static void pack_queries(const job *j, const unit *u) {
  const emily__attention *a = j->a;
  for (int64_t r0 = 0; r0 < u->rows; r0 += j->nr) {
    const int64_t lanes = smaller(u->rows - r0, j->nr);
    float *q = u->q + r0 * a->D;
    for (int64_t r = 0; r < lanes; r++)
      emily__gather_f32(u->row + r * a->D, row_at(a, a->q, u, r0 + r), a->q->strides[3], a->q->dtype, a->D);
    a->kernels->multiply_scalar(u->row, u->row, a->scale, lanes * a->D);
    if (lanes < j->nr) memset(q, 0, (size_t)(j->nr * a->D) * sizeof *q);
    a->kernels->transpose_f32(q, j->nr, u->row, a->D, lanes, a->D);
  }
}

/* out: [D][rows] of the keys t … t + rows - 1 */
static void pack_key_panel(const job *j, const unit *u, int64_t t, int64_t rows, float *out) {
  const emily__attention *a = j->a;
  const void *k = emily__attention_at(a->k, u->b, u->hk, t);
  if (a->k->strides[3] != 1) {
    for (int64_t r = 0; r < rows; r++)
      emily__gather_f32(u->row + r * a->D, emily__attention_at(a->k, u->b, u->hk, t + r), a->k->strides[3], a->k->dtype, a->D);
    a->kernels->transpose_f32(out, rows, u->row, a->D, rows, a->D);
  } else if (a->k->dtype == EMILY_FLOAT32) a->kernels->transpose_f32(out, rows, k, a->k->strides[2], rows, a->D);
  else if (a->k->dtype == EMILY_FLOAT16) a->kernels->transpose_f16(out, rows, k, a->k->strides[2], rows, a->D);
  else a->kernels->transpose_bf16(out, rows, k, a->k->strides[2], rows, a->D);
}

static bool all_finite(const float *x, int64_t n) {
  uint32_t bad = 0; /* integers, so that the compiler may vectorise */
  for (int64_t i = 0; i < n; i++) bad |= (emily__f32_to_bits(x[i]) & 0x7F800000u) == 0x7F800000u;
  return !bad;
}

static inline __attribute__((always_inline)) void copy_panels(float *to, const float *from, int64_t t, int64_t n, const int mr) {
  for (int64_t d = 0; d + mr <= n; d += mr)
    for (int i = 0; i < mr; i++) to[d * KEYS + t * mr + i] = from[d + i];
  const int64_t done = n / mr * mr, rest = n - done;
  for (int64_t i = 0; i < rest; i++) to[done * KEYS + t * rest + i] = from[done + i];
}

/* One key's values, as row t of each panel. Constant heights let the compiler copy by vectors. */
static void pack_value_row(const job *j, const unit *u, const float *from, int64_t t) {
  if (j->mr == 12) copy_panels(u->v, from, t, j->a->Dv, 12);
  else if (j->mr == 6) copy_panels(u->v, from, t, j->a->Dv, 6);
  else copy_panels(u->v, from, t, j->a->Dv, (int)j->mr);
}

/* The key's values as contiguous float32: where they lie, or in u->row. */
static const float *value_row(const job *j, const unit *u, int64_t t) {
  const emily__tensor *v = j->a->v;
  const char *at = emily__attention_at(v, u->b, u->hk, u->j0 + t);
  if (v->dtype == EMILY_FLOAT32 && v->strides[3] == 1) return (const float *)at;
  emily__gather_f32(u->row, at, v->strides[3], v->dtype, j->a->Dv);
  return u->row;
}

/* 0 for what is not finite: add_not_finite brings that in, where it is seen. */
static const float *only_finite(const float *from, int64_t n, float *to) {
  for (int64_t i = 0; i < n; i++) to[i] = isfinite(from[i]) ? from[i] : 0;
  return to;
}

static void pack_tile(const job *j, unit *u) {
  const emily__attention *a = j->a;
  for (int64_t t = 0; t < u->keys; t += j->mr)
    pack_key_panel(j, u, u->j0 + t, smaller(u->keys - t, j->mr), u->k + t * a->D);
  u->finite = true;
  for (int64_t t = 0; t < u->keys; t++) {
    const float *from = value_row(j, u, t);
    if (!all_finite(from, a->Dv)) {
      u->finite = false;
      from = only_finite(from, a->Dv, u->row);
    }
    pack_value_row(j, u, from, t);
  }
}

/* ---- hiding ---- */

/* Which of the tile's keys the strip's queries see; false where there is none. */
static bool find_range(const job *j, const unit *u, strip *x) {
  x->begin = u->keys;
  x->end = 0;
  x->lanes = smaller(u->rows - x->index * j->nr, j->nr);
  for (int64_t l = 0; l < j->nr; l++) {
    const int64_t r = x->index * j->nr + smaller(l, x->lanes - 1);
    int64_t first, end;
    emily__attention_range(j->a, u->i0 + r % u->n, &first, &end);
    first = smaller(larger(first - u->j0, 0), u->keys);
    end = smaller(larger(end - u->j0, first), u->keys);
    x->first[l] = (int32_t)first;
    x->last[l] = (int32_t)end;
    if (first == end) continue;
    x->begin = smaller(x->begin, first);
    x->end = larger(x->end, end);
  }
  x->begin = x->begin / j->mr * j->mr;
  return x->end > x->begin;
}

static void hide_by_range(const job *j, const unit *u, const strip *x) {
  bool hides = false;
  for (int64_t l = 0; l < j->nr; l++) hides |= x->first[l] > x->begin || x->last[l] < x->end;
  for (int64_t t = x->begin; hides && t < x->end; t++) {
    float *s = u->s + t * j->nr;
    for (int64_t l = 0; l < j->nr; l++) s[l] = ((t < x->first[l]) | (t >= x->last[l])) ? -INFINITY : s[l];
  }
}

/* n of the mask's elements as what they add to a score */
static void load_mask(const emily__tensor *mask, const char *at, int64_t n, float *add) {
  if (mask->dtype != EMILY_BOOL) {
    emily__gather_f32(add, at, mask->strides[3], mask->dtype, n);
    return;
  }
  for (int64_t t = 0; t < n; t++) add[t] = ((const uint8_t *)at)[t * mask->strides[3]] ? 0 : -INFINITY;
}

static void hide_by_mask(const job *j, const unit *u, const strip *x) {
  const emily__attention *a = j->a;
  const emily__tensor *mask = a->mask;
  const bool alike = (mask->strides[1] == 0 || a->group == 1) && (mask->strides[2] == 0 || a->Tq == 1); /* for all lanes */
  const int64_t skip = (u->j0 + x->begin) * mask->strides[3] * (int64_t)emily_dtype_size(mask->dtype), n = x->end - x->begin;
  float add[KEYS];
  for (int64_t l = 0; l < (alike ? 1 : x->lanes); l++) {
    float *s = u->s + x->begin * j->nr + l;
    load_mask(mask, row_at(a, mask, u, x->index * j->nr + l) + skip, n, add);
    for (int64_t t = 0; t < n; t++, s += j->nr)
      for (int64_t i = 0; i < (alike ? j->nr : 1); i++) s[i] = add[t] == -INFINITY ? -INFINITY : s[i] + add[t];
  }
}

/* ---- a strip and a tile ---- */

static void find_scores(const job *j, const unit *u, const strip *x) {
  const int64_t D = j->a->D;
  for (int64_t t = x->begin; t < x->end; t += j->mr)
    j->a->kernels->gemm_micro(u->s + t * j->nr, j->nr, u->k + t * D, u->q + x->index * j->nr * D, j->nr, D,
                              (int32_t)smaller(u->keys - t, j->mr), false);
}

/* The values that are not finite, to the lanes that see them. */
static void add_not_finite(const job *j, const unit *u, const strip *x, float *o) {
  for (int64_t t = x->begin; t < x->end; t++) {
    const float *v = value_row(j, u, t), *s = u->s + t * j->nr;
    for (int64_t d = 0; d < j->a->Dv; d++)
      for (int64_t l = 0; !isfinite(v[d]) && l < j->nr; l++)
        if (s[l] != 0) o[d * j->nr + l] += s[l] * v[d];
  }
}

static void add_values(const job *j, const unit *u, const strip *x, float *o) {
  const int64_t Dv = j->a->Dv;
  for (int64_t d = 0; d < Dv; d += j->mr) {
    const int64_t rows = smaller(Dv - d, j->mr);
    j->a->kernels->gemm_micro(o + d * j->nr, j->nr, u->v + d * KEYS + x->begin * rows, u->s + x->begin * j->nr, j->nr,
                              x->end - x->begin, (int32_t)rows, true);
  }
  if (!u->finite) add_not_finite(j, u, x, o);
}

static void run_strip(const job *j, const unit *u, int64_t index) {
  strip x = {.index = index};
  float *o = u->o + index * j->nr * j->a->Dv;
  if (!find_range(j, u, &x)) return;
  find_scores(j, u, &x);
  hide_by_range(j, u, &x);
  if (j->a->mask) hide_by_mask(j, u, &x);
  j->a->kernels->soften_columns(u->s + x.begin * j->nr, x.end - x.begin, j->nr, u->top + index * j->nr,
                                u->sum + index * j->nr, o, j->a->Dv);
  add_values(j, u, &x, o);
}

/* ---- the end ---- */

static void finish(const job *j, const unit *u) {
  const emily__attention *a = j->a;
  for (int64_t r = 0; r < u->rows; r++) {
    const int64_t l = r % j->nr;
    if (l == 0) a->kernels->transpose_f32(u->row, a->Dv, u->o + r * a->Dv, j->nr, a->Dv, j->nr);
    float *o = u->row + l * a->Dv, sum = u->sum[r];
    if (u->top[r] != -INFINITY) sum += emily__attention_sink(a, u->hk * a->group + r / u->n, u->top[r]);
    if (sum != 0) a->kernels->multiply_scalar(o, o, 1 / sum, a->Dv); /* 0: it saw nothing, and o is 0 */
    emily__scatter_f32(row_at(a, a->out, u, r), 1, a->out->dtype, o, a->Dv);
  }
}

static void start(const job *j, const unit *u) {
  const int64_t lanes = j->strips * j->nr;
  pack_queries(j, u);
  memset(u->o, 0, (size_t)(lanes * j->a->Dv) * sizeof *u->o);
  for (int64_t l = 0; l < lanes; l++) {
    u->top[l] = -INFINITY;
    u->sum[l] = 0;
  }
}

static void run_unit(const job *j, unit *u) {
  const emily__attention *a = j->a;
  int64_t first, end, unused;
  start(j, u);
  emily__attention_range(a, u->i0, &first, &unused);
  emily__attention_range(a, u->i0 + u->n - 1, &unused, &end);
  for (u->j0 = first / KEYS * KEYS; u->j0 < end; u->j0 += KEYS) {
    u->keys = smaller(end - u->j0, KEYS);
    pack_tile(j, u);
    for (int64_t i = 0; i * j->nr < u->rows; i++) run_strip(j, u, i);
  }
  finish(j, u);
}

static void run_block(void *context, int64_t block) {
  job *j = context;
  unit u = {.i0 = block % j->tiles * j->queries, .hk = block / j->tiles % j->a->Hk, .b = block / j->tiles / j->a->Hk};
  const size_t bytes = (size_t)j->floats * sizeof(float);
  void *scratch;
  if (emily__cpu_allocate(bytes, &scratch) != EMILY_OK) {
    atomic_store(&j->failed, true);
    return;
  }
  u.n = smaller(j->a->Tq - u.i0, j->queries);
  u.rows = u.n * j->a->group;
  lay_out(j, scratch, &u);
  run_unit(j, &u);
  emily__cpu_release(scratch, bytes);
}

emily_status emily__attention_tiled(const emily__attention *a) {
  if (a->Tq * a->group <= EMILY__ATTENTION_FEW) return emily__attention_few(a);
  job j = {.a = a, .mr = a->kernels->gemm_mr, .nr = a->kernels->gemm_nr};
  const int64_t rows = a->Tq <= SHORT ? FEW_ROWS : MANY_ROWS; /* short ones give more units, long ones pack less often */
  j.queries = smaller(larger(rows / a->group, 1), a->Tq);
  j.tiles = (a->Tq + j.queries - 1) / j.queries;
  j.strips = (j.queries * a->group + j.nr - 1) / j.nr;
  j.floats = floats_of(&j);
  emily__pool_run(run_block, &j, a->B * a->Hk * j.tiles);
  if (!atomic_load(&j.failed)) return EMILY_OK;
  return emily__fail_memory("attention's tiles", (uint64_t)j.floats * sizeof(float), 0);
}
