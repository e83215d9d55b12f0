/* alloc.c: see alloc.h. */
#include "base/alloc.h"

#include "base/status.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t fail_countdown; /* 0: off */
static _Atomic int64_t tried;
static _Atomic int64_t live;
static _Atomic bool counting; /* counters are shared cache lines: touch them only while a test asks */

void emily__alloc_fail_after(int64_t n) {
  atomic_store(&tried, 0);
  atomic_store(&fail_countdown, n);
  atomic_store(&counting, true);
}

int64_t emily__alloc_count(void) { return atomic_load(&tried); }
int64_t emily__alloc_live(void) { return atomic_load(&live); }

bool emily__alloc_should_fail(void) {
  if (!atomic_load_explicit(&counting, memory_order_relaxed)) return false;
  atomic_fetch_add(&tried, 1);
  int64_t left = atomic_load(&fail_countdown);
  while (left > 0) {
    if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) return left == 1;
  }
  return false;
}

static void *checked(void *block, size_t bytes) {
  if (!block) {
    emily__fail_memory("", bytes, 0);
    return NULL;
  }
  if (atomic_load_explicit(&counting, memory_order_relaxed)) atomic_fetch_add(&live, 1);
  return block;
}

void *emily__malloc(size_t bytes) { return checked(emily__alloc_should_fail() ? NULL : malloc(bytes ? bytes : 1), bytes); }

void *emily__calloc(size_t count, size_t size) {
  size_t bytes;
  if (!emily__mul_size(count, size, &bytes)) {
    emily__fail_memory("", SIZE_MAX, 0);
    return NULL;
  }
  return checked(emily__alloc_should_fail() ? NULL : calloc(bytes ? bytes : 1, 1), bytes);
}

void *emily__alloc_array(size_t count, size_t size) {
  size_t bytes;
  if (!emily__mul_size(count, size, &bytes)) {
    emily__fail_memory("", SIZE_MAX, 0);
    return NULL;
  }
  return emily__malloc(bytes);
}

void *emily__realloc(void *block, size_t bytes) {
  if (!block) return emily__malloc(bytes);
  void *moved = emily__alloc_should_fail() ? NULL : realloc(block, bytes ? bytes : 1);
  if (!moved) emily__fail_memory("", bytes, 0);
  return moved;
}

void emily__free(void *block) {
  if (!block) return;
  if (atomic_load_explicit(&counting, memory_order_relaxed)) atomic_fetch_sub(&live, 1);
  free(block);
}

char *emily__strndup(const char *text, size_t length) {
  char *copy = emily__malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

char *emily__strdup(const char *text) { return emily__strndup(text, strlen(text)); }

bool emily__mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }
bool emily__mul_i64(int64_t a, int64_t b, int64_t *out) {
  return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, out);
}
bool emily__add_i64(int64_t a, int64_t b, int64_t *out) {
  return a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, out);
}
