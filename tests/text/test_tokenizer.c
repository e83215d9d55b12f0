/* test_tokenizer.c: loading: ids and tokens, files that are wrong, allocations that fail. Each part has a test of its own. */
#include "text/tokenize.h"

#include "base/alloc.h"
#include "base/status.h"

#include <pthread.h>
#include <unistd.h>

/* Every visible character is a token; ids are positions here. */
#define LETTERS "'model':{'type':'BPE','merges':[],'unk_token':'?','vocab':{'?':0,'a':1,'b':2,'c':3,' ':4,'e':5,'1':6,'-':7}}"

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
      {"{'model':{'type':'Unigram','vocab':[],'unk_id':0}}", EMILY_BAD_FORMAT},
      {"{'model':{'type':'x','vocab':[]}}", EMILY_UNSUPPORTED},
      {"{'model':{'type':'BPE','merges':[],'vocab':{'a':-1}}}", EMILY_BAD_FORMAT},
      {"{'version':1," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'normalizer':{'type':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'pre_tokenizer':{'type':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'post_processor':{'type':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'decoder':{'type':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'added_tokens':{}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'truncation':{'max_length':-5}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'truncation':{'max_length':5,'strategy':'x'}," LETTERS "}", EMILY_UNSUPPORTED},
      {"{'truncation':{'max_length':5,'direction':'Up'}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'padding':{'strategy':{'Fixed':'x'}}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'padding':{'pad_id':-1}," LETTERS "}", EMILY_BAD_FORMAT},
      {"{'padding':{'direction':7}," LETTERS "}", EMILY_BAD_FORMAT},
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

static void write_file(const char *folder, const char *name, const char *json) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (const char *c = json; *c; c++) fputc(*c == '\'' ? '"' : *c, file);
  fclose(file);
}

static void remove_file(const char *folder, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(remove(path), 0);
}

/* A folder with another kind of file is told what to do; what stands beside tokenizer.json changes no id. */
static void folders(void **state) {
  (void)state;
  char folder[] = "/tmp/emily-tokenizer-XXXXXX";
  assert_non_null(mkdtemp(folder));
  emily_tokenizer *t = NULL;
  write_file(folder, "spiece.model", "x");
  assert_int_equal(emily_tokenizer_load(folder, &t), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, "spiece.model"));
  assert_non_null(strstr(emily_last_error()->message, "save_pretrained"));
  write_file(folder, "tokenizer.json", "{" LETTERS "}");
  write_file(folder, "tokenizer_config.json", "{'add_bos_token':true,'bos_token':'b','eos_token':{'content':'c'}}");
  assert_int_equal(emily_tokenizer_load(folder, &t), EMILY_OK);
  assert_string_equal(tokens_of(t, "aa"), "a|a");
  emily_tokenizer_release(t);
  remove_file(folder, "spiece.model");
  remove_file(folder, "tokenizer.json");
  remove_file(folder, "tokenizer_config.json");
  assert_int_equal(rmdir(folder), 0);
  assert_int_equal(emily_tokenizer_load("x/spiece.model", &t), EMILY_UNSUPPORTED);
  assert_non_null(strstr(emily_last_error()->message, "tokenizer.json"));
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{" LETTERS "}"), *none = NULL;
  emily_tokenizer_settings settings = EMILY_TOKENIZER_SETTINGS_INIT;
  int32_t id = -1;
  const char *token = NULL;
  size_t length = 9;
  assert_int_equal(emily_tokenizer_load_json(NULL, 0, NULL, &none), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_load_json("{", 1, NULL, &none), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "tokenizer.json")); /* the name that stands for none */
  assert_int_equal(emily_tokenizer_token_to_id(NULL, "a", 1, &id), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_token_to_id(t, NULL, 1, &id), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_id_to_token(NULL, 1, &token, &length), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_id_to_token(t, 1, &token, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_get_settings(NULL, &settings), EMILY_INVALID_ARGUMENT);
  settings.struct_size = 0;
  assert_int_equal(emily_tokenizer_get_settings(t, &settings), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_tokenizer_vocab_size(NULL), 0);
  assert_null(emily_tokenizer_special_ids(NULL, &length));
  assert_int_equal(length, 0);
  assert_false(emily_tokenizer_is_special(NULL, 0));
  assert_null(emily_tokenizer_retain(NULL));
  emily_tokenizer_release(NULL);
  emily_tokenizer_release(t);
}

/* A struct of an older version gets the fields that it has. */
static void settings_fit_the_callers_struct(void **state) {
  (void)state;
  emily_tokenizer *t = make_tokenizer("{'truncation':{'max_length':30},'padding':{'strategy':{'Fixed':8}}," LETTERS "}");
  emily_tokenizer_settings settings = {offsetof(emily_tokenizer_settings, pad_length), 1, 2, 3, 4, 5, 6, 7, 8};
  assert_int_equal(emily_tokenizer_get_settings(t, &settings), EMILY_OK);
  assert_true(settings.max_length == 30 && settings.pad_length == 2 && settings.has_padding == 6);
  settings.struct_size = sizeof settings;
  assert_int_equal(emily_tokenizer_get_settings(t, &settings), EMILY_OK);
  assert_true(settings.pad_length == 8 && settings.has_padding == 1 && settings.struct_size == sizeof settings);
  emily_tokenizer_release(t);
}

/* The text in windows, with offsets in characters. */
static emily_status use_windows(const emily_tokenizer *tokenizer, const char *text) {
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = EMILY_OFFSETS_CHARACTERS;
  options.want_windows = 1;
  options.truncation = EMILY_TRUNCATE_ONLY_FIRST;
  options.max_length = 12;
  options.stride = 3;
  emily_encoding *encoding = NULL;
  EMILY__TRY(emily_tokenizer_encode(tokenizer, text, strlen(text), "B", 1, &options, &encoding));
  bool cut = emily_encoding_window_count(encoding) > 1;
  emily_encoding_free(encoding);
  return cut ? EMILY_OK : EMILY_INTERNAL;
}

static emily_status use_tokenizer(emily_tokenizer *tokenizer) {
  static const char text[] = "The na\xC3\xAFve quick e\xCC\x81\xCC\xA3 <mask> can't 12345 \xE4\xB8\xAD\xF0\x9F\x98\x80!";
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.want_offsets = 1;
  emily_encoding *encoding = NULL;
  emily_detokenizer *stream = NULL;
  char *decoded = NULL;
  const char *part;
  emily_status status = use_windows(tokenizer, text);
  if (status == EMILY_OK) status = emily_tokenizer_encode(tokenizer, text, strlen(text), "B", 1, &options, &encoding);
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

/* The map has no key: its trie is one empty unit. */
static const char unigram_json[] =
    "{'normalizer':{'type':'Sequence','normalizers':[{'type':'Precompiled','precompiled_charsmap':'BAAAAAAAAAA='},{'type':"
    "'Nmt'},{'type':'Prepend','prepend':'_'}]},'pre_tokenizer':{'type':'Metaspace'},'post_processor':{'type':"
    "'TemplateProcessing','single':[{'Sequence':{'id':'A'}}],'pair':[{'Sequence':{'id':'A'}},{'Sequence':{'id':'B'}}],"
    "'special_tokens':{}},'decoder':{'type':'Sequence','decoders':[{'type':'Metaspace'},{'type':'ByteFallback'},{'type':"
    "'Fuse'}]},'model':{'type':'Unigram','unk_id':0,'byte_fallback':true,'vocab':[['?',0],['a',-1],['the',-2],['<0xCC>',-3],"
    "['<0x81>',-3],['e',-4],['\xE2\x96\x81',-2],['i',-2]]}}";

static const char fallback_json[] =
    "{'normalizer':{'type':'Replace','pattern':{'String':' '},'content':'_'},'decoder':{'type':'ByteFallback'},'model':{"
    "'type':'BPE','byte_fallback':true,'fuse_unk':true,'unk_token':'?','merges':['a n','e _'],'vocab':{'?':0,'a':1,'n':2,'e':3,"
    "'_':4,'an':5,'e_':6,'<0xC3>':7,'<0xAF>':8,'<0x71>':9}}}";

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
      cmocka_unit_test(ids_and_tokens),
      cmocka_unit_test(wrong_files_are_refused),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(missing_files_are_named),
      cmocka_unit_test(folders),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(settings_fit_the_callers_struct),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)byte_level_json),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)wordpiece_json),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)unigram_json),
      cmocka_unit_test_prestate(every_allocation_may_fail, (void *)fallback_json),
      cmocka_unit_test(many_threads_share_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
