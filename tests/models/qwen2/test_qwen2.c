/* test_qwen2.c: Qwen2 and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("qwen2", "config.json");
  golden_decoder("qwen2", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("qwen2_causal", "plain", "a", "logits", true);
  golden_variant("qwen2_causal", "types", "a", "logits", true);
  golden_variant("qwen2_causal", "types", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("qwen2_sequence", "a", "a", "logits", false);
  golden_variant("qwen2_sequence", "a", "c", "logits", false);
  golden_variant("qwen2_token", "a", "a", "logits", true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("qwen2", "config_hub.json");
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
