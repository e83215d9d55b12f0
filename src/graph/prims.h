/* prims.h: the primitives' names and attributes: the vocabulary that graph, backends and transforms share.
 *
 * Attributes are flat: no pointers, lists as trailing int64s, padding zeroed (EMILY__ATTRS_INIT). So a node owns them by
 * copying bytes, and two are equal exactly where their bytes are. Axes are normalised (0 ≤ axis < ndim) before they get here.
 */
#ifndef EMILY_GRAPH_PRIMS_H
#define EMILY_GRAPH_PRIMS_H

#include "emily/dtype.h"

enum { EMILY__MAX_RANK = 64 }; /* NumPy's limit too; more dimensions of two or more would not fit in 2^63 elements */

typedef enum emily__prim {
#define PRIM(name, attrs, infer, outputs, flags) EMILY__PRIM_##name,
#include "graph/prims.def"
#undef PRIM
  EMILY__PRIM_COUNT
} emily__prim;

const char *emily__prim_name(emily__prim prim);

/* What prims.def says of a primitive beside its kernel. */
enum {
  EMILY__PRIM_VIEW = 1 << 0,        /* the output shares the input's buffer where strides allow; graph/view.c does it */
  EMILY__PRIM_ELEMENTWISE = 1 << 1, /* output element i depends on input elements i alone: may run in place on a donated input
                                       of the same itemsize, and may be fused */
  EMILY__PRIM_UPDATE = 1 << 2,      /* outputs[0] starts as inputs[0]'s content: a donated inputs[0] is written in place */
  EMILY__PRIM_MOVES = 1 << 3        /* takes storage dtypes, as views do */
};

typedef struct emily__attrs_none {
  char unused;
} emily__attrs_none;

typedef struct emily__attrs_axis {
  int64_t axis;
} emily__attrs_axis;

typedef struct emily__attrs_flag {
  int64_t on; /* 0 or 1; its meaning stands beside the primitive */
} emily__attrs_flag;

/* A list of int64: axes of a reduction, a permutation, a shape. */
typedef struct emily__attrs_ints {
  int64_t count;
  int64_t values[];
} emily__attrs_ints;

typedef struct emily__attrs_reduce {
  int64_t keepdims; /* 0 or 1 */
  int64_t count;
  int64_t axes[]; /* ascending, distinct */
} emily__attrs_reduce;

typedef struct emily__attrs_arg_reduce {
  int64_t axis, keepdims;
  int64_t last; /* 1: of equals the last wins, 0: the first */
} emily__attrs_arg_reduce;

typedef struct emily__attrs_scan {
  int64_t axis;
  int64_t reverse, inclusive; /* 0 or 1: from the end; the element itself counts */
} emily__attrs_scan;

typedef struct emily__attrs_scale {
  double scale;
} emily__attrs_scale;

typedef struct emily__attrs_sort {
  int64_t axis;
  int64_t descending; /* 0 or 1 */
  int64_t kth;        /* the place that must hold what sorting puts there, smaller ones before; -1: all */
} emily__attrs_sort;

typedef struct emily__attrs_dtype {
  int64_t dtype;
} emily__attrs_dtype;

/* start + i * step for i < count, computed in float64 for floats and in (wrapping) int64 for integers. */
typedef struct emily__attrs_iota {
  int64_t dtype, count;
  double start, step;
  int64_t int_start, int_step;
} emily__attrs_iota;

/* A constant of any dtype, broadcast to a shape: the element's bytes stand in `bits`. */
typedef struct emily__attrs_full {
  int64_t dtype;
  uint64_t bits;
  int64_t count;
  int64_t shape[];
} emily__attrs_full;

/* Three lists of `count` int64s in a row: start, extent of the result, stride. start + stride * (extent - 1) is in bounds. */
typedef struct emily__attrs_slice {
  int64_t count;
  int64_t values[]; /* start[count], extent[count], stride[count] */
} emily__attrs_slice;

/* What an update does with the element that is there. */
enum { EMILY__UPDATE_PUT, EMILY__UPDATE_ADD, EMILY__UPDATE_PROD, EMILY__UPDATE_MAX, EMILY__UPDATE_MIN, EMILY__UPDATE_COUNT };

/* An update of a slice: what, then the slice as emily__attrs_slice has it, from count on. */
typedef struct emily__attrs_slice_update {
  int64_t update; /* EMILY__UPDATE_… */
  int64_t count;
  int64_t values[];
} emily__attrs_slice_update;

/* The elements x[…, i + max(-offset, 0), …, i + max(offset, 0), …] of two axes. */
typedef struct emily__attrs_diagonal {
  int64_t axis1, axis2, offset;
} emily__attrs_diagonal;

/* Runs of equal elements; what follows the last of `size` runs is filled from the first, with lengths of 0. */
typedef struct emily__attrs_runs {
  int64_t size;
  int64_t each; /* 0: the run of each element is not wanted, and that output is empty */
} emily__attrs_runs;

/* Windows of the extents slice_sizes that begin where indices say on `axes` (distinct, in the order of the indices), at 0 elsewhere.
 * clamp 1: an index is moved to where its window fits, and does not count from the end. */
typedef struct emily__attrs_gather {
  int64_t clamp;
  int64_t count;    /* index arrays: at least 1 */
  int64_t values[]; /* axes[count], slice_sizes[x's ndim] */
} emily__attrs_gather;

typedef struct emily__attrs_scatter {
  int64_t update; /* EMILY__UPDATE_… */
  int64_t clamp;
  int64_t count;
  int64_t axes[];
} emily__attrs_scatter;

typedef struct emily__attrs_scatter_axis {
  int64_t update;
  int64_t axis;
} emily__attrs_scatter_axis;

/* Shape and element strides of an unchecked view, and its offset in elements: shape[count], strides[count]. */
typedef struct emily__attrs_as_strided {
  int64_t offset;
  int64_t count;
  int64_t values[];
} emily__attrs_as_strided;

/* low[count], high[count], interior[count]: elements put before, after and between those of each axis; none is negative. */
typedef enum emily__pad_mode { EMILY__PAD_CONSTANT, EMILY__PAD_EDGE, EMILY__PAD_REFLECT, EMILY__PAD_SYMMETRIC } emily__pad_mode;
typedef struct emily__attrs_pad {
  int64_t mode;
  int64_t count;
  int64_t values[];
} emily__attrs_pad;

/* out = alpha * (a @ b) + beta * c; c is the optional third input. transpose_b is never needed: strides say it. */
typedef struct emily__attrs_matmul {
  double alpha, beta;
} emily__attrs_matmul;

/* One to three spatial axes; of each list the first `axes` entries count, the others are 0. Input element i of an axis stands at
 * low + i · input_dilation of the padded axis, tap t of output o reads o · stride + t · kernel_dilation. flip: tap t has the weight
 * of the last but t. */
typedef struct emily__attrs_conv {
  int64_t axes, groups, flip;
  int64_t stride[3], low[3], high[3], kernel_dilation[3], input_dilation[3];
} emily__attrs_conv;

/* How a matrix is quantized: groups run along its last axis, which is packed into uint32. */
enum { EMILY__QUANT_AFFINE = 0, EMILY__QUANT_MXFP4 = 1, EMILY__QUANT_MXFP8 = 2, EMILY__QUANT_NVFP4 = 3, EMILY__QUANT_FLOAT8 = 4,
       EMILY__QUANT_BLOCKS = 5 /* rows of ggml's blocks, which have their scales within: bits is the format (dtype/blocks.h) */ };
typedef struct emily__attrs_quantize {
  int32_t mode, group_size, bits;
  int32_t transpose;    /* products: 1 for a matrix [N, K], 0 for [K, N] */
  int32_t has_global;   /* nvfp4's global scale is among the inputs */
  int32_t ties_to_even; /* e2m1: halves go to the even mantissa; 0: to the smaller magnitude */
  int64_t dtype;        /* dequantize: of the result */
} emily__attrs_quantize;

/* Five lists of `count` int64s in a row, see graph/window.h; low and high negative: crop. */
typedef struct emily__attrs_window {
  int64_t count;
  int64_t values[]; /* window[count], stride[count], low[count], high[count], dilation[count] */
} emily__attrs_window;

typedef struct emily__attrs_norm {
  float eps;
  int32_t has_weight, has_bias;
  int32_t unused;
} emily__attrs_norm;

typedef struct emily__attrs_rope {
  int64_t dims;
  double base; /* used where has_freqs is 0 */
  double scale;
  int32_t traditional, has_freqs;
  int64_t offset; /* used where has_offset is 0 */
  int64_t has_offset;
} emily__attrs_rope;

typedef struct emily__attrs_attention {
  float scale;
  int32_t causal;     /* 1: key j is seen by query i iff j ≤ i + (keys - queries) */
  int64_t window;     /* 0: none; w: of those, only j > i + (keys - queries) - w (w keys, the query's own among them) */
  int32_t has_mask;   /* inputs[3]: bool (true keeps) or additive, broadcastable to [B, H, Tq, Tk] */
  int32_t has_sinks;  /* the last input: [H], joins each row's softmax and is dropped */
} emily__attrs_attention;

/* op(A) X = B, or X op(A) = B where not left. */
typedef struct emily__attrs_triangular {
  int32_t upper, left;
  int64_t transform; /* op(A): 0 A, 1 A^T, 2 A^H */
} emily__attrs_triangular;
/* Along `axis`: n complex numbers to n (forwards, backwards), n reals to n / 2 + 1 complex numbers, and those back to n reals. */
typedef enum emily__fft_mode { EMILY__FFT_FORWARD, EMILY__FFT_BACKWARD, EMILY__FFT_FROM_REAL, EMILY__FFT_TO_REAL } emily__fft_mode;
typedef struct emily__attrs_fft {
  int64_t axis, n, mode; /* mode: emily__fft_mode */
  double scale;          /* of the result */
} emily__attrs_fft;

typedef struct emily__attrs_random_bits {
  int64_t width; /* bytes an element: 1, 2 or 4 */
  int64_t count;
  int64_t shape[];
} emily__attrs_random_bits;

#endif
