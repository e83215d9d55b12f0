/* test_kernels.c: which table of kernels a process gets, and that no member is missing at any level. */
#include "backend/cpu/kernels.h"

#include "base/cpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* The level that a fresh process has under a value of EMILY_CPU: the table is chosen once. */
static int level_under(const char *value) {
  const pid_t child = fork();
  if (child == 0) {
    if (value) setenv("EMILY_CPU", value, 1);
    else unsetenv("EMILY_CPU");
    const char *level = emily__cpu_kernels_get()->level;
    for (int i = 0; i <= EMILY__LEVEL_AVX512; i++)
      if (strcmp(level, emily__level_name((emily__level)i)) == 0) _exit(i);
    _exit(99);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void the_best_that_the_machine_has_capped_by_the_variable(void **state) {
  (void)state;
  /* before this process looks at the machine itself: children would inherit what it found */
  const int unset = level_under(NULL), plain = level_under("plain"), avx2 = level_under("avx2");
  const int avx512 = level_under("avx512"), wrong = level_under("fastest");
  const int best = (int)emily__cpu_info()->best;
  assert_int_equal(unset, best);
  assert_int_equal(plain, EMILY__LEVEL_PLAIN);
  assert_int_equal(avx2, best < EMILY__LEVEL_AVX2 ? best : EMILY__LEVEL_AVX2);
  assert_int_equal(avx512, best);
  assert_int_equal(wrong, EMILY__LEVEL_PLAIN);
}

static void levels_beyond_the_machine_are_refused(void **state) {
  (void)state;
  emily__cpu_kernels kernels;
  for (int i = 0; i <= EMILY__LEVEL_AVX512; i++)
    assert_int_equal(emily__cpu_kernels_at(emily__level_name((emily__level)i), &kernels),
                     i <= (int)emily__cpu_info()->best);
  assert_false(emily__cpu_kernels_at("fastest", &kernels));
}

/* A level may leave quantized rows of some number of bits, or of some format of blocks, to the plain way, and says so by NULL. */
static bool may_be_missing(size_t at) {
  const size_t blocks = offsetof(emily__cpu_kernels, block);
  if (at >= blocks && at < blocks + sizeof((emily__cpu_kernels *)0)->block) return true; /* every_format_of_blocks_is_read looks there */
  return at >= offsetof(emily__cpu_kernels, quant_rows_int) && at <= offsetof(emily__cpu_kernels, quant_rows_e4m3);
}

/* After the name and the two sizes of a tile, which are set too, all members are pointers. */
static void no_member_is_missing(void **state) {
  (void)state;
  emily__cpu_kernels kernels;
  for (int i = 0; i <= (int)emily__cpu_info()->best; i++) {
    assert_true(emily__cpu_kernels_at(emily__level_name((emily__level)i), &kernels));
    assert_string_equal(kernels.level, emily__level_name((emily__level)i));
    for (size_t at = 0; at < sizeof kernels; at += sizeof(void *)) {
      uintptr_t word;
      memcpy(&word, (const char *)&kernels + at, sizeof word);
      if (!word && !may_be_missing(at)) fail_msg("%s has nothing at %zu", kernels.level, at);
    }
  }
}

/* The numbers of formats have gaps; each that is a format is unpacked at every level. */
static void every_format_of_blocks_is_read(void **state) {
  (void)state;
  emily__cpu_kernels kernels;
  int formats = 0;
  for (int i = 0; i <= (int)emily__cpu_info()->best; i++) {
    assert_true(emily__cpu_kernels_at(emily__level_name((emily__level)i), &kernels));
    for (int32_t id = 0; id < EMILY__BLOCK_IDS; id++) {
      assert_int_equal(kernels.block[id].unpack != NULL, emily__block_format_of(id) != NULL);
      formats += kernels.block[id].unpack != NULL;
    }
  }
  assert_int_equal(formats, 11 * ((int)emily__cpu_info()->best + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          the_best_that_the_machine_has_capped_by_the_variable), /* first: forks before a table is chosen */
      cmocka_unit_test(levels_beyond_the_machine_are_refused),
      cmocka_unit_test(no_member_is_missing),
      cmocka_unit_test(every_format_of_blocks_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
