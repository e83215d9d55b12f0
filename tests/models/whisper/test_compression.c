/* test_compression.c: the ratio that Transformers' _retrieve_compression_ratio gives for the same tokens. */
#include "models/whisper/transcriber.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void equals_transformers(void **state) {
  (void)state;
  int32_t counting[100], same[100];
  for (int i = 0; i < 100; i++) counting[i] = i * 517 % 51865, same[i] = 1000;
  /* len(b) / len(zlib.compress(b)) of two bytes a token, three where the vocabulary has more than 2^16 */
  assert_true(fabs(emily__whisper_compression_ratio(counting, 100, 51865) - 200.0 / 211) < 1e-12);
  assert_true(fabs(emily__whisper_compression_ratio(same, 100, 51865) - 200.0 / 13) < 1e-12);
  assert_true(fabs(emily__whisper_compression_ratio(same, 100, 65536) - 300.0 / 15) < 1e-12);
  assert_true(emily__whisper_compression_ratio(same, 0, 51865) == 0);
}

static void says_when_memory_is_out(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 2; n++) {
    emily__alloc_fail_after(n);
    assert_true(isnan(emily__whisper_compression_ratio((const int32_t[]){1}, 1, 100)));
    emily__alloc_fail_after(0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(equals_transformers), cmocka_unit_test(says_when_memory_is_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
