/* test_decode.c: each decoder by hand-computed cases; one id at a time gives the same text, character by character. */
#include "text/tokenize.h"

#include "base/utf8.h"

#define IDS(...) (int32_t[]){__VA_ARGS__}, sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)

static emily_tokenizer *with_decoder(const char *decoder) {
  char json[2048];
  snprintf(json, sizeof json,
           "{'decoder':%s,'added_tokens':[{'content':'<s>','special':true},{'content':'\xE2\x82\xAC'}],"
           "'model':{'type':'BPE','merges':[],'vocab':{'a':0,'\xC4\xA0\x62':1,'##c':2,'.':3,'\xC3\xA2':4,'\xC4\xA4':5,"
           "'\xC2\xAC':6,'a</w>':7,'<0xE2>':8,'<0x82>':9,'<0xAC>':10,'\xE2\x96\x81\x61':11,'nX':12}}}",
           decoder);
  return make_tokenizer(json);
}

static void check_decoder(const char *decoder, const int32_t *ids, size_t count, const char *wanted) {
  emily_tokenizer *tokenizer = with_decoder(decoder);
  check_text(tokenizer, ids, count, true, wanted);
  emily_tokenizer_release(tokenizer);
}

static void each_decoder(void **state) {
  (void)state;
  check_decoder("null", IDS(0, 3), "a .");
  check_decoder("{'type':'ByteLevel'}", IDS(0, 1), "a b");
  check_decoder("{'type':'ByteLevel'}", IDS(4, 5, 6, 0), "\xE2\x82\xAC\x61");
  check_decoder("{'type':'ByteLevel'}", IDS(4, 5, 0), "\xEF\xBF\xBD\x61");
  check_decoder("{'type':'ByteLevel'}", IDS(0, 14), "a\xE2\x82\xAC"); /* an added token outside the alphabet */
  check_decoder("{'type':'WordPiece','prefix':'##','cleanup':false}", IDS(0, 2, 3, 2), "ac .c");
  check_decoder("{'type':'WordPiece','prefix':'##','cleanup':true}", IDS(0, 2, 3, 12), "ac. nX");
  check_decoder("{'type':'BPEDecoder','suffix':'</w>'}", IDS(7, 0, 7), "a aa");
  check_decoder("{'type':'Replace','pattern':{'Regex':'^a$'},'content':'zz'}", IDS(0, 7), "zza</w>");
  check_decoder("{'type':'ByteFallback'}", IDS(8, 9, 10, 0), "\xE2\x82\xAC\x61");
  check_decoder("{'type':'ByteFallback'}", IDS(8, 9, 0), "\xEF\xBF\xBD\xEF\xBF\xBD\x61");
  check_decoder("{'type':'Metaspace','replacement':'\xE2\x96\x81'}", IDS(11, 11), "a a");
  check_decoder("{'type':'Strip','content':'a','start':1,'stop':1}", IDS(0, 7), "</w>");
  check_decoder("{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'Strip','content':'a','start':1,'stop':0}]}",
                IDS(0, 0, 3), "a.");
}

static void special_and_unknown_ids(void **state) {
  (void)state;
  emily_tokenizer *t = with_decoder("{'type':'ByteLevel'}");
  check_text(t, IDS(13, 0, 13, 99, -1, 1), true, "a b");
  check_text(t, IDS(13, 0, 99), false, "<s>a");
  check_text(t, NULL, 0, false, "");
  emily_tokenizer_release(t);
}

/* Pushes the ids one by one; each text must be whole characters, and all together what decoding gives. */
static void check_stream(const char *decoder, const int32_t *ids, size_t count, bool skip) {
  emily_tokenizer *t = with_decoder(decoder);
  emily_detokenizer *d = NULL;
  char *whole = NULL, out[512] = "";
  const char *part;
  size_t length;
  assert_int_equal(emily_tokenizer_decode(t, ids, count, skip, &whole, NULL), EMILY_OK);
  assert_int_equal(emily_detokenizer_new(t, skip, &d), EMILY_OK);
  emily_tokenizer_release(t);
  for (int round = 0; round < 2; round++) { /* after a flush it is as new */
    out[0] = '\0';
    for (size_t i = 0; i <= count; i++) {
      if (i < count) assert_int_equal(emily_detokenizer_push(d, ids[i], &part, &length), EMILY_OK);
      else assert_int_equal(emily_detokenizer_flush(d, &part, &length), EMILY_OK);
      assert_int_equal(strlen(part), length);
      assert_true(emily__utf8_valid(part, length));
      strcat(out, part);
    }
    assert_string_equal(out, whole);
  }
  emily_detokenizer_free(d);
  emily_string_free(whole);
}

static void one_by_one_is_the_same_text(void **state) {
  (void)state;
  static const char *const decoders[] = {
      "null", "{'type':'ByteLevel'}", "{'type':'WordPiece','prefix':'##','cleanup':true}",
      "{'type':'BPEDecoder','suffix':'</w>'}", "{'type':'Metaspace','replacement':'\xE2\x96\x81'}",
      "{'type':'Sequence','decoders':[{'type':'ByteFallback'},{'type':'Fuse'}]}"};
  for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
    for (int skip = 0; skip < 2; skip++) {
      check_stream(decoders[i], IDS(13, 0, 1, 2, 3, 4, 5, 6, 13, 7, 8, 9, 10, 11, 12, 14, 99, 0), skip);
      check_stream(decoders[i], IDS(11, 11, 0, 4, 5), skip);
      check_stream(decoders[i], IDS(0, 8, 9), skip);
    }
  }
}

static void a_character_waits_until_it_is_whole(void **state) {
  (void)state;
  emily_tokenizer *t = with_decoder("{'type':'ByteLevel'}");
  emily_detokenizer *d = NULL;
  const char *part = NULL;
  assert_int_equal(emily_detokenizer_new(t, false, &d), EMILY_OK);
  assert_int_equal(emily_detokenizer_push(d, 4, &part, NULL), EMILY_OK);
  assert_string_equal(part, "");
  assert_int_equal(emily_detokenizer_push(d, 5, &part, NULL), EMILY_OK);
  assert_string_equal(part, "");
  assert_int_equal(emily_detokenizer_push(d, 6, &part, NULL), EMILY_OK);
  assert_string_equal(part, "\xE2\x82\xAC");
  assert_int_equal(emily_detokenizer_push(d, 4, &part, NULL), EMILY_OK);
  assert_int_equal(emily_detokenizer_flush(d, &part, NULL), EMILY_OK);
  assert_string_equal(part, "\xEF\xBF\xBD");
  emily_detokenizer_free(d);
  emily_tokenizer_release(t);
}

/* An "a" by its byte is an "a" only if what bytes follow are UTF-8 with it. */
static void a_run_of_bytes_waits_for_its_end(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{'decoder':{'type':'Sequence','decoders':[{'type':'ByteFallback'},{'type':'Fuse'}]},"
                                      "'model':{'type':'BPE','merges':[],'vocab':{'<0x61>':0,'<0xC3>':1,'<0xA9>':2,'b':3}}}");
  emily_detokenizer *d = NULL;
  static const int32_t ids[] = {0, 1, 3, 0, 1, 2, 3, 0};
  static const char *const wanted[] = {"", "", "\uFFFD\uFFFDb", "", "", "", "a\u00E9b", ""};
  const char *part = NULL;
  assert_int_equal(emily_detokenizer_new(t, false, &d), EMILY_OK);
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(emily_detokenizer_push(d, ids[i], &part, NULL), EMILY_OK);
    assert_string_equal(part, wanted[i]);
  }
  assert_int_equal(emily_detokenizer_flush(d, &part, NULL), EMILY_OK);
  assert_string_equal(part, "a");
  emily_detokenizer_free(d);
  emily_tokenizer_release(t);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  emily_tokenizer *t = with_decoder("null");
  emily_detokenizer *d = NULL;
  char *text = NULL;
  const char *part = NULL;
  assert_int_equal(emily_tokenizer_decode(NULL, NULL, 0, true, &text, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_decode(t, NULL, 1, true, &text, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_decode(t, NULL, 0, true, NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_detokenizer_new(NULL, true, &d), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_detokenizer_push(NULL, 0, &part, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_detokenizer_flush(NULL, &part, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_detokenizer_new(t, true, &d), EMILY_OK);
  assert_int_equal(emily_detokenizer_push(d, 0, NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_null(text);
  emily_detokenizer_free(d);
  emily_detokenizer_free(NULL);
  emily_tokenizer_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_decoder),
      cmocka_unit_test(special_and_unknown_ids),
      cmocka_unit_test(one_by_one_is_the_same_text),
      cmocka_unit_test(a_character_waits_until_it_is_whole),
      cmocka_unit_test(a_run_of_bytes_waits_for_its_end),
      cmocka_unit_test(bad_arguments_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
