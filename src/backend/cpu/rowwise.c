/* rowwise.c: see rowwise.h. A row that needs it is converted in a buffer, in place: on the stack while it is short. */
#include "backend/cpu/rowwise.h"

#include "backend/cpu/iterate.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/product.h"
#include "base/alloc.h"

#include <stdatomic.h>
#include <string.h>

enum {
  ELEMENTS = 16384, /* of x that are worth a block */
  STACK = 8192      /* bytes of a row's buffer there */
};

typedef struct job {
  const emily__tensor *x, *out;
  const emily__rowwise *kernel;
  emily__iterate rows; /* x's leading axes */
  int64_t n, out_n, count, per_block;
  bool wide;          /* float64 */
  bool read_in_place, write_in_place;
  _Atomic bool failed;
} job;

void emily__gather_f64(double *out, const char *x, int64_t stride, emily_dtype dtype, int64_t n) {
  if (dtype == EMILY_FLOAT64) {
    for (int64_t i = 0; i < n; i++) out[i] = ((const double *)x)[i * stride];
    return;
  }
  const int64_t itemsize = (int64_t)emily_dtype_size(dtype);
  for (int64_t i = 0; i < n; i++) {
    float value;
    emily__gather_f32(&value, x + i * stride * itemsize, 1, dtype, 1);
    out[i] = (double)value;
  }
}

void emily__scatter_f64(char *out, int64_t stride, emily_dtype dtype, const double *x, int64_t n) {
  const int64_t itemsize = (int64_t)emily_dtype_size(dtype);
  for (int64_t i = 0; i < n; i++) {
    const float value = (float)x[i];
    if (dtype == EMILY_FLOAT64) ((double *)out)[i * stride] = x[i];
    else emily__scatter_f32(out + i * stride * itemsize, 1, dtype, &value, 1);
  }
}

static void run_row(const job *j, const char *x, char *out, void *buffer) {
  const int64_t stride = j->x->strides[j->x->ndim - 1];
  const void *from = j->read_in_place ? x : buffer;
  void *to = j->write_in_place ? (void *)out : buffer;
  if (j->wide) {
    if (!j->read_in_place) emily__gather_f64(buffer, x, stride, j->x->dtype, j->n);
    j->kernel->f64(j->kernel->context, to, from, j->n);
    if (!j->write_in_place) emily__scatter_f64(out, 1, j->out->dtype, buffer, j->out_n);
  } else {
    if (!j->read_in_place) emily__gather_f32(buffer, x, stride, j->x->dtype, j->n);
    j->kernel->f32(j->kernel->context, to, from, j->n);
    if (!j->write_in_place) emily__scatter_f32(out, 1, j->out->dtype, buffer, j->out_n);
  }
}

static void run_block(void *context, int64_t block) {
  job *j = context;
  _Alignas(64) char stack[STACK];
  const size_t bytes = (size_t)j->n * (j->wide ? sizeof(double) : sizeof(float));
  void *buffer = bytes <= STACK || (j->read_in_place && j->write_in_place) ? stack : emily__malloc(bytes);
  if (!buffer) {
    atomic_store(&j->failed, true);
    return;
  }
  const int64_t begin = block * j->per_block, end = begin + j->per_block < j->count ? begin + j->per_block : j->count;
  char *out = (char *)j->out->data + begin * j->out_n * (int64_t)emily_dtype_size(j->out->dtype);
  emily__walk walk;
  emily__walk_begin(&walk, j->rows.ndim, j->rows.shape, j->rows.strides[1], j->rows.itemsize[1], j->rows.data[1], begin);
  for (int64_t row = begin; row < end; row++, out += j->out_n * (int64_t)emily_dtype_size(j->out->dtype))
    run_row(j, emily__walk_next(&walk), out, buffer);
  if (buffer != stack) emily__free(buffer);
}

emily_status emily__rowwise_run(const emily__tensor *x, const emily__tensor *out, const emily__rowwise *kernel) {
  if (x->size == 0) return EMILY_OK;
  const int32_t last = x->ndim - 1;
  job j = {.x = x, .out = out, .kernel = kernel, .n = x->shape[last], .out_n = out->shape[last]};
  j.count = x->size / j.n;
  j.per_block = j.n < ELEMENTS ? ELEMENTS / j.n : 1;
  j.wide = out->dtype == EMILY_FLOAT64;
  const emily_dtype inside = j.wide ? EMILY_FLOAT64 : EMILY_FLOAT32;
  j.read_in_place = x->dtype == inside && (x->strides[last] == 1 || j.n == 1);
  j.write_in_place = out->dtype == inside;
  emily__iterate_pair(&j.rows, last, x->shape, emily_dtype_size(x->dtype), x->data, x->strides, x->data, x->strides);
  emily__pool_run(run_block, &j, (j.count + j.per_block - 1) / j.per_block);
  if (!atomic_load(&j.failed)) return EMILY_OK;
  return emily__fail_memory("a row's buffer", (uint64_t)j.n * emily_dtype_size(inside), 0);
}
