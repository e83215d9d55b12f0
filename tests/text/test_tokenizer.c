/* test_tokenizer.c: loading: each kind of part by hand-computed cases, files that are wrong, allocations that fail. */
#include "text/tokenize.h"

#include "base/alloc.h"

#include <pthread.h>

/* Every visible character is a token; ids are positions here. */
#define LETTERS "'model':{'type':'BPE','merges':[],'unk_token':'?','vocab':{'?':0,'a':1,'b':2,'c':3,' ':4,'e':5,'1':6,'-':7}}"

static void normalizers(void **state) {
  (void)state;
  check_tokens("{'normalizer':{'type':'Lowercase'}," LETTERS "}", "AB", "a|b");
  check_tokens("{'normalizer':{'type':'NFD'}," LETTERS "}", "\xC3\xA9", "e|?");
  check_tokens("{'normalizer':{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'}]}," LETTERS "}",
               "\xC3\xA9", "e");
  check_tokens("{'normalizer':{'type':'NFC'}," LETTERS "}", "e\xCC\x81\x65", "?|e");
  check_tokens("{'normalizer':{'type':'NFKC'}," LETTERS "}", "\xEF\xBC\x91\xC2\xB9", "1|1");
  check_tokens("{'normalizer':{'type':'Strip','strip_left':true,'strip_right':false}," LETTERS "}", "  a ", "a| ");
  check_tokens("{'normalizer':{'type':'Prepend','prepend':'b'}," LETTERS "}", "a", "b|a");
  check_tokens("{'normalizer':{'type':'Prepend','prepend':'b'}," LETTERS "}", "", "");
  check_tokens("{'normalizer':{'type':'Replace','pattern':{'String':'aa'},'content':'b'}," LETTERS "}", "aaac", "b|a|c");
  check_tokens("{'normalizer':{'type':'Replace','pattern':{'Regex':'a+'},'content':'b'}," LETTERS "}", "aaac", "b|c");
  check_tokens("{'normalizer':{'type':'BertNormalizer','lowercase':true,'strip_accents':null}," LETTERS "}",
               "\x01\xC3\x89\t\xE4\xB8\xAD", "e| | |?| ");
  check_tokens("{'normalizer':{'type':'BertNormalizer','lowercase':false,'strip_accents':null,'clean_text':false,"
               "'handle_chinese_chars':false}," LETTERS "}", "\xC3\x89", "?");
}

/* The pieces show by a suffix that ends each. */
#define PIECES "'model':{'type':'WordPiece','max_input_chars_per_word':0,'vocab':{'[UNK]':0}}"

static void check_pieces(const char *pre_tokenizer, const char *text, size_t wanted) {
  char json[1024];
  snprintf(json, sizeof json, "{'pre_tokenizer':%s," PIECES "}", pre_tokenizer);
  emily_tokenizer *tokenizer = make_tokenizer(json);
  emily_encoding *encoding = NULL;
  assert_int_equal(emily_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, NULL, &encoding), EMILY_OK);
  assert_int_equal(emily_encoding_count(encoding), wanted);
  emily_encoding_free(encoding);
  emily_tokenizer_release(tokenizer);
}

static void pre_tokenizers(void **state) {
  (void)state;
  check_pieces("null", "the final", 1);
  check_pieces("{'type':'Whitespace'}", "it's  3.5", 6);
  check_pieces("{'type':'WhitespaceSplit'}", " it's  3.5 ", 2);
  check_pieces("{'type':'BertPreTokenizer'}", "it's  3.5", 6);
  check_pieces("{'type':'Digits','individual_digits':true}", "ab123", 4);
  check_pieces("{'type':'Digits','individual_digits':false}", "ab123", 2);
  check_pieces("{'type':'ByteLevel','add_prefix_space':false}", "it's a  b", 5);
  check_pieces("{'type':'Metaspace','replacement':'\xE2\x96\x81'}", "a b", 2);
#define SPLIT(behavior, invert) "{'type':'Split','pattern':{'String':'-'},'behavior':'" behavior "','invert':" invert "}"
  check_pieces(SPLIT("Removed", "false"), "the-final--countdown", 3);
  check_pieces(SPLIT("Isolated", "false"), "the-final--countdown", 6);
  check_pieces(SPLIT("MergedWithPrevious", "false"), "the-final--countdown", 4);
  check_pieces(SPLIT("MergedWithNext", "false"), "the-final--countdown", 4);
  check_pieces(SPLIT("Contiguous", "false"), "the-final--countdown", 5);
  check_pieces(SPLIT("Removed", "true"), "the-final--countdown", 3);
}

#define ADDED(flags) "{'added_tokens':[{'content':'ab'," flags "}]," LETTERS "}"

static void added_tokens(void **state) {
  (void)state;
  check_tokens(ADDED("'special':true"), "cabc ab", "c|ab|c| |ab");
  check_tokens(ADDED("'special':true,'single_word':true"), "cabc ab", "c|a|b|c| |ab");
  check_tokens(ADDED("'special':true,'lstrip':true"), "c \t ab c", "c|ab| |c");
  check_tokens(ADDED("'special':true,'rstrip':true"), "c ab \n c", "c| |ab|c");
  check_tokens("{'normalizer':{'type':'Lowercase'},'added_tokens':[{'content':'AB','normalized':true}]," LETTERS "}",
               "cabAB", "c|AB|AB");
  check_tokens("{'normalizer':{'type':'Lowercase'},'added_tokens':[{'content':'AB','normalized':false}]," LETTERS "}",
               "cabAB", "c|a|b|AB");
  check_tokens("{'added_tokens':[{'content':'ab'},{'content':'abc'},{'content':'b'}]," LETTERS "}", "abcab", "abc|ab");
}

static void ids_and_tokens(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{'added_tokens':[{'content':'b','special':true},{'content':'<x>','special':true},"
                                      "{'content':'<y>'}]," LETTERS "}");
  int32_t id = -1;
  assert_int_equal(emily_tokenizer_vocab_size(t), 10);
  assert_int_equal(emily_tokenizer_token_to_id(t, "<x>", 3, &id), EMILY_OK);
  assert_int_equal(id, 8);
  assert_int_equal(emily_tokenizer_token_to_id(t, "b", 1, &id), EMILY_OK);
  assert_int_equal(id, 2);
  assert_int_equal(emily_tokenizer_token_to_id(t, "zz", 2, &id), EMILY_NOT_FOUND);
  assert_true(emily_tokenizer_is_special(t, 2) && emily_tokenizer_is_special(t, 8));
  assert_false(emily_tokenizer_is_special(t, 9) || emily_tokenizer_is_special(t, 0) || emily_tokenizer_is_special(t, -1));
  size_t count = 0, length = 0;
  const int32_t *special = emily_tokenizer_special_ids(t, &count);
  assert_int_equal(count, 2);
  assert_true(special[0] == 2 && special[1] == 8);
  const char *token = NULL;
  assert_int_equal(emily_tokenizer_id_to_token(t, 10, &token, &length), EMILY_NOT_FOUND);
  assert_int_equal(emily_tokenizer_id_to_token(t, -1, &token, &length), EMILY_NOT_FOUND);
  emily_tokenizer_release(t);
}

static void wrong_files_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *json;
    emily_status status;
  } cases[] = {
      {"[]", EMILY_BAD_FORMAT},
      {"{}", EMILY_BAD_FORMAT},
      {"{'model':7}", EMILY_BAD_FORMAT},
      {"{'version':'2.0'," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'model':{'type':'Unigram','vocab':[]}}", EMILY_UNSUPPORTED},
      {"{'model':{'type':'BPE','merges':[],'vocab':[]}}", EMILY_BAD_FORMAT},
      {"{'model':{'type':'BPE','merges':[],'vocab':{'a':-1}}}", EMILY_BAD_FORMAT},
      {"{'model':{'type':'BPE','merges':[],'vocab':{'a':99999999}}}", EMILY_BAD_FORMAT},
      {"{'model':{'type':'BPE','merges':[],'vocab':{'a':1.5}}}", EMILY_BAD_FORMAT},
      {"{'model':{'type':'BPE','merges':[],'vocab':{'a':'1'}}}", EMILY_BAD_FORMAT},
      {"{'normalizer':{'type':'Precompiled','precompiled_charsmap':''}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'normalizer':5," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'normalizer':{'type':'Prepend'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'normalizer':{'type':'Replace','pattern':'a','content':'b'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'normalizer':{'type':'Replace','pattern':{'Regex':'('},'content':'b'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'pre_tokenizer':{'type':'UnicodeScripts'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'pre_tokenizer':{'type':'Split','pattern':{'String':'a'}}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'pre_tokenizer':{'type':'Split','pattern':{'String':'a'},'behavior':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'pre_tokenizer':{'type':'CharDelimiterSplit','delimiter':'ab'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'pre_tokenizer':{'type':'Metaspace','prepend_scheme':'x'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'post_processor':{'type':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'post_processor':{'type':'BertProcessing','cls':['a',1]}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'post_processor':{'type':'BertProcessing','cls':['a'],'sep':['b',1]}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'post_processor':{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'x','type_id':0}}],'pair':[]},"
       LETTERS "}", EMILY_BAD_FORMAT},
      {"{'post_processor':{'type':'TemplateProcessing','single':[{'Sequence':{'id':'C','type_id':0}}],'pair':[]},"
       LETTERS "}", EMILY_BAD_FORMAT},
      {"{'post_processor':{'type':'TemplateProcessing','single':[{'Sequence':{'id':'A','type_id':-1}}],'pair':[]},"
       LETTERS "}", EMILY_BAD_FORMAT},
      {"{'decoder':{'type':'CTC'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'decoder':{'type':'Strip','content':'ab','start':1,'stop':0}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'decoder':{'type':'Strip','content':'a','start':-1,'stop':0}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'decoder':{'type':'Replace','pattern':{'String':'a'}}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'added_tokens':{}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'added_tokens':[{'content':3}]," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'added_tokens':[{'content':'x','lstrip':3}]," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'truncation':{'max_length':-5}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'truncation':{'max_length':5,'strategy':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'truncation':{'max_length':5,'direction':'Up'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'padding':{'strategy':{'Fixed':'x'}}," LETTERS "}", EMILY_BAD_FORMAT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    emily_tokenizer *tokenizer = NULL;
    emily_status status = try_tokenizer(cases[i].json, &tokenizer);
    if (status != cases[i].status) print_message("%s\n", cases[i].json);
    assert_int_equal(status, cases[i].status);
    assert_null(tokenizer);
  }
}

static void deep_nesting_is_refused(void **state) {
  (void)state;
  static const char *const kinds[][2] = {{"normalizer", "normalizers"}, {"pre_tokenizer", "pretokenizers"},
                                         {"post_processor", "processors"}, {"decoder", "decoders"}};
  for (size_t k = 0; k < 4; k++) {
    char json[16384];
    size_t at = (size_t)snprintf(json, sizeof json, "{%s,'%s':", LETTERS, kinds[k][0]);
    for (int i = 0; i < 200; i++)
      at += (size_t)snprintf(json + at, sizeof json - at, "{'type':'Sequence','%s':[", kinds[k][1]);
    for (int i = 0; i < 200; i++) at += (size_t)snprintf(json + at, sizeof json - at, "]}");
    snprintf(json + at, sizeof json - at, "}");
    emily_tokenizer *tokenizer = NULL;
    assert_int_equal(try_tokenizer(json, &tokenizer), EMILY_BAD_FORMAT);
    assert_non_null(strstr(emily_last_error()->message, "too deeply"));
  }
}

static void missing_files_are_named(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = NULL;
  assert_int_equal(emily_tokenizer_load("/nonexistent", &tokenizer), EMILY_NOT_FOUND);
  assert_int_equal(emily_tokenizer_load("/", &tokenizer), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "tokenizer.json"));
  assert_int_equal(emily_tokenizer_load(NULL, &tokenizer), EMILY_INVALID_ARGUMENT);
}

static emily_status use_tokenizer(emily_tokenizer *tokenizer) {
  static const char text[] = "The na\xC3\xAFve quick e\xCC\x81\xCC\xA3 <mask> can't 12345 \xE4\xB8\xAD\xF0\x9F\x98\x80!";
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = 1;
  emily_encoding *encoding = NULL;
  emily_detokenizer *stream = NULL;
  char *decoded = NULL;
  const char *part;
  emily_status status = emily_tokenizer_encode(tokenizer, text, strlen(text), "B", 1, &options, &encoding);
  size_t count = emily_encoding_count(encoding);
  const int32_t *ids = emily_encoding_ids(encoding);
  if (status == EMILY_OK) status = emily_tokenizer_decode(tokenizer, ids, count, true, &decoded, NULL);
  if (status == EMILY_OK) status = emily_detokenizer_new(tokenizer, false, &stream);
  for (size_t i = 0; i < count && status == EMILY_OK; i++) status = emily_detokenizer_push(stream, ids[i], &part, NULL);
  if (status == EMILY_OK) status = emily_detokenizer_flush(stream, &part, NULL);
  emily_detokenizer_free(stream);
  emily_string_free(decoded);
  emily_encoding_free(encoding);
  return status;
}

/* Each allocation of loading, encoding and decoding fails once: an error, no leak, no crash. (jansson's own are left
 * out: version 2.14 asserts that some of them succeed.)
 * One whose failure changes nothing (PCRE2's compiler for machine code is only faster) may pass. */
static void every_allocation_may_fail(void **state) {
  const char *json = *state;
  char *text = strdup(json);
  for (char *c = text; *c; c++)
    if (*c == '\'') *c = '"';
  int64_t live = emily__alloc_live(), failed = 0;
  for (int64_t n = 1;; n++) {
    emily_tokenizer *tokenizer = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_tokenizer_load_json(text, strlen(text), "test.json", &tokenizer);
    if (status == EMILY_OK) status = use_tokenizer(tokenizer);
    bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    emily_tokenizer_release(tokenizer);
    assert_int_equal(emily__alloc_live(), live);
    if (!reached) {
      assert_int_equal(status, EMILY_OK);
      break;
    }
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    failed += status != EMILY_OK;
  }
  assert_true(failed > 50);
  free(text);
}

static const char byte_level_json[] =
    "{'normalizer':{'type':'Sequence','normalizers':[{'type':'NFC'},{'type':'Replace','pattern':{'Regex':'q+'},"
    "'content':'k'}]},'pre_tokenizer':{'type':'Sequence','pretokenizers':[{'type':'Split','pattern':{'Regex':"
    "'\\\\p{N}|[^\\\\s]+'},'behavior':'MergedWithPrevious'},{'type':'ByteLevel','add_prefix_space':true}]},"
    "'post_processor':{'type':'RobertaProcessing','cls':['a',1],'sep':['b',2]},'decoder':{'type':'ByteLevel'},"
    "'added_tokens':[{'content':'<mask>','lstrip':true,'normalized':true},{'content':'</s>','special':true}],"
    "'truncation':{'max_length':30},'padding':{'strategy':'BatchLongest','pad_to_multiple_of':4}," LETTERS "}";

static const char wordpiece_json[] =
    "{'normalizer':{'type':'BertNormalizer'},'pre_tokenizer':{'type':'BertPreTokenizer'},'post_processor':{'type':"
    "'TemplateProcessing','single':[{'Sequence':{'id':'A','type_id':0}}],'pair':[{'SpecialToken':{'id':'c','type_id':0}},"
    "{'Sequence':{'id':'A','type_id':0}},{'Sequence':{'id':'B','type_id':1}}],'special_tokens':{'c':{'id':'c','ids':[1],"
    "'tokens':['c']}}},'decoder':{'type':'Sequence','decoders':[{'type':'WordPiece','prefix':'##','cleanup':true},"
    "{'type':'Replace','pattern':{'String':'a'},'content':'b'},{'type':'ByteFallback'},{'type':'Fuse'},{'type':'Strip',"
    "'content':' ','start':1,'stop':0}]},'model':{'type':'WordPiece','vocab':{'[UNK]':0,'the':1,'##e':2,'n':3,'##a':4}}}";

static void *encode_many(void *tokenizer) {
  for (int i = 0; i < 50; i++)
    if (use_tokenizer(tokenizer) != EMILY_OK) return tokenizer;
  return NULL;
}

static void many_threads_share_one(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = make_tokenizer(byte_level_json);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, encode_many, tokenizer), 0);
  for (int i = 0; i < 4; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  emily_tokenizer_release(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normalizers),
      cmocka_unit_test(pre_tokenizers),
      cmocka_unit_test(added_tokens),
      cmocka_unit_test(ids_and_tokens),
      cmocka_unit_test(wrong_files_are_refused),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(missing_files_are_named),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)byte_level_json),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)wordpiece_json),
      cmocka_unit_test(many_threads_share_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
