/* test_post_ends.c: bos and eos as tokenizer_config.json wants them. */
#include "text/parts.h"
#include "text/post_ends.h"

#define A "{'Sequence':{'id':'A','type_id':0}}"
#define B "{'Sequence':{'id':'B','type_id':1}}"
#define S "{'SpecialToken':{'id':'s','type_id':0}}"
#define E "{'SpecialToken':{'id':'e','type_id':0}}"
#define TEMPLATE(single, pair, more)                                                                   \
  "{'type':'TemplateProcessing','single':[" single "],'pair':[" pair "],'special_tokens':{'s':{'ids':[1]}," \
  "'e':{'ids':[2]}" more "}}"

static void put_ids(const emily__postprocessor *post, const emily__template *template, char *out) {
  for (size_t i = 0; i < template->pieces.count; i++) {
    const emily__template_piece *piece = &template->pieces.data[i];
    char text[32];
    int value = piece->sequence < 0 ? post->ids.data[piece->first_id] : 'A' + piece->sequence;
    snprintf(text, sizeof text, piece->sequence < 0 ? "%d:%d " : "%c:%d ", value, piece->type_id);
    strcat(out, text);
  }
}

/* The templates for one text and for two, "|" between them. */
static void check(const char *json, emily__post_ends ends, const char *wanted) {
  json_t *document = quoted(json);
  emily__postprocessor post = {0};
  char out[256] = "";
  assert_int_equal(emily__postprocessor_load(document, "test", &post), EMILY_OK);
  assert_int_equal(emily__postprocessor_set_ends(&post, ends), EMILY_OK);
  for (size_t i = 0; i < post.steps.count; i++) {
    if (!post.steps.data[i].has_template) continue;
    put_ids(&post, &post.steps.data[i].single, out);
    strcat(out, "| ");
    put_ids(&post, &post.steps.data[i].pair, out);
  }
  assert_string_equal(out, wanted);
  emily__postprocessor_free(&post);
  json_decref(document);
}

static void ends_are_put_where_they_lack(void **state) {
  (void)state;
  check("null", (emily__post_ends){1, 2, EMILY__WITH, EMILY__WITHOUT}, "1:0 A:0 | 1:0 A:0 1:1 B:1 ");
  check("{'type':'ByteLevel'}", (emily__post_ends){1, 2, EMILY__WITH, EMILY__WITH}, "1:0 A:0 2:0 | 1:0 A:0 2:0 1:1 B:1 2:1 ");
  check(TEMPLATE(S "," A, S "," A "," S "," B, ""), (emily__post_ends){1, 2, EMILY__AS_FILE, EMILY__WITH},
        "1:0 A:0 2:0 | 1:0 A:0 2:0 1:1 B:1 2:1 ");
}

static void and_taken_where_they_are_not_wanted(void **state) {
  (void)state;
  check(TEMPLATE(S "," A "," E, A, ""), (emily__post_ends){1, 2, EMILY__WITHOUT, EMILY__AS_FILE}, "A:0 2:0 | A:0 2:0 B:1 2:1 ");
  check(TEMPLATE(S "," A, A, ""), (emily__post_ends){1, -1, EMILY__WITHOUT, EMILY__WITHOUT}, "A:0 | A:0 B:1 ");
}

static void what_agrees_stays_as_it_is(void **state) {
  (void)state;
  check(TEMPLATE(S "," A, A "," S "," B, ""), (emily__post_ends){1, 2, EMILY__WITH, EMILY__WITHOUT}, "1:0 A:0 | A:0 1:0 B:1 ");
  check("null", (emily__post_ends){1, 2, EMILY__WITHOUT, EMILY__WITHOUT}, "");
  check("null", (emily__post_ends){-1, -1, EMILY__WITH, EMILY__WITH}, ""); /* without a token there is none to put */
}

static void other_templates_stay(void **state) {
  (void)state;
  emily__post_ends ends = {1, 2, EMILY__WITHOUT, EMILY__WITHOUT};
  check(TEMPLATE(S ",{'SpecialToken':{'id':'x'}}," A, A, ",'x':{'ids':[9]}"), ends, "1:0 9:0 A:0 | A:0 ");
  check("{'type':'BertProcessing','cls':['s',1],'sep':['e',2]}", ends, "1:0 A:0 2:0 | 1:0 A:0 2:0 B:1 2:1 ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ends_are_put_where_they_lack), cmocka_unit_test(and_taken_where_they_are_not_wanted),
      cmocka_unit_test(what_agrees_stays_as_it_is),   cmocka_unit_test(other_templates_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
