/* pack.c: integers of 2 and 4 bits, a byte each in memory, put into whole bytes and taken out again. The first element is in the lowest
 * bits. The last axis holds whole bytes, so that rows need no care: elements are read in row-major order, through a buffer. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

enum { BLOCK = 4096 }; /* bytes that a buffer holds: whole bytes of packed ones */

typedef struct job {
  emily__iterate it;
  uint8_t *out;
  emily_dtype dtype;
  int64_t size; /* elements of the input */
} job;

static int bits_of(emily_dtype dtype) { return dtype == EMILY_INT2 || dtype == EMILY_UINT2 ? 2 : 4; }

static void gather(const job *j, int64_t from, uint8_t *bytes, int64_t n) {
  emily__walk walk;
  emily__walk_begin(&walk, j->it.ndim, j->it.shape, j->it.strides[0], 1, j->it.data[0], from);
  emily__walk_gather(&walk, bytes, n);
}

static void pack_block(void *context, int64_t block) {
  const job *j = context;
  uint8_t in[BLOCK];
  int64_t from = block * BLOCK, n = j->size - from < BLOCK ? j->size - from : BLOCK;
  gather(j, from, in, n);
  if (bits_of(j->dtype) == 4) {
    for (int64_t i = 0; i < n / 2; i++) j->out[from / 2 + i] = (uint8_t)((in[2 * i] & 15) | in[2 * i + 1] << 4);
    return;
  }
  for (int64_t i = 0; i < n / 4; i++)
    j->out[from / 4 + i] = (uint8_t)((in[4 * i] & 3) | (in[4 * i + 1] & 3) << 2 | (in[4 * i + 2] & 3) << 4 | in[4 * i + 3] << 6);
}

#define UNPACK(name, each, expression)                             \
  static void name(uint8_t *out, const uint8_t *in, int64_t n) {   \
    for (int64_t i = 0; i < n; i++)                                \
      for (int k = 0; k < (each); k++) {                           \
        unsigned x = (unsigned)in[i] >> (8 / (each)*k);            \
        out[(each)*i + k] = (uint8_t)(expression);                 \
      }                                                            \
  }
UNPACK(unpack_int2, 4, emily__int2(x))
UNPACK(unpack_int4, 2, emily__int4(x))
UNPACK(unpack_uint2, 4, emily__uint2(x))
UNPACK(unpack_uint4, 2, emily__uint4(x))

static void unpack_block(void *context, int64_t block) {
  const job *j = context;
  uint8_t in[BLOCK];
  int64_t from = block * BLOCK, n = j->size - from < BLOCK ? j->size - from : BLOCK;
  uint8_t *out = j->out + from * (8 / bits_of(j->dtype));
  gather(j, from, in, n);
  switch (j->dtype) {
    case EMILY_INT2: unpack_int2(out, in, n); break;
    case EMILY_INT4: unpack_int4(out, in, n); break;
    case EMILY_UINT2: unpack_uint2(out, in, n); break;
    default: unpack_uint4(out, in, n);
  }
}

static emily_status run(const emily__node_view *node, emily__pool_fn *fn, emily_dtype dtype) {
  const emily__tensor *x = &node->inputs[0];
  job j = {.out = node->outputs[0].data, .dtype = dtype, .size = x->size};
  emily__iterate_one(&j.it, x);
  int64_t blocks = (j.size + BLOCK - 1) / BLOCK;
  if (j.size > EMILY__GRAIN_CHEAP) emily__pool_run(fn, &j, blocks);
  else
    for (int64_t i = 0; i < blocks; i++) fn(&j, i);
  return EMILY_OK;
}

emily_status emily__cpu_pack(const emily__node_view *node) { return run(node, pack_block, node->inputs[0].dtype); }
emily_status emily__cpu_unpack(const emily__node_view *node) { return run(node, unpack_block, node->outputs[0].dtype); }
