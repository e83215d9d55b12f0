/* test_system.c: the public view agrees with what the rooms below know. */
#include "emily/system.h"

#include "base/cpu.h"
#include "base/lapack.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void it_agrees_with_its_sources(void **state) {
  (void)state;
  emily_system_info info = EMILY_SYSTEM_INFO_INIT;
  emily__limits limits;
  emily__level level;
  emily__limits_read("", 0, &limits);
  assert_int_equal(emily_system_read(&info), EMILY_OK);
  assert_string_equal(info.cpu_brand, emily__cpu_info()->brand);
  assert_string_equal(info.cpu_best, emily__level_name(emily__cpu_info()->best));
  if (emily__cpu_level(&level) == EMILY_OK) assert_string_equal(info.cpu_level, emily__level_name(level));
  else assert_string_equal(info.cpu_level, "");
  assert_int_equal(info.threads, limits.threads);
  assert_int_equal(info.affinity, limits.affinity);
  assert_string_equal(info.threads_reason, limits.threads_reason);
  assert_int_equal(info.memory_total, limits.memory_total);
  assert_true((emily__lapack_open()->handle != NULL) == (info.lapack[0] != '\0'));
  if (info.lapack[0]) assert_memory_equal(info.lapack, emily__lapack_open()->name, strlen(emily__lapack_open()->name));
  assert_string_equal(info.lapack_reason, emily__lapack_open()->problem);
  assert_true(info.cuda_driver == 0 || info.cuda_driver >= 1000);
}

static void each_feature_is_named_once(void **state) {
  (void)state;
  emily_system_info info = EMILY_SYSTEM_INFO_INIT;
  assert_int_equal(emily_system_read(&info), EMILY_OK);
  size_t words = info.cpu_features[0] ? 1 : 0, flags = 0;
  for (const char *c = info.cpu_features; *c; c++) words += *c == ' ';
  for (int bit = 0; emily__cpu_flag_name(bit); bit++) {
    bool has = emily__cpu_info()->flags >> bit & 1;
    flags += has;
    if (has) assert_non_null(strstr(info.cpu_features, emily__cpu_flag_name(bit)));
  }
  assert_int_equal(words, flags);
}

static void a_struct_of_no_size_is_refused(void **state) {
  (void)state;
  emily_system_info info = {0};
  assert_int_equal(emily_system_read(&info), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_system_read(NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(info.threads, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_agrees_with_its_sources),
      cmocka_unit_test(each_feature_is_named_once),
      cmocka_unit_test(a_struct_of_no_size_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
