/* limits.h: how many threads and how much memory this process may use, and why.
 *
 * Threads: the cpus of the calling thread's affinity mask, or a control group's cpu quota rounded up where that is
 * less. Memory: the machine's, or a control group's limit where that is less. The reasons are kept as text for
 * `emily doctor`. Nothing allocates or fails.
 */
#ifndef EMILY_BASE_LIMITS_H
#define EMILY_BASE_LIMITS_H

#include "base/cgroup.h"

typedef struct emily__limits {
  int32_t threads;           /* at least 1 */
  int32_t affinity;          /* cpus in the mask, at least 1 */
  uint64_t memory_total;     /* the machine's, in bytes; 0: unknown */
  uint64_t memory_available; /* what may still be taken: the machine's, or the rest of the group's limit if less */
  emily__cgroup cgroup;
  char threads_reason[1024]; /* "affinity 4, cgroup v2 quota 1.5 at /sys/fs/cgroup/a" */
  char memory_reason[1024];  /* "16.0 GiB, 8.2 GiB available, cgroup v1 limit 2.0 GiB at /sys/fs/cgroup/memory/a" */
} emily__limits;

/* root: "" for this machine, or a folder that stands for "/". affinity: 0 to ask the system (tests give a number). */
void emily__limits_read(const char *root, int32_t affinity, emily__limits *out);

#endif
