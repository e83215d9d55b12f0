/* test_convert.c: models written in another dtype: what is kept, rounded, refused; 8-bit floats made dense. */
#include "emily/convert.h"

#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"

#include "base/alloc.h"
#include "emily/checkpoint.h"

#include <math.h>
#include <stdio.h>

static void ok(emily_status status, const char *what) {
  if (status != EMILY_OK) fail_msg("%s: %s", what, emily_last_error()->message);
}

static emily_rewrite_totals convert(const char *from, const char *to, emily_dtype dtype) {
  emily_convert_options c = EMILY_CONVERT_OPTIONS_INIT;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  c.dtype = dtype;
  ok(emily_model_convert(from, to, &c, &totals), from);
  return totals;
}

/* Every tensor of b is a's, cast to a dtype and back where a's was another. */
static void expect_cast(const char *a, const char *b, emily_dtype dtype) {
  emily_checkpoint *x, *y;
  ok(emily_checkpoint_open(a, &x), a);
  ok(emily_checkpoint_open(b, &y), b);
  assert_int_equal(emily_checkpoint_count(x), emily_checkpoint_count(y));
  for (size_t i = 0; i < emily_checkpoint_count(x); i++) {
    emily_array *p, *q;
    double same;
    emily_scope *s = emily_scope_open(NULL);
    ok(emily_checkpoint_get(x, emily_checkpoint_name(x, i), &p), "a");
    ok(emily_checkpoint_get(y, emily_checkpoint_name(x, i), &q), "b");
    assert_int_equal(emily_array_dtype(q), dtype);
    emily_array *equal = emily_array_equal(s, emily_astype(s, emily_scope_adopt(s, p), dtype), emily_scope_adopt(s, q), false);
    assert_int_equal(emily_array_item_float(equal, &same), EMILY_OK);
    assert_true(same == 1);
    test_close(s);
  }
  emily_checkpoint_release(x);
  emily_checkpoint_release(y);
}

static void casts_every_float(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16};
  for (int i = 0; i < 3; i++) {
    char *folder = golden_folder(i == 1 ? "bert" : "qwen3_bf16", "config.json"), *out = folder_new();
    const emily_rewrite_totals totals = convert(folder, out, dtypes[i]);
    assert_int_equal(totals.packed, 0);
    expect_cast(folder, out, dtypes[i]);
    emily_model *model = NULL;
    ok(emily_model_load(out, NULL, &model), out);
    emily_model_release(model);
    folder_remove(folder);
    folder_remove(out);
  }
}

static void keeps_answers_where_nothing_is_rounded(void **state) {
  (void)state;
  golden g = golden_open("qwen3_bf16", "config.json", "ref.safetensors");
  char *wide = folder_new(), *back = folder_new();
  convert(g.folder, wide, EMILY_FLOAT32);
  convert(wide, back, EMILY_BFLOAT16);
  expect_cast(g.folder, back, EMILY_BFLOAT16);
  emily_model_release(g.model);
  ok(emily_model_load(wide, NULL, &g.model), wide);
  golden_forward(&g, "a");
  golden_expect(&g, "logits", "a.logits", NULL);
  golden_close(&g);
  folder_remove(wide);
  folder_remove(back);
}

/* A linear layer's matrix in e4m3 with scales for blocks of 48 × 32, in place of the file's; dense: what that stands for, instead. */
static void put_float8(emily_scope *s, emily_array_map *map, const char *name, emily_array *w, bool dense) {
  const int64_t n = emily_array_dim(w, 0), k = emily_array_dim(w, 1), rows = (n + 47) / 48, columns = (k + 31) / 32, to[] = {n, k};
  char full[128];
  emily_array *scales = emily_reshape(s, emily_add(s, test_range(s, 1, rows * columns, EMILY_FLOAT32), FLOATS(s, SCALAR, 0.3f)),
                                      SHAPE(rows, columns));
  emily_array *wide = emily_slice(s, emily_repeat(s, emily_repeat(s, scales, 48, 0), 32, 1), INTS(0, 0), to, NULL);
  emily_array *f8 = emily_astype(s, emily_divide(s, emily_astype(s, w, EMILY_FLOAT32), wide), EMILY_FLOAT8_E4M3FN);
  if (dense) f8 = emily_multiply(s, emily_astype(s, f8, EMILY_FLOAT32), wide);
  ok(emily_array_map_set(map, name, f8), name);
  snprintf(full, sizeof full, "%s_scale_inv", name);
  if (!dense) ok(emily_array_map_set(map, full, scales), full);
}

static void write_float8(const char *from, const char *to, bool dense) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array_map *map = emily_array_map_new();
  emily_checkpoint *checkpoint;
  ok(emily_checkpoint_open(from, &checkpoint), from);
  for (size_t i = 0; i < emily_checkpoint_count(checkpoint); i++) {
    const char *name = emily_checkpoint_name(checkpoint, i);
    emily_array *w;
    ok(emily_checkpoint_get(checkpoint, name, &w), name);
    emily_scope_adopt(s, w);
    if (strstr(name, "_proj.weight")) put_float8(s, map, name, w, dense);
    else ok(emily_array_map_set(map, name, w), name);
  }
  ok(emily_safetensors_save(in(to, "model.safetensors"), map, NULL), to);
  emily_checkpoint_release(checkpoint);
  emily_array_map_release(map);
  test_close(s);
}

static char *read_text(const char *path) {
  char *text = calloc(1, 1 << 16);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
  fclose(file);
  return text;
}

static float *logits(golden *g, const char *folder, size_t *count) {
  emily_model_release(g->model);
  ok(emily_model_load(folder, NULL, &g->model), folder);
  golden_forward(g, "a");
  emily_array *y = emily_array_map_get(g->out, "logits");
  *count = (size_t)emily_array_size(y);
  return golden_floats(y);
}

/* Some matrices have groups of 32 (K = 64), others none (K = 120): both run; and both become dense. */
static void runs_and_widens_8_bit_floats(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  char *f8 = folder_new(), *dense = folder_new(), *out = folder_new(), *config = read_text(in(g.folder, "config.json")), *all;
  size_t count;
  all = malloc(strlen(config) + 256);
  sprintf(all, "{\"quantization_config\":{\"quant_method\":\"fp8\",\"activation_scheme\":\"dynamic\",\"weight_block_size\":[48,32]},%s",
          strchr(config, '{') + 1);
  write_float8(g.folder, f8, false);
  write_float8(g.folder, dense, true);
  folder_puts(f8, "config.json", all);
  folder_puts(dense, "config.json", config);
  convert(f8, out, EMILY_FLOAT32);
  float *a = logits(&g, f8, &count), *b = logits(&g, dense, &count), *c = logits(&g, out, &count);
  double difference = 0, size = 0;
  for (size_t i = 0; i < count; i++) {
    difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    size += (double)b[i] * b[i];
  }
  assert_true(size > 0 && sqrt(difference / size) < 1e-5); /* float32 sums in another order */
  assert_memory_equal(b, c, count * sizeof *b);
  free(a), free(b), free(c), free(all), free(config);
  golden_close(&g);
  folder_remove(f8), folder_remove(dense), folder_remove(out);
}

/* Loads of packed, 8-bit and stacked weights, each allocation of which fails in turn. */
static void loads_survive_failing_allocations(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3", "config.json"), *f8 = folder_new(), *config = read_text(in(folder, "config.json")), *all;
  emily_model *model = NULL;
  int failures = 0;
  all = malloc(strlen(config) + 256);
  sprintf(all, "{\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[48,32]},%s", strchr(config, '{') + 1);
  write_float8(folder, f8, false);
  folder_puts(f8, "config.json", all);
  for (int64_t n = 1; !model; n += n < 300 ? 1 : 13) {
    const int64_t live = emily__alloc_live();
    emily__alloc_fail_after(n);
    const emily_status status = emily_model_load(f8, NULL, &model);
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) break;
    failures++;
    if (status != EMILY_OUT_OF_MEMORY) fail_msg("allocation %d: %s", (int)n, emily_last_error()->message);
    assert_int_equal(emily__alloc_live(), live);
  }
  assert_true(failures > 300);
  emily_model_release(model);
  free(all), free(config);
  folder_remove(folder), folder_remove(f8);
}

/* A layer's experts one by one, as the one or two tensors that hold all of them: gate and up above each other. */
static void fuse(emily_scope *s, emily_array_map *from, emily_array_map *to, int layer) {
  emily_array *up[12], *down[12];
  char name[128];
  for (int e = 0; e < 12; e++) {
    emily_array *both[2];
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%d.gate_proj.weight", layer, e);
    both[0] = emily_array_map_get(from, name);
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%d.up_proj.weight", layer, e);
    both[1] = emily_array_map_get(from, name);
    snprintf(name, sizeof name, "model.layers.%d.mlp.experts.%d.down_proj.weight", layer, e);
    up[e] = emily_concatenate(s, both, 2, 0);
    down[e] = emily_array_map_get(from, name);
  }
  snprintf(name, sizeof name, "model.layers.%d.mlp.experts.gate_up_proj", layer);
  ok(emily_array_map_set(to, name, emily_stack(s, up, 12, 0)), name);
  snprintf(name, sizeof name, "model.layers.%d.mlp.experts.down_proj", layer);
  ok(emily_array_map_set(to, name, emily_stack(s, down, 12, 0)), name);
}

static void fused_experts_are_told_apart(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3_moe", "config.json"), *fused = folder_new(), *out = folder_new();
  char *config = read_text(in(folder, "config.json"));
  emily_scope *s = emily_scope_open(NULL);
  emily_array_map *from, *to = emily_array_map_new();
  ok(emily_safetensors_load(in(folder, "model.safetensors"), &from), folder);
  for (size_t i = 0; i < emily_array_map_count(from); i++) {
    const char *name = emily_array_map_name(from, i);
    if (!strstr(name, ".experts.")) ok(emily_array_map_set(to, name, emily_array_map_at(from, i)), name);
  }
  for (int layer = 0; layer < 3; layer++) fuse(s, from, to, layer);
  ok(emily_safetensors_save(in(fused, "model.safetensors"), to, NULL), fused);
  folder_puts(fused, "config.json", config);
  convert(fused, out, EMILY_FLOAT32);
  expect_cast(folder, out, EMILY_FLOAT32);
  free(config);
  emily_array_map_release(from);
  emily_array_map_release(to);
  test_close(s);
  folder_remove(folder), folder_remove(fused), folder_remove(out);
}

static void refuses_what_a_dtype_cannot_hold(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3", "config.json"), *big = folder_new(), *out = folder_new(), *config = read_text(in(folder, "config.json"));
  emily_convert_options c = EMILY_CONVERT_OPTIONS_INIT;
  emily_array_map *map;
  emily_scope *s = emily_scope_open(NULL);
  ok(emily_safetensors_load(in(folder, "model.safetensors"), &map), "load");
  emily_array *norm = emily_array_map_get(map, "model.norm.weight");
  ok(emily_array_map_set(map, "model.norm.weight", emily_add(s, norm, FLOATS(s, SCALAR, 1e5f))), "set");
  ok(emily_safetensors_save(in(big, "model.safetensors"), map, NULL), "save");
  folder_puts(big, "config.json", config);
  c.dtype = EMILY_FLOAT16;
  assert_int_equal(emily_model_convert(big, out, &c, NULL), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "\"model.norm.weight\" has a number that is too large for float16; bfloat16 holds it"));
  c.dtype = EMILY_FLOAT64;
  assert_int_equal(emily_model_convert(big, out, &c, NULL), EMILY_INVALID_ARGUMENT);
  c.dtype = EMILY_BFLOAT16;
  ok(emily_model_convert(big, out, &c, NULL), "bf16");
  free(config);
  emily_array_map_release(map);
  test_close(s);
  folder_remove(folder), folder_remove(big), folder_remove(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(casts_every_float),
      cmocka_unit_test(keeps_answers_where_nothing_is_rounded),
      cmocka_unit_test(runs_and_widens_8_bit_floats),
      cmocka_unit_test(loads_survive_failing_allocations),
      cmocka_unit_test(fused_experts_are_told_apart),
      cmocka_unit_test(refuses_what_a_dtype_cannot_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
