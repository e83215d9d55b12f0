/* kernels.c: see kernels.h and kernels.def. */
#include "backend/cpu/kernels.h"

#include "base/cpu.h"

#include <pthread.h>
#include <string.h>

enum { LEVEL_plain = EMILY__LEVEL_PLAIN, LEVEL_avx2 = EMILY__LEVEL_AVX2, LEVEL_avx512 = EMILY__LEVEL_AVX512 };

static const struct {
  int level;
  void (*fill)(emily__cpu_kernels *);
} families[] = {
#define KERNELS(level, family) {LEVEL_##level, emily__cpu_kernels_##level##_##family},
#include "backend/cpu/kernels.def"
#undef KERNELS
};

static emily__cpu_kernels in_use;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(emily__level level, emily__cpu_kernels *out) {
  *out = (emily__cpu_kernels){.level = emily__level_name(level)};
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (families[i].level <= (int)level) families[i].fill(out);
}

/* A wrong EMILY_CPU is refused where the backend is first asked for; whoever gets here regardless works in plain C.
 */
static void choose(void) {
  emily__level level;
  emily__error before;
  emily__error_save(&before);
  if (emily__cpu_level(&level) != EMILY_OK) {
    emily__error_restore(&before);
    level = EMILY__LEVEL_PLAIN;
  }
  fill(level, &in_use);
}

const emily__cpu_kernels *emily__cpu_kernels_get(void) {
  pthread_once(&once, choose);
  return &in_use;
}

bool emily__cpu_kernels_at(const char *level, emily__cpu_kernels *out) {
  for (int i = EMILY__LEVEL_PLAIN; i <= (int)emily__cpu_info()->best; i++) {
    if (strcmp(level, emily__level_name((emily__level)i)) != 0) continue;
    fill((emily__level)i, out);
    return true;
  }
  return false;
}
