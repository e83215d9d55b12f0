/* test_encode.c: pairs, templates, truncation, padding, offsets, broken bytes. */
#include "text/tokenize.h"

#define MODEL "'model':{'type':'BPE','merges':['a b'],'unk_token':'?','vocab':{'?':0,'a':1,'b':2,'c':3,'ab':4,'[':5,']':6}}"
#define BERT "'post_processor':{'type':'BertProcessing','cls':['[',5],'sep':[']',6]}"
#define ROBERTA "'post_processor':{'type':'RobertaProcessing','cls':['[',5],'sep':[']',6]}"

typedef struct expected {
  size_t count;
  int32_t ids[12], types[12];
  uint8_t special[12];
} expected;

static void check(const char *json, const char *text, const char *pair, emily_encode_options options, expected want) {
  emily_tokenizer *tokenizer = make_tokenizer(json);
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, text, strlen(text), pair, pair ? strlen(pair) : 0, &options, &e),
                   EMILY_OK);
  assert_int_equal(emily_encoding_count(e), want.count);
  assert_memory_equal(emily_encoding_ids(e), want.ids, want.count * sizeof(int32_t));
  assert_memory_equal(emily_encoding_type_ids(e), want.types, want.count * sizeof(int32_t));
  assert_memory_equal(emily_encoding_special_mask(e), want.special, want.count);
  assert_non_null(emily_encoding_attention_mask(e));
  assert_null(emily_encoding_offsets(e));
  emily_encoding_free(e);
  emily_tokenizer_release(tokenizer);
}

static const emily_encode_options defaults = EMILY_ENCODE_OPTIONS_INIT;

static void templates(void **state) {
  (void)state;
  check("{" BERT "," MODEL "}", "ab", NULL, defaults, (expected){3, {5, 4, 6}, {0}, {1, 0, 1}});
  check("{" BERT "," MODEL "}", "a", "b", defaults, (expected){5, {5, 1, 6, 2, 6}, {0, 0, 0, 1, 1}, {1, 0, 1, 0, 1}});
  check("{" ROBERTA "," MODEL "}", "a", "b", defaults,
        (expected){6, {5, 1, 6, 6, 2, 6}, {0}, {1, 0, 1, 1, 0, 1}});
  emily_encode_options plain = defaults;
  plain.add_special_tokens = 0;
  check("{" BERT "," MODEL "}", "a", "b", plain, (expected){2, {1, 2}, {0, 1}, {0}});
  check("{" ROBERTA "," MODEL "}", "a", "b", plain, (expected){2, {1, 2}, {0, 0}, {0}});
  check("{" MODEL "}", "a", "b", defaults, (expected){2, {1, 2}, {0, 1}, {0}});
}

static void truncation(void **state) {
  (void)state;
  emily_encode_options options = defaults;
  options.max_length = 4;
  check("{" BERT "," MODEL "}", "cccc", NULL, options, (expected){4, {5, 3, 3, 6}, {0}, {1, 0, 0, 1}});
  options.max_length = 6;
  check("{" BERT "," MODEL "}", "cccc", "b", options,
        (expected){6, {5, 3, 3, 6, 2, 6}, {0, 0, 0, 0, 1, 1}, {1, 0, 0, 1, 0, 1}});
  check("{" BERT "," MODEL "}", "cccc", "bbbb", options,
        (expected){6, {5, 3, 6, 2, 2, 6}, {0, 0, 0, 1, 1, 1}, {1, 0, 1, 0, 0, 1}});
  const char *left = "{'truncation':{'max_length':2,'direction':'Left'}," MODEL "}";
  check(left, "cabac", NULL, defaults, (expected){2, {1, 3}, {0}, {0}});
  options.max_length = 0;
  check(left, "cabac", NULL, options, (expected){4, {3, 4, 1, 3}, {0}, {0}});
  check("{'truncation':{'max_length':3,'strategy':'OnlyFirst'}," MODEL "}", "ccc", "bb", defaults,
        (expected){3, {3, 2, 2}, {0, 1, 1}, {0}});
}

static void what_cannot_be_shortened_is_refused(void **state) {
  (void)state;
  const char *second = "{'truncation':{'max_length':3,'strategy':'OnlySecond'}," MODEL "}";
  check(second, "cc", "bbb", defaults, (expected){3, {3, 3, 2}, {0, 0, 1}, {0}});
  emily_tokenizer *tokenizer = make_tokenizer(second);
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, "ccc", 3, "b", 1, NULL, &e), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "only the second"));
  assert_int_equal(emily_tokenizer_encode(tokenizer, "cccc", 4, NULL, 0, NULL, &e), EMILY_INVALID_ARGUMENT);
  assert_null(e);
  emily_tokenizer_release(tokenizer);
}

/* Where the special tokens take all the room, none is left for the texts. */
static void nothing_but_special_tokens(void **state) {
  (void)state;
  emily_encode_options options = defaults;
  options.max_length = 2;
  check("{" BERT "," MODEL "}", "ccc", NULL, options, (expected){2, {5, 6}, {0}, {1, 1}});
  options.max_length = 3;
  check("{" BERT "," MODEL "}", "ccc", "b", options, (expected){3, {5, 6, 6}, {0, 0, 1}, {1, 1, 1}});
}

static void padding(void **state) {
  (void)state;
  const char *json = "{'padding':{'strategy':{'Fixed':5},'direction':'Left','pad_id':3,'pad_type_id':2}," MODEL "}";
  emily_encode_options options = defaults;
  check(json, "a", NULL, options, (expected){1, {1}, {0}, {0}});
  options.pad_length = -1;
  check(json, "a", NULL, options, (expected){5, {3, 3, 3, 3, 1}, {2, 2, 2, 2, 0}, {1, 1, 1, 1, 0}});
  options.pad_length = 3;
  check("{" MODEL "}", "a", NULL, options, (expected){3, {1, 0, 0}, {0}, {0, 1, 1}});
  options.pad_length = -1;
  check("{'padding':{'strategy':'BatchLongest','pad_to_multiple_of':2,'pad_id':6}," MODEL "}", "abc", NULL, options,
        (expected){2, {4, 3}, {0}, {0}});
  emily_tokenizer *tokenizer = make_tokenizer(json);
  emily_tokenizer_settings settings = EMILY_TOKENIZER_SETTINGS_INIT;
  assert_int_equal(emily_tokenizer_get_settings(tokenizer, &settings), EMILY_OK);
  assert_true(settings.has_padding && settings.pad_left && settings.pad_length == 5 && settings.pad_id == 3);
  assert_int_equal(settings.max_length, 0);
  emily_tokenizer_release(tokenizer);
}

static void check_offsets(const char *json, const char *text, size_t count, const uint32_t *want) {
  emily_tokenizer *tokenizer = make_tokenizer(json);
  emily_encode_options options = defaults;
  options.want_offsets = 1;
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, &options, &e), EMILY_OK);
  assert_int_equal(emily_encoding_count(e), count);
  assert_memory_equal(emily_encoding_offsets(e), want, 2 * count * sizeof *want);
  emily_encoding_free(e);
  emily_tokenizer_release(tokenizer);
}

static void offsets_are_of_the_callers_bytes(void **state) {
  (void)state;
  check_offsets("{" BERT "," MODEL "}", "cab", 4, (uint32_t[]){0, 0, 0, 1, 1, 3, 0, 0});
  /* e and its accent are one character of the text that the model sees, and three bytes of the caller's */
  check_offsets("{'normalizer':{'type':'NFC'}," MODEL "}", "e\xCC\x81z", 2, (uint32_t[]){0, 3, 3, 4});
  check_offsets("{'normalizer':{'type':'Prepend','prepend':'a'}," MODEL "}", "b", 1, (uint32_t[]){0, 1});
  check_offsets("{" MODEL "}", "a\xFF\xE2\x82z", 4, (uint32_t[]){0, 1, 1, 2, 2, 4, 4, 5});
  check_offsets("{'added_tokens':[{'content':'<m>','lstrip':true}]," MODEL "}", "c  <m>c", 3,
                (uint32_t[]){0, 1, 1, 6, 6, 7});
  check_offsets("{'pre_tokenizer':{'type':'ByteLevel','add_prefix_space':true},'post_processor':{'type':'ByteLevel'},"
                "'model':{'type':'BPE','merges':[['\xC4\xA0','a']],'vocab':{'\xC4\xA0':0,'a':1,'\xC4\xA0\x61':2}}}",
                "a a", 2, (uint32_t[]){0, 1, 2, 3});
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = make_tokenizer("{" BERT "," MODEL "}");
  emily_encode_options options = defaults;
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, NULL, 0, NULL, 0, NULL, &e), EMILY_INVALID_ARGUMENT);
  options.struct_size = 0;
  assert_int_equal(emily_tokenizer_encode(tokenizer, "a", 1, NULL, 0, &options, &e), EMILY_INVALID_ARGUMENT);
  options = defaults;
  options.max_length = -2;
  assert_int_equal(emily_tokenizer_encode(tokenizer, "a", 1, NULL, 0, &options, &e), EMILY_INVALID_ARGUMENT);
  options.max_length = 1;
  assert_int_equal(emily_tokenizer_encode(tokenizer, "a", 1, NULL, 0, &options, &e), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_encode(tokenizer, "a", (size_t)1 << 40, NULL, 0, NULL, &e), EMILY_INVALID_ARGUMENT);
  assert_null(e);
  assert_int_equal(emily_encoding_count(NULL), 0);
  assert_null(emily_encoding_ids(NULL));
  assert_null(emily_encoding_type_ids(NULL));
  assert_null(emily_encoding_special_mask(NULL));
  assert_null(emily_encoding_attention_mask(NULL));
  assert_null(emily_encoding_offsets(NULL));
  emily_encoding_free(NULL);
  emily_tokenizer_release(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(templates),
      cmocka_unit_test(truncation),
      cmocka_unit_test(what_cannot_be_shortened_is_refused),
      cmocka_unit_test(nothing_but_special_tokens),
      cmocka_unit_test(padding),
      cmocka_unit_test(offsets_are_of_the_callers_bytes),
      cmocka_unit_test(bad_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
