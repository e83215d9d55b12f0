/* view.h: primitives that only look at their input's buffer in another way. */
#ifndef EMILY_GRAPH_VIEW_H
#define EMILY_GRAPH_VIEW_H

#include "graph/node.h"

/* Strides (elements of the output) and byte offset of the output of view primitive `prim` over an input whose elements are at `data` with
 * the given strides. False where
 * no strides can say it: then a row-contiguous copy of the input is needed first. */
bool emily__view(emily__prim prim, const void *attrs, const emily_array *input, const void *data,
                 const int64_t *input_strides, const emily_array *output, int64_t *strides, int64_t *offset);

#endif
