/* scope.c: what owns the results of ops, and keeps their first error.
 *
 * Arrays are kept in a chain of blocks; the first block is part of the scope, so that a small scope is one allocation. */
#include "graph/scope.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_BLOCK = 64, NEXT_BLOCK = 510 };

typedef struct block {
  struct block *next;
  int32_t count, capacity;
  emily_array *arrays[];
} block;

struct emily_scope {
  emily_stream *stream;
  bool failed;
  block *last;
  emily__error error;
  block first; /* its arrays stand behind the struct */
};

emily_scope *emily_scope_open(emily_stream *stream) {
  if (!stream) stream = emily_stream_default();
  if (!stream) return NULL;
  emily_scope *scope = emily__malloc(sizeof *scope + FIRST_BLOCK * sizeof(emily_array *));
  if (!scope) return NULL;
  scope->stream = emily_stream_retain(stream);
  scope->failed = false;
  scope->error.status = EMILY_OK;
  scope->error.message[0] = '\0';
  scope->first.next = NULL;
  scope->first.count = 0;
  scope->first.capacity = FIRST_BLOCK;
  scope->last = &scope->first;
  return scope;
}

bool emily__scope_ok(const emily_scope *scope) { return scope && !scope->failed; }

emily_array *emily_scope_fail(emily_scope *scope) {
  if (!scope || scope->failed) return NULL;
  emily__error_save(&scope->error);
  if (scope->error.status == EMILY_OK) {
    emily__fail(EMILY_INTERNAL, "emily_scope_fail", "a scope was failed without an error on this thread");
    emily__error_save(&scope->error);
  }
  scope->failed = true;
  return NULL;
}

emily_array *emily__scope_own(emily_scope *scope, emily_array *array) {
  if (scope->last->count == scope->last->capacity) {
    block *more = emily__malloc(sizeof *more + NEXT_BLOCK * sizeof(emily_array *));
    if (!more) {
      emily_array_release(array);
      return emily_scope_fail(scope);
    }
    *more = (block){.capacity = NEXT_BLOCK};
    scope->last->next = more;
    scope->last = more;
  }
  return scope->last->arrays[scope->last->count++] = array;
}

emily_array *emily_scope_keep(emily_scope *scope, emily_array *array) {
  return emily__scope_ok(scope) ? emily_array_retain(array) : NULL;
}

emily_array *emily_scope_adopt(emily_scope *scope, emily_array *array) {
  if (!array) return emily__scope_ok(scope) ? emily_scope_fail(scope) : NULL;
  if (!emily__scope_ok(scope)) {
    emily_array_release(array);
    return NULL;
  }
  return emily__scope_own(scope, array);
}

emily_status emily_scope_status(const emily_scope *scope) {
  return !scope ? EMILY_OUT_OF_MEMORY : scope->failed ? scope->error.status : EMILY_OK;
}

const char *emily_scope_message(const emily_scope *scope) { return scope && scope->failed ? scope->error.message : ""; }

emily_stream *emily_scope_stream(const emily_scope *scope) { return scope ? scope->stream : NULL; }

emily_status emily_scope_close(emily_scope *scope) {
  if (!scope) return EMILY_OUT_OF_MEMORY;
  for (block *b = &scope->first, *next; b; b = next) {
    for (int32_t i = 0; i < b->count; i++) emily_array_release(b->arrays[i]);
    next = b->next;
    if (b != &scope->first) emily__free(b);
  }
  emily_status status = scope->failed ? emily__error_restore(&scope->error) : EMILY_OK;
  emily_stream_release(scope->stream);
  emily__free(scope);
  return status;
}
