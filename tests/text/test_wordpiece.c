/* test_wordpiece.c: longest match first, continuations, unknown words. */
#include "text/tokenize.h"

#define WORDPIECE(more)                                                                                         \
  "{'pre_tokenizer':{'type':'BertPreTokenizer'},'model':{'type':'WordPiece'," more                              \
  "'unk_token':'[UNK]','continuing_subword_prefix':'##','vocab':{'[UNK]':0,'un':1,'##aff':2,'##able':3,'u':4,"  \
  "'##n':5,'a':6,'##e':7,'\xC3\xA9':8,',':9,'##a':10}}}"

static void the_longest_token_is_taken(void **state) {
  (void)state;
  check_tokens(WORDPIECE(""), "unaffable", "un|##aff|##able");
  check_tokens(WORDPIECE(""), "una,\xC3\xA9""a", "un|##a|,|\xC3\xA9|##a");
  check_tokens(WORDPIECE(""), "", "");
}

static void a_word_is_unknown_as_a_whole(void **state) {
  (void)state;
  check_tokens(WORDPIECE(""), "unaffy un", "[UNK]|un");
  check_tokens(WORDPIECE("'max_input_chars_per_word':2,"), "un una \xC3\xA9\x61", "un|[UNK]|\xC3\xA9|##a");
}

static void the_unknown_token_must_be_there(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = NULL;
  assert_int_equal(try_tokenizer("{'model':{'type':'WordPiece','unk_token':'?','vocab':{'a':0}}}", &tokenizer),
                   EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer("{'model':{'max_input_chars_per_word':-1,'vocab':{'[UNK]':0}}}", &tokenizer),
                   EMILY_BAD_FORMAT);
  assert_null(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_longest_token_is_taken),
      cmocka_unit_test(a_word_is_unknown_as_a_whole),
      cmocka_unit_test(the_unknown_token_must_be_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
