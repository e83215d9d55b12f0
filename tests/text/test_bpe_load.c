/* test_bpe_load.c: rules and tables from the file, in each way that files write them; files that are wrong. */
#include "text/bpe.h"
#include "text/parts.h"

#define VOCAB "'vocab':{'a':0,'b':1,'ab':2,'\u00E9':3,'##b':4,'a##b':5,'aab':6}"

static emily__bpe_model *load(const char *json) {
  json_t *document = quoted(json);
  emily__model *model = NULL;
  assert_int_equal(emily__bpe_load(document, "test.json", &model), EMILY_OK);
  json_decref(document);
  return (emily__bpe_model *)model;
}

static void check_rule(const emily__bpe_model *model, int32_t left, int32_t right, int32_t new_id, uint32_t rank) {
  const emily__bpe_rule *rule = emily__bpe_find_rule(model, left, right);
  assert_non_null(rule);
  assert_true(rule->left == left && rule->right == right);
  assert_int_equal(rule->new_id, new_id);
  assert_int_equal(rule->rank, rank);
}

static void merges_are_strings_or_pairs(void **state) {
  (void)state;
  static const char *const cases[] = {"{'merges':['a b','a ab']," VOCAB "}", "{'merges':[['a','b'],['a','ab']]," VOCAB "}",
                                      "{'merges':['#version: 0.2','a b',['a','ab']]," VOCAB "}"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    emily__bpe_model *model = load(cases[i]);
    check_rule(model, 0, 1, 2, 0);
    check_rule(model, 0, 2, 6, 1);
    assert_null(emily__bpe_find_rule(model, 1, 0));
    assert_null(emily__bpe_find_rule(model, 2, 2));
    emily__model_free(&model->base);
  }
}

static void a_continuation_loses_its_prefix_in_the_merge(void **state) {
  (void)state;
  emily__bpe_model *model = load("{'continuing_subword_prefix':'##','merges':['a ##b']," VOCAB "}");
  check_rule(model, 0, 4, 2, 0); /* "ab", not "a##b" */
  emily__model_free(&model->base);
}

static void settings_are_kept(void **state) {
  (void)state;
  emily__bpe_model *model = load("{'merges':[],'unk_token':'b','fuse_unk':true,'ignore_merges':true,'dropout':null,"
                                 "'end_of_word_suffix':'</w>','byte_fallback':false," VOCAB "}");
  assert_true(model->fuse_unknown && model->ignore_merges && model->unknown == 1);
  assert_string_equal(model->prefix, "");
  assert_string_equal(model->suffix, "</w>");
  assert_true(model->direct['a'] == 0 && model->direct[0xE9] == 3 && model->direct['z'] == -1);
  emily__model_free(&model->base);
  model = load("{'merges':[],'dropout':0.0," VOCAB "}");
  assert_true(!model->fuse_unknown && !model->ignore_merges && model->unknown == EMILY__BPE_NO_UNKNOWN);
  emily__model_free(&model->base);
}

static void wrong_files_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *json;
    emily_status status;
    const char *says;
  } cases[] = {
      {"{" VOCAB "}", EMILY_BAD_FORMAT, "\"merges\" is missing"},
      {"{'merges':{}," VOCAB "}", EMILY_BAD_FORMAT, "an array"},
      {"{'merges':[]}", EMILY_BAD_FORMAT, "vocab"},
      {"{'merges':['ab']," VOCAB "}", EMILY_BAD_FORMAT, "merge 0"},
      {"{'merges':['a b','a b c']," VOCAB "}", EMILY_BAD_FORMAT, "merge 1"},
      {"{'merges':[['a']]," VOCAB "}", EMILY_BAD_FORMAT, "merge 0"},
      {"{'merges':[['a',1]]," VOCAB "}", EMILY_BAD_FORMAT, "merge 0"},
      {"{'merges':[3]," VOCAB "}", EMILY_BAD_FORMAT, "merge 0"},
      {"{'merges':['a z']," VOCAB "}", EMILY_BAD_FORMAT, "\"z\""},
      {"{'merges':['z a']," VOCAB "}", EMILY_BAD_FORMAT, "\"z\""},
      {"{'merges':['b a']," VOCAB "}", EMILY_BAD_FORMAT, "\"ba\""},
      {"{'merges':['a b'],'continuing_subword_prefix':'##'," VOCAB "}", EMILY_BAD_FORMAT, "merge 0"},
      {"{'merges':[],'dropout':0.1," VOCAB "}", EMILY_UNSUPPORTED, "dropout"},
      {"{'merges':[],'byte_fallback':1," VOCAB "}", EMILY_BAD_FORMAT, "byte_fallback"},
      {"{'merges':[],'fuse_unk':1," VOCAB "}", EMILY_BAD_FORMAT, "fuse_unk"},
      {"{'merges':[],'unk_token':1," VOCAB "}", EMILY_BAD_FORMAT, "unk_token"},
      {"{'merges':[],'end_of_word_suffix':1," VOCAB "}", EMILY_BAD_FORMAT, "end_of_word_suffix"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    json_t *document = quoted(cases[i].json);
    emily__model *model = NULL;
    assert_int_equal(emily__bpe_load(document, "test.json", &model), cases[i].status);
    assert_non_null(strstr(emily_last_error()->message, cases[i].says));
    assert_null(model);
    json_decref(document);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(merges_are_strings_or_pairs),
      cmocka_unit_test(a_continuation_loses_its_prefix_in_the_merge),
      cmocka_unit_test(settings_are_kept),
      cmocka_unit_test(wrong_files_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
