/* test_pretokenizer_load.c: each pre-tokenizer and its settings; settings that are wrong. */
#include "text/pieces.h"

static void whitespace_and_punctuation(void **state) {
  (void)state;
  check_pieces("null", "the final", "the final");
  check_pieces("{'type':'Whitespace'}", "it's  3.5", "it|'|s|3|.|5");
  check_pieces("{'type':'Whitespace'}", "a...b", "a|...|b");
  check_pieces("{'type':'WhitespaceSplit'}", " it's  3.5\u00A0", "it's|3.5");
  check_pieces("{'type':'BertPreTokenizer'}", "it's  3.5...", "it|'|s|3|.|5|.|.|.");
  check_pieces("{'type':'Punctuation'}", "a--b!", "a|-|-|b|!");
  check_pieces("{'type':'Punctuation','behavior':'Removed'}", "a--b!", "a|b");
  check_pieces("{'type':'Punctuation','behavior':'Contiguous'}", "a--b!", "a|--|b|!");
  check_pieces("{'type':'CharDelimiterSplit','delimiter':'-'}", "a-b--c", "a|b|c");
  check_pieces("{'type':'CharDelimiterSplit','delimiter':'\u20AC'}", "a\u20AC\x62", "a|b");
}

static void digits(void **state) {
  (void)state;
  check_pieces("{'type':'Digits','individual_digits':true}", "ab123c", "ab|1|2|3|c");
  check_pieces("{'type':'Digits'}", "ab123c\u00BD", "ab|123|c|\u00BD");
}

static void byte_level(void **state) {
  (void)state;
  check_pieces("{'type':'ByteLevel','add_prefix_space':false}", "it's a  b", "it|'s|\u0120\x61|\u0120|\u0120\x62");
  check_pieces("{'type':'ByteLevel'}", "a1 !", "\u0120\x61|1|\u0120!");
  check_pieces("{'type':'ByteLevel','add_prefix_space':false,'use_regex':false}", "a b\n", "a\u0120\x62\u010A");
}

static void metaspace(void **state) {
  (void)state;
  check_pieces("{'type':'Metaspace'}", "a b", "\u2581\x61|\u2581\x62");
  check_pieces("{'type':'Metaspace','split':false}", "a b", "\u2581\x61\u2581\x62");
  check_pieces("{'type':'Metaspace','replacement':'_','prepend_scheme':'never'}", "a  b", "a|_|_b");
  check_pieces("{'type':'Metaspace','add_prefix_space':false}", "a b", "a|\u2581\x62");
  check_pieces("{'type':'Metaspace','add_prefix_space':false,'prepend_scheme':'always'}", "a", "\u2581\x61");
}

static void sequences_run_in_order(void **state) {
  (void)state;
  check_pieces("{'type':'Sequence','pretokenizers':[{'type':'WhitespaceSplit'},{'type':'Digits'}]}", "a1 b2", "a|1|b|2");
  check_pieces("{'type':'Sequence','pretokenizers':[]}", "a b", "a b");
}

#define STATUS(json) STATUS_OF(emily__pretokenizer, emily__pretokenizer_load, emily__pretokenizer_free, json)

static void wrong_settings_are_refused(void **state) {
  (void)state;
  assert_int_equal(STATUS("{'type':'UnicodeScripts'}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("[]"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':'Split','pattern':{'String':'a'}}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Split','pattern':{'String':'a'},'behavior':'x'}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':'Split','pattern':{'Regex':'['},'behavior':'Removed'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Split','behavior':'Removed'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'CharDelimiterSplit','delimiter':'ab'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'CharDelimiterSplit'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Metaspace','replacement':''}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Metaspace','prepend_scheme':'x'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Punctuation','behavior':'Kept'}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':'Digits','individual_digits':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'ByteLevel','use_regex':'no'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','pretokenizers':[{'type':'Whitespace'},{'type':'x'}]}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':'Sequence','pretokenizers':3}"), EMILY_BAD_FORMAT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whitespace_and_punctuation),
      cmocka_unit_test(digits),
      cmocka_unit_test(byte_level),
      cmocka_unit_test(metaspace),
      cmocka_unit_test(sequences_run_in_order),
      cmocka_unit_test(wrong_settings_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
