/* test_tag_spans.c: labels without their marks, and spans of windows that overlap. How tokens are grouped, test_tag.c
 * shows beside the pipeline. */
#include "tasks/tag_spans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void labels_lose_their_marks(void **state) {
  (void)state;
  assert_string_equal(emily__tag_group("B-PER"), "PER");
  assert_string_equal(emily__tag_group("I-PER"), "PER");
  assert_string_equal(emily__tag_group("O"), "O");
  assert_string_equal(emily__tag_group("A-B-C"), "B-C");
}

static void the_longer_or_surer_span_stays(void **state) {
  (void)state;
  /* characters, not bytes: "ééé" is as long as "abc" */
  static const char text[] = "abcdef ghi \xC3\xA9\xC3\xA9\xC3\xA9 xyz";
  emily__tag tags[] = {{7, 10, 1, 0.5f}, {0, 6, 1, 0.2f}, {3, 10, 2, 0.1f}, {0, 6, 2, 0.9f}, {11, 17, 3, 0.4f}, {13, 21, 4, 0.3f}};
  assert_int_equal(emily__tags_without_overlap(text, tags, 6), 2);
  assert_true(tags[0].start == 3 && tags[0].label == 2); /* 7 characters beat 6, and then what lies within */
  assert_true(tags[1].start == 13 && tags[1].label == 4); /* 6 characters beat 3 */
  emily__tag same[] = {{0, 3, 1, 0.2f}, {0, 3, 2, 0.9f}, {0, 3, 3, 0.9f}};
  assert_int_equal(emily__tags_without_overlap(text, same, 3), 1);
  assert_int_equal(same[0].label, 2);
  assert_int_equal(emily__tags_without_overlap(text, NULL, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_lose_their_marks),
      cmocka_unit_test(the_longer_or_surer_span_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
