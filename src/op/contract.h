/* contract.h: products of two arrays over chosen axes, what tensordot, inner, dot_general and einsum come down to. */
#ifndef EMILY_OP_CONTRACT_H
#define EMILY_OP_CONTRACT_H

#include "op/common.h"

/* a @ b by NumPy's rules, in the promoted dtype. NULL operands give NULL. */
emily_array *emily__matmul(const emily__op *op, emily_array *a, emily_array *b);

/* Axes in pairs, an axis of a and one of b of the same extent: those summed over, and those that stay, once. All distinct. */
typedef struct emily__contraction {
  int32_t contracts, batches;
  int32_t contract_a[EMILY__MAX_RANK], contract_b[EMILY__MAX_RANK];
  int32_t batch_a[EMILY__MAX_RANK], batch_b[EMILY__MAX_RANK];
} emily__contraction;

/* Σ over the contracted axes: [batches in their order, a's other axes, b's other axes]. */
emily_array *emily__contract(const emily__op *op, emily_array *a, emily_array *b, const emily__contraction *by);

#endif
