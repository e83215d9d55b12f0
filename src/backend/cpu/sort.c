/* sort.c: sort and argsort along one axis: ascending or descending, stable either way, 0 and -0 equal, NaN above all numbers (in the
 * order in which they came): last, or first where descending. With kth, only so far that the element of that place is there.
 *
 * Each element becomes an unsigned key in the same order (its complement where descending), and (key, place) is sorted: by insertion
 * where the row is short, by radix where it is long (radix.inc). Keys of at most 32 bits are packed with their places into 64. Results
 * are fetched from the row by place, so that bits that the key drops (the sign of zero, a NaN's payload) come through. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "base/alloc.h"

#include <string.h>

typedef struct placed {
  uint64_t key;
  uint64_t place;
} placed;

/* ---- keys ---- */

/* Negative numbers have all bits turned over, the others the sign alone: the order of the numbers. NaN is above all.
 */
static uint32_t key_of_float(float x) {
  uint32_t bits = emily__f32_to_bits(x == 0 ? 0.0f : x);
  if (x != x) return UINT32_MAX;
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

/* 16 bits of a float whose exponent, all ones, is `infinity`. */
static uint32_t key_of_half(uint16_t bits, unsigned infinity) {
  if ((bits & 0x7FFF) == 0) return 0x8000;
  if ((bits & 0x7FFFu) > infinity) return UINT16_MAX;
  return bits >> 15 ? (uint16_t)~bits : bits | 0x8000u;
}

static uint64_t key_of_double(double x) {
  uint64_t bits;
  if (x == 0) x = 0.0;
  if (x != x) return UINT64_MAX;
  memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t key_of_complex(emily__c64 z) {
  if (z.re != z.re || z.im != z.im) return UINT64_MAX;
  return (uint64_t)key_of_float(z.re) << 32 | key_of_float(z.im);
}

#define KEYS(type, expression)                  \
  for (int64_t i = 0; i < n; i++) {             \
    type x = ((const type *)row)[i];            \
    out[i] = (uint64_t)((expression) ^ turn) << 32 | (uint64_t)i; \
  }                                             \
  break

/* Packed keys; `turn` is all ones in the key's bytes to turn the order round. */
static void make_packed(uint64_t *out, const void *row, emily_dtype dtype, int64_t n, uint32_t turn) {
  switch (dtype) {
    case EMILY_UINT16: KEYS(uint16_t, x);
    case EMILY_UINT32: KEYS(uint32_t, x);
    case EMILY_INT8: KEYS(int8_t, (uint8_t)(x ^ INT8_MIN));
    case EMILY_INT16: KEYS(int16_t, (uint16_t)(x ^ INT16_MIN));
    case EMILY_INT32: KEYS(int32_t, (uint32_t)(x ^ INT32_MIN));
    case EMILY_FLOAT16: KEYS(uint16_t, key_of_half(x, 0x7C00));
    case EMILY_BFLOAT16: KEYS(uint16_t, key_of_half(x, 0x7F80));
    case EMILY_FLOAT32: KEYS(float, key_of_float(x));
    default: KEYS(uint8_t, x);
  }
}
#undef KEYS

#define KEYS(type, expression)                           \
  for (int64_t i = 0; i < n; i++) {                      \
    type x = ((const type *)row)[i];                     \
    out[i] = (placed){(expression) ^ turn, (uint64_t)i}; \
  }                                                      \
  break

static void make_placed(placed *out, const void *row, emily_dtype dtype, int64_t n, uint64_t turn) {
  switch (dtype) {
    case EMILY_INT64: KEYS(int64_t, (uint64_t)(x ^ INT64_MIN));
    case EMILY_FLOAT64: KEYS(double, key_of_double(x));
    case EMILY_COMPLEX64: KEYS(emily__c64, key_of_complex(x));
    default: KEYS(uint64_t, x);
  }
}

/* ---- sorting ---- */

enum { SHORT = 48 };

#define E uint64_t
#define NAME(function) packed_##function
#define BEFORE(a, b) ((a) < (b))
#define DIGIT(e, i) ((unsigned)((e) >> (32 + 8 * (i))) & 255)
#include "backend/cpu/radix.inc"
#define E placed
#define NAME(function) placed_##function
#define BEFORE(a, b) ((a).key < (b).key)
#define DIGIT(e, i) ((unsigned)((e).key >> 8 * (i)) & 255)
#include "backend/cpu/radix.inc"

/* ---- rows ---- */

enum { MOST_BLOCKS = 16 }; /* each has scratch memory of its own */

typedef struct job {
  bool places; /* argsort */
  bool descending;
  int64_t kth; /* -1: all */
  emily_dtype dtype;
  int32_t in_size, out_size;
  int64_t extent, in_stride, out_stride;                                                     /* of the axis; bytes */
  int32_t ndim;                                                                              /* of the other axes */
  int64_t shape[EMILY__MAX_RANK], in_strides[EMILY__MAX_RANK], out_strides[EMILY__MAX_RANK]; /* bytes */
  char *in, *out;
  int64_t rows, blocks;
  char *scratch; /* blocks × block_bytes: two lists of keys with places, the row */
  size_t block_bytes;
} job;

#define FETCH(type)                                                                                                  \
  for (int64_t i = 0; i < j->extent; i++) *(type *)(out + i * j->out_stride) = ((const type *)row)[places[i]]; \
  break

/* out[i] = row[places[i]] */
static void fetch(const job *j, char *out, const void *row, const uint32_t *places) {
  switch (j->in_size) {
    case 1: FETCH(uint8_t);
    case 2: FETCH(uint16_t);
    case 4: FETCH(uint32_t);
    default: FETCH(uint64_t);
  }
}

/* Both give the sorted places, in the memory of the keys: a place is never longer than its element. */
static const uint32_t *order_packed(const job *j, void *scratch, const void *row) {
  uint64_t *x = scratch, *spare = x + j->extent;
  make_packed(x, row, j->dtype, j->extent, !j->descending ? 0 : j->in_size == 4 ? UINT32_MAX : ((uint32_t)1 << 8 * j->in_size) - 1);
  if (j->kth >= 0) packed_select(x, spare, j->extent, j->kth, j->in_size);
  else x = packed_sort(x, spare, j->extent, j->in_size);
  uint32_t *places = scratch;
  for (int64_t i = 0; i < j->extent; i++) places[i] = (uint32_t)x[i];
  return places;
}

static const uint32_t *order_placed(const job *j, void *scratch, const void *row) {
  placed *x = scratch, *spare = x + j->extent;
  make_placed(x, row, j->dtype, j->extent, j->descending ? UINT64_MAX : 0);
  if (j->kth >= 0) placed_select(x, spare, j->extent, j->kth, j->in_size);
  else x = placed_sort(x, spare, j->extent, j->in_size);
  uint32_t *places = scratch;
  for (int64_t i = 0; i < j->extent; i++) places[i] = (uint32_t)x[i].place;
  return places;
}

static size_t pair_size(const job *j) { return j->in_size <= 4 ? sizeof(uint64_t) : sizeof(placed); }

static void sort_row(const job *j, char *scratch, const char *in, char *out) {
  char *row = scratch + 2 * (size_t)j->extent * pair_size(j);
  emily__copy_strided(row, j->in_size, in, j->in_stride, j->extent, j->in_size);
  const uint32_t *places = j->in_size <= 4 ? order_packed(j, scratch, row) : order_placed(j, scratch, row);
  if (!j->places) fetch(j, out, row, places);
  else emily__copy_strided(out, j->out_stride, places, sizeof *places, j->extent, sizeof *places);
}

static void run_block(void *context, int64_t block) {
  const job *j = context;
  int64_t begin = j->rows * block / j->blocks, end = j->rows * (block + 1) / j->blocks;
  for (int64_t row = begin; row < end; row++) {
    char *in = j->in, *out = j->out;
    int64_t rest = row;
    for (int32_t i = j->ndim - 1; i >= 0 && rest > 0; i--) {
      in += rest % j->shape[i] * j->in_strides[i];
      out += rest % j->shape[i] * j->out_strides[i];
      rest /= j->shape[i];
    }
    sort_row(j, j->scratch + (size_t)block * j->block_bytes, in, out);
  }
}

static void describe(job *j, const emily__tensor *in, const emily__tensor *out, int64_t axis) {
  j->in_stride = in->strides[axis] * j->in_size;
  j->out_stride = out->strides[axis] * j->out_size;
  for (int32_t i = 0; i < in->ndim; i++) {
    if (i == axis) continue;
    j->shape[j->ndim] = in->shape[i];
    j->in_strides[j->ndim] = in->strides[i] * j->in_size;
    j->out_strides[j->ndim++] = out->strides[i] * j->out_size;
  }
}

static emily_status sort(const emily__node_view *node, bool places) {
  const emily__attrs_sort *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  if (out->size == 0) return EMILY_OK;
  if (in->shape[attrs->axis] > UINT32_MAX)
    return emily__fail(EMILY_UNSUPPORTED, emily__prim_name(node->prim),
                       "the axis has %lld elements; at most 2^32 - 1", (long long)in->shape[attrs->axis]);
  job j = {.places = places,
           .descending = attrs->descending != 0,
           .kth = attrs->kth,
           .dtype = in->dtype,
           .in = in->data,
           .out = out->data,
           .in_size = (int32_t)emily_dtype_size(in->dtype),
           .out_size = (int32_t)emily_dtype_size(out->dtype),
           .extent = in->shape[attrs->axis]};
  describe(&j, in, out, attrs->axis);
  j.rows = in->size / j.extent;
  j.blocks = in->size <= EMILY__GRAIN_COSTLY ? 1 : j.rows < MOST_BLOCKS ? j.rows : MOST_BLOCKS;
  j.block_bytes = ((size_t)j.extent * (2 * pair_size(&j) + (size_t)j.in_size) + 63) & ~(size_t)63;
  j.scratch = emily__alloc_array((size_t)j.blocks, j.block_bytes);
  if (!j.scratch) return EMILY_OUT_OF_MEMORY;
  if (j.blocks == 1) run_block(&j, 0);
  else emily__pool_run(run_block, &j, j.blocks);
  emily__free(j.scratch);
  return EMILY_OK;
}

emily_status emily__cpu_sort(const emily__node_view *node) { return sort(node, false); }
emily_status emily__cpu_argsort(const emily__node_view *node) { return sort(node, true); }
