/* test_gemma3.c: Gemma 3 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("gemma3_text", "config.json");
  golden_decoder("gemma3_text", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("gemma3_causal", "capped", "a", "logits", true);
  golden_variant("gemma3_causal", "types", "a", "logits", true);
  golden_variant("gemma3_causal", "types", "c", "logits", true);
  golden_variant("gemma3_causal", "hub", "a", "logits", true);
  golden_variant("gemma3_biased", "a", "a", "logits", true);
  golden_variant("gemma3_biased", "a", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("gemma3_sequence", "a", "a", "logits", false);
  golden_variant("gemma3_sequence", "a", "c", "logits", false);
  golden_variant("gemma3_body", "a", "c", "last_hidden_state", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("gemma3_text", "config_hub.json");
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
