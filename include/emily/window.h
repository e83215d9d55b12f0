/* emily/window.h: reductions over sliding windows.
 *
 * The rules of emily/ops.h hold: scope, lazy results. Lists have one number an axis of x; NULL: strides and dilations of 1, no
 * padding. A window has window[i] elements of axis i, dilations[i] apart, and moves by strides[i]; the axis becomes
 * (n + padding_lo + padding_hi - 1 - dilations · (window - 1)) / strides + 1 long, cut. A negative padding crops. Refused: windows,
 * strides and dilations below 1, a window larger than the padded axis.
 *
 * The dtype is kept, whatever a sum may need: a sum of uint8 wraps (Nx's rule). 16-bit floats are computed in float32 and rounded once.
 * Padding counts for nothing: a window that sees no element gives 0, 1, or the lowest or highest value (an infinity for floats).
 */
#ifndef EMILY_WINDOW_H
#define EMILY_WINDOW_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over a sliding window. Of bools: whether one is true. Long windows are summed by halves. */
EMILY_API emily_array *emily_window_sum(emily_scope *scope, emily_array *x, const int64_t *window, const int64_t *strides,
                                        const int64_t *padding_lo, const int64_t *padding_hi, const int64_t *dilations);
/* Products over a sliding window. Of bools: whether all are true. */
EMILY_API emily_array *emily_window_prod(emily_scope *scope, emily_array *x, const int64_t *window, const int64_t *strides,
                                         const int64_t *padding_lo, const int64_t *padding_hi, const int64_t *dilations);
/* Largest elements of a sliding window; NaN where one is NaN. Complex numbers are refused. */
EMILY_API emily_array *emily_window_max(emily_scope *scope, emily_array *x, const int64_t *window, const int64_t *strides,
                                        const int64_t *padding_lo, const int64_t *padding_hi, const int64_t *dilations);
/* Smallest elements of a sliding window; NaN where one is NaN. Complex numbers are refused. */
EMILY_API emily_array *emily_window_min(emily_scope *scope, emily_array *x, const int64_t *window, const int64_t *strides,
                                        const int64_t *padding_lo, const int64_t *padding_hi, const int64_t *dilations);
/* Each window's source added where its largest element stands: the gradient of a window_max. source has the shape of that
 * window_max, init one element: the result, of x's shape, begins as init everywhere, and source[w] is added at the element of window w
 * that is chosen, in the order of the windows. Chosen is the last of the largest: an element takes the place of an earlier one where
 * it is ≥ it, which no NaN ever is (a NaN that comes first stays). Padding is never chosen; a window of padding alone adds nothing.
 * The dtype is that to which source and init promote (bool is refused); x is not complex. */
EMILY_API emily_array *emily_window_scatter_max(emily_scope *scope, emily_array *x, emily_array *source, emily_array *init,
                                                const int64_t *window, const int64_t *strides, const int64_t *padding_lo,
                                                const int64_t *padding_hi);
/* Each window's source added where its smallest element stands. As emily_window_scatter_max, with ≤. */
EMILY_API emily_array *emily_window_scatter_min(emily_scope *scope, emily_array *x, emily_array *source, emily_array *init,
                                                const int64_t *window, const int64_t *strides, const int64_t *padding_lo,
                                                const int64_t *padding_hi);

#ifdef __cplusplus
}
#endif
#endif
