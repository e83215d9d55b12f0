/* test_folder.c: folders taken, copied and cleared. */
#include "io/folder.h"

#include "../support/arrays.h"
#include "../support/folder.h"

#include <sys/stat.h>
#include <unistd.h>

static bool there(const char *folder, const char *name) { return access(in(folder, name), F_OK) == 0; }

static void takes_new_and_empty_ones(void **state) {
  (void)state;
  char *folder = folder_new();
  bool made;
  assert_int_equal(emily__folder_take(folder, &made), EMILY_OK);
  assert_false(made);
  assert_int_equal(emily__folder_take(in(folder, "new"), &made), EMILY_OK);
  assert_true(made);
  assert_int_equal(emily__folder_take(folder, &made), EMILY_INVALID_ARGUMENT);
  folder_puts(folder, "file", "x");
  assert_int_equal(emily__folder_take(in(folder, "file"), &made), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__folder_take(in(folder, "no/such"), &made), EMILY_IO_ERROR);
  folder_remove(folder);
}

static bool wanted(const char *name) { return strcmp(name, "not") != 0; }

static void copies_what_is_wanted_and_clears(void **state) {
  (void)state;
  char *from = folder_new(), *to = folder_new();
  folder_puts(from, "a", "one");
  folder_puts(from, "b/c", "two");
  folder_puts(from, "b/d/e", "too deep");
  folder_puts(from, "not", "x");
  folder_puts(from, "g/not", "x");
  folder_puts(from, ".hidden", "x");
  folder_puts(from, "large", "larger than eight");
  folder_puts(from, "empty", "");
  assert_int_equal(symlink("nowhere", in(from, "dangling")), 0);
  assert_int_equal(emily__folder_copy(from, to, wanted, 8), EMILY_OK);
  assert_true(there(to, "a") && there(to, "b/c") && there(to, "empty"));
  assert_int_equal(emily__folder_copy(from, in(from, "b"), wanted, 8), EMILY_OK); /* into itself: once */
  assert_true(there(from, "b/a") && there(from, "b/c"));
  assert_false(there(from, "b/b"));
  assert_false(there(to, "b/d") || there(to, "not") || there(to, "g") || there(to, ".hidden") || there(to, "large"));
  emily__folder_clear(to, false);
  assert_true(access(to, F_OK) == 0);
  assert_false(there(to, "a") || there(to, "b"));
  emily__folder_clear(to, true);
  assert_int_equal(access(to, F_OK), -1);
  assert_int_equal(mkdir(to, 0777), 0);
  folder_remove(from);
  folder_remove(to);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(takes_new_and_empty_ones), cmocka_unit_test(copies_what_is_wanted_and_clears)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
