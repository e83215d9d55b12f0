/* sort.c: sort and argsort along one axis: ascending, stable, NaN last (in the order in which they came), 0 and -0
 * equal.
 *
 * Each element becomes an unsigned key in the same order, and (key, place) is sorted: by insertion where the row is
 * short, by a radix sort a byte at a time, lowest first, where it is long (bytes that all keys share are skipped).
 * Equal keys stay in order. Results are fetched from the row by place, so that bits that the key drops (the sign of
 * zero, a NaN's payload) come through. */
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

#define KEYS(type, expression)                    \
  for (int64_t i = 0; i < n; i++) {               \
    type x = ((const type *)row)[i];              \
    out[i] = (placed){(expression), (uint64_t)i}; \
  }                                               \
  break

static void make_keys(placed *out, const void *row, emily_dtype dtype, int64_t n) {
  switch (dtype) {
    case EMILY_UINT16: KEYS(uint16_t, x);
    case EMILY_UINT32: KEYS(uint32_t, x);
    case EMILY_UINT64: KEYS(uint64_t, x);
    case EMILY_INT8: KEYS(int8_t, (uint8_t)(x ^ INT8_MIN));
    case EMILY_INT16: KEYS(int16_t, (uint16_t)(x ^ INT16_MIN));
    case EMILY_INT32: KEYS(int32_t, (uint32_t)(x ^ INT32_MIN));
    case EMILY_INT64: KEYS(int64_t, (uint64_t)(x ^ INT64_MIN));
    case EMILY_FLOAT16: KEYS(emily__f16, key_of_float(emily__f16_to_f32(x)));
    case EMILY_BFLOAT16: KEYS(emily__bf16, key_of_float(emily__bf16_to_f32(x)));
    case EMILY_FLOAT32: KEYS(float, key_of_float(x));
    case EMILY_FLOAT64: KEYS(double, key_of_double(x));
    case EMILY_COMPLEX64: KEYS(emily__c64, key_of_complex(x));
    default: KEYS(uint8_t, x);
  }
}

/* ---- sorting ---- */

enum { SHORT = 48, KEY_BYTES = 8 };

static void sort_short(placed *x, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    placed e = x[i];
    int64_t at = i;
    for (; at > 0 && e.key < x[at - 1].key; at--) x[at] = x[at - 1];
    x[at] = e;
  }
}

/* One pass: x to out by byte `byte` of the key, given how often each value occurs. */
static void scatter(placed *out, const placed *x, int64_t n, int byte, const uint32_t counts[256]) {
  uint64_t next[256], total = 0;
  for (int v = 0; v < 256; v++) {
    next[v] = total;
    total += counts[v];
  }
  for (int64_t i = 0; i < n; i++) out[next[x[i].key >> 8 * byte & 255]++] = x[i];
}

/* Sorts x; spare holds as many. The result is in what is returned: x or spare. */
static placed *sort_placed(placed *x, placed *spare, int64_t n) {
  uint32_t counts[KEY_BYTES][256];
  if (n <= SHORT) {
    sort_short(x, n);
    return x;
  }
  memset(counts, 0, sizeof counts);
  for (int64_t i = 0; i < n; i++)
    for (int byte = 0; byte < KEY_BYTES; byte++) counts[byte][x[i].key >> 8 * byte & 255]++;
  for (int byte = 0; byte < KEY_BYTES; byte++) {
    if (counts[byte][x[0].key >> 8 * byte & 255] == (uint32_t)n) continue;
    scatter(spare, x, n, byte, counts[byte]);
    placed *swap = x;
    x = spare;
    spare = swap;
  }
  return x;
}

/* ---- rows ---- */

enum { MOST_BLOCKS = 16 }; /* each has scratch memory of its own */

typedef struct job {
  bool places; /* argsort */
  emily_dtype dtype;
  int32_t in_size, out_size;
  int64_t extent, in_stride, out_stride;                                                     /* of the axis; bytes */
  int32_t ndim;                                                                              /* of the other axes */
  int64_t shape[EMILY__MAX_RANK], in_strides[EMILY__MAX_RANK], out_strides[EMILY__MAX_RANK]; /* bytes */
  char *in, *out;
  int64_t rows, blocks;
  char *scratch; /* blocks × block_bytes: two lists of placed, the row */
  size_t block_bytes;
} job;

#define FETCH(type)                                                                                                 \
  for (int64_t i = 0; i < j->extent; i++) *(type *)(out + i * j->out_stride) = ((const type *)row)[order[i].place]; \
  break

static void fetch(const job *j, char *out, const void *row, const placed *order) {
  switch (j->in_size) {
    case 1: FETCH(uint8_t);
    case 2: FETCH(uint16_t);
    case 4: FETCH(uint32_t);
    default: FETCH(uint64_t);
  }
}

static void sort_row(const job *j, char *scratch, const char *in, char *out) {
  placed *x = (placed *)scratch, *spare = x + j->extent;
  char *row = (char *)(spare + j->extent);
  emily__copy_strided(row, j->in_size, in, j->in_stride, j->extent, j->in_size);
  make_keys(x, row, j->dtype, j->extent);
  x = sort_placed(x, spare, j->extent);
  if (!j->places) fetch(j, out, row, x);
  else
    for (int64_t i = 0; i < j->extent; i++) *(uint32_t *)(out + i * j->out_stride) = (uint32_t)x[i].place;
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
  const emily__attrs_axis *attrs = node->attrs;
  const emily__tensor *in = &node->inputs[0], *out = &node->outputs[0];
  if (out->size == 0) return EMILY_OK;
  if (in->shape[attrs->axis] > UINT32_MAX)
    return emily__fail(EMILY_UNSUPPORTED, emily__prim_name(node->prim),
                       "the axis has %lld elements; at most 2^32 - 1", (long long)in->shape[attrs->axis]);
  job j = {.places = places,
           .dtype = in->dtype,
           .in = in->data,
           .out = out->data,
           .in_size = (int32_t)emily_dtype_size(in->dtype),
           .out_size = (int32_t)emily_dtype_size(out->dtype),
           .extent = in->shape[attrs->axis]};
  describe(&j, in, out, attrs->axis);
  j.rows = in->size / j.extent;
  j.blocks = in->size <= EMILY__GRAIN_COSTLY ? 1 : j.rows < MOST_BLOCKS ? j.rows : MOST_BLOCKS;
  j.block_bytes = ((size_t)j.extent * (2 * sizeof(placed) + (size_t)j.in_size) + 63) & ~(size_t)63;
  j.scratch = emily__alloc_array((size_t)j.blocks, j.block_bytes);
  if (!j.scratch) return EMILY_OUT_OF_MEMORY;
  if (j.blocks == 1) run_block(&j, 0);
  else emily__pool_run(run_block, &j, j.blocks);
  emily__free(j.scratch);
  return EMILY_OK;
}

emily_status emily__cpu_sort(const emily__node_view *node) { return sort(node, false); }
emily_status emily__cpu_argsort(const emily__node_view *node) { return sort(node, true); }
