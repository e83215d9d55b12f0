/* test_logits_steps.c: tokens that are suppressed, at all or at first, and forced ones; a step of a model's own; what none leaves. */
#include "generate/sampler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { VOCAB = 6 };
static const float logits[VOCAB] = {1, 3, 2, -1, 3, 0};

static emily__sampler *sampler_with(const emily__logits_step *steps, size_t count, bool sample) {
  const emily__sampling sampling = {.sample = sample, .temperature = 1, .top_p = 1, .repetition_penalty = 1, .seed = 7};
  emily__sampler *s = NULL;
  assert_int_equal(emily__sampler_new(&sampling, VOCAB, &s), EMILY_OK);
  emily__sampler_steps(s, steps, count);
  return s;
}

static void expect_next(emily__sampler *s, int32_t want) {
  int32_t token = -1;
  assert_int_equal(emily__sampler_next(s, logits, &token), EMILY_OK);
  assert_int_equal(token, want);
}

static void suppressed_tokens_never_come(void **state) {
  (void)state;
  const emily__token_list list = {(const int32_t[]){1, 4, -1, 99}, 4};
  const emily__logits_step step = emily__suppress_tokens(&list);
  emily__sampler *s = sampler_with(&step, 1, false);
  expect_next(s, 2);
  expect_next(s, 2);
  emily__sampler_free(s);
  s = sampler_with(&step, 1, true);
  for (int i = 0; i < 1000; i++) {
    int32_t token;
    assert_int_equal(emily__sampler_next(s, logits, &token), EMILY_OK);
    assert_true(token != 1 && token != 4);
  }
  emily__sampler_free(s);
}

static void only_the_first_is_barred(void **state) {
  (void)state;
  const emily__token_list list = {(const int32_t[]){1}, 1};
  const emily__logits_step step = emily__suppress_first_tokens(&list);
  emily__sampler *s = sampler_with(&step, 1, false);
  expect_next(s, 4);
  expect_next(s, 1);
  emily__sampler_free(s);
}

static void forced_tokens_come_in_their_places(void **state) {
  (void)state;
  const emily__token_list list = {(const int32_t[]){3, -1, 0, 99}, 4};
  const emily__logits_step step = emily__force_tokens(&list);
  emily__sampler *s = sampler_with(&step, 1, false);
  expect_next(s, 3);
  expect_next(s, 1);
  expect_next(s, 0);
  expect_next(s, 1);
  expect_next(s, 1);
  emily__sampler_free(s);
}

/* Sees what was made, not the prompt; comes after the steps before it. */
static void not_twice(const void *self, const int32_t *tokens, size_t count, float *scores, int64_t vocab) {
  assert_int_equal(vocab, VOCAB);
  assert_true(scores[4] == -INFINITY);
  assert_int_equal(*(const size_t *)self, count);
  for (size_t i = 0; i < count; i++) scores[tokens[i]] = -INFINITY;
}

static void a_step_sees_what_was_made(void **state) {
  (void)state;
  size_t count = 0;
  const emily__token_list list = {(const int32_t[]){4}, 1};
  const emily__logits_step steps[] = {emily__suppress_tokens(&list), {not_twice, &count}};
  emily__sampler *s = sampler_with(steps, 2, false);
  emily__sampler_saw(s, 1);
  static const int32_t order[] = {1, 2, 0, 5, 3};
  for (; count < 5; count++) expect_next(s, order[count]);
  int32_t token;
  assert_int_equal(emily__sampler_next(s, logits, &token), EMILY_BAD_FORMAT); /* nothing is left */
  emily__sampler_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(suppressed_tokens_never_come), cmocka_unit_test(only_the_first_is_barred),
      cmocka_unit_test(forced_tokens_come_in_their_places), cmocka_unit_test(a_step_sees_what_was_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
