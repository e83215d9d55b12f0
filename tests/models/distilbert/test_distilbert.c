/* test_distilbert.c: DistilBERT and its heads against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_case("distilbert_body", "a", "Model");
  golden_case("distilbert_masked", "a", "ForMaskedLM");
  golden_case("distilbert_sequence", "a", "ForSequenceClassification");
  golden_case("distilbert_token", "a", "ForTokenClassification");
  golden_case("distilbert_question", "a", "ForQuestionAnswering");
}

static void knows_the_keys_of_the_hub(void **state) {
  (void)state;
  golden_case("distilbert_masked", "hub", "ForMaskedLM");
  golden_case("distilbert_masked", "relu", "ForMaskedLM");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(knows_the_keys_of_the_hub),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
