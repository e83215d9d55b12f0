/* test_preprocessor.c: how preprocessor_config.json finds its kind, files, and memory that runs out. */
#include "models/preprocessor.h"

#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/tones.h"

#include "base/alloc.h"

static const char WHISPER[] = "{\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"processor_class\": \"WhisperProcessor\", "
                              "\"feature_size\": 8, \"chunk_length\": 1}";

static void finds_its_kind(void **state) {
  (void)state;
  emily_preprocessor *p;
  assert_int_equal(emily__preprocessor_parse(WHISPER, strlen(WHISPER), "it", &p), EMILY_OK);
  assert_string_equal(emily_preprocessor_input(p), "input_features");
  assert_ptr_equal(emily_preprocessor_retain(p), p);
  emily_preprocessor_release(p);
  emily_preprocessor_release(p);
  emily_preprocessor_release(NULL);
  static const char none[] = "{}", other[] = "{\"feature_extractor_type\": \"ClapFeatureExtractor\"}", list[] = "[]";
  assert_int_equal(emily__preprocessor_parse(none, sizeof none - 1, "it", &p), EMILY_BAD_FORMAT);
  assert_int_equal(emily__preprocessor_parse(list, sizeof list - 1, "it", &p), EMILY_BAD_FORMAT);
  assert_int_equal(emily__preprocessor_parse(other, sizeof other - 1, "it", &p), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "\"ClapFeatureExtractor\" is no preprocessor that emily has"));
}

static void reads_files(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_preprocessor *p;
  emily_array *x;
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_NOT_FOUND);
  assert_int_equal(emily_preprocessor_load(NULL, &p), EMILY_INVALID_ARGUMENT);
  folder_puts(folder, "preprocessor_config.json", WHISPER);
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_OK);
  tones_put(folder, "a.wav", 1, 8000, 16000);
  assert_int_equal(emily_preprocess_file(p, in(folder, "a.wav"), &x), EMILY_OK);
  assert_memory_equal(emily_array_shape(x), INTS(1, 8, 100), 3 * sizeof(int64_t));
  emily_array_release(x);
  assert_int_equal(emily_preprocess_file(p, in(folder, "none.wav"), &x), EMILY_NOT_FOUND);
  assert_int_equal(emily_preprocess_file(p, in(folder, "preprocessor_config.json"), &x), EMILY_BAD_FORMAT);
  assert_int_equal(emily_preprocess_file(p, NULL, &x), EMILY_INVALID_ARGUMENT);
  emily_preprocessor_release(p);
  folder_remove(folder);
}

/* As Transformers 5 saves a processor; a preprocessor_config.json beside it wins. */
static void reads_it_out_of_a_processor(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_preprocessor *p;
  folder_puts(folder, "processor_config.json",
              "{\"feature_extractor\": {\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"n_fft\": 320}, \"processor_class\": \"X\"}");
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_OK);
  assert_string_equal(emily_preprocessor_input(p), "input_features");
  emily_preprocessor_release(p);
  folder_puts(folder, "processor_config.json",
              "{\"feature_extractor\": {\"feature_extractor_type\": \"WhisperFeatureExtractor\", \"unheard_of\": 1}}");
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "\"feature_extractor.unheard_of\""));
  folder_puts(folder, "processor_config.json", "{\"processor_class\": \"X\"}");
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_BAD_FORMAT);
  folder_puts(folder, "preprocessor_config.json", WHISPER);
  assert_int_equal(emily_preprocessor_load(folder, &p), EMILY_OK);
  emily_preprocessor_release(p);
  folder_remove(folder);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "preprocessor_config.json", WHISPER);
  tones_put(folder, "a.wav", 1, 8000, 22050);
  int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily_preprocessor *p = NULL;
    emily_array *x = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_preprocessor_load(folder, &p);
    if (status == EMILY_OK) status = emily_preprocess_file(p, in(folder, "a.wav"), &x);
    emily__alloc_fail_after(0);
    emily_array_release(x);
    emily_preprocessor_release(p);
    assert_int_equal(emily__alloc_live(), live);
    if (status == EMILY_OK) break;
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
  }
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_its_kind),
      cmocka_unit_test(reads_files),
      cmocka_unit_test(reads_it_out_of_a_processor),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
