/* test_sound.c: sound files against what soundfile and soxr make of them (tests/oracle/make_sound_cases.py), and files
 * that are wrong. */
#include "media/sound.h"

#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"
#include "../support/tones.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { RATE = 16000, HOUR = 3600 };

static const char *data_file(const char *name) {
  const char *root = getenv("EMILY_TEST_DATA");
  static char path[1024];
  snprintf(path, sizeof path, "%s/sounds/%s", root ? root : "tests/data", name);
  return path;
}

static void compare(const char *name, const emily__sound *sound, emily_array *want, double tolerance) {
  float *expected = golden_floats(want);
  assert_int_equal(sound->count, emily_array_size(want));
  double largest = 0;
  for (size_t i = 0; i < sound->count; i++) largest = fmax(largest, fabs((double)sound->samples[i] - (double)expected[i]));
  printf("%s: largest difference %.2e of %zu samples\n", name, largest, sound->count);
  assert_true(largest <= tolerance);
  free(expected);
}

/* Lossless formats to the bit but for the resampler's rounding; the decoders of the others differ by version a little. */
static void reads_every_format(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double tolerance;
  } files[] = {{"mono.wav", 0},    {"stereo.wav", 1e-6}, {"three.aiff", 1e-6}, {"float.wav", 1e-6}, {"ulaw.wav", 1e-6}, {"stereo.flac", 1e-6},
               {"mono.caf", 1e-6}, {"empty.wav", 0},     {"vorbis.ogg", 1e-4}, {"opus.ogg", 1e-3},  {"mono.mp3", 1e-3}};
  emily_array_map *ref;
  assert_int_equal(emily_safetensors_load(data_file("sounds.safetensors"), &ref), EMILY_OK);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    emily__sound sound;
    if (emily__sound_load(data_file(files[i].name), RATE, HOUR, &sound)) fail_msg("%s", emily_last_error()->message);
    compare(files[i].name, &sound, emily_array_map_get(ref, files[i].name), files[i].tolerance);
    emily__sound_free(&sound);
  }
  emily_array_map_release(ref);
}

static emily_status load(const char *path) {
  emily__sound sound;
  emily_status status = emily__sound_load(path, RATE, HOUR, &sound);
  if (status == EMILY_OK) emily__sound_free(&sound);
  return status;
}

static void refuses(const void *bytes, size_t size, emily_status status, const char *words) {
  emily__sound sound;
  emily_status found = emily__sound_decode(bytes, size, "it", RATE, 1, &sound);
  if (found == EMILY_OK) emily__sound_free(&sound);
  assert_int_equal(found, status);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void says_what_is_wrong(void **state) {
  (void)state;
  char *folder = folder_new();
  assert_int_equal(load(in(folder, "none.wav")), EMILY_NOT_FOUND);
  assert_int_equal(load(folder), EMILY_IO_ERROR);
  refuses("no sound at all", 15, EMILY_BAD_FORMAT, "it is no sound that can be read");
  refuses("", 0, EMILY_BAD_FORMAT, "it is no sound that can be read");
  folder_remove(folder);
}

/* Hostile files: counts, rates and lengths that a header promises. */
static void trusts_no_header(void **state) {
  (void)state;
  size_t size;
  uint8_t *wav = tones_wav(1, 8000, RATE, &size);
  emily__sound sound;
  memset(wav + 40, 0x7f, 4); /* two gigabytes of data */
  assert_int_equal(emily__sound_decode(wav, size, "it", RATE, 1, &sound), EMILY_OK);
  assert_int_equal(sound.count, 8000);
  emily__sound_free(&sound);
  wav[24] = 1, wav[25] = wav[26] = wav[27] = 0; /* one sample a second: 2 hours at 16000 */
  refuses(wav, size, EMILY_UNSUPPORTED, "1 samples a second");
  memset(wav + 24, 0x7f, 4);
  refuses(wav, size, EMILY_UNSUPPORTED, "samples a second");
  free(wav);
  wav = tones_wav(1, 20000, RATE, &size);
  refuses(wav, size, EMILY_UNSUPPORTED, "more than 0.0 hours");
  free(wav);
  wav = tones_wav(1, 20000, 8000, &size);
  refuses(wav, size, EMILY_UNSUPPORTED, "goes on for more");
  free(wav);
}

/* A WAV of float32 samples that holds what is no number. */
static void refuses_what_is_no_number(void **state) {
  (void)state;
  for (uint32_t rate = 16000; rate <= 44100; rate += 28100) {
    size_t size;
    uint8_t *wav = tones_wav(1, 4000, rate, &size);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    wav[20] = 3, wav[34] = 32, wav[32] = 4;
    memset(wav + 44, 0, size - 44);
    for (int i = 0; i < 3; i++) {
      memcpy(wav + 44 + 400, &bad[i], 4);
      refuses(wav, size, EMILY_BAD_FORMAT, "not numbers");
    }
    free(wav);
  }
}

static void every_cut_is_an_answer(void **state) {
  (void)state;
  size_t size;
  uint8_t *wav = tones_wav(1, 300, 8000, &size);
  for (size_t n = 0; n <= size; n++) {
    emily__sound sound;
    uint8_t *cut = malloc(n + 1); /* of its own, so that a read past the end is seen */
    memcpy(cut, wav, n);
    emily_status status = emily__sound_decode(cut, n, "it", RATE, 1, &sound);
    assert_true(status == EMILY_OK || status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED);
    if (status == EMILY_OK) emily__sound_free(&sound);
    free(cut);
  }
  free(wav);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  size_t size;
  uint8_t *wav = tones_wav(1, 60000, 44100, &size);
  int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily__sound sound;
    emily__alloc_fail_after(n);
    emily_status status = emily__sound_decode(wav, size, "it", RATE, 9, &sound);
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) {
      emily__sound_free(&sound);
      assert_true(n > 1);
      break;
    }
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    assert_int_equal(emily__alloc_live(), live);
  }
  free(wav);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_format),        cmocka_unit_test(says_what_is_wrong),     cmocka_unit_test(trusts_no_header),
      cmocka_unit_test(refuses_what_is_no_number), cmocka_unit_test(every_cut_is_an_answer), cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
