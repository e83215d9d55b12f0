/* test_encoding.c: offsets in characters, and what NULL and padding give. */
#include "text/tokenize.h"

#define MODEL "'model':{'type':'BPE','merges':[],'unk_token':'?','vocab':{'?':0,'a':1,'\xC3\xA9':2,'\xE4\xB8\xAD':3}}"

static void check(const char *json, const char *text, const char *pair, size_t count, const uint32_t *want) {
  emily_tokenizer *t = make_tokenizer(json);
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = EMILY_OFFSETS_CHARACTERS;
  options.pad_length = 6;
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, text, strlen(text), pair, pair ? strlen(pair) : 0, &options, &e),
                   EMILY_OK);
  assert_int_equal(emily_encoding_count(e), 6);
  assert_memory_equal(emily_encoding_offsets(e), want, 2 * count * sizeof *want);
  for (size_t i = count; i < 6; i++) {
    assert_true(emily_encoding_sequence_ids(e)[i] == -1 && emily_encoding_word_ids(e)[i] == -1);
    assert_true(emily_encoding_offsets(e)[2 * i] == 0 && emily_encoding_offsets(e)[2 * i + 1] == 0);
  }
  emily_encoding_free(e);
  emily_tokenizer_release(t);
}

static void offsets_in_characters(void **state) {
  (void)state;
  check("{" MODEL "}", "a\xC3\xA9\xE4\xB8\xAD" "a", NULL, 4, (uint32_t[]){0, 1, 1, 2, 2, 3, 3, 4});
  /* e and its accent are two characters of the caller's, and one of the model's */
  check("{'normalizer':{'type':'NFC'}," MODEL "}", "e\xCC\x81" "a", NULL, 2, (uint32_t[]){0, 2, 2, 3});
  /* a broken byte and a broken pair are a character each */
  check("{" MODEL "}", "\xFF\xE4\xB8" "a", NULL, 3, (uint32_t[]){0, 1, 1, 2, 2, 3});
  check("{" MODEL "}", "\xC3\xA9" "a", "\xE4\xB8\xAD\xE4\xB8\xAD", 4, (uint32_t[]){0, 1, 1, 2, 0, 1, 1, 2});
  /* an inserted character stands for the one that it was put before */
  check("{'normalizer':{'type':'Prepend','prepend':'a'}," MODEL "}", "\xC3\xA9", NULL, 2, (uint32_t[]){0, 1, 0, 1});
}

static void null_has_nothing(void **state) {
  (void)state;
  assert_null(emily_encoding_sequence_ids(NULL));
  assert_null(emily_encoding_word_ids(NULL));
  assert_null(emily_encoding_window(NULL, 0));
  assert_int_equal(emily_encoding_window_count(NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(offsets_in_characters), cmocka_unit_test(null_has_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
