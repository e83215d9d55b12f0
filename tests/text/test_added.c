/* test_added.c: added tokens: which is found where, the ids they get, files that are wrong. */
#include "text/added.h"
#include "text/parts.h"

typedef struct fixture {
  emily__model *model;
  emily__normalizer normalizer;
  emily__added added;
} fixture;

/* The model has the tokens a (0) and b (1), so that new ones begin at 2. */
static emily_status load(const char *tokens, const char *normalizer, fixture *out) {
  json_t *model = quoted("{'merges':[],'vocab':{'a':0,'b':1}}"), *steps = quoted(normalizer), *list = quoted(tokens);
  *out = (fixture){0};
  assert_int_equal(emily__model_load(model, "test.json", &out->model), EMILY_OK);
  assert_int_equal(emily__normalizer_load(steps, "test.json", &out->normalizer), EMILY_OK);
  emily_status status = emily__added_load(list, "test.json", out->model, &out->normalizer, &out->added);
  json_decref(model);
  json_decref(steps);
  json_decref(list);
  return status;
}

static void unload(fixture *f) {
  emily__added_free(&f->added);
  emily__normalizer_free(&f->normalizer);
  emily__model_free(f->model);
}

/* The pieces of `text` with "|" between them, a token as <id@start-end>. */
static void check_cut(const fixture *f, const emily__trie *trie, const char *text, const char *wanted) {
  emily__text in = {0};
  emily__cut_text cut = {0};
  char out[512] = "";
  size_t at = 0;
  assert_int_equal(emily__text_begin(&in, text, strlen(text)), EMILY_OK);
  assert_int_equal(emily__added_cut(&f->added, trie, &in, 0, in.bytes.count, &cut), EMILY_OK);
  for (size_t i = 0; i < cut.pieces.count; i++) {
    emily__piece p = cut.pieces.data[i];
    at += (size_t)snprintf(out + at, sizeof out - at, "%s", i ? "|" : "");
    if (p.token >= 0) at += (size_t)snprintf(out + at, sizeof out - at, "<%d@%u-%u>", p.token, p.span.start, p.span.end);
    else at += (size_t)snprintf(out + at, sizeof out - at, "%.*s", (int)(p.end - p.start), cut.text.bytes.data + p.start);
  }
  assert_string_equal(out, wanted);
  emily__cut_text_free(&cut);
  emily__text_free(&in);
}

/* Special tokens, which are looked for in the text as it came. */
static void check(const char *tokens, const char *text, const char *wanted) {
  fixture f;
  assert_int_equal(load(tokens, "null", &f), EMILY_OK);
  check_cut(&f, &f.added.raw, text, wanted);
  unload(&f);
}

#define ONE(flags) "[{'content':'<m>','special':true" flags "}]"

static void the_leftmost_and_longest_is_taken(void **state) {
  (void)state;
  const char *tokens = "[{'content':'ab','special':true},{'content':'abc','special':true},{'content':'b','special':true}]";
  check(tokens, "xabcab", "x|<3@1-4>|<2@4-6>");
  check(tokens, "abab", "<2@0-2>|<2@2-4>");
  check(tokens, "bcx", "<1@0-1>|cx"); /* b is the model's */
  check(tokens, "", "");
  check("[]", "abc", "abc");
  check("null", "abc", "abc");
}

static void single_words(void **state) {
  (void)state;
  check(ONE(""), "x<m>y", "x|<2@1-4>|y");
  check(ONE(",'single_word':true"), "x<m>y", "x<m>y");
  check(ONE(",'single_word':true"), "<m>\u00E9", "<m>\u00E9");
  check(ONE(",'single_word':true"), "\u00E9<m>", "\u00E9<m>");
  check(ONE(",'single_word':true"), "<m> <m>.", "<2@0-3>| |<2@4-7>|.");
}

static void spaces_beside_a_token(void **state) {
  (void)state;
  check(ONE(",'lstrip':true"), "a \t\u3000<m> b", "a|<2@1-9>| b");
  check(ONE(",'lstrip':true"), "  <m>", "<2@0-5>");
  check(ONE(",'rstrip':true"), "a <m> \n b", "a |<2@2-8>|b");
  check(ONE(",'rstrip':true"), "<m>  ", "<2@0-5>");
  check(ONE(",'lstrip':true,'rstrip':true"), " <m> <m> ", "<2@0-5>|<2@5-9>");
  /* what the one before has stripped may still begin the next */
  check("[{'content':'<m>','special':true,'rstrip':true},{'content':' x','special':true}]", "<m>  x", "<2@0-5>|<3@4-6>");
}

static void normalized_tokens_are_looked_for_in_normalized_text(void **state) {
  (void)state;
  fixture f;
  assert_int_equal(load("[{'content':'<M>'},{'content':'<S>','special':true},{'content':'<N>','normalized':false}]",
                        "{'type':'Lowercase'}", &f), EMILY_OK);
  check_cut(&f, &f.added.raw, "<M><S><N><n>", "<M>|<3@3-6>|<4@6-9>|<n>");
  check_cut(&f, &f.added.normalized, "<m><s><M>", "<2@0-3>|<s><M>");
  assert_string_equal(emily__added_by_id(&f.added, 2)->content, "<M>");
  assert_string_equal(emily__added_by_id(&f.added, 2)->normalized, "<m>");
  unload(&f);
}

static void a_token_may_normalize_to_nothing(void **state) {
  (void)state;
  fixture f;
  assert_int_equal(load("[{'content':'  '}]", "{'type':'Strip'}", &f), EMILY_OK);
  assert_int_equal(emily__added_by_id(&f.added, 2)->normalized_length, 0);
  check_cut(&f, &f.added.normalized, "a b", "a b");
  unload(&f);
}

static void ids_follow_the_models(void **state) {
  (void)state;
  fixture f; /* the file's own ids are not asked; an empty token is none; a repeated one is as given last */
  assert_int_equal(load("[{'id':90,'content':'x'},{'content':'b','special':true},{'content':''},{'content':'y'},"
                        "{'content':'x','special':true}]", "null", &f), EMILY_OK);
  assert_int_equal(f.added.tokens.count, 3);
  assert_int_equal(emily__added_by_content(&f.added, "x", 1)->id, 2);
  assert_int_equal(emily__added_by_content(&f.added, "b", 1)->id, 1);
  assert_int_equal(emily__added_by_content(&f.added, "y", 1)->id, 3);
  assert_true(emily__added_is_special(&f.added, "x", 1) && emily__added_is_special(&f.added, "b", 1));
  assert_false(emily__added_is_special(&f.added, "y", 1) || emily__added_is_special(&f.added, "a", 1));
  assert_string_equal(emily__added_by_id(&f.added, 3)->content, "y");
  assert_null(emily__added_by_content(&f.added, "xy", 2));
  assert_null(emily__added_by_content(&f.added, "", 0));
  static const int32_t none[] = {0, 4, 90, -1};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) assert_null(emily__added_by_id(&f.added, none[i]));
  unload(&f);
}

static void wrong_files_are_refused(void **state) {
  (void)state;
  static const char *const cases[] = {"{}", "[3]", "[{}]", "[{'content':3}]", "[{'content':'x','special':1}]",
                                      "[{'content':'x','single_word':1}]", "[{'content':'x','lstrip':1}]",
                                      "[{'content':'x','rstrip':'no'}]", "[{'content':'x','normalized':0}]"};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fixture f;
    assert_int_equal(load(cases[i], "null", &f), EMILY_BAD_FORMAT);
    assert_non_null(strstr(emily_last_error()->message, "test.json"));
    unload(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_leftmost_and_longest_is_taken),
      cmocka_unit_test(single_words),
      cmocka_unit_test(spaces_beside_a_token),
      cmocka_unit_test(normalized_tokens_are_looked_for_in_normalized_text),
      cmocka_unit_test(a_token_may_normalize_to_nothing),
      cmocka_unit_test(ids_follow_the_models),
      cmocka_unit_test(wrong_files_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
