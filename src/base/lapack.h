/* lapack.h: the LAPACK library of the system, opened when it is first asked for.
 *
 * emily is not linked with LAPACK: programs that decompose no matrix neither load it nor need it. Looked for are the file that
 * EMILY_LAPACK names (then no other), libopenblas.so.0, liblapack.so.3, in this order, once for the life of the process. A library found
 * stays open. OpenBLAS is told to work on the calling thread alone: batches are spread over emily's own threads, and results must not
 * depend on how many there are. */
#ifndef EMILY_BASE_LAPACK_H
#define EMILY_BASE_LAPACK_H

typedef struct emily__lapack_library {
  void *handle;      /* of dlopen; NULL: there is none */
  char name[240];    /* where it was found: "/usr/lib/x86_64-linux-gnu/libopenblas.so.0"; "" where there is none */
  char kernels[32];  /* what OpenBLAS takes the cpu for: "Haswell"; "" where it does not say */
  char problem[512]; /* why there is none */
} emily__lapack_library;

/* Never NULL; the same at every call, from any thread. */
const emily__lapack_library *emily__lapack_open(void);

#endif
