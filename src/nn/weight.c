/* weight.c: see weight.h. Here: dense weights, and the way to the packed ones. */
#include "nn/weight.h"

static emily_array *dense_product(emily_scope *scope, const emily__weight *w, emily_array *x) {
  return emily_linear(scope, x, w->data, NULL);
}

static emily_array *dense_dense(emily_scope *scope, const emily__weight *w) {
  return emily_astype(scope, w->data, EMILY_FLOAT32);
}

static emily_array *dense_rows(emily_scope *scope, const emily__weight *w, emily_array *ids) {
  return emily_astype(scope, emily_take(scope, w->data, ids, 0), EMILY_FLOAT32);
}

static emily_array *dense_gather(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices) {
  return emily_gather_mm(scope, x, emily_swapaxes(scope, w->data, -1, -2), NULL, indices, false);
}

static const emily__packing dense = {"dense", dense_product, dense_rows, dense_gather, dense_dense};

static const emily__packing *packing_of(const emily__weight *w) { return w->packing ? w->packing : &dense; }

emily_array *emily__weight_product(emily_scope *scope, const emily__weight *w, emily_array *x) {
  return packing_of(w)->product(scope, w, x);
}

emily_array *emily__weight_rows(emily_scope *scope, const emily__weight *w, emily_array *ids) {
  return packing_of(w)->rows(scope, w, ids);
}

emily_array *emily__weight_gather(emily_scope *scope, const emily__weight *w, emily_array *x, emily_array *indices) {
  return packing_of(w)->gather(scope, w, x, indices);
}

emily_array *emily__weight_dense(emily_scope *scope, const emily__weight *w) { return packing_of(w)->dense(scope, w); }
