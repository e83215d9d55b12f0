/* test_special.c: special tokens by name, from both files, in each form that they come in. */
#include "text/special.h"
#include "text/tokenize.h"

#include "text/parts.h"

#define MODEL "'model':{'type':'BPE','merges':[],'vocab':{'a':0,'<s>':1,'</s>':2}}"

static emily__special_tokens read(const char *config, const char *map, const emily_tokenizer *tokenizer) {
  emily__special_tokens tokens = {0};
  json_t *first = quoted(config), *second = quoted(map);
  assert_int_equal(emily__special_tokens_read(first, second, "test", tokenizer, &tokens), EMILY_OK);
  json_decref(first);
  json_decref(second);
  return tokens;
}

static void check(const emily__special_tokens *tokens, const char *name, const char *text, int32_t id) {
  const emily__special_token *token = emily__special_token_named(tokens, name);
  assert_non_null(token);
  assert_string_equal(token->text, text);
  assert_int_equal(token->length, strlen(text));
  assert_int_equal(token->id, id);
}

static void names_from_the_config(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{'added_tokens':[{'content':'<img>','special':true}]," MODEL "}");
  emily__special_tokens tokens = read("{'bos_token':'<s>','eos_token':{'__type':'AddedToken','content':'</s>'},"
                                      "'pad_token':null,'add_bos_token':true,'unk_token':'<unk>','image_token':'<img>',"
                                      "'added_tokens_decoder':{}}", "{'eos_token':'a'}", t);
  check(&tokens, "bos_token", "<s>", 1);
  check(&tokens, "eos_token", "</s>", 2); /* the map is not asked */
  check(&tokens, "unk_token", "<unk>", -1);
  check(&tokens, "image_token", "<img>", 3);
  assert_int_equal(tokens.list.count, 4);
  assert_null(emily__special_token_named(&tokens, "pad_token"));
  assert_null(emily__special_token_named(&tokens, "add_bos_token"));
  emily__special_tokens_free(&tokens);
  emily_tokenizer_release(t);
}

static void old_files_have_a_map(void **state) {
  (void)state;
  emily__special_tokens tokens = read("{'bos_token':'<s>','sep_token':'s'}",
                                      "{'bos_token':{'content':'<b>','lstrip':false},'cls_token':'c'}", NULL);
  check(&tokens, "bos_token", "<b>", -1);
  check(&tokens, "sep_token", "s", -1);
  check(&tokens, "cls_token", "c", -1);
  emily__special_tokens_free(&tokens);
  tokens = read("null", "{'pad_token':'p'}", NULL);
  check(&tokens, "pad_token", "p", -1);
  emily__special_tokens_free(&tokens);
  tokens = read("null", "null", NULL);
  assert_int_equal(tokens.list.count, 0);
  emily__special_tokens_free(&tokens);
}

static void extra_tokens(void **state) {
  (void)state;
  emily__special_tokens tokens = read("{'additional_special_tokens':['<x>',{'content':'<y>'},7]}", "null", NULL);
  assert_int_equal(tokens.list.count, 2);
  assert_null(tokens.list.data[0].name);
  assert_string_equal(tokens.list.data[1].text, "<y>");
  emily__special_tokens_free(&tokens);
  tokens = read("{'extra_special_tokens':{'boi':'<boi>'},'additional_special_tokens':['<x>']}", "null", NULL);
  check(&tokens, "boi", "<boi>", -1);
  assert_int_equal(tokens.list.count, 1);
  emily__special_tokens_free(&tokens);
}

static void a_mask_that_no_file_names(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{'added_tokens':[{'content':'[MASK]'},{'content':'<mask>','special':true}]," MODEL "}");
  emily__special_tokens tokens = read("null", "null", t);
  check(&tokens, "mask_token", "<mask>", 4);
  emily__special_tokens_free(&tokens);
  tokens = read("{'mask_token':'[MASK]'}", "null", t);
  check(&tokens, "mask_token", "[MASK]", 3);
  emily__special_tokens_free(&tokens);
  emily_tokenizer_release(t);
}

static void wrong_files(void **state) {
  (void)state;
  emily__special_tokens tokens = {0};
  json_t *list = quoted("[1]");
  assert_int_equal(emily__special_tokens_read(list, NULL, "test", NULL, &tokens), EMILY_BAD_FORMAT);
  assert_int_equal(emily__special_tokens_read(NULL, list, "test", NULL, &tokens), EMILY_BAD_FORMAT);
  json_decref(list);
  assert_int_equal(emily__special_tokens_load("/nonexistent", NULL, &tokens), EMILY_OK);
  assert_int_equal(tokens.list.count, 0);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  json_t *config = quoted("{'bos_token':'<s>','image_token':'i','extra_special_tokens':['x','y']}");
  json_t *map = quoted("{'bos_token':'<b>'}");
  int64_t live = emily__alloc_live(), n = 1;
  for (bool reached = true; reached; n++) {
    emily__special_tokens tokens = {0};
    emily__alloc_fail_after(n);
    emily_status status = emily__special_tokens_read(config, map, "test", NULL, &tokens);
    reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    assert_int_equal(status, reached ? EMILY_OUT_OF_MEMORY : EMILY_OK);
    emily__special_tokens_free(&tokens);
    assert_int_equal(emily__alloc_live(), live);
  }
  assert_true(n > 8);
  json_decref(config);
  json_decref(map);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_from_the_config), cmocka_unit_test(old_files_have_a_map),
      cmocka_unit_test(extra_tokens),          cmocka_unit_test(a_mask_that_no_file_names),
      cmocka_unit_test(wrong_files),           cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
