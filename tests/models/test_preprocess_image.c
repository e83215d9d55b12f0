/* test_preprocess_image.c: preprocessor_config.json of pictures: its keys, its defaults, and what is refused. Values are compared with Pillow's by
 * tests/oracle/test_images.py. */
#include "models/preprocess_image.h"

#include "../support/arrays.h"

#include "base/alloc.h"

/* Parse and run on a picture of 4 x 2 whose pixels count up; *out: its extents. */
static emily_status features(const char *config, int64_t extents[2], float *first) {
  emily_preprocessor *p = NULL;
  emily_array *x = NULL;
  emily__image image;
  EMILY__TRY(emily__preprocessor_parse(config, strlen(config), "it", &p));
  assert_string_equal(emily_preprocessor_input(p), "pixel_values");
  const emily__image_settings *settings = emily__preprocessor_self(p, &emily__preprocessor_image);
  assert_non_null(settings);
  assert_int_equal(emily__image_new(4, 2, "it", &image), EMILY_OK);
  for (int i = 0; i < 24; i++) image.pixels[i] = (uint8_t)(10 * i);
  assert_int_equal(emily__image_features(settings, &image, &x), EMILY_OK);
  const void *values = NULL;
  assert_int_equal(emily_array_data(x, true, &values), EMILY_OK);
  extents[0] = emily_array_dim(x, 2), extents[1] = emily_array_dim(x, 3);
  *first = *(const float *)values;
  emily_array_release(x);
  emily__image_free(&image);
  emily_preprocessor_release(p);
  return EMILY_OK;
}

static void defaults_are_those_of_the_named_processor(void **state) {
  (void)state;
  int64_t extents[2];
  float first;
  static const char *const vit[] = {"{\"image_processor_type\": \"ViTImageProcessor\"}", "{\"image_mean\": [0.5, 0.5, 0.5]}",
                                    "{\"feature_extractor_type\": \"DeiTFeatureExtractor\"}"};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(features(vit[i], extents, &first), EMILY_OK);
    assert_int_equal(extents[0], 224);
    assert_int_equal(extents[1], 224);
  }
}

static void keys_are_honoured(void **state) {
  (void)state;
  int64_t extents[2];
  float first;
  assert_int_equal(features("{\"image_processor_type\": \"ViTImageProcessor\", \"do_resize\": false, \"do_rescale\": false, \"image_mean\": 10, "
                            "\"image_std\": [4, 2, 1], \"do_center_crop\": true, \"crop_size\": {\"height\": 1, \"width\": 2}}", extents, &first), EMILY_OK);
  assert_int_equal(extents[0], 1);
  assert_int_equal(extents[1], 2);
  assert_float_equal(first, (30 - 10) / 4.0f, 0); /* the second pixel of the first row, its red */
  assert_int_equal(features("{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"shortest_edge\": 3}}", extents, &first), EMILY_OK);
  assert_int_equal(extents[0], 3);
  assert_int_equal(extents[1], 6);
}

static void refuses_what_it_does_not_do(void **state) {
  (void)state;
  static const struct {
    const char *config, *words;
    emily_status status;
  } cases[] = {
      {"{\"image_processor_type\": \"CLIPImageProcessor\"}", "CLIPImageProcessor", EMILY_UNSUPPORTED},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_pad\": true}", "do_pad", EMILY_UNSUPPORTED},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"resample\": 6}", "resample", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"longest_edge\": 6}}", "size", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"height\": 6}}", "height", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 100000}", "size", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_std\": [1, 0, 1]}", "image_std", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"image_mean\": [1, 1]}", "image_mean", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"do_center_crop\": true}", "crop_size", EMILY_BAD_FORMAT},
      {"{\"image_processor_type\": \"ViTImageProcessor\", \"data_format\": \"channels_last\"}", "data_format", EMILY_UNSUPPORTED},
  };
  int64_t extents[2];
  float first;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(features(cases[i].config, extents, &first), cases[i].status);
    if (!strstr(emily_last_error()->message, cases[i].words)) fail_msg("%s: %s", cases[i].config, emily_last_error()->message);
  }
}

/* From damaged to whole: each allocation of a file's way to features fails once. */
static void survives_failing_allocations(void **state) {
  (void)state;
  static const char config[] = "{\"image_processor_type\": \"DeiTImageProcessor\", \"size\": 9, \"crop_size\": 7}";
  static const char *const files[] = {"tests/data/images/cmyk.jpg", "tests/data/images/palette.png", "tests/data/images/turned6.png"};
  for (int f = 0; f < 3; f++) {
    const int64_t live = emily__alloc_live();
    for (int64_t n = 1;; n++) {
      emily_preprocessor *p = NULL;
      emily_array *x = NULL;
      emily__alloc_fail_after(n);
      emily_status status = emily__preprocessor_parse(config, sizeof config - 1, "it", &p);
      if (status == EMILY_OK) status = emily_preprocess_file(p, files[f], &x);
      emily__alloc_fail_after(0);
      emily_array_release(x);
      emily_preprocessor_release(p);
      assert_int_equal(emily__alloc_live(), live);
      if (status == EMILY_OK) break;
      assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_those_of_the_named_processor),
      cmocka_unit_test(keys_are_honoured),
      cmocka_unit_test(refuses_what_it_does_not_do),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
