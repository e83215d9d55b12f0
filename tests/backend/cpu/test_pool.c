/* test_pool.c: every block runs once, whatever else goes on. */
#include "backend/cpu/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { BLOCKS = 100 };

typedef struct tally {
  _Atomic int32_t runs[BLOCKS];
} tally;

static void count_block(void *context, int64_t block) { atomic_fetch_add(&((tally *)context)->runs[block], 1); }

static int wrong_counts(const tally *t, int64_t count, int32_t expected) {
  int wrong = 0;
  for (int64_t i = 0; i < BLOCKS; i++) wrong += t->runs[i] != (i < count ? expected : 0);
  return wrong;
}

static void each_block_runs_once(void **state) {
  (void)state;
  for (int32_t threads = 1; threads <= 6; threads++) {
    emily__pool_set_threads(threads);
    for (int64_t count = 0; count <= BLOCKS; count += 1 + count / 7) {
      tally t = {0};
      emily__pool_run(count_block, &t, count);
      assert_int_equal(wrong_counts(&t, count, 1), 0);
    }
  }
}

static void sleeping_workers_are_woken(void **state) {
  (void)state;
  emily__pool_set_threads(3);
  for (int round = 0; round < 20; round++) {
    tally t = {0};
    usleep(2000);
    emily__pool_run(count_block, &t, BLOCKS);
    assert_int_equal(wrong_counts(&t, BLOCKS, 1), 0);
  }
}

static void many_short_jobs(void **state) {
  (void)state;
  tally t = {0};
  emily__pool_set_threads(4);
  for (int round = 0; round < 20000; round++) emily__pool_run(count_block, &t, 5);
  assert_int_equal(wrong_counts(&t, 5, 20000), 0);
}

static void run_inner(void *context, int64_t block) {
  (void)block;
  emily__pool_run(count_block, context, BLOCKS);
}

static void a_job_inside_a_job_runs_alone(void **state) {
  (void)state;
  tally t = {0};
  emily__pool_set_threads(4);
  emily__pool_run(run_inner, &t, 10);
  assert_int_equal(wrong_counts(&t, BLOCKS, 10), 0);
}

static void *run_jobs(void *argument) {
  intptr_t wrong = 0;
  (void)argument;
  for (int round = 0; round < 500; round++) {
    tally t = {0};
    emily__pool_run(count_block, &t, 1 + round % BLOCKS);
    wrong += wrong_counts(&t, 1 + round % BLOCKS, 1);
  }
  return (void *)wrong;
}

static void callers_share_the_pool(void **state) {
  (void)state;
  pthread_t threads[8];
  emily__pool_set_threads(3);
  for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_jobs, NULL), 0);
  for (int i = 0; i < 8; i++) {
    void *wrong;
    pthread_join(threads[i], &wrong);
    assert_null(wrong);
  }
}

static void a_child_process_has_a_pool_too(void **state) {
  (void)state;
#if defined(__SANITIZE_THREAD__)
  skip(); /* ThreadSanitizer ends a forked process that starts a thread */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  skip();
#endif
#endif
  emily__pool_set_threads(3);
  pid_t child = fork();
  if (child == 0) {
    tally t = {0};
    emily__pool_run(count_block, &t, BLOCKS);
    _exit(wrong_counts(&t, BLOCKS, 1));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static void the_number_of_threads_can_be_set_and_unset(void **state) {
  (void)state;
  emily__pool_set_threads(0);
  const int32_t usable = emily__pool_threads();
  assert_true(usable >= 1);
  emily__pool_set_threads(5);
  assert_int_equal(emily__pool_threads(), 5);
  emily__pool_set_threads(1 << 30);
  assert_true(emily__pool_threads() < 1000);
  emily__pool_set_threads(-3);
  assert_int_equal(emily__pool_threads(), usable);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_block_runs_once),
      cmocka_unit_test(sleeping_workers_are_woken),
      cmocka_unit_test(many_short_jobs),
      cmocka_unit_test(a_job_inside_a_job_runs_alone),
      cmocka_unit_test(callers_share_the_pool),
      cmocka_unit_test(a_child_process_has_a_pool_too),
      cmocka_unit_test(the_number_of_threads_can_be_set_and_unset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
