/* test_generation_config.c: what a checkpoint says of generation, and what of it is refused. */
#include "models/generation_config.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static emily_status parse(const char *text, emily__generation_config *out) {
  return emily__generation_config_parse(text, strlen(text), "generation_config.json", out);
}

static void refuse(const char *text, emily_status wanted, const char *words) {
  emily__generation_config c;
  assert_int_equal(parse(text, &c), wanted);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s: %s", text, emily_last_error()->message);
}

static void reads_the_settings(void **state) {
  (void)state;
  emily__generation_config c;
  assert_int_equal(parse("{\"do_sample\":true,\"temperature\":0.6,\"top_k\":20,\"top_p\":0.95,\"min_p\":0.1,\"repetition_penalty\":1.1,"
                         "\"eos_token_id\":[5,7],\"max_new_tokens\":9,\"max_length\":40,\"stop_strings\":[\"a\",\"b\"],\"pad_token_id\":1,"
                         "\"transformers_version\":\"5\",\"num_beams\":1,\"penalty_alpha\":null,\"bos_token_id\":3}", &c), EMILY_OK);
  assert_true(c.sample && c.temperature == 0.6 && c.top_k == 20 && c.top_p == 0.95 && c.min_p == 0.1);
  assert_true(c.repetition_penalty == 1.1 && c.max_new_tokens == 9 && c.max_length == 40);
  assert_true(c.eos.count == 2 && c.eos.data[0] == 5 && c.eos.data[1] == 7);
  assert_true(c.stops.count == 2);
  assert_string_equal(c.stops.data[1], "b");
  emily__generation_config_free(&c);
}

static void defaults_are_greedy(void **state) {
  (void)state;
  emily__generation_config c;
  assert_int_equal(parse("{\"eos_token_id\":2,\"stop_strings\":\"x\",\"_from_model_config\":true}", &c), EMILY_OK);
  assert_true(!c.sample && c.temperature == 1 && c.top_k == 0 && c.top_p == 1 && c.min_p == 0 && c.repetition_penalty == 1);
  assert_true(c.max_new_tokens == -1 && c.max_length == -1 && c.eos.count == 1 && c.stops.count == 1);
  emily__generation_config_free(&c);
}

static void refuses_by_name(void **state) {
  (void)state;
  refuse("{\"num_beams\":4}", EMILY_UNSUPPORTED, "\"num_beams\": 4 is not supported");
  refuse("{\"penalty_alpha\":0.6}", EMILY_UNSUPPORTED, "penalty_alpha");
  refuse("{\"typical_p\":0.9}", EMILY_UNSUPPORTED, "typical_p");
  refuse("{\"no_repeat_ngram_size\":3}", EMILY_UNSUPPORTED, "no_repeat_ngram_size");
  refuse("{\"min_new_tokens\":3}", EMILY_UNSUPPORTED, "min_new_tokens");
  refuse("{\"token_healing\":true}", EMILY_UNSUPPORTED, "token_healing");
  refuse("{\"suppress_tokens\":[1,\"x\"]}", EMILY_BAD_FORMAT, "suppress_tokens");
  refuse("{\"begin_suppress_tokens\":-1}", EMILY_BAD_FORMAT, "begin_suppress_tokens");
  refuse("{\"forced_eos_token_id\":1}", EMILY_UNSUPPORTED, "forced_eos_token_id");
  refuse("{\"a_new_setting\":1}", EMILY_UNSUPPORTED, "\"a_new_setting\" is not known to emily's generator");
  refuse("{\"temperature\":\"hot\"}", EMILY_BAD_FORMAT, "\"temperature\" must be a number");
  refuse("{\"top_p\":1.5}", EMILY_BAD_FORMAT, "top_p");
  refuse("{\"eos_token_id\":\"</s>\"}", EMILY_BAD_FORMAT, "eos_token_id");
  refuse("{\"eos_token_id\":[1,-2]}", EMILY_BAD_FORMAT, "eos_token_id");
  refuse("{\"stop_strings\":[1]}", EMILY_BAD_FORMAT, "stop_strings");
}

static emily__generation_config load(const char *generation, const char *model) {
  char *folder = folder_new();
  emily__generation_config c;
  if (generation) folder_puts(folder, "generation_config.json", generation);
  folder_puts(folder, "config.json", model);
  if (emily__generation_config_load(folder, &c) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  folder_remove(folder);
  return c;
}

static void config_json_fills_in(void **state) {
  (void)state;
  emily__generation_config c = load(NULL, "{\"eos_token_id\":4,\"temperature\":0.5,\"do_sample\":true,\"hidden_size\":3}");
  assert_true(c.sample && c.temperature == 0.5 && c.eos.count == 1 && c.eos.data[0] == 4);
  emily__generation_config_free(&c);
  c = load("{}", "{\"eos_token_id\":4,\"temperature\":0.5,\"do_sample\":true}");
  assert_true(!c.sample && c.temperature == 1 && c.eos.count == 1); /* only the end tokens */
  emily__generation_config_free(&c);
  c = load("{\"eos_token_id\":8}", "{\"eos_token_id\":4}");
  assert_true(c.eos.count == 1 && c.eos.data[0] == 8);
  emily__generation_config_free(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_settings),
      cmocka_unit_test(defaults_are_greedy),
      cmocka_unit_test(refuses_by_name),
      cmocka_unit_test(config_json_fills_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
