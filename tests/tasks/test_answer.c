/* test_answer.c: answers as Transformers' pipeline gives them, in windows too; no answer, failures. */
#include "../support/folder.h"
#include "../support/pipelines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/answer.h"

static emily_answerer *load(const char *folder) {
  emily_answerer *a = NULL;
  if (emily_answerer_load(folder, NULL, &a) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return a;
}

static void expect(const emily_answers *answers, size_t question, const json_t *want) {
  size_t count = json_array_size(want);
  assert_int_equal(emily_answers_count(answers, question), count);
  assert_null(emily_answers_at(answers, question, count));
  for (size_t i = 0; i < count; i++) {
    const emily_answer_span *got = emily_answers_at(answers, question, i);
    const json_t *one = json_array_get(want, i);
    assert_string_equal(got->text, pipeline_text(one, "answer"));
    assert_int_equal(got->start, pipeline_int(one, "start", -1));
    assert_int_equal(got->end, pipeline_int(one, "end", -1));
    pipeline_score(got->score, one);
  }
}

static void pipeline(const char *name, const char *tokenizer) {
  char *folder = pipeline_folder(name, tokenizer);
  emily_answerer *a = load(folder);
  json_t *all = pipeline_answers(name), *line;
  size_t i;
  json_array_foreach(all, i, line) {
    const char *question = pipeline_text(line, "question"), *context = pipeline_text(line, "context");
    emily_answer_options options = EMILY_ANSWER_OPTIONS_INIT;
    emily_answers *answers;
    options.top_k = pipeline_int(line, "top_k", 0);
    options.max_tokens = pipeline_int(line, "max_seq_len", 0);
    options.stride = pipeline_int(line, "doc_stride", 0);
    options.max_answer_tokens = pipeline_int(line, "max_answer_len", 0);
    options.allow_none = json_is_true(json_object_get(line, "handle_impossible_answer"));
    assert_int_equal(emily_answer(a, &question, NULL, &context, NULL, 1, &options, &answers), EMILY_OK);
    expect(answers, 0, json_object_get(line, "answers"));
    emily_answers_free(answers);
  }
  json_decref(all);
  emily_answerer_release(a);
  folder_remove(folder);
}

static void equals_the_pipeline(void **state) {
  (void)state;
  pipeline("answer_bert", "wordpiece_uncased");
  pipeline("answer_roberta", "bpe_gpt2_roberta");
}

/* All questions at once, windows of different length and question in one pass, in whatever order. */
static void batches_change_nothing(void **state) {
  (void)state;
  char *folder = pipeline_folder("answer_bert", "wordpiece_uncased");
  emily_answerer *a = load(folder);
  json_t *all = pipeline_answers("answer_bert"), *line;
  const char *questions[8], *contexts[8];
  const json_t *wanted[8];
  size_t i, count = 0;
  json_array_foreach(all, i, line) {
    if (json_object_get(line, "top_k")) continue; /* those that were asked with the defaults */
    questions[count] = pipeline_text(line, "question"), contexts[count] = pipeline_text(line, "context");
    wanted[count++] = json_object_get(line, "answers");
  }
  assert_true(count > 3);
  for (int64_t tokens = 1; tokens <= 10000; tokens *= 100) {
    emily_task_run run = EMILY_TASK_RUN_INIT;
    emily_answer_options options = EMILY_ANSWER_OPTIONS_INIT;
    emily_answers *answers;
    run.batch_tokens = tokens;
    options.run = &run;
    assert_int_equal(emily_answer(a, questions, NULL, contexts, NULL, count, &options, &answers), EMILY_OK);
    for (i = 0; i < count; i++) expect(answers, i, wanted[i]);
    emily_answers_free(answers);
  }
  json_decref(all);
  emily_answerer_release(a);
  folder_remove(folder);
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  char *folder = pipeline_folder("answer_bert", "wordpiece_uncased"), *other = pipeline_folder("classify_one", "wordpiece_uncased");
  char *long_question = calloc(1, 2001);
  emily_answerer *a = NULL;
  emily_answers *answers = NULL;
  const char *question = "who", *context = "", *none = NULL;
  assert_int_equal(emily_answerer_load(other, NULL, &a), EMILY_UNSUPPORTED);
  a = load(folder);
  assert_int_equal(emily_answer(a, &question, NULL, &context, NULL, 1, NULL, &answers), EMILY_OK);
  assert_int_equal(emily_answers_count(answers, 0), 0); /* nothing to answer from */
  assert_null(emily_answers_at(answers, 0, 0));
  emily_answers_free(answers);
  answers = NULL;
  for (int i = 0; i < 1000; i++) memcpy(long_question + 2 * i, "a ", 2);
  question = long_question, context = "Ada wrote it.";
  assert_int_equal(emily_answer(a, &question, NULL, &context, NULL, 1, NULL, &answers), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_answer(a, &question, NULL, &none, NULL, 1, NULL, &answers), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_answer(a, &none, NULL, &context, NULL, 1, NULL, &answers), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_answer(a, &question, NULL, &context, NULL, 1, NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_null(answers);
  free(long_question);
  emily_answerer_release(a);
  folder_remove(folder);
  folder_remove(other);
}

/* Malformed UTF-8 counts as the U+FFFD that stand for it: offsets are of the text so mended. */
static void mends_malformed_text(void **state) {
  (void)state;
  char *folder = pipeline_folder("answer_bert", "wordpiece_uncased");
  emily_answerer *a = load(folder);
  const char *question = "who", *bad = "\xFF\xFE the cat sat", *good = "\xEF\xBF\xBD\xEF\xBF\xBD the cat sat";
  emily_answers *x, *y;
  assert_int_equal(emily_answer(a, &question, NULL, &bad, NULL, 1, NULL, &x), EMILY_OK);
  assert_int_equal(emily_answer(a, &question, NULL, &good, NULL, 1, NULL, &y), EMILY_OK);
  const emily_answer_span *p = emily_answers_at(x, 0, 0), *q = emily_answers_at(y, 0, 0);
  assert_string_equal(p->text, q->text);
  assert_true(p->start == q->start && p->end == q->end && p->end <= 14);
  emily_answers_free(x);
  emily_answers_free(y);
  emily_answerer_release(a);
  folder_remove(folder);
}

static emily_status run_and_free(void *answerer) {
  emily_answers *answers = NULL;
  emily_answer_options options = EMILY_ANSWER_OPTIONS_INIT;
  options.max_tokens = 12, options.stride = 2, options.top_k = 2, options.allow_none = 1;
  const char *question = "who is it", *context = "the cat sat on the mat and the dog did not";
  emily_status status = emily_answer(answerer, &question, NULL, &context, NULL, 1, &options, &answers);
  emily_answers_free(answers);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = pipeline_folder("answer_bert", "wordpiece_uncased");
  emily_answerer *a = load(folder);
  assert_true(pipeline_failing(run_and_free, a) > 50);
  emily_answerer_release(a);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_pipeline),       cmocka_unit_test(batches_change_nothing),
      cmocka_unit_test(refuses_what_does_not_fit), cmocka_unit_test(mends_malformed_text),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
