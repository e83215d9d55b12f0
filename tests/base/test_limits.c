/* test_limits.c: threads = min(affinity, quota rounded up), memory = min(machine, group), each with its reason. */
#include "base/limits.h"

#include "../support/folder.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static char *root_with(const char *cpu_max, const char *memory_max) {
  char *root = folder_new();
  folder_puts(root, "proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  folder_puts(root, "proc/self/cgroup", "0::/a\n");
  folder_puts(root, "proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n");
  folder_puts(root, "sys/fs/cgroup/a/cpu.max", cpu_max);
  folder_puts(root, "sys/fs/cgroup/a/memory.max", memory_max);
  folder_puts(root, "sys/fs/cgroup/a/memory.current", "1073741824\n");
  return root;
}

static void threads_are_the_least_of_both(void **state) {
  (void)state;
  const struct {
    const char *cpu_max;
    int32_t affinity, threads;
  } cases[] = {{"150000 100000\n", 8, 2}, {"150000 100000\n", 1, 1},     {"max 100000\n", 8, 8},
               {"100 100000\n", 8, 1},    {"800000 100000\n", 4, 4},     {"300000 100000\n", 4, 3},
               {"300001 100000\n", 8, 4}, {"9000000000000000 1\n", 6, 6}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emily__limits limits;
    char *root = root_with(cases[i].cpu_max, "max\n");
    emily__limits_read(root, cases[i].affinity, &limits);
    assert_int_equal(limits.threads, cases[i].threads);
    assert_int_equal(limits.affinity, cases[i].affinity);
    folder_remove(root);
  }
}

static void the_reason_is_told(void **state) {
  (void)state;
  emily__limits limits;
  char *root = root_with("150000 100000\n", "4294967296\n");
  emily__limits_read(root, 4, &limits);
  assert_string_equal(limits.threads_reason, "affinity 4, cgroup v2 quota 1.5 at /sys/fs/cgroup/a");
  assert_string_equal(limits.memory_reason,
                      "16.0 GiB, 3.0 GiB available, cgroup v2 limit 4.0 GiB at /sys/fs/cgroup/a");
  folder_puts(root, "sys/fs/cgroup/a/cpu.max", "many\n");
  emily__limits_read(root, 4, &limits);
  assert_string_equal(
      limits.threads_reason,
      "affinity 4, no cgroup quota; /sys/fs/cgroup/a/cpu.max holds 'many', which is no limit: ignored");
  folder_remove(root);
}

static void memory_is_the_least_of_both(void **state) {
  (void)state;
  emily__limits limits;
  char *root = root_with("max\n", "max\n");
  emily__limits_read(root, 1, &limits);
  assert_int_equal(limits.memory_total, 16LL << 30);
  assert_int_equal(limits.memory_available, 8LL << 30);
  folder_puts(root, "sys/fs/cgroup/a/memory.max", "536870912\n"); /* used is more than the limit: nothing left */
  emily__limits_read(root, 1, &limits);
  assert_int_equal(limits.memory_available, 0);
  folder_puts(root, "proc/meminfo", "MemTotal: lots\nMemAvailable: 99999999999999999999999 kB\n");
  emily__limits_read(root, 1, &limits);
  assert_int_equal(limits.memory_total, 0);
  folder_remove(root);
}

static void this_machine_answers(void **state) {
  (void)state;
  emily__limits limits;
  cpu_set_t mask;
  assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
  emily__limits_read("", 0, &limits);
  assert_int_equal(limits.affinity, CPU_COUNT(&mask));
  assert_true(limits.threads >= 1 && limits.threads <= limits.affinity);
  assert_true(limits.memory_total > 0 && limits.memory_available > 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
    if (CPU_ISSET(cpu, &mask)) CPU_SET(cpu, &one);
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  emily__limits_read("", 0, &limits);
  assert_int_equal(limits.threads, 1);
  assert_int_equal(sched_setaffinity(0, sizeof mask, &mask), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_are_the_least_of_both),
      cmocka_unit_test(the_reason_is_told),
      cmocka_unit_test(memory_is_the_least_of_both),
      cmocka_unit_test(this_machine_answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
