/* folder.h: a temporary folder for one test, with what the test puts there. Every function asserts that it worked. */
#ifndef EMILY_TESTS_FOLDER_H
#define EMILY_TESTS_FOLDER_H

#include <stddef.h>

char *folder_new(void);           /* a fresh folder's path; give it to folder_remove */
void folder_remove(char *folder); /* the folder, all in it, and the path */

/* Write folder/name (its parents are made). */
void folder_put(const char *folder, const char *name, const void *bytes, size_t count);
void folder_puts(const char *folder, const char *name, const char *text);

/* "folder/name" in one of eight rotating buffers, for use within one statement. */
const char *in(const char *folder, const char *name);

#endif
