/* cpu.c: see cpu.h. cpuid and xgetbv on x86, cache sizes from /sys. Leaf and bit numbers are from the Intel Software
 * Developer's Manual, volume 2A (CPUID), and volume 1, chapter 13 (XCR0).
 */
#include "base/cpu.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

enum {                      /* bits of XCR0 */
       STATE_YMM = 0x6,     /* xmm and ymm */
       STATE_ZMM = 0xE6,    /* those, the mask registers and both halves of the zmm file */
       STATE_TILE = 0x60000 /* tile configuration and data */
};

static const char *const flag_names[] = {"avx2+fma+f16c", "avx512f",     "avx512bw",    "avx512dq",
                                         "avx512vl",      "avx512_bf16", "avx512_vnni", "avx512_fp16",
                                         "amx_tile",      "amx_bf16",    "amx_int8"};
static const char *const level_names[] = {"plain", "avx2", "avx512"};

static struct {
  pthread_once_t once;
  emily__cpu cpu;
  emily_status level_status;
  emily__level level;
  emily__error level_error;
} machine = {.once = PTHREAD_ONCE_INIT};

static bool has(uint32_t word, int bit) { return word >> bit & 1; }
static bool saves(const emily__cpuid *id, uint64_t state) { return (id->xcr0 & state) == state; }

static uint32_t avx512_flags(const emily__cpuid *id) {
  uint32_t flags = 0;
  if (!saves(id, STATE_ZMM) || !has(id->leaf7_ebx, 16)) return 0;
  flags |= EMILY__CPU_AVX512F;
  if (has(id->leaf7_ebx, 17)) flags |= EMILY__CPU_AVX512DQ;
  if (has(id->leaf7_ebx, 30)) flags |= EMILY__CPU_AVX512BW;
  if (has(id->leaf7_ebx, 31)) flags |= EMILY__CPU_AVX512VL;
  if (has(id->leaf7_ecx, 11)) flags |= EMILY__CPU_AVX512_VNNI;
  if (has(id->leaf7_edx, 23)) flags |= EMILY__CPU_AVX512_FP16;
  if (has(id->leaf7_1_eax, 5)) flags |= EMILY__CPU_AVX512_BF16;
  return flags;
}

static uint32_t amx_flags(const emily__cpuid *id) {
  uint32_t flags = EMILY__CPU_AMX_TILE;
  if (!saves(id, STATE_TILE) || !has(id->leaf7_edx, 24)) return 0;
  if (has(id->leaf7_edx, 22)) flags |= EMILY__CPU_AMX_BF16;
  if (has(id->leaf7_edx, 25)) flags |= EMILY__CPU_AMX_INT8;
  return flags;
}

uint32_t emily__cpu_flags_from(const emily__cpuid *id) {
  if (id->max_leaf < 7) return 0;
  uint32_t flags = avx512_flags(id) | amx_flags(id);
  bool fma = has(id->leaf1_ecx, 12), f16c = has(id->leaf1_ecx, 29), avx2 = has(id->leaf7_ebx, 5);
  if (saves(id, STATE_YMM) && avx2 && fma && f16c) flags |= EMILY__CPU_AVX2;
  return flags;
}

emily__level emily__cpu_best_level(uint32_t flags) {
  const uint32_t avx512 =
      EMILY__CPU_AVX2 | EMILY__CPU_AVX512F | EMILY__CPU_AVX512BW | EMILY__CPU_AVX512DQ | EMILY__CPU_AVX512VL;
  if ((flags & avx512) == avx512) return EMILY__LEVEL_AVX512;
  return flags & EMILY__CPU_AVX2 ? EMILY__LEVEL_AVX2 : EMILY__LEVEL_PLAIN;
}

emily_status emily__cpu_cap_level(const char *wanted, emily__level best, emily__level *out) {
  if (!wanted || !*wanted) {
    *out = best;
    return EMILY_OK;
  }
  for (int level = EMILY__LEVEL_PLAIN; level <= EMILY__LEVEL_AVX512; level++) {
    if (strcmp(wanted, level_names[level]) != 0) continue;
    *out = (emily__level)level < best ? (emily__level)level : best;
    return EMILY_OK;
  }
  return emily__fail(EMILY_INVALID_ARGUMENT, "EMILY_CPU",
                     "the environment variable EMILY_CPU is '%.64s'; set it to plain, avx2 or avx512, or unset it",
                     wanted);
}

const char *emily__level_name(emily__level level) { return level_names[level]; }

const char *emily__cpu_flag_name(int bit) {
  return bit >= 0 && bit < (int)(sizeof flag_names / sizeof *flag_names) ? flag_names[bit] : NULL;
}

#if defined(__x86_64__) || defined(__i386__)
static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); /* needs no compiler flag, unlike the intrinsic */
  return (uint64_t)high << 32 | low;
}

static void read_cpuid(emily__cpuid *id) {
  uint32_t a, b, c, d;
  *id = (emily__cpuid){.max_leaf = __get_cpuid_max(0, NULL)};
  if (__get_cpuid(1, &a, &b, &c, &d)) id->leaf1_ecx = c;
  if (has(id->leaf1_ecx, 27)) id->xcr0 = read_xcr0(); /* bit 27: the operating system uses xsave */
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
  uint32_t max_subleaf = a;
  id->leaf7_ebx = b;
  id->leaf7_ecx = c;
  id->leaf7_edx = d;
  if (max_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) id->leaf7_1_eax = a;
}

static void read_brand(char brand[64]) {
  uint32_t words[13] = {0}; /* three leaves of 16 bytes, and the end */
  for (uint32_t leaf = 0; leaf < 3; leaf++) {
    uint32_t *w = words + 4 * leaf;
    if (!__get_cpuid(0x80000002u + leaf, &w[0], &w[1], &w[2], &w[3])) break;
  }
  const char *text = (const char *)words;
  size_t length = strlen(text += strspn(text, " "));
  while (length > 0 && text[length - 1] == ' ') length--;
  snprintf(brand, 64, "%.*s", (int)length, text);
}
#else
static void read_cpuid(emily__cpuid *id) { *id = (emily__cpuid){0}; }
static void read_brand(char brand[64]) { brand[0] = '\0'; }
#endif

static bool read_cache_file(const char *root, int index, const char *what, char *text, int size) {
  char path[4200];
  snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu0/cache/index%d/%s", root, index, what);
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool ok = fgets(text, size, file) != NULL;
  fclose(file);
  if (ok) text[strcspn(text, "\n")] = '\0';
  return ok;
}

/* "32K", "260M" or plain bytes; 0 for anything else. */
static int64_t parse_cache_size(const char *text) {
  char *end;
  long long n = strtoll(text, &end, 10);
  if (end == text || n < 0 || n > 1 << 30) return 0;
  if (strcmp(end, "K") == 0) return n << 10;
  if (strcmp(end, "M") == 0) return n << 20;
  return *end ? 0 : n;
}

void emily__cpu_read_caches(const char *root, emily__cpu *cpu) {
  char level[32], type[32], size[32];
  cpu->l1d_bytes = cpu->l2_bytes = cpu->l3_bytes = 0;
  for (int index = 0; index < 16; index++) {
    if (!read_cache_file(root, index, "level", level, sizeof level)) break;
    if (!read_cache_file(root, index, "type", type, sizeof type) || strcmp(type, "Instruction") == 0) continue;
    if (!read_cache_file(root, index, "size", size, sizeof size)) continue;
    int64_t bytes = parse_cache_size(size);
    if (strcmp(level, "1") == 0) cpu->l1d_bytes = bytes;
    if (strcmp(level, "2") == 0) cpu->l2_bytes = bytes;
    if (strcmp(level, "3") == 0) cpu->l3_bytes = bytes;
  }
}

static void find_machine(void) {
  emily__cpuid id;
  emily__cpu *cpu = &machine.cpu;
  read_cpuid(&id);
  cpu->flags = emily__cpu_flags_from(&id);
  cpu->best = emily__cpu_best_level(cpu->flags);
  read_brand(cpu->brand);
  struct utsname system;
  if (!cpu->brand[0] && uname(&system) == 0) snprintf(cpu->brand, sizeof cpu->brand, "%.60s", system.machine);
  emily__cpu_read_caches("", cpu);
  emily__error before; /* a failure found here is this module's, not yet the caller's */
  emily__error_save(&before);
  machine.level_status = emily__cpu_cap_level(getenv("EMILY_CPU"), cpu->best, &machine.level);
  if (machine.level_status != EMILY_OK) emily__error_save(&machine.level_error);
  emily__error_restore(&before);
}

const emily__cpu *emily__cpu_info(void) {
  pthread_once(&machine.once, find_machine);
  return &machine.cpu;
}

emily_status emily__cpu_level(emily__level *out) {
  pthread_once(&machine.once, find_machine);
  if (machine.level_status != EMILY_OK) return emily__error_restore(&machine.level_error);
  *out = machine.level;
  return EMILY_OK;
}
