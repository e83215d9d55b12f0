/* test_model.c: which design a file means. */
#include "text/model.h"
#include "text/parts.h"

/* The type of what is loaded, or NULL. */
static const char *type_of(const char *json, emily_status wanted) {
  json_t *document = quoted(json);
  emily__model *model = NULL;
  assert_int_equal(emily__model_load(document, "test.json", &model), wanted);
  const char *type = model ? model->ops->type : NULL;
  emily__model_free(model);
  json_decref(document);
  return type;
}

static void the_type_is_named_or_told_by_its_keys(void **state) {
  (void)state;
  assert_string_equal(type_of("{'type':'BPE','vocab':{},'merges':[]}", EMILY_OK), "BPE");
  assert_string_equal(type_of("{'vocab':{},'merges':[]}", EMILY_OK), "BPE");
  assert_string_equal(type_of("{'type':'WordPiece','vocab':{'[UNK]':0}}", EMILY_OK), "WordPiece");
  assert_string_equal(type_of("{'max_input_chars_per_word':9,'vocab':{'[UNK]':0}}", EMILY_OK), "WordPiece");
  assert_string_equal(type_of("{'type':'Unigram','vocab':[]}", EMILY_OK), "Unigram");
  assert_string_equal(type_of("{'unk_id':0,'vocab':[['a',0]]}", EMILY_OK), "Unigram");
  assert_string_equal(type_of("{'type':'WordLevel','vocab':{}}", EMILY_OK), "WordLevel");
}

static void other_designs_are_refused_by_name(void **state) {
  (void)state;
  assert_null(type_of("{'type':'Rasch','vocab':[]}", EMILY_UNSUPPORTED));
  assert_non_null(strstr(emily_last_error()->message, "\"Rasch\""));
  assert_null(type_of("{'vocab':{}}", EMILY_UNSUPPORTED));
  assert_null(type_of("{'type':5,'vocab':{}}", EMILY_BAD_FORMAT));
  assert_null(type_of("7", EMILY_BAD_FORMAT));
  assert_null(type_of("null", EMILY_BAD_FORMAT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_type_is_named_or_told_by_its_keys),
      cmocka_unit_test(other_designs_are_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
