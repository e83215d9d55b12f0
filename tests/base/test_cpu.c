/* test_cpu.c: flags need both cpuid and the operating system; EMILY_CPU caps the level. */
#include "base/cpu.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { FMA = 1 << 12, F16C = 1 << 29, AVX2 = 1 << 5, F = 1 << 16, DQ = 1 << 17, BW = 1 << 30 };
#define VL (1u << 31)

/* A machine with all that emily knows of. */
static emily__cpuid everything(void) {
  return (emily__cpuid){.max_leaf = 7,
                        .leaf1_ecx = FMA | F16C,
                        .leaf7_ebx = AVX2 | F | DQ | BW | VL,
                        .leaf7_ecx = 1 << 11,
                        .leaf7_edx = 1 << 22 | 1 << 23 | 1 << 24 | 1 << 25,
                        .leaf7_1_eax = 1 << 5,
                        .xcr0 = 0x600E7};
}

static void each_flag_has_its_bit(void **state) {
  (void)state;
  emily__cpuid id = everything();
  assert_int_equal(emily__cpu_flags_from(&id), (1 << 11) - 1);
  id.leaf7_ecx = 0;
  assert_int_equal(emily__cpu_flags_from(&id), ((1 << 11) - 1) & ~EMILY__CPU_AVX512_VNNI);
  id.leaf7_1_eax = 0;
  id.leaf7_edx = 1 << 24;
  assert_int_equal(emily__cpu_flags_from(&id), 0x1F | EMILY__CPU_AMX_TILE);
  id.leaf7_edx = 1 << 22; /* amx bf16 without tiles is nothing */
  assert_int_equal(emily__cpu_flags_from(&id), 0x1F);
}

static void the_operating_system_must_save_the_registers(void **state) {
  (void)state;
  emily__cpuid id = everything();
  id.xcr0 = 0xE7; /* no tiles */
  assert_false(emily__cpu_flags_from(&id) & EMILY__CPU_AMX_TILE);
  assert_int_equal(emily__cpu_best_level(emily__cpu_flags_from(&id)), EMILY__LEVEL_AVX512);
  id.xcr0 = 0x67; /* half of the zmm file */
  assert_int_equal(emily__cpu_flags_from(&id), EMILY__CPU_AVX2);
  assert_int_equal(emily__cpu_best_level(emily__cpu_flags_from(&id)), EMILY__LEVEL_AVX2);
  id.xcr0 = 0x3; /* no ymm */
  assert_int_equal(emily__cpu_flags_from(&id), 0);
  id.xcr0 = 0;
  assert_int_equal(emily__cpu_flags_from(&id), 0);
  id = everything();
  id.max_leaf = 6; /* an old processor repeats its last leaf: what leaf 7 then says is noise */
  assert_int_equal(emily__cpu_flags_from(&id), 0);
}

static void a_level_needs_all_its_flags(void **state) {
  (void)state;
  const uint32_t full = 0x1F;
  assert_int_equal(emily__cpu_best_level(full), EMILY__LEVEL_AVX512);
  for (int bit = 1; bit < 5; bit++) assert_int_equal(emily__cpu_best_level(full & ~(1u << bit)), EMILY__LEVEL_AVX2);
  assert_int_equal(emily__cpu_best_level(full & ~EMILY__CPU_AVX2), EMILY__LEVEL_PLAIN);
  emily__cpuid id = everything();
  id.leaf1_ecx = FMA; /* avx2 without f16c: no such kernels */
  assert_int_equal(emily__cpu_best_level(emily__cpu_flags_from(&id)), EMILY__LEVEL_PLAIN);
}

static void the_variable_caps_and_never_raises(void **state) {
  (void)state;
  emily__level level;
  for (int best = EMILY__LEVEL_PLAIN; best <= EMILY__LEVEL_AVX512; best++)
    for (int wanted = EMILY__LEVEL_PLAIN; wanted <= EMILY__LEVEL_AVX512; wanted++) {
      const char *name = emily__level_name((emily__level)wanted);
      assert_int_equal(emily__cpu_cap_level(name, (emily__level)best, &level), EMILY_OK);
      assert_int_equal(level, wanted < best ? wanted : best);
    }
  assert_int_equal(emily__cpu_cap_level(NULL, EMILY__LEVEL_AVX2, &level), EMILY_OK);
  assert_int_equal(level, EMILY__LEVEL_AVX2);
  assert_int_equal(emily__cpu_cap_level("", EMILY__LEVEL_PLAIN, &level), EMILY_OK);
  assert_int_equal(level, EMILY__LEVEL_PLAIN);
}

static void an_unknown_level_is_named(void **state) {
  (void)state;
  emily__level level = EMILY__LEVEL_AVX2;
  assert_int_equal(emily__cpu_cap_level("sse9", EMILY__LEVEL_AVX512, &level), EMILY_INVALID_ARGUMENT);
  assert_int_equal(level, EMILY__LEVEL_AVX2); /* untouched */
  assert_non_null(strstr(emily_last_error()->message, "'sse9'"));
  assert_non_null(strstr(emily_last_error()->message, "plain, avx2 or avx512"));
}

/* In a child, since the level is decided once a process: the exit status says what it saw. */
static int level_with(const char *value) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    emily__level level = EMILY__LEVEL_PLAIN;
    setenv("EMILY_CPU", value, 1);
    emily__cpu_info();
    bool quiet = emily_last_error()->status == EMILY_OK;
    emily_status first = emily__cpu_level(&level), second = emily__cpu_level(&level);
    bool same = first == second && quiet;
    _exit(!same ? 99 : first == EMILY_OK ? (int)level : 50 + emily_last_error()->status);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void this_machine_answers(void **state) {
  (void)state;
  int plain = level_with("plain"), most = level_with("avx512"), wrong = level_with("nonsense");
  const emily__cpu *cpu = emily__cpu_info(); /* only now: the children had to inherit an undecided level */
  assert_true(strlen(cpu->brand) > 0);
  assert_int_equal(cpu->best, emily__cpu_best_level(cpu->flags));
  assert_int_equal(plain, EMILY__LEVEL_PLAIN);
  assert_int_equal(most, cpu->best);
  emily__level level = EMILY__LEVEL_PLAIN, capped = EMILY__LEVEL_PLAIN;
  assert_int_equal(emily__cpu_level(&level), emily__cpu_cap_level(getenv("EMILY_CPU"), cpu->best, &capped));
  assert_int_equal(level, capped);
  assert_int_equal(wrong, 50 + EMILY_INVALID_ARGUMENT);
}

static void flags_have_names(void **state) {
  (void)state;
  int bit = 0;
  while (emily__cpu_flag_name(bit)) bit++;
  assert_int_equal(1 << (bit - 1), EMILY__CPU_AMX_INT8);
  assert_string_equal(emily__cpu_flag_name(6), "avx512_vnni");
  assert_null(emily__cpu_flag_name(-1));
}

static void put_cache(const char *root, int index, const char *level, const char *type, const char *size) {
  char name[128];
  snprintf(name, sizeof name, "sys/devices/system/cpu/cpu0/cache/index%d/level", index);
  folder_puts(root, name, level);
  snprintf(name, sizeof name, "sys/devices/system/cpu/cpu0/cache/index%d/type", index);
  folder_puts(root, name, type);
  snprintf(name, sizeof name, "sys/devices/system/cpu/cpu0/cache/index%d/size", index);
  folder_puts(root, name, size);
}

static void caches_are_read(void **state) {
  (void)state;
  char *root = folder_new();
  emily__cpu cpu = {.l1d_bytes = 7};
  emily__cpu_read_caches(root, &cpu);
  assert_int_equal(cpu.l1d_bytes, 0);
  put_cache(root, 0, "1\n", "Data\n", "32K\n");
  put_cache(root, 1, "1\n", "Instruction\n", "64K\n");
  put_cache(root, 2, "2\n", "Unified\n", "2048K\n");
  put_cache(root, 3, "3\n", "Unified\n", "260M\n");
  emily__cpu_read_caches(root, &cpu);
  assert_int_equal(cpu.l1d_bytes, 32 << 10);
  assert_int_equal(cpu.l2_bytes, 2 << 20);
  assert_int_equal(cpu.l3_bytes, 260 << 20);
  put_cache(root, 2, "2\n", "Unified\n", "-3K\n");
  put_cache(root, 3, "3\n", "Unified\n", "many\n");
  put_cache(root, 0, "1\n", "Data\n", "49152\n");
  emily__cpu_read_caches(root, &cpu);
  assert_int_equal(cpu.l1d_bytes, 48 << 10);
  assert_int_equal(cpu.l2_bytes, 0);
  assert_int_equal(cpu.l3_bytes, 0);
  folder_remove(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(this_machine_answers), /* first: see there */
      cmocka_unit_test(each_flag_has_its_bit),
      cmocka_unit_test(the_operating_system_must_save_the_registers),
      cmocka_unit_test(a_level_needs_all_its_flags),
      cmocka_unit_test(the_variable_caps_and_never_raises),
      cmocka_unit_test(an_unknown_level_is_named),
      cmocka_unit_test(flags_have_names),
      cmocka_unit_test(caches_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
