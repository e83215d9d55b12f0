/* lapack.c: see lapack.h. */
#include "backend/cpu/lapack.h"

#include "base/lapack.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static emily__lapack routines;
static const char *missing; /* the first routine that the library does not have */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Where each routine goes. Function pointers have the size of the object pointers that dlsym gives. */
static const struct {
  const char *name;
  size_t offset;
} symbols[] = {
#define AT(name, member) {name, offsetof(emily__lapack, member)}
#define KINDS(routine) AT("s" #routine "_", routine[0]), AT("d" #routine "_", routine[1]), AT("c" #routine "_", routine[2])
    KINDS(getrf),
    KINDS(getrs),
    KINDS(getri),
    KINDS(potrf),
    KINDS(trtri),
    KINDS(trsm),
    KINDS(geqrf),
    AT("sorgqr_", orgqr[0]),
    AT("dorgqr_", orgqr[1]),
    AT("cungqr_", orgqr[2]),
    AT("sgesdd_", gesdd[0]),
    AT("dgesdd_", gesdd[1]),
    AT("cgesdd_", cgesdd),
    AT("ssyevd_", syevd[0]),
    AT("dsyevd_", syevd[1]),
    AT("cheevd_", cheevd),
    AT("sgeev_", geev[0]),
    AT("dgeev_", geev[1]),
    AT("cgeev_", cgeev),
#undef KINDS
#undef AT
};

static void resolve(void) {
  void *handle = emily__lapack_open()->handle;
  for (size_t i = 0; handle && !missing && i < sizeof symbols / sizeof *symbols; i++) {
    void *symbol = dlsym(handle, symbols[i].name);
    if (!symbol) missing = symbols[i].name;
    memcpy((char *)&routines + symbols[i].offset, &symbol, sizeof symbol);
  }
}

emily_status emily__lapack_find(const char *where, const emily__lapack **out) {
  const emily__lapack_library *library = emily__lapack_open();
  pthread_once(&once, resolve);
  if (!library->handle)
    return emily__fail(EMILY_UNSUPPORTED, where,
                       "%s needs LAPACK, and none was found (%s): install Debian's libopenblas0 or liblapack3, or name a library in "
                       "EMILY_LAPACK", where, library->problem);
  if (missing)
    return emily__fail(EMILY_UNSUPPORTED, where, "%s needs LAPACK, and %s lacks %s: install Debian's libopenblas0", where, library->name,
                       missing);
  *out = &routines;
  return EMILY_OK;
}
