/* emily/call.h: any op by its name, and what there is: for bindings, shells and tests.
 *
 * The table behind it (src/op/ops.def) is the one that the headers of the ops are checked against, so a binding made from it has every op. */
#ifndef EMILY_CALL_H
#define EMILY_CALL_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an argument of an op is. */
typedef int32_t emily_arg_kind;
enum {
  EMILY_ARG_ARRAY = 1,      /* an operand */
  EMILY_ARG_OPTIONAL = 2,   /* an operand that may be NULL */
  EMILY_ARG_ARRAYS = 3,     /* a list of operands: takes all that are left (at most one an op, the last operand) */
  EMILY_ARG_INT = 4,
  EMILY_ARG_REAL = 5,
  EMILY_ARG_FLAG = 6,       /* bool */
  EMILY_ARG_DTYPE = 7,
  EMILY_ARG_INTS = 8,       /* a list of int64: shape, permutation, starts */
  EMILY_ARG_AXES = 9,       /* a list of axes, or all of them (NULL) */
  EMILY_ARG_TEXT = 10,      /* a word, e.g. a mode; in C a string that is read before the op returns */
  EMILY_ARG_PER_AXIS = 11   /* a list of int64, one for each axis of the first operand; in C a pointer without a count */
};

typedef struct emily_arg_info {
  emily_arg_kind kind;
  int32_t required;          /* 1 where there is no default */
  const char *name;
  const char *default_text;  /* as written in the table, "" where required */
} emily_arg_info;

typedef struct emily_op_info {
  const char *name;    /* "softmax": the C function is emily_softmax */
  const char *group;   /* "reduction" */
  const char *summary; /* one sentence */
  int32_t results;     /* 1, 2 or 3 arrays; 0: a list */
  int32_t arg_count;
  const emily_arg_info *args; /* in the order of the C function */
} emily_op_info;

EMILY_API int32_t emily_op_count(void);
EMILY_API const emily_op_info *emily_op_at(int32_t index);         /* NULL out of range */
EMILY_API const emily_op_info *emily_op_find(const char *name);    /* NULL where there is none */

/* One attribute by name. The member that counts is the one of the argument's kind; an INT is taken for a REAL too. */
typedef struct emily_attr {
  const char *name;
  emily_arg_kind kind;
  int32_t count;          /* INTS and AXES: how many; -1 for AXES: all */
  int64_t i;              /* INT, FLAG, DTYPE */
  double f;               /* REAL */
  const int64_t *ints;    /* INTS, AXES */
  const char *text;       /* TEXT; also a DTYPE by its name */
} emily_attr;

/* Call an op: operands in the table's order (NULL for an optional one that is absent), attributes by name. Up to `capacity` results
 * go to out[], their number to *count; they belong to the scope. A wrong name, kind or number is the scope's error. */
EMILY_API emily_status emily_call(emily_scope *scope, const char *op, emily_array *const *operands, size_t operand_count,
                                  const emily_attr *attrs, size_t attr_count, emily_array **out, size_t capacity,
                                  size_t *count);

/* The same for an op of emily_op_at or emily_op_find: no search by name. */
EMILY_API emily_status emily_call_op(emily_scope *scope, const emily_op_info *op, emily_array *const *operands,
                                     size_t operand_count, const emily_attr *attrs, size_t attr_count, emily_array **out,
                                     size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
