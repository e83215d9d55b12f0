/* test_nomic_bert.c: NomicBERT and its heads against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_case("nomic_bert_body", "a", "Model");
  golden_case("nomic_bert_masked", "a", "ForMaskedLM");
  golden_case("nomic_bert_sequence", "a", "ForSequenceClassification");
  golden_case("nomic_bert_token", "a", "ForTokenClassification");
}

static void honours_switches(void **state) {
  (void)state;
  golden_case("nomic_bert_body", "linear", "Model");
  golden_case("nomic_bert_body", "placed", "Model");
}

/* The config that the model's own code wrote, before Transformers had the family. */
static void knows_the_first_names(void **state) {
  (void)state;
  golden_case("nomic_bert_body", "first", "Model");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(honours_switches),
      cmocka_unit_test(knows_the_first_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
