/* registry.c: the backends by name. The only file that names them. */
#include "backend/backend.h"
#include "backend/cpu/cpu.h"
#include "base/cpu.h"

#include <string.h>

/* NULL with a failure where the machine or the environment (EMILY_CPU) rules the backend out. */
static const emily__backend *cpu(void) {
  emily__level level;
  return emily__cpu_level(&level) == EMILY_OK ? &emily__cpu_backend : NULL;
}

static const struct {
  const char *name;
  const emily__backend *(*find)(void);
} backends[] = {{"cpu", cpu}};

const emily__backend *emily__backend_find(const char *name) {
  for (size_t i = 0; name && i < sizeof backends / sizeof backends[0]; i++)
    if (strcmp(backends[i].name, name) == 0) return backends[i].find();
  emily__fail(EMILY_NOT_FOUND, "emily__backend_find", "this build has no backend \"%s\"; it has: cpu",
              name ? name : "(null)");
  return NULL;
}

const emily__backend *emily__backend_default(void) { return backends[0].find(); }
const emily__backend *emily__backend_host(void) { return &emily__cpu_backend; }
