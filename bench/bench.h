/* bench.h: what the programs here share: a clock, the best and the median of several runs, memory that is really
 * there. */
#ifndef EMILY_BENCH_BENCH_H
#define EMILY_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { BENCH_RUNS_MAX = 1000 };

static inline double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Seconds of one call of fn(context), over about `seconds` of calls (5 at least), after one that does not count. */
typedef struct bench_time {
  double best, median; /* far apart: something else was running */
} bench_time;

static inline bench_time bench_measure(void (*fn)(void *), void *context, double seconds) {
  static double times[BENCH_RUNS_MAX];
  int runs = 0;
  fn(context);
  for (double begin = bench_now(); runs < BENCH_RUNS_MAX && (runs < 5 || bench_now() - begin < seconds); runs++) {
    const double t = bench_now();
    fn(context);
    times[runs] = bench_now() - t;
  }
  qsort(times, (size_t)runs, sizeof *times, bench_compare);
  return (bench_time){times[0], times[runs / 2]};
}

/* Memory in huge pages where the system has them, every byte written; exits where there is none. */
static inline void *bench_memory(size_t bytes) {
  const size_t huge = (size_t)2 << 20;
  void *p = NULL;
  if (posix_memalign(&p, huge, (bytes + huge - 1) / huge * huge) != 0) {
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    exit(1);
  }
  madvise(p, (bytes + huge - 1) / huge * huge, MADV_HUGEPAGE);
  memset(p, 1, bytes);
  return p;
}

#endif
