/* product.h: a batch of matrix products as the kernels of matmul see it, and the end of each of them.
 *
 *     out[t] = alpha · (a[t] · b[t]) + beta · c[t],   a: [m, k], b: [k, n], c and out: [m, n], t < batch
 *
 * All four may have any strides. matmul.c makes one of a node, skinny.c, gemm.c and dots.c work on it.
 */
#ifndef EMILY_BACKEND_CPU_PRODUCT_H
#define EMILY_BACKEND_CPU_PRODUCT_H

#include "backend/backend.h"

typedef struct emily__matrix {
  char *data;       /* NULL: none (c) */
  int64_t row, col; /* strides in elements */
  emily_dtype dtype;
} emily__matrix;

enum { EMILY__PRODUCT_A, EMILY__PRODUCT_B, EMILY__PRODUCT_C, EMILY__PRODUCT_OUT, EMILY__PRODUCT_MATRICES };

/* Where B is no matrix in memory: panel[p · ldo + i] = B[k0 + p, j + i] for p < k1 - k0, i < cols; j begins a panel. */
typedef void emily__fill_panel(const void *context, float *panel, int64_t ldo, int64_t k0, int64_t k1, int64_t j, int64_t cols);

typedef struct emily__product {
  int64_t m, n, k, batch;
  double alpha, beta;
  emily__matrix matrix[EMILY__PRODUCT_MATRICES]; /* those of batch 0 */
  emily__fill_panel *fill; /* of gemm.c alone; NULL: B is read */
  const void *fill_context;
  int32_t batch_ndim;
  int64_t batch_shape[EMILY__MAX_RANK];
  int64_t batch_strides[EMILY__PRODUCT_MATRICES][EMILY__MAX_RANK]; /* in elements */
} emily__product;

/* From a matmul node: axes of the batch are folded into m where strides allow. */
void emily__product_init(emily__product *p, const emily__node_view *node);

/* out = cᵀ's way round: the same product with a and b in each other's place. */
void emily__product_swap(emily__product *p);

/* Matrix `which` of product t. */
emily__matrix emily__product_at(const emily__product *p, int which, int64_t t);

static inline char *emily__matrix_at(const emily__matrix *x, int64_t row, int64_t col) {
  return x->data + (row * x->row + col * x->col) * (int64_t)emily_dtype_size(x->dtype);
}

/* out[i0 + i, j0 + j] = alpha · sum[i·lds + j] + beta · c, rounded once to out's dtype, for i < rows, j < cols.
 * float32, float16 and bfloat16. `sum` may be out's own memory. */
void emily__product_finish(const emily__product *p, const emily__matrix *out, const emily__matrix *c, int64_t i0,
                           int64_t j0, int64_t rows, int64_t cols, const float *sum, int64_t lds);

/* n elements of float32, float16 or bfloat16, `stride` elements apart, as float32 and back. */
void emily__gather_f32(float *out, const char *x, int64_t stride, emily_dtype dtype, int64_t n);
void emily__scatter_f32(char *out, int64_t stride, emily_dtype dtype, const float *x, int64_t n);

/* a's first m ≤ EMILY__SKINNY_GROUP rows, k elements each, as the skinny kernels take them (kernels.h): m · ⌈k / 16⌉
 * · 16 floats. */
void emily__skinny_pack(float *to, const emily__matrix *a, int64_t m, int64_t k);

/* The kernel that fits the shapes, strides and dtypes (matmul.c). */
typedef emily_status emily__product_fn(const emily__product *p);
emily__product_fn emily__product_run;

/* The kernels: what to run, with scratch taken before out is written. */
emily_status emily__product_skinny(const emily__product *p); /* m ≤ EMILY__SKINNY_MAX, b's k axis contiguous */
emily_status emily__product_gemm(const emily__product *p);   /* any strides and dtype; float32, float16 and bfloat16 may be mixed */
enum { EMILY__DOTS_MAX = 4 };
emily_status emily__product_dots(const emily__product *p); /* not summed in float32, m ≤ EMILY__DOTS_MAX, b's k axis contiguous */

/* Many products of a few elements, b's and out's rows contiguous, no addend (tiny.c). */
bool emily__product_is_tiny(const emily__product *p);
emily_status emily__product_tiny(const emily__product *p);

#endif
