/* test_sampler.c: each step of sampling by hand, and the draw against the probabilities. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "generate/sampler.h"

enum { VOCAB = 6, DRAWS = 20000 };
static const float logits[VOCAB] = {1, 3, 2, -1, 3, 0};

static emily__sampling plain(void) {
  return (emily__sampling){.sample = true, .temperature = 1, .top_p = 1, .repetition_penalty = 1, .seed = 7};
}

static emily__sampler *new_sampler(emily__sampling sampling) {
  emily__sampler *s = NULL;
  assert_int_equal(emily__sampler_new(&sampling, VOCAB, &s), EMILY_OK);
  return s;
}

/* Draw many times: each token's share must be that of `weights`, within five standard deviations. */
static void expect_shares(emily__sampling sampling, const float *scores, const double *weights) {
  int counts[VOCAB] = {0};
  double total = 0;
  emily__sampler *s = new_sampler(sampling);
  for (int i = 0; i < DRAWS; i++) {
    int32_t token;
    assert_int_equal(emily__sampler_next(s, scores, &token), EMILY_OK);
    counts[token]++;
  }
  emily__sampler_free(s);
  for (int i = 0; i < VOCAB; i++) total += weights[i];
  for (int i = 0; i < VOCAB; i++) {
    double p = weights[i] / total, deviation = sqrt(DRAWS * p * (1 - p));
    if (weights[i] == 0) assert_int_equal(counts[i], 0);
    else assert_true(fabs(counts[i] - DRAWS * p) <= 5 * deviation + 1);
  }
}

static void greedy_takes_the_first_largest(void **state) {
  (void)state;
  emily__sampling sampling = plain();
  sampling.sample = false;
  emily__sampler *s = new_sampler(sampling);
  int32_t token;
  assert_int_equal(emily__sampler_next(s, logits, &token), EMILY_OK);
  assert_int_equal(token, 1);
  emily__sampler_free(s);
}

static void draws_by_softmax(void **state) {
  (void)state;
  double w[VOCAB], hot[VOCAB];
  for (int i = 0; i < VOCAB; i++) w[i] = exp(logits[i]), hot[i] = exp(logits[i] / 2);
  expect_shares(plain(), logits, w);
  emily__sampling sampling = plain();
  sampling.temperature = 2;
  expect_shares(sampling, logits, hot);
}

static void top_k_keeps_equals(void **state) {
  (void)state;
  emily__sampling sampling = plain();
  sampling.top_k = 1; /* 1 and 4 are equal: both stay, as Transformers keeps them */
  expect_shares(sampling, logits, (const double[]){0, 1, 0, 0, 1, 0});
  sampling.top_k = 3;
  expect_shares(sampling, logits, (const double[]){0, exp(3), exp(2), 0, exp(3), 0});
  sampling.top_k = 100;
  expect_shares(sampling, logits, (const double[]){exp(1), exp(3), exp(2), exp(-1), exp(3), 1});
}

static void top_p_keeps_what_reaches_it(void **state) {
  (void)state;
  static const float scores[VOCAB] = {0, -INFINITY, 2, 1, 3, -INFINITY};
  /* of e^3, e^2, e^1, e^0: 0.644, 0.237, 0.087, 0.032 */
  emily__sampling sampling = plain();
  sampling.top_p = 0.6;
  expect_shares(sampling, scores, (const double[]){0, 0, 0, 0, 1, 0});
  sampling.top_p = 0.7;
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), 0, exp(3), 0});
  sampling.top_p = 0.95;
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), exp(1), exp(3), 0});
  sampling.top_p = 0;
  expect_shares(sampling, scores, (const double[]){0, 0, 0, 0, 1, 0});
  sampling.top_p = 0.8, sampling.top_k = 2; /* of the two that top_k left: 0.731, 0.269 */
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), 0, exp(3), 0});
  sampling.top_p = 0.7;
  expect_shares(sampling, scores, (const double[]){0, 0, 0, 0, 1, 0});
}

static void min_p_is_relative_to_the_largest(void **state) {
  (void)state;
  static const float scores[VOCAB] = {0, -INFINITY, 2, 1, 3, -INFINITY};
  emily__sampling sampling = plain();
  sampling.min_p = 0.13; /* e^-2 = 0.135 stays, e^-3 = 0.0498 goes */
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), exp(1), exp(3), 0});
  sampling.min_p = 0.14;
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), 0, exp(3), 0});
  sampling.top_k = 3, sampling.min_p = 0.2;
  expect_shares(sampling, scores, (const double[]){0, 0, exp(2), 0, exp(3), 0});
}

static void penalizes_what_was_seen(void **state) {
  (void)state;
  static const float scores[VOCAB] = {1, 3, 2, -1, -2, -2.5f};
  emily__sampling sampling = plain();
  sampling.sample = false, sampling.repetition_penalty = 2;
  emily__sampler *s = new_sampler(sampling);
  int32_t order[3];
  for (int i = 0; i < 3; i++) assert_int_equal(emily__sampler_next(s, scores, &order[i]), EMILY_OK);
  /* 3 wins, then counts 1.5 and 2 wins, then counts 1 and the other's 1.5 wins */
  assert_true(order[0] == 1 && order[1] == 2 && order[2] == 1);
  emily__sampler_free(s);
  static const float negative[VOCAB] = {-9, -9, -9, -1, -1.5f, -9};
  s = new_sampler(sampling);
  emily__sampler_saw(s, 3); /* -1 counts -2 */
  assert_int_equal(emily__sampler_next(s, negative, &order[0]), EMILY_OK);
  assert_int_equal(order[0], 4);
  emily__sampler_free(s);
}

static void the_seed_decides(void **state) {
  (void)state;
  int32_t runs[3][64];
  for (int r = 0; r < 3; r++) {
    emily__sampling sampling = plain();
    sampling.seed = r == 2 ? 8 : 7;
    emily__sampler *s = new_sampler(sampling);
    for (int i = 0; i < 64; i++) assert_int_equal(emily__sampler_next(s, logits, &runs[r][i]), EMILY_OK);
    emily__sampler_free(s);
  }
  assert_memory_equal(runs[0], runs[1], sizeof runs[0]);
  assert_memory_not_equal(runs[0], runs[2], sizeof runs[0]);
}

static void refuses_logits_that_are_no_numbers(void **state) {
  (void)state;
  float scores[VOCAB] = {0, NAN, 0, 0, 0, 0};
  int32_t token = -5;
  emily__sampler *s = new_sampler(plain());
  assert_int_equal(emily__sampler_next(s, scores, &token), EMILY_BAD_FORMAT);
  for (int i = 0; i < VOCAB; i++) scores[i] = -INFINITY;
  assert_int_equal(emily__sampler_next(s, scores, &token), EMILY_BAD_FORMAT);
  assert_int_equal(token, -5);
  scores[2] = INFINITY; /* takes all */
  assert_int_equal(emily__sampler_next(s, scores, &token), EMILY_OK);
  assert_int_equal(token, 2);
  emily__sampler_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(greedy_takes_the_first_largest), cmocka_unit_test(draws_by_softmax),
      cmocka_unit_test(top_k_keeps_equals),             cmocka_unit_test(top_p_keeps_what_reaches_it),
      cmocka_unit_test(min_p_is_relative_to_the_largest), cmocka_unit_test(penalizes_what_was_seen),
      cmocka_unit_test(the_seed_decides),               cmocka_unit_test(refuses_logits_that_are_no_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
