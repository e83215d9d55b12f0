/* test_roberta.c: RoBERTa and its cousins against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_case("roberta_body", "a", "Model");
  golden_case("roberta_masked", "a", "ForMaskedLM");
  golden_case("roberta_masked_untied", "a", "ForMaskedLM");
  golden_case("roberta_sequence", "a", "ForSequenceClassification");
  golden_case("roberta_token", "a", "ForTokenClassification");
  golden_case("roberta_question", "a", "ForQuestionAnswering");
}

static void counts_positions_from_padding(void **state) {
  (void)state;
  golden_case("roberta_body", "pad", "Model");
  golden_case("roberta_body", "placed", "Model");
}

/* 32 positions, of which padding and what lies below it take two. */
static void has_fewer_tokens_than_positions(void **state) {
  (void)state;
  golden g = golden_open("roberta_body", "config_a.json", "ref_a.safetensors");
  assert_int_equal(emily_model_context_length(g.model), 30);
  golden_close(&g);
}

static void has_cousins(void **state) {
  (void)state;
  golden_case("xlm_roberta_masked", "a", "ForMaskedLM");
  golden_case("camembert_token", "a", "ForTokenClassification");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(counts_positions_from_padding),
      cmocka_unit_test(has_fewer_tokens_than_positions),
      cmocka_unit_test(has_cousins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
