/* codecs.h: the formats behind image.h. Each checks the size against EMILY__IMAGE_MOST_PIXELS before it takes memory. */
#ifndef EMILY_MEDIA_CODECS_H
#define EMILY_MEDIA_CODECS_H

#include "media/image.h"

/* *orientation: EXIF's, 1 … 8; 1 where the file says nothing. */
emily_status emily__jpeg_decode(const uint8_t *data, size_t size, const char *name, emily__image *out, int *orientation);
emily_status emily__png_decode(const uint8_t *data, size_t size, const char *name, emily__image *out, int *orientation);

/* The orientation that a block of EXIF data says (a TIFF header and its first directory, CIPA DC-008); 1 where it says none, or is
 * damaged: a picture is not refused for its notes. */
int emily__exif_orientation(const uint8_t *data, size_t size);

#endif
