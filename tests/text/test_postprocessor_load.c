/* test_postprocessor_load.c: what is read of each post-processor; settings that are wrong. */
#include "text/parts.h"
#include "text/postprocessor.h"

static emily__postprocessor load(const char *json) {
  json_t *document = quoted(json);
  emily__postprocessor post = {0};
  assert_int_equal(emily__postprocessor_load(document, "test.json", &post), EMILY_OK);
  json_decref(document);
  return post;
}

static void check_piece(const emily__postprocessor *post, const emily__template *template, size_t i, int32_t sequence,
                        int32_t type_id, int32_t first) {
  emily__template_piece piece = template->pieces.data[i];
  assert_int_equal(piece.sequence, sequence);
  assert_int_equal(piece.type_id, type_id);
  if (sequence < 0) assert_int_equal(post->ids.data[piece.first_id], first);
  else assert_int_equal(piece.id_count, 0);
}

static void a_template_is_a_list_of_pieces(void **state) {
  (void)state;
  emily__postprocessor post =
      load("{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'c','type_id':2}},{'Sequence':{'id':'A','type_id':1}}],"
           "'pair':[{'Sequence':{'id':'B'}},{'Sequence':{'id':'A','type_id':3}}],"
           "'special_tokens':{'c':{'id':'c','ids':[9,8],'tokens':['c','d']}}}");
  assert_int_equal(post.steps.count, 1);
  const emily__post_step *step = &post.steps.data[0];
  assert_true(step->has_template && !step->trim_offsets && !step->keep_without_special && !step->type_ids_zero);
  assert_int_equal(step->single.pieces.count, 2);
  check_piece(&post, &step->single, 0, -1, 2, 9);
  assert_int_equal(step->single.pieces.data[0].id_count, 2);
  check_piece(&post, &step->single, 1, 0, 1, 0);
  assert_int_equal(step->pair.pieces.count, 2);
  check_piece(&post, &step->pair, 0, 1, 0, 0);
  check_piece(&post, &step->pair, 1, 0, 3, 0);
  emily__postprocessor_free(&post);
}

static void bert_and_roberta_are_templates(void **state) {
  (void)state;
  emily__postprocessor post = load("{'type':'BertProcessing','cls':['[CLS]',5],'sep':['[SEP]',6]}");
  const emily__post_step *step = &post.steps.data[0];
  assert_true(step->has_template && step->keep_without_special && !step->type_ids_zero && !step->trim_offsets);
  assert_true(step->single.pieces.count == 3 && step->pair.pieces.count == 5);
  check_piece(&post, &step->pair, 4, -1, 1, 6);
  emily__postprocessor_free(&post);
  post = load("{'type':'RobertaProcessing','cls':['<s>',5],'sep':['</s>',6],'trim_offsets':false}");
  step = &post.steps.data[0];
  assert_true(step->has_template && step->keep_without_special && step->type_ids_zero && !step->trim_offsets);
  assert_true(step->single.pieces.count == 3 && step->pair.pieces.count == 6);
  check_piece(&post, &step->pair, 0, -1, 0, 5);
  emily__postprocessor_free(&post);
}

static void sequences_are_flattened(void **state) {
  (void)state;
  emily__postprocessor post = load("{'type':'Sequence','processors':[{'type':'ByteLevel'},{'type':'Sequence','processors':["
                                   "{'type':'ByteLevel','trim_offsets':false}]}]}");
  assert_int_equal(post.steps.count, 2);
  assert_true(post.steps.data[0].trim_offsets && !post.steps.data[1].trim_offsets && !post.steps.data[0].has_template);
  emily__postprocessor_free(&post);
  post = load("null");
  assert_int_equal(post.steps.count, 0);
}

#define STATUS(json) STATUS_OF(emily__postprocessor, emily__postprocessor_load, emily__postprocessor_free, json)
#define TEMPLATE(single) "{'type':'TemplateProcessing','single':[" single "],'pair':[],'special_tokens':{'c':{'ids':['x']}}}"

static void wrong_settings_are_refused(void **state) {
  (void)state;
  assert_int_equal(STATUS("{'type':'x'}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'BertProcessing','cls':['a',1]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'BertProcessing','cls':['a'],'sep':['b',1]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'BertProcessing','cls':'a','sep':['b',1]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'RobertaProcessing','cls':['a',1],'sep':['b',-1]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'RobertaProcessing','cls':['a',1],'sep':['b',2147483648]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'RobertaProcessing','cls':['a',1],'sep':['b',1],'trim_offsets':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'ByteLevel','trim_offsets':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'TemplateProcessing','single':[]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'TemplateProcessing','single':3,'pair':[]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{'SpecialToken':{'id':'unknown','type_id':0}}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{'SpecialToken':{'id':'c','type_id':0}}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{'Sequence':{'id':'C','type_id':0}}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{'Sequence':{'id':'A','type_id':-1}}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{'Sequence':{'id':'A','type_id':'0'}}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("{}")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS(TEMPLATE("'A'")), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','processors':'x'}"), EMILY_BAD_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_template_is_a_list_of_pieces),
      cmocka_unit_test(bert_and_roberta_are_templates),
      cmocka_unit_test(sequences_are_flattened),
      cmocka_unit_test(wrong_settings_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
