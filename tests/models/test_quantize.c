/* test_quantize.c: models written with packed weights: they load, and give what the dense model with the unpacked weights gives. */
#include "emily/convert.h"

#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"

#include "base/alloc.h"
#include "base/json.h"
#include "emily/checkpoint.h"
#include "emily/runtime.h"

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void ok(emily_status status, const char *what) {
  if (status != EMILY_OK) fail_msg("%s: %s", what, emily_last_error()->message);
}

/* The output of a model of a folder on the inputs a.… of a golden. */
static float *output(golden *g, const char *folder, const char *name, size_t *count) {
  emily_model_release(g->model);
  g->model = NULL;
  ok(emily_model_load(folder, NULL, &g->model), folder);
  golden_forward(g, "a");
  emily_array *y = emily_array_map_get(g->out, name);
  assert_non_null(y);
  *count = (size_t)emily_array_size(y);
  return golden_floats(y);
}

static double apart(const float *a, const float *b, size_t count) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < count; i++) {
    difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    size += (double)b[i] * b[i];
  }
  return sqrt(difference / size);
}

static const struct {
  const char *mode;
  int64_t group_size, bits;
} settings[] = {{"affine", 32, 2}, {"affine", 64, 3}, {"affine", 32, 4}, {"affine", 64, 5}, {"affine", 32, 6},
                {"affine", 64, 8}, {"mxfp4", 0, 0},   {"mxfp8", 0, 0},   {"nvfp4", 0, 0}};

/* Quantized, and the same made dense: 1e-4 apart at most, in relative L2; and not what the model was before. */
static void expect_as_dense(const char *name, const char *ref, const char *what, size_t i) {
  golden g = golden_open(name, "config.json", ref);
  char *packed = folder_new(), *dense = folder_new();
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  emily_convert_options c = EMILY_CONVERT_OPTIONS_INIT;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  size_t count;
  q.mode = settings[i].mode, q.group_size = settings[i].group_size, q.bits = settings[i].bits;
  c.dtype = EMILY_FLOAT32;
  ok(emily_model_quantize(g.folder, packed, &q, &totals), name);
  assert_true(totals.packed >= 14 && totals.files == 1 && totals.bytes_after < totals.bytes_before);
  ok(emily_model_convert(packed, dense, &c, &totals), name);
  assert_int_equal(totals.packed, 0);
  float *before = output(&g, g.folder, what, &count), *few = output(&g, packed, what, &count), *all = output(&g, dense, what, &count);
  if (!(apart(few, all, count) <= 1e-4)) fail_msg("%s %s: %g apart", name, settings[i].mode, apart(few, all, count));
  assert_true(apart(few, before, count) > 1e-3);
  free(before), free(few), free(all);
  golden_close(&g);
  folder_remove(packed);
  folder_remove(dense);
}

static void gives_what_the_unpacked_weights_give(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    expect_as_dense(i % 2 ? "qwen3" : "qwen3_bf16", "ref.safetensors", "logits", i);
    if (i % 4 == 2) expect_as_dense("qwen3_moe", "ref.safetensors", "logits", i); /* experts of 32 columns: packed, of 8: kept */
    if (i % 4 == 2) expect_as_dense("gpt2", "ref.safetensors", "logits", i); /* matrices that the file has the other way round */
    if (i % 4 == 2) expect_as_dense("bert", "ref.safetensors", "last_hidden_state", i);
  }
}

/* ---- memory ---- */

static uint64_t active(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  ok(emily_memory_stats(NULL, &info), "memory");
  return info.active;
}

/* Packed weights stay in the mapped file, and words that stand at odd places would be copied: the order of the file sees to that. */
static void packed_weights_stay_in_the_file(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3_bf16", "config.json"), *out = folder_new();
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  emily_model *model = NULL;
  q.group_size = 32;
  ok(emily_model_quantize(folder, out, &q, NULL), "quantize");
  const uint64_t before = active();
  ok(emily_model_load(out, NULL, &model), "load");
  assert_true(active() - before < 4096); /* the rotary frequencies */
  emily_model_release(model);
  folder_remove(folder);
  folder_remove(out);
}

/* ---- what is told, refused, and left behind ---- */

typedef struct told {
  size_t entries, packed, kept;
  double worst;
  size_t stop_after; /* 0: never */
  uint64_t done, total;
} told;

static bool each(void *context, const emily_rewrite_tensor *t) {
  told *x = context;
  x->entries++;
  x->packed += t->mode != NULL;
  x->kept += t->kept != NULL;
  if (t->error > x->worst) x->worst = t->error;
  assert_true(t->mode || t->error < 0);
  x->done = t->done, x->total = t->total;
  return x->entries != x->stop_after;
}

static void tells_and_measures_without_writing(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3", "config.json"), *out = folder_new();
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  told t = {0};
  double worst = 2;
  q.dry_run = q.measure = 1, q.each = each, q.context = &t;
  for (q.bits = 2; q.bits <= 8; q.bits += 2) {
    t = (told){0};
    ok(emily_model_quantize(folder, NULL, &q, NULL), "dry run");
    assert_true(t.packed > 0 && t.kept > 0 && t.entries > t.packed + t.kept && t.done == t.total);
    assert_true(t.worst > 0 && t.worst < worst); /* more bits, less error */
    worst = t.worst;
  }
  assert_true(worst < 0.01); /* 8 bits: a 255th of a group's range */
  t = (told){.stop_after = 3};
  q.dry_run = 0, q.bits = 4;
  assert_int_equal(emily_model_quantize(folder, out, &q, NULL), EMILY_CANCELLED);
  assert_int_equal(access(in(out, "model.safetensors"), F_OK), -1);
  assert_int_equal(access(in(out, "config.json"), F_OK), -1);
  folder_remove(folder);
  folder_remove(out);
}

static void refuse(const char *path, const char *out, const emily_quantize_options *q, emily_status wanted, const char *words) {
  assert_int_equal(emily_model_quantize(path, out, q, NULL), wanted);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void refuses_by_name(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3", "config.json"), *out = folder_new(), *again = folder_new();
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  q.bits = 7;
  refuse(folder, out, &q, EMILY_INVALID_ARGUMENT, "2, 3, 4, 5, 6 or 8 bits");
  q.bits = 4, q.mode = "mxfp8";
  refuse(folder, out, &q, EMILY_INVALID_ARGUMENT, "groups of 32 and 8 bits");
  q.mode = "gptq";
  refuse(folder, out, &q, EMILY_INVALID_ARGUMENT, "\"gptq\" is none of");
  q.mode = NULL, q.dtype = EMILY_INT32;
  refuse(folder, out, &q, EMILY_INVALID_ARGUMENT, "dtype must be");
  q.dtype = -1;
  refuse(folder, NULL, &q, EMILY_INVALID_ARGUMENT, "must not be NULL");
  refuse("no/such/folder", out, &q, EMILY_NOT_FOUND, "no/such/folder");
  refuse(folder, folder, &q, EMILY_INVALID_ARGUMENT, "is not empty");
  refuse(folder, in(out, "a/b"), &q, EMILY_IO_ERROR, "a/b");
  q.group_size = 128;
  refuse(golden_data("bert_question"), out, &q, EMILY_NOT_FOUND, "config.json");
  char *short_rows = golden_folder("bert_question", "config_a.json");
  refuse(short_rows, out, &q, EMILY_INVALID_ARGUMENT, "rows of whole groups of 128: nothing would be packed");
  folder_remove(short_rows);
  q.group_size = 0;
  ok(emily_model_quantize(folder, out, &q, NULL), "quantize");
  refuse(out, again, &q, EMILY_UNSUPPORTED, "is quantized already");
  folder_remove(folder);
  folder_remove(out);
  folder_remove(again);
}

static void writes_shards_and_the_other_files(void **state) {
  (void)state;
  golden g = golden_open("qwen3", "config.json", "ref.safetensors");
  char *whole = folder_new(), *parts = folder_new();
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
  json_t *config;
  size_t count;
  folder_puts(g.folder, "tokenizer.json", "{}");
  folder_puts(g.folder, "1_Pooling/config.json", "{\"a\":1}");
  folder_puts(g.folder, "onnx/model.onnx", "weights");
  folder_puts(g.folder, "pytorch_model.bin", "weights");
  q.dtype = EMILY_BFLOAT16;
  ok(emily_model_quantize(g.folder, whole, &q, &totals), "whole");
  q.shard_bytes = totals.bytes_after / 3;
  ok(emily_model_quantize(g.folder, parts, &q, &totals), "parts");
  assert_true(totals.files >= 3);
  assert_int_equal(access(in(parts, "model.safetensors.index.json"), R_OK), 0);
  assert_int_equal(access(in(parts, "tokenizer.json"), R_OK), 0);
  assert_int_equal(access(in(parts, "1_Pooling/config.json"), R_OK), 0);
  assert_int_equal(access(in(parts, "onnx"), F_OK), -1);
  assert_int_equal(access(in(parts, "pytorch_model.bin"), F_OK), -1);
  ok(emily__json_load(in(parts, "config.json"), &config), "config");
  assert_int_equal(json_integer_value(json_object_get(json_object_get(config, "quantization"), "bits")), 4);
  assert_true(json_equal(json_object_get(config, "quantization"), json_object_get(config, "quantization_config")));
  json_decref(config);
  float *one = output(&g, whole, "logits", &count), *many = output(&g, parts, "logits", &count);
  assert_memory_equal(one, many, count * sizeof *one);
  free(one), free(many);
  golden_close(&g);
  folder_remove(whole);
  folder_remove(parts);
}

/* A tied head that the file has a second time is left out, as mlx-lm does; one that differs stays. */
static void a_tied_head_is_written_once(void **state) {
  (void)state;
  for (int differs = 0; differs < 2; differs++) {
    char *folder = golden_folder("qwen3_causal", "config_plain.json"), *both = folder_new(), *out = folder_new();
    emily_scope *s = emily_scope_open(NULL);
    emily_array_map *map;
    emily_checkpoint *written;
    emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
    size_t at;
    ok(emily_safetensors_load(in(folder, "model.safetensors"), &map), "load");
    emily_array *table = emily_array_map_get(map, "model.embed_tokens.weight");
    ok(emily_array_map_set(map, "lm_head.weight", differs ? emily_negative(s, table) : table), "set");
    ok(emily_safetensors_save(in(both, "model.safetensors"), map, NULL), "save");
    char *config = realpath(in(folder, "config.json"), NULL);
    assert_int_equal(symlink(config, in(both, "config.json")), 0);
    free(config);
    q.group_size = 32;
    ok(emily_model_quantize(both, out, &q, NULL), "quantize");
    ok(emily_checkpoint_open(out, &written), "open");
    assert_int_equal(emily_checkpoint_find(written, "lm_head.weight", &at), differs ? EMILY_OK : EMILY_NOT_FOUND);
    emily_checkpoint_release(written);
    emily_array_map_release(map);
    test_close(s);
    folder_remove(folder), folder_remove(both), folder_remove(out);
  }
}

/* Each allocation fails in turn: an error, and nothing left behind. */
static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = golden_folder("qwen3", "config.json"), *parent = folder_new(), *out = strdup(in(parent, "out"));
  emily_quantize_options q = EMILY_QUANTIZE_OPTIONS_INIT;
  int failures = 0;
  q.measure = 1, q.shard_bytes = 60000;
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int64_t n = 1; status != EMILY_OK; n += n < 300 ? 1 : 61) {
    const int64_t live = emily__alloc_live();
    emily__alloc_fail_after(n);
    status = emily_model_quantize(folder, out, &q, NULL);
    emily__alloc_fail_after(0);
    assert_int_equal(emily__alloc_live(), live);
    if (status == EMILY_OK) break;
    failures++;
    if (status != EMILY_OUT_OF_MEMORY) fail_msg("allocation %d: %s", (int)n, emily_last_error()->message);
    assert_int_equal(access(out, F_OK), -1);
  }
  assert_true(failures > 100);
  folder_remove(folder);
  folder_remove(parent);
  free(out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packed_weights_stay_in_the_file),
      cmocka_unit_test(gives_what_the_unpacked_weights_give), cmocka_unit_test(tells_and_measures_without_writing),
      cmocka_unit_test(refuses_by_name),                      cmocka_unit_test(writes_shards_and_the_other_files),
      cmocka_unit_test(a_tied_head_is_written_once),          cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
