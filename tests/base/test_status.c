/* test_status.c: the thread-local failure record. */
#include "base/status.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void records_code_where_and_message(void **state) {
  (void)state;
  assert_int_equal(emily__fail(EMILY_BAD_FORMAT, "here", "n is %d", 7), EMILY_BAD_FORMAT);
  const emily_error *error = emily_last_error();
  assert_int_equal(error->status, EMILY_BAD_FORMAT);
  assert_string_equal(error->where, "here");
  assert_string_equal(error->message, "n is 7");
}

static void context_goes_before_the_message_and_keeps_sizes(void **state) {
  (void)state;
  emily__fail_memory("alloc", 100, 10);
  assert_int_equal(emily__fail_context("loading %s", "x"), EMILY_OUT_OF_MEMORY);
  assert_string_equal(emily_last_error()->message, "loading x: out of memory: 100 bytes asked for, 10 free");
  assert_int_equal(emily_last_error()->bytes_asked, 100);
  assert_int_equal(emily_last_error()->bytes_free, 10);
}

static void a_long_message_is_cut_at_a_whole_character(void **state) {
  (void)state;
  char text[3 * EMILY__MESSAGE_MAX + 1];
  for (int shift = 0; shift < 4; shift++) {
    memset(text, 'a', (size_t)shift);
    for (size_t i = (size_t)shift; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xE2\x96\x81", 4);
    emily__fail(EMILY_INTERNAL, "", "%s", text);
    size_t length = strlen(emily_last_error()->message);
    assert_int_equal((length - (size_t)shift) % 3, 0);
    assert_true(length > EMILY__MESSAGE_MAX - 8);
  }
}

static void what_a_terminal_would_obey_is_escaped(void **state) {
  (void)state;
  static const struct {
    const char *given, *shown;
  } cases[] = {
      {"a\x1B[31mb", "a\\x1B[31mb"},      {"\x01\x1F\x7F", "\\x01\\x1F\\x7F"}, {"two\nlines\t\r", "two\\x0Alines\\x09\\x0D"},
      {"\xC2\x9B" "0m", "\\xC2\\x9B0m"}, {"\xC2\xA0\xC3\xA9", "\xC2\xA0\xC3\xA9"}, {"\xFF" "a\x80", "\\xFFa\\x80"},
      {"\xE2\x96", "\\xE2\\x96"},        {"\xF0\x9F\x98\x80 ~", "\xF0\x9F\x98\x80 ~"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    emily__fail(EMILY_BAD_FORMAT, "", "%s", cases[i].given);
    assert_string_equal(emily_last_error()->message, cases[i].shown);
    emily__fail_context("%s", cases[i].given); /* what is escaped already is not escaped again */
    char both[64];
    snprintf(both, sizeof both, "%s: %s", cases[i].shown, cases[i].shown);
    assert_string_equal(emily_last_error()->message, both);
  }
}

static void escapes_are_not_cut(void **state) {
  (void)state;
  char text[EMILY__MESSAGE_MAX];
  for (size_t shift = 0; shift < 4; shift++) {
    memset(text, '\x02', sizeof text - 1);
    memset(text, 'a', shift);
    text[sizeof text - 1] = '\0';
    emily__fail(EMILY_INTERNAL, "", "%s", text);
    size_t length = strlen(emily_last_error()->message);
    assert_int_equal((length - shift) % 4, 0);
    assert_true(length >= EMILY__MESSAGE_MAX - 4 && length < EMILY__MESSAGE_MAX);
  }
}

static void each_status_has_a_name(void **state) {
  (void)state;
  const char *unknown = emily_status_name((emily_status)9999);
  assert_string_equal(unknown, "unknown status");
  assert_string_equal(emily_status_name(EMILY_OK), "ok");
  for (emily_status a = EMILY_OK; a <= EMILY_INTERNAL; a++) {
    assert_string_not_equal(emily_status_name(a), unknown);
    for (emily_status b = EMILY_OK; b < a; b++) assert_string_not_equal(emily_status_name(a), emily_status_name(b));
  }
}

static void *other_thread(void *saved) {
  *(emily_status *)saved = emily_last_error()->status;
  return NULL;
}

static void each_thread_has_its_own(void **state) {
  (void)state;
  emily__fail(EMILY_IO_ERROR, "", "mine");
  emily_status seen = EMILY_INTERNAL;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, other_thread, &seen), 0);
  pthread_join(thread, NULL);
  assert_int_equal(seen, EMILY_OK);
}

static void saved_errors_come_back(void **state) {
  (void)state;
  emily__error saved;
  emily__fail(EMILY_NOT_FOUND, "a", "first");
  emily__error_save(&saved);
  emily__fail(EMILY_INTERNAL, "b", "second");
  assert_int_equal(emily__error_restore(&saved), EMILY_NOT_FOUND);
  assert_string_equal(emily_last_error()->message, "first");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_code_where_and_message),
      cmocka_unit_test(context_goes_before_the_message_and_keeps_sizes),
      cmocka_unit_test(a_long_message_is_cut_at_a_whole_character),
      cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
      cmocka_unit_test(escapes_are_not_cut),
      cmocka_unit_test(each_status_has_a_name),
      cmocka_unit_test(each_thread_has_its_own),
      cmocka_unit_test(saved_errors_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
