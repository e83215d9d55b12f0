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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_oracle)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
