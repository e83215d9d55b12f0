/* quantize.h: what the ops on quantized matrices share: modes, checks, and the two ways between floats and packed elements. */
#ifndef EMILY_OP_QUANTIZE_H
#define EMILY_OP_QUANTIZE_H

#include "op/common.h"

/* The attributes of a mode, group size and bits (0: the mode's own); false (and the op failed) where they do not go together. */
bool emily__quant_mode(const emily__op *op, const char *mode, int64_t group_size, int64_t bits, emily__attrs_quantize *out);

/* A global scale, or NULL, that the mode takes. */
bool emily__quant_global(const emily__op *op, const emily_array *global, int32_t mode);

/* Operands of a quantized matrix that fit together; *last: elements of its last axis. */
bool emily__quant_check(const emily__op *op, const emily__attrs_quantize *attrs, const emily_array *w, const emily_array *scales,
                        const emily_array *biases, int64_t *last);

/* quantize on a matrix of float16, bfloat16 or float32; out[3]. */
emily_status emily__quant_pack(const emily__op *op, emily_array *w, emily_array *global, emily__attrs_quantize *attrs, emily_array **out);

/* dequantize as the primitive does it: scales and biases in `dtype`, which is no float64. */
emily_array *emily__quant_unpack(const emily__op *op, emily__attrs_quantize attrs, emily_array *w, emily_array *scales,
                                 emily_array *biases, emily_array *global, emily_dtype dtype);

/* The attributes of a format of ggml's blocks ("Q4_K") and the elements of a row of w; false (and the op failed) where w is none of it. */
bool emily__block_check(const emily__op *op, const char *format, const emily_array *w, emily__attrs_quantize *attrs, int64_t *last);

/* The floats that rows of blocks stand for, in a dtype that is no float64. */
emily_array *emily__block_floats(const emily__op *op, const emily__attrs_quantize *attrs, emily_array *w, emily_dtype dtype);

#endif
