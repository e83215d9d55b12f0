/* test_decoder.c: each step on lists of strings, by hand. */
#include "text/decoder.h"
#include "text/parts.h"

/* `tokens` ends with NULL. */
static void check_list(const char *json, const char *const *tokens, const char *wanted) {
  json_t *document = quoted(json);
  emily__decoder decoder = {0};
  emily__strings strings = {0};
  emily__str out = {0};
  assert_int_equal(emily__decoder_load(document, "test.json", &decoder), EMILY_OK);
  for (; *tokens; tokens++) assert_int_equal(emily__strings_push(&strings, *tokens, strlen(*tokens)), EMILY_OK);
  assert_int_equal(emily__decoder_run(&decoder, &strings, &out), EMILY_OK);
  assert_string_equal(out.count ? out.data : "", wanted);
  emily__str_free(&out);
  emily__strings_free(&strings);
  emily__decoder_free(&decoder);
  json_decref(document);
}

#define check(json, wanted, ...) check_list((json), (const char *const[]){__VA_ARGS__, NULL}, (wanted))
#define NOTHING (const char *const[]){NULL}

static void without_a_decoder_tokens_are_joined_by_spaces(void **state) {
  (void)state;
  check("null", "a b  c", "a", "b", "", "c");
  check_list("null", NOTHING, "");
}

static void byte_level(void **state) {
  (void)state;
  check("{'type':'ByteLevel'}", "a b", "a", "\u0120\x62");
  check("{'type':'ByteLevel'}", "\u20AC", "\u00E2\u0124", "\u00AC"); /* a character over two tokens */
  check("{'type':'ByteLevel'}", "\uFFFD\x61", "\u00E2\u0124", "a");  /* one that is cut short */
  check("{'type':'ByteLevel'}", "a\u20AC b", "a", "\u20AC b");        /* outside the alphabet: as it stands */
  check_list("{'type':'ByteLevel'}", NOTHING, "");
}

static void wordpiece(void **state) {
  (void)state;
  check("{'type':'WordPiece','cleanup':false}", "un##a able .", "un##a", "able", ".");
  check("{'type':'WordPiece','cleanup':false}", "unable##", "un", "##able", "####");
  check("{'type':'WordPiece','cleanup':false}", "##a", "##a"); /* the first has nothing to continue */
  check("{'type':'WordPiece','prefix':'@','cleanup':false}", "ab", "a", "@b");
  check("{'type':'WordPiece'}", "a. b? c! d, e", "a", ".", "b", "?", "c", "!", "d", ",", "e");
  check("{'type':'WordPiece'}", "can't I'm it's we've you're don't", "ca", "n't I 'm it 's we 've you 're do not");
}

static void bpe_suffix(void **state) {
  (void)state;
  check("{'type':'BPEDecoder'}", "a bc d", "a</w>", "b", "c</w>", "d</w>");
  check("{'type':'BPEDecoder','suffix':'.'}", "a b", "a.", "b");
  check("{'type':'BPEDecoder','suffix':''}", "ab", "a", "b");
}

static void replacing(void **state) {
  (void)state;
  check("{'type':'Replace','pattern':{'String':'_'},'content':' '}", "a bc ", "a_b", "c_");
  check("{'type':'Replace','pattern':{'Regex':'^a$'},'content':'zz'}", "zzaa", "a", "aa"); /* each token by itself */
  check("{'type':'Replace','pattern':{'String':'a'},'content':'b'}", "b", "", "a");
}

static void fusing_and_stripping(void **state) {
  (void)state;
  check("{'type':'Strip','content':'a','start':1,'stop':2}", "abba", "aab", "baaa", "a");
  check("{'type':'Strip','content':'\u2581','start':9}", "x", "\u2581\u2581x");
  check("{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'Strip','content':'a','start':1}]}", "aba", "a", "a", "ba");
  check_list("{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'Strip','content':'a','start':1}]}", NOTHING, "");
}

static void byte_fallback(void **state) {
  (void)state;
  check("{'type':'ByteFallback'}", "x\u20ACy", "x", "<0xE2>", "<0x82>", "<0xac>", "y");
  check("{'type':'ByteFallback'}", "\uFFFD\uFFFDy", "<0xE2>", "<0x82>", "y"); /* one a byte */
  check("{'type':'ByteFallback'}", "\uFFFD", "<0xFF>");
  check("{'type':'ByteFallback'}", "<0xG0><0x1><0x41 <1x41>", "<0xG0>", "<0x1>", "<0x41 ", "<1x41>");
  check("{'type':'ByteFallback'}", "A\n", "<0x41>", "<0x0A>");
}

static void metaspace(void **state) {
  (void)state;
  check("{'type':'Metaspace'}", "a b", "\u2581\x61", "\u2581\x62");
  check("{'type':'Metaspace','prepend_scheme':'never'}", " a b", "\u2581\x61", "\u2581\x62");
  check("{'type':'Metaspace','add_prefix_space':false,'replacement':'_'}", " a", "_a");
}

static void steps_follow_each_other(void **state) {
  (void)state;
  /* as the files of Llama 2 have it */
  check("{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'\u2581'},'content':' '},"
        "{'type':'ByteFallback'},{'type':'Fuse'},{'type':'Strip','content':' ','start':1,'stop':0}]}",
        "a \u20AC", "\u2581\x61", "\u2581", "<0xE2>", "<0x82>", "<0xAC>");
  check("{'type':'Sequence','decoders':[]}", "ab", "a", "b");
}

static void one_that_is_byte_level_alone_is_known(void **state) {
  (void)state;
  static const struct {
    const char *json;
    bool wanted;
  } cases[] = {{"{'type':'ByteLevel'}", true},
               {"{'type':'Sequence','decoders':[{'type':'ByteLevel'}]}", true},
               {"{'type':'Sequence','decoders':[{'type':'ByteLevel'},{'type':'Fuse'}]}", false},
               {"{'type':'Fuse'}", false},
               {"null", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    json_t *document = quoted(cases[i].json);
    emily__decoder decoder = {0};
    assert_int_equal(emily__decoder_load(document, "test.json", &decoder), EMILY_OK);
    assert_int_equal(emily__decoder_is_byte_level(&decoder), cases[i].wanted);
    emily__decoder_free(&decoder);
    json_decref(document);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_decoder_tokens_are_joined_by_spaces),
      cmocka_unit_test(byte_level),
      cmocka_unit_test(wordpiece),
      cmocka_unit_test(bpe_suffix),
      cmocka_unit_test(replacing),
      cmocka_unit_test(fusing_and_stripping),
      cmocka_unit_test(byte_fallback),
      cmocka_unit_test(metaspace),
      cmocka_unit_test(steps_follow_each_other),
      cmocka_unit_test(one_that_is_byte_level_alone_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
