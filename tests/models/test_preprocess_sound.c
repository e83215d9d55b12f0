/* test_preprocess_sound.c: features equal to WhisperFeatureExtractor's (tests/oracle/make_sound_cases.py), settings that
 * are refused. */
#include "models/preprocess_sound.h"

#include "../support/arrays.h"
#include "../support/golden.h"
#include "../support/tones.h"

#include "base/json.h"
#include "emily/array_map.h"

#include <math.h>
#include <stdio.h>

static const char *data_file(const char *name) {
  const char *root = getenv("EMILY_TEST_DATA");
  static char path[1024];
  snprintf(path, sizeof path, "%s/sounds/%s", root ? root : "tests/data", name);
  return path;
}

static emily_preprocessor *parse(const json_t *config) {
  emily_preprocessor *p = NULL;
  char *text = json_dumps(config, 0);
  if (emily__preprocessor_parse(text, strlen(text), "it", &p)) fail_msg("%s", emily_last_error()->message);
  free(text);
  return p;
}

static void compare(size_t row, emily_array *got, emily_array *want) {
  float *values = golden_floats(got), *expected = golden_floats(want);
  double largest = 0;
  assert_int_equal(emily_array_ndim(got), 3);
  assert_memory_equal(emily_array_shape(got), emily_array_shape(want), 3 * sizeof(int64_t));
  for (int64_t i = 0; i < emily_array_size(want); i++) largest = fmax(largest, fabs((double)values[i] - (double)expected[i]));
  printf("row %zu: largest difference %.2e\n", row, largest);
  assert_true(largest <= 1e-6); /* the issue asks for 1e-4; both are computed in float64 and rounded once or twice */
  free(values), free(expected);
}

static void equals_hugging_face(void **state) {
  (void)state;
  emily_array_map *ref;
  json_t *rows, *row;
  size_t i;
  assert_int_equal(emily_safetensors_load(data_file("features.safetensors"), &ref), EMILY_OK);
  assert_int_equal(emily__json_load(data_file("features.json"), &rows), EMILY_OK);
  json_array_foreach(rows, i, row) {
    char key[24];
    size_t size;
    snprintf(key, sizeof key, "%zu", i);
    emily_preprocessor *p = parse(json_object_get(row, "config"));
    const emily__sound_settings *settings = emily__preprocessor_self(p, &emily__preprocessor_sound);
    assert_non_null(settings);
    assert_string_equal(emily_preprocessor_input(p), "input_features");
    uint8_t *wav = tones_wav((uint32_t)json_integer_value(json_object_get(row, "seed")),
                             (size_t)json_integer_value(json_object_get(row, "count")), (uint32_t)settings->mel.rate, &size);
    emily_array *got;
    if (emily_preprocess_memory(p, wav, size, "it", &got)) fail_msg("%s", emily_last_error()->message);
    compare(i, got, emily_array_map_get(ref, key));
    emily_array_release(got);
    emily_preprocessor_release(p);
    free(wav);
  }
  json_decref(rows);
  emily_array_map_release(ref);
}

static void takes_a_long_sound_whole(void **state) {
  (void)state;
  emily__sound_settings s = {.mel = {.mels = 4, .rate = 16000, .fft = 400, .hop = 160}, .window = 16000};
  emily__sound sound = {.samples = calloc(20000, sizeof(float)), .count = 20000};
  emily_array *cut, *whole;
  assert_int_equal(emily__sound_features(&s, &sound, false, &cut), EMILY_OK);
  assert_int_equal(emily__sound_features(&s, &sound, true, &whole), EMILY_OK);
  assert_int_equal(emily_array_dim(cut, 2), 100);
  assert_int_equal(emily_array_dim(whole, 2), 125);
  double value;
  emily_scope *scope = emily_scope_open(NULL);
  assert_int_equal(emily_array_item_float(emily_max(scope, whole, NULL, 0, false), &value), EMILY_OK);
  assert_true(value == -1.5); /* silence: log10(1e-10) = -10, (-10 + 4) / 4 */
  test_close(scope);
  emily_array_release(cut), emily_array_release(whole), free(sound.samples);
}

static void refuses(const char *settings, emily_status status, const char *words) {
  char text[512];
  emily_preprocessor *p;
  snprintf(text, sizeof text, "{\"feature_extractor_type\": \"WhisperFeatureExtractor\"%s}", settings);
  assert_int_equal(emily__preprocessor_parse(text, strlen(text), "it", &p), status);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void refuses_what_it_does_not_do(void **state) {
  (void)state;
  refuses(", \"dither\": 0.5", EMILY_UNSUPPORTED, "\"dither\": 0.5");
  refuses(", \"padding_side\": \"left\"", EMILY_UNSUPPORTED, "padding_side");
  refuses(", \"n_fft\": 67", EMILY_UNSUPPORTED, "\"n_fft\": 67");
  refuses(", \"n_fft\": 1", EMILY_BAD_FORMAT, "n_fft");
  refuses(", \"hop_length\": 0", EMILY_BAD_FORMAT, "hop_length");
  refuses(", \"hop_length\": 500000", EMILY_BAD_FORMAT, "hop_length");
  refuses(", \"feature_size\": 100000", EMILY_BAD_FORMAT, "feature_size");
  refuses(", \"chunk_length\": 1000000000", EMILY_BAD_FORMAT, "chunk_length");
  refuses(", \"chunk_length\": 3600", EMILY_UNSUPPORTED, "more than emily takes");
  refuses(", \"hop_length\": 1, \"feature_size\": 80", EMILY_UNSUPPORTED, "more than emily takes");
  refuses(", \"mel_scale\": \"htk\"", EMILY_UNSUPPORTED, "\"mel_scale\" is not known");
  refuses(", \"feature_extractor_type\": 3", EMILY_BAD_FORMAT, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_hugging_face),
      cmocka_unit_test(takes_a_long_sound_whole),
      cmocka_unit_test(refuses_what_it_does_not_do),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
