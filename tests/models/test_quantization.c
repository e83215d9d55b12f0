/* test_quantization.c: the sections of config.json that say how weights are packed, and what they refuse. */
#include "models/quantization.h"

#include "../support/arrays.h"

#include <string.h>

static emily__quantization read(const char *text, emily_status *status) {
  emily__config config;
  emily__quantization q = {0};
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  emily__quantization_read(&config, &q);
  *status = emily__config_done(&config, "bert", NULL);
  emily__config_free(&config);
  return q;
}

static void refuse(const char *text, emily_status wanted, const char *words) {
  emily_status status;
  emily__quantization q = read(text, &status);
  emily__quantization_free(&q);
  if (status != wanted || !strstr(emily_last_error()->message, words)) fail_msg("%s: %d %s", text, status, emily_last_error()->message);
}

static void expect(const emily__quantization *q, const char *name, bool packed, const char *mode, int64_t group_size, int64_t bits) {
  emily__pack_settings s;
  assert_int_equal(emily__quantization_of(q, name, &s), packed);
  assert_string_equal(s.mode, mode);
  assert_int_equal(s.group_size, group_size);
  assert_int_equal(s.bits, bits);
}

static void nothing_is_packed_without_a_section(void **state) {
  (void)state;
  emily_status status;
  emily__pack_settings s;
  emily__quantization q = read("{}", &status);
  assert_int_equal(status, EMILY_OK);
  assert_false(emily__quantization_of(&q, "a", &s));
  emily__quantization_free(&q);
}

static void layers_have_their_own_settings(void **state) {
  (void)state;
  emily_status status;
  emily__quantization q = read("{\"quantization\":{\"group_size\":32,\"bits\":4,\"quantize_input\":false,\"a\":{\"bits\":6},\"b\":false,\"c\":true,"
                               "\"d\":{\"mode\":\"mxfp8\"},\"e\":{\"group_size\":32,\"bits\":8,\"mode\":\"affine\"}},"
                               "\"quantization_config\":{\"anything\":1}}",
                               &status);
  assert_int_equal(status, EMILY_OK);
  expect(&q, "a", true, "affine", 64, 6);
  expect(&q, "b", false, "affine", 32, 4);
  expect(&q, "c", true, "affine", 32, 4);
  expect(&q, "d", true, "mxfp8", 32, 8);
  expect(&q, "e", true, "affine", 32, 8);
  expect(&q, "other", true, "affine", 32, 4);
  emily__quantization_free(&q);
}

static void modes_are_named(void **state) {
  (void)state;
  emily_status status;
  emily__quantization q = read("{\"quantization_config\":{\"group_size\":16,\"bits\":4,\"mode\":\"nvfp4\"}}", &status);
  assert_int_equal(status, EMILY_OK);
  expect(&q, "a", true, "nvfp4", 16, 4);
  emily__quantization_free(&q);
}

/* As mlx-lm leaves a router of experts in a model of another mode. */
static void a_layer_without_a_mode_is_affine(void **state) {
  (void)state;
  emily_status status;
  emily__quantization q = read("{\"quantization\":{\"group_size\":32,\"bits\":4,\"mode\":\"mxfp4\",\"a\":{\"group_size\":64,\"bits\":8}}}", &status);
  assert_int_equal(status, EMILY_OK);
  expect(&q, "a", true, "affine", 64, 8);
  expect(&q, "b", true, "mxfp4", 32, 4);
  emily__quantization_free(&q);
}

static void float8_has_blocks(void **state) {
  (void)state;
  emily_status status;
  emily__quantization q = read("{\"quantization_config\":{\"quant_method\":\"fp8\",\"fmt\":\"e4m3\",\"activation_scheme\":\"dynamic\","
                               "\"weight_block_size\":[128,64],\"modules_to_not_convert\":[\"lm_head\"]}}",
                               &status);
  assert_int_equal(status, EMILY_OK);
  assert_true(q.float8 && !q.groups && q.block_rows == 128 && q.block_columns == 64);
  emily__quantization_free(&q);
  refuse("{\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[0,1]}}", EMILY_BAD_FORMAT, "weight_block_size");
  refuse("{\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[1]}}", EMILY_BAD_FORMAT, "weight_block_size");
  refuse("{\"quantization_config\":{\"quant_method\":\"fp8\",\"fmt\":\"e5m2\"}}", EMILY_UNSUPPORTED, "\"quantization_config.fmt\"");
}

#define GROUPS "{\"quantization\":{\"group_size\":64,\"bits\":4,"

static void others_are_refused_by_name(void **state) {
  (void)state;
  static const char *const methods[] = {"gptq", "awq", "bitsandbytes", "compressed-tensors", "mxfp4", "torchao"};
  char text[128];
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    snprintf(text, sizeof text, "{\"quantization_config\":{\"quant_method\":\"%s\",\"bits\":4}}", methods[i]);
    refuse(text, EMILY_UNSUPPORTED, methods[i]);
    refuse(text, EMILY_UNSUPPORTED, "emily quantize");
  }
  refuse("{\"quantization\":{}}", EMILY_BAD_FORMAT, "\"quantization\" has neither");
  refuse("{\"quantization\":4}", EMILY_BAD_FORMAT, "\"quantization\" must be an object");
  refuse("{\"quantization\":{\"group_size\":48,\"bits\":4}}", EMILY_UNSUPPORTED, "groups of 48");
  refuse("{\"quantization\":{\"group_size\":64,\"bits\":7}}", EMILY_UNSUPPORTED, "7 bits");
  refuse("{\"quantization\":{\"group_size\":64,\"bits\":4,\"mode\":\"mxfp4\"}}", EMILY_UNSUPPORTED, "groups of 64");
  refuse(GROUPS "\"mode\":\"int4\"}}", EMILY_UNSUPPORTED, "\"int4\"");
  refuse(GROUPS "\"a\":{\"bits\":9}}}", EMILY_UNSUPPORTED, "9 bits");
  refuse(GROUPS "\"a\":{\"rank\":9}}}", EMILY_UNSUPPORTED, "rank");
  refuse(GROUPS "\"quantize_input\":true}}", EMILY_UNSUPPORTED, "quantize_input");
  refuse(GROUPS "\"linear_class\":\"x\"}}", EMILY_UNSUPPORTED, "linear_class");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_packed_without_a_section), cmocka_unit_test(layers_have_their_own_settings),
      cmocka_unit_test(modes_are_named), cmocka_unit_test(a_layer_without_a_mode_is_affine),                    cmocka_unit_test(float8_has_blocks),
      cmocka_unit_test(others_are_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
