/* linalg.c: decompositions, solutions and inverses of matrices. */
#include "op/common.h"

/* x is a matrix, or a batch of them, of a dtype that LAPACK knows; else the op has failed. */
static bool is_matrix(const emily__op *op, const emily_array *x) {
  if (x->ndim < 2) emily__op_fail(op, EMILY_INVALID_ARGUMENT, "a matrix has two axes or more; this array has %d", x->ndim);
  else if (x->dtype != EMILY_FLOAT32 && x->dtype != EMILY_FLOAT64 && x->dtype != EMILY_COMPLEX64)
    emily__op_fail(op, EMILY_INVALID_ARGUMENT, "matrices are float32, float64 or complex64; cast %s first", emily_dtype_name(x->dtype));
  else return true;
  return false;
}

emily_status emily_linalg_svd(emily_scope *scope, emily_array *x, bool full_matrices, emily_array *out[3]) {
  BEGIN_STATUS(scope, x);
  emily__attrs_flag attrs = {full_matrices};
  if (!is_matrix(&op, x)) return EMILY_INVALID_ARGUMENT;
  return emily__apply_many(&op, EMILY__PRIM_svd, &attrs, sizeof attrs, &x, 1, out);
}

emily_array *emily_linalg_svdvals(emily_scope *scope, emily_array *x) {
  BEGIN(scope, x);
  return is_matrix(&op, x) ? APPLY_PLAIN(svdvals, x) : NULL;
}

/* Primitives give columns of vectors as rows: a view. */
static emily_array *flipped(const emily__op *op, emily_array *x) {
  int32_t order[EMILY__MAX_RANK];
  if (!x) return NULL;
  for (int32_t i = 0; i < x->ndim; i++) order[i] = i;
  order[x->ndim - 1] = x->ndim - 2;
  order[x->ndim - 2] = x->ndim - 1;
  return emily__transpose(op, x, order);
}

emily_status emily_linalg_qr(emily_scope *scope, emily_array *x, const char *mode, emily_array *out[2]) {
  BEGIN_STATUS(scope, x);
  bool complete = mode && !strcmp(mode, "complete");
  emily__attrs_flag attrs = {complete};
  if (!is_matrix(&op, x)) return EMILY_INVALID_ARGUMENT;
  if (!mode || (!complete && strcmp(mode, "reduced")))
    return REFUSE_STATUS("mode is \"reduced\" or \"complete\", not \"%.40s\"", mode ? mode : "NULL");
  emily_status status = emily__apply_many(&op, EMILY__PRIM_qr, &attrs, sizeof attrs, &x, 1, out);
  if (status == EMILY_OK) out[0] = flipped(&op, out[0]);
  return emily_scope_status(scope);
}
