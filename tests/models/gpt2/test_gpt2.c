/* test_gpt2.c: GPT-2 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("gpt2", "config.json");
  golden_decoder("gpt2", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("gpt2_causal", "plain", "a", "logits", true);
  golden_variant("gpt2_causal", "plain", "c", "logits", true);
  golden_variant("gpt2_causal", "typed", "a", "logits", true);
  golden_variant("gpt2_causal", "unscaled", "a", "logits", true);
  golden_variant("gpt2_causal", "by_layer", "a", "logits", true);
  golden_variant("gpt2_untied", "a", "a", "logits", true);
  golden_variant("gpt2_untied", "a", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("gpt2_sequence", "a", "a", "logits", false);
  golden_variant("gpt2_sequence", "a", "c", "logits", false);
  golden_variant("gpt2_token", "a", "a", "logits", true);
  golden_variant("gpt2_body", "a", "c", "last_hidden_state", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("gpt2", "config_hub.json");
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
