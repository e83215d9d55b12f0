/* scope.h: scopes from the inside. */
#ifndef EMILY_GRAPH_SCOPE_H
#define EMILY_GRAPH_SCOPE_H

#include "base/status.h"
#include "emily/array.h"

/* True while the scope is there and has not failed. */
bool emily__scope_ok(const emily_scope *scope);

/* Give the scope a reference of the caller's; NULL (and the array released) when memory is out. */
emily_array *emily__scope_own(emily_scope *scope, emily_array *array);

#endif
