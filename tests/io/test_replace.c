/* test_replace.c: a file appears whole or not at all. */
#include "io/replace.h"

#include "base/alloc.h"
#include "io/file.h"

#include "../support/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static int files_in(const char *folder) {
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir));) count += entry->d_name[0] != '.';
  closedir(dir);
  return count;
}

static void assert_content(const char *path, const char *wanted) {
  emily__str text = {0};
  assert_int_equal(emily__file_read(path, 1000, &text), EMILY_OK);
  assert_string_equal(text.data, wanted);
  emily__str_free(&text);
}

static void commits_whole_and_aborts_to_nothing(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__replacement file;
  folder_puts(folder, "a", "old");
  assert_int_equal(emily__replace_begin(in(folder, "a"), &file), EMILY_OK);
  assert_int_equal(emily__replace_write(&file, "new ", 4), EMILY_OK);
  assert_content(in(folder, "a"), "old");
  assert_int_equal(emily__replace_write(&file, "text", 4), EMILY_OK);
  assert_int_equal(emily__replace_commit(&file), EMILY_OK);
  assert_content(in(folder, "a"), "new text");

  assert_int_equal(emily__replace_begin(in(folder, "a"), &file), EMILY_OK);
  assert_int_equal(emily__replace_write(&file, "half", 4), EMILY_OK);
  emily__replace_abort(&file);
  assert_content(in(folder, "a"), "new text");
  assert_int_equal(files_in(folder), 1);
  folder_remove(folder);
}

static void a_new_file_has_ordinary_permissions(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__replacement file;
  struct stat info;
  mode_t before = umask(027);
  assert_int_equal(emily__replace_begin(in(folder, "a"), &file), EMILY_OK);
  assert_int_equal(emily__replace_commit(&file), EMILY_OK);
  umask(before);
  assert_int_equal(stat(in(folder, "a"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0640);
  folder_remove(folder);
}

static void targets_that_cannot_be_written(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__replacement file;
  assert_int_equal(emily__replace_begin(folder, &file), EMILY_IO_ERROR);
  assert_non_null(strstr(emily_last_error()->message, "it is a folder"));
  assert_int_equal(emily__replace_begin("/dev/null", &file), EMILY_IO_ERROR);
  assert_non_null(strstr(emily_last_error()->message, "a device or a pipe"));
  assert_int_equal(emily__replace_begin(in(folder, "no/such/place"), &file), EMILY_IO_ERROR);
  assert_non_null(strstr(emily_last_error()->message, "no/such/place: No such file or directory"));
  assert_int_equal(files_in(folder), 0);
  folder_remove(folder);
}

/* A limit on file sizes stands for a full disk. */
static void a_full_disk_is_reported_and_leaves_nothing(void **state) {
  (void)state;
  char *folder = folder_new(), block[4096] = {0};
  struct rlimit before, small;
  emily__replacement file;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = 1000;
  assert_int_equal(emily__replace_begin(in(folder, "a"), &file), EMILY_OK);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  emily_status status = emily__replace_write(&file, block, sizeof block);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, EMILY_IO_ERROR);
  assert_non_null(strstr(emily_last_error()->message, "/a: File too large"));
  emily__replace_abort(&file);
  assert_int_equal(files_in(folder), 0);
  folder_remove(folder);
}

static void a_failing_rename_leaves_nothing(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__replacement file;
  assert_int_equal(emily__replace_begin(in(folder, "a"), &file), EMILY_OK);
  assert_int_equal(mkdir(in(folder, "a"), 0700), 0); /* someone was faster */
  assert_int_equal(emily__replace_commit(&file), EMILY_IO_ERROR);
  assert_int_equal(files_in(folder), 1);
  folder_remove(folder);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  emily_status status = EMILY_OUT_OF_MEMORY;
  for (int n = 1; status != EMILY_OK; n++) {
    emily__replacement file;
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    status = emily__replace_begin(in(folder, "a"), &file);
    if (status == EMILY_OK) emily__replace_abort(&file);
    assert_true(status == EMILY_OK || status == EMILY_OUT_OF_MEMORY);
    assert_int_equal(emily__alloc_live(), live);
    assert_int_equal(files_in(folder), 0);
    assert_true(n < 10);
  }
  emily__alloc_fail_after(0);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(commits_whole_and_aborts_to_nothing),
      cmocka_unit_test(a_new_file_has_ordinary_permissions),
      cmocka_unit_test(targets_that_cannot_be_written),
      cmocka_unit_test(a_full_disk_is_reported_and_leaves_nothing),
      cmocka_unit_test(a_failing_rename_leaves_nothing),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
