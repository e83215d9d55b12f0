/* folder.c: see folder.h. */
#include "folder.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

char *folder_new(void) {
  const char *base = getenv("TMPDIR");
  char *path = NULL;
  assert_true(asprintf(&path, "%s/emily-test-XXXXXX", base ? base : "/tmp") > 0);
  assert_non_null(mkdtemp(path));
  return path;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk) {
  (void)info, (void)type, (void)walk;
  return remove(path);
}

void folder_remove(char *folder) {
  assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
  free(folder);
}

const char *in(const char *folder, const char *name) {
  static char paths[8][1024];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

void folder_put(const char *folder, const char *name, const void *bytes, size_t count) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = '\0';
    mkdir(path, 0777);
    *slash = '/';
  }
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  if (count) assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

void folder_puts(const char *folder, const char *name, const char *text) {
  folder_put(folder, name, text, strlen(text));
}
