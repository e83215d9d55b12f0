/* png.c: PNG by libpng.
 *
 * libpng leaves by longjmp when something is wrong: what must survive that lies in a struct that the frame of setjmp only
 * points to. */
#include "media/codecs.h"

#include "base/alloc.h"

#include <png.h>
#include <string.h>

enum { MOST_SIDE = 1 << 24, MOST_CHUNK = 8 << 20, MOST_CHUNKS = 1000 };

typedef struct source {
  const uint8_t *data;
  size_t size, at;
  const char *name;
  png_structp png;
  png_infop info;
  uint8_t **rows;
  emily__image image;
  emily_status status;
  int orientation;
} source;

static void on_error(png_structp png, const char *message) {
  source *s = png_get_error_ptr(png);
  if (s->status == EMILY_OK) s->status = emily__fail(EMILY_BAD_FORMAT, s->name, "not a sound PNG picture: %s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, const char *message) { (void)png, (void)message; }

static void on_read(png_structp png, png_bytep out, size_t count) {
  source *s = png_get_io_ptr(png);
  if (count > s->size - s->at) png_error(png, "it ends early");
  memcpy(out, s->data + s->at, count);
  s->at += count;
}

/* Every kind of PNG as 8-bit RGB: palettes and grey levels spread out, alpha and transparent colours dropped. */
static void ask_for_rgb(png_structp png, png_infop info) {
  const png_byte type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (!(type & PNG_COLOR_MASK_COLOR)) {
    if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
    png_set_gray_to_rgb(png);
  }
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

static void read_orientation(source *s) {
  png_uint_32 bytes = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(s->png, s->info, &bytes, &exif)) s->orientation = emily__exif_orientation(exif, bytes);
}

/* Room for the picture and its rows; leaves by longjmp where there is none. */
static void make_room(source *s) {
  const int64_t width = png_get_image_width(s->png, s->info), height = png_get_image_height(s->png, s->info);
  s->status = emily__image_new(width, height, s->name, &s->image);
  if (s->status == EMILY_OK && png_get_rowbytes(s->png, s->info) != (size_t)width * 3)
    s->status = emily__fail(EMILY_INTERNAL, s->name, "a PNG row is not RGB");
  if (s->status == EMILY_OK && !(s->rows = emily__alloc_array((size_t)height, sizeof *s->rows))) s->status = EMILY_OUT_OF_MEMORY;
  if (s->status != EMILY_OK) png_longjmp(s->png, 1);
  for (int64_t y = 0; y < height; y++) s->rows[y] = s->image.pixels + y * width * 3;
}

static void read_picture(source *s) {
  if (setjmp(png_jmpbuf(s->png))) return; /* s->status says why */
  png_set_user_limits(s->png, MOST_SIDE, MOST_SIDE);
  png_set_chunk_malloc_max(s->png, MOST_CHUNK);
  png_set_chunk_cache_max(s->png, MOST_CHUNKS);
  png_set_read_fn(s->png, s, on_read);
  png_read_info(s->png, s->info);
  ask_for_rgb(s->png, s->info);
  make_room(s);
  png_read_image(s->png, s->rows);
  png_read_end(s->png, s->info);
  read_orientation(s);
}

emily_status emily__png_decode(const uint8_t *data, size_t size, const char *name, emily__image *out, int *orientation) {
  source s = {.data = data, .size = size, .name = name, .orientation = 1};
  s.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_error, on_warning);
  s.info = s.png ? png_create_info_struct(s.png) : NULL;
  if (!s.info) s.status = emily__fail_memory(name, size, 0);
  else read_picture(&s);
  png_destroy_read_struct(&s.png, &s.info, NULL);
  emily__free(s.rows);
  if (s.status != EMILY_OK) {
    emily__image_free(&s.image);
    return s.status;
  }
  *out = s.image;
  *orientation = s.orientation;
  return EMILY_OK;
}
