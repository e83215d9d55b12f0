/* attention_plain.c: softmax(q kᵀ · scale + mask) v, row by row in float64: the oracle of the tiled version, and what float64 takes.
 *
 * A key that causality, window or mask hide contributes exactly nothing, whatever its k and v hold (a cache's unused slots may
 * be NaN): it is skipped, never multiplied by 0. A row that sees no key gives zeros. */
#include "backend/cpu/attention.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"

#include <math.h>

typedef struct row_job {
  const emily__attention *a;
  char *scratch;
  size_t bytes; /* a block's scratch */
  int64_t rows, blocks;
} row_job;

/* One element of any float dtype. */
static double element(const char *at, emily_dtype dtype) {
  switch (dtype) {
    case EMILY_FLOAT16: return emily__f16_to_f32(*(const emily__f16 *)at);
    case EMILY_BFLOAT16: return emily__bf16_to_f32(*(const emily__bf16 *)at);
    case EMILY_FLOAT32: return *(const float *)at;
    default: return *(const double *)at;
  }
}

static double load(const emily__tensor *x, const char *row, int64_t i) {
  return element(row + i * x->strides[3] * (int64_t)emily_dtype_size(x->dtype), x->dtype);
}

/* What the mask adds to a score; -inf hides the key. */
static double mask_value(const emily__attention *a, int64_t b, int64_t h, int64_t i, int64_t j) {
  if (!a->mask) return 0;
  const char *at = emily__attention_at(a->mask, b, h, i) + j * a->mask->strides[3] * (int64_t)emily_dtype_size(a->mask->dtype);
  if (a->mask->dtype == EMILY_BOOL) return *(const uint8_t *)at ? 0 : -INFINITY;
  return element(at, a->mask->dtype);
}

/* scores[first … end): the row's scores, -inf where hidden; the largest. */
static double score_row(const emily__attention *a, int64_t b, int64_t h, int64_t i, const double *q, double *scores,
                        int64_t first, int64_t end) {
  double top = -INFINITY;
  for (int64_t j = first; j < end; j++) {
    const double add = mask_value(a, b, h, i, j);
    scores[j] = -INFINITY;
    if (add == -INFINITY) continue;
    const char *k = emily__attention_at(a->k, b, h / a->group, j);
    double dot = 0;
    for (int64_t d = 0; d < a->D; d++) dot += q[d] * load(a->k, k, d);
    scores[j] = dot * a->scale + add;
    if (scores[j] > top || isnan(scores[j])) top = scores[j];
  }
  return top;
}

static void run_row(const emily__attention *a, char *scratch, int64_t row) {
  const int64_t i = row % a->Tq, h = row / a->Tq % a->H, b = row / a->Tq / a->H;
  double *scores = (double *)scratch, *q = scores + a->Tk, *out = q + a->D, sum = 0, sink = -INFINITY;
  int64_t first, end;
  emily__attention_range(a, i, &first, &end);
  for (int64_t d = 0; d < a->D; d++) q[d] = load(a->q, emily__attention_at(a->q, b, h, i), d);
  double top = score_row(a, b, h, i, q, scores, first, end);
  if (a->sinks)
    sink = element((char *)a->sinks->data + h * a->sinks->strides[0] * (int64_t)emily_dtype_size(a->sinks->dtype), a->sinks->dtype);
  if (sink > top) top = sink;
  for (int64_t d = 0; d < a->Dv; d++) out[d] = 0;
  if (top != -INFINITY) {
    for (int64_t j = first; j < end; j++) {
      if (scores[j] == -INFINITY) continue;
      const double p = exp(scores[j] - top);
      const char *v = emily__attention_at(a->v, b, h / a->group, j);
      sum += p;
      for (int64_t d = 0; d < a->Dv; d++) out[d] += p * load(a->v, v, d);
    }
    if (sink != -INFINITY) sum += exp(sink - top);
    for (int64_t d = 0; d < a->Dv; d++) out[d] /= sum;
  }
  char *to = emily__attention_at(a->out, b, h, i);
  for (int64_t d = 0; d < a->Dv; d++) {
    if (a->out->dtype == EMILY_FLOAT64) ((double *)to)[d] = out[d];
    else if (a->out->dtype == EMILY_FLOAT32) ((float *)to)[d] = (float)out[d];
    else if (a->out->dtype == EMILY_FLOAT16) ((emily__f16 *)to)[d] = emily__f32_to_f16((float)out[d]);
    else ((emily__bf16 *)to)[d] = emily__f32_to_bf16((float)out[d]);
  }
}

static void run_rows(void *context, int64_t block) {
  const row_job *j = context;
  for (int64_t r = block * j->rows / j->blocks; r < (block + 1) * j->rows / j->blocks; r++)
    run_row(j->a, j->scratch + (size_t)block * j->bytes, r);
}

emily_status emily__attention_plain(const emily__attention *a) {
  enum { MAX_BLOCKS = 64 };
  row_job j = {.a = a, .rows = a->B * a->H * a->Tq};
  void *scratch;
  j.blocks = j.rows < MAX_BLOCKS ? j.rows : MAX_BLOCKS;
  j.bytes = (size_t)(a->Tk + a->D + a->Dv) * sizeof(double);
  EMILY__TRY(emily__cpu_allocate(j.bytes * (size_t)j.blocks, &scratch));
  j.scratch = scratch;
  emily__pool_run(run_rows, &j, j.blocks);
  emily__cpu_release(scratch, j.bytes * (size_t)j.blocks);
  return EMILY_OK;
}
