/* test_postprocessor.c: templates over one or two sequences, spans without their spaces. */
#include "text/parts.h"
#include "text/postprocessor.h"

#define BERT "{'type':'BertProcessing','cls':['[',50],'sep':[']',60]}"
#define ROBERTA "{'type':'RobertaProcessing','cls':['[',50],'sep':[']',60]}"
#define TEMPLATE(single, pair) \
  "{'type':'TemplateProcessing','single':[" single "],'pair':[" pair "],'special_tokens':{'x':{'id':'x','ids':[70,71]}}}"
#define A(type) "{'Sequence':{'id':'A','type_id':" #type "}}"
#define B(type) "{'Sequence':{'id':'B','type_id':" #type "}}"
#define X(type) "{'SpecialToken':{'id':'x','type_id':" #type "}}"

/* One sequence of ids 1 and 2, or with a second of 3: type 0 and 1, as encoding leaves them. */
static emily__parts sequences(int count) {
  emily__parts parts = {0};
  for (int i = 0; i < count; i++) {
    assert_true(emily__vec_push(&parts.list, (emily__part){0}));
    for (int j = 0; j < (i ? 1 : 2); j++) {
      emily__out_token token = {2 * i + j + 1, i, {(uint32_t)j, (uint32_t)j + 1}, i, 0, false, 0, 0};
      assert_true(emily__vec_push(&parts.list.data[i].tokens, token));
    }
  }
  return parts;
}

static emily__postprocessor load(const char *json) {
  json_t *document = quoted(json);
  emily__postprocessor post = {0};
  assert_int_equal(emily__postprocessor_load(document, "test.json", &post), EMILY_OK);
  json_decref(document);
  return post;
}

static emily_status run(const char *json, bool special, emily__parts *parts) {
  emily__postprocessor post = load(json);
  emily_status status = emily__postprocessor_run(&post, special, parts);
  emily__postprocessor_free(&post);
  return status;
}

/* Every token as id:type, special ones with a star. */
static void check(const char *json, int count, bool special, const char *wanted) {
  emily__parts parts = sequences(count);
  char out[256] = "";
  size_t at = 0;
  assert_int_equal(run(json, special, &parts), EMILY_OK);
  for (size_t i = 0; i < parts.list.count; i++) {
    for (size_t j = 0; j < parts.list.data[i].tokens.count; j++) {
      emily__out_token t = parts.list.data[i].tokens.data[j];
      at += (size_t)snprintf(out + at, sizeof out - at, "%s%d:%d%s", at ? " " : "", t.id, t.type_id, t.special ? "*" : "");
    }
  }
  assert_string_equal(out, wanted);
  emily__parts_free(&parts);
}

static void fixed_forms(void **state) {
  (void)state;
  check("null", 2, true, "1:0 2:0 3:1");
  check(BERT, 1, true, "50:0* 1:0 2:0 60:0*");
  check(BERT, 2, true, "50:0* 1:0 2:0 60:0* 3:1 60:1*");
  check(BERT, 2, false, "1:0 2:0 3:1");
  check(ROBERTA, 1, true, "50:0* 1:0 2:0 60:0*");
  check(ROBERTA, 2, true, "50:0* 1:0 2:0 60:0* 60:0* 3:0 60:0*");
  check(ROBERTA, 2, false, "1:0 2:0 3:0");
}

static void templates(void **state) {
  (void)state;
  check(TEMPLATE(X(4) "," A(5), A(0) "," B(1)), 1, true, "70:4* 71:4* 1:5 2:5");
  check(TEMPLATE(X(4) "," A(5), A(0) "," B(1)), 1, false, "1:5 2:5"); /* the types hold all the same */
  check(TEMPLATE(A(0), B(6) "," X(0) "," A(7)), 2, true, "3:6 70:0* 71:0* 1:7 2:7");
  check(TEMPLATE(A(0) "," A(1), A(0)), 1, true, "1:0 2:0 1:1 2:1");
  check(TEMPLATE("", ""), 1, true, "");
}

static void steps_run_in_order(void **state) {
  (void)state;
  check("{'type':'Sequence','processors':[{'type':'ByteLevel'}," BERT "]}", 1, true, "50:0* 1:0 2:0 60:0*");
  check("{'type':'Sequence','processors':[" TEMPLATE(A(3), A(0) "," B(0)) "," BERT "]}", 1, true, "50:0* 1:0 2:0 60:0*");
  check("{'type':'Sequence','processors':[]}", 1, true, "1:0 2:0");
}

static void what_has_no_meaning_is_refused(void **state) {
  (void)state;
  emily__parts parts = sequences(1);
  assert_int_equal(run(TEMPLATE(A(0) "," B(0), A(0)), true, &parts), EMILY_BAD_FORMAT);
  assert_int_equal(parts.list.count, 1); /* as it was */
  assert_int_equal(run("{'type':'Sequence','processors':[" BERT "," BERT "]}", true, &parts), EMILY_UNSUPPORTED);
  emily__parts_free(&parts);
}

static void special_tokens_are_counted(void **state) {
  (void)state;
  emily__postprocessor post = load("{'type':'Sequence','processors':[{'type':'ByteLevel'}," ROBERTA "]}");
  assert_int_equal(emily__postprocessor_added(&post, false), 2);
  assert_int_equal(emily__postprocessor_added(&post, true), 4);
  emily__postprocessor_free(&post);
  post = load(TEMPLATE(X(0) "," A(0) "," X(0), A(0)));
  assert_int_equal(emily__postprocessor_added(&post, false), 4);
  assert_int_equal(emily__postprocessor_added(&post, true), 0);
  emily__postprocessor_free(&post);
}

/* The span of a token with that string, the first or second of its text, after the step. */
static void check_trimmed(const char *json, const char *token, int at, uint32_t from, uint32_t to, uint32_t start,
                          uint32_t end) {
  emily__postprocessor post = load(json);
  emily__parts parts = sequences(1);
  emily__out_token *out = &parts.list.data[0].tokens.data[at];
  out->span = (emily__span){from, to};
  if (emily__postprocessor_trims(&post)) emily__token_spaces(token, strlen(token), out);
  assert_int_equal(emily__postprocessor_run(&post, false, &parts), EMILY_OK);
  emily__span span = parts.list.data[0].tokens.data[at].span;
  assert_int_equal(span.start, start);
  assert_int_equal(span.end, end);
  emily__parts_free(&parts);
  emily__postprocessor_free(&post);
}

#define SPACE "\u0120" /* GPT-2's letter for a space */

static void spans_lose_their_spaces(void **state) {
  (void)state;
  check_trimmed("{'type':'ByteLevel'}", SPACE "ab", 1, 1, 4, 2, 4);
  check_trimmed("{'type':'ByteLevel'}", "ab" SPACE SPACE, 1, 1, 5, 1, 3);
  check_trimmed("{'type':'ByteLevel'}", SPACE SPACE, 1, 1, 3, 3, 3); /* nothing but spaces: empty, at their end */
  check_trimmed("{'type':'ByteLevel'}", "\u010A", 1, 3, 4, 3, 4);    /* a line feed stays */
  check_trimmed("{'type':'ByteLevel'}", " \u3000x", 1, 3, 8, 7, 8);  /* an added token with spaces in it */
  check_trimmed("{'type':'ByteLevel','trim_offsets':false}", SPACE "ab", 0, 0, 3, 0, 3);
  check_trimmed(ROBERTA, SPACE "ab", 1, 5, 8, 6, 8);
  check_trimmed("{'type':'RobertaProcessing','trim_offsets':false,'cls':['',0],'sep':['',0]}", SPACE "ab", 1, 5, 8, 5, 8);
  check_trimmed(BERT, SPACE "ab", 1, 5, 8, 5, 8);
}

/* The space that ByteLevel put before the first word has no place in the text. */
static void a_first_space_may_have_been_put_there(void **state) {
  (void)state;
  check_trimmed("{'type':'ByteLevel'}", SPACE "ab", 0, 0, 2, 0, 2);
  check_trimmed("{'type':'ByteLevel','add_prefix_space':false}", SPACE "ab", 0, 0, 3, 1, 3);
  check_trimmed("{'type':'ByteLevel'}", SPACE SPACE "ab", 0, 0, 4, 2, 4); /* of two, neither was */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fixed_forms),
      cmocka_unit_test(templates),
      cmocka_unit_test(steps_run_in_order),
      cmocka_unit_test(what_has_no_meaning_is_refused),
      cmocka_unit_test(special_tokens_are_counted),
      cmocka_unit_test(spans_lose_their_spaces),
      cmocka_unit_test(a_first_space_may_have_been_put_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
