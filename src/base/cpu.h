/* cpu.h: what this processor can do, and which level of kernels to use on it.
 *
 * Flags say that the processor has the instructions and that the operating system saves the registers they use (a
 * flag from cpuid alone may lead to an illegal instruction). The level is what the kernel families choose by: the
 * best that the machine has, capped by the environment variable EMILY_CPU=plain|avx2|avx512. Both are found once,
 * on first use, from any thread.
 */
#ifndef EMILY_BASE_CPU_H
#define EMILY_BASE_CPU_H

#include "base/status.h"

enum {
  EMILY__CPU_AVX2 = 1 << 0, /* avx2, fma and f16c together: what the avx2 kernels are built for */
  EMILY__CPU_AVX512F = 1 << 1,
  EMILY__CPU_AVX512BW = 1 << 2,
  EMILY__CPU_AVX512DQ = 1 << 3,
  EMILY__CPU_AVX512VL = 1 << 4,
  EMILY__CPU_AVX512_BF16 = 1 << 5,
  EMILY__CPU_AVX512_VNNI = 1 << 6,
  EMILY__CPU_AVX512_FP16 = 1 << 7,
  EMILY__CPU_AMX_TILE = 1 << 8, /* a process must still ask the kernel for the tile registers before it uses them */
  EMILY__CPU_AMX_BF16 = 1 << 9,
  EMILY__CPU_AMX_INT8 = 1 << 10
};

/* Ordered: each level may use all that the lower ones use. */
typedef enum emily__level {
  EMILY__LEVEL_PLAIN, /* plain C, on any processor */
  EMILY__LEVEL_AVX2,  /* avx2, fma, f16c */
  EMILY__LEVEL_AVX512 /* those, and avx512 f, bw, dq, vl */
} emily__level;

typedef struct emily__cpu {
  char brand[64];                        /* "AMD EPYC 7713"; the architecture's name where there is no brand */
  uint32_t flags;                        /* EMILY__CPU_… */
  emily__level best;                     /* the highest level that the flags allow */
  int64_t l1d_bytes, l2_bytes, l3_bytes; /* of one instance, as the first cpu sees it; 0: unknown */
} emily__cpu;

/* This machine. Never NULL. */
const emily__cpu *emily__cpu_info(void);

/* The level in use: the lower of the machine's best and EMILY_CPU. A value of EMILY_CPU that is no level's name is
 * EMILY_INVALID_ARGUMENT, on every call. */
emily_status emily__cpu_level(emily__level *out);

/* "plain", "avx2", "avx512". */
const char *emily__level_name(emily__level level);

/* The flag's name as in /proc/cpuinfo ("avx512_vnni") for one bit; NULL past the last, so that 0, 1, … list all. */
const char *emily__cpu_flag_name(int bit);

/* The parts, for tests. */
typedef struct emily__cpuid {
  uint32_t max_leaf;
  uint32_t leaf1_ecx, leaf7_ebx, leaf7_ecx, leaf7_edx, leaf7_1_eax;
  uint64_t xcr0; /* register state that the operating system saves; 0 where it does not use xsave */
} emily__cpuid;

uint32_t emily__cpu_flags_from(const emily__cpuid *id);
emily__level emily__cpu_best_level(uint32_t flags);
emily_status emily__cpu_cap_level(const char *wanted, emily__level best,
                                  emily__level *out);           /* wanted: NULL for none */
void emily__cpu_read_caches(const char *root, emily__cpu *cpu); /* root: "" or a folder that stands for "/" */

#endif
