/* arena.c: see arena.h. */
#include "template/arena.h"

#include <stdalign.h>

enum { BLOCK_BYTES = 16 * 1024, ALIGNMENT = 16 };

struct emily__arena_block {
  emily__arena_block *next;
  size_t bytes;
  alignas(ALIGNMENT) char data[];
};

/* Blocks grow with what was taken so far, so that there are few of them. */
static bool add_block(emily__arena *arena, size_t bytes) {
  size_t wanted = arena->taken / 4 > BLOCK_BYTES ? arena->taken / 4 : BLOCK_BYTES;
  if (wanted > arena->limit - arena->taken) wanted = arena->limit - arena->taken;
  if (wanted < bytes) wanted = bytes;
  if (wanted > arena->limit - arena->taken) return arena->exceeded = true, false;
  emily__arena_block *block = emily__malloc(sizeof *block + wanted);
  if (!block) return false;
  block->next = arena->blocks;
  block->bytes = wanted;
  arena->blocks = block;
  arena->taken += wanted;
  arena->room = wanted;
  return true;
}

void *emily__arena_alloc(emily__arena *arena, size_t bytes) {
  if (bytes > SIZE_MAX / 4) return arena->exceeded = true, NULL;
  bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (bytes > arena->room && !add_block(arena, bytes)) return NULL;
  char *at = arena->blocks ? arena->blocks->data + arena->blocks->bytes - arena->room : NULL;
  if (!at) return add_block(arena, ALIGNMENT) ? arena->blocks->data : NULL; /* zero bytes of an empty arena */
  arena->room -= bytes;
  return at;
}

void *emily__arena_array(emily__arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (!emily__mul_size(count, size, &bytes)) return arena->exceeded = true, NULL;
  return emily__arena_alloc(arena, bytes);
}

void emily__arena_free(emily__arena *arena) {
  for (emily__arena_block *block = arena->blocks, *next; block; block = next) {
    next = block->next;
    emily__free(block);
  }
  *arena = (emily__arena){.limit = arena->limit};
}
