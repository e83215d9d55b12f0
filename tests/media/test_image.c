/* test_image.c: pictures as Pillow reads them, and files that are none (tests/data/images, made by tests/oracle/make_images.py). */
#include "media/image.h"

#include "../support/arrays.h"

#include "emily/array_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FOLDER[] = "tests/data/images/";

static emily_array_map *references(void) {
  emily_array_map *map = NULL;
  assert_int_equal(emily_safetensors_load("tests/data/images/references.safetensors", &map), EMILY_OK);
  return map;
}

/* The largest difference of a value; -1 where the extents differ. */
static int largest_difference(const emily__image *image, emily_array *want) {
  if (emily_array_dim(want, 0) != image->height || emily_array_dim(want, 1) != image->width) return -1;
  const size_t bytes = emily_array_nbytes(want);
  uint8_t *values = malloc(bytes);
  assert_int_equal(emily_array_read(want, values, bytes), EMILY_OK);
  int largest = 0;
  for (size_t i = 0; i < bytes; i++) largest = abs(values[i] - image->pixels[i]) > largest ? abs(values[i] - image->pixels[i]) : largest;
  free(values);
  return largest;
}

/* PNG is exact. JPEG's standard leaves the last bit of its inverse transform open, and builds of the library differ in it; through the
 * conversion of colours that is up to 2. */
static void reads_as_pillow_does(void **state) {
  (void)state;
  emily_array_map *map = references();
  int files = 0;
  for (size_t i = 0; i < emily_array_map_count(map); i++) {
    const char *name = emily_array_map_name(map, i);
    char path[128];
    emily__image image;
    if (!strchr(name, '.')) continue;
    snprintf(path, sizeof path, "%s%s", FOLDER, name);
    assert_int_equal(emily__image_load(path, &image), EMILY_OK);
    int off = largest_difference(&image, emily_array_map_get(map, name));
    printf("%s: off by %d\n", name, off);
    assert_in_range(off, 0, strstr(name, ".png") ? 0 : 2);
    emily__image_free(&image);
    files++;
  }
  assert_int_equal(files, 20);
  emily_array_map_release(map);
}

static void refuses(const void *data, size_t size, emily_status status, const char *words) {
  emily__image image;
  assert_int_equal(emily__image_decode(data, size, "picture", &image), status);
  assert_null(image.pixels);
  assert_non_null(strstr(emily_last_error()->message, words));
}

static void refuses_other_formats_by_name(void **state) {
  (void)state;
  refuses("GIF89a", 6, EMILY_UNSUPPORTED, "GIF");
  refuses("RIFF\x10\0\0\0WEBPVP8 ", 16, EMILY_UNSUPPORTED, "WebP");
  refuses("\0\0\0\x18" "ftypheic", 12, EMILY_UNSUPPORTED, "HEIC");
  refuses("hello", 5, EMILY_UNSUPPORTED, "JPEG and PNG");
  refuses("", 0, EMILY_UNSUPPORTED, "JPEG and PNG");
}

static size_t read_file(const char *name, uint8_t *bytes, size_t most) {
  char path[128];
  snprintf(path, sizeof path, "%s%s", FOLDER, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t size = fread(bytes, 1, most, file);
  fclose(file);
  return size;
}

/* Every prefix of a file is damaged, but for ones that lack only the end mark; nothing may be read past it. */
static void refuses_files_that_end_early(void **state) {
  (void)state;
  static const char *const names[] = {"photo.png", "palette.png", "q75.jpg", "progressive.jpg", "cmyk.jpg"};
  static uint8_t bytes[1 << 16];
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    size_t size = read_file(names[n], bytes, sizeof bytes);
    for (size_t i = 8; i < size - 16; i += 7) {
      uint8_t *part = malloc(i); /* of its own: a sanitizer sees a read behind it */
      emily__image image;
      memcpy(part, bytes, i);
      assert_int_equal(emily__image_decode(part, i, names[n], &image), EMILY_BAD_FORMAT);
      free(part);
    }
  }
}

/* A header may promise any extents: they are refused before memory is taken for them. */
static void refuses_pictures_that_are_too_large(void **state) {
  (void)state;
  static uint8_t bytes[1 << 16];
  size_t size = read_file("q95.jpg", bytes, sizeof bytes);
  for (size_t i = 2; i + 9 < size; i++)
    if (bytes[i] == 0xFF && bytes[i + 1] == 0xC0) memset(bytes + i + 5, 0xFE, 4); /* 65278 x 65278 */
  refuses(bytes, size, EMILY_UNSUPPORTED, "65278 x 65278");
}

static void a_missing_file_is_named(void **state) {
  (void)state;
  emily__image image;
  assert_int_equal(emily__image_load("tests/data/images/none.png", &image), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "none.png"));
}

static void a_window_outside_is_black(void **state) {
  (void)state;
  emily__image image, out;
  assert_int_equal(emily__image_new(2, 1, "two", &image), EMILY_OK);
  memcpy(image.pixels, (uint8_t[]){1, 2, 3, 4, 5, 6}, 6);
  assert_int_equal(emily__image_crop(&image, -1, -1, 4, 3, &out), EMILY_OK);
  static const uint8_t want[36] = {[15] = 1, 2, 3, 4, 5, 6};
  assert_memory_equal(out.pixels, want, sizeof want);
  emily__image_free(&out);
  assert_int_equal(emily__image_crop(&image, 0, 1, 1, 1, &out), EMILY_OK);
  assert_memory_equal(out.pixels, ((uint8_t[]){4, 5, 6}), 3);
  emily__image_free(&out);
  emily__image_free(&image);
}

static void resizes_as_pillow_does_to_the_bit(void **state) {
  (void)state;
  static const char *const names[EMILY__RESAMPLE_COUNT] = {"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"};
  emily_array_map *map = references();
  emily__image image, out;
  int cases = 0;
  assert_int_equal(emily__image_load("tests/data/images/photo.png", &image), EMILY_OK);
  for (size_t i = 0; i < emily_array_map_count(map); i++) {
    const char *name = emily_array_map_name(map, i), *size = strchr(name, '_');
    long long width, height;
    if (!size || sscanf(size, "_%lldx%lld", &width, &height) != 2) continue;
    int filter = 0;
    while (strncmp(names[filter], name, (size_t)(size - name)) != 0) filter++;
    assert_int_equal(emily__image_resize(&image, width, height, (emily__resample)filter, &out), EMILY_OK);
    if (largest_difference(&out, emily_array_map_get(map, name)) != 0) fail_msg("%s is not Pillow's", name);
    emily__image_free(&out);
    cases++;
  }
  assert_int_equal(cases, 48);
  emily__image_free(&image);
  emily_array_map_release(map);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_as_pillow_does),
      cmocka_unit_test(refuses_other_formats_by_name),
      cmocka_unit_test(refuses_files_that_end_early),
      cmocka_unit_test(refuses_pictures_that_are_too_large),
      cmocka_unit_test(a_missing_file_is_named),
      cmocka_unit_test(a_window_outside_is_black),
      cmocka_unit_test(resizes_as_pillow_does_to_the_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
