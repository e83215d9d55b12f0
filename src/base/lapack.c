/* lapack.c: see lapack.h. */
#include "base/lapack.h"

#include "base/thread.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static emily__lapack_library library;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Its functions are taken by data pointers: an object pointer may not be cast to a function's. */
static void settle_openblas(void) {
  void (*set_threads)(int) = NULL;
  char *(*core)(void) = NULL;
  void *symbol = dlsym(library.handle, "openblas_set_num_threads");
  memcpy(&set_threads, &symbol, sizeof set_threads);
  if (set_threads) set_threads(1);
  symbol = dlsym(library.handle, "openblas_get_corename");
  memcpy(&core, &symbol, sizeof core);
  if (core) snprintf(library.kernels, sizeof library.kernels, "%s", core());
}

static bool try_file(const char *file) {
  sigset_t before;
  emily__signals_block(&before); /* OpenBLAS starts threads as it is loaded */
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!handle) {
    const char *why = dlerror();
    snprintf(library.problem, sizeof library.problem, "%s", why ? why : file);
    return false;
  }
  if (!dlsym(handle, "dgesdd_")) { /* a BLAS alone, or something else */
    snprintf(library.problem, sizeof library.problem, "%s is no LAPACK: it has no dgesdd_", file);
    dlclose(handle);
    return false;
  }
  struct link_map *map = NULL;
  bool known = dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map && map->l_name && map->l_name[0];
  snprintf(library.name, sizeof library.name, "%s", known ? map->l_name : file);
  library.problem[0] = '\0';
  library.handle = handle;
  return true;
}

static void find(void) {
  const char *named = getenv("EMILY_LAPACK");
  if (named && named[0] ? try_file(named) : try_file("libopenblas.so.0") || try_file("liblapack.so.3")) settle_openblas();
}

const emily__lapack_library *emily__lapack_open(void) {
  pthread_once(&once, find);
  return &library;
}
