/* test_rope_config.c: rotary settings of both styles of config, and what is refused. The frequencies they lead to are tested in
 * nn/test_rope.c and, against Transformers, in qwen3/test_qwen3.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "models/rope_config.h"

/* Settings for heads of 16 and 64 positions, theta 10000 by default. */
static emily_status read(const char *text, bool partial, emily__rope_params *out) {
  emily__config config;
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  emily__config_rope(&config, 16, 64, 10000, partial, out);
  emily_status status = emily__config_done(&config, "test", NULL);
  emily__config_free(&config);
  return status;
}

static void refuse(const char *text, emily_status wanted, const char *words) {
  emily__rope_params p;
  assert_int_equal(read(text, false, &p), wanted);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s: %s", text, emily_last_error()->message);
}

static void reads_both_styles(void **state) {
  (void)state;
  static const char *const texts[] = {
      "{\"rope_parameters\":{\"rope_type\":\"linear\",\"factor\":4,\"rope_theta\":500}}",
      "{\"rope_theta\":500,\"rope_scaling\":{\"type\":\"linear\",\"factor\":4.0}}",
      "{\"rope_theta\":7,\"rope_parameters\":null,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":4,\"rope_theta\":500}}",
      "{\"rope_parameters\":{\"rope_type\":\"default\"},\"rope_scaling\":{\"type\":\"linear\",\"factor\":4},\"rope_theta\":500}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    emily__rope_params p;
    assert_int_equal(read(texts[i], false, &p), EMILY_OK);
    assert_true(p.kind == EMILY__ROPE_LINEAR && p.theta == 500 && p.factor == 4 && p.dims == 16);
  }
}

static void defaults_are_plain(void **state) {
  (void)state;
  static const char *const texts[] = {"{}", "{\"rope_scaling\":null}", "{\"rope_scaling\":{}}", "{\"rope_parameters\":{}}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    emily__rope_params p;
    assert_int_equal(read(texts[i], false, &p), EMILY_OK);
    assert_true(p.kind == EMILY__ROPE_DEFAULT && p.theta == 10000 && p.attention_factor == 1 && p.dims == 16);
    assert_int_equal(emily__rope_context(&p), 64);
  }
}

static void reads_yarn(void **state) {
  (void)state;
  emily__rope_params p;
  assert_int_equal(read("{\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}}", false, &p), EMILY_OK);
  assert_true(p.original_positions == 64 && p.beta_fast == 32 && p.beta_slow == 1 && p.truncate);
  assert_true(p.attention_factor > 1.1386 && p.attention_factor < 1.1387); /* 0.1 ln 4 + 1 */
  assert_int_equal(emily__rope_context(&p), 256);
  assert_int_equal(read("{\"rope_scaling\":{\"type\":\"yarn\",\"original_max_position_embeddings\":16}}", false, &p), EMILY_OK);
  assert_true(p.factor == 4); /* 64 / 16 */
  assert_int_equal(read("{\"original_max_position_embeddings\":8,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2}}", false, &p),
                   EMILY_OK);
  assert_int_equal(p.original_positions, 8);
}

static void rotates_a_part(void **state) {
  (void)state;
  emily__rope_params p;
  assert_int_equal(read("{\"partial_rotary_factor\":0.5}", true, &p), EMILY_OK);
  assert_int_equal(p.dims, 8);
  assert_int_equal(read("{\"partial_rotary_factor\":1.0}", false, &p), EMILY_OK);
  refuse("{\"partial_rotary_factor\":0.5}", EMILY_UNSUPPORTED, "\"partial_rotary_factor\": 0.5 is not supported");
  refuse("{\"rope_parameters\":{\"partial_rotary_factor\":0.25}}", EMILY_UNSUPPORTED, "partial_rotary_factor");
  assert_int_equal(read("{\"partial_rotary_factor\":0.05}", true, &p), EMILY_BAD_FORMAT);
  refuse("{\"partial_rotary_factor\":1.5}", EMILY_BAD_FORMAT, "partial_rotary_factor");
}

static void refuses_by_name(void **state) {
  (void)state;
  refuse("{\"rope_scaling\":{\"type\":\"su\"}}", EMILY_UNSUPPORTED, "\"rope_scaling.rope_type\": \"su\" is not supported");
  refuse("{\"rope_scaling\":{\"type\":\"linear\"}}", EMILY_BAD_FORMAT, "\"rope_scaling.factor\" is missing");
  refuse("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":\"2\"}}", EMILY_BAD_FORMAT, "\"rope_scaling.factor\" must be a number");
  refuse("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":0}}", EMILY_BAD_FORMAT, "rope_scaling.factor");
  refuse("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":2,\"beta_fast\":3}}", EMILY_UNSUPPORTED, "\"rope_scaling.beta_fast\" is not known");
  refuse("{\"rope_scaling\":{\"mrope_section\":[1]}}", EMILY_UNSUPPORTED, "mrope_section");
  refuse("{\"rope_scaling\":\"linear\"}", EMILY_BAD_FORMAT, "\"rope_scaling\" must be an object");
  refuse("{\"rope_parameters\":{\"full_attention\":{}}}", EMILY_UNSUPPORTED, "full_attention");
  refuse("{\"rope_scaling\":{\"type\":\"llama3\",\"factor\":2,\"low_freq_factor\":4,\"high_freq_factor\":4}}", EMILY_BAD_FORMAT,
         "must be above low_freq_factor");
  refuse("{\"rope_scaling\":{\"type\":\"llama3\",\"factor\":2}}", EMILY_BAD_FORMAT, "low_freq_factor\" is missing");
  refuse("{\"rope_theta\":-5}", EMILY_BAD_FORMAT, "rope_theta");
  refuse("{\"rope_theta\":1,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2}}", EMILY_BAD_FORMAT, "yarn needs it above 1");
}

/* Settings of a family with two ropes, as above; 1e6 and 1e4 by default. */
static emily_status read_pair(const char *text, emily__rope_params out[2]) {
  emily__config config;
  assert_int_equal(emily__config_parse(&config, text, strlen(text), "config.json"), EMILY_OK);
  emily__config_rope_pair(&config, 16, 64, (const double[]){1e6, 1e4}, out);
  emily_status status = emily__config_done(&config, "test", NULL);
  emily__config_free(&config);
  return status;
}

static void reads_a_rope_for_each_kind_of_layer(void **state) {
  (void)state;
  emily__rope_params p[2];
  assert_int_equal(read_pair("{}", p), EMILY_OK);
  assert_true(p[0].theta == 1e6 && p[1].theta == 1e4 && p[0].dims == 16 && p[1].dims == 16);
  assert_int_equal(read_pair("{\"rope_theta\":5,\"rope_local_base_freq\":7,\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8}}", p), EMILY_OK);
  assert_true(p[0].theta == 5 && p[0].kind == EMILY__ROPE_LINEAR && p[0].factor == 8);
  assert_true(p[1].theta == 7 && p[1].kind == EMILY__ROPE_DEFAULT);
  assert_int_equal(read_pair("{\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"linear\",\"factor\":8,\"rope_theta\":5},"
                             "\"sliding_attention\":{\"rope_type\":\"default\",\"rope_theta\":7}}}", p), EMILY_OK);
  assert_true(p[0].theta == 5 && p[0].kind == EMILY__ROPE_LINEAR && p[1].theta == 7 && p[1].kind == EMILY__ROPE_DEFAULT);
  assert_int_equal(read_pair("{\"rope_parameters\":{\"full_attention\":null}}", p), EMILY_OK);
  assert_int_equal(read_pair("{\"rope_parameters\":{\"full_attention\":3}}", p), EMILY_BAD_FORMAT);
  assert_int_equal(read_pair("{\"rope_parameters\":{\"chunked_attention\":{}}}", p), EMILY_UNSUPPORTED);
  assert_int_equal(read_pair("{\"rope_parameters\":{\"sliding_attention\":{\"partial_rotary_factor\":0.5}}}", p), EMILY_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_both_styles), cmocka_unit_test(defaults_are_plain), cmocka_unit_test(reads_yarn),
      cmocka_unit_test(rotates_a_part),    cmocka_unit_test(refuses_by_name),
      cmocka_unit_test(reads_a_rope_for_each_kind_of_layer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
