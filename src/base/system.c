/* system.c: emily/system.h over cpu.h, limits.h and lapack.h, and the look for NVIDIA's driver library. */
#include "emily/system.h"

#include "base/cpu.h"
#include "base/lapack.h"
#include "base/limits.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static void read_cpu(emily_system_info *info) {
  const emily__cpu *cpu = emily__cpu_info();
  emily__level level;
  size_t used = 0;
  snprintf(info->cpu_brand, sizeof info->cpu_brand, "%s", cpu->brand);
  for (int bit = 0; emily__cpu_flag_name(bit) && used < sizeof info->cpu_features; bit++)
    if (cpu->flags >> bit & 1)
      used += (size_t)snprintf(info->cpu_features + used, sizeof info->cpu_features - used, "%s%s", used ? " " : "",
                               emily__cpu_flag_name(bit));
  snprintf(info->cpu_best, sizeof info->cpu_best, "%s", emily__level_name(cpu->best));
  if (emily__cpu_level(&level) == EMILY_OK)
    snprintf(info->cpu_level, sizeof info->cpu_level, "%s", emily__level_name(level));
  info->cache_bytes[0] = cpu->l1d_bytes;
  info->cache_bytes[1] = cpu->l2_bytes;
  info->cache_bytes[2] = cpu->l3_bytes;
}

static void read_limits(emily_system_info *info) {
  emily__limits limits;
  emily__limits_read("", 0, &limits);
  info->affinity = limits.affinity;
  info->threads = limits.threads;
  memcpy(info->threads_reason, limits.threads_reason, sizeof info->threads_reason);
  info->memory_total = limits.memory_total;
  info->memory_available = limits.memory_available;
  info->memory_limit = limits.cgroup.memory_limit;
  memcpy(info->memory_reason, limits.memory_reason, sizeof info->memory_reason);
}

/* The driver's library stays loaded once found: unloading it is not supported by NVIDIA. */
static int32_t cuda_driver(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
  int (*get_version)(int *) = NULL;
  void *symbol = dlsym(library, "cuDriverGetVersion");
  int version = 0;
  memcpy(&get_version, &symbol, sizeof get_version); /* an object pointer may not be cast to a function's */
  return get_version && get_version(&version) == 0 ? version : 0;
}

static void read_lapack(emily_system_info *info) {
  const emily__lapack_library *lapack = emily__lapack_open();
  const char *before = lapack->kernels[0] ? " (" : "", *after = lapack->kernels[0] ? ")" : "";
  if (lapack->handle) snprintf(info->lapack, sizeof info->lapack, "%s%s%s%s", lapack->name, before, lapack->kernels, after);
  snprintf(info->lapack_reason, sizeof info->lapack_reason, "%s", lapack->problem);
}

emily_status emily_system_read(emily_system_info *out) {
  if (!out || out->struct_size < sizeof *out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_system_read",
                       "struct_size is not that of this version: begin with EMILY_SYSTEM_INFO_INIT");
  emily_system_info info = {.struct_size = out->struct_size};
  read_cpu(&info);
  read_limits(&info);
  read_lapack(&info);
  info.cuda_driver = cuda_driver();
  *out = info;
  return EMILY_OK;
}
