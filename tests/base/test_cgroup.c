/* test_cgroup.c: quotas and memory limits in made-up trees: v1, v2, both, nested, namespaces, garbage. */
#include "base/cgroup.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_CPU_MOUNT "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_MEMORY_MOUNT "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

typedef struct tree {
  char *root;
  emily__cgroup found;
} tree;

static tree *plant(const char *mountinfo, const char *groups) {
  static tree t;
  t.root = folder_new();
  folder_puts(t.root, "proc/self/mountinfo", mountinfo);
  folder_puts(t.root, "proc/self/cgroup", groups);
  return &t;
}

static void look(tree *t) { emily__cgroup_read(t->root, &t->found); }
static void put(tree *t, const char *name, const char *text) { folder_puts(t->root, name, text); }

static void nothing_there_is_no_limit(void **state) {
  (void)state;
  emily__cgroup found;
  char *root = folder_new();
  emily__cgroup_read(root, &found);
  assert_true(found.cpus == 0 && found.memory_limit == 0 && !found.note[0]);
  folder_puts(root, "proc/self/mountinfo", V2_MOUNT); /* but no proc/self/cgroup */
  folder_puts(root, "sys/fs/cgroup/cpu.max", "100000 100000\n");
  emily__cgroup_read(root, &found);
  assert_true(found.cpus == 0);
  folder_remove(root);
}

static void v2_reads_quota_and_memory(void **state) {
  (void)state;
  tree *t = plant(V2_MOUNT, "0::/user.slice/run\n");
  put(t, "sys/fs/cgroup/user.slice/run/cpu.max", "150000 100000\n");
  put(t, "sys/fs/cgroup/user.slice/run/memory.max", "2147483648\n");
  put(t, "sys/fs/cgroup/user.slice/run/memory.current", "1048576\n");
  look(t);
  assert_true(t->found.cpus == 1.5);
  assert_int_equal(t->found.cpus_version, 2);
  assert_string_equal(t->found.cpus_at, "/sys/fs/cgroup/user.slice/run");
  assert_int_equal(t->found.memory_limit, 2147483648);
  assert_int_equal(t->found.memory_used, 1048576);
  assert_string_equal(t->found.memory_at, "/sys/fs/cgroup/user.slice/run");
  folder_remove(t->root);
}

static void v2_takes_the_tightest_of_nested_groups(void **state) {
  (void)state;
  tree *t = plant(V2_MOUNT, "0::/a/b/c\n");
  put(t, "sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  put(t, "sys/fs/cgroup/a/b/cpu.max", "300000 100000\n");
  put(t, "sys/fs/cgroup/a/cpu.max", "50000 20000\n"); /* 2.5, tighter though higher up */
  put(t, "sys/fs/cgroup/a/b/memory.max", "1000000\n");
  put(t, "sys/fs/cgroup/a/memory.max", "3000000\n");
  put(t, "sys/fs/cgroup/x/cpu.max", "1000 100000\n"); /* a neighbour's */
  look(t);
  assert_true(t->found.cpus == 2.5);
  assert_string_equal(t->found.cpus_at, "/sys/fs/cgroup/a");
  assert_int_equal(t->found.memory_limit, 1000000);
  assert_int_equal(t->found.memory_used, 0);
  assert_string_equal(t->found.note, "");
  folder_remove(t->root);
}

static void v2_max_and_a_missing_period(void **state) {
  (void)state;
  tree *t = plant(V2_MOUNT, "0::/\n");
  put(t, "sys/fs/cgroup/cpu.max", "max 100000\n");
  put(t, "sys/fs/cgroup/memory.max", "max\n");
  look(t);
  assert_true(t->found.cpus == 0 && t->found.memory_limit == 0);
  put(t, "sys/fs/cgroup/cpu.max", "400000\n");
  look(t);
  assert_true(t->found.cpus == 4);
  assert_string_equal(t->found.cpus_at, "/sys/fs/cgroup");
  folder_remove(t->root);
}

static void v1_reads_each_hierarchy(void **state) {
  (void)state;
  tree *t = plant(V1_CPU_MOUNT V1_MEMORY_MOUNT, "9:name=systemd:/x\n4:memory:/m/n\n2:cpu,cpuacct:/c/d\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_quota_us", "-1\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/c/d/cpu.cfs_period_us", "100000\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "350000\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
  put(t, "sys/fs/cgroup/memory/m/n/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
  put(t, "sys/fs/cgroup/memory/m/memory.limit_in_bytes", "536870912\n");
  put(t, "sys/fs/cgroup/memory/m/memory.usage_in_bytes", "4096\n");
  look(t);
  assert_true(t->found.cpus == 3.5);
  assert_int_equal(t->found.cpus_version, 1);
  assert_string_equal(t->found.cpus_at, "/sys/fs/cgroup/cpu,cpuacct/c");
  assert_int_equal(t->found.memory_limit, 536870912);
  assert_int_equal(t->found.memory_used, 4096);
  assert_int_equal(t->found.memory_version, 1);
  folder_remove(t->root);
}

static void both_versions_mounted(void **state) {
  (void)state;
  tree *t =
      plant("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" V1_CPU_MOUNT, "2:cpu,cpuacct:/\n0::/u\n");
  put(t, "sys/fs/cgroup/unified/u/cpu.max", "300000 100000\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  look(t);
  assert_true(t->found.cpus == 2);
  assert_int_equal(t->found.cpus_version, 1);
  folder_remove(t->root);
}

/* A container without a cgroup namespace: the path is the host's, the mount shows only the container's part. */
static void a_mount_may_show_only_a_part(void **state) {
  (void)state;
  tree *t = plant("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "2:cpu:/docker/abc/in\n");
  put(t, "sys/fs/cgroup/cpu/in/cpu.cfs_quota_us", "120000\n");
  put(t, "sys/fs/cgroup/cpu/in/cpu.cfs_period_us", "100000\n");
  look(t);
  assert_true(t->found.cpus == 1.2);
  folder_remove(t->root);

  t = plant("32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "2:cpu:/docker/abcdef\n");
  put(t, "sys/fs/cgroup/cpu/cpu.cfs_quota_us",
      "70000\n"); /* abcdef is not within abc: the mount's top is all we have */
  put(t, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  look(t);
  assert_true(t->found.cpus == 0.7);
  folder_remove(t->root);

  t = plant(V2_MOUNT, "0::/../outside\n");
  put(t, "sys/fs/cgroup/cpu.max", "90000 100000\n");
  look(t);
  assert_true(t->found.cpus == 0.9);
  assert_string_equal(t->found.cpus_at, "/sys/fs/cgroup");
  folder_remove(t->root);
}

static void a_mount_point_with_a_space(void **state) {
  (void)state;
  tree *t = plant("30 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n", "0::/\n");
  put(t, "my groups/cpu.max", "100000 100000\n");
  look(t);
  assert_true(t->found.cpus == 1);
  assert_string_equal(t->found.cpus_at, "/my groups");
  folder_remove(t->root);
}

static void garbage_is_ignored_and_named(void **state) {
  (void)state;
  const char *const wrong[] = {"banana\n",     "-5 100000\n", "100000 0\n", "100000 x\n",
                               "1e5 100000\n", "\n",          "0 100000\n"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    tree *t = plant(V2_MOUNT, "0::/a\n");
    put(t, "sys/fs/cgroup/a/cpu.max", wrong[i]);
    put(t, "sys/fs/cgroup/a/memory.max", "12 apples\n");
    put(t, "sys/fs/cgroup/cpu.max", "200000 100000\n");
    look(t);
    assert_true(t->found.cpus == 2);
    assert_true(t->found.memory_limit == 0);
    assert_non_null(strstr(t->found.note, "/sys/fs/cgroup/a/cpu.max holds '"));
    folder_remove(t->root);
  }
  tree *t = plant(V1_CPU_MOUNT V1_MEMORY_MOUNT, "2:cpu,cpuacct:/\n4:memory:/\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "x\n");
  put(t, "sys/fs/cgroup/memory/memory.limit_in_bytes", "-1\n");
  look(t);
  assert_true(t->found.cpus == 0 && t->found.memory_limit == 0);
  assert_non_null(strstr(t->found.note, "cpu.cfs_quota_us holds 'x'"));
  put(t, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
  put(t, "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "0\n");
  look(t);
  assert_true(t->found.cpus == 0);
  assert_non_null(strstr(t->found.note, "cpu.cfs_period_us holds '0'"));
  folder_remove(t->root);
}

static void broken_proc_files_do_no_harm(void **state) {
  (void)state;
  char mountinfo[20000], groups[12000];
  memset(mountinfo, 'x', sizeof mountinfo - 1); /* one line longer than any buffer, then a good one */
  strcpy(mountinfo + 15000, "\n - cgroup2\n - \n1 2 3 - cgroup2 a b\n" V2_MOUNT);
  memset(groups, 'y', sizeof groups - 1);
  strcpy(groups + 10000, "\n::\n0:\n0::/g\n");
  tree *t = plant(mountinfo, groups);
  put(t, "sys/fs/cgroup/g/cpu.max", "100000 100000\n");
  look(t);
  assert_true(t->found.cpus == 1);
  folder_remove(t->root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_there_is_no_limit),
      cmocka_unit_test(v2_reads_quota_and_memory),
      cmocka_unit_test(v2_takes_the_tightest_of_nested_groups),
      cmocka_unit_test(v2_max_and_a_missing_period),
      cmocka_unit_test(v1_reads_each_hierarchy),
      cmocka_unit_test(both_versions_mounted),
      cmocka_unit_test(a_mount_may_show_only_a_part),
      cmocka_unit_test(a_mount_point_with_a_space),
      cmocka_unit_test(garbage_is_ignored_and_named),
      cmocka_unit_test(broken_proc_files_do_no_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
