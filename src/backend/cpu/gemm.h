/* gemm.h: the parts of the blocked product, for gemm.c and its tests. See gemm.c. */
#ifndef EMILY_BACKEND_CPU_GEMM_H
#define EMILY_BACKEND_CPU_GEMM_H

#include "backend/cpu/kernels.h"
#include "backend/cpu/product.h"

/* How one product is cut. All fields but rows and columns of a block decide bits; those two do not. */
typedef struct emily__gemm_cut {
  int64_t tiles;                /* of at most gemm_mr rows, as equal as can be: tile i begins at row i · m / tiles */
  int64_t k_blocks;             /* likewise: block i begins at i · k / k_blocks */
  int64_t row_blocks;           /* of whole tiles */
  int64_t column_blocks, width; /* of `width` columns, a multiple of gemm_nr */
} emily__gemm_cut;

/* most_rows: of a block of rows, but for two tiles more. */
void emily__gemm_cut_product(emily__gemm_cut *cut, const emily__cpu_kernels *kernels, int64_t m, int64_t n, int64_t k,
                             int64_t batch, int64_t most_rows, int32_t threads);

static inline int64_t emily__gemm_border(int64_t extent, int64_t parts, int64_t i) { return i * extent / parts; }

/* panel[p · ldo + i] = x's element (first + i along `along`, k0 + p along `k_stride`'s axis) as float32, i < rows, p
 * < k. `along` and `k_stride` are strides in elements. */
void emily__gemm_pack(const emily__cpu_kernels *kernels, float *panel, int64_t ldo, const char *x, emily_dtype dtype,
                      int64_t along, int64_t k_stride, int64_t rows, int64_t k);

#endif
