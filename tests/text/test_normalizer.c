/* test_normalizer.c: each normalizer's text and origins by hand; settings that are wrong. */
#include "text/normalizer.h"
#include "text/parts.h"

static void run(const char *json, const char *bytes, size_t length, emily__text *text) {
  json_t *document = quoted(json);
  emily__normalizer normalizer = {0};
  emily__text spare = {0};
  assert_int_equal(emily__normalizer_load(document, "test.json", &normalizer), EMILY_OK);
  assert_int_equal(emily__text_begin(text, bytes, length), EMILY_OK);
  assert_int_equal(emily__normalizer_run(&normalizer, text, &spare), EMILY_OK);
  assert_int_equal(text->origins.count, text->bytes.count);
  emily__text_free(&spare);
  emily__normalizer_free(&normalizer);
  json_decref(document);
}

static void check(const char *json, const char *text, const char *wanted) {
  emily__text out = {0};
  run(json, text, strlen(text), &out);
  assert_string_equal(out.bytes.count ? out.bytes.data : "", wanted);
  emily__text_free(&out);
}

static void forms(void **state) {
  (void)state;
  check("null", "\u00C9", "\u00C9");
  check("{'type':'NFC'}", "e\u0301", "\u00E9");
  check("{'type':'NFD'}", "\u00E9", "e\u0301");
  check("{'type':'NFKC'}", "\uFF11\u00B9", "11");
  check("{'type':'NFKD'}", "\uFB01\u00E9", "fie\u0301");
}

static void characters(void **state) {
  (void)state;
  check("{'type':'Lowercase'}", "AbC\u00C9\u0130", "abc\u00E9i\u0307");
  check("{'type':'StripAccents'}", "e\u0301\u00E9\u0903", "e\u00E9"); /* it does not decompose */
  check("{'type':'ByteLevel'}", "a \u00E9", "a\u0120\u00C3\u00A9");
}

static void stripping(void **state) {
  (void)state;
  check("{'type':'Strip'}", " \t a b\u3000\n", "a b");
  check("{'type':'Strip','strip_left':false}", "  a  ", "  a");
  check("{'type':'Strip','strip_right':false}", "  a  ", "a  ");
  check("{'type':'Strip'}", "   ", "");
}

static void replacing_and_prepending(void **state) {
  (void)state;
  check("{'type':'Prepend','prepend':'\u2581'}", "a", "\u2581\x61");
  check("{'type':'Prepend','prepend':'\u2581'}", "", "");
  check("{'type':'Replace','pattern':{'String':'aa'},'content':'b'}", "aaaca", "baca");
  check("{'type':'Replace','pattern':{'String':'.'},'content':''}", "a.b.", "ab");
  check("{'type':'Replace','pattern':{'Regex':'a+'},'content':'b'}", "aaaca", "bcb");
  check("{'type':'Replace','pattern':{'Regex':'x*'},'content':'-'}", "axb", "-a-b-");
  check("{'type':'Replace','pattern':{'Regex':'a'},'content':'b'}", "", "");
}

static void bert(void **state) {
  (void)state;
  check("{'type':'BertNormalizer'}", "\x01\u00C9\t\u4E2D\u200Bx", "e  \u4E2D x");
  check("{'type':'BertNormalizer','lowercase':false}", "\u00C9", "\u00C9"); /* accents go with lowercase */
  check("{'type':'BertNormalizer','lowercase':false,'strip_accents':true}", "\u00C9", "E");
  check("{'type':'BertNormalizer','lowercase':true,'strip_accents':false}", "\u00C9", "\u00E9");
  check("{'type':'BertNormalizer','clean_text':false}", "\x01\tA", "\x01\ta");
  check("{'type':'BertNormalizer','handle_chinese_chars':false}", "\u4E2D", "\u4E2D");
  emily__text text = {0};
  run("{'type':'BertNormalizer'}", "a\0b\xFF", 4, &text); /* NUL, and U+FFFD of a broken byte */
  assert_string_equal(text.bytes.data, "ab");
  emily__text_free(&text);
}

static void sequences_run_in_order(void **state) {
  (void)state;
  check("{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'},{'type':'Lowercase'}]}", "\u00C9", "e");
  check("{'type':'Sequence','normalizers':[{'type':'StripAccents'},{'type':'Sequence','normalizers':[{'type':'NFD'}]}]}",
        "\u00E9", "e\u0301");
  check("{'type':'Sequence','normalizers':[]}", "A", "A");
}

static void check_origin(const emily__text *text, size_t start, size_t end, uint32_t from, uint32_t to) {
  emily__span span = emily__text_origin(text, start, end);
  assert_int_equal(span.start, from);
  assert_int_equal(span.end, to);
}

static void origins_are_of_the_callers_bytes(void **state) {
  (void)state;
  emily__text text = {0};
  run("{'type':'Replace','pattern':{'String':'bb'},'content':'xyz'}", "abbc", 4, &text); /* axyzc */
  check_origin(&text, 0, 1, 0, 1);
  check_origin(&text, 1, 2, 2, 3);
  check_origin(&text, 3, 4, 2, 3);
  check_origin(&text, 4, 5, 3, 4);
  run("{'type':'Prepend','prepend':'__'}", "a", 1, &text);
  check_origin(&text, 0, 2, 0, 1);
  check_origin(&text, 2, 3, 0, 1);
  run("{'type':'BertNormalizer'}", "a\u4E2D", 4, &text); /* "a 中 " */
  check_origin(&text, 1, 2, 1, 1);
  check_origin(&text, 2, 5, 1, 4);
  check_origin(&text, 5, 6, 4, 4);
  run("{'type':'Strip'}", "  a", 3, &text);
  check_origin(&text, 0, 1, 2, 3);
  emily__text_free(&text);
}

#define STATUS(json) STATUS_OF(emily__normalizer, emily__normalizer_load, emily__normalizer_free, json)

static void wrong_settings_are_refused(void **state) {
  (void)state;
  assert_int_equal(STATUS("{'type':'Precompiled','precompiled_charsmap':''}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("5"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':7}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Prepend'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Prepend','prepend':3}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','pattern':{'String':'a'}}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','pattern':'a','content':'b'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','pattern':{'Regex':'('},'content':'b'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','strip_left':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'BertNormalizer','lowercase':'yes'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','normalizers':{}}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','normalizers':[{'type':'NFC'},{'type':'NFX'}]}"), EMILY_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forms),
      cmocka_unit_test(characters),
      cmocka_unit_test(stripping),
      cmocka_unit_test(replacing_and_prepending),
      cmocka_unit_test(bert),
      cmocka_unit_test(sequences_run_in_order),
      cmocka_unit_test(origins_are_of_the_callers_bytes),
      cmocka_unit_test(wrong_settings_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
