/* window.c: window_sum, window_prod, window_max, window_min: one axis after the other, those that shrink first.
 *
 * A pass sees [outer, n, inner] and makes [outer, places, inner] with functions on contiguous runs: an output row is the sum of rows of the
 * input (sum stands for all four). Short windows: tap by tap, in order; an output at a border takes the taps that it has. Long
 * windows: sums over 2, 4, 8, … neighbouring taps, of which those that make up the window are added: log(taps) runs instead of taps,
 * in an order that is the same at each place. Which of the two depends on the geometry alone.
 */
#include "backend/cpu/copy.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"
#include "base/alloc.h"

#include <math.h>
#include <string.h>

enum {
  TASK = 1 << 14, /* elements of the output that are worth a task */
  RUN = 2048,     /* elements that stay in the first-level cache through all taps */
  FEW = 8,        /* elements of a row that are worth no call of their own */
  BUFFER = 512,
  LONG = 16,      /* taps from which on halves pay */
  SLAB = 4096     /* elements of a slab, three of which stay in cache */
};

typedef struct pass {
  emily__block_fn *add;
  int64_t itemsize;
  uint64_t identity;
  const char *in;
  char *out;
  int64_t outer, n, inner, places;
  int64_t taps, stride, low, dilation;
  int64_t block, blocks;           /* places of a task */
  int64_t chunk, chunks, slab;     /* long windows: elements of a row of a task; rows of its slab */
  emily__slots slots;              /* … and three slabs */
} pass;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t ceil_div(int64_t x, int64_t y) { return x / y + (x % y != 0); }

static void add(const pass *p, void *out, const void *a, const void *b, int64_t n) {
  void *const operands[3] = {out, (void *)a, (void *)b};
  p->add(operands, n);
}

static void fill(const pass *p, char *out, int64_t n) {
  for (int64_t i = 0; i < n; i++) memcpy(out + i * p->itemsize, &p->identity, (size_t)p->itemsize);
}

/* Row `place` of the input, from a slice of outer. */
static const char *row_at(const pass *p, const char *in, int64_t row) { return in + row * p->inner * p->itemsize; }

/* ---- short windows ---- */

/* Taps of a place that are on the axis: first to end. */
static int64_t taps_at(const pass *p, int64_t place, int64_t *first) {
  const int64_t start = place * p->stride - p->low;
  *first = start < 0 ? ceil_div(-start, p->dilation) : 0;
  return start >= p->n ? 0 : least(p->taps, (p->n - 1 - start) / p->dilation + 1);
}

static void border_place(const pass *p, const char *in, char *out, int64_t place) {
  const int64_t start = place * p->stride - p->low;
  int64_t first;
  const int64_t end = taps_at(p, place, &first);
  if (first >= end) {
    fill(p, out, p->inner);
    return;
  }
  memcpy(out, row_at(p, in, start + first * p->dilation), (size_t)(p->inner * p->itemsize));
  for (int64_t t = first + 1; t < end; t++) add(p, out, out, row_at(p, in, start + t * p->dilation), p->inner);
}

/* n contiguous elements, whose taps are `step` bytes apart. */
static void whole_run(const pass *p, const char *in, int64_t step, char *out, int64_t n) {
  for (int64_t i = 0; i < n; i += RUN, in += RUN * p->itemsize, out += RUN * p->itemsize) {
    const int64_t run = least(RUN, n - i);
    if (p->taps == 1) memcpy(out, in, (size_t)(run * p->itemsize));
    else add(p, out, in, in + step, run);
    for (int64_t t = 2; t < p->taps; t++) add(p, out, out, in + t * step, run);
  }
}

/* Rows of few elements, `stride` rows apart: each tap's are gathered first. */
static void strided_rows(const pass *p, const char *in, int64_t step, char *out, int64_t rows) {
  char buffer[BUFFER * 8];
  const int64_t width = p->inner * p->itemsize, most_rows = BUFFER / p->inner;
  for (int64_t i = 0; i < rows; i += most_rows) {
    const int64_t run = least(most_rows, rows - i);
    for (int64_t t = 0; t < p->taps; t++) {
      char *to = t ? buffer : out + i * width;
      for (int64_t j = 0; j < p->inner; j++)
        emily__copy_strided(to + j * p->itemsize, width, in + i * p->stride * width + t * step + j * p->itemsize, p->stride * width, run,
                            (int32_t)p->itemsize);
      if (t) add(p, out + i * width, out + i * width, buffer, run * p->inner);
    }
  }
}

/* Places from … to, which have all taps on the axis. */
static void whole_places(const pass *p, const char *in, char *out, int64_t from, int64_t to) {
  const int64_t width = p->inner * p->itemsize, step = p->taps > 1 ? p->dilation * width : 0;
  if (from >= to) return;
  in = row_at(p, in, from * p->stride - p->low);
  if (p->stride == 1) whole_run(p, in, step, out, (to - from) * p->inner);
  else if (p->inner < FEW) strided_rows(p, in, step, out, to - from);
  else
    for (int64_t i = 0; i < to - from; i++) whole_run(p, in + i * p->stride * width, step, out + i * width, p->inner);
}

static void short_task(void *context, int64_t task) {
  const pass *p = context;
  const int64_t o = task / p->blocks, begin = task % p->blocks * p->block, end = least(begin + p->block, p->places);
  const int64_t width = p->inner * p->itemsize, last_start = p->n - 1 - (p->taps - 1) * p->dilation;
  const char *in = p->in + o * p->n * width;
  char *out = p->out + (o * p->places + begin) * width;
  int64_t from = most(p->low > 0 ? ceil_div(p->low, p->stride) : 0, begin);
  int64_t to = last_start + p->low < 0 ? 0 : least((last_start + p->low) / p->stride + 1, end);
  from = least(from, end);
  to = most(to, from);
  for (int64_t i = begin; i < from; i++) border_place(p, in, out + (i - begin) * width, i);
  whole_places(p, in, out + (from - begin) * width, from, to);
  for (int64_t i = to; i < end; i++) border_place(p, in, out + (i - begin) * width, i);
}

/* ---- long windows ---- */

static int64_t reach(const pass *p) { return (p->taps - 1) * p->dilation + 1; }

static bool is_long(const pass *p) {
  return p->taps >= LONG && p->taps / LONG >= p->stride && p->dilation <= (4 * p->n + 1024) / p->taps && p->low <= 4 * p->n + 1024;
}

static void copy_rows(char *to, int64_t to_step, const char *from, int64_t from_step, int64_t rows, int64_t bytes) {
  if (to_step == bytes && from_step == bytes) {
    memcpy(to, from, (size_t)(rows * bytes));
    return;
  }
  for (int64_t r = 0; r < rows; r++) memcpy(to + r * to_step, from + r * from_step, (size_t)bytes);
}

/* Rows first … first + rows of the chunk that begins at c, `width` elements, identities off the axis. */
static void copy_slab(const pass *p, const char *in, char *slab, int64_t first, int64_t rows, int64_t c, int64_t width) {
  const int64_t before = first < 0 ? least(-first, rows) : 0, end = most(least(rows, p->n - first), before), bytes = width * p->itemsize;
  fill(p, slab, before * width);
  if (before < end)
    copy_rows(slab + before * bytes, bytes, row_at(p, in, first + before) + c * p->itemsize, p->inner * p->itemsize, end - before, bytes);
  fill(p, slab + end * bytes, (rows - end) * width);
}

/* sums[r] = Σ_t slab[r + t · dilation] for r < rows; slab and spare have rows + reach - 1 rows. */
static void sum_by_halves(const pass *p, char *slab, char *spare, char *sums, int64_t rows, int64_t width) {
  int64_t have = rows + reach(p) - 1, position = 0;
  for (int64_t half = 1;; half *= 2) { /* slab[r]: the sum of `half` taps from row r on */
    if (p->taps & half) {
      const char *part = slab + position * p->dilation * width * p->itemsize;
      if (position == 0) memcpy(sums, part, (size_t)(rows * width * p->itemsize));
      else add(p, sums, sums, part, rows * width);
      position += half;
    }
    if (half > p->taps / 2) return;
    have -= half * p->dilation;
    add(p, spare, slab, slab + half * p->dilation * width * p->itemsize, have * width);
    char *other = slab;
    slab = spare;
    spare = other;
  }
}

static void long_task(void *context, int64_t task) {
  pass *p = context;
  const int64_t c = task % p->chunks * p->chunk, width = least(p->chunk, p->inner - c), rest = task / p->chunks;
  const int64_t o = rest / p->blocks, begin = rest % p->blocks * p->block, places = least(p->block, p->places - begin);
  const int64_t rows = (places - 1) * p->stride + 1, size = p->slab * p->chunk * p->itemsize;
  int slot;
  char *slab = (char *)emily__slots_take(&p->slots, &slot), *sums = slab + 2 * size;
  copy_slab(p, p->in + o * p->n * p->inner * p->itemsize, slab, begin * p->stride - p->low, rows + reach(p) - 1, c, width);
  sum_by_halves(p, slab, slab + size, sums, rows, width);
  char *out = p->out + ((o * p->places + begin) * p->inner + c) * p->itemsize;
  copy_rows(out, p->inner * p->itemsize, sums, p->stride * width * p->itemsize, places, width * p->itemsize);
  emily__slots_give(&p->slots, slot);
}

static emily_status run_long(pass *p) {
  const int32_t threads = (int32_t)least(emily__pool_threads(), EMILY__SLOTS_MAX);
  void *scratch;
  p->chunk = least(p->inner, most(1, SLAB / 4 / reach(p)));
  p->chunks = ceil_div(p->inner, p->chunk);
  p->block = least(p->places, most(4 * reach(p) / p->stride, SLAB / (p->chunk * p->stride)) + 1);
  p->blocks = ceil_div(p->places, p->block);
  p->slab = (p->block - 1) * p->stride + reach(p);
  const int64_t slot = ceil_div(3 * p->slab * p->chunk * p->itemsize, 64) * 64;
  EMILY__TRY(emily__cpu_allocate((size_t)(slot * threads), &scratch));
  emily__slots_init(&p->slots, scratch, slot / (int64_t)sizeof(float), threads);
  emily__pool_run(long_task, p, p->outer * p->blocks * p->chunks);
  emily__cpu_release(scratch, (size_t)(slot * threads));
  return EMILY_OK;
}

static emily_status run_pass(pass *p) {
  if (is_long(p)) return run_long(p);
  p->block = least(p->places, TASK / p->inner + 1);
  p->blocks = ceil_div(p->places, p->block);
  emily__pool_run(short_task, p, p->outer * p->blocks);
  return EMILY_OK;
}

/* ---- all axes ---- */

typedef struct window_job {
  const emily__node_view *node;
  pass pass;
  int64_t shape[EMILY__MAX_RANK]; /* as far as passes have come */
  const char *at;                 /* the elements, dense */
  char *owned;                    /* … in memory of the job's own, of so many bytes; or NULL */
  size_t bytes;
} window_job;

static void own(window_job *job, char *memory, size_t bytes) {
  if (job->owned) emily__cpu_release(job->owned, job->bytes);
  job->owned = memory;
  job->bytes = bytes;
}

static emily_status begin(window_job *job) {
  const emily__tensor *x = &job->node->inputs[0];
  const size_t itemsize = emily_dtype_size(x->dtype), bytes = (size_t)x->size * itemsize;
  int64_t strides[EMILY__MAX_RANK], size = 1;
  void *memory;
  memcpy(job->shape, x->shape, (size_t)x->ndim * sizeof *x->shape);
  job->at = x->data;
  if (x->dense || x->size == 0) return EMILY_OK;
  for (int32_t i = x->ndim - 1; i >= 0; size *= x->shape[i--]) strides[i] = size;
  EMILY__TRY(emily__cpu_allocate(bytes, &memory));
  emily__cpu_copy_elements(x->ndim, x->shape, itemsize, memory, strides, x->data, x->strides);
  job->at = memory;
  own(job, memory, bytes);
  return EMILY_OK;
}

static bool is_idle(const window_job *job, int32_t axis) {
  const emily__attrs_window *a = job->node->attrs;
  const int64_t *at = a->values + axis;
  return at[0] == 1 && at[a->count] == 1 && at[2 * a->count] == 0 && at[3 * a->count] == 0;
}

static emily_status run_axis(window_job *job, int32_t axis, bool last) {
  const emily__attrs_window *a = job->node->attrs;
  const emily__tensor *out = &job->node->outputs[0];
  const int64_t *at = a->values + axis;
  pass *p = &job->pass;
  int64_t bytes;
  void *memory = out->data;
  p->outer = p->inner = 1;
  for (int32_t i = 0; i < axis; i++) p->outer *= job->shape[i];
  for (int32_t i = axis + 1; i < out->ndim; i++) p->inner *= job->shape[i];
  p->n = job->shape[axis], p->places = out->shape[axis];
  p->taps = at[0], p->stride = at[a->count], p->low = at[2 * a->count], p->dilation = at[4 * a->count];
  bytes = p->outer * p->places * p->inner * p->itemsize;
  if (!last) EMILY__TRY(emily__cpu_allocate((size_t)bytes, &memory));
  p->in = job->at;
  p->out = memory;
  const emily_status status = run_pass(p);
  own(job, last ? NULL : memory, (size_t)bytes);
  job->at = memory;
  job->shape[axis] = p->places;
  return status;
}

/* Axes that shrink go first: nothing between is then larger than x or the result. */
static emily_status run_axes(window_job *job) {
  const emily__tensor *x = &job->node->inputs[0], *out = &job->node->outputs[0];
  int32_t order[EMILY__MAX_RANK], count = 0;
  for (int grow = 0; grow < 2; grow++)
    for (int32_t i = 0; i < x->ndim; i++)
      if (!is_idle(job, i) && (out->shape[i] > x->shape[i]) == grow) order[count++] = i;
  for (int32_t i = 0; i < count; i++) EMILY__TRY(run_axis(job, order[i], i + 1 == count));
  if (count == 0) memcpy(out->data, job->at, (size_t)out->size * emily_dtype_size(out->dtype));
  return EMILY_OK;
}

static emily_status run_window(const emily__node_view *node, emily__prim prim, uint64_t identity) {
  const emily_dtype dtype = node->outputs[0].dtype;
  window_job job = {.node = node, .pass = {.add = emily__binary_block(prim, dtype), .itemsize = (int64_t)emily_dtype_size(dtype), .identity = identity}};
  if (!job.pass.add) return emily__fail(EMILY_UNSUPPORTED, "window", "windows of 16-bit floats are widened first");
  if (node->outputs[0].size == 0) return EMILY_OK;
  if (node->inputs[0].size == 0) { /* windows of padding alone */
    job.pass.inner = node->outputs[0].size;
    fill(&job.pass, node->outputs[0].data, node->outputs[0].size);
    return EMILY_OK;
  }
  emily_status status = begin(&job);
  if (status == EMILY_OK) status = run_axes(&job);
  own(&job, NULL, 0);
  return status;
}

/* ---- the primitives ---- */

static uint64_t bits_of_float(float x) {
  uint64_t bits = 0;
  memcpy(&bits, &x, sizeof x);
  return bits;
}
static uint64_t bits_of_double(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* The lowest (sign -1) or highest (1) value of a dtype, infinities for floats; as its bytes, lowest first. */
static uint64_t extreme(emily_dtype dtype, int sign) {
  if (dtype == EMILY_FLOAT32) return bits_of_float(sign * INFINITY);
  if (dtype == EMILY_FLOAT64) return bits_of_double(sign * (double)INFINITY);
  if (dtype == EMILY_BOOL) return sign > 0;
  const int bits = 8 * (int)emily_dtype_size(dtype);
  const uint64_t all = UINT64_MAX >> (64 - bits), top = (uint64_t)1 << (bits - 1);
  if (!emily_dtype_is_signed(dtype)) return sign > 0 ? all : 0;
  return sign > 0 ? all ^ top : top;
}

static uint64_t one(emily_dtype dtype) {
  if (dtype == EMILY_FLOAT32 || dtype == EMILY_COMPLEX64) return bits_of_float(1);
  return dtype == EMILY_FLOAT64 ? bits_of_double(1) : 1;
}

emily_status emily__cpu_window_sum(const emily__node_view *node) { return run_window(node, EMILY__PRIM_add, 0); }
emily_status emily__cpu_window_prod(const emily__node_view *node) { return run_window(node, EMILY__PRIM_multiply, one(node->outputs[0].dtype)); }
emily_status emily__cpu_window_max(const emily__node_view *node) { return run_window(node, EMILY__PRIM_maximum, extreme(node->outputs[0].dtype, -1)); }
emily_status emily__cpu_window_min(const emily__node_view *node) { return run_window(node, EMILY__PRIM_minimum, extreme(node->outputs[0].dtype, 1)); }
