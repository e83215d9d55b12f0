/* create.c: iota and random bits. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"

#include <string.h>

/* ---- iota: start + i · step, in float64 for floats, wrapping for integers ---- */

static void iota_integer(const emily__attrs_iota *attrs, const emily__tensor *out) {
  size_t size = emily_dtype_size(out->dtype);
  uint64_t value = (uint64_t)attrs->int_start;
  for (int64_t i = 0; i < out->size; i++, value += (uint64_t)attrs->int_step)
    memcpy((char *)out->data + i * (int64_t)size, &value,
           size); /* little-endian: the low bytes are the wrapped number */
}

static void iota_float(const emily__attrs_iota *attrs, const emily__tensor *out) {
  for (int64_t i = 0; i < out->size; i++) {
    double value = attrs->start + (double)i * attrs->step;
    switch (out->dtype) {
      case EMILY_FLOAT16: ((emily__f16 *)out->data)[i] = emily__f32_to_f16((float)value); break;
      case EMILY_BFLOAT16: ((emily__bf16 *)out->data)[i] = emily__f32_to_bf16((float)value); break;
      case EMILY_FLOAT32: ((float *)out->data)[i] = (float)value; break;
      case EMILY_FLOAT64: ((double *)out->data)[i] = value; break;
      default: ((emily__c64 *)out->data)[i] = (emily__c64){(float)value, 0}; break;
    }
  }
}

emily_status emily__cpu_iota(const emily__node_view *node) {
  const emily__tensor *out = &node->outputs[0];
  if (emily_dtype_is_integer(out->dtype)) iota_integer(node->attrs, out);
  else iota_float(node->attrs, out);
  return EMILY_OK;
}

/* ---- random bits: Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011) ---- */

enum { LANES = 32 }; /* hashes at once: the loops over lanes vectorise */

static void threefry_rounds(uint32_t *restrict x, uint32_t *restrict y, const unsigned char rotations[4]) {
  for (int i = 0; i < 4; i++) {
    unsigned r = rotations[i];
    for (int l = 0; l < LANES; l++) {
      x[l] += y[l];
      y[l] = (y[l] << r | y[l] >> (32 - r)) ^ x[l];
    }
  }
}

/* (x, y): counters in, random words out. */
static void threefry(const uint32_t key[2], uint32_t *restrict x, uint32_t *restrict y) {
  static const unsigned char rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t schedule[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
  for (int l = 0; l < LANES; l++) x[l] += schedule[0], y[l] += schedule[1];
  for (uint32_t i = 0; i < 5; i++) {
    threefry_rounds(x, y, rotations[i % 2]);
    for (int l = 0; l < LANES; l++) x[l] += schedule[(i + 1) % 3], y[l] += schedule[(i + 2) % 3] + i + 1;
  }
}

enum { HASHES_PER_BLOCK = 2048 };

/* One key's stream of bytes, as MLX lays it out: W words; hash (i, h + i) gives words i and h + i, where h is W / 2
 * rounded up. Of an odd W, the last first half, hash (h - 1, 0), stands alone in the middle. */
typedef struct stream {
  uint32_t key[2];
  char *out;
  int64_t bytes, words, half;
} stream;

static void put_words(const stream *s, int64_t word, const uint32_t *values, int64_t n) {
  int64_t left = s->bytes - 4 * word;
  if (left > 0) memcpy(s->out + 4 * word, values, (size_t)(left < 4 * n ? left : 4 * n));
}

static void hash_block(void *context, int64_t block) {
  const stream *s = context;
  int64_t end = (block + 1) * HASHES_PER_BLOCK < s->half ? (block + 1) * HASHES_PER_BLOCK : s->half;
  for (int64_t i = block * HASHES_PER_BLOCK; i < end; i += LANES) {
    uint32_t x[LANES], y[LANES];
    int64_t n = end - i < LANES ? end - i : LANES;
    for (int l = 0; l < LANES; l++) {
      x[l] = (uint32_t)(i + l);
      y[l] = s->half + i + l < s->words ? (uint32_t)(s->half + i + l) : 0;
    }
    threefry(s->key, x, y);
    put_words(s, i, x, n);
    put_words(s, s->half + i, y, n);
  }
}

static void fill_stream(const stream *s) {
  int64_t blocks = (s->half + HASHES_PER_BLOCK - 1) / HASHES_PER_BLOCK;
  if (blocks == 1) hash_block((void *)s, 0);
  else emily__pool_run(hash_block, (void *)s, blocks);
}

emily_status emily__cpu_random_bits(const emily__node_view *node) {
  const emily__tensor *keys = &node->inputs[0], *out = &node->outputs[0];
  int64_t count = keys->size / 2;
  if (out->size == 0) return EMILY_OK;
  int64_t bytes = out->size / count * (int64_t)emily_dtype_size(out->dtype), words = (bytes + 3) / 4;
  emily__iterate it;
  emily__iterate_one(&it, keys);
  emily__walk walk;
  emily__walk_begin(&walk, it.ndim, it.shape, it.strides[0], 4, keys->data, 0);
  for (int64_t i = 0; i < count; i++) {
    stream s = {.out = (char *)out->data + i * bytes, .bytes = bytes, .words = words, .half = (words + 1) / 2};
    emily__walk_gather(&walk, s.key, 2);
    fill_stream(&s);
  }
  return EMILY_OK;
}
