/* runtime.c: process-wide switches: debug flags, telemetry, memory limits, threads. */
#include "graph/runtime.h"

#include "backend/backend.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

static _Atomic uint32_t debug_flags;

void emily_set_debug(uint32_t flags) { atomic_store_explicit(&debug_flags, flags, memory_order_relaxed); }
uint32_t emily_debug(void) { return atomic_load_explicit(&debug_flags, memory_order_relaxed); }

/* ---- telemetry ---- */

static _Atomic bool listening;
static pthread_rwlock_t telemetry_lock = PTHREAD_RWLOCK_INITIALIZER; /* readers call, the writer exchanges */
static emily_telemetry_fn *telemetry_callback;
static void *telemetry_context;

void emily_set_telemetry(emily_telemetry_fn *callback, void *context) {
  pthread_rwlock_wrlock(&telemetry_lock);
  telemetry_callback = callback;
  telemetry_context = context;
  atomic_store(&listening, callback != NULL);
  pthread_rwlock_unlock(&telemetry_lock);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t emily__telemetry_begin(void) {
  return atomic_load_explicit(&listening, memory_order_relaxed) ? now_ns() : 0;
}

void emily__telemetry_end(int32_t kind, const char *name, uint64_t begin, uint64_t count) {
  if (!begin) return;
  emily_span span = {sizeof span, kind, 0, name, begin, now_ns(), count};
  pthread_rwlock_rdlock(&telemetry_lock);
  if (telemetry_callback) telemetry_callback(&span, telemetry_context);
  pthread_rwlock_unlock(&telemetry_lock);
}

/* ---- threads and memory ---- */

void emily_set_threads(int32_t n) {
  const emily__backend *backend = emily__backend_host();
  if (backend && backend->set_threads) backend->set_threads(n);
}

int32_t emily_threads(void) {
  const emily__backend *backend = emily__backend_host();
  return backend && backend->threads ? backend->threads() : 1;
}

static const emily__backend *find(const char *device) {
  return device ? emily__backend_find(device) : emily__backend_default();
}

emily_status emily_memory_stats(const char *device, emily_memory_info *out) {
  const emily__backend *backend = find(device);
  if (!backend) return emily_last_error()->status;
  if (!out || out->struct_size < sizeof(size_t))
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_memory_stats", "out must begin as EMILY_MEMORY_INFO_INIT");
  emily__memory_stats stats;
  backend->memory_stats(&stats);
  emily_memory_info info = {out->struct_size, stats.active, stats.peak, stats.cache, stats.limit, stats.cache_limit};
  memcpy(out, &info, out->struct_size < sizeof info ? out->struct_size : sizeof info);
  return EMILY_OK;
}

emily_status emily_memory_reset_peak(const char *device) {
  const emily__backend *backend = find(device);
  if (!backend) return emily_last_error()->status;
  backend->memory_reset_peak();
  return EMILY_OK;
}

emily_status emily_memory_set_limit(const char *device, uint64_t bytes) {
  const emily__backend *backend = find(device);
  if (!backend) return emily_last_error()->status;
  backend->memory_set_limit(bytes);
  return EMILY_OK;
}

emily_status emily_memory_set_cache_limit(const char *device, uint64_t bytes) {
  const emily__backend *backend = find(device);
  if (!backend) return emily_last_error()->status;
  backend->memory_set_cache_limit(bytes);
  return EMILY_OK;
}

emily_status emily_memory_clear_cache(const char *device) {
  const emily__backend *backend = find(device);
  if (!backend) return emily_last_error()->status;
  backend->memory_clear_cache();
  return EMILY_OK;
}
