/* cgroup.h: the limits that control groups (containers, systemd slices) put on this process.
 *
 * /proc/self/cgroup says which group of each hierarchy the process is in, /proc/self/mountinfo where the hierarchies
 * are mounted and which part of them is seen there. A limit may stand on any group from the process's own up to the
 * mount's top, so each is read and the tightest counts. Version 1 (a hierarchy a controller) and version 2 (one for
 * all) may both be mounted; both are read. See cgroups(7) and the kernel's admin-guide/cgroup-v2.rst.
 *
 * Nothing here allocates or fails: what cannot be read is no limit, and `note` names a file that made no sense.
 */
#ifndef EMILY_BASE_CGROUP_H
#define EMILY_BASE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

enum { EMILY__CGROUP_PATH_MAX = 512 };

typedef struct emily__cgroup {
  double cpus;                          /* the tightest cpu quota, in cpus; 0: none */
  int cpus_version;                     /* 1 or 2: which kind of hierarchy it is from */
  char cpus_at[EMILY__CGROUP_PATH_MAX]; /* the folder it stands in, without the root */
  uint64_t memory_limit;                /* the tightest memory limit, in bytes; 0: none */
  uint64_t memory_used;                 /* what that group uses now */
  int memory_version;
  char memory_at[EMILY__CGROUP_PATH_MAX];
  char note[EMILY__CGROUP_PATH_MAX + 128]; /* the first file that was there and made no sense; "" for none */
} emily__cgroup;

/* root: "" for this machine, or a folder that stands for "/" (tests). */
void emily__cgroup_read(const char *root, emily__cgroup *out);

#endif
