/* test_embed.c: embeddings of a small BERT with a tokenizer made here, and of the real MiniLM where it is at hand
 * (EMILY_MINILM, or what tools/fetch-minilm brought). */
#include "emily/embed.h"

#include "../support/folder.h"
#include "../support/golden.h"

#include "base/json.h"
#include "base/vec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { D = 64 };

/* WordPiece with [PAD] [UNK] [CLS] [SEP] and the words w4 … w199 as ids 4 … 199; it says truncate and pad to 6. */
static void put_tokenizer(const char *folder) {
  emily__str json = {0};
  assert_true(emily__str_puts(&json, "{\"version\":\"1.0\",\"truncation\":{\"direction\":\"Right\",\"max_length\":6,\"strategy\":\"LongestFirst\",\"stride\":0},"
    "\"padding\":{\"strategy\":{\"Fixed\":6},\"direction\":\"Right\",\"pad_to_multiple_of\":null,\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"[PAD]\"},"
    "\"added_tokens\":[],\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]},\"decoder\":null,"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,"
    "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3"));
  for (int i = 4; i < 200; i++) assert_true(emily__str_printf(&json, ",\"w%d\":%d", i, i));
  assert_true(emily__str_puts(&json, "}}}"));
  folder_puts(folder, "tokenizer.json", json.data);
  emily__str_free(&json);
}

#define MODULE(type, path) "{\"path\":\"" path "\",\"type\":\"sentence_transformers.models." type "\"}"

/* pooling NULL: no files of sentence-transformers. */
static char *small_folder(const char *pooling, const char *transformer) {
  char *folder = golden_folder("bert", "config.json");
  put_tokenizer(folder);
  if (!pooling) return folder;
  folder_puts(folder, "modules.json", "[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "," MODULE("Normalize", "2_Normalize") "]");
  folder_puts(folder, "1_Pooling/config.json", pooling);
  folder_puts(folder, "sentence_bert_config.json", transformer);
  return folder;
}

static emily_embedder *load(const char *folder) {
  emily_embedder *e = NULL;
  if (emily_embedder_load(folder, NULL, &e) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return e;
}

static float *embed(emily_embedder *e, const char *const *texts, size_t count, const emily_embed_options *options) {
  float *out = calloc(count * (size_t)emily_embedder_size(e) + 1, sizeof *out);
  if (emily_embed(e, texts, NULL, count, options, out) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return out;
}

static double distance(const float *a, const float *b, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)a[i] - b[i]));
  return most;
}

/* One text by hand: the forward pass on its ids, the mean, length 1. */
static void by_hand(const char *folder, const int32_t *ids, int64_t count, float *out) {
  emily_model *model = NULL;
  assert_int_equal(emily_model_load(folder, NULL, &model), EMILY_OK);
  emily_array_map *in_map = emily_array_map_new(), *out_map = emily_array_map_new();
  emily_array *x = emily_array_from_data(ids, (const int64_t[]){1, count}, 2, EMILY_INT32);
  assert_int_equal(emily_array_map_set(in_map, "input_ids", x), EMILY_OK);
  emily_array_release(x);
  emily_scope *s = emily_scope_open(NULL);
  assert_int_equal(emily_model_forward(model, s, in_map, NULL, 0, out_map), EMILY_OK);
  assert_int_equal(emily_scope_close(s), EMILY_OK);
  assert_int_equal(emily_array_read(emily_array_map_get(out_map, "mean_pooled_l2"), out, D * sizeof *out), EMILY_OK);
  emily_array_map_release(in_map);
  emily_array_map_release(out_map);
  emily_model_release(model);
}

static const char mean[] = "{\"word_embedding_dimension\":64,\"pooling_mode_mean_tokens\":true}";

static void pools_as_the_files_say(void **state) {
  (void)state;
  char *folder = small_folder(mean, "{\"max_seq_length\":9,\"do_lower_case\":true}");
  emily_embedder *e = load(folder);
  assert_true(emily_embedder_size(e) == D && emily_embedder_max_tokens(e) == 9);
  /* lower case, stripped, cut at 9 tokens with both special ones, not at the tokenizer's 6 */
  const char *text = "  W10 w11 w12 w13 w14 w15 w16 w17 w18 w19 ";
  float want[D], *got = embed(e, &text, 1, NULL);
  by_hand(folder, (const int32_t[]){2, 10, 11, 12, 13, 14, 15, 16, 3}, 9, want);
  assert_true(distance(got, want, D) < 1e-6); /* the same pass but for the mask */
  free(got);
  emily_embedder_release(emily_embedder_retain(e));
  emily_embedder_release(e);
  folder_remove(folder);
}

static void a_plain_folder_takes_the_mean(void **state) {
  (void)state;
  char *folder = small_folder(NULL, NULL);
  emily_embedder *e = load(folder);
  const char *text = "w10 w11";
  float want[D], *got = embed(e, &text, 1, NULL);
  double length = 0;
  by_hand(folder, (const int32_t[]){2, 10, 11, 3}, 4, want);
  for (int i = 0; i < D; i++) length += (double)got[i] * got[i];
  for (int i = 0; i < D; i++) assert_true(fabs(got[i] / sqrt(length) - want[i]) < 1e-6);
  assert_true(fabs(length - 1) > 0.01); /* not normalised */
  assert_int_equal(emily_embedder_max_tokens(e), 64);
  free(got);
  emily_embedder_release(e);
  folder_remove(folder);
}

/* Texts of 0 to 11 words, in a mixed order. */
enum { TEXTS = 40 };
static char words[TEXTS][128];
static const char *texts[TEXTS];

static void make_texts(void) {
  for (int i = 0; i < TEXTS; i++) {
    words[i][0] = 0;
    for (int k = 0; k < i * 7 % 12; k++) sprintf(words[i] + strlen(words[i]), "w%d ", 4 + (i * 31 + k * 17) % 196);
    texts[i] = words[i];
  }
}

static int32_t count_calls(size_t done, size_t total, void *context) {
  assert_int_equal(total, TEXTS);
  size_t *last = context;
  assert_true(done > *last);
  *last = done;
  return 0;
}

static int32_t stop_at_once(size_t done, size_t total, void *context) {
  (void)done, (void)total, (void)context;
  return 1;
}

static void batches_change_little(void **state) {
  (void)state;
  make_texts();
  char *folder = small_folder(mean, "{\"max_seq_length\":20}");
  emily_embedder *e = load(folder);
  size_t done = 0;
  emily_embed_options options = EMILY_EMBED_OPTIONS_INIT;
  options.progress = count_calls, options.context = &done;
  float *all = embed(e, texts, TEXTS, &options);
  assert_int_equal(done, TEXTS);
  static const int64_t sizes[] = {1, 16, 40, 100000};
  for (int i = 0; i < 4; i++) {
    options.progress = NULL, options.batch_tokens = sizes[i];
    float *some = embed(e, texts, TEXTS, &options);
    assert_true(distance(all, some, TEXTS * D) <= 1e-5);
    free(some);
  }
  for (int i = 0; i < TEXTS; i++) {
    float *alone = embed(e, &texts[i], 1, NULL);
    assert_true(distance(all + i * D, alone, D) <= 1e-5);
    free(alone);
  }
  options.progress = stop_at_once;
  assert_int_equal(emily_embed(e, texts, NULL, TEXTS, &options, all), EMILY_CANCELLED);
  free(all);
  emily_embedder_release(e);
  folder_remove(folder);
}

/* In a batch of one shape the neighbours change no bit. */
static void neighbours_change_nothing(void **state) {
  (void)state;
  char *folder = small_folder(mean, "{\"max_seq_length\":20}");
  emily_embedder *e = load(folder);
  const char *a[] = {"w9 w8 w7 w6 w5", "w10 w11 w12", "w20 w21"}, *b[] = {"w50 w51 w52 w53 w54", "w10 w11 w12", "w90"};
  float *x = embed(e, a, 3, NULL), *y = embed(e, b, 3, NULL);
  assert_memory_equal(x + D, y + D, D * sizeof *x);
  assert_memory_not_equal(x, y, D * sizeof *x);
  free(x);
  free(y);
  emily_embedder_release(e);
  folder_remove(folder);
}

static void prompts_come_first(void **state) {
  (void)state;
  char *folder = small_folder(mean, "{\"max_seq_length\":20}");
  folder_puts(folder, "config_sentence_transformers.json", "{\"prompts\":{\"q\":\"w100 \",\"d\":\"w101 \"},\"default_prompt_name\":\"q\"}");
  emily_embedder *e = load(folder);
  emily_embed_options options = EMILY_EMBED_OPTIONS_INIT;
  const char *text = "w5";
  float want[D], *got = embed(e, &text, 1, NULL);
  by_hand(folder, (const int32_t[]){2, 100, 5, 3}, 4, want);
  assert_true(distance(got, want, D) < 1e-6);
  free(got);
  options.prompt_name = "d";
  got = embed(e, &text, 1, &options);
  by_hand(folder, (const int32_t[]){2, 101, 5, 3}, 4, want);
  assert_true(distance(got, want, D) < 1e-6);
  options.prompt_name = "x";
  assert_int_equal(emily_embed(e, &text, NULL, 1, &options, got), EMILY_NOT_FOUND);
  free(got);
  emily_embedder_release(e);
  folder_remove(folder);
}

static void lengths_may_be_given(void **state) {
  (void)state;
  char *folder = small_folder(mean, "{\"max_seq_length\":20}");
  emily_embedder *e = load(folder);
  const char *whole = "w5", *part = "w5 w6";
  float *want = embed(e, &whole, 1, NULL), got[D];
  assert_int_equal(emily_embed(e, &part, (const size_t[]){2}, 1, NULL, got), EMILY_OK);
  assert_memory_equal(got, want, sizeof got);
  assert_int_equal(emily_embed(e, NULL, NULL, 0, NULL, NULL), EMILY_OK);
  assert_int_equal(emily_embed(e, NULL, NULL, 1, NULL, got), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_embed(e, (const char *const[]){NULL}, NULL, 1, NULL, got), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_embed(NULL, &whole, NULL, 1, NULL, got), EMILY_INVALID_ARGUMENT);
  free(want);
  emily_embedder_release(e);
  folder_remove(folder);
}

static void misfits_are_named(void **state) {
  (void)state;
  emily_embedder *e = NULL;
  char *folder = small_folder("{\"word_embedding_dimension\":32,\"pooling_mode_mean_tokens\":true}", "{}");
  assert_int_equal(emily_embedder_load(folder, NULL, &e), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "the pooling is for vectors of 32"));
  assert_int_equal(unlink(in(folder, "tokenizer.json")), 0);
  assert_int_equal(emily_embedder_load(folder, NULL, &e), EMILY_NOT_FOUND);
  assert_int_equal(emily_embedder_load(NULL, NULL, &e), EMILY_INVALID_ARGUMENT);
  assert_null(e);
  folder_remove(folder);
}

/* ---- the real MiniLM ---- */

static emily_embedder *minilm(void) {
  const char *folder = getenv("EMILY_MINILM");
  if (!folder) folder = ".cache/all-MiniLM-L6-v2";
  if (access(in(folder, "model.safetensors"), R_OK) != 0) {
    printf("no MiniLM in %s: tools/fetch-minilm brings it\n", folder);
    skip();
  }
  return load(folder);
}

/* Embeddings within 1e-5 of sentence-transformers' in float64, and ids equal; batched and alone. */
static void equals_sentence_transformers(void **state) {
  (void)state;
  emily_embedder *e = minilm();
  json_t *document = NULL;
  assert_int_equal(emily__json_load(golden_data("minilm.json"), &document), EMILY_OK);
  json_t *cases = json_object_get(document, "cases");
  size_t count = json_array_size(cases);
  int64_t size = emily_embedder_size(e);
  const char **all = calloc(count, sizeof *all);
  size_t *lengths = calloc(count, sizeof *lengths); /* a text holds a NUL */
  float *batched = calloc(count * (size_t)size, sizeof *batched), *alone = calloc((size_t)size, sizeof *alone);
  for (size_t i = 0; i < count; i++) {
    json_t *text = json_object_get(json_array_get(cases, i), "text");
    all[i] = json_string_value(text), lengths[i] = json_string_length(text);
  }
  assert_int_equal(emily_embed(e, all, lengths, count, NULL, batched), EMILY_OK);
  for (size_t i = 0; i < count; i++) {
    json_t *want = json_object_get(json_array_get(cases, i), "embedding"), *ids = json_object_get(json_array_get(cases, i), "ids");
    assert_int_equal(emily_embed(e, &all[i], &lengths[i], 1, NULL, alone), EMILY_OK);
    double most = 0, most_alone = 0;
    for (int64_t k = 0; k < size; k++) {
      double w = json_number_value(json_array_get(want, (size_t)k));
      most = fmax(most, fabs(batched[(int64_t)i * size + k] - w)), most_alone = fmax(most_alone, fabs(alone[k] - w));
    }
    printf("text %zu, %zu tokens: largest %.2e, alone %.2e\n", i, json_array_size(ids), most, most_alone);
    assert_true(most <= 1e-5 && most_alone <= 1e-5);
    emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
    emily_encoding *encoding = NULL;
    options.max_length = emily_embedder_max_tokens(e);
    assert_int_equal(emily_tokenizer_encode(emily_embedder_tokenizer(e), all[i], lengths[i], NULL, 0, &options, &encoding), EMILY_OK);
    assert_int_equal(emily_encoding_count(encoding), json_array_size(ids));
    for (size_t k = 0; k < json_array_size(ids); k++)
      assert_int_equal(emily_encoding_ids(encoding)[k], json_integer_value(json_array_get(ids, k)));
    emily_encoding_free(encoding);
  }
  free(batched);
  free(alone);
  free(lengths);
  free(all);
  json_decref(document);
  emily_embedder_release(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pools_as_the_files_say), cmocka_unit_test(a_plain_folder_takes_the_mean),
      cmocka_unit_test(batches_change_little),  cmocka_unit_test(neighbours_change_nothing),
      cmocka_unit_test(prompts_come_first),     cmocka_unit_test(lengths_may_be_given),
      cmocka_unit_test(misfits_are_named),      cmocka_unit_test(equals_sentence_transformers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
