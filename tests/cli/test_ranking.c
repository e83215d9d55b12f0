/* test_ranking.c: the best few, best first. */
#include "cli/ranking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

/* Adds passages of these scores, named a, b, c, … */
static void check(size_t most, const double *scores, size_t count, const char *wanted) {
  cli_ranking ranking = {.most = most};
  for (size_t i = 0; i < count; i++) {
    char name[2] = {(char)('a' + i), '!'};
    assert_int_equal(cli_ranking_add(&ranking, scores[i], i + 1, name, 1), EMILY_OK);
    name[0] = '?'; /* the ranking has its own copy */
  }
  assert_int_equal(ranking.hits.count, strlen(wanted));
  for (size_t i = 0; i < ranking.hits.count; i++) {
    const cli_hit *hit = &ranking.hits.data[i];
    assert_true(hit->text[0] == wanted[i] && hit->text[1] == '\0' && hit->length == 1);
    assert_int_equal(hit->line, (uint64_t)(wanted[i] - 'a' + 1));
  }
  cli_ranking_free(&ranking);
}

#define CHECK(most, wanted, ...) check(most, (double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double), wanted)

static void the_best_come_first(void **state) {
  (void)state;
  CHECK(3, "bda", 0.5, 0.9, 0.1, 0.7);
  CHECK(9, "cba", 1, 2, 3);
  CHECK(1, "c", 1, 2, 3, 0);
  CHECK(0, "", 1, 2);
}

static void of_equal_scores_the_earlier_line_goes_first(void **state) {
  (void)state;
  CHECK(4, "bcad", 1, 2, 2, 1);
  CHECK(2, "ab", 1, 1, 1);
}

static void no_number_is_no_hit_where_there_are_others(void **state) {
  (void)state;
  CHECK(2, "bc", 1, 3, 2, (double)NAN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_best_come_first),
      cmocka_unit_test(of_equal_scores_the_earlier_line_goes_first),
      cmocka_unit_test(no_number_is_no_hit_where_there_are_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
