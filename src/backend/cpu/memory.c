/* memory.c: the allocator of tensor memory, with a cache of freed blocks.
 *
 * Sizes are rounded up to a class: multiples of 64 bytes up to 1 KiB, then eight classes to a power of two, so that
 * at most an eighth of a block is waste (counted as active). A freed block goes to its class's list and is handed out
 * again to a request of the same class: no header, no search, no page fault. Memory is taken from the system when a
 * request finds no block, never ahead; a request for more than the machine (or the container) has fails at once,
 * where the system might promise it and kill us later.
 *
 * The lists stand in shards with a lock each; a thread has a shard of its own (threads share one where they are more
 * than the shards) and looks into the others only when its own has none, by a bitmap that is read without the lock.
 * The cache as a whole is bounded in bytes; past the bound the block longest unused goes back to the system, from the
 * releasing thread's shard first. Links live in the cached blocks themselves.
 *
 * Blocks of 2 MiB or more are mapped at a 2 MiB border and asked to be huge pages: fewer page faults and TLB misses
 * on weights and activations. Under AddressSanitizer a cached block is poisoned, so that a use after release is found
 * although the memory stays ours; the rounding's tail is poisoned too.
 */
#include "backend/cpu/cpu.h"
#include "backend/cpu/fft_plan.h"
#include "base/alloc.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(data, bytes) __asan_poison_memory_region(data, bytes)
#define UNPOISON(data, bytes) __asan_unpoison_memory_region(data, bytes)
#define READS_POISONED __attribute__((no_sanitize("address"), noinline))
#else
#define POISON(data, bytes) ((void)(data), (void)(bytes))
#define UNPOISON(data, bytes) ((void)(data), (void)(bytes))
#define READS_POISONED
#endif

enum {
  SHARDS = 16,
  SMALL_SHIFT = 6,    /* classes of 64 bytes … */
  SMALL_CLASSES = 16, /* … up to 1 KiB */
  STEPS = 8,          /* classes to a power of two from there */
  MAX_SHIFT = 46,     /* larger requests fail: no machine has 64 TiB */
  CLASSES = SMALL_CLASSES + (MAX_SHIFT - 10) * STEPS,
  WORDS = (CLASSES + 63) / 64
};
static const size_t huge_page = (size_t)2 << 20;

typedef struct block {
  struct block *next, *previous; /* in its class: newest first */
  struct block *older, *newer;   /* in its shard */
  size_t class;
} block;

typedef struct shard {
  _Alignas(64) pthread_mutex_t lock;
  block *classes[CLASSES];
  block *oldest, *newest;
  _Atomic uint64_t present[WORDS]; /* a bit for each class that has a block */
} shard;

static shard shards[SHARDS];
static _Alignas(64) _Atomic uint64_t active;
static _Atomic uint64_t peak;
static _Alignas(64) _Atomic uint64_t cached;
static _Alignas(64) _Atomic uint64_t limit; /* 0: none */
static _Atomic uint64_t cache_limit;
static _Atomic uint32_t next_shard;
static uint64_t machine_memory; /* what this machine or container has; 0: unknown */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The cache's bound until one is set: an eighth of the memory that this process may use, at most 4 GiB. Activations
 * of the models that fit in a machine are far smaller than their weights, and the weights are mapped, not cached. */
static void start(void) {
  emily__limits limits;
  emily__limits_read("", 0, &limits);
  machine_memory = limits.memory_total;
  uint64_t eighth = limits.memory_total / 8, most = (uint64_t)4 << 30;
  atomic_store(&cache_limit, eighth < most ? eighth : most);
  for (int i = 0; i < SHARDS; i++) pthread_mutex_init(&shards[i].lock, NULL);
}

static shard *own_shard(void) {
  static _Thread_local shard *own;
  if (!own) {
    pthread_once(&once, start);
    own = &shards[atomic_fetch_add(&next_shard, 1) % SHARDS];
  }
  return own;
}

/* The class of a size, and the class's size. SIZE_MAX where no class is that large. */
static size_t class_of(size_t bytes, size_t *rounded) {
  *rounded = SIZE_MAX;
  size_t units = bytes == 0 ? 1 : ((bytes - 1) >> SMALL_SHIFT) + 1;
  if (units <= SMALL_CLASSES) {
    *rounded = units << SMALL_SHIFT;
    return units - 1;
  }
  unsigned shift = 63 - (unsigned)__builtin_clzll(bytes - 1); /* 2^shift ≤ bytes - 1 < 2^(shift + 1) */
  if (shift >= MAX_SHIFT) return SIZE_MAX;
  size_t step = (size_t)1 << (shift - 3);
  size_t steps = (bytes - 1 - ((size_t)1 << shift)) / step; /* 0 … 7: whole steps past the power of two */
  *rounded = ((size_t)1 << shift) + (steps + 1) * step;
  return SMALL_CLASSES + (shift - 10) * STEPS + steps;
}

static size_t size_of_class(size_t class) {
  if (class < SMALL_CLASSES) return (class + 1) << SMALL_SHIFT;
  size_t shift = 10 + (class - SMALL_CLASSES) / STEPS, steps = (class - SMALL_CLASSES) % STEPS;
  return ((size_t)1 << shift) + ((steps + 1) << (shift - 3));
}

/* ---- the system ---- */

/* A mapping of a multiple of pages whose address is a multiple of huge_page: map more, cut both ends. */
static void *map_huge(size_t bytes) {
  char *base = mmap(NULL, bytes + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  size_t head = -(uintptr_t)base & (huge_page - 1);
  if (head) munmap(base, head);
  if (head != huge_page) munmap(base + head + bytes, huge_page - head);
  madvise(base + head, bytes, MADV_HUGEPAGE); /* a wish: a kernel without huge pages says no, and nothing is lost */
  return base + head;
}

static void *system_take(size_t bytes) { return bytes >= huge_page ? map_huge(bytes) : aligned_alloc(64, bytes); }

static void system_give(void *data, size_t bytes) {
  UNPOISON(data, bytes);
  if (bytes >= huge_page) munmap(data, bytes);
  else free(data);
}

/* ---- the shards' lists (the lock is held) ---- */

READS_POISONED static void insert(shard *s, block *b, size_t class) {
  *b = (block){.next = s->classes[class], .older = s->newest, .class = class};
  if (b->next) b->next->previous = b;
  if (b->older) b->older->newer = b;
  else s->oldest = b;
  s->newest = b;
  s->classes[class] = b;
  atomic_fetch_or_explicit(&s->present[class / 64], (uint64_t)1 << class % 64, memory_order_relaxed);
}

READS_POISONED static void unlink_block(shard *s, block *b) {
  if (b->next) b->next->previous = b->previous;
  if (b->previous) b->previous->next = b->next;
  else s->classes[b->class] = b->next;
  if (b->older) b->older->newer = b->newer;
  else s->oldest = b->newer;
  if (b->newer) b->newer->older = b->older;
  else s->newest = b->older;
  if (!s->classes[b->class])
    atomic_fetch_and_explicit(&s->present[b->class / 64], ~((uint64_t)1 << b->class % 64), memory_order_relaxed);
}

READS_POISONED static size_t class_of_block(const block *b) { return b->class; }

/* ---- the cache ---- */

static block *take_from(shard *s, size_t class) {
  if (!(atomic_load_explicit(&s->present[class / 64], memory_order_relaxed) >> class % 64 & 1)) return NULL;
  pthread_mutex_lock(&s->lock);
  block *b = s->classes[class];
  if (b) unlink_block(s, b);
  pthread_mutex_unlock(&s->lock);
  return b;
}

static block *take_cached(size_t class) {
  shard *own = own_shard();
  block *b = take_from(own, class);
  for (int i = 1; !b && i < SHARDS; i++) b = take_from(&shards[(size_t)(own - shards + i) % SHARDS], class);
  if (b) atomic_fetch_sub_explicit(&cached, size_of_class(class), memory_order_relaxed);
  return b;
}

/* Give the block of this shard that was unused longest back to the system; false where there is none. */
static bool evict_from(shard *s) {
  pthread_mutex_lock(&s->lock);
  block *b = s->oldest;
  if (b) unlink_block(s, b);
  pthread_mutex_unlock(&s->lock);
  if (!b) return false;
  size_t bytes = size_of_class(class_of_block(b));
  atomic_fetch_sub_explicit(&cached, bytes, memory_order_relaxed);
  system_give(b, bytes);
  return true;
}

static void shrink_cache(uint64_t bytes) {
  shard *own = own_shard();
  for (int i = 0; i < SHARDS; i++) {
    shard *s = &shards[(size_t)(own - shards + i) % SHARDS];
    while (atomic_load(&cached) > bytes)
      if (!evict_from(s)) break;
  }
}

static void put_cached(void *data, size_t class, size_t bytes) {
  shard *s = own_shard();
  uint64_t bound = atomic_load_explicit(&cache_limit, memory_order_relaxed);
  if (bytes > bound) {
    system_give(data, bytes);
    return;
  }
  POISON(data, bytes);
  pthread_mutex_lock(&s->lock);
  insert(s, data, class);
  pthread_mutex_unlock(&s->lock);
  if (atomic_fetch_add_explicit(&cached, bytes, memory_order_relaxed) + bytes > bound) shrink_cache(bound);
}

/* ---- the backend's members ---- */

static void note_peak(uint64_t now) {
  uint64_t seen = atomic_load_explicit(&peak, memory_order_relaxed);
  while (now > seen && !atomic_compare_exchange_weak(&peak, &seen, now)) {
  }
}

static emily_status out_of_memory(size_t bytes, uint64_t free_bytes) {
  return emily__fail_memory("cpu", bytes, free_bytes);
}

static emily_status out_of_system_memory(size_t bytes) {
  emily__limits limits;
  emily__limits_read("", 0, &limits);
  return out_of_memory(bytes, limits.memory_available);
}

/* Count `rounded` bytes as active; false where that would pass the limit. The cache makes room first. */
static bool reserve(size_t rounded) {
  uint64_t most = atomic_load_explicit(&limit, memory_order_relaxed);
  uint64_t now = atomic_fetch_add_explicit(&active, rounded, memory_order_relaxed) + rounded;
  if (most == 0 || now <= most) {
    note_peak(now);
    return true;
  }
  atomic_fetch_sub_explicit(&active, rounded, memory_order_relaxed);
  return false;
}

/* Fresh memory under the limit: cached blocks count, and go first. */
static void *take_fresh(size_t rounded) {
  uint64_t most = atomic_load_explicit(&limit, memory_order_relaxed), now = atomic_load(&active);
  if (most && now + atomic_load(&cached) > most) shrink_cache(now < most ? most - now : 0);
  void *data = system_take(rounded);
  if (!data) {
    shrink_cache(0);
    data = system_take(rounded);
  }
  return data;
}

emily_status emily__cpu_allocate(size_t bytes, void **data) {
  size_t rounded, class = class_of(bytes, &rounded);
  pthread_once(&once, start);
  if (emily__alloc_should_fail() || class == SIZE_MAX || (machine_memory && rounded > machine_memory))
    return out_of_system_memory(bytes);
  if (!reserve(rounded)) {
    uint64_t most = atomic_load(&limit), now = atomic_load(&active);
    shrink_cache(0);
    return out_of_memory(bytes, now < most ? most - now : 0);
  }
  void *taken = take_cached(class);
  if (!taken) taken = take_fresh(rounded);
  if (!taken) {
    atomic_fetch_sub(&active, rounded);
    return out_of_system_memory(bytes);
  }
  UNPOISON(taken, rounded);
  POISON((char *)taken + bytes, rounded - bytes);
  *data = taken;
  return EMILY_OK;
}

void emily__cpu_release(void *data, size_t bytes) {
  if (!data) return;
  size_t rounded, class = class_of(bytes, &rounded);
  atomic_fetch_sub_explicit(&active, rounded, memory_order_relaxed);
  put_cached(data, class, rounded);
}

void emily__cpu_memory_stats(emily__memory_stats *out) {
  own_shard(); /* the cache's bound is known from here on */
  *out = (emily__memory_stats){.active = atomic_load(&active),
                               .peak = atomic_load(&peak),
                               .cache = atomic_load(&cached),
                               .limit = atomic_load(&limit),
                               .cache_limit = atomic_load(&cache_limit)};
}

void emily__cpu_memory_reset_peak(void) { atomic_store(&peak, atomic_load(&active)); }

void emily__cpu_memory_set_limit(uint64_t bytes) {
  atomic_store(&limit, bytes);
  uint64_t now = atomic_load(&active);
  if (bytes && now + atomic_load(&cached) > bytes) shrink_cache(now < bytes ? bytes - now : 0);
}

void emily__cpu_memory_set_cache_limit(uint64_t bytes) {
  own_shard();
  atomic_store(&cache_limit, bytes);
  shrink_cache(bytes);
}

void emily__cpu_memory_clear_cache(void) {
  shrink_cache(0);
  emily__fft_plans_clear();
}
