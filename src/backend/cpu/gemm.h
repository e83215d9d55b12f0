/* gemm.h: the parts of the blocked product, for gemm.c and its tests. See gemm.c. */
#ifndef EMILY_BACKEND_CPU_GEMM_H
#define EMILY_BACKEND_CPU_GEMM_H

#include "backend/cpu/kernels.h"
#include "backend/cpu/product.h"

/* An element type as the blocked product sees it: packing and the end of a product, around the micro-kernel of kernels.h. */
typedef void emily__gemm_pack_fn(const emily__cpu_kernels *kernels, void *panel, int64_t ldo, const emily__matrix *from, int64_t rows,
                                 int64_t k); /* `from` at its first element; its col is k's stride */
/* As emily__product_finish, from sums of a panel's type; nr: the width of a panel, which complex64 needs to know (1: sums are as in memory). */
typedef void emily__gemm_finish_fn(const emily__product *p, const emily__matrix *out, const emily__matrix *c, int64_t i0, int64_t j0,
                                   int64_t rows, int64_t cols, const void *sums, int64_t lds, int64_t nr);
typedef struct emily__gemm_type {
  int64_t size; /* bytes of an element of a panel, and of a sum */
  int32_t mr, nr;
  emily_dtype stored; /* arrays of this dtype are panels and sums as they stand; -1: none are */
  emily__gemm_micro *micro;
  emily__gemm_pack_fn *pack;
  emily__gemm_finish_fn *finish;
} emily__gemm_type;
emily__gemm_type emily__gemm_type_of(const emily__cpu_kernels *kernels, emily_dtype dtype);

/* EMILY__GEMM_… of a dtype; -1: it is summed in float32. */
int emily__gemm_member_of(emily_dtype dtype);

/* How one product is cut. All fields but rows and columns of a block decide bits; those two do not. */
typedef struct emily__gemm_cut {
  int64_t tiles;                /* of at most gemm_mr rows, as equal as can be: tile i begins at row i · m / tiles */
  int64_t k_blocks;             /* likewise: block i begins at i · k / k_blocks */
  int64_t row_blocks;           /* of whole tiles */
  int64_t column_blocks, width; /* of `width` columns, a multiple of gemm_nr */
} emily__gemm_cut;

/* most_rows: of a block of rows, but for two tiles more. */
void emily__gemm_cut_product(emily__gemm_cut *cut, const emily__gemm_type *type, int64_t m, int64_t n, int64_t k,
                             int64_t batch, int64_t most_rows, int32_t threads);

static inline int64_t emily__gemm_border(int64_t extent, int64_t parts, int64_t i) { return i * extent / parts; }

/* panel[p · ldo + i] = x's element (first + i along `along`, k0 + p along `k_stride`'s axis) as float32, i < rows, p
 * < k. `along` and `k_stride` are strides in elements. */
void emily__gemm_pack(const emily__cpu_kernels *kernels, float *panel, int64_t ldo, const char *x, emily_dtype dtype,
                      int64_t along, int64_t k_stride, int64_t rows, int64_t k);

#endif
