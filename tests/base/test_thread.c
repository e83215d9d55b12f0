/* test_thread.c: library threads take no signals, have a name, and fail with a message. */
#include "base/thread.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

typedef struct seen {
  sigset_t blocked;
  size_t stack;
} seen;

static void *look(void *argument) {
  seen *s = argument;
  pthread_attr_t attributes;
  pthread_sigmask(SIG_SETMASK, NULL, &s->blocked);
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstacksize(&attributes, &s->stack);
  pthread_attr_destroy(&attributes);
  return s;
}

static void blocks_signals_in_the_new_thread_only(void **state) {
  (void)state;
  seen s;
  void *result;
  pthread_t thread;
  sigset_t mine;
  assert_int_equal(emily__thread_start(&thread, "emily-signals", 0, look, &s), EMILY_OK);
  assert_int_equal(pthread_join(thread, &result), 0);
  assert_ptr_equal(result, &s);
  assert_true(sigismember(&s.blocked, SIGINT) && sigismember(&s.blocked, SIGTERM) &&
              sigismember(&s.blocked, SIGALRM));
  assert_false(sigismember(&s.blocked, SIGSEGV));
  pthread_sigmask(SIG_SETMASK, NULL, &mine);
  assert_false(sigismember(&mine, SIGINT));
}

static void *wait_for_go(void *argument) {
  pthread_mutex_lock(argument);
  pthread_mutex_unlock(argument);
  return NULL;
}

static void the_name_is_cut_to_what_the_system_takes(void **state) {
  (void)state;
  char name[16];
  pthread_t thread;
  pthread_mutex_t go = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&go);
  assert_int_equal(emily__thread_start(&thread, "emily-stream-worker", 0, wait_for_go, &go), EMILY_OK);
  assert_int_equal(pthread_getname_np(thread, name, sizeof name), 0);
  pthread_mutex_unlock(&go);
  pthread_join(thread, NULL);
  assert_string_equal(name, "emily-stream-wo");
}

static void a_small_stack_is_raised_to_the_least(void **state) {
  (void)state;
  seen s;
  pthread_t thread;
  assert_int_equal(emily__thread_start(&thread, "small", 1, look, &s), EMILY_OK);
  pthread_join(thread, NULL);
  assert_true(s.stack >= 16384);
  assert_int_equal(emily__thread_start(&thread, "odd", (1 << 20) + 1, look, &s), EMILY_OK);
  pthread_join(thread, NULL);
  assert_true(s.stack > 1 << 20 && s.stack < 2 << 20);
}

static void no_thread_to_be_had_is_said(void **state) {
  (void)state;
  pthread_t thread;
  emily__alloc_fail_after(1);
  assert_int_equal(emily__thread_start(&thread, "pool-1", 0, wait_for_go, NULL), EMILY_OUT_OF_MEMORY);
  emily__alloc_fail_after(0);
  assert_non_null(strstr(emily_last_error()->message, "cannot start thread 'pool-1'"));
  /* What the system itself refuses reads the same: no stack is this large. */
  assert_int_equal(emily__thread_start(&thread, "giant", SIZE_MAX / 4, wait_for_go, NULL), EMILY_OUT_OF_MEMORY);
  assert_non_null(strstr(emily_last_error()->message, "'giant'"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_signals_in_the_new_thread_only),
      cmocka_unit_test(the_name_is_cut_to_what_the_system_takes),
      cmocka_unit_test(a_small_stack_is_raised_to_the_least),
      cmocka_unit_test(no_thread_to_be_had_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
