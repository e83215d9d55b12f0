/* test_modernbert.c: ModernBERT and its heads against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_case("modernbert_body", "a", "Model");
  golden_case("modernbert_masked", "a", "ForMaskedLM");
  golden_case("modernbert_sequence", "a", "ForSequenceClassification");
  golden_case("modernbert_token", "a", "ForTokenClassification");
  golden_case("modernbert_question", "a", "ForQuestionAnswering");
}

/* Which layers are local and their rotation, in both spellings; biases everywhere; pooling by the mean; positions that are given. */
static void honours_switches(void **state) {
  (void)state;
  golden_case("modernbert_body", "hub", "Model");
  golden_case("modernbert_body", "new", "Model");
  golden_case("modernbert_body", "placed", "Model");
  golden_case("modernbert_sequence", "mean", "ForSequenceClassification");
  golden_case("modernbert_biased", "a", "ForMaskedLM");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(honours_switches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
