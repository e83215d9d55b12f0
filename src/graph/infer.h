/* infer.h: shape and dtype inference of the primitives, one function a shape of rule (prims.def names them).
 *
 * An inference function checks what a node may not violate and fills the outputs' dtype and shape. The ops check with better words
 * before; what fails here is a misuse of the primitive, by emily_call or by a transform. */
#ifndef EMILY_GRAPH_INFER_H
#define EMILY_GRAPH_INFER_H

#include "base/status.h"
#include "graph/node.h"

#include <string.h>

static inline emily_status emily__infer_refuse(const char *why) { return emily__fail(EMILY_INVALID_ARGUMENT, "", "%s", why); }

/* The dtype and shape of x. */
static inline void emily__infer_like(emily__aval *out, const emily_array *x) {
  out->dtype = x->dtype;
  out->ndim = x->ndim;
  if (x->ndim) memcpy(out->shape, x->dims, (size_t)x->ndim * sizeof *out->shape);
}

#define EMILY__INFER(name) \
  emily_status emily__infer_##name(const void *attrs, int32_t n, emily_array *const *in, emily__aval *out)

EMILY__INFER(same);
EMILY__INFER(sort);
EMILY__INFER(scan);
EMILY__INFER(full);
EMILY__INFER(iota);
EMILY__INFER(random_bits);
EMILY__INFER(reshape);
EMILY__INFER(transpose);
EMILY__INFER(broadcast);
EMILY__INFER(slice);
EMILY__INFER(as_strided);
EMILY__INFER(diagonal);
EMILY__INFER(bitcast);
EMILY__INFER(astype);
EMILY__INFER(pad);
EMILY__INFER(concatenate);
EMILY__INFER(slice_update);
EMILY__INFER(take);
EMILY__INFER(take_along_axis);
EMILY__INFER(gather);
EMILY__INFER(scatter);
EMILY__INFER(scatter_axis);
EMILY__INFER(count_true);
EMILY__INFER(nonzero);
EMILY__INFER(masked_select);
EMILY__INFER(masked_scatter);
EMILY__INFER(runs);
EMILY__INFER(real_part);
EMILY__INFER(to_bool);
EMILY__INFER(to_uint8);
EMILY__INFER(pack);
EMILY__INFER(unpack);
EMILY__INFER(argsort);
EMILY__INFER(searchsorted);
EMILY__INFER(binary);
EMILY__INFER(compare);
EMILY__INFER(select);
EMILY__INFER(reduce);
EMILY__INFER(reduce_bool);
EMILY__INFER(arg_reduce);
EMILY__INFER(drop_last);
EMILY__INFER(hadamard);
EMILY__INFER(matmul);
EMILY__INFER(gather_mm);
EMILY__INFER(segmented_mm);
EMILY__INFER(gated_delta_update);
EMILY__INFER(conv);
EMILY__INFER(window);
EMILY__INFER(window_scatter);
EMILY__INFER(norm);
EMILY__INFER(quantize_affine);
EMILY__INFER(quantize_fp);
EMILY__INFER(dequantize);
EMILY__INFER(quantized_matmul);
EMILY__INFER(gather_qmm);
EMILY__INFER(attention);
EMILY__INFER(fft);
/* infer_linalg.c */
EMILY__INFER(svd);
EMILY__INFER(svdvals);
EMILY__INFER(qr);
EMILY__INFER(eigh);
EMILY__INFER(eigvalsh);
EMILY__INFER(eig);
EMILY__INFER(eigvals);
EMILY__INFER(lu);
EMILY__INFER(lu_factor);
EMILY__INFER(square);
EMILY__INFER(solve);
EMILY__INFER(solve_triangular);
EMILY__INFER(det);
EMILY__INFER(slogdet);

#endif
