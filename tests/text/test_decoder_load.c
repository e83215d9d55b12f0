/* test_decoder_load.c: what each decoder's settings are when the file leaves them out; settings that are wrong. */
#include "text/decoder_steps.h"
#include "text/parts.h"

static emily__decoder load(const char *json) {
  json_t *document = quoted(json);
  emily__decoder decoder = {0};
  assert_int_equal(emily__decoder_load(document, "test.json", &decoder), EMILY_OK);
  json_decref(document);
  return decoder;
}

static void check_step(const char *json, const char *content, bool flag) {
  emily__decoder decoder = load(json);
  assert_int_equal(decoder.steps.count, 1);
  assert_string_equal(decoder.steps.data[0].content, content);
  assert_int_equal(decoder.steps.data[0].content_length, strlen(content));
  assert_int_equal(decoder.steps.data[0].flag, flag);
  emily__decoder_free(&decoder);
}

static void settings_have_defaults(void **state) {
  (void)state;
  check_step("{'type':'WordPiece'}", "##", true);
  check_step("{'type':'WordPiece','prefix':'','cleanup':false}", "", false);
  check_step("{'type':'BPEDecoder'}", "</w>", false);
  check_step("{'type':'Metaspace'}", "\u2581", true);
  check_step("{'type':'Metaspace','prepend_scheme':'first'}", "\u2581", true);
  check_step("{'type':'Metaspace','prepend_scheme':'never'}", "\u2581", false);
  check_step("{'type':'Metaspace','add_prefix_space':false}", "\u2581", false);
  check_step("{'type':'Metaspace','add_prefix_space':false,'prepend_scheme':'always'}", "\u2581", true);
}

static void sequences_are_flattened(void **state) {
  (void)state;
  emily__decoder decoder = load("{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'Sequence','decoders':["
                                "{'type':'ByteFallback'},{'type':'ByteLevel'}]}]}");
  assert_int_equal(decoder.steps.count, 3);
  assert_true(decoder.present && decoder.steps.data[0].run == emily__decode_fuse &&
              decoder.steps.data[1].run == emily__decode_byte_fallback &&
              decoder.steps.data[2].run == emily__decode_byte_level);
  emily__decoder_free(&decoder);
  decoder = load("null");
  assert_true(!decoder.present && !decoder.steps.count);
}

#define STATUS(json) STATUS_OF(emily__decoder, emily__decoder_load, emily__decoder_free, json)

static void wrong_settings_are_refused(void **state) {
  (void)state;
  assert_int_equal(STATUS("{'type':'CTC'}"), EMILY_UNSUPPORTED);
  assert_int_equal(STATUS("{'type':[]}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','content':'ab','start':1,'stop':0}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','content':'','start':1,'stop':0}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','start':1,'stop':0}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','content':'a','start':-1,'stop':0}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','content':'a','start':0,'stop':-1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Strip','content':'a','start':'1'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','pattern':{'String':'a'}}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','pattern':{'Regex':'('},'content':'a'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Replace','content':'a'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Metaspace','replacement':'ab'}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Metaspace','prepend_scheme':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'WordPiece','cleanup':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'WordPiece','prefix':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'BPEDecoder','suffix':1}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','decoders':{}}"), EMILY_BAD_FORMAT);
  assert_int_equal(STATUS("{'type':'Sequence','decoders':[{'type':'Fuse'},{'type':'x'}]}"), EMILY_UNSUPPORTED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(settings_have_defaults),
      cmocka_unit_test(sequences_are_flattened),
      cmocka_unit_test(wrong_settings_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
