/* test_memory.c: the allocator: alignment, reuse, bounds, limits, statistics, threads, failures. */
#include "backend/cpu/cpu.h"
#include "base/alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static emily__memory_stats stats(void) {
  emily__memory_stats s;
  emily__cpu_memory_stats(&s);
  return s;
}

static uint64_t first_cache_limit;

static int fresh(void **state) {
  (void)state;
  if (!first_cache_limit) first_cache_limit = stats().cache_limit;
  emily__alloc_fail_after(0);
  emily__cpu_memory_set_limit(0);
  emily__cpu_memory_set_cache_limit(first_cache_limit);
  emily__cpu_memory_clear_cache();
  emily__cpu_memory_reset_peak();
  return 0;
}

static void *take(size_t bytes) {
  void *data = NULL;
  assert_int_equal(emily__cpu_allocate(bytes, &data), EMILY_OK);
  assert_non_null(data);
  return data;
}

static void blocks_are_aligned_and_writable_at_every_size(void **state) {
  (void)state;
  for (size_t base = 1; base <= (size_t)1 << 23; base *= 2) {
    for (int64_t near = -1; near <= 1; near++) {
      size_t bytes = base + (size_t)near;
      char *data = take(bytes);
      assert_int_equal((uintptr_t)data % 64, 0);
      if (bytes > (size_t)2 << 20) assert_int_equal((uintptr_t)data % ((size_t)2 << 20), 0);
      memset(data, 7, bytes);
      uint64_t active = stats().active;
      assert_true(active >= bytes && active <= bytes + bytes / 8 + 128); /* an eighth, or a line */
      emily__cpu_release(data, bytes);
      assert_int_equal(stats().active, 0);
    }
  }
}

static void a_freed_block_serves_the_next_request_of_its_class(void **state) {
  (void)state;
  void *first = take(1000000);
  emily__cpu_release(first, 1000000);
  assert_true(stats().cache >= 1000000);
  void *second = take(999990);
  assert_ptr_equal(first, second);
  assert_int_equal(stats().cache, 0);
  emily__cpu_release(second, 999990);
}

static void statistics_follow_and_return_to_base(void **state) {
  (void)state;
  assert_int_equal(stats().active, 0);
  void *a = take(4096), *b = take(8192);
  assert_int_equal(stats().active, 4096 + 8192);
  emily__cpu_release(b, 8192);
  assert_int_equal(stats().active, 4096);
  assert_int_equal(stats().peak, 4096 + 8192);
  assert_int_equal(stats().cache, 8192);
  emily__cpu_memory_reset_peak();
  assert_int_equal(stats().peak, 4096);
  emily__cpu_release(a, 4096);
  emily__cpu_memory_clear_cache();
  assert_int_equal(stats().active + stats().cache, 0);
}

static void the_cache_is_bounded_and_drops_the_oldest(void **state) {
  (void)state;
  emily__cpu_memory_set_cache_limit(100 * 4096);
  void *blocks[4];
  size_t sizes[] = {40 * 4096, 32 * 4096, 28 * 4096, 16 * 4096};
  for (int i = 0; i < 4; i++) blocks[i] = take(sizes[i]);
  for (int i = 0; i < 4; i++) emily__cpu_release(blocks[i], sizes[i]);
  assert_int_equal(stats().cache, (32 + 28 + 16) * 4096); /* the first to come was the first to go */
  void *large = take(200 * 4096);
  emily__cpu_release(large, 200 * 4096);
  assert_int_equal(stats().cache, (32 + 28 + 16) * 4096); /* more than the bound: not kept, and nothing lost for it */
}

static void a_thousand_shapes_keep_the_cache_within_its_bound(void **state) {
  (void)state;
  emily__cpu_memory_set_cache_limit((uint64_t)4 << 20);
  for (size_t i = 1; i <= 1000; i++) {
    emily__cpu_release(take(i * 3000), i * 3000);
    assert_true(stats().cache <= (uint64_t)4 << 20);
  }
  assert_int_equal(stats().active, 0);
}

static void a_limit_drops_the_cache_and_then_fails_with_sizes(void **state) {
  (void)state;
  emily__cpu_memory_set_limit(1 << 20);
  void *a = take(512 << 10), *b = take(256 << 10);
  emily__cpu_release(a, 512 << 10);
  void *c = take(640 << 10); /* fits only because the cached block goes */
  assert_int_equal(stats().cache, 0);
  void *data = &a;
  assert_int_equal(emily__cpu_allocate(256 << 10, &data), EMILY_OUT_OF_MEMORY);
  assert_ptr_equal(data, &a); /* untouched */
  assert_int_equal(emily_last_error()->bytes_asked, 256 << 10);
  assert_int_equal(emily_last_error()->bytes_free, 128 << 10);
  assert_int_equal(stats().active, (256 + 640) << 10);
  emily__cpu_release(b, 256 << 10);
  emily__cpu_release(c, 640 << 10);
}

static void a_request_beyond_any_machine_fails(void **state) {
  (void)state;
  const size_t sizes[] = {(size_t)1 << 62, SIZE_MAX,
                          ((size_t)1 << 46) - 1}; /* the last has a class; no machine has it */
  for (int i = 0; i < 3; i++) {
    void *data = NULL;
    assert_int_equal(emily__cpu_allocate(sizes[i], &data), EMILY_OUT_OF_MEMORY);
    assert_true(emily_last_error()->bytes_asked == sizes[i]);
    assert_true(emily_last_error()->bytes_free > 0);
  }
  assert_int_equal(stats().active, 0);
}

static void an_injected_failure_is_out_of_memory_and_costs_nothing(void **state) {
  (void)state;
  emily__alloc_fail_after(2);
  void *a = take(100), *data = NULL;
  assert_int_equal(emily__cpu_allocate(100, &data), EMILY_OUT_OF_MEMORY);
  assert_null(data);
  void *b = take(100);
  emily__cpu_release(a, 100);
  emily__cpu_release(b, 100);
  assert_int_equal(stats().active, 0);
}

static void zero_bytes_are_a_block_too(void **state) {
  (void)state;
  void *a = take(0), *b = take(0);
  assert_ptr_not_equal(a, b);
  emily__cpu_release(a, 0);
  emily__cpu_release(b, 0);
  emily__cpu_release(NULL, 0);
  assert_int_equal(stats().active, 0);
}

enum { THREADS = 16, ROUNDS = 3000, KEPT = 8 };

/* Each thread fills what it takes with its own number and looks again before it gives it back. */
static void *hammer(void *argument) {
  unsigned char mine = (unsigned char)(uintptr_t)argument;
  uint32_t random = mine * 2654435761u + 1;
  unsigned char *kept[KEPT] = {0};
  size_t sizes[KEPT] = {0};
  for (int i = 0; i < ROUNDS; i++) {
    random = random * 1664525u + 1013904223u;
    int slot = random >> 8 & (KEPT - 1);
    for (size_t j = 0; kept[slot] && j < sizes[slot]; j += 61)
      if (kept[slot][j] != mine) return "another thread wrote into this block";
    if (kept[slot]) emily__cpu_release(kept[slot], sizes[slot]);
    sizes[slot] = (random >> 12) % 20000;
    void *data;
    if (emily__cpu_allocate(sizes[slot], &data) != EMILY_OK) return "no memory";
    kept[slot] = memset(data, mine, sizes[slot]);
  }
  for (int i = 0; i < KEPT; i++)
    if (kept[i]) emily__cpu_release(kept[i], sizes[i]);
  return NULL;
}

static void sixteen_threads_share_it(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  emily__cpu_memory_set_cache_limit(1 << 20); /* small: evictions from other shards take part */
  for (uintptr_t i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    if (wrong) fail_msg("%s", (const char *)wrong);
  }
  assert_int_equal(stats().active, 0);
  assert_true(stats().cache <= 1 << 20);
  emily__cpu_memory_clear_cache();
  assert_int_equal(stats().cache, 0);
}

static void *release_there(void *data) {
  emily__cpu_release(data, 3 << 20);
  return NULL;
}

static void a_block_released_on_another_thread_is_found(void **state) {
  (void)state;
  void *data = take(3 << 20);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, release_there, data), 0);
  pthread_join(thread, NULL);
  void *again = take(3 << 20);
  assert_ptr_equal(again, data);
  emily__cpu_release(again, 3 << 20);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, fresh)
  const struct CMUnitTest tests[] = {
      TEST(blocks_are_aligned_and_writable_at_every_size),
      TEST(a_freed_block_serves_the_next_request_of_its_class),
      TEST(statistics_follow_and_return_to_base),
      TEST(the_cache_is_bounded_and_drops_the_oldest),
      TEST(a_thousand_shapes_keep_the_cache_within_its_bound),
      TEST(a_limit_drops_the_cache_and_then_fails_with_sizes),
      TEST(a_request_beyond_any_machine_fails),
      TEST(an_injected_failure_is_out_of_memory_and_costs_nothing),
      TEST(zero_bytes_are_a_block_too),
      TEST(sixteen_threads_share_it),
      TEST(a_block_released_on_another_thread_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
