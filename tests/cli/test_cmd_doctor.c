/* test_cmd_doctor.c: what it tells agrees with the library, and a wrong setting is a problem with a remedy. */
#include "../support/shell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "emily/system.h"

#include <jansson.h>

static json_t *doctor(const char *level, int code) {
  char *saved = getenv("EMILY_CPU") ? strdup(getenv("EMILY_CPU")) : NULL;
  if (level) setenv("EMILY_CPU", level, 1);
  shell r = shell_run("", "doctor", "--json");
  if (saved) setenv("EMILY_CPU", saved, 1);
  else unsetenv("EMILY_CPU");
  free(saved);
  if (r.code != code) fail_msg("exit code %d: %s", r.code, r.out);
  assert_string_equal(r.err, "");
  json_t *object = json_loads(r.out, 0, NULL);
  assert_non_null(object);
  shell_free(&r);
  return object;
}

static void it_tells_what_the_library_sees(void **state) {
  (void)state;
  emily_system_info info = EMILY_SYSTEM_INFO_INIT;
  json_t *object = doctor(NULL, 0), *cpu = json_object_get(object, "cpu"),
         *threads = json_object_get(object, "threads");
  assert_int_equal(emily_system_read(&info), EMILY_OK);
  assert_string_equal(json_string_value(json_object_get(object, "version")), emily_version());
  assert_string_equal(json_string_value(json_object_get(cpu, "brand")), info.cpu_brand);
  assert_string_equal(json_string_value(json_object_get(cpu, "in_use")), info.cpu_level);
  assert_int_equal(json_integer_value(json_object_get(threads, "in_use")), info.threads);
  assert_true(json_is_true(json_object_get(object, "smoke_test")));
  assert_int_equal(json_array_size(json_object_get(object, "problems")), 0);
  json_decref(object);
}

static void a_cap_is_remarked(void **state) {
  (void)state;
  emily_system_info info = EMILY_SYSTEM_INFO_INIT;
  assert_int_equal(emily_system_read(&info), EMILY_OK);
  json_t *object = doctor("plain", 0);
  assert_string_equal(json_string_value(json_object_get(json_object_get(object, "cpu"), "in_use")), "plain");
  assert_true(json_array_size(json_object_get(object, "remarks")) >= 1);
  json_decref(object);
}

static void a_wrong_setting_is_a_problem(void **state) {
  (void)state;
  json_t *object = doctor("best", 1), *problems = json_object_get(object, "problems");
  assert_int_equal(json_array_size(problems), 1);
  assert_non_null(strstr(json_string_value(json_object_get(json_array_get(problems, 0), "text")), "EMILY_CPU=best"));
  assert_non_null(
      strstr(json_string_value(json_object_get(json_array_get(problems, 0), "remedy")), "unset EMILY_CPU"));
  json_decref(object);
}

static void people_read_the_same(void **state) {
  (void)state;
  static const char *const labels[] = {
      "emily ",     "cpu ",    "features ", "kernels ", "caches ",
      "threads ",   "memory ", "blas ",     "lapack ", "cuda ",    "smoke test  matmul and softmax are right",
      "all is well"};
  shell r = shell_run("", "doctor");
  const char *at = r.out;
  assert_int_equal(r.code, 0);
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    at = strstr(at, labels[i]);
    if (!at) fail_msg("no '%s' in its place in %s", labels[i], r.out);
  }
  shell_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_tells_what_the_library_sees),
      cmocka_unit_test(a_cap_is_remarked),
      cmocka_unit_test(a_wrong_setting_is_a_problem),
      cmocka_unit_test(people_read_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
