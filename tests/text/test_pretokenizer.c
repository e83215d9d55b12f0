/* test_pretokenizer.c: how pieces are cut, prefixed and rewritten, and where their bytes are from. */
#include "text/pieces.h"

#define SPLIT(behavior, invert) \
  "{'type':'Split','pattern':{'String':'-'},'behavior':'" behavior "','invert':" invert "}"

static void what_becomes_of_the_matches(void **state) {
  (void)state;
  const char *text = "the-final--countdown";
  check_pieces(SPLIT("Removed", "false"), text, "the|final|countdown");
  check_pieces(SPLIT("Isolated", "false"), text, "the|-|final|-|-|countdown");
  check_pieces(SPLIT("MergedWithPrevious", "false"), text, "the-|final-|-|countdown");
  check_pieces(SPLIT("MergedWithNext", "false"), text, "the|-final|-|-countdown");
  check_pieces(SPLIT("Contiguous", "false"), text, "the|-|final|--|countdown");
}

static void what_lies_between_may_be_the_delimiter(void **state) {
  (void)state;
  const char *text = "the-final--countdown";
  check_pieces(SPLIT("Removed", "true"), text, "-|-|-");
  check_pieces(SPLIT("Isolated", "true"), text, "the|-|final|-|-|countdown");
  check_pieces(SPLIT("MergedWithPrevious", "true"), text, "the|-final|-|-countdown");
  check_pieces(SPLIT("MergedWithNext", "true"), text, "the-|final-|-|countdown");
}

static void edges_of_a_piece(void **state) {
  (void)state;
  check_pieces(SPLIT("Removed", "false"), "", "");
  check_pieces(SPLIT("Removed", "false"), "--", "");
  check_pieces(SPLIT("Isolated", "false"), "-a-", "-|a|-");
  check_pieces(SPLIT("MergedWithPrevious", "false"), "-a-", "-|a-");
  check_pieces(SPLIT("MergedWithNext", "false"), "-a-", "-a|-");
  check_pieces("{'type':'Split','pattern':{'Regex':'x*'},'behavior':'Isolated'}", "axb", "a|x|b"); /* no empty pieces */
}

static void added_tokens_pass_through(void **state) {
  (void)state;
  check_pieces("null", "a b#c", "a b|#|c");
  check_pieces("{'type':'WhitespaceSplit'}", "a b##c d", "a|b|#|#|c|d");
  check_pieces("{'type':'ByteLevel','add_prefix_space':true}", "a#b", "\u0120\x61|#|\u0120\x62");
  check_pieces("{'type':'Metaspace','prepend_scheme':'first'}", "a#b", "\u2581\x61|#|b");
  check_pieces("{'type':'Metaspace','prepend_scheme':'first'}", "#b c", "#|b|\u2581\x63");
  check_pieces("{'type':'Metaspace','prepend_scheme':'always'}", "a#b", "\u2581\x61|#|\u2581\x62");
}

static void a_prefix_that_is_there_is_not_put_again(void **state) {
  (void)state;
  check_pieces("{'type':'ByteLevel','add_prefix_space':true,'use_regex':false}", " a", "\u0120\x61");
  check_pieces("{'type':'Metaspace'}", " a", "\u2581\x61");
}

static void check_origin(const emily__cut_text *cut, size_t start, size_t end, uint32_t from, uint32_t to) {
  emily__span span = emily__text_origin(&cut->text, start, end);
  assert_int_equal(span.start, from);
  assert_int_equal(span.end, to);
}

static void origins_are_of_the_callers_bytes(void **state) {
  (void)state;
  emily__cut_text cut = pre_tokenized("{'type':'ByteLevel','add_prefix_space':true}", "\u00E9 b"); /* Ġ Ã © Ġ b */
  assert_string_equal(cut.text.bytes.data, "\u0120\u00C3\u00A9\u0120\x62");
  check_origin(&cut, 0, 2, 0, 2); /* the prefix, before that character */
  check_origin(&cut, 2, 4, 0, 2); /* each byte of a character stands for all of it */
  check_origin(&cut, 4, 6, 0, 2);
  check_origin(&cut, 6, 8, 2, 3);
  check_origin(&cut, 8, 9, 3, 4);
  emily__cut_text_free(&cut);
  cut = pre_tokenized("{'type':'Metaspace'}", "a#b c"); /* ▁a # ▁b ▁c */
  assert_string_equal(cut.text.bytes.data, "\u2581\x61\u2581\x62\u2581\x63");
  check_origin(&cut, 4, 7, 2, 3);
  check_origin(&cut, 7, 8, 2, 3);
  check_origin(&cut, 8, 11, 3, 4);
  assert_int_equal(cut.pieces.data[1].token, 7);
  assert_int_equal(cut.pieces.data[1].span.start, 1);
  emily__cut_text_free(&cut);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_becomes_of_the_matches),
      cmocka_unit_test(what_lies_between_may_be_the_delimiter),
      cmocka_unit_test(edges_of_a_piece),
      cmocka_unit_test(added_tokens_pass_through),
      cmocka_unit_test(a_prefix_that_is_there_is_not_put_again),
      cmocka_unit_test(origins_are_of_the_callers_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
