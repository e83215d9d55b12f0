/* registry.c: the backends by name. The only file that names them. */
#include "backend/backend.h"
#include "backend/cpu/cpu.h"

#include <string.h>

static const emily__backend *const backends[] = {&emily__cpu_backend};

const emily__backend *emily__backend_find(const char *name) {
  for (size_t i = 0; name && i < sizeof backends / sizeof backends[0]; i++)
    if (strcmp(backends[i]->name, name) == 0) return backends[i];
  emily__fail(EMILY_NOT_FOUND, "emily__backend_find", "this build has no backend \"%s\"; it has: cpu",
              name ? name : "(null)");
  return NULL;
}

const emily__backend *emily__backend_default(void) { return backends[0]; }
