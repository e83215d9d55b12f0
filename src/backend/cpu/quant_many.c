/* quant_many.c: many rows times quantized matrices (a prefill), or matrices packed along n: the blocked product of gemm.c, whose panels of B
 * are unpacked where they would be packed. A span whose rows are no matrix in memory is copied into one, as float32. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/product.h"
#include "backend/cpu/quant_product.h"

enum { CHUNK = 256 /* elements of k unpacked at a time: a multiple of every group and block */ };

typedef struct matrix {
  const emily__quant_product *p;
  const emily__quant_span *span;
  const emily__cpu_kernels *kernels;
  int64_t row_bytes, row_scales, scale_size;
} matrix;

/* Element `from` to `to` of a packed row; `from` begins a group, or the two are in one. */
static void unpack(const matrix *w, float *out, int64_t row, int64_t from, int64_t to) {
  const emily__quant_form *form = &w->p->form;
  const emily__block_format *format = w->p->format;
  if (format) {
    const uint8_t *packed = w->span->packed + row * w->row_bytes + from / format->block * format->size;
    w->kernels->block[format->id].unpack(out, packed, (to - from) / format->block);
    return;
  }
  float scales[CHUNK / 16], biases[CHUNK / 16];
  const int64_t group = from / form->group, at = (row * w->row_scales + group) * w->scale_size;
  const int64_t groups = (to + form->group - 1) / form->group - group;
  emily__quant_some_scales(w->p, scales, w->span->scales + at, groups);
  if (w->span->biases) emily__quant_some_scales(w->p, biases, w->span->biases + at, groups);
  w->kernels->quant_unpack(out, w->span->packed + row * w->row_bytes + from / 8 * form->bits, form, scales,
                           w->span->biases ? biases : NULL, to - from);
}

/* Packed along k: rows of the matrix are columns of the panel. */
static void fill_transposed(const void *context, float *panel, int64_t ldo, int64_t k0, int64_t k1, int64_t j, int64_t cols) {
  const matrix *w = context;
  const int64_t group = w->p->format ? w->p->format->block : w->p->form.group;
  float elements[EMILY__GEMM_NR_MAX][CHUNK];
  for (int64_t chunk = k0 / CHUNK * CHUNK; chunk < k1; chunk += CHUNK) {
    const int64_t from = k0 > chunk ? k0 : chunk, to = k1 < chunk + CHUNK ? k1 : chunk + CHUNK;
    const int64_t begin = from / group * group, end = (to + group - 1) / group * group;
    for (int64_t i = 0; i < cols; i++) unpack(w, elements[i], j + i, begin, end);
    w->kernels->transpose_f32(panel + (from - k0) * ldo, ldo, elements[0] + (from - begin), CHUNK, cols, to - from);
  }
}

/* Packed along n: as the panel. */
static void fill_along(const void *context, float *panel, int64_t ldo, int64_t k0, int64_t k1, int64_t j, int64_t cols) {
  for (int64_t row = k0; row < k1; row++, panel += ldo) unpack(context, panel, row, j, j + cols);
}

/* The span's rows stand evenly in x, and follow each other in out. */
static bool even(const emily__quant_product *p, const emily__quant_span *span) {
  const int64_t *x = p->x_at + span->first, *out = p->out_at + span->first;
  for (int64_t i = 1; i < span->rows; i++)
    if (x[i] - x[i - 1] != x[1] - x[0] || out[i] != out[0] + i) return false;
  return true;
}

static emily_status run_span(const emily__quant_product *p, const emily__quant_span *span, float *scratch) {
  const int64_t itemsize = (int64_t)emily_dtype_size(p->dtype), *x_at = p->x_at + span->first, *out_at = p->out_at + span->first;
  const matrix w = {p, span, emily__cpu_kernels_get(), emily__quant_row_bytes(p), p->format ? 0 : emily__quant_row_scales(p), p->format ? 0 : emily__quant_scale_size(p)};
  emily__product product = {.m = span->rows, .n = p->n, .k = p->k, .batch = 1, .alpha = 1};
  product.fill = p->attrs->transpose ? fill_transposed : fill_along;
  product.fill_context = &w;
  emily__matrix *x = &product.matrix[EMILY__PRODUCT_A], *out = &product.matrix[EMILY__PRODUCT_OUT];
  if (!scratch || even(p, span)) {
    *x = (emily__matrix){(char *)p->x + x_at[0] * itemsize, span->rows > 1 ? x_at[1] - x_at[0] : 0, p->x_stride, p->dtype};
    *out = (emily__matrix){p->out + out_at[0] * p->n * itemsize, p->n, 1, p->dtype};
    return emily__product_gemm(&product);
  }
  float *y = scratch + span->rows * p->k;
  for (int64_t i = 0; i < span->rows; i++) emily__gather_f32(scratch + i * p->k, p->x + x_at[i] * itemsize, p->x_stride, p->dtype, p->k);
  *x = (emily__matrix){(char *)scratch, p->k, 1, EMILY_FLOAT32};
  *out = (emily__matrix){(char *)y, p->n, 1, EMILY_FLOAT32};
  EMILY__TRY(emily__product_gemm(&product));
  for (int64_t i = 0; i < span->rows; i++) emily__scatter_f32(p->out + out_at[i] * p->n * itemsize, 1, p->dtype, y + i * p->n, p->n);
  return EMILY_OK;
}

emily_status emily__quant_many(const emily__quant_product *p) {
  int64_t longest = 0;
  float *scratch = NULL;
  for (int64_t i = 0; i < p->span_count; i++)
    if (p->spans[i].rows > longest && !even(p, &p->spans[i])) longest = p->spans[i].rows;
  const size_t bytes = (size_t)(longest * (p->k + p->n)) * sizeof(float);
  if (bytes) EMILY__TRY(emily__cpu_allocate(bytes, (void **)&scratch));
  emily_status status = EMILY_OK;
  for (int64_t i = 0; status == EMILY_OK && i < p->span_count; i++) status = run_span(p, &p->spans[i], scratch);
  if (bytes) emily__cpu_release(scratch, bytes);
  return status;
}
