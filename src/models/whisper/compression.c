/* compression.c: how much the tokens of a window repeat themselves, by zlib, as Transformers measures it. */
#include "models/whisper/transcriber.h"

#include "base/alloc.h"

#include <math.h>
#include <zlib.h>

double emily__whisper_compression_ratio(const int32_t *tokens, size_t count, int64_t vocab) {
  size_t width = (size_t)(log2((double)vocab) / 8) + 1, size = count * width;
  uLongf packed = compressBound(size);
  uint8_t *bytes = emily__alloc_array(count ? count : 1, width), *out = emily__alloc_array(packed, 1);
  double ratio = NAN;
  if (bytes && out) {
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)((uint32_t)tokens[i / width] >> (8 * (i % width)));
    if (compress(out, &packed, bytes, size) == Z_OK) ratio = (double)size / (double)packed;
  }
  emily__free(bytes);
  emily__free(out);
  return ratio;
}
