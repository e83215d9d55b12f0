/* test_qwen3.c: Qwen3 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("qwen3", "config.json");
  golden_decoder("qwen3", "config_hub.json");
}

static void computes_on_bfloat16_weights(void **state) {
  (void)state;
  golden_decoder("qwen3_bf16", "config.json");
  golden_decoder("qwen3_bf16", "config_hub.json");
}

static void honours_sliding_windows(void **state) {
  (void)state;
  golden_variant("qwen3_causal", "plain", "a", "logits", true);
  golden_variant("qwen3_causal", "plain", "c", "logits", true);
  golden_variant("qwen3_causal", "sliding", "a", "logits", true);
  golden_variant("qwen3_causal", "sliding", "c", "logits", true);
  golden_variant("qwen3_causal", "sliding_hub", "a", "logits", true);
  golden_variant("qwen3_causal", "sliding_off", "a", "logits", true);
}

static void honours_rope_scaling(void **state) {
  (void)state;
  static const char *const kinds[] = {"linear", "linear_hub", "dynamic_short", "yarn", "yarn_hub", "yarn_mscale", "llama3"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) golden_variant("qwen3_causal", kinds[i], "a", "logits", true);
  golden_variant("qwen3_causal", "dynamic", "a", "logits", true);
  golden_variant("qwen3_causal", "dynamic", "c", "logits", true);
}

static void honours_other_switches(void **state) {
  (void)state;
  golden_variant("qwen3_causal", "gelu", "a", "logits", true);
  golden_variant("qwen3_bias", "a", "a", "logits", true);
  golden_variant("qwen3_body", "a", "c", "last_hidden_state", true);
}

static void classifies(void **state) {
  (void)state;
  golden_variant("qwen3_sequence", "a", "a", "logits", false);
  golden_variant("qwen3_sequence", "a", "c", "logits", false);
  golden_variant("qwen3_token", "a", "a", "logits", true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),       cmocka_unit_test(computes_on_bfloat16_weights),
      cmocka_unit_test(honours_sliding_windows), cmocka_unit_test(honours_rope_scaling),
      cmocka_unit_test(honours_other_switches),  cmocka_unit_test(classifies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
