/* test_file.c: mapping and reading, and what is no file. */
#include "io/file.h"

#include "../support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void maps_and_counts_references(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__file_map *map;
  folder_puts(folder, "a", "hello");
  assert_int_equal(emily__file_map_open(in(folder, "a"), &map), EMILY_OK);
  assert_int_equal(map->size, 5);
  assert_memory_equal(map->data, "hello", 5);
  assert_string_equal(map->path, in(folder, "a"));
  assert_ptr_equal(emily__file_map_retain(map), map);
  emily__file_map_release(map);
  unlink(in(folder, "a")); /* the mapping outlives the name */
  assert_memory_equal(map->data, "hello", 5);
  emily__file_map_release(map);
  emily__file_map_release(NULL);
  folder_remove(folder);
}

static void an_empty_file_maps_to_nothing(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__file_map *map;
  folder_puts(folder, "empty", "");
  assert_int_equal(emily__file_map_open(in(folder, "empty"), &map), EMILY_OK);
  assert_int_equal(map->size, 0);
  emily__file_map_release(map);
  folder_remove(folder);
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__file_map *map = NULL;
  emily__str text = {0};
  assert_int_equal(emily__file_map_open(in(folder, "none"), &map), EMILY_NOT_FOUND);
  assert_non_null(strstr(emily_last_error()->message, in(folder, "none")));
  assert_int_equal(emily__file_map_open(folder, &map), EMILY_IO_ERROR);
  assert_non_null(strstr(emily_last_error()->message, "is a folder, not a file"));
  assert_int_equal(mkfifo(in(folder, "pipe"), 0600), 0);
  assert_int_equal(emily__file_map_open(in(folder, "pipe"), &map),
                   EMILY_IO_ERROR); /* and does not wait for a writer */
  assert_non_null(strstr(emily_last_error()->message, "a device or a pipe"));
  assert_int_equal(emily__file_read(folder, 10, &text), EMILY_IO_ERROR);
  folder_puts(folder, "file", "x");
  assert_int_equal(emily__file_map_open(in(folder, "file/below"), &map), EMILY_NOT_FOUND);
  assert_null(map);
  assert_null(text.data);
  folder_remove(folder);
}

static void reads_whole_files_up_to_a_cap(void **state) {
  (void)state;
  char *folder = folder_new(), big[50000];
  emily__str text = {0};
  memset(big, 'b', sizeof big);
  folder_put(folder, "big", big, sizeof big);
  folder_puts(folder, "empty", "");
  assert_int_equal(emily__file_read(in(folder, "big"), sizeof big, &text), EMILY_OK);
  assert_int_equal(text.count, sizeof big);
  assert_int_equal(strlen(text.data), sizeof big);
  emily__str_free(&text);
  assert_int_equal(emily__file_read(in(folder, "big"), sizeof big - 1, &text), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "larger than the 49999 bytes"));
  assert_int_equal(emily__file_read(in(folder, "empty"), 0, &text), EMILY_OK);
  assert_string_equal(text.data, "");
  emily__str_free(&text);
  folder_remove(folder);
}

static void knows_files_from_folders(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "a", "");
  assert_int_equal(symlink("a", in(folder, "link")), 0);
  assert_true(emily__file_is_regular(in(folder, "a")) && emily__file_is_regular(in(folder, "link")));
  assert_false(emily__file_is_regular(folder) || emily__file_is_regular(in(folder, "b")));
  assert_true(emily__file_is_folder(folder));
  assert_false(emily__file_is_folder(in(folder, "a")) || emily__file_is_folder(in(folder, "b")));
  folder_remove(folder);
}

static void joins_with_one_slash(void **state) {
  (void)state;
  const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"/", "b", "/b"}};
  for (size_t i = 0; i < 4; i++) {
    char *path = emily__path_join(cases[i][0], cases[i][1]);
    assert_string_equal(path, cases[i][2]);
    emily__free(path);
  }
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "a", "hello");
  for (int kind = 0; kind < 3; kind++) {
    bool done = false;
    for (int n = 1; !done; n++) {
      emily__file_map *map = NULL;
      emily__str text = {0};
      emily__alloc_fail_after(n);
      int64_t live = emily__alloc_live();
      char *path = kind == 2 ? emily__path_join("a", "b") : NULL;
      emily_status status = kind == 0   ? emily__file_map_open(in(folder, "a"), &map)
                            : kind == 1 ? emily__file_read(in(folder, "a"), 100, &text)
                            : path      ? EMILY_OK
                                        : emily_last_error()->status;
      done = status == EMILY_OK;
      if (!done) assert_int_equal(status, EMILY_OUT_OF_MEMORY);
      assert_true(done == (map || text.data || path));
      emily__file_map_release(map);
      emily__str_free(&text);
      emily__free(path);
      assert_int_equal(emily__alloc_live(), live);
      assert_true(n < 100);
    }
  }
  emily__alloc_fail_after(0);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(maps_and_counts_references), cmocka_unit_test(an_empty_file_maps_to_nothing),
      cmocka_unit_test(what_is_no_file_is_refused), cmocka_unit_test(reads_whole_files_up_to_a_cap),
      cmocka_unit_test(knows_files_from_folders),   cmocka_unit_test(joins_with_one_slash),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
