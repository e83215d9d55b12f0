/* test_tag.c: spans as Transformers' pipeline gives them, by each way of grouping and in windows; failures. */
#include "../support/folder.h"
#include "../support/pipelines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emily/tag.h"

static const char *const ways[] = {"simple", "none", "first", "average", "max"};

static emily_tagger *load(const char *folder) {
  emily_tagger *t = NULL;
  if (emily_tagger_load(folder, NULL, &t) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return t;
}

static void expect(const emily_tags *tags, size_t text, const json_t *spans) {
  size_t count = json_array_size(spans);
  assert_int_equal(emily_tags_count(tags, text), count);
  assert_null(emily_tags_at(tags, text, count));
  for (size_t i = 0; i < count; i++) {
    const emily_tag_span *got = emily_tags_at(tags, text, i);
    const json_t *want = json_array_get(spans, i);
    assert_string_equal(got->label, pipeline_text(want, "label"));
    assert_string_equal(got->text, pipeline_text(want, "text"));
    assert_int_equal(got->start, pipeline_int(want, "start", -1));
    assert_int_equal(got->end, pipeline_int(want, "end", -1));
    pipeline_score(got->score, want);
  }
}

static emily_tag_options options_of(const json_t *line) {
  emily_tag_options options = EMILY_TAG_OPTIONS_INIT;
  while (strcmp(ways[options.aggregation], pipeline_text(line, "aggregation"))) options.aggregation++;
  options.max_tokens = pipeline_int(line, "max_tokens", 0);
  options.stride = pipeline_int(line, "stride", 0);
  return options;
}

static void pipeline(const char *name, const char *tokenizer) {
  char *folder = pipeline_folder(name, tokenizer);
  emily_tagger *t = load(folder);
  json_t *all = pipeline_answers(name), *line;
  size_t i;
  json_array_foreach(all, i, line) {
    const char *text = pipeline_text(line, "text");
    emily_tag_options options = options_of(line);
    emily_tags *tags;
    assert_int_equal(emily_tag(t, &text, NULL, 1, &options, &tags), EMILY_OK);
    expect(tags, 0, json_object_get(line, "spans"));
    emily_tags_free(tags);
  }
  json_decref(all);
  emily_tagger_release(t);
  folder_remove(folder);
}

static void equals_the_pipeline(void **state) {
  (void)state;
  pipeline("tag_bert", "wordpiece_uncased");
  pipeline("tag_roberta", "bpe_gpt2_roberta");
}

/* All texts of one way at once, and the answer outlives the tagger. */
static void batches_change_nothing(void **state) {
  (void)state;
  char *folder = pipeline_folder("tag_bert", "wordpiece_uncased");
  emily_tagger *t = load(folder);
  json_t *all = pipeline_answers("tag_bert"), *line;
  const char *texts[8];
  const json_t *wanted[8];
  size_t i, count = 0;
  json_array_foreach(all, i, line) {
    if (strcmp(pipeline_text(line, "aggregation"), "first") || json_object_get(line, "max_tokens")) continue;
    texts[count] = pipeline_text(line, "text");
    wanted[count++] = json_object_get(line, "spans");
  }
  assert_true(count > 3);
  emily_tag_options options = EMILY_TAG_OPTIONS_INIT;
  emily_tags *tags;
  options.aggregation = EMILY_TAG_FIRST;
  assert_int_equal(emily_tag(t, texts, NULL, count, &options, &tags), EMILY_OK);
  emily_tagger_release(t);
  for (i = 0; i < count; i++) expect(tags, i, wanted[i]);
  assert_int_equal(emily_tags_count(tags, count), 0);
  emily_tags_free(tags);
  json_decref(all);
  folder_remove(folder);
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  char *folder = pipeline_folder("tag_bert", "wordpiece_uncased"), *other = pipeline_folder("classify_one", "wordpiece_uncased");
  emily_tagger *t = NULL;
  emily_tags *tags = NULL;
  const char *text = "a";
  assert_int_equal(emily_tagger_load(other, NULL, &t), EMILY_UNSUPPORTED);
  t = load(folder);
  emily_tag_options options = EMILY_TAG_OPTIONS_INIT;
  options.aggregation = 5;
  assert_int_equal(emily_tag(t, &text, NULL, 1, &options, &tags), EMILY_INVALID_ARGUMENT);
  options.aggregation = 0;
  options.max_tokens = 2; /* the template alone */
  assert_int_not_equal(emily_tag(t, &text, NULL, 1, &options, &tags), EMILY_OK);
  assert_null(tags);
  emily_tagger_release(t);
  folder_remove(folder);
  folder_remove(other);
}

static emily_status run_and_free(void *tagger) {
  emily_tags *tags = NULL;
  emily_tag_options options = EMILY_TAG_OPTIONS_INIT;
  options.aggregation = EMILY_TAG_AVERAGE, options.max_tokens = 8, options.stride = 2;
  emily_status status = emily_tag(tagger, (const char *const[]){"Ada lives in London and works there", "b"}, NULL, 2, &options, &tags);
  emily_tags_free(tags);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = pipeline_folder("tag_bert", "wordpiece_uncased");
  emily_tagger *t = load(folder);
  assert_true(pipeline_failing(run_and_free, t) > 50);
  emily_tagger_release(t);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_pipeline),
      cmocka_unit_test(batches_change_nothing),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
