/* test_cmd_features.c: a sound to a file of features, and what can be wrong. */
#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tones.h"

#include "emily/array_map.h"

#include <stdio.h>
#include <unistd.h>

static void makes_features_of_a_sound(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "preprocessor_config.json",
              "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"feature_size\": 16, \"chunk_length\": 2}");
  tones_put(folder, "a.wav", 3, 9000, 44100);
  shell r = shell_run("", "features", folder, in(folder, "a.wav"), in(folder, "out.st"));
  if (r.code) fail_msg("%s", r.err);
  assert_string_equal(r.out, "");
  shell_free(&r);
  emily_array_map *map;
  assert_int_equal(emily_safetensors_load(in(folder, "out.st"), &map), EMILY_OK);
  assert_int_equal(emily_array_map_count(map), 1);
  emily_array *x = emily_array_map_get(map, "input_features");
  assert_int_equal(emily_array_dtype(x), EMILY_FLOAT32);
  assert_memory_equal(emily_array_shape(x), INTS(1, 16, 200), 3 * sizeof(int64_t));
  emily_array_map_release(map);
  folder_remove(folder);
}

static void says_what_is_wrong(void **state) {
  (void)state;
  char *folder = folder_new();
  shell r = shell_run("", "features", folder, "a.wav", in(folder, "out.st"));
  shell_assert_error(&r, 3, "preprocessor_config.json");
  shell_free(&r);
  folder_puts(folder, "preprocessor_config.json", "{\"feature_extractor_type\": \"WhisperFeatureExtractor\"}");
  r = shell_run("", "features", folder, in(folder, "a.wav"), in(folder, "out.st"));
  shell_assert_error(&r, 3, "a.wav");
  shell_free(&r);
  folder_puts(folder, "a.wav", "RIFF and nothing else");
  r = shell_run("", "features", folder, in(folder, "a.wav"), in(folder, "out.st"));
  shell_assert_error(&r, 4, "a.wav is no sound that can be read");
  shell_free(&r);
  assert_int_not_equal(access(in(folder, "out.st"), F_OK), 0);
  r = shell_run("", "features", folder);
  shell_assert_error(&r, 2, "");
  shell_free(&r);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(makes_features_of_a_sound), cmocka_unit_test(says_what_is_wrong)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
