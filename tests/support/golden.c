/* golden.c: see golden.h. */
#include "golden.h"

#include "folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "emily/ops.h"

static const double MOST_RELATIVE = 1e-5, MOST_ABSOLUTE = 2e-4;

const char *golden_data(const char *name) {
  if (name[0] == '/') return in(name, ".");
  const char *root = getenv("EMILY_TEST_DATA");
  static char folder[1024];
  snprintf(folder, sizeof folder, "%s/models", root ? root : "tests/data");
  return in(folder, name);
}

static void link_file(const char *name, const char *file, const char *folder, const char *as) {
  char *target = realpath(in(golden_data(name), file), NULL);
  if (!target) return; /* not every case has every file */
  assert_int_equal(symlink(target, in(folder, as)), 0);
  free(target);
}

char *golden_folder(const char *name, const char *config) {
  char *folder = folder_new();
  assert_int_equal(access(in(golden_data(name), config), R_OK), 0);
  const char *dot = strrchr(config, '.');
  link_file(name, config, folder, dot && !strcmp(dot, ".gguf") ? "model.gguf" : "config.json");
  link_file(name, "model.safetensors", folder, "model.safetensors");
  link_file(name, "generation_config.json", folder, "generation_config.json");
  link_file(name, "preprocessor_config.json", folder, "preprocessor_config.json");
  link_file(name, "tokenizer.json", folder, "tokenizer.json");
  return folder;
}

static void expect_ok(emily_status status, const char *what) {
  if (status != EMILY_OK) fail_msg("%s: %s", what, emily_last_error()->message);
}

golden golden_open(const char *name, const char *config, const char *ref) {
  golden g = {.folder = golden_folder(name, config), .out = emily_array_map_new()};
  expect_ok(emily_model_load(g.folder, NULL, &g.model), name);
  expect_ok(emily_safetensors_load(in(golden_data(name), ref), &g.ref), name);
  return g;
}

void golden_close(golden *g) {
  emily_model_release(g->model);
  emily_array_map_release(g->ref);
  emily_array_map_release(g->out);
  folder_remove(g->folder);
}

void golden_forward(golden *g, const char *prefix) {
  static const char *const names[] = {"input_ids", "attention_mask", "token_type_ids", "position_ids", "input_features",
                                      "decoder_input_ids", "pixel_values"};
  emily_array_map *inputs = emily_array_map_new();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char key[64];
    snprintf(key, sizeof key, "%s.%s", prefix, names[i]);
    emily_array *array = emily_array_map_get(g->ref, key);
    if (array) expect_ok(emily_array_map_set(inputs, names[i], array), key);
  }
  emily_array_map_release(g->out);
  g->out = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  emily_status status = emily_model_forward(g->model, s, inputs, NULL, 0, g->out);
  emily_status closed = emily_scope_close(s);
  expect_ok(status, prefix);
  expect_ok(closed, prefix);
  emily_array_map_release(inputs);
}

/* Evaluate and convert. */
static void *converted(emily_array *array, emily_dtype dtype) {
  emily_scope *s = emily_scope_open(NULL);
  emily_array *y = emily_scope_keep(s, emily_astype(s, array, dtype));
  expect_ok(emily_scope_close(s), "astype");
  void *values = malloc(emily_array_nbytes(y) + 1);
  assert_non_null(values);
  expect_ok(emily_array_read(y, values, emily_array_nbytes(y)), "read");
  emily_array_release(y);
  return values;
}

float *golden_floats(emily_array *array) { return converted(array, EMILY_FLOAT32); }
int32_t *golden_ints(emily_array *array) { return converted(array, EMILY_INT32); }

void golden_compare(const char *what, const float *got, emily_array *want, emily_array *mask) {
  double *expected = converted(want, EMILY_FLOAT64), largest = 0, difference = 0, size = 0;
  int32_t *real = mask ? golden_ints(mask) : NULL;
  /* The mask's cells are the rows of the last axis, but for leading axes (the layers of hidden_states): it repeats over them. */
  size_t n = (size_t)emily_array_size(want), cells = mask ? (size_t)emily_array_size(mask) : 1;
  size_t row = mask && emily_array_ndim(want) == emily_array_ndim(mask) ? 1 : (size_t)emily_array_dim(want, -1);
  for (size_t i = 0; i < n; i++) {
    assert_true(isfinite(got[i]));
    if (real && !real[i / row % cells]) continue;
    double d = fabs(got[i] - expected[i]);
    if (d > largest) largest = d;
    difference += d * d, size += expected[i] * expected[i];
  }
  double relative = size > 0 ? sqrt(difference / size) : 1;
  printf("%s: relative %.2e, largest %.2e\n", what, relative, largest);
  if (!(relative <= MOST_RELATIVE && largest <= MOST_ABSOLUTE)) fail_msg("%s is too far from the reference", what);
  free(expected);
  free(real);
}

void golden_expect(golden *g, const char *name, const char *reference, const char *mask) {
  emily_array *got = emily_array_map_get(g->out, name), *want = emily_array_map_get(g->ref, reference);
  if (!got || !want) fail_msg("no output %s or no reference %s", name, reference);
  assert_int_equal(emily_array_dtype(got), EMILY_FLOAT32);
  assert_int_equal(emily_array_ndim(got), emily_array_ndim(want));
  assert_memory_equal(emily_array_shape(got), emily_array_shape(want), (size_t)emily_array_ndim(got) * sizeof(int64_t));
  float *values = golden_floats(got);
  golden_compare(reference, values, want, mask ? emily_array_map_get(g->ref, mask) : NULL);
  free(values);
}

void golden_decoder(const char *name, const char *config) {
  golden g = golden_open(name, config, "ref.safetensors");
  printf("%s/%s\n", name, config);
  golden_forward(&g, "a");
  golden_expect(&g, "logits", "a.logits_f64", NULL);
  golden_expect(&g, "hidden_states", "a.hidden_states", NULL);
  golden_expect(&g, "last_hidden_state", "a.last_hidden_state", NULL);
  golden_forward(&g, "b");
  golden_expect(&g, "logits", "b.logits_f64", "b.attention_mask");
  golden_expect(&g, "last_hidden_state", "b.last_hidden_state", "b.attention_mask");
  golden_forward(&g, "c");
  golden_expect(&g, "logits", "c.logits", "c.attention_mask");
  golden_close(&g);
}

void golden_variant(const char *name, const char *which, const char *prefix, const char *output, bool masked) {
  char config[64], ref[64], want[64], mask[64];
  snprintf(config, sizeof config, "config_%s.json", which);
  snprintf(ref, sizeof ref, "ref_%s.safetensors", which);
  snprintf(want, sizeof want, "%s.%s", prefix, output);
  snprintf(mask, sizeof mask, "%s.attention_mask", prefix);
  golden g = golden_open(name, config, ref);
  printf("%s %s ", name, which);
  golden_forward(&g, prefix);
  golden_expect(&g, output, want, masked ? mask : NULL);
  golden_close(&g);
}

/* Whether an array has a cell, or a row, for each of the mask's. */
static bool masked(const emily_array *array, const emily_array *mask) {
  return mask && emily_array_ndim(array) >= 2 && emily_array_dim(array, 0) == emily_array_dim(mask, 0) &&
         emily_array_dim(array, 1) == emily_array_dim(mask, 1);
}

void golden_case(const char *name, const char *which, const char *task) {
  static const char *const outputs[] = {"logits", "start_logits", "end_logits", "last_hidden_state", "pooler_output"};
  char config[64], ref[64], want[64];
  snprintf(config, sizeof config, "config_%s.json", which);
  snprintf(ref, sizeof ref, "ref_%s.safetensors", which);
  golden g = golden_open(name, config, ref);
  assert_string_equal(emily_model_task(g.model), task);
  printf("%s %s\n", name, which);
  golden_forward(&g, "a");
  emily_array *mask = emily_array_map_get(g.ref, "a.attention_mask");
  for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
    snprintf(want, sizeof want, "a.%s", outputs[i]);
    emily_array *expected = emily_array_map_get(g.ref, want);
    if (expected) golden_expect(&g, outputs[i], want, masked(expected, mask) ? "a.attention_mask" : NULL);
  }
  golden_close(&g);
}

/* One load, the n-th allocation of which fails; whether there was one to fail. */
static bool failing_load(const char *folder, int64_t n, int *failures) {
  emily_model *model = NULL;
  int64_t live = emily__alloc_live();
  emily__alloc_fail_after(n);
  emily_status status = emily_model_load(folder, NULL, &model);
  bool reached = emily__alloc_count() >= n;
  emily__alloc_fail_after(0);
  if (status != EMILY_OK) {
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    assert_null(model);
    *failures += 1;
  }
  emily_model_release(model);
  assert_int_equal(emily__alloc_live(), live);
  return reached;
}

void golden_failing_loads(const char *name, const char *config) {
  char *folder = golden_folder(name, config);
  emily_model *model = NULL;
  int failures = 0;
  emily__alloc_fail_after(0);
  assert_int_equal(emily_model_load(folder, NULL, &model), EMILY_OK); /* what is set up once */
  emily_model_release(model);
  for (int64_t n = 1; failing_load(folder, n, &failures); n++) continue;
  assert_true(failures > 50);
  folder_remove(folder);
}
