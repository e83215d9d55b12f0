/* emily/system.h: what this machine gives to emily, and why: for diagnosis (`emily doctor`) and for logs.
 *
 *     emily_system_info system = EMILY_SYSTEM_INFO_INIT;
 *     emily_system_read(&system);
 *     … system.cpu_level, system.threads_reason …
 */
#ifndef EMILY_SYSTEM_H
#define EMILY_SYSTEM_H

#include "emily/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct emily_system_info {
  size_t struct_size;        /* set by EMILY_SYSTEM_INFO_INIT */
  char cpu_brand[64];        /* "AMD EPYC 7713"; the architecture where it has no brand */
  char cpu_features[256];    /* those that emily knows and the machine has, spaces between: "avx2+fma+f16c avx512f" */
  char cpu_best[16];         /* the highest level of kernels that the machine has: "plain", "avx2", "avx512" */
  char cpu_level[16];        /* the level in use: EMILY_CPU may lower it; "" where EMILY_CPU names no level */
  int64_t cache_bytes[3];    /* level 1 data, level 2, level 3, of one instance; 0: unknown */
  int32_t affinity;          /* cpus that the calling thread may run on */
  int32_t threads;           /* that and a control group's cpu quota, rounded up, whichever is less */
  char threads_reason[1024]; /* "affinity 4, cgroup v2 quota 1.5 at /sys/fs/cgroup/a" */
  uint64_t memory_total;     /* the machine's, in bytes; 0: unknown */
  uint64_t memory_available; /* what may still be taken, a control group's limit counted; in bytes */
  uint64_t memory_limit;     /* the tightest of the control groups, in bytes; 0: none */
  char memory_reason[1024];  /* "16.0 GiB, 8.2 GiB available, cgroup v1 limit 2.0 GiB at /sys/fs/cgroup/memory" */
  int32_t cuda_driver;       /* the CUDA version that the NVIDIA driver serves, 12040 for 12.4; 0: no libcuda.so.1 */
  int32_t reserved;
  char lapack[320];          /* the LAPACK library that `linalg` ops use, and its kernels: "/usr/lib/x86_64-linux-gnu/libopenblas.so.0
                                (SkylakeX)"; "" where none was found */
  char lapack_reason[512];   /* where none was found: why */
} emily_system_info;
#define EMILY_SYSTEM_INFO_INIT \
  {sizeof(emily_system_info), "", "", "", "", {0, 0, 0}, 0, 0, "", 0, 0, 0, "", 0, 0, "", ""}

/* Looks at the machine anew. Nothing can fail but the struct: EMILY_INVALID_ARGUMENT where struct_size was not set. */
EMILY_API emily_status emily_system_read(emily_system_info *out);

#ifdef __cplusplus
}
#endif
#endif
