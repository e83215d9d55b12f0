/* reduce.c: sum, prod, max, min, all, any along any axes.
 *
 * The axes are sorted into kept and reduced ones, each set merged where memory allows. Where the last axis is
 * reduced, each result folds one row: the reduced elements in row-major order, in chunks of CHUNK; rows that lie across memory (those of
 * a transposed array) are brought together some neighbours at a time, a cache line from each step. Where the last
 * axis is kept, TILE results beside each other fold one row of memory at a time (or several, where memory runs the other way). Either way a long reduction is cut
 * into parts of fixed length that are merged in order, so that the order of the operations depends on the shape
 * alone, neither on strides nor on threads. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/halves.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/reducers.h"
#include "base/alloc.h"

enum {
  CHUNK = 4096,      /* elements folded at once */
  TILE = 512,        /* results beside each other */
  BUNDLE = 16,       /* rows (or steps of columns) that are brought together … */
  AHEAD = 12,        /* … and fetched so many before they are read */
  APART = 64,        /* … each a cache line further than its length, or a power of two would put all in a few cache sets */
  ROW_PART = 65536,  /* reduced elements of a part of a row: a multiple of CHUNK */
  COLUMN_PART = 1024 /* rows of a part of a column */
};

typedef struct axes {
  int32_t ndim; /* at least 1 */
  int64_t size;
  int64_t shape[EMILY__MAX_RANK], strides[EMILY__MAX_RANK]; /* bytes */
} axes;

typedef struct reduction {
  const reducer *fold;
  emily_dtype widen;  /* the 16-bit float that is widened to float32, else -1 */
  emily_dtype narrow; /* … and that the result is rounded to, else -1 */
  char *in, *out;
  int32_t in_size, out_size;
  axes kept, reduced;
  bool columns, bundles;
  int64_t part, parts; /* reduced elements of a part; parts of the reduced elements */
  int64_t tile, tiles; /* results of a unit; units of the last kept axis (1 and 1 for single rows) */
  int64_t units, units_per_block;
  char *accumulators; /* where parts > 1: [units / parts][parts][tile] */
} reduction;

static void push(axes *a, int64_t extent, int64_t stride) {
  a->size *= extent;
  if (extent == 1) return;
  bool merge = a->ndim > 0 && a->strides[a->ndim - 1] == stride * extent;
  if (!merge) a->shape[a->ndim++] = 1;
  a->shape[a->ndim - 1] *= extent;
  a->strides[a->ndim - 1] = stride;
}

static void finish(axes *a, int32_t itemsize) {
  if (a->ndim > 0) return;
  a->ndim = 1;
  a->shape[0] = 1;
  a->strides[0] = itemsize;
}

/* Sort the input's axes; true where the last of those longer than 1 is kept. */
static bool sort_axes(reduction *r, const emily__attrs_reduce *attrs, const emily__tensor *in) {
  r->kept = r->reduced = (axes){.size = 1};
  bool last_kept = false;
  int64_t next = 0;
  for (int32_t i = 0; i < in->ndim; i++) {
    bool reduced = next < attrs->count && attrs->axes[next] == i;
    next += reduced;
    push(reduced ? &r->reduced : &r->kept, in->shape[i], in->strides[i] * r->in_size);
    if (in->shape[i] != 1) last_kept = !reduced;
  }
  finish(&r->kept, r->in_size);
  finish(&r->reduced, r->in_size);
  return last_kept;
}

/* n ≤ TILE accumulators to the result at `at`. */
static void store(const reduction *r, int64_t at, const void *acc, int64_t n) {
  char *out = r->out + at * r->out_size;
  if (r->narrow < 0) {
    r->fold->store(out, acc, n);
    return;
  }
  float wide[TILE];
  r->fold->store(wide, acc, n);
  emily__narrow(out, wide, r->narrow, n);
}

static char *address(const axes *a, int32_t ndim, char *base, int64_t index) {
  for (int32_t i = ndim - 1; i >= 0 && index > 0; i--) {
    base += index % a->shape[i] * a->strides[i];
    index /= a->shape[i];
  }
  return base;
}

/* Fold reduced elements begin … end - 1 of one result. */
static void fold_row(const reduction *r, void *acc, char *base, int64_t begin, int64_t end) {
  _Alignas(64) char raw[CHUNK * 8];
  _Alignas(64) float wide[CHUNK];
  const axes *a = &r->reduced;
  bool contiguous = a->ndim == 1 && a->strides[0] == r->in_size;
  emily__walk walk;
  if (begin >= end) return;
  if (!contiguous) emily__walk_begin(&walk, a->ndim, a->shape, a->strides, r->in_size, base, begin);
  for (int64_t at = begin; at < end; at += CHUNK) {
    int64_t n = end - at < CHUNK ? end - at : CHUNK;
    const void *x = base + at * r->in_size;
    if (!contiguous) {
      emily__walk_gather(&walk, raw, n);
      x = raw;
    }
    if (r->widen >= 0) {
      emily__widen(wide, x, r->widen, n);
      x = wide;
    }
    r->fold->row(acc, x, n);
  }
}

/* The same for n ≤ BUNDLE results whose elements lie beside each other; room holds BUNDLE chunks. The chunks are those of fold_row. */
static void fold_bundle(const reduction *r, char *acc, char *base, int64_t n, int64_t begin, int64_t end, char *room) {
  _Alignas(64) float wide[CHUNK];
  const int64_t step = r->reduced.strides[r->reduced.ndim - 1];
  emily__walk walk;
  emily__walk_begin(&walk, r->reduced.ndim, r->reduced.shape, r->reduced.strides, r->in_size, base, begin);
  for (int64_t at = begin; at < end; at += CHUNK) {
    const int64_t length = end - at < CHUNK ? end - at : CHUNK, row = (length * r->in_size + APART + 7) / 8 * 8;
    for (int64_t k = 0; k < length; k++) {
      const char *from = emily__walk_next(&walk);
      __builtin_prefetch(from + AHEAD * step); /* each step is a page of its own where rows are long: nothing foresees it */
      emily__copy_strided(room + k * r->in_size, row, from, r->in_size, n, r->in_size);
    }
    for (int64_t i = 0; i < n; i++) {
      if (r->widen >= 0) emily__widen(wide, room + i * row, r->widen, length);
      r->fold->row(acc + i * (int64_t)r->fold->size, r->widen >= 0 ? (const void *)wide : room + i * row, length);
    }
  }
}

/* Bundled, or, where there is no memory for that, one by one: the same bits. */
static void fold_rows(const reduction *r, char *acc, char *base, int64_t n, int64_t begin, int64_t end) {
  const int64_t length = end - begin < CHUNK ? end - begin : CHUNK;
  const size_t bytes = (size_t)(BUNDLE * (length * r->in_size + APART + 8));
  void *room;
  if (begin >= end) return;
  if (emily__cpu_allocate(bytes, &room) == EMILY_OK) {
    fold_bundle(r, acc, base, n, begin, end, room);
    emily__cpu_release(room, bytes);
    return;
  }
  for (int64_t i = 0; i < n; i++) fold_row(r, acc + i * (int64_t)r->fold->size, base + i * r->in_size, begin, end);
}

/* The same for columns whose elements lie one behind the other: BUNDLE steps of all columns are brought together. */
static void fold_upright(const reduction *r, void *acc, const char *base, int64_t n, int64_t begin, int64_t end) {
  _Alignas(64) char raw[BUNDLE * (TILE * 8 + APART + 8)];
  _Alignas(64) float wide[TILE];
  const int64_t stride = r->kept.strides[r->kept.ndim - 1], row = (n * r->in_size + APART + 7) / 8 * 8;
  for (int64_t at = begin; at < end; at += BUNDLE) {
    const int64_t steps = end - at < BUNDLE ? end - at : BUNDLE;
    for (int64_t c = 0; c < n; c++) {
      __builtin_prefetch(base + (c + AHEAD) * stride + at * r->in_size);
      emily__copy_strided(raw + c * r->in_size, row, base + c * stride + at * r->in_size, r->in_size, steps, r->in_size);
    }
    for (int64_t k = 0; k < steps; k++) {
      if (r->widen >= 0) emily__widen(wide, raw + k * row, r->widen, n);
      r->fold->column(acc, r->widen >= 0 ? (const void *)wide : raw + k * row, n);
    }
  }
}

/* Fold rows begin … end - 1 of n ≤ TILE results beside each other. */
static void fold_columns(const reduction *r, void *acc, char *base, int64_t n, int64_t begin, int64_t end) {
  _Alignas(64) char raw[TILE * 8];
  _Alignas(64) float wide[TILE];
  const axes *a = &r->reduced;
  int64_t stride = r->kept.strides[r->kept.ndim - 1];
  emily__walk walk;
  if (begin >= end) return;
  if (stride != r->in_size && a->ndim == 1 && a->strides[0] == r->in_size) {
    fold_upright(r, acc, base, n, begin, end);
    return;
  }
  emily__walk_begin(&walk, a->ndim, a->shape, a->strides, r->in_size, base, begin);
  for (int64_t at = begin; at < end; at++) {
    const void *x = emily__walk_next(&walk);
    if (stride != r->in_size) {
      emily__copy_strided(raw, r->in_size, x, stride, n, r->in_size);
      x = raw;
    }
    if (r->widen >= 0) {
      emily__widen(wide, x, r->widen, n);
      x = wide;
    }
    r->fold->column(acc, x, n);
  }
}

/* One unit: a part of the reduction of `tile` results. Units count parts fastest, then tiles, then the other kept
 * axes. */
static void run_unit(const reduction *r, int64_t unit) {
  _Alignas(64) char local[TILE * 16];
  int64_t part = unit % r->parts, group = unit / r->parts;
  int64_t tile = group % r->tiles, outer = group / r->tiles;
  int64_t begin = part * r->part, end = begin + r->part < r->reduced.size ? begin + r->part : r->reduced.size;
  const bool beside = r->columns || r->bundles;
  int64_t last = beside ? r->kept.shape[r->kept.ndim - 1] : 1;
  int64_t n = last - tile * r->tile < r->tile ? last - tile * r->tile : r->tile;
  char *base = address(&r->kept, beside ? r->kept.ndim - 1 : r->kept.ndim, r->in, outer);
  void *acc = r->parts > 1 ? r->accumulators + unit * r->tile * (int64_t)r->fold->size : local;
  r->fold->start(acc, n);
  if (r->columns) fold_columns(r, acc, base + tile * r->tile * r->kept.strides[r->kept.ndim - 1], n, begin, end);
  else if (r->bundles) fold_rows(r, acc, base + tile * r->tile * r->in_size, n, begin, end);
  else fold_row(r, acc, base, begin, end);
  if (r->parts == 1) store(r, outer * last + tile * r->tile, acc, n);
}

static void run_block(void *context, int64_t block) {
  const reduction *r = context;
  int64_t end = (block + 1) * r->units_per_block;
  for (int64_t unit = block * r->units_per_block; unit < end && unit < r->units; unit++) run_unit(r, unit);
}

static void merge_parts(const reduction *r) {
  int64_t last = r->columns || r->bundles ? r->kept.shape[r->kept.ndim - 1] : 1;
  int64_t bytes = r->tile * (int64_t)r->fold->size;
  for (int64_t group = 0; group < r->units / r->parts; group++) {
    int64_t tile = group % r->tiles, outer = group / r->tiles;
    int64_t n = last - tile * r->tile < r->tile ? last - tile * r->tile : r->tile;
    char *acc = r->accumulators + group * r->parts * bytes;
    for (int64_t part = 1; part < r->parts; part++) r->fold->merge(acc, acc + part * bytes, n);
    store(r, outer * last + tile * r->tile, acc, n);
  }
}

static void plan(reduction *r) {
  int64_t last = r->kept.shape[r->kept.ndim - 1], most = r->columns ? TILE : BUNDLE;
  const bool beside = r->columns || r->bundles;
  r->tile = !beside ? 1 : last < most ? last : most;
  r->tiles = beside ? (last + r->tile - 1) / r->tile : 1;
  r->part = r->columns ? COLUMN_PART : ROW_PART;
  r->parts = r->reduced.size > r->part ? (r->reduced.size + r->part - 1) / r->part : 1;
  r->units = (beside ? r->kept.size / last * r->tiles : r->kept.size) * r->parts;
  int64_t work = (r->reduced.size < r->part ? r->reduced.size : r->part) * r->tile;
  r->units_per_block = work >= EMILY__GRAIN_CHEAP ? 1 : EMILY__GRAIN_CHEAP / (work > 0 ? work : 1);
}

static emily_status run(reduction *r) {
  plan(r);
  if (r->parts > 1) {
    r->accumulators = emily__alloc_array((size_t)(r->units * r->tile), r->fold->size);
    if (!r->accumulators) return EMILY_OUT_OF_MEMORY;
  }
  int64_t blocks = (r->units + r->units_per_block - 1) / r->units_per_block;
  if (blocks == 1) run_block(r, 0);
  else emily__pool_run(run_block, r, blocks);
  if (r->parts > 1) merge_parts(r);
  emily__free(r->accumulators);
  return EMILY_OK;
}

static emily_status reduce(const emily__node_view *node) {
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  bool half = emily__is_half(in->dtype);
  if (out->size == 0) return EMILY_OK;
  reduction r = {.fold = emily__cpu_reducer(node->prim, half ? EMILY_FLOAT32 : in->dtype),
                 .widen = half ? in->dtype : -1,
                 .narrow = emily__is_half(out->dtype) ? out->dtype : -1,
                 .in = in->data,
                 .out = out->data,
                 .in_size = (int32_t)emily_dtype_size(in->dtype),
                 .out_size = (int32_t)emily_dtype_size(out->dtype)};
  r.columns = sort_axes(&r, node->attrs, in);
  r.bundles = !r.columns && r.reduced.strides[r.reduced.ndim - 1] != r.in_size && r.kept.strides[r.kept.ndim - 1] == r.in_size &&
              r.kept.shape[r.kept.ndim - 1] >= 4;
  return run(&r);
}

emily_status emily__cpu_sum(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_sum_squares(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_prod(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_max(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_min(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_all(const emily__node_view *node) { return reduce(node); }
emily_status emily__cpu_any(const emily__node_view *node) { return reduce(node); }
