/* slots.h: scratch for the blocks of a pool job: as many pieces as threads take part, each taken by one block at a time. */
#ifndef EMILY_BACKEND_CPU_SLOTS_H
#define EMILY_BACKEND_CPU_SLOTS_H

#include <stdatomic.h>
#include <stdint.h>

enum { EMILY__SLOTS_MAX = 64 }; /* bits of a word; more threads wait for each other */

typedef struct emily__slots {
  float *base;
  int64_t size; /* of a slot, in elements */
  _Atomic uint64_t free;
} emily__slots;

static inline void emily__slots_init(emily__slots *slots, float *base, int64_t size, int32_t count) {
  slots->base = base;
  slots->size = size;
  atomic_store(&slots->free, count >= EMILY__SLOTS_MAX ? ~0ull : (1ull << count) - 1);
}

static inline float *emily__slots_take(emily__slots *slots, int *slot) {
  uint64_t free_slots = atomic_load(&slots->free);
  for (;;) {
    if (!free_slots) { /* more threads than slots: one will end soon */
      free_slots = atomic_load(&slots->free);
      continue;
    }
    *slot = __builtin_ctzll(free_slots);
    if (atomic_compare_exchange_weak(&slots->free, &free_slots, free_slots & ~(1ull << *slot)))
      return slots->base + *slot * slots->size;
  }
}

static inline void emily__slots_give(emily__slots *slots, int slot) { atomic_fetch_or(&slots->free, 1ull << slot); }

#endif
