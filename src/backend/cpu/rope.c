/* rope.c: rotary position embedding (Su et al., "RoFormer", 2021) of x [B, ..., T, D], on the first `dims` elements of each row:
 *
 *     angle = position · scale · f[i],   f[i] = base^(-2i / dims) or 1 / freqs[i],   i < dims / 2
 *     (a, b) → (a cos - b sin, a sin + b cos),   pairs (x[i], x[dims/2 + i]), or (x[2i], x[2i + 1]) if traditional
 *
 * position: offset + t, with the offset a number, one a sequence [B], or the positions themselves [B, T]. Angles, their cosines
 * and sines are taken in float64, once a position for all heads; float16 to float32 are rotated in float32 and rounded
 * once. Blocks of positions, cut by the shape alone, are shared over the pool.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "backend/cpu/rope_angles.h"
#include "backend/cpu/rowwise.h"
#include "base/alloc.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { ELEMENTS = 16384 }; /* of x that are worth a block */

typedef struct job {
  const emily__attrs_rope *attrs;
  const emily__tensor *x, *out, *offset; /* offset: NULL for the attribute's */
  const emily__cpu_kernels *kernels;
  emily__iterate heads; /* the axes between B and T: operand 0 is out, 1 is x */
  double *inverse;      /* f, [dims / 2] */
  int64_t batch, length, width, positions_each;
  bool wide;
  _Atomic bool failed;
} job;

/* What one thread needs for one position: [dims / 2] each, and a row. */
typedef struct scratch {
  double *cos64, *sin64, *row64;
  float *cos32, *sin32, *row32;
} scratch;

static bool scratch_init(scratch *s, const job *j) {
  const size_t half = (size_t)j->attrs->dims / 2, count = 2 * half + (size_t)j->width;
  double *memory = emily__alloc_array(2 * count, sizeof *memory);
  if (!memory) return false;
  *s = (scratch){.cos64 = memory, .sin64 = memory + half, .row64 = memory + 2 * half};
  s->cos32 = (float *)(memory + count);
  s->sin32 = s->cos32 + half;
  s->row32 = s->sin32 + half;
  return true;
}

static double position_of(const job *j, int64_t b, int64_t t) {
  const emily__tensor *offset = j->offset;
  if (!offset) return (double)j->attrs->offset + (double)t;
  const int32_t *first = offset->data;
  if (offset->ndim == 0) return (double)*first + (double)t;
  if (offset->ndim == 1) return (double)first[b * offset->strides[0]] + (double)t;
  return (double)first[b * offset->strides[0] + t * offset->strides[1]];
}

static void rotate_f64(double *x, const double *cos, const double *sin, int64_t half, bool traditional) {
  for (int64_t i = 0; i < half; i++) {
    const int64_t first = traditional ? 2 * i : i, second = traditional ? 2 * i + 1 : half + i;
    const double a = x[first], b = x[second];
    x[first] = a * cos[i] - b * sin[i];
    x[second] = a * sin[i] + b * cos[i];
  }
}

static void run_row(const job *j, const scratch *s, char *out, const char *x) {
  const int64_t half = j->attrs->dims / 2, in_step = j->x->strides[j->x->ndim - 1];
  const emily_dtype dtype = j->x->dtype;
  const bool traditional = j->attrs->traditional;
  if (j->wide) {
    emily__gather_f64(s->row64, x, in_step, dtype, j->width);
    rotate_f64(s->row64, s->cos64, s->sin64, half, traditional);
    emily__scatter_f64(out, 1, dtype, s->row64, j->width);
  } else if (dtype == EMILY_FLOAT32 && in_step == 1) {
    float *to = (float *)out;
    j->kernels->rope(to, (const float *)x, s->cos32, s->sin32, half, traditional);
    if (j->width > 2 * half) memcpy(to + 2 * half, (const float *)x + 2 * half, (size_t)(j->width - 2 * half) * sizeof *to);
  } else {
    emily__gather_f32(s->row32, x, in_step, dtype, j->width);
    j->kernels->rope(s->row32, s->row32, s->cos32, s->sin32, half, traditional);
    emily__scatter_f32(out, 1, dtype, s->row32, j->width);
  }
}

/* All heads of one position. */
static void run_position(const job *j, const scratch *s, int64_t b, int64_t t) {
  const int32_t time = j->x->ndim - 2;
  const int64_t itemsize = (int64_t)emily_dtype_size(j->x->dtype), half = j->attrs->dims / 2;
  const double position = position_of(j, b, t) * j->attrs->scale;
  if (j->wide) emily__rope_angles_f64(s->cos64, s->sin64, position, j->inverse, half);
  else emily__rope_angles_f32(s->cos32, s->sin32, position, j->inverse, half);
  char *out = (char *)j->out->data + (b * j->out->strides[0] + t * j->out->strides[time]) * itemsize;
  const char *x = (const char *)j->x->data + (b * j->x->strides[0] + t * j->x->strides[time]) * itemsize;
  const emily__iterate *heads = &j->heads;
  emily__walk to, from;
  emily__walk_begin(&to, heads->ndim, heads->shape, heads->strides[0], heads->itemsize[0], out, 0);
  emily__walk_begin(&from, heads->ndim, heads->shape, heads->strides[1], heads->itemsize[1], (char *)x, 0);
  for (int64_t i = 0; i < heads->size; i++) run_row(j, s, emily__walk_next(&to), emily__walk_next(&from));
}

static void run_block(void *context, int64_t block) {
  job *j = context;
  scratch s;
  if (!scratch_init(&s, j)) {
    atomic_store(&j->failed, true);
    return;
  }
  const int64_t count = j->batch * j->length, begin = block * j->positions_each, end = begin + j->positions_each;
  for (int64_t i = begin; i < end && i < count; i++) run_position(j, &s, i / j->length, i % j->length);
  emily__free(s.cos64);
}

static void find_inverse(double *inverse, const emily__attrs_rope *attrs, const emily__tensor *freqs) {
  const int64_t half = attrs->dims / 2;
  const double step = -log2(attrs->base) / (double)half;
  for (int64_t i = 0; i < half; i++)
    inverse[i] = freqs ? 1 / (double)((const float *)freqs->data)[i * freqs->strides[0]] : exp2((double)i * step);
}

emily_status emily__cpu_rope(const emily__node_view *node) {
  const emily__tensor *x = &node->inputs[0], *out = &node->outputs[0];
  const emily__attrs_rope *attrs = node->attrs;
  if (x->size == 0) return EMILY_OK;
  job j = {.attrs = attrs, .x = x, .out = out, .kernels = emily__cpu_kernels_get(), .batch = x->shape[0],
           .length = x->shape[x->ndim - 2], .width = x->shape[x->ndim - 1], .wide = x->dtype == EMILY_FLOAT64};
  if (attrs->has_offset) j.offset = &node->inputs[1];
  emily__iterate_pair(&j.heads, x->ndim - 3, x->shape + 1, emily_dtype_size(x->dtype), out->data, out->strides + 1, x->data,
                      x->strides + 1);
  const int64_t each = j.heads.size * j.width;
  j.positions_each = each < ELEMENTS ? ELEMENTS / each : 1;
  j.inverse = emily__alloc_array((size_t)attrs->dims / 2, sizeof *j.inverse);
  if (!j.inverse) return EMILY_OUT_OF_MEMORY;
  find_inverse(j.inverse, attrs, attrs->has_freqs ? &node->inputs[1 + attrs->has_offset] : NULL);
  emily__pool_run(run_block, &j, (j.batch * j.length + j.positions_each - 1) / j.positions_each);
  emily__free(j.inverse);
  if (!atomic_load(&j.failed)) return EMILY_OK;
  return emily__fail_memory("a row's angles", (uint64_t)(4 * (attrs->dims + j.width)) * sizeof(double), 0);
}
