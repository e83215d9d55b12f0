/* limits.c: see limits.h. */
#include "base/limits.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Cpus in this thread's mask. The call fails with a mask smaller than the kernel's, so it grows until it fits. */
static int32_t ask_affinity(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  for (int cpus = 1024; cpus <= 1 << 16; cpus *= 4) {
    cpu_set_t *set = CPU_ALLOC((size_t)cpus);
    if (!set) break;
    size_t bytes = CPU_ALLOC_SIZE((size_t)cpus);
    int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return online > 0 ? (int32_t)online : 1;
}

static int32_t round_up(double cpus) {
  if (cpus >= INT32_MAX) return INT32_MAX;
  int32_t whole = (int32_t)cpus;
  return whole < cpus ? whole + 1 : whole;
}

static void read_threads(emily__limits *out) {
  const emily__cgroup *group = &out->cgroup;
  char *reason = out->threads_reason;
  size_t room = sizeof out->threads_reason;
  out->threads = out->affinity;
  int length = snprintf(reason, room, "affinity %d", out->affinity);
  if (group->cpus > 0) {
    int32_t quota = round_up(group->cpus);
    if (quota < out->threads) out->threads = quota;
    length += snprintf(reason + length, room - (size_t)length, ", cgroup v%d quota %.4g at %s", group->cpus_version,
                       group->cpus, group->cpus_at);
  } else {
    length += snprintf(reason + length, room - (size_t)length, ", no cgroup quota");
  }
}

/* "MemTotal:       16310208 kB" */
static uint64_t meminfo_value(const char *line, const char *key) {
  unsigned long long kib;
  size_t length = strlen(key);
  if (strncmp(line, key, length) != 0 || sscanf(line + length, " %llu kB", &kib) != 1) return 0;
  return kib > UINT64_MAX >> 10 ? 0 : (uint64_t)kib << 10;
}

static void read_meminfo(const char *root, emily__limits *out) {
  char path[4096], line[256];
  snprintf(path, sizeof path, "%s/proc/meminfo", root);
  FILE *file = fopen(path, "re");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    uint64_t total = meminfo_value(line, "MemTotal:"), available = meminfo_value(line, "MemAvailable:");
    if (total) out->memory_total = total;
    if (available) out->memory_available = available;
  }
  fclose(file);
}

static void read_memory(const char *root, emily__limits *out) {
  const double gib = 1 << 30;
  const emily__cgroup *group = &out->cgroup;
  read_meminfo(root, out);
  if (out->memory_total && group->memory_limit) {
    uint64_t left = group->memory_limit > group->memory_used ? group->memory_limit - group->memory_used : 0;
    if (left < out->memory_available) out->memory_available = left;
  }
  int length = snprintf(out->memory_reason, sizeof out->memory_reason, "%.1f GiB, %.1f GiB available",
                        (double)out->memory_total / gib, (double)out->memory_available / gib);
  if (group->memory_limit)
    snprintf(out->memory_reason + length, sizeof out->memory_reason - (size_t)length,
             ", cgroup v%d limit %.1f GiB at %s", group->memory_version, (double)group->memory_limit / gib,
             group->memory_at);
}

void emily__limits_read(const char *root, int32_t affinity, emily__limits *out) {
  memset(out, 0, sizeof *out);
  out->affinity = affinity > 0 ? affinity : ask_affinity();
  emily__cgroup_read(root, &out->cgroup);
  read_threads(out);
  read_memory(root, out);
  if (out->cgroup.note[0]) {
    size_t length = strlen(out->threads_reason);
    snprintf(out->threads_reason + length, sizeof out->threads_reason - length, "; %.400s", out->cgroup.note);
  }
}
