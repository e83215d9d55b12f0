/* test_mistral.c: Mistral and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("mistral", "config.json");
  golden_decoder("mistral", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("mistral_causal", "full", "a", "logits", true);
  golden_variant("mistral_causal", "window", "a", "logits", true);
  golden_variant("mistral_causal", "window", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("mistral_sequence", "a", "a", "logits", false);
  golden_variant("mistral_sequence", "a", "c", "logits", false);
  golden_variant("mistral_token", "a", "a", "logits", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("mistral", "config_hub.json");
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
