/* test_truncate.c: which text is shortened, and the windows of what is too long; test_encode.c has what the file says. */
#include "text/tokenize.h"

#define MODEL "'model':{'type':'BPE','merges':[],'vocab':{'a':0,'b':1,'c':2,'d':3,'e':4,'f':5,'[':6,']':7}}"
#define BERT "'post_processor':{'type':'BertProcessing','cls':['[',6],'sep':[']',7]}"

static emily_encode_options options_of(int64_t max_length, int32_t truncation, int64_t stride) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.max_length = max_length;
  options.truncation = truncation;
  options.stride = stride;
  options.want_windows = 1;
  options.want_offsets = EMILY_OFFSETS_BYTES;
  return options;
}

/* The windows' tokens, "|" between windows. */
static void check(const char *json, const char *text, const char *pair, emily_encode_options options,
                  const char *wanted) {
  emily_tokenizer *t = make_tokenizer(json);
  emily_encoding *e = NULL;
  char out[512] = "";
  emily_status status = emily_tokenizer_encode(t, text, strlen(text), pair, pair ? strlen(pair) : 0, &options, &e);
  if (status != EMILY_OK) print_message("%s\n", emily_last_error()->message);
  assert_int_equal(status, EMILY_OK);
  for (size_t i = 0; i < emily_encoding_window_count(e); i++) {
    const emily_encoding *window = emily_encoding_window(e, i);
    if (i) strcat(out, "|");
    for (size_t j = 0; j < emily_encoding_count(window); j++)
      strncat(out, &"abcdef[]"[emily_encoding_ids(window)[j]], 1);
  }
  assert_string_equal(out, wanted);
  assert_null(emily_encoding_window(e, emily_encoding_window_count(e)));
  emily_encoding_free(e);
  emily_tokenizer_release(t);
}

static void one_text_in_windows(void **state) {
  (void)state;
  check("{" MODEL "}", "abcdef", NULL, options_of(4, 0, 0), "abcd|ef");
  check("{" MODEL "}", "abcdef", NULL, options_of(4, 0, 2), "abcd|cdef");
  check("{" MODEL "}", "abcdef", NULL, options_of(4, 0, 3), "abcd|bcde|cdef");
  check("{" MODEL "}", "abcdef", NULL, options_of(6, 0, 3), "abcdef");
  check("{" MODEL "}", "", NULL, options_of(6, 0, 3), "");
  check("{" BERT "," MODEL "}", "abcdef", NULL, options_of(5, 0, 1), "[abc]|[cde]|[ef]");
  check("{'truncation':{'max_length':4,'direction':'Left'}," MODEL "}", "abcdef", NULL, options_of(-1, 0, 1), "cdef|abc");
}

static void a_pair_keeps_the_other_text(void **state) {
  (void)state;
  check("{" BERT "," MODEL "}", "ab", "abcdef", options_of(8, EMILY_TRUNCATE_ONLY_SECOND, 1), "[ab]abc]|[ab]cde]|[ab]ef]");
  check("{" BERT "," MODEL "}", "abcdef", "ab", options_of(8, EMILY_TRUNCATE_ONLY_FIRST, 0), "[abc]ab]|[def]ab]");
  emily_encode_options plain = options_of(8, EMILY_TRUNCATE_ONLY_SECOND, 0);
  plain.want_windows = 0;
  check("{" BERT "," MODEL "}", "ab", "abcdef", plain, "[ab]abc]");
  plain.truncation = EMILY_TRUNCATE_LONGEST_FIRST;
  check("{'truncation':{'max_length':3,'strategy':'OnlyFirst'}," BERT "," MODEL "}", "ab", "abcdef", plain, "[ab]abc]");
}

static void windows_know_their_place(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{" BERT ",'pre_tokenizer':{'type':'WhitespaceSplit'}," MODEL "}");
  emily_encode_options options = options_of(7, EMILY_TRUNCATE_ONLY_SECOND, 1);
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, "a", 1, "bc de", 5, &options, &e), EMILY_OK);
  assert_int_equal(emily_encoding_window_count(e), 2);
  const emily_encoding *second = emily_encoding_window(e, 1); /* [ a ] d e ] */
  assert_int_equal(emily_encoding_count(second), 6);
  assert_memory_equal(emily_encoding_sequence_ids(second), ((int32_t[]){-1, 0, -1, 1, 1, -1}), 24);
  assert_memory_equal(emily_encoding_type_ids(second), ((int32_t[]){0, 0, 0, 1, 1, 1}), 24);
  assert_memory_equal(emily_encoding_word_ids(second), ((int32_t[]){-1, 0, -1, 1, 1, -1}), 24);
  assert_memory_equal(emily_encoding_offsets(second), ((uint32_t[]){0, 0, 0, 1, 0, 0, 3, 4, 4, 5, 0, 0}), 48);
  assert_memory_equal(emily_encoding_special_mask(second), ((uint8_t[]){1, 0, 1, 0, 0, 1}), 6);
  emily_encoding_free(e);
  emily_tokenizer_release(t);
}

static void refused(const char *text, const char *pair, emily_encode_options options, const char *message) {
  emily_tokenizer *t = make_tokenizer("{" BERT "," MODEL "}");
  emily_encoding *e = NULL;
  assert_int_equal(emily_tokenizer_encode(t, text, strlen(text), pair, pair ? strlen(pair) : 0, &options, &e),
                   EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, message));
  assert_null(e);
  emily_tokenizer_release(t);
}

static void what_makes_no_windows_is_refused(void **state) {
  (void)state;
  refused("abcdef", NULL, options_of(5, 0, 3), "overlap by 0 to 2");
  refused("abcdef", NULL, options_of(5, 0, -1), "the stride is -1");
  refused("abc", "def", options_of(6, 0, 0), "EMILY_TRUNCATE_ONLY_SECOND");
  refused("abcdef", "a", options_of(6, EMILY_TRUNCATE_ONLY_SECOND, 0), "only the second");
  refused("abcdef", NULL, options_of(2, 0, 0), "only the first");
  refused("a", NULL, options_of(5, 9, 0), "truncation 9");
  emily_encode_options options = options_of(0, 0, 0);
  options.want_offsets = 3;
  refused("a", NULL, options, "want_offsets is 3");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_text_in_windows),
      cmocka_unit_test(a_pair_keeps_the_other_text),
      cmocka_unit_test(windows_know_their_place),
      cmocka_unit_test(what_makes_no_windows_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
