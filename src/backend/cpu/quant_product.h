/* quant_product.h: rows of x times quantized matrices, as the kernels of quantized products see them.
 *
 *     out[out_at[r]] = x[r] · W,   x[r]: [k], W: [k, n], which stands as [n, k] packed along k (transposed), or as [k, n] packed along n
 *
 * A span is the rows that meet one matrix. quant_matmul.c makes spans of a node, quant_few.c, quant_along.c and quant_many.c work on them. The bits of a
 * row depend on k, on which of them is taken, and on nothing else: not on its span. */
#ifndef EMILY_BACKEND_CPU_QUANT_PRODUCT_H
#define EMILY_BACKEND_CPU_QUANT_PRODUCT_H

#include "backend/cpu/quant.h"

typedef struct emily__quant_span {
  int64_t first, rows;
  const uint8_t *packed; /* rows of the matrix follow each other, and so do those of its scales */
  const char *scales, *biases; /* biases: NULL for none */
} emily__quant_span;

typedef struct emily__quant_product {
  const emily__attrs_quantize *attrs;
  const emily__block_format *format; /* rows of blocks, without scales; NULL: */
  emily__quant_form form;
  int64_t n, k, rows, span_count;
  const emily__quant_span *spans;
  const char *x;
  char *out;             /* [rows, n] */
  emily_dtype dtype;     /* of x and out: float16, bfloat16 or float32 */
  emily_dtype scale_dtype;
  int64_t x_stride;      /* between elements of a row of x, in elements */
  const int64_t *x_at;   /* where each row of x begins, in elements … */
  const int64_t *out_at; /* … and which row of out it makes */
} emily__quant_product;

/* Bytes of a packed row of the matrices, and scales of one. */
int64_t emily__quant_row_bytes(const emily__quant_product *p);
int64_t emily__quant_row_scales(const emily__quant_product *p);

/* n scales or biases (as `from` stands at the first) as float32: for a few, where a call of a kernel is not worth it. */
void emily__quant_some_scales(const emily__quant_product *p, float *out, const char *from, int64_t n);
int64_t emily__quant_scale_size(const emily__quant_product *p);

emily_status emily__quant_few(const emily__quant_product *p);  /* transposed; spans of a few rows each */
enum { EMILY__QUANT_ALONG = 8 };
emily_status emily__quant_along(const emily__quant_product *p); /* not transposed; spans of at most EMILY__QUANT_ALONG rows */
emily_status emily__quant_many(const emily__quant_product *p); /* any */

#endif
