/* window.c: reductions over sliding windows; see emily/window.h. 16-bit floats are widened to float32 and rounded at the end. */
#include "op/common.h"

typedef union window_attrs {
  emily__attrs_window window;
  int64_t room[1 + 5 * EMILY__MAX_RANK];
} window_attrs;

typedef struct geometry {
  const int64_t *window, *strides, *low, *high, *dilations;
} geometry;

static size_t fill_attrs(window_attrs *attrs, const geometry *g, int32_t ndim) {
  const int64_t *const lists[5] = {g->window, g->strides, g->low, g->high, g->dilations};
  static const int64_t otherwise[5] = {1, 1, 0, 0, 1};
  attrs->window.count = ndim;
  for (int l = 0; l < 5; l++)
    for (int32_t i = 0; i < ndim; i++) attrs->window.values[l * ndim + i] = lists[l] ? lists[l][i] : otherwise[l];
  return sizeof attrs->window + 5 * (size_t)ndim * sizeof(int64_t);
}

static bool has_window(const emily__op *op, const emily_array *x, const geometry *g) {
  if (g->window || x->ndim == 0) return true;
  emily__op_fail(op, EMILY_INVALID_ARGUMENT, "window holds one number an axis");
  return false;
}

/* Said when the op is called, not when it runs. */
static bool has_order(const emily__op *op, const emily_array *x) {
  if (x->dtype != EMILY_COMPLEX64) return true;
  emily__op_fail(op, EMILY_UNSUPPORTED, "complex numbers have no order to choose by");
  return false;
}

static emily_dtype widened(emily_dtype dtype) { return dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16 ? EMILY_FLOAT32 : dtype; }

static emily_array *reduce(const emily__op *op, emily__prim prim, emily_array *x, const geometry *g) {
  window_attrs attrs;
  const emily_dtype dtype = x->dtype;
  const bool chooses = prim == EMILY__PRIM_window_max || prim == EMILY__PRIM_window_min;
  if (!has_window(op, x, g) || (chooses && !has_order(op, x))) return NULL;
  const size_t size = fill_attrs(&attrs, g, x->ndim);
  x = emily__cast(op, x, widened(dtype));
  return emily__cast(op, emily__apply(op, prim, &attrs, size, &x, 1), dtype);
}

#define WINDOW_OP(name)                                                                                                     \
  emily_array *emily_##name(emily_scope *scope, emily_array *x, const int64_t *window, const int64_t *strides,              \
                            const int64_t *padding_lo, const int64_t *padding_hi, const int64_t *dilations) {               \
    BEGIN(scope, x);                                                                                                        \
    return reduce(&op, EMILY__PRIM_##name, x, &(geometry){window, strides, padding_lo, padding_hi, dilations});             \
  }
WINDOW_OP(window_sum)
WINDOW_OP(window_prod)
WINDOW_OP(window_max)
WINDOW_OP(window_min)

static emily_array *scatter(const emily__op *op, emily__prim prim, emily_array *x, emily_array *source, emily_array *init,
                            const geometry *g) {
  window_attrs attrs;
  const emily_dtype dtype = emily_promote_types(source->dtype, init->dtype);
  if (!has_window(op, x, g) || !has_order(op, x)) return NULL;
  const size_t size = fill_attrs(&attrs, g, x->ndim);
  if (init->size != 1) return emily__op_fail(op, EMILY_INVALID_ARGUMENT, "init is one element");
  x = emily__cast(op, x, widened(x->dtype));
  source = emily__cast(op, source, widened(dtype));
  init = emily__reshape(op, emily__cast(op, init, widened(dtype)), NULL, 0);
  return emily__cast(op, emily__apply(op, prim, &attrs, size, OPERANDS(x, source, init), 3), dtype);
}

emily_array *emily_window_scatter_max(emily_scope *scope, emily_array *x, emily_array *source, emily_array *init,
                                      const int64_t *window, const int64_t *strides, const int64_t *padding_lo,
                                      const int64_t *padding_hi) {
  BEGIN(scope, x, source, init);
  return scatter(&op, EMILY__PRIM_window_scatter_max, x, source, init, &(geometry){window, strides, padding_lo, padding_hi, NULL});
}

emily_array *emily_window_scatter_min(emily_scope *scope, emily_array *x, emily_array *source, emily_array *init,
                                      const int64_t *window, const int64_t *strides, const int64_t *padding_lo,
                                      const int64_t *padding_hi) {
  BEGIN(scope, x, source, init);
  return scatter(&op, EMILY__PRIM_window_scatter_min, x, source, init, &(geometry){window, strides, padding_lo, padding_hi, NULL});
}
