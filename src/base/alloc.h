/* alloc.h: the library's host allocations (structs, names, tables; tensor data goes through the backend's allocator).
 *
 * Contract: every host allocation of the library goes through here, so that a test can make the n-th one fail.
 * A failing call records EMILY_OUT_OF_MEMORY (status.h) and returns NULL; the block passed to realloc stays valid.
 * Sizes of zero give a unique pointer. Products are checked: a count times a size that wraps is a failure.
 */
#ifndef EMILY_BASE_ALLOC_H
#define EMILY_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *emily__malloc(size_t bytes);
void *emily__calloc(size_t count, size_t size); /* zeroed; checked product */
void *emily__realloc(void *block, size_t bytes);
void *emily__alloc_array(size_t count, size_t size); /* not zeroed; checked product */
void emily__free(void *block);                       /* NULL does nothing */
char *emily__strdup(const char *text);
char *emily__strndup(const char *text, size_t length);

/* a * b and a + b into *out; false where they wrap (or, for the signed form, where an operand is negative). */
bool emily__mul_size(size_t a, size_t b, size_t *out);
bool emily__mul_i64(int64_t a, int64_t b, int64_t *out);
bool emily__add_i64(int64_t a, int64_t b, int64_t *out);

/* Test hooks. The n-th allocation from now fails (1: the next), once; 0 switches injection off. Counting is
 * process-wide and also covers the backend's tensor allocator, which asks emily__alloc_should_fail itself. */
void emily__alloc_fail_after(int64_t n);
int64_t emily__alloc_count(void);  /* allocations tried since the last emily__alloc_fail_after */
int64_t emily__alloc_live(void);   /* host blocks not yet freed */
bool emily__alloc_should_fail(void);

#endif
