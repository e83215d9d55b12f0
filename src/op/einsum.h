/* einsum.h: an Einstein summation, parsed and planned, for einsum.c. */
#ifndef EMILY_OP_EINSUM_H
#define EMILY_OP_EINSUM_H

#include "array/array.h"

enum { EMILY__EINSUM_OPERANDS = 64, EMILY__EINSUM_LABELS = 64 };

/* The axes of an operand, or of the result, by label: a number below EMILY__EINSUM_LABELS that stands for a letter or an axis of "...". */
typedef struct emily__term {
  int32_t count;
  uint8_t label[EMILY__MAX_RANK];
  uint64_t set;
} emily__term;

/* One contraction: the operands at these (ascending) positions of the list are removed, a term of these labels is appended. */
typedef struct emily__einsum_step {
  int32_t count;
  uint8_t position[EMILY__EINSUM_OPERANDS];
  uint64_t keeps;
} emily__einsum_step;

typedef struct emily__einsum {
  int32_t operands, labels, steps;
  emily__term operand[EMILY__EINSUM_OPERANDS], result;
  int64_t extent[EMILY__EINSUM_LABELS]; /* the largest, where others are 1 */
  emily__einsum_step step[EMILY__EINSUM_OPERANDS];
  uint64_t naive_cost, cost; /* multiplications and additions; UINT64_MAX where they do not fit */
  int32_t naive_scaling, scaling; /* the most labels in one contraction */
} emily__einsum;

/* Fills all but the plan; `who` stands in messages. */
emily_status emily__einsum_parse(const char *who, const char *subscripts, emily_array *const *operands, int32_t count,
                                 emily__einsum *out);
/* Fills the plan. */
void emily__einsum_plan(emily__einsum *e);

#endif
