/* test_smollm3.c: SmolLM3 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("smollm3", "config.json");
  golden_decoder("smollm3", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("smollm3_causal", "plain", "a", "logits", true);
  golden_variant("smollm3_causal", "every_second", "a", "logits", true);
  golden_variant("smollm3_causal", "every_second", "c", "logits", true);
  golden_variant("smollm3_causal", "listed", "a", "logits", true);
  golden_variant("smollm3_causal", "sliding", "a", "logits", true);
  golden_variant("smollm3_causal", "sliding", "c", "logits", true);
  golden_variant("smollm3_causal", "theta", "a", "logits", true);
  golden_variant("smollm3_biased", "a", "a", "logits", true);
  golden_variant("smollm3_biased", "a", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("smollm3_sequence", "a", "a", "logits", false);
  golden_variant("smollm3_sequence", "a", "c", "logits", false);
  golden_variant("smollm3_token", "a", "a", "logits", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("smollm3", "config_hub.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(honours_its_switches),
      cmocka_unit_test(has_heads),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
