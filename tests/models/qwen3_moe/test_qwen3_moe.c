/* test_qwen3_moe.c: Qwen3's mixtures of experts and its switches against what Transformers computes, padded rows included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../support/folder.h"
#include "../../support/golden.h"

#include "emily/ops.h"

static void equals_the_oracle(void **state) {
  (void)state;
  golden_decoder("qwen3_moe", "config.json");
  golden_decoder("qwen3_moe", "config_hub.json");
}

static void honours_its_switches(void **state) {
  (void)state;
  golden_variant("qwen3_moe_mixed", "plain", "a", "logits", true);
  golden_variant("qwen3_moe_mixed", "sliding", "a", "logits", true);
  golden_variant("qwen3_moe_mixed", "sliding", "c", "logits", true);
  golden_variant("qwen3_moe_mixed", "one", "a", "logits", true);
  golden_variant("qwen3_moe_biased", "a", "a", "logits", true);
  golden_variant("qwen3_moe_biased", "a", "c", "logits", true);
}

static void has_heads(void **state) {
  (void)state;
  golden_variant("qwen3_moe_sequence", "a", "a", "logits", false);
  golden_variant("qwen3_moe_sequence", "a", "c", "logits", false);
  golden_variant("qwen3_moe_token", "a", "a", "logits", true);
}

/* ---- other layouts of the same experts ---- */

enum { LAYERS = 3, EXPERTS = 12 };

/* The matrices of all experts of a part, [E, out, in]. */
static emily_array *all_of(emily_scope *s, const emily_array_map *map, int layer, const char *part) {
  emily_array *list[EXPERTS];
  for (int e = 0; e < EXPERTS; e++) {
    char name[96];
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%d.%s.weight", layer, e, part);
    list[e] = emily_array_map_get(map, name);
  }
  return emily_stack(s, list, EXPERTS, 0);
}

static void put(emily_array_map *map, int layer, const char *tail, emily_array *array) {
  char name[96];
  snprintf(name, sizeof name, "model.layers.%d.mlp.%s", layer, tail);
  assert_int_equal(emily_array_map_set(map, name, array), EMILY_OK);
}

static void stack(emily_scope *s, const emily_array_map *from, emily_array_map *to, int layer, bool mlx) {
  emily_array *both[] = {all_of(s, from, layer, "gate_proj"), all_of(s, from, layer, "up_proj")};
  emily_array *down = all_of(s, from, layer, "down_proj");
  if (mlx) {
    put(to, layer, "switch_mlp.gate_proj.weight", both[0]);
    put(to, layer, "switch_mlp.up_proj.weight", both[1]);
    put(to, layer, "switch_mlp.down_proj.weight", down);
  } else {
    put(to, layer, "experts.gate_up_proj", emily_concatenate(s, both, 2, 1));
    put(to, layer, "experts.down_proj", down);
  }
}

/* The checkpoint at `file` with its experts stacked, in place of itself. */
static void restack(const char *file, bool mlx) {
  emily_array_map *from = NULL, *to = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_safetensors_load(file, &from), EMILY_OK);
  for (size_t i = 0; i < emily_array_map_count(from); i++)
    if (!strstr(emily_array_map_name(from, i), ".experts."))
      assert_int_equal(emily_array_map_set(to, emily_array_map_name(from, i), emily_array_map_at(from, i)), EMILY_OK);
  for (int i = 0; i < LAYERS; i++) stack(s, from, to, i, mlx);
  assert_int_equal(unlink(file), 0); /* a link to the case's own */
  assert_int_equal(emily_safetensors_save(file, to, NULL), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  emily_array_map_release(from);
  emily_array_map_release(to);
}

/* As MLX stacks them, and as Transformers 5 has them in memory. */
static void stacked_experts_are_the_same(void **state) {
  (void)state;
  for (int mlx = 0; mlx < 2; mlx++) {
    golden g = golden_open("qwen3_moe", "config.json", "ref.safetensors");
    restack(in(g.folder, "model.safetensors"), mlx);
    emily_model_release(g.model);
    if (emily_model_load(g.folder, NULL, &g.model) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    golden_forward(&g, "b");
    golden_expect(&g, "logits", "b.logits_f64", "b.attention_mask");
    golden_close(&g);
  }
}

/* The checkpoint of the project's references, which is larger: EMILY_GOLDENS is their folder. */
static void equals_the_larger_oracle(void **state) {
  (void)state;
  const char *folder = getenv("EMILY_GOLDENS");
  char path[1024];
  if (!folder) skip();
  snprintf(path, sizeof path, "%s/qwen3_moe", folder);
  golden_decoder(path, "config.json");
  golden_decoder(path, "config_hub.json");
}

static void survives_failing_allocations(void **state) {
  (void)state;
  golden_failing_loads("qwen3_moe", "config_hub.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_oracle),
      cmocka_unit_test(honours_its_switches),
      cmocka_unit_test(has_heads),
      cmocka_unit_test(stacked_experts_are_the_same),
      cmocka_unit_test(equals_the_larger_oracle),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
