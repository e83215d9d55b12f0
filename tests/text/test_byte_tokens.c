/* test_byte_tokens.c: tokens that stand for bytes, and those that only look so. */
#include "text/byte_tokens.h"
#include "text/parts.h"

static void bytes_of_tokens(void **state) {
  (void)state;
  assert_int_equal(emily__byte_of_token("<0x0A>", 6), 10);
  assert_int_equal(emily__byte_of_token("<0xfF>", 6), 255);
  assert_int_equal(emily__byte_of_token("<0x+F>", 6), 15); /* as Rust reads numbers */
  assert_int_equal(emily__byte_of_token("<0xG0>", 6), -1);
  assert_int_equal(emily__byte_of_token("<0x0>", 5), -1);
  assert_int_equal(emily__byte_of_token("<0x00x", 6), -1);
  assert_int_equal(emily__byte_of_token("(0x00>", 6), -1);
}

static void tokens_of_bytes(void **state) {
  (void)state;
  json_t *json = quoted("{'<0x41>':3,'<0xFF>':1,'<0xfe>':2}");
  emily__vocab vocab = {0};
  emily__byte_tokens tokens;
  assert_int_equal(emily__vocab_load(json, "test", &vocab), EMILY_OK);
  emily__byte_tokens_find(&vocab, &tokens);
  assert_true(tokens.ids['A'] == 3 && tokens.ids[255] == 1 && tokens.ids[254] == -1 && tokens.ids[0] == -1);
  assert_true(emily__byte_tokens_cover(&tokens, "A\xFF", 2) && emily__byte_tokens_cover(&tokens, "", 0));
  assert_false(emily__byte_tokens_cover(&tokens, "AB", 2));
  emily__vocab_free(&vocab);
  json_decref(json);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_of_tokens), cmocka_unit_test(tokens_of_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
