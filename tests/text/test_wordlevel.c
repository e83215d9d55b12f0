/* test_wordlevel.c: whole pieces, and the unknown token. */
#include "text/tokenize.h"

#define WORDS(more) "{'pre_tokenizer':{'type':'WhitespaceSplit'},'model':{'type':'WordLevel'," more "'vocab':{'the':0,'cat':1,'?':2}}}"

static void pieces_are_tokens(void **state) {
  (void)state;
  check_tokens(WORDS("'unk_token':'?',"), "the cat sat  the", "the|cat|?|the");
}

static void without_an_unknown_token(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer(WORDS(""));
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, "the dog", 7, NULL, 0, NULL, &e), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "\"dog\""));
  assert_null(e);
  assert_int_equal(try_tokenizer("{'model':{'type':'WordLevel','vocab':[]}}", &t), EMILY_BAD_FORMAT);
  emily_tokenizer_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_are_tokens), cmocka_unit_test(without_an_unknown_token)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
