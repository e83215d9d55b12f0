/* test_gguf_export.c: models written to GGUF files give what the folders give; and back, with the numbers that they had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../support/folder.h"
#include "../support/golden.h"
#include "base/alloc.h"
#include "base/status.h"
#include "emily/checkpoint.h"
#include "emily/convert.h"
#include "emily/gguf.h"
#include "emily/ops.h"
#include "emily/tokenizer.h"

static emily_convert_options as_they_are(void) {
  emily_convert_options options = EMILY_CONVERT_OPTIONS_INIT;
  options.dtype = -1;
  return options;
}

/* A case's folder, which has its GGUF file beside what is linked: "out/model.gguf". */
static char *exported(const char *name, const char *config, const char *blocks) {
  char *folder = golden_folder(name, config);
  emily_convert_options options = as_they_are();
  options.blocks = blocks;
  folder_puts(folder, "out/empty", "");
  emily_status status = emily_model_to_gguf(folder, in(folder, "out/model.gguf"), &options, NULL);
  if (status != EMILY_OK) fail_msg("%s: %s", name, emily_last_error()->message);
  return folder;
}

/* As golden_open, of the GGUF file. */
static golden open_exported(const char *name, const char *config, const char *ref) {
  golden g = {.folder = exported(name, config, NULL), .out = emily_array_map_new()};
  assert_int_equal(emily_model_load(in(g.folder, "out/model.gguf"), NULL, &g.model), EMILY_OK);
  assert_int_equal(emily_safetensors_load(in(golden_data(name), ref), &g.ref), EMILY_OK);
  return g;
}

static void gives_what_the_folder_gives(void **state) {
  (void)state;
  static const struct {
    const char *name, *config, *ref, *output, *wanted;
  } cases[] = {{"qwen3", "config.json", "ref.safetensors", "logits", "a.logits_f64"},
               {"qwen3_bf16", "config_hub.json", "ref.safetensors", "logits", "a.logits_f64"},
               {"llama3_rope", "config.json", "ref.safetensors", "logits", "a.logits_f64"},
               {"nomic_bert_body", "config_a.json", "ref_a.safetensors", "last_hidden_state", "a.last_hidden_state"},
               {"qwen3_causal", "config_yarn.json", "ref_yarn.safetensors", "logits", "a.logits"},
               {"qwen3_causal", "config_linear_hub.json", "ref_linear_hub.safetensors", "logits", "a.logits"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    golden g = open_exported(cases[i].name, cases[i].config, cases[i].ref);
    golden_forward(&g, "a");
    golden_expect(&g, cases[i].output, cases[i].wanted, emily_array_map_get(g.ref, "a.attention_mask") ? "a.attention_mask" : NULL);
    golden_close(&g);
  }
}

/* Every tensor of one checkpoint is in the other, to the bit. */
static void expect_equal_checkpoints(const char *first, const char *second) {
  emily_checkpoint *a = NULL, *b = NULL;
  assert_int_equal(emily_checkpoint_open(first, &a), EMILY_OK);
  assert_int_equal(emily_checkpoint_open(second, &b), EMILY_OK);
  assert_int_equal(emily_checkpoint_count(a), emily_checkpoint_count(b));
  for (size_t i = 0; i < emily_checkpoint_count(a); i++) {
    const char *name = emily_checkpoint_name(a, i);
    emily_array *x = NULL, *y = NULL;
    const void *p, *q;
    assert_int_equal(emily_checkpoint_get(a, name, &x), EMILY_OK);
    if (emily_checkpoint_get(b, name, &y) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    assert_int_equal(emily_array_nbytes(x), emily_array_nbytes(y));
    assert_int_equal(emily_array_data(x, true, &p), EMILY_OK);
    assert_int_equal(emily_array_data(y, true, &q), EMILY_OK);
    if (memcmp(p, q, emily_array_nbytes(x))) fail_msg("%s is not what it was", name);
    emily_array_release(x);
    emily_array_release(y);
  }
  emily_checkpoint_release(a);
  emily_checkpoint_release(b);
}

/* There and back: rows of q and k, their biases, gpt2's matrices; the config's scaling of rope is found in the factors. */
static void comes_back_to_the_bit(void **state) {
  (void)state;
  static const char *const names[] = {"llama3_rope", "gpt2", "qwen3"};
  emily_convert_options options = EMILY_CONVERT_OPTIONS_INIT;
  options.dtype = EMILY_FLOAT32;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *folder = exported(names[i], "config.json", NULL);
    emily_status status = emily_model_convert(in(folder, "out/model.gguf"), in(folder, "back"), &options, NULL);
    if (status != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    expect_equal_checkpoints(in(folder, "model.safetensors"), in(folder, "back"));
    emily_model *model = NULL;
    status = emily_model_load(in(folder, "back"), NULL, &model);
    if (status != EMILY_OK) fail_msg("%s", emily_last_error()->message);
    emily_model_release(model);
    folder_remove(folder);
  }
}

/* Half a step of the format: of Q8_0 a 254th of the largest of 32, of Q4_0 a 16th. */
static void blocks_are_near(void **state) {
  (void)state;
  static const char *const formats[] = {"Q8_0", "Q4_0"};
  for (int f = 0; f < 2; f++) {
    char *folder = exported("qwen3", "config.json", formats[f]);
    emily_gguf *file = NULL;
    size_t index;
    assert_int_equal(emily_gguf_open(in(folder, "out/model.gguf"), &file), EMILY_OK);
    assert_int_equal(emily_gguf_find(file, "blk.0.attn_q.weight", &index), EMILY_OK);
    assert_string_equal(emily_gguf_type_name(file, index), formats[f]);
    emily_array *blocks = NULL, *whole = NULL;
    emily_checkpoint *checkpoint = NULL;
    assert_int_equal(emily_gguf_blocks(file, index, &blocks), EMILY_OK);
    assert_int_equal(emily_checkpoint_open(in(folder, "model.safetensors"), &checkpoint), EMILY_OK);
    assert_int_equal(emily_checkpoint_get(checkpoint, "model.layers.0.self_attn.q_proj.weight", &whole), EMILY_OK);
    emily_scope *s = emily_scope_open(NULL);
    emily_array *apart = emily_subtract(s, emily_block_dequantize(s, blocks, formats[f], EMILY_FLOAT32), whole);
    emily_array *worst = emily_max(s, emily_abs(s, apart), NULL, 0, false), *most = emily_max(s, emily_abs(s, whole), NULL, 0, false);
    double far = 1, size = 0;
    assert_int_equal(emily_array_item_float(worst, &far), EMILY_OK);
    assert_int_equal(emily_array_item_float(most, &size), EMILY_OK);
    assert_true(far > 0 && far <= size / (f ? 7.9 : 250));
    emily_scope_close(s);
    emily_array_release(blocks);
    emily_array_release(whole);
    emily_checkpoint_release(checkpoint);
    emily_gguf_close(file);
    folder_remove(folder);
  }
}

/* A pooling goes along, and comes back as the files that say it. */
static void pooling_is_kept(void **state) {
  (void)state;
  char *folder = golden_folder("nomic_bert_body", "config_a.json"), *text = NULL;
  emily_convert_options options = as_they_are();
  folder_puts(folder, "1_Pooling/config.json", "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}");
  assert_int_equal(emily_model_to_gguf(folder, in(folder, "model.bin"), &options, NULL), EMILY_OK);
  assert_int_equal(emily_model_file(in(folder, "model.bin"), "1_Pooling/config.json", &text), EMILY_OK);
  assert_non_null(strstr(text, "\"pooling_mode_cls_token\": true"));
  emily_string_free(text);
  folder_puts(folder, "1_Pooling/config.json", "{\"pooling_mode\": \"max\"}");
  assert_int_equal(emily_model_to_gguf(folder, in(folder, "model.bin"), &options, NULL), EMILY_UNSUPPORTED);
  folder_remove(folder);
}

static void refuse(const char *name, const char *config, const char *word) {
  char *folder = golden_folder(name, config);
  emily_convert_options options = as_they_are();
  assert_int_equal(emily_model_to_gguf(folder, in(folder, "model.gguf"), &options, NULL), EMILY_UNSUPPORTED);
  if (!strstr(emily_last_error()->message, word)) fail_msg("%s", emily_last_error()->message);
  folder_remove(folder);
}

static void what_gguf_has_no_word_for(void **state) {
  (void)state;
  refuse("qwen3_causal", "config_sliding.json", "sliding");
  refuse("qwen3_causal", "config_gelu.json", "hidden_act");
  refuse("qwen3_causal", "config_dynamic.json", "dynamic");
  refuse("gemma3_text", "config.json", "sliding_window_pattern");
  refuse("qwen3_token", "config_a.json", "score");
  refuse("vit", "config.json", "vit");
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  char *folder = golden_folder("nomic_bert_body", "config_a.json"), *out = emily__strdup(in(folder, "model.gguf"));
  emily_convert_options options = as_they_are();
  bool failed = true;
  for (int64_t n = 1; failed; n++) {
    emily__alloc_fail_after(n);
    emily_status status = emily_model_to_gguf(folder, out, &options, NULL);
    failed = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (!failed) assert_int_equal(status, EMILY_OK);
    else if (status != EMILY_OK && status != EMILY_OUT_OF_MEMORY) fail_msg("%lld: %d %s", (long long)n, status, emily_last_error()->message);
  }
  emily__free(out);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gives_what_the_folder_gives), cmocka_unit_test(comes_back_to_the_bit),
                                     cmocka_unit_test(blocks_are_near), cmocka_unit_test(pooling_is_kept), cmocka_unit_test(what_gguf_has_no_word_for),
                                     cmocka_unit_test(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
