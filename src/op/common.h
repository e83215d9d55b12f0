/* common.h: what the ops are written with.
 *
 * An op checks its operands, normalises axes, casts and broadcasts, and applies primitives. It begins with READY, which makes a failed scope
 * or a NULL operand give NULL. Failures carry the op's public name and the operands' dtypes and shapes.
 */
#ifndef EMILY_OP_COMMON_H
#define EMILY_OP_COMMON_H

#include "array/array.h"
#include "base/status.h"
#include "dtype/dtype.h"
#include "emily/ops.h"
#include "graph/prims.h"
#include "graph/scope.h"

#include <string.h>

/* An operation under way: who asked, and with what, for its error messages. */
typedef struct emily__op {
  emily_scope *scope;
  const char *name; /* "emily_softmax" */
  emily_array *const *operands;
  int32_t count;
} emily__op;

/* Scope healthy, operands not NULL, and of storage dtypes only where the op moves them; else a healthy scope fails. */
bool emily__op_ready(const emily__op *op);

#define OPERANDS(...) (emily_array *const[]){__VA_ARGS__}
/* Declares `op`; returns NULL from the enclosing function where it can't go on. */
#define BEGIN(scope_, ...)                                                                                        \
  const emily__op op = {(scope_), __func__, OPERANDS(__VA_ARGS__), sizeof(OPERANDS(__VA_ARGS__)) / sizeof(void *)}; \
  if (!emily__op_ready(&op)) return NULL
/* The same in an op that returns a status. */
#define BEGIN_STATUS(scope_, ...)                                                                                 \
  const emily__op op = {(scope_), __func__, OPERANDS(__VA_ARGS__), sizeof(OPERANDS(__VA_ARGS__)) / sizeof(void *)}; \
  if (!emily__op_ready(&op)) return emily_scope_status(scope_)
#define BEGIN_NO_OPERANDS(scope_)                       \
  const emily__op op = {(scope_), __func__, NULL, 0};   \
  if (!emily__op_ready(&op)) return NULL

/* Fail the op: message and operands into the scope. Returns NULL. */
emily_array *emily__op_fail(const emily__op *op, emily_status status, const char *format, ...) EMILY_PRINTF(3, 4);
#define REFUSE(...) emily__op_fail(&op, EMILY_INVALID_ARGUMENT, __VA_ARGS__)
#define REFUSE_STATUS(...) (REFUSE(__VA_ARGS__), EMILY_INVALID_ARGUMENT)

/* Room on the stack for any attribute struct that ends in a list: up to three lists of 64 behind three numbers. */
typedef union emily__attrs_room {
  emily__attrs_ints ints;
  emily__attrs_slice slice;
  emily__attrs_as_strided as_strided;
  emily__attrs_pad pad;
  emily__attrs_reduce reduce;
  emily__attrs_full full;
  emily__attrs_random_bits random_bits;
  emily__attrs_gather gather;
  emily__attrs_scatter scatter;
  emily__attrs_slice_update slice_update;
  int64_t room[3 + 3 * EMILY__MAX_RANK];
} emily__attrs_room;

/* A node of a primitive; its first output, owned by the scope. NULL inputs give NULL. */
emily_array *emily__apply(const emily__op *op, emily__prim prim, const void *attrs, size_t attrs_size,
                          emily_array *const *inputs, int32_t count);
#define APPLY(prim, attrs_ptr, ...)                                                                    \
  emily__apply(&op, EMILY__PRIM_##prim, (attrs_ptr), sizeof *(attrs_ptr), OPERANDS(__VA_ARGS__), \
               sizeof(OPERANDS(__VA_ARGS__)) / sizeof(void *))
#define APPLY_PLAIN(prim, ...)                                                         \
  emily__apply(&op, EMILY__PRIM_##prim, NULL, 0, OPERANDS(__VA_ARGS__), \
               sizeof(OPERANDS(__VA_ARGS__)) / sizeof(void *))

/* The same for a primitive of several outputs: the status of the scope; on success all of outs[] are owned by it. */
emily_status emily__apply_many(const emily__op *op, emily__prim prim, const void *attrs, size_t attrs_size,
                               emily_array *const *inputs, int32_t count, emily_array **outs);

/* 0 ≤ *axis < ndim, from the end where negative; false where it is out of range (the op has failed). */
bool emily__op_axis(const emily__op *op, int64_t axis, int32_t ndim, int32_t *out);

/* A set of distinct axes, ascending; axes NULL: all. */
typedef struct emily__axes {
  int32_t count;
  int32_t axis[EMILY__MAX_RANK];
} emily__axes;
bool emily__op_axes(const emily__op *op, const int64_t *axes, int32_t count, int32_t ndim, emily__axes *out);

/* A shape from outside: extents not negative, at most 64, product below 2^63. */
bool emily__op_shape(const emily__op *op, const int64_t *shape, int32_t count);

/* The place of a text among the names of an argument's choices (a list that ends in NULL); -1 where it is none of them (the op has failed). */
int32_t emily__op_choice(const emily__op *op, const char *argument, const char *text, const char *const *choices);

/* Casts, broadcasts and reshapes that are no node where nothing changes. */
emily_array *emily__cast(const emily__op *op, emily_array *x, emily_dtype dtype);
emily_array *emily__broadcast(const emily__op *op, emily_array *x, const int64_t *shape, int32_t ndim);
emily_array *emily__reshape(const emily__op *op, emily_array *x, const int64_t *shape, int32_t ndim);
emily_array *emily__transpose(const emily__op *op, emily_array *x, const int32_t *permutation);
emily_array *emily__flatten(const emily__op *op, emily_array *x);
/* start, extent and stride for each axis of x. */
emily_array *emily__slice(const emily__op *op, emily_array *x, const int64_t *start, const int64_t *extent,
                          const int64_t *stride);
/* The extents [from, from + extent) of one axis. */
emily_array *emily__slice_axis(const emily__op *op, emily_array *x, int32_t axis, int64_t from, int64_t extent);

/* A lazy constant: `value` in `dtype`, of a shape (ndim 0: a scalar). */
emily_array *emily__full(const emily__op *op, double value, emily_dtype dtype, const int64_t *shape, int32_t ndim);
emily_array *emily__scalar(const emily__op *op, double value, emily_dtype dtype);

/* Both to one dtype and one shape; false where they do not broadcast. dtype -1: promote. */
bool emily__op_match(const emily__op *op, emily_array **a, emily_array **b, emily_dtype dtype);

/* A binary primitive on operands that are cast and broadcast first. */
emily_array *emily__binary(const emily__op *op, emily__prim prim, emily_array *a, emily_array *b);
emily_array *emily__unary(const emily__op *op, emily__prim prim, emily_array *x);

/* A reduction; x already has the dtype that the primitive wants. */
emily_array *emily__reduce(const emily__op *op, emily__prim prim, emily_array *x, const emily__axes *axes, bool keepdims);

/* Results of an op that gives several: the status of the call, and NULL entries never. */
emily_status emily__give(const emily__op *op, emily_array *const *results, size_t n, emily_array **out, size_t capacity,
                         size_t *count);

#endif
