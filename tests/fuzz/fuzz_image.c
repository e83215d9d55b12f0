/* fuzz_image.c: any bytes as a picture: an error with a message, or pixels that can be resized. */
#include "media/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

/* A small file may hold a large picture of one colour: only what fits into some MB is decoded, for the fuzzer's time's sake. */
static bool small(const emily__image *image) { return image->width * image->height < 1 << 20; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily__image image, out;
  if (emily__image_decode(data, size, "fuzz", &image) != EMILY_OK) {
    check(emily_last_error()->message[0] != '\0');
    return 0;
  }
  check(image.width > 0 && image.height > 0 && image.pixels != NULL);
  const emily__resample filter = (emily__resample)(size % EMILY__RESAMPLE_COUNT);
  if (small(&image) && emily__image_resize(&image, 1 + (int64_t)(size % 50), 1 + (int64_t)(size % 37), filter, &out) == EMILY_OK) emily__image_free(&out);
  emily__image_free(&image);
  return 0;
}
