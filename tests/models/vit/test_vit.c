/* test_vit.c: ViT and DeiT against what Transformers computes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../support/golden.h"
#include "emily/ops.h"

static void equals_the_oracle(void **state) {
  (void)state;
  static const char *const configs[] = {"config.json", "config_hub.json"};
  for (int i = 0; i < 2; i++) {
    golden g = golden_open("vit", configs[i], "ref.safetensors");
    assert_string_equal(emily_model_family(g.model), "vit");
    assert_string_equal(emily_model_task(g.model), "ForImageClassification");
    golden_forward(&g, "a");
    golden_expect(&g, "logits", "a.logits_f64", NULL);
    golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
    golden_expect(&g, "hidden_states", "a.hidden_states", NULL);
    golden_close(&g);
  }
}

static void distilled(const char *name, const char *task) {
  golden g = golden_open(name, "config.json", "ref.safetensors");
  assert_string_equal(emily_model_family(g.model), "deit");
  assert_string_equal(emily_model_task(g.model), task);
  golden_forward(&g, "a");
  golden_expect(&g, "logits", "a.logits", NULL);
  golden_expect(&g, "hidden_states", "a.hidden_states", NULL);
  golden_close(&g);
}

static void takes_the_distillation_token(void **state) {
  (void)state;
  distilled("deit", "ForImageClassification");
  distilled("deit_teacher", "ForImageClassificationWithTeacher");
}

/* One channel, no biases of q, k and v, other activations, a pooler of another size. */
static void knows_the_switches(void **state) {
  (void)state;
  golden g = golden_open("vit_body", "config.json", "ref.safetensors");
  assert_string_equal(emily_model_task(g.model), "Model");
  golden_forward(&g, "a");
  golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
  golden_expect(&g, "pooler_output", "a.pooler_output", NULL);
  golden_close(&g);
}

static void refuses_pictures_of_another_size(void **state) {
  (void)state;
  golden g = golden_open("vit", "config.json", "ref.safetensors");
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  emily_array_map_set(inputs, "pixel_values", emily_zeros(s, (const int64_t[]){1, 3, 32, 40}, 4, EMILY_FLOAT32));
  assert_int_equal(emily_model_forward(g.model, s, inputs, NULL, 0, outputs), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "[batch, 3, 32, 32]"));
  emily_scope_close(s);
  emily_array_map_release(inputs);
  emily_array_map_release(outputs);
  golden_close(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(takes_the_distillation_token),
      cmocka_unit_test(knows_the_switches),
      cmocka_unit_test(refuses_pictures_of_another_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
