/* gated_delta.c: the gated delta rule; see src/backend/cpu/gated_delta.c. */
#include "op/common.h"

emily_status emily_gated_delta_update(emily_scope *scope, emily_array *q, emily_array *k, emily_array *v, emily_array *gamma,
                                      emily_array *beta, emily_array *initial_state, emily_array *mask, emily_array *out[2]) {
  BEGIN_STATUS(scope, q, k, v, gamma, beta);
  emily_dtype dtype = emily_promote_types(q->dtype, k->dtype);
  if (!emily_dtype_is_inexact(dtype)) dtype = emily_promote_types(dtype, EMILY_FLOAT32);
  if (!emily_dtype_is_float(dtype)) return REFUSE_STATUS("the gated delta rule is of floats");
  if (q->ndim != 4 || v->ndim != 4) return REFUSE_STATUS("q and k are [B, T, Hk, Dk], v [B, T, Hv, Dv]");
  /* What comes in is rounded to the dtype first, as MLX does, but for the state; sums are in float32 at least. */
  const emily_dtype inner = dtype == EMILY_FLOAT64 ? dtype : EMILY_FLOAT32;
  emily_array *inputs[7] = {q, k, v, gamma, beta}, *results[2];
  for (int32_t i = 0; i < 5; i++) inputs[i] = emily__cast(&op, emily__cast(&op, inputs[i], dtype), inner);
  const int64_t states[4] = {v->dims[0], v->dims[2], v->dims[3], q->dims[3]};
  inputs[5] = initial_state ? emily__cast(&op, initial_state, inner) : emily__full(&op, 0, inner, states, 4);
  if (mask) inputs[6] = emily__cast(&op, mask, EMILY_BOOL);
  EMILY__TRY(emily__apply_many(&op, EMILY__PRIM_gated_delta_update, NULL, 0, inputs, mask ? 7 : 6, results));
  results[0] = emily__cast(&op, results[0], dtype);
  if (!results[0]) return emily_scope_status(scope);
  out[0] = results[0];
  out[1] = results[1];
  return EMILY_OK;
}
