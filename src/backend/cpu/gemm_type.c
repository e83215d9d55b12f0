/* gemm_type.c: what the blocked product needs to know of an element type: see gemm.h. */
#include "backend/cpu/gemm.h"

#include <assert.h>

enum { RUN = 16 }; /* of k, packed for all rows before the next: a cache line or two of the panel each */

/* alpha and beta in the dtype; whole numbers where that is of integers (the op has seen to it) */
#define FACTOR(x) (W) _Generic((W)0, double: (x), default: (int64_t)(x))
#define GEMM_TEMPLATE "backend/cpu/gemm_type.inc"
#include "backend/cpu/each_gemm_type.inc"

/* Rows of a panel hold all real parts, then all imaginary ones. */
static void pack_complex64(const emily__cpu_kernels *kernels, void *panel, int64_t ldo, const emily__matrix *from,
                           int64_t rows, int64_t k) {
  (void)kernels;
  float *to = panel;
  const emily__c64 *x = (const emily__c64 *)from->data;
  for (int64_t p0 = 0; p0 < k; p0 += RUN) {
    const int64_t p1 = p0 + RUN < k ? p0 + RUN : k;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t p = p0; p < p1; p++) {
        const emily__c64 z = x[i * from->row + p * from->col];
        to[2 * p * ldo + i] = z.re;
        to[2 * p * ldo + ldo + i] = z.im;
      }
  }
}

/* n columns of one row: parts nr floats apart, the next column `step` floats on. */
static void finish_complex_run(const emily__product *p, const emily__matrix *out, char *to, const emily__matrix *c, const char *add,
                               const float *re, int64_t nr, int64_t step, int64_t n) {
  const float alpha = (float)p->alpha, beta = (float)p->beta;
  emily__c64 *z = (emily__c64 *)to;
  const emily__c64 *x = (const emily__c64 *)add;
  for (int64_t j = 0; j < n; j++) z[j * out->col] = (emily__c64){alpha * re[j * step], alpha * re[j * step + nr]};
  for (int64_t j = 0; x && j < n; j++) {
    z[j * out->col].re += beta * x[j * c->col].re;
    z[j * out->col].im += beta * x[j * c->col].im;
  }
}

/* nr 1: sums are complex numbers side by side; else panels of nr real and nr imaginary parts. */
static void finish_complex64(const emily__product *p, const emily__matrix *out, const emily__matrix *c, int64_t i0, int64_t j0,
                             int64_t rows, int64_t cols, const void *sums, int64_t lds, int64_t nr) {
  const int64_t width = nr == 1 ? cols : nr, step = nr == 1 ? 2 : 1;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j += width)
      finish_complex_run(p, out, emily__matrix_at(out, i0 + i, j0 + j), c, c->data ? emily__matrix_at(c, i0 + i, j0 + j) : NULL,
                         (const float *)sums + 2 * (i * lds + j), nr, step, cols - j < width ? cols - j : width);
}

static void pack_floats(const emily__cpu_kernels *kernels, void *panel, int64_t ldo, const emily__matrix *from, int64_t rows,
                        int64_t k) {
  emily__gemm_pack(kernels, panel, ldo, from->data, from->dtype, from->row, from->col, rows, k);
}

static void finish_floats(const emily__product *p, const emily__matrix *out, const emily__matrix *c, int64_t i0, int64_t j0,
                          int64_t rows, int64_t cols, const void *sums, int64_t lds, int64_t nr) {
  (void)nr;
  emily__product_finish(p, out, c, i0, j0, rows, cols, sums, lds);
}

static const struct {
  int32_t size;
  bool as_stored;
  emily__gemm_pack_fn *pack;
  emily__gemm_finish_fn *finish;
} types[EMILY__GEMM_TYPES] = {
    [EMILY__GEMM_FLOAT64] = {8, true, pack_float64, finish_float64},
    [EMILY__GEMM_COMPLEX64] = {8, false, pack_complex64, finish_complex64},
    [EMILY__GEMM_INT8] = {2, false, pack_int8, finish_int8},
    [EMILY__GEMM_INT16] = {2, true, pack_int16, finish_int16},
    [EMILY__GEMM_INT32] = {4, true, pack_int32, finish_int32},
    [EMILY__GEMM_INT64] = {8, true, pack_int64, finish_int64},
    [EMILY__GEMM_BOOL] = {1, true, pack_bool, finish_bool},
};

int emily__gemm_member_of(emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT64: return EMILY__GEMM_FLOAT64;
    case EMILY_COMPLEX64: return EMILY__GEMM_COMPLEX64;
    case EMILY_BOOL: return EMILY__GEMM_BOOL;
    default: break;
  }
  if (!emily_dtype_is_integer(dtype)) return -1;
  switch (emily_dtype_size(dtype)) {
    case 1: return EMILY__GEMM_INT8;
    case 2: return EMILY__GEMM_INT16;
    case 4: return EMILY__GEMM_INT32;
    default: return EMILY__GEMM_INT64;
  }
}

emily__gemm_type emily__gemm_type_of(const emily__cpu_kernels *kernels, emily_dtype dtype) {
  const int of = emily__gemm_member_of(dtype);
  if (of < 0)
    return (emily__gemm_type){sizeof(float), kernels->gemm_mr, kernels->gemm_nr, EMILY_FLOAT32, kernels->gemm_micro, pack_floats,
                              finish_floats};
  const emily__gemm_member *member = &kernels->gemm_of[of];
  return (emily__gemm_type){types[of].size, member->mr, member->nr, types[of].as_stored ? dtype : (emily_dtype)-1, member->micro,
                            types[of].pack, types[of].finish};
}
