/* test_qwen3.c: Qwen3 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void passes(const char *name, const char *config) {
  golden g = golden_open(name, config, "ref.safetensors");
  golden_forward(&g, "a");
  golden_expect(&g, "logits", "a.logits_f64", NULL);
  golden_expect(&g, "hidden_states", "a.hidden_states", NULL);
  golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
  golden_forward(&g, "b");
  golden_expect(&g, "logits", "b.logits_f64", "b.attention_mask");
  golden_expect(&g, "last_hidden_state", "b.last_hidden_state", "b.attention_mask");
  golden_forward(&g, "c");
  golden_expect(&g, "logits", "c.logits", "c.attention_mask");
  golden_close(&g);
}

static void equals_the_oracle(void **state) {
  (void)state;
  passes("qwen3", "config.json");
  passes("qwen3", "config_hub.json");
}

static void computes_on_bfloat16_weights(void **state) {
  (void)state;
  passes("qwen3_bf16", "config.json");
  passes("qwen3_bf16", "config_hub.json");
}

/* One output of a case's variant, of the rows of a prefix. */
static void variant(const char *name, const char *which, const char *prefix, const char *output, bool masked) {
  char config[64], ref[64], want[64], mask[64];
  snprintf(config, sizeof config, "config_%s.json", which);
  snprintf(ref, sizeof ref, "ref_%s.safetensors", which);
  snprintf(want, sizeof want, "%s.%s", prefix, output);
  snprintf(mask, sizeof mask, "%s.attention_mask", prefix);
  golden g = golden_open(name, config, ref);
  printf("%s %s ", name, which);
  golden_forward(&g, prefix);
  golden_expect(&g, output, want, masked ? mask : NULL);
  golden_close(&g);
}

static void honours_sliding_windows(void **state) {
  (void)state;
  variant("qwen3_causal", "plain", "a", "logits", true);
  variant("qwen3_causal", "plain", "c", "logits", true);
  variant("qwen3_causal", "sliding", "a", "logits", true);
  variant("qwen3_causal", "sliding", "c", "logits", true);
  variant("qwen3_causal", "sliding_hub", "a", "logits", true);
  variant("qwen3_causal", "sliding_off", "a", "logits", true);
}

static void honours_rope_scaling(void **state) {
  (void)state;
  static const char *const kinds[] = {"linear", "linear_hub", "dynamic_short", "yarn", "yarn_hub", "yarn_mscale", "llama3"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) variant("qwen3_causal", kinds[i], "a", "logits", true);
  variant("qwen3_causal", "dynamic", "a", "logits", true);
  variant("qwen3_causal", "dynamic", "c", "logits", true);
}

static void honours_other_switches(void **state) {
  (void)state;
  variant("qwen3_causal", "gelu", "a", "logits", true);
  variant("qwen3_bias", "a", "a", "logits", true);
  variant("qwen3_body", "a", "c", "last_hidden_state", true);
}

static void classifies(void **state) {
  (void)state;
  variant("qwen3_sequence", "a", "a", "logits", false);
  variant("qwen3_sequence", "a", "c", "logits", false);
  variant("qwen3_token", "a", "a", "logits", true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),       cmocka_unit_test(computes_on_bfloat16_weights),
      cmocka_unit_test(honours_sliding_windows), cmocka_unit_test(honours_rope_scaling),
      cmocka_unit_test(honours_other_switches),  cmocka_unit_test(classifies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
