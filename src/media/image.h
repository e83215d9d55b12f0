/* image.h: pictures from files, as rows of 8-bit RGB, and their resizing.
 *
 * JPEG (by libjpeg-turbo) and PNG (by libpng) come out as Pillow's Image.open(…).convert("RGB") gives them, turned as their
 * EXIF orientation says (ImageOps.exif_transpose): grey levels and palettes become RGB, an alpha channel is dropped, 16-bit
 * channels keep their high byte, CMYK is converted without a profile. Other formats are refused by name.
 */
#ifndef EMILY_MEDIA_IMAGE_H
#define EMILY_MEDIA_IMAGE_H

#include "base/status.h"

/* More pixels than this are refused before memory is taken: Pillow's own limit. */
enum { EMILY__IMAGE_MOST_PIXELS = 178956970 };

typedef struct emily__image {
  uint8_t *pixels; /* [height, width, 3], owned */
  int64_t width, height;
} emily__image;

/* Read a file. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT (damaged), EMILY_UNSUPPORTED (another format, too many pixels). */
emily_status emily__image_load(const char *path, emily__image *out);
/* The same from memory; `name` stands for the file in messages. */
emily_status emily__image_decode(const uint8_t *data, size_t size, const char *name, emily__image *out);
void emily__image_free(emily__image *image);

/* Room for a picture, zeroed. `name` is for messages. */
emily_status emily__image_new(int64_t width, int64_t height, const char *name, emily__image *out);

/* Pillow's numbers (PIL.Image.Resampling), which preprocessor_config.json carries as "resample". */
typedef enum emily__resample {
  EMILY__RESAMPLE_NEAREST = 0,
  EMILY__RESAMPLE_LANCZOS = 1,
  EMILY__RESAMPLE_BILINEAR = 2,
  EMILY__RESAMPLE_BICUBIC = 3,
  EMILY__RESAMPLE_BOX = 4,
  EMILY__RESAMPLE_HAMMING = 5,
  EMILY__RESAMPLE_COUNT = 6
} emily__resample;

/* As Image.resize of Pillow 13 does, to the bit: a separable filter, widened where the picture shrinks, whose weights are whole numbers of
 * 2^-22; along rows, rounded to 8 bits, and along columns, or the other way round where the height falls far more than the width (older
 * Pillows always begin with the rows: a level or a few of difference). */
emily_status emily__image_resize(const emily__image *image, int64_t width, int64_t height, emily__resample filter,
                                 emily__image *out);

/* The window [top, top + height) x [left, left + width) of the picture; what lies outside of it is black. */
emily_status emily__image_crop(const emily__image *image, int64_t top, int64_t left, int64_t width, int64_t height,
                               emily__image *out);

#endif
