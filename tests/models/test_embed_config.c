/* test_embed_config.c: the files that sentence-transformers writes. */
#include "models/embed_config.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define MODULE(type, path) "{\"idx\":0,\"name\":\"0\",\"path\":\"" path "\",\"type\":\"sentence_transformers.models." type "\"}"
static const char modules[] = "[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "," MODULE("Normalize", "2_Normalize") "]";
static const char mean[] = "{\"word_embedding_dimension\":8,\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true}";

typedef struct files {
  const char *modules, *pooling, *transformer, *whole;
} files;

static emily_status load(files f, emily__embed_config *out) {
  char *folder = folder_new();
  if (f.modules) folder_puts(folder, "modules.json", f.modules);
  if (f.pooling) folder_puts(folder, "1_Pooling/config.json", f.pooling);
  if (f.transformer) folder_puts(folder, "sentence_bert_config.json", f.transformer);
  if (f.whole) folder_puts(folder, "config_sentence_transformers.json", f.whole);
  emily_status status = emily__embed_config_load(folder, out);
  folder_remove(folder);
  return status;
}

static emily__embed_config accept(files f) {
  emily__embed_config c;
  if (load(f, &c) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return c;
}

static void refuse(files f, emily_status wanted, const char *words) {
  emily__embed_config c;
  assert_int_equal(load(f, &c), wanted);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void reads_all_files(void **state) {
  (void)state;
  emily__embed_config c = accept((files){modules, mean, "{\"max_seq_length\":256,\"do_lower_case\":true}",
                                         "{\"__version__\":{\"pytorch\":\"1\"},\"prompts\":{\"query\":\"find: \",\"doc\":\"\"},"
                                         "\"default_prompt_name\":\"query\",\"similarity_fn_name\":\"cosine\"}"});
  const char *prompt = NULL;
  assert_true(c.pooling_count == 1 && c.pooling[0] == emily__pool_mean && c.pooling_size == 8);
  assert_true(c.normalize && c.lowercase && c.max_tokens == 256);
  assert_int_equal(emily__embed_config_prompt(&c, NULL, &prompt), EMILY_OK);
  assert_string_equal(prompt, "find: ");
  assert_int_equal(emily__embed_config_prompt(&c, "doc", &prompt), EMILY_OK);
  assert_string_equal(prompt, "");
  assert_int_equal(emily__embed_config_prompt(&c, "other", &prompt), EMILY_NOT_FOUND);
  emily__embed_config_free(&c);
}

static void a_bare_folder_takes_the_mean(void **state) {
  (void)state;
  const char *prompt = NULL;
  emily__embed_config c = accept((files){0});
  assert_true(c.pooling_count == 1 && c.pooling[0] == emily__pool_mean && !c.normalize && !c.lowercase && !c.max_tokens);
  assert_int_equal(emily__embed_config_prompt(&c, NULL, &prompt), EMILY_OK);
  assert_string_equal(prompt, "");
  emily__embed_config_free(&c);
}

static void reads_every_pooling(void **state) {
  (void)state;
  static const struct {
    const char *text;
    emily__pooling *wanted;
  } cases[] = {
      {"{\"pooling_mode_cls_token\":true}", emily__pool_cls},
      {"{\"pooling_mode_max_tokens\":true}", emily__pool_max},
      {"{\"pooling_mode_mean_sqrt_len_tokens\":true}", emily__pool_mean_sqrt},
      {"{\"pooling_mode_weightedmean_tokens\":true}", emily__pool_weighted_mean},
      {"{\"pooling_mode_lasttoken\":true,\"include_prompt\":true}", emily__pool_last},
      {"{\"pooling_mode\":\"lasttoken\",\"embedding_dimension\":4}", emily__pool_last},
      {"{\"pooling_mode\":[\"cls\"]}", emily__pool_cls},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily__embed_config c = accept((files){.modules = modules, .pooling = cases[i].text});
    assert_true(c.pooling_count == 1 && c.pooling[0] == cases[i].wanted);
    emily__embed_config_free(&c);
  }
  emily__embed_config c = accept((files){.modules = modules, .pooling = "{\"pooling_mode_mean_tokens\":true,\"pooling_mode_cls_token\":true}"});
  assert_true(c.pooling_count == 2 && c.pooling[0] == emily__pool_cls && c.pooling[1] == emily__pool_mean);
  emily__embed_config_free(&c);
}

static void refuses_by_name(void **state) {
  (void)state;
  refuse((files){"[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "," MODULE("Dense", "2_Dense") "]", mean, NULL, NULL},
         EMILY_UNSUPPORTED, "module 2 is Dense");
  refuse((files){"[" MODULE("Transformer", "") "]", mean, NULL, NULL}, EMILY_BAD_FORMAT, "no Transformer or no Pooling");
  refuse((files){"{}", mean, NULL, NULL}, EMILY_BAD_FORMAT, "must hold an array");
  refuse((files){"[{\"path\":\"\"}]", mean, NULL, NULL}, EMILY_BAD_FORMAT, "\"type\" is missing");
  refuse((files){modules, "{\"pooling_mode_mean_tokens\":false}", NULL, NULL}, EMILY_BAD_FORMAT, "no pooling is switched on");
  refuse((files){modules, "{\"pooling_mode\":\"median\"}", NULL, NULL}, EMILY_UNSUPPORTED, "\"median\" is not a pooling");
  refuse((files){modules, "{\"pooling_mode_mean_tokens\":true,\"include_prompt\":false}", NULL, NULL}, EMILY_UNSUPPORTED, "include_prompt");
  refuse((files){modules, "{\"pooling_mode_odd\":true}", NULL, NULL}, EMILY_BAD_FORMAT, "no pooling is switched on");
  refuse((files){modules, "{\"pooling_mode_mean_tokens\":true,\"odd\":1}", NULL, NULL}, EMILY_UNSUPPORTED, "\"odd\" is not known");
  refuse((files){modules, NULL, NULL, NULL}, EMILY_NOT_FOUND, "config.json");
  refuse((files){modules, mean, "{\"max_seq_length\":0}", NULL}, EMILY_BAD_FORMAT, "max_seq_length");
  refuse((files){modules, mean, "{\"surprise\":1}", NULL}, EMILY_UNSUPPORTED, "\"surprise\"");
  refuse((files){modules, mean, NULL, "{\"default_prompt_name\":\"query\"}"}, EMILY_NOT_FOUND, "no prompt \"query\"");
  refuse((files){modules, mean, NULL, "{\"prompts\":[]}"}, EMILY_BAD_FORMAT, "\"prompts\" must be an object");
  refuse((files){modules, mean, NULL, "{\"prompts\":{\"a\":1}}"}, EMILY_BAD_FORMAT, "the prompt \"a\" must be a string");
  refuse((files){modules, mean, NULL, "{\"model_type\":\"SparseEncoder\"}"}, EMILY_UNSUPPORTED, "SparseEncoder");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_all_files),
      cmocka_unit_test(a_bare_folder_takes_the_mean),
      cmocka_unit_test(reads_every_pooling),
      cmocka_unit_test(refuses_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
