/* fetch.c: how far ahead of its use a stream of weights is fetched by software. Measured (docs/PERFORMANCE.md):
 * Intel's cores reach their bandwidth only with it, at 2 KiB in every stream; AMD's fetch far streams well by
 * themselves and lose a tenth to it, but stop where so many rows share a piece of the weight that the core computes
 * for long between two loads. */
#include "backend/cpu/kernels.h"
#include "base/cpu.h"

#include <pthread.h>

enum { INTEL_AHEAD = 2048, OTHERS_AHEAD = 512, MANY_ROWS = 5 };

static bool intel;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_maker(void) { intel = strstr(emily__cpu_info()->brand, "Intel") != NULL; }

int64_t emily__fetch_ahead(int64_t m) {
  pthread_once(&once, find_maker);
  if (intel) return INTEL_AHEAD;
  return m >= MANY_ROWS ? OTHERS_AHEAD : 0;
}
