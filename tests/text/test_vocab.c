/* test_vocab.c: tokens to ids and back; ids that are none. */
#include "text/parts.h"
#include "text/vocab.h"

static emily__vocab load(const char *json) {
  json_t *document = quoted(json);
  emily__vocab vocab = {0};
  assert_int_equal(emily__vocab_load(document, "test.json", &vocab), EMILY_OK);
  json_decref(document);
  return vocab;
}

static void tokens_are_found_by_bytes_and_by_id(void **state) {
  (void)state;
  emily__vocab vocab = load("{'a':0,'\u00E9':7,'ab':2,'':1}");
  size_t length = 99;
  assert_int_equal(vocab.tokens.count, 4);
  assert_int_equal(vocab.id_count, 8);
  assert_int_equal(emily__vocab_find(&vocab, "a", 1), 0);
  assert_int_equal(emily__vocab_find(&vocab, "ab", 2), 2);
  assert_int_equal(emily__vocab_find(&vocab, "\u00E9", 2), 7);
  assert_int_equal(emily__vocab_find(&vocab, "", 0), 1);
  assert_int_equal(emily__vocab_find(&vocab, "abc", 3), -1);
  assert_int_equal(emily__vocab_find(&vocab, "\u00E9", 1), -1);
  assert_memory_equal(emily__vocab_token(&vocab, 7, &length), "\u00E9", 2);
  assert_int_equal(length, 2);
  assert_non_null(emily__vocab_token(&vocab, 1, &length));
  assert_int_equal(length, 0);
  static const int32_t none[] = {3, 6, 8, -1, INT32_MAX};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) assert_null(emily__vocab_token(&vocab, none[i], &length));
  emily__vocab_free(&vocab);
  assert_int_equal(emily__vocab_find(&vocab, "a", 1), -1);
}

static void of_tokens_with_one_id_the_first_is_decoded(void **state) {
  (void)state;
  emily__vocab vocab = load("{'z':1,'y':1,'x':0}");
  size_t length;
  assert_int_equal(emily__vocab_find(&vocab, "z", 1), 1);
  assert_int_equal(emily__vocab_find(&vocab, "y", 1), 1);
  assert_memory_equal(emily__vocab_token(&vocab, 1, &length), "z", 1);
  emily__vocab_free(&vocab);
}

/* Enough tokens that some share a slot. */
static void many_tokens(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  emily__str json = {0};
  for (int i = 0; i < COUNT; i++) assert_true(emily__str_printf(&json, "%c'%x':%d", i ? ',' : '{', i * 7, i));
  assert_true(emily__str_puts(&json, "}"));
  emily__vocab vocab = load(json.data);
  for (int i = 0; i < 7 * COUNT; i++) {
    char key[16];
    int length = snprintf(key, sizeof key, "%x", i);
    assert_int_equal(emily__vocab_find(&vocab, key, (size_t)length), i % 7 ? -1 : i / 7);
  }
  emily__vocab_free(&vocab);
  emily__str_free(&json);
}

static void hashes_depend_on_every_byte_and_the_length(void **state) {
  (void)state;
  char bytes[24] = {0};
  for (size_t length = 0; length < sizeof bytes; length++) {
    uint32_t hash = emily__hash_bytes(bytes, length);
    assert_int_not_equal(hash, emily__hash_bytes(bytes, length + 1));
    for (size_t i = 0; i < length; i++) {
      bytes[i] = 1;
      assert_int_not_equal(emily__hash_bytes(bytes, length), hash);
      bytes[i] = 0;
    }
  }
}

#define STATUS(json) STATUS_OF(emily__vocab, emily__vocab_load, emily__vocab_free, json)

static void wrong_ids_are_refused(void **state) {
  (void)state;
  assert_int_equal(STATUS("{'a':-1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'a':16777216}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'a':16777215}"), EMILY_OK);
  assert_int_equal(STATUS("{'a':1.5}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'a':'1'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'a':0,'b':null}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("[]"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("null"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{}"), EMILY_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tokens_are_found_by_bytes_and_by_id),
      cmocka_unit_test(of_tokens_with_one_id_the_first_is_decoded),
      cmocka_unit_test(many_tokens),
      cmocka_unit_test(hashes_depend_on_every_byte_and_the_length),
      cmocka_unit_test(wrong_ids_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
