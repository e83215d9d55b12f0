/* test_llama.c: Llama and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("llama3_rope", "config.json");
  golden_decoder("llama3_rope", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("llama_causal", "plain", "a", "logits", true);
  golden_variant("llama_causal", "plain", "c", "logits", true);
  golden_variant("llama_causal", "linear", "a", "logits", true);
  golden_variant("llama_causal", "dynamic", "a", "logits", true);
  golden_variant("llama_causal", "dynamic", "c", "logits", true);
  golden_variant("llama_causal", "yarn", "a", "logits", true);
  golden_variant("llama_causal", "llama3", "a", "logits", true);
  golden_variant("llama_biased", "a", "a", "logits", true);
  golden_variant("llama_biased", "a", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("llama_sequence", "a", "a", "logits", false);
  golden_variant("llama_sequence", "a", "c", "logits", false);
  golden_variant("llama_token", "a", "a", "logits", true);
  golden_variant("llama_body", "a", "c", "last_hidden_state", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("llama3_rope", "config_hub.json");
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
