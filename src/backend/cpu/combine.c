/* combine.c: see combine.h. A table of functions by update and dtype; puts go by the elements' size. Rows of float32 and of 16-bit
 * floats use the kernel table. */
#include "backend/cpu/combine.h"

#include "backend/cpu/complex.h"
#include "backend/cpu/copy.h"
#include "backend/cpu/halves.h"
#include "backend/cpu/places.h"
#include "backend/cpu/pool.h"

#include <string.h>

/* ---- puts ---- */

typedef uint64_t word8 __attribute__((aligned(4))); /* complex64 is aligned to 4 */

#define PUT(size, type)                                                                                \
  static void put_##size##_row(void *out, const void *update, int64_t n) { memcpy(out, update, (size_t)n * size); } \
  static void put_##size##_at(char *out, const int64_t *offsets, const void *update, int64_t n) {      \
    const type *p = update;                                                                            \
    for (int64_t i = 0; i < n; i++)                                                                    \
      if (offsets[i] != EMILY__NOWHERE) *(type *)(out + offsets[i]) = p[i];                            \
  }
PUT(1, uint8_t)
PUT(2, uint16_t)
PUT(4, uint32_t)
PUT(8, word8)

/* ---- the others ---- */

#define INT_TEMPLATE "backend/cpu/combine_int.inc"
#include "backend/cpu/each_int.inc"

#define ADD(a, b) ((a) | (b))
#define MULTIPLY(a, b) ((a) & (b))
#define MAX ADD
#define MIN MULTIPLY
#define T uint8_t
#define W bool
#define LOAD(x) ((x) != 0)
#define STORE(x) (T)(x)
#define NAME(op) op##_bool
#include "backend/cpu/combine.inc"
#undef ADD
#undef MULTIPLY
#undef MAX
#undef MIN
#undef T
#undef W
#undef LOAD
#undef STORE
#undef NAME

#define ADD(a, b) ((a) + (b))
#define MULTIPLY(a, b) ((a) * (b))
#define MAX(a, b) ((a) != (a) || (a) > (b) ? (a) : (b))
#define MIN(a, b) ((a) != (a) || (a) < (b) ? (a) : (b))
#define T double
#define W double
#define LOAD(x) (x)
#define STORE(x) (x)
#define NAME(op) op##_float64
#include "backend/cpu/combine.inc"
#undef T
#undef W
#undef NAME
#define AT_ONLY /* rows by the kernel table */
#define T float
#define W float
#define NAME(op) op##_float32
#include "backend/cpu/combine.inc"
#undef T
#undef W
#undef NAME
#undef LOAD
#undef STORE
#define T emily__f16
#define W float
#define LOAD emily__f16_to_f32
#define STORE emily__f32_to_f16
#define NAME(op) op##_float16
#include "backend/cpu/combine.inc"
#undef T
#undef LOAD
#undef STORE
#undef NAME
#define T emily__bf16
#define LOAD emily__bf16_to_f32
#define STORE emily__f32_to_bf16
#define NAME(op) op##_bfloat16
#include "backend/cpu/combine.inc"
#undef T
#undef W
#undef LOAD
#undef STORE
#undef NAME
#undef MAX
#undef MIN
#undef AT_ONLY

static inline emily__complex larger(emily__complex a, emily__complex b) {
  return emily__complex_isnan(a) || (!emily__complex_isnan(b) && emily__complex_less(b, a)) ? a : b;
}
static inline emily__complex smaller(emily__complex a, emily__complex b) {
  return emily__complex_isnan(a) || (!emily__complex_isnan(b) && emily__complex_less(a, b)) ? a : b;
}
#define MAX larger
#define MIN smaller
#define T emily__complex
#define W emily__complex
#define LOAD(x) (x)
#define STORE(x) (x)
#define NAME(op) op##_complex64
#include "backend/cpu/combine.inc"

/* ---- rows by the kernel table ---- */

/* 16-bit floats: n elements by way of float32 buffers. */
static void halves(emily__binary_f32 *fn, emily_dtype dtype, void *out, const void *update, int64_t n) {
  float a[EMILY__BLOCK], b[EMILY__BLOCK];
  uint16_t *o = out;
  const uint16_t *p = update;
  for (int64_t i = 0; i < n; i += EMILY__BLOCK) {
    int64_t m = n - i < EMILY__BLOCK ? n - i : EMILY__BLOCK;
    emily__widen(a, o + i, dtype, m);
    emily__widen(b, p + i, dtype, m);
    fn(a, a, b, m);
    emily__narrow(o + i, a, dtype, m);
  }
}

#define BY_KERNEL(op, member)                                                                 \
  static void op##_row_float32(void *out, const void *update, int64_t n) {                    \
    emily__cpu_kernels_get()->member(out, out, update, n);                                    \
  }                                                                                           \
  static void op##_row_float16(void *out, const void *update, int64_t n) {                    \
    halves(emily__cpu_kernels_get()->member, EMILY_FLOAT16, out, update, n);                  \
  }                                                                                           \
  static void op##_row_bfloat16(void *out, const void *update, int64_t n) {                   \
    halves(emily__cpu_kernels_get()->member, EMILY_BFLOAT16, out, update, n);                 \
  }
BY_KERNEL(add, add)
BY_KERNEL(multiply, multiply)
BY_KERNEL(max, maximum)
BY_KERNEL(min, minimum)

#define OF(op, DTYPE, dtype) [EMILY_##DTYPE] = {op##_row_##dtype, op##_at_##dtype}
#define ALL(op)                                                                                                          \
  {OF(op, BOOL, bool),         OF(op, UINT8, uint8),       OF(op, UINT16, uint16),   OF(op, UINT32, uint32),             \
   OF(op, UINT64, uint64),     OF(op, INT8, int8),         OF(op, INT16, int16),     OF(op, INT32, int32),               \
   OF(op, INT64, int64),       OF(op, FLOAT16, float16),   OF(op, BFLOAT16, bfloat16), OF(op, FLOAT32, float32),         \
   OF(op, FLOAT64, float64),   OF(op, COMPLEX64, complex64)}

static const emily__combine by_size[] = {
    [1] = {put_1_row, put_1_at}, [2] = {put_2_row, put_2_at}, [4] = {put_4_row, put_4_at}, [8] = {put_8_row, put_8_at}};
static const emily__combine others[][EMILY_DTYPE_COUNT] = {[EMILY__UPDATE_ADD] = ALL(add), [EMILY__UPDATE_PROD] = ALL(multiply),
                                                           [EMILY__UPDATE_MAX] = ALL(max), [EMILY__UPDATE_MIN] = ALL(min)};

const emily__combine *emily__combine_of(int64_t update, emily_dtype dtype) {
  return update == EMILY__UPDATE_PUT ? &by_size[emily_dtype_size(dtype)] : &others[update][dtype];
}

/* ---- rows of any strides ---- */

static void row_to_strided(const emily__combine *combine, char *out, int64_t out_stride, const void *in, int64_t n) {
  int64_t offsets[EMILY__BLOCK];
  for (int64_t i = 0; i < n; i++) offsets[i] = i * out_stride;
  combine->at(out, offsets, in, n);
}

void emily__combine_row(const emily__combine *combine, int32_t itemsize, char *out, int64_t out_stride, const char *in,
                        int64_t in_stride, int64_t n) {
  if (out_stride == itemsize && in_stride == itemsize) {
    combine->row(out, in, n);
    return;
  }
  uint64_t room[EMILY__BLOCK];
  for (int64_t i = 0; i < n; i += EMILY__BLOCK, out += EMILY__BLOCK * out_stride, in += EMILY__BLOCK * in_stride) {
    int64_t m = n - i < EMILY__BLOCK ? n - i : EMILY__BLOCK;
    const void *update = in;
    if (in_stride != itemsize) {
      emily__copy_strided(room, itemsize, in, in_stride, m, itemsize);
      update = room;
    }
    if (out_stride == itemsize) combine->row(out, update, m);
    else row_to_strided(combine, out, out_stride, update, m);
  }
}

typedef struct combine_job {
  const emily__combine *combine;
  const emily__iterate *it;
  int64_t piece, pieces; /* of a row */
  int64_t units, units_per_block;
} combine_job;

static void combine_block(void *context, int64_t block) {
  const combine_job *job = context;
  const emily__iterate *it = job->it;
  const int32_t last = it->ndim - 1;
  for (int64_t unit = block * job->units_per_block, end = unit + job->units_per_block; unit < end && unit < job->units; unit++) {
    int64_t column = unit % job->pieces * job->piece, row = unit / job->pieces;
    int64_t n = it->shape[last] - column < job->piece ? it->shape[last] - column : job->piece;
    char *p[2] = {it->data[0] + column * it->strides[0][last], it->data[1] + column * it->strides[1][last]};
    for (int32_t i = last - 1; i >= 0; row /= it->shape[i--])
      for (int32_t k = 0; k < 2; k++) p[k] += row % it->shape[i] * it->strides[k][i];
    emily__combine_row(job->combine, it->itemsize[0], p[0], it->strides[0][last], p[1], it->strides[1][last], n);
  }
}

void emily__combine_elements(int64_t update, emily_dtype dtype, int32_t ndim, const int64_t *shape, void *out,
                             const int64_t *out_strides, const void *in, const int64_t *in_strides) {
  if (update == EMILY__UPDATE_PUT) {
    emily__cpu_copy_elements(ndim, shape, emily_dtype_size(dtype), out, out_strides, in, in_strides);
    return;
  }
  emily__iterate it;
  emily__iterate_pair(&it, ndim, shape, emily_dtype_size(dtype), out, out_strides, in, in_strides);
  if (it.size == 0) return;
  int64_t extent = it.shape[it.ndim - 1];
  combine_job job = {.combine = emily__combine_of(update, dtype), .it = &it, .piece = extent, .pieces = 1};
  if (extent > EMILY__GRAIN_CHEAP) {
    job.piece = EMILY__GRAIN_CHEAP;
    job.pieces = (extent + job.piece - 1) / job.piece;
  }
  job.units = it.size / extent * job.pieces;
  job.units_per_block = EMILY__GRAIN_CHEAP / job.piece;
  int64_t blocks = (job.units + job.units_per_block - 1) / job.units_per_block;
  if (blocks > 1) emily__pool_run(combine_block, &job, blocks);
  else combine_block(&job, 0);
}
