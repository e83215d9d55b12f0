/* emily/runtime.h: threads, memory, debugging, telemetry. Process-wide. */
#ifndef EMILY_RUNTIME_H
#define EMILY_RUNTIME_H

#include "emily/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Threads of the CPU pool, the calling one included. Default: the smaller of the affinity mask and the container's quota. Results do not
 * depend on it. n < 1: back to the default. */
EMILY_API void emily_set_threads(int32_t n);
EMILY_API int32_t emily_threads(void);

/* Tensor memory of a device (NULL: the default). Bytes. Mapped weights are not counted: they are the file's. */
typedef struct emily_memory_info {
  size_t struct_size; /* set by EMILY_MEMORY_INFO_INIT */
  uint64_t active;    /* held by arrays */
  uint64_t peak;      /* most ever active, since the last reset */
  uint64_t cache;     /* freed buffers kept for reuse */
  uint64_t limit;     /* active + cache may not pass it; 0: none */
  uint64_t cache_limit;
} emily_memory_info;
#define EMILY_MEMORY_INFO_INIT {sizeof(emily_memory_info), 0, 0, 0, 0, 0}

EMILY_API emily_status emily_memory_stats(const char *device, emily_memory_info *out);
EMILY_API emily_status emily_memory_reset_peak(const char *device);
EMILY_API emily_status emily_memory_set_limit(const char *device, uint64_t bytes);       /* 0: none */
EMILY_API emily_status emily_memory_set_cache_limit(const char *device, uint64_t bytes); /* 0: keep nothing */
EMILY_API emily_status emily_memory_clear_cache(const char *device);

/* Debug checks, off by default; off they cost nothing. */
enum {
  EMILY_DEBUG_INDICES = 1, /* an index out of bounds fails the evaluation, naming op, index and extent */
  EMILY_DEBUG_NAN = 2      /* NaN or infinity in a result fails the evaluation, naming the op that made it */
};
EMILY_API void emily_set_debug(uint32_t flags);
EMILY_API uint32_t emily_debug(void);

/* Telemetry: a callback that is told of spans as they end. It may be called from any thread and must not call emily. */
enum {
  EMILY_SPAN_EVAL = 1,     /* count: nodes run */
  EMILY_SPAN_READ = 2,     /* copy to host; count: bytes */
  EMILY_SPAN_MEMORY = 3,   /* the cache was dropped to stay under the limit; count: bytes given back */
  EMILY_SPAN_FALLBACK = 4  /* an op ran on a slower path than asked for; name says which */
};
typedef struct emily_span {
  size_t struct_size;
  int32_t kind;      /* EMILY_SPAN_… */
  int32_t reserved;
  const char *name;  /* static */
  uint64_t begin_ns; /* CLOCK_MONOTONIC */
  uint64_t end_ns;
  uint64_t count;
} emily_span;
typedef void emily_telemetry_fn(const emily_span *span, void *context);
/* One callback at a time; NULL switches off. Returns after no call to the previous one is under way. */
EMILY_API void emily_set_telemetry(emily_telemetry_fn *callback, void *context);

#ifdef __cplusplus
}
#endif
#endif
