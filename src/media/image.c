/* image.c: see image.h. */
#include "media/image.h"

#include "base/alloc.h"
#include "io/file.h"
#include "media/codecs.h"

#include <string.h>

/* What files begin with that people have and that are not read here. */
static const struct {
  const char *mark;
  size_t at, length;
  const char *name;
} strangers[] = {
    {"GIF8", 0, 4, "GIF"},      {"WEBP", 8, 4, "WebP"},   {"BM", 0, 2, "BMP"},     {"II*\0", 0, 4, "TIFF"}, {"MM\0*", 0, 4, "TIFF"},
    {"ftypheic", 4, 8, "HEIC"}, {"ftypavif", 4, 8, "AVIF"}, {"%PDF", 0, 4, "PDF"}, {"<svg", 0, 4, "SVG"},   {"\0\0\1\0", 0, 4, "ICO"},
};

emily_status emily__image_new(int64_t width, int64_t height, const char *name, emily__image *out) {
  if (width < 1 || height < 1) return emily__fail(EMILY_BAD_FORMAT, name, "the picture is empty");
  if (width > EMILY__IMAGE_MOST_PIXELS / height)
    return emily__fail(EMILY_UNSUPPORTED, name, "the picture has %lld x %lld pixels; at most %d in all are taken", (long long)width,
                       (long long)height, (int)EMILY__IMAGE_MOST_PIXELS);
  *out = (emily__image){emily__calloc((size_t)(width * height), 3), width, height};
  return out->pixels ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

void emily__image_free(emily__image *image) {
  emily__free(image->pixels);
  *image = (emily__image){0};
}

/* EXIF's orientation: 2 … 4 mirror along one axis or both, 5 … 8 exchange the axes first. */
static emily_status turn_upright(emily__image *image, int orientation, const char *name) {
  if (orientation == 1) return EMILY_OK;
  const bool swap = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  emily__image out;
  EMILY__TRY(emily__image_new(swap ? image->height : image->width, swap ? image->width : image->height, name, &out));
  uint8_t *to = out.pixels;
  for (int64_t y = 0; y < out.height; y++)
    for (int64_t x = 0; x < out.width; x++, to += 3) {
      int64_t sx = swap ? y : x, sy = swap ? x : y;
      if (mirror_x) sx = image->width - 1 - sx;
      if (mirror_y) sy = image->height - 1 - sy;
      memcpy(to, image->pixels + 3 * (sy * image->width + sx), 3);
    }
  emily__image_free(image);
  *image = out;
  return EMILY_OK;
}

static emily_status refuse_format(const uint8_t *data, size_t size, const char *name) {
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
    if (size >= strangers[i].at + strangers[i].length && memcmp(data + strangers[i].at, strangers[i].mark, strangers[i].length) == 0)
      return emily__fail(EMILY_UNSUPPORTED, name, "a %s file; JPEG and PNG pictures are read: convert it to one of them", strangers[i].name);
  return emily__fail(EMILY_UNSUPPORTED, name, "no picture that emily reads: JPEG and PNG are");
}

emily_status emily__image_decode(const uint8_t *data, size_t size, const char *name, emily__image *out) {
  int orientation = 1;
  emily_status status;
  *out = (emily__image){0};
  if (size >= 3 && memcmp(data, "\xFF\xD8\xFF", 3) == 0) status = emily__jpeg_decode(data, size, name, out, &orientation);
  else if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1A\n", 8) == 0) status = emily__png_decode(data, size, name, out, &orientation);
  else status = refuse_format(data, size, name);
  if (status == EMILY_OK) status = turn_upright(out, orientation, name);
  if (status != EMILY_OK) emily__image_free(out);
  return status;
}

emily_status emily__image_load(const char *path, emily__image *out) {
  emily__file_map *map = NULL;
  EMILY__TRY(emily__file_map_open(path, &map));
  emily_status status = map->size ? emily__image_decode(map->data, map->size, path, out) : emily__fail(EMILY_BAD_FORMAT, path, "the file is empty");
  emily__file_map_release(map);
  return status;
}

emily_status emily__image_crop(const emily__image *image, int64_t top, int64_t left, int64_t width, int64_t height, emily__image *out) {
  EMILY__TRY(emily__image_new(width, height, "crop", out));
  for (int64_t y = 0; y < height; y++) {
    const int64_t row = top + y, from = left < 0 ? -left : 0;
    const int64_t end = left + width > image->width ? image->width - left : width;
    if (row < 0 || row >= image->height || end <= from) continue;
    memcpy(out->pixels + 3 * (y * width + from), image->pixels + 3 * (row * image->width + left + from), (size_t)(end - from) * 3);
  }
  return EMILY_OK;
}
