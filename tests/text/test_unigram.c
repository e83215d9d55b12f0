/* test_unigram.c: the best path, unknown characters, byte fallback; long words in good time; files that are wrong. */
#include "text/tokenize.h"

#include "base/alloc.h"

#include <time.h>

#define UNIGRAM(more, vocab) "{'model':{'type':'Unigram'," more ",'vocab':[" vocab "]}}"
#define LETTERS "['?',0],['a',-2],['b',-2.5],['c',-3]"

static void the_highest_sum_is_taken(void **state) {
  (void)state;
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['ab',-4],['bc',-4.4]"), "abc", "a|bc"); /* -6.4 against -7 */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['ab',-3],['bc',-4.4]"), "abc", "ab|c"); /* -6 against -6.4 */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['abc',-7.5]"), "abc", "abc");           /* of equal sums the first found */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['abc',-7.6]"), "abc", "a|b|c");
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['\u4E2Da',-1],['\u4E2D',-9]"), "b\u4E2Da\u4E2D", "b|\u4E2Da|\u4E2D");
}

static void unknown_characters_are_fused(void **state) {
  (void)state;
  check_tokens(UNIGRAM("'unk_id':0", LETTERS), "axyb\u00E9", "a|?|b|?");
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['xa',-9],['ab',0]"), "xab", "xa|b"); /* ten below the lowest */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS), "x?y", "?"); /* the unknown token itself, too */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS ",['xy',-90]"), "axy", "a|xy"); /* worse than two unknown ones, and yet */
  emily_tokenizer *t = make_tokenizer(UNIGRAM("'unk_id':null", LETTERS));
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, "ax", 2, NULL, 0, NULL, &e), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "U+0078"));
  assert_null(e);
  emily_tokenizer_release(t);
}

#define BYTES ",['<0xC3>',-9],['<0xA9>',-9],['<0x78>',-9]"

static void byte_fallback(void **state) {
  (void)state;
  check_tokens(UNIGRAM("'unk_id':0,'byte_fallback':true", LETTERS BYTES), "a\u00E9x", "a|<0xC3>|<0xA9>|<0x78>");
  check_tokens(UNIGRAM("'unk_id':0,'byte_fallback':true", LETTERS BYTES), "xy", "?"); /* y has none: neither has the run */
  check_tokens(UNIGRAM("'unk_id':0", LETTERS BYTES), "a\u00E9", "a|?");
}

static void equal_tokens_and_empty_ones(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer(UNIGRAM("'unk_id':0", LETTERS ",['',5],['ab',-1],['ab',-2]"));
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, "ab", 2, NULL, 0, NULL, &e), EMILY_OK);
  assert_int_equal(emily_encoding_count(e), 1);
  assert_int_equal(emily_encoding_ids(e)[0], 6); /* the last */
  int32_t id = -1;
  assert_int_equal(emily_tokenizer_token_to_id(t, "ab", 2, &id), EMILY_OK);
  assert_int_equal(id, 6);
  assert_int_equal(emily_tokenizer_vocab_size(t), 7);
  emily_encoding_free(e);
  emily_tokenizer_release(t);
}

static void wrong_files_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "{'model':{'type':'Unigram'}}",
      "{'model':{'type':'Unigram','vocab':{}}}",
      "{'model':{'type':'Unigram','vocab':[7]}}",
      "{'model':{'type':'Unigram','vocab':[['a']]}}",
      "{'model':{'type':'Unigram','vocab':[['a','b']]}}",
      "{'model':{'type':'Unigram','vocab':[[1,2]]}}",
      "{'model':{'type':'Unigram','unk_id':0,'vocab':[]}}",
      "{'model':{'type':'Unigram','unk_id':1,'vocab':[['a',0]]}}",
      "{'model':{'type':'Unigram','unk_id':-1,'vocab':[['a',0]]}}",
      "{'model':{'type':'Unigram','byte_fallback':7,'vocab':[['a',0]]}}",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    emily_tokenizer *t = NULL;
    emily_status status = try_tokenizer(wrong[i], &t);
    if (status != EMILY_BAD_FORMAT) print_message("%s\n", wrong[i]);
    assert_int_equal(status, EMILY_BAD_FORMAT);
    assert_null(t);
  }
}

/* A megabyte without a space is one piece: linear, or this would take minutes. */
static void a_long_piece_takes_linear_time(void **state) {
  (void)state;
  size_t length = 1 << 20;
  char *text = malloc(length);
  for (size_t i = 0; i < length; i++) text[i] = "abcx"[i * i / 7 % 4];
  emily_tokenizer *t = make_tokenizer(UNIGRAM("'unk_id':0", LETTERS ",['ab',-3],['bca',-4]"));
  emily_encoding *e = NULL;
  clock_t start = clock();
  assert_int_equal(emily_tokenizer_encode(t, text, length, NULL, 0, NULL, &e), EMILY_OK);
  assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
  assert_true(emily_encoding_count(e) > length / 4);
  emily_encoding_free(e);
  emily_tokenizer_release(t);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_highest_sum_is_taken),    cmocka_unit_test(unknown_characters_are_fused),
      cmocka_unit_test(byte_fallback),               cmocka_unit_test(equal_tokens_and_empty_ones),
      cmocka_unit_test(wrong_files_are_refused),     cmocka_unit_test(a_long_piece_takes_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
