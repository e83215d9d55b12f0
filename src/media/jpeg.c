/* jpeg.c: JPEG by libjpeg-turbo, through the interface of libjpeg: TurboJPEG's own refuses rarer ways to sample colours.
 *
 * The accurate inverse DCT and smooth chroma upsampling, as Pillow decodes. Progressive files are held to 500 scans: each scan costs
 * a pass over the picture, and a few bytes can ask for thousands. libjpeg leaves by longjmp when something is wrong: what must
 * survive that lies in a struct that the frame of setjmp only points to. */
#include "media/codecs.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { MOST_SCANS = 500 };

typedef struct decoder {
  struct jpeg_decompress_struct jpeg; /* the first member: callbacks get its address */
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  const char *name;
  emily__image image;
  uint8_t *cmyk; /* a row of it */
  emily_status status;
} decoder;

/* The payload of the APP1 segment that holds EXIF; 1 where there is none before the picture's data. */
static int orientation_of(const uint8_t *data, size_t size) {
  for (size_t at = 2; at + 4 <= size && data[at] == 0xFF;) {
    const uint8_t marker = data[at + 1];
    const size_t length = (size_t)data[at + 2] << 8 | data[at + 3];
    if (marker == 0xFF) { /* a fill byte */
      at++;
      continue;
    }
    if (marker == 0xDA || length < 2 || length > size - at - 2) break;
    const uint8_t *payload = data + at + 4;
    if (marker == 0xE1 && length >= 8 && memcmp(payload, "Exif\0\0", 6) == 0)
      return emily__exif_orientation(payload + 6, length - 8);
    at += 2 + length;
  }
  return 1;
}

/* product / 255, rounded, for products of two bytes */
static uint8_t over_255(unsigned product) {
  product += 128;
  return (uint8_t)((product + (product >> 8)) >> 8);
}

/* Adobe writes CMYK inverted; where its mark is missing the inks are as they are called. */
static void cmyk_to_rgb(const uint8_t *cmyk, bool inverted, uint8_t *rgb, int64_t width) {
  const uint8_t flip = inverted ? 0 : 255;
  for (int64_t i = 0; i < width; i++, cmyk += 4)
    for (int c = 0; c < 3; c++) {
      const uint8_t white = cmyk[3] ^ flip, ink = (uint8_t)(255 - (cmyk[c] ^ flip));
      const int value = white - over_255((unsigned)ink * white);
      *rgb++ = (uint8_t)(value < 0 ? 0 : value);
    }
}

/* ---- libjpeg's callbacks ---- */

static void leave(decoder *d, const char *words) {
  if (d->status == EMILY_OK) d->status = emily__fail(EMILY_BAD_FORMAT, d->name, "not a sound JPEG picture: %s", words);
  longjmp(d->escape, 1);
}

static void on_error(j_common_ptr jpeg) {
  char words[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, words);
  leave((decoder *)jpeg, words);
}

/* A file or a segment that ends early is damaged; after other warnings (stray bytes between segments) the picture is whole. */
static void on_message(j_common_ptr jpeg, int level) {
  const int code = jpeg->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number > MOST_SCANS) leave((decoder *)jpeg, "it has more than 500 scans");
}

/* ---- decoding ---- */

static void begin(decoder *d) {
  j_decompress_ptr jpeg = &d->jpeg;
  const bool four = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = four ? JCS_CMYK : JCS_RGB;
  jpeg->dct_method = JDCT_ISLOW;
  d->status = emily__image_new(jpeg->image_width, jpeg->image_height, d->name, &d->image);
  if (d->status == EMILY_OK && four && !(d->cmyk = emily__alloc_array((size_t)d->image.width, 4))) d->status = EMILY_OUT_OF_MEMORY;
  if (d->status != EMILY_OK) longjmp(d->escape, 1);
  jpeg_start_decompress(jpeg);
}

static void read_rows(decoder *d) {
  j_decompress_ptr jpeg = &d->jpeg;
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *rgb = d->image.pixels + 3 * d->image.width * jpeg->output_scanline;
    JSAMPROW row = d->cmyk ? d->cmyk : rgb;
    jpeg_read_scanlines(jpeg, &row, 1);
    if (d->cmyk) cmyk_to_rgb(d->cmyk, jpeg->saw_Adobe_marker, rgb, d->image.width);
  }
}

static void decode(decoder *d, const uint8_t *data, size_t size) {
  d->jpeg.err = jpeg_std_error(&d->errors);
  d->errors.error_exit = on_error;
  d->errors.emit_message = on_message;
  d->progress.progress_monitor = on_progress;
  if (setjmp(d->escape)) return; /* d->status says why */
  jpeg_create_decompress(&d->jpeg);
  d->jpeg.progress = &d->progress;
  jpeg_mem_src(&d->jpeg, data, (unsigned long)size);
  jpeg_read_header(&d->jpeg, TRUE);
  begin(d);
  read_rows(d);
  jpeg_finish_decompress(&d->jpeg);
}

emily_status emily__jpeg_decode(const uint8_t *data, size_t size, const char *name, emily__image *out, int *orientation) {
  decoder *d = emily__calloc(1, sizeof *d);
  if (!d) return EMILY_OUT_OF_MEMORY;
  d->name = name;
  decode(d, data, size);
  jpeg_destroy_decompress(&d->jpeg);
  emily__free(d->cmyk);
  emily_status status = d->status;
  if (status == EMILY_OK) *out = d->image;
  else emily__image_free(&d->image);
  emily__free(d);
  *orientation = orientation_of(data, size);
  return status;
}
