/* kernels.h: the micro-kernels that depend on the instruction set, as one struct of function pointers.
 *
 * Plain C fills the struct; avx2/ and avx512/ override members, at start, by cpu flags and EMILY_CPU (kernels.def lists the files). A member
 * works on contiguous rows; strides, batches, threads and dtypes beyond those named are the callers' (one file a kernel family
 * in this folder). Plain members stay as the oracle of the others: tests/backend/cpu/ compares every override with them.
 */
#ifndef EMILY_BACKEND_CPU_KERNELS_H
#define EMILY_BACKEND_CPU_KERNELS_H

#include "backend/cpu/fft_pass.h"
#include "dtype/blocks.h"
#include "dtype/float8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void emily__unary_f32(float *out, const float *x, int64_t n);                    /* out may be x */
typedef void emily__binary_f32(float *out, const float *a, const float *b, int64_t n);   /* out may be a or b */

enum {
  EMILY__SKINNY_GROUP = 8, /* rows of x that are packed together … */
  EMILY__SKINNY_LANES = 16, /* … in pieces of so many elements */
  EMILY__SKINNY_MAX = 32,
  EMILY__DELTA_LANES = 16,
  EMILY__GEMM_MR_MAX = 16, EMILY__GEMM_NR_MAX = 64
};

/* y[i·ldy + j] = Σ_k x[i, k] · w[j·stride + k] for i < m ≤ EMILY__SKINNY_MAX, j < rows: w is read once. x is packed: groups of
 * EMILY__SKINNY_GROUP rows (the last one of what is left), each [⌈k / 16⌉][rows of the group][16], with zeros past k. */
typedef void emily__skinny_f32(float *y, int64_t ldy, const float *x, int64_t m, const float *w, int64_t stride,
                               int64_t rows, int64_t k);
typedef void emily__skinny_f16(float *y, int64_t ldy, const float *x, int64_t m, const emily__f16 *w, int64_t stride,
                               int64_t rows, int64_t k);
typedef void emily__skinny_bf16(float *y, int64_t ldy, const float *x, int64_t m, const emily__bf16 *w, int64_t stride,
                                int64_t rows, int64_t k);

/* o[i·ldo + c] += Σ_j p[i·ldp + j] · v[j·stride + c] for i < m, j < keys, c < n, in the order of j. Where p is 0, what stands in v has no
 * say, NaN or not. */
typedef void emily__mix_f32(float *o, int64_t ldo, const float *p, int64_t ldp, int64_t m, const float *v, int64_t stride,
                            int64_t keys, int64_t n);
typedef void emily__mix_f16(float *o, int64_t ldo, const float *p, int64_t ldp, int64_t m, const emily__f16 *v,
                            int64_t stride, int64_t keys, int64_t n);
typedef void emily__mix_bf16(float *o, int64_t ldo, const float *p, int64_t ldp, int64_t m, const emily__bf16 *v,
                             int64_t stride, int64_t keys, int64_t n);

/* Elements of a quantized matrix: `bits` each, packed from the lowest bit of the first byte on; `group` of them share a scale and a bias. */
enum { EMILY__QUANT_INTEGER, EMILY__QUANT_E2M1, EMILY__QUANT_E4M3 };
typedef struct emily__quant_form {
  int32_t element, bits, group;
} emily__quant_form;

/* A tile of a blocked product: C[rows, nr] (row stride ldc) = or += A panel [k][rows] · B panel [k][nr] (row stride ldb), 1 ≤ rows ≤ mr.
 * Each sum is taken in the order of k, then added to C. Strides count elements. */
typedef void emily__gemm_micro(void *c, int64_t ldc, const void *a_panel, const void *b_panel, int64_t ldb, int64_t k,
                               int32_t rows, bool accumulate);

/* The same for elements that are not summed in float32, by their widths: integers wrap, so signs do not matter. Elements of a panel
 * and sums are of one type: uint16 for INT8, whose low halves are the result; C, B's and A's rows of COMPLEX64 hold all real parts
 * of a panel's width, then the imaginary ones. */
enum {
  EMILY__GEMM_FLOAT64, EMILY__GEMM_COMPLEX64, EMILY__GEMM_INT8, EMILY__GEMM_INT16, EMILY__GEMM_INT32, EMILY__GEMM_INT64,
  EMILY__GEMM_BOOL, /* or of ands */
  EMILY__GEMM_TYPES
};
typedef struct emily__gemm_member {
  int32_t mr, nr;
  emily__gemm_micro *micro;
  /* y[j] = Σ_k x[k] · w[j·stride + k] for j < rows: x and w as they are in memory, y a sum (COMPLEX64: as in memory) */
  void (*dots)(void *y, const void *x, const void *w, int64_t stride, int64_t rows, int64_t k);
} emily__gemm_member;

/* y[i·ldy + j] = Σ_k x[i, k] · (q[j, k] · scale + bias) for i < m ≤ EMILY__SKINNY_MAX, j < rows. w: packed rows, `stride` bytes apart, k a
 * multiple of group; scales and biases (NULL for none): [rows][groups]. x is packed as for the skinny kernels; for elements of four bits
 * its pieces of 16 are x0 x8 x1 x9 … x7 x15. The order of each sum depends on k alone. */
typedef void emily__quant_rows(float *y, int64_t ldy, const float *x, int64_t m, const uint8_t *w, int64_t stride, const float *scales,
                               const float *biases, int64_t groups, int64_t rows, int64_t k, int32_t group);

/* The same for rows of ggml's blocks, `blocks` of them a row (dtype/blocks.h); pieces of x in their order. */
typedef void emily__block_rows(float *y, int64_t ldy, const float *x, int64_t m, const uint8_t *w, int64_t stride, int64_t rows, int64_t blocks);
typedef struct emily__block_kernels {
  emily__block_rows *rows;                                     /* NULL where a level has none */
  void (*unpack)(float *out, const uint8_t *p, int64_t blocks); /* the format's own numbers, rounded as it says */
} emily__block_kernels;

typedef struct emily__cpu_kernels {
  const char *level; /* "plain", "avx2", "avx512" */

  /* conversions of contiguous runs */
  void (*f16_to_f32)(float *out, const emily__f16 *x, int64_t n);
  void (*f32_to_f16)(emily__f16 *out, const float *x, int64_t n);
  void (*bf16_to_f32)(float *out, const emily__bf16 *x, int64_t n);
  void (*f32_to_bf16)(emily__bf16 *out, const float *x, int64_t n);

  /* elementwise float32; 16-bit floats are widened in blocks by the caller */
  emily__unary_f32 *exp, *tanh, *erf, *erfc, *cbrt, *sigmoid, *silu, *gelu, *gelu_tanh, *sqrt, *rsqrt, *log, *sin, *cos;
  emily__unary_f32 *negative, *abs, *square;
  emily__binary_f32 *add, *subtract, *multiply, *divide, *maximum, *minimum;
  void (*add_scalar)(float *out, const float *x, float value, int64_t n);
  void (*multiply_scalar)(float *out, const float *x, float value, int64_t n);

  /* rows of n float32: accumulation order is fixed by n alone */
  float (*sum)(const float *x, int64_t n);
  float (*max)(const float *x, int64_t n); /* NaN where one is NaN; n ≥ 1 */
  void (*softmax)(float *out, const float *x, int64_t n); /* out may be x; all -inf gives NaN, as MLX does */
  float (*logsumexp)(const float *x, int64_t n);
  void (*rms_norm)(float *out, const float *x, const float *weight_or_null, float eps, int64_t n);
  void (*layer_norm)(float *out, const float *x, const float *weight_or_null, const float *bias_or_null, float eps, int64_t n);
  /* rotate `half` pairs: non-traditional pairs are (x[i], x[half + i]), traditional ones (x[2i], x[2i + 1]); out may be x */
  void (*rope)(float *out, const float *x, const float *cos, const float *sin, int64_t half, bool traditional);

  /* attention, see attention.h. soften_row: s becomes exp(s - shift); returns the sum */
  float (*soften_row)(float *s, float shift, int64_t n);
  /* Column by column of s: [keys, columns] and o: [width, columns], columns = gemm_nr: top' = max(top, max s), s becomes
   * exp(s - top'), sum and o shrink by exp(top - top'), sum grows by Σ s. Where all is -inf, s becomes 0. */
  void (*soften_columns)(float *s, int64_t keys, int64_t columns, float *top, float *sum, float *o, int64_t width);
  emily__mix_f32 *mix_f32;
  emily__mix_f16 *mix_f16;
  emily__mix_bf16 *mix_bf16;

  /* one token of the gated delta rule for EMILY__DELTA_LANES values, see delta.inc; state [keys][lanes], decay_step 0 or 1 */
  void (*delta_f32)(float *out, float *state, const float *q, const float *k, const float *v, const float *decay, int64_t decay_step,
                    float beta, int64_t keys);
  void (*delta_f64)(double *out, double *state, const double *q, const double *k, const double *v, const double *decay,
                    int64_t decay_step, double beta, int64_t keys);

  /* products: y[j] = Σ_k x[k] · w[j·stride + k] for j < rows, weights of three dtypes, float32 accumulation. The order of each
   * sum depends on k alone. */
  void (*gemv_f32)(float *y, const float *x, const float *w, int64_t stride, int64_t rows, int64_t k);
  void (*gemv_f16)(float *y, const float *x, const emily__f16 *w, int64_t stride, int64_t rows, int64_t k);
  void (*gemv_bf16)(float *y, const float *x, const emily__bf16 *w, int64_t stride, int64_t rows, int64_t k);
  emily__skinny_f32 *skinny_f32;
  emily__skinny_f16 *skinny_f16;
  emily__skinny_bf16 *skinny_bf16;
  /* y[j] += alpha · x[j] */
  void (*axpy)(float *y, float alpha, const float *x, int64_t n);
  float (*dot)(const float *a, const float *b, int64_t n);

  /* out[i·ldo + c] = Σ_t x[x_at[t] + i·ldx + c] · w[w_at[t] + c] for i < pixels, c < channels, each sum in the order of t */
  void (*depthwise)(float *out, int64_t ldo, const float *x, int64_t ldx, const float *w, const int64_t *x_at, const int64_t *w_at,
                    int64_t taps, int64_t pixels, int64_t channels);

  emily__fft_pass_fn *fft_pass;

  /* GEMM in float32; gemm_mr ≤ EMILY__GEMM_MR_MAX, gemm_nr ≤ EMILY__GEMM_NR_MAX */
  int32_t gemm_mr, gemm_nr;
  emily__gemm_micro *gemm_micro;
  emily__gemm_member gemm_of[EMILY__GEMM_TYPES];
  /* out[i·ldo + j] = Σ_p a[i·a_row + p·a_col] · b[p·ldb + j] for i < m, j < n, p < k, in the order of p: a few elements, not packed */
  void (*tiny_f32)(void *out, int64_t ldo, const void *a, int64_t a_row, int64_t a_col, const void *b, int64_t ldb, int64_t m, int64_t n,
                   int64_t k);
  void (*tiny_f64)(void *out, int64_t ldo, const void *a, int64_t a_row, int64_t a_col, const void *b, int64_t ldb, int64_t m, int64_t n,
                   int64_t k);
  /* out[j·ldo + i] = x[i·ldx + j] for i < rows ≤ ldo, j < k, as float32: what packing does with K-contiguous operands */
  void (*transpose_f32)(float *out, int64_t ldo, const float *x, int64_t ldx, int64_t rows, int64_t k);
  void (*transpose_f16)(float *out, int64_t ldo, const emily__f16 *x, int64_t ldx, int64_t rows, int64_t k);
  void (*transpose_bf16)(float *out, int64_t ldo, const emily__bf16 *x, int64_t ldx, int64_t rows, int64_t k);

  /* quantized matrices. unpack: out[i] = q[i] · scales[i / group] + biases[i / group], rounded after either step, for n elements, a
   * multiple of 8, of which the first begins a group (or all are in one group); biases NULL: none */
  void (*quant_unpack)(float *out, const uint8_t *packed, const emily__quant_form *form, const float *scales, const float *biases,
                       int64_t n);
  emily__quant_rows *quant_rows_int[9], *quant_rows_e2m1, *quant_rows_e4m3; /* by bits; NULL where a level has none */
  emily__block_kernels block[EMILY__BLOCK_IDS]; /* by the format's number */
  void (*e4m3_to_f32)(float *out, const uint8_t *x, int64_t n);
  void (*e8m0_to_f32)(float *out, const uint8_t *x, int64_t n);
  /* codes[i] = rint((x[i] - bias) / scale) between 0 and top, 0 where that is NaN; n is a multiple of 8, here and below */
  void (*quant_codes)(uint8_t *codes, const float *x, float bias, float scale, float top, int64_t n);
  void (*quant_range)(const float *x, int64_t n, float *low, float *high); /* NaN counts as none */
} emily__cpu_kernels;

/* Each fills its family's members. */
#define KERNELS(level, family) void emily__cpu_kernels_##level##_##family(emily__cpu_kernels *table);
#include "backend/cpu/kernels.def"
#undef KERNELS

/* Bytes ahead at which a product of m rows fetches its weights; 0: not at all (fetch.c). */
int64_t emily__fetch_ahead(int64_t m);

/* The table for this process: plain, overridden as far as the cpu and EMILY_CPU allow. Decided once; thread-safe. */
const emily__cpu_kernels *emily__cpu_kernels_get(void);

/* A table capped at a level, for tests and benchmarks; false where the cpu lacks it (or this build its code). */
bool emily__cpu_kernels_at(const char *level, emily__cpu_kernels *out);

#endif
