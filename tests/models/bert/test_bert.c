/* test_bert.c: BERT and its heads against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../support/golden.h"

static void body(const char *config) {
  golden g = golden_open("bert", config, "ref.safetensors");
  assert_string_equal(emily_model_family(g.model), "bert");
  assert_string_equal(emily_model_task(g.model), "Model");
  assert_int_equal(emily_model_hidden_size(g.model), 64);
  assert_int_equal(emily_model_vocab_size(g.model), 200);
  assert_int_equal(emily_model_context_length(g.model), 64);
  golden_forward(&g, "a");
  golden_expect(&g, "last_hidden_state", "a.last_hidden_state_f64", "a.attention_mask");
  golden_expect(&g, "hidden_states", "a.hidden_states", "a.attention_mask");
  golden_expect(&g, "pooler_output", "a.pooler_output_f64", NULL);
  golden_expect(&g, "mean_pooled", "a.mean_pooled_f64", NULL);
  golden_expect(&g, "mean_pooled_l2", "a.mean_pooled_l2_f64", NULL);
  golden_close(&g);
}

static void equals_the_oracle(void **state) {
  (void)state;
  body("config.json");
}

static void reads_the_hubs_config(void **state) {
  (void)state;
  body("config_hub.json");
}

/* logits of a case's variant; per token (masked), or per row */
static void head(const char *name, const char *variant, const char *task, bool masked) {
  char config[64], ref[64];
  snprintf(config, sizeof config, "config_%s.json", variant);
  snprintf(ref, sizeof ref, "ref_%s.safetensors", variant);
  golden g = golden_open(name, config, ref);
  assert_string_equal(emily_model_task(g.model), task);
  printf("%s ", variant);
  golden_forward(&g, "a");
  golden_expect(&g, "logits", "a.logits", masked ? "a.attention_mask" : NULL);
  golden_close(&g);
}

static void fills_masked_words(void **state) {
  (void)state;
  head("bert_masked", "gelu_new", "ForMaskedLM", true);
  head("bert_masked_untied", "a", "ForMaskedLM", true);
}

static void classifies(void **state) {
  (void)state;
  head("bert_sequence", "a", "ForSequenceClassification", false);
  head("bert_token", "a", "ForTokenClassification", true);
}

static void answers_questions(void **state) {
  (void)state;
  golden_case("bert_question", "a", "ForQuestionAnswering");
}

static void takes_positions(void **state) {
  (void)state;
  head("bert_masked", "placed", "ForMaskedLM", true);
}

static void knows_the_activations(void **state) {
  (void)state;
  static const char *const acts[] = {"relu",       "silu",  "quick_gelu", "mish", "hardswish", "leaky_relu", "relu2",
                                     "relu6",      "gelu_10", "tanh",     "sigmoid", "linear", "gelu_fast"};
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) head("bert_masked", acts[i], "ForMaskedLM", true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),  cmocka_unit_test(reads_the_hubs_config),
      cmocka_unit_test(fills_masked_words), cmocka_unit_test(classifies),
      cmocka_unit_test(answers_questions),
      cmocka_unit_test(takes_positions),    cmocka_unit_test(knows_the_activations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
