/* test_bpe.c: merges by rank, unknown characters, affixes, ignore_merges; long words in good time. */
#include "text/tokenize.h"


#define BPE(more) "{'model':{'type':'BPE'," more ",'vocab':{'a':0,'b':1,'c':2,'ab':3,'bc':4,'abc':5,'cc':6,'?':7}}}"

static void lower_rank_goes_first_then_the_left(void **state) {
  (void)state;
  check_tokens(BPE("'merges':['b c','a b','c c']"), "abc", "a|bc");
  check_tokens(BPE("'merges':['a b','b c','c c']"), "abc", "ab|c");
  check_tokens(BPE("'merges':[['a','b'],['ab','c'],['c','c']]"), "abccc", "abc|cc");
  check_tokens(BPE("'merges':['c c']"), "ccc", "cc|c");
  check_tokens(BPE("'merges':['#version: 0.2','c c']"), "cc", "cc");
}

static void of_a_repeated_pair_the_last_rank_holds(void **state) {
  (void)state;
  check_tokens(BPE("'merges':['a b','b c','a b']"), "abc", "a|bc");
}

static void unknown_characters(void **state) {
  (void)state;
  check_tokens(BPE("'merges':[]"), "axxb", "a|b");
  check_tokens(BPE("'merges':[],'unk_token':'?'"), "axxb", "a|?|?|b");
  check_tokens(BPE("'merges':[],'unk_token':'?','fuse_unk':true"), "axxby", "a|?|b|?");
  emily_tokenizer *tokenizer = make_tokenizer(BPE("'merges':[],'unk_token':'none'"));
  emily_encoding *encoding = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, "x", 1, NULL, 0, NULL, &encoding), EMILY_BAD_FORMAT);
  assert_null(encoding);
  emily_tokenizer_release(tokenizer);
}

#define BYTES "'<0xC3>':1,'<0xA9>':2,'<0xE4>':3,'<0x62>':4,'<0x63>':5"
#define FALLBACK(more, vocab) "{'model':{'type':'BPE','byte_fallback':true," more ",'vocab':{" vocab BYTES "}}}"

static void byte_fallback(void **state) {
  (void)state;
  check_tokens(FALLBACK("'merges':[]", "'a':0,"), "a\u00E9", "a|<0xC3>|<0xA9>");
  /* a character without one of its bytes is unknown, or left out */
  check_tokens(FALLBACK("'merges':[]", "'a':0,"), "a\u00E8", "a");
  check_tokens(FALLBACK("'merges':[],'unk_token':'a'", "'a':0,"), "\u4E2D\u4E2D", "a|a");
  /* an unknown character waits, and comes after bytes: as in tokenizers */
  check_tokens(FALLBACK("'merges':[],'unk_token':'?'", "'?':0,"), "zb", "<0x62>|?");
  check_tokens(FALLBACK("'merges':[],'unk_token':'?','fuse_unk':true", "'?':0,"), "zbzc", "<0x62>|<0x63>|?");
  /* bytes merge like any token */
  check_tokens(FALLBACK("'merges':[['<0x62>','<0x63>']]", "'<0x62><0x63>':0,"), "bc", "<0x62><0x63>");
}

/* The bytes of an affix lie beyond the piece, and their spans within it. */
static void spans_of_bytes_stay_in_the_piece(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer(FALLBACK("'merges':[],'end_of_word_suffix':'cc'", ""));
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = EMILY_OFFSETS_BYTES;
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, "b", 1, NULL, 0, &options, &e), EMILY_OK);
  assert_int_equal(emily_encoding_count(e), 3);
  assert_memory_equal(emily_encoding_offsets(e), ((uint32_t[]){0, 1, 0, 1, 0, 1}), 24);
  emily_encoding_free(e);
  emily_tokenizer_release(t);
}

static void affixes(void **state) {
  (void)state;
  const char *json = "{'pre_tokenizer':{'type':'WhitespaceSplit'},'model':{'type':'BPE','continuing_subword_prefix':'##',"
                     "'end_of_word_suffix':'.','merges':[['a','##b.'],['a','##b']],"
                     "'vocab':{'a':0,'##b':1,'##b.':2,'ab.':3,'ab':4,'a.':5,'##c.':6}}}";
  check_tokens(json, "ab", "ab.");
  check_tokens(json, "abc a", "ab|##c.|a.");
}

/* No rule joins b to a, so that "abab" falls apart there; but what stands for other text than its own may be joined. */
static void stretches_are_merged_one_by_one(void **state) {
  (void)state;
  check_tokens(BPE("'merges':['a b','b c','ab c','c c']"), "abccabcab", "abc|c|abc|ab");
  check_tokens(BPE("'merges':['a b','b c','ab c','c c']"), "bcbcccab", "bc|bc|cc|ab");
  const char *unknown = "{'model':{'type':'BPE','unk_token':'?','merges':['? a'],'vocab':{'?':0,'a':1,'?a':2}}}";
  check_tokens(unknown, "axa", "a|?a");
}

static void ignore_merges_takes_a_word_that_is_a_token(void **state) {
  (void)state;
  check_tokens(BPE("'merges':[],'ignore_merges':true"), "abc", "abc");
  check_tokens(BPE("'merges':[]"), "abc", "a|b|c");
}

static void what_is_not_supported_is_refused(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = NULL;
  assert_int_equal(try_tokenizer(BPE("'merges':[],'dropout':0.1"), &tokenizer), EMILY_UNSUPPORTED);
  assert_int_equal(try_tokenizer(BPE("'merges':['a x']"), &tokenizer), EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer(BPE("'merges':['a b c']"), &tokenizer), EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer(BPE("'merges':[['a']]"), &tokenizer), EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer(BPE("'merges':[7]"), &tokenizer), EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer(BPE("'merges':{}"), &tokenizer), EMILY_BAD_FORMAT);
  assert_int_equal(try_tokenizer(BPE("'merges':['b a']"), &tokenizer), EMILY_BAD_FORMAT);
  assert_null(tokenizer);
}

/* One word of four million bytes: a merge that is quadratic in the word's length would run into the runner's time limit. */
static void a_long_word_takes_linear_time(void **state) {
  (void)state;
  enum { LENGTH = 4000000 };
  emily_tokenizer *tokenizer = make_tokenizer(BPE("'merges':['a b','ab c','c c','b c']"));
  char *text = malloc(LENGTH);
  for (size_t i = 0; i < LENGTH; i++) text[i] = "abcc"[i * 2654435761u % 97 % 4];
  emily_encoding *encoding = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, text, LENGTH, NULL, 0, NULL, &encoding), EMILY_OK);
  assert_non_null(encoding);
  emily_encoding_free(encoding);
  free(text);
  emily_tokenizer_release(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lower_rank_goes_first_then_the_left),
      cmocka_unit_test(of_a_repeated_pair_the_last_rank_holds),
      cmocka_unit_test(unknown_characters),
      cmocka_unit_test(byte_fallback),
      cmocka_unit_test(spans_of_bytes_stay_in_the_piece),
      cmocka_unit_test(affixes),
      cmocka_unit_test(stretches_are_merged_one_by_one),
      cmocka_unit_test(ignore_merges_takes_a_word_that_is_a_token),
      cmocka_unit_test(what_is_not_supported_is_refused),
      cmocka_unit_test(a_long_word_takes_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
