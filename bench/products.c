/* products.c: the primitive matmul. Usage: products [threads [pattern]]
 *
 * Weights are rotated over 640 MiB so that they come from memory, as a model's do. Each line gives the best and the
 * median of several runs: far apart, something else was running. bench/products_peers.py runs the same shapes
 * elsewhere.
 */
#include "bench.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"

static const size_t weight_bytes = (size_t)640 << 20;
static char *weights; /* of any dtype: what their bits say does not change the time */

typedef struct product {
  int64_t batch, m, n, k;
  emily_dtype a_dtype, b_dtype;
  int transposed; /* b is a [n, k] weight */
  int cold;       /* b comes from memory */
  size_t b_bytes, at;
  int64_t shapes[3][3], strides[3][3];
  emily__tensor inputs[2], out;
} product;

static void set_tensor(product *p, emily__tensor *tensor, int which, int64_t rows, int64_t cols, emily_dtype dtype,
                       void *data) {
  int64_t *shape = p->shapes[which], *strides = p->strides[which];
  shape[0] = p->batch, shape[1] = rows, shape[2] = cols;
  strides[0] = rows * cols, strides[1] = cols, strides[2] = 1;
  *tensor = (emily__tensor){data, shape, strides, p->batch * rows * cols, 3, dtype, true};
}

static void fill(void *data, emily_dtype dtype, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    const float value = (float)(i % 251) / 251 - 0.5f;
    if (dtype == EMILY_FLOAT32) ((float *)data)[i] = value;
    else if (dtype == EMILY_FLOAT16) ((emily__f16 *)data)[i] = emily__f32_to_f16(value);
    else ((emily__bf16 *)data)[i] = emily__f32_to_bf16(value);
  }
}

static void prepare(product *p) {
  const emily_dtype out = p->a_dtype == p->b_dtype ? p->a_dtype : EMILY_FLOAT32;
  set_tensor(p, &p->inputs[0], 0, p->m, p->k, p->a_dtype, bench_memory((size_t)(p->batch * p->m * p->k) * 4));
  set_tensor(p, &p->inputs[1], 1, p->k, p->n, p->b_dtype, weights);
  set_tensor(p, &p->out, 2, p->m, p->n, out, bench_memory((size_t)(p->batch * p->m * p->n) * 4));
  if (p->transposed) p->strides[1][1] = 1, p->strides[1][2] = p->k, p->inputs[1].dense = false;
  p->b_bytes = (size_t)(p->batch * p->k * p->n) * emily_dtype_size(p->b_dtype);
  fill(p->inputs[0].data, p->a_dtype, p->inputs[0].size);
  fill(weights, p->b_dtype,
       (int64_t)(p->cold ? weight_bytes / emily_dtype_size(p->b_dtype) : (size_t)p->inputs[1].size));
}

static void run(void *context) {
  product *p = context;
  static const emily__attrs_matmul attrs = {1, 0};
  const emily__node_view node = {.prim = EMILY__PRIM_matmul,
                                 .attrs = &attrs,
                                 .n_inputs = 2,
                                 .n_outputs = 1,
                                 .inputs = p->inputs,
                                 .outputs = &p->out,
                                 .donated = -1};
  if (p->cold) {
    p->at = p->at + 2 * p->b_bytes <= weight_bytes ? p->at + p->b_bytes : 0;
    p->inputs[1].data = weights + p->at;
  }
  if (emily__cpu_matmul(&node) != EMILY_OK) exit(1);
}

static void measure(product *p, const char *pattern) {
  char name[120];
  snprintf(name, sizeof name, "%s x %s, %s%s %lld x [%lld, %lld] . [%lld, %lld]", emily_dtype_name(p->a_dtype),
           emily_dtype_name(p->b_dtype), p->cold ? "cold" : "warm", p->transposed ? " W^T" : "", (long long)p->batch,
           (long long)p->m, (long long)p->k, (long long)p->k, (long long)p->n);
  if (pattern && !strstr(name, pattern)) return;
  prepare(p);
  const bench_time t = bench_measure(run, p, 0.5);
  const double flops = 2.0 * (double)(p->batch * p->m * p->n * p->k), bytes = (double)p->b_bytes;
  printf("%-64s best %9.1f us %7.1f GFLOP/s %6.1f GB/s   median %9.1f us\n", name, t.best * 1e6,
         flops / t.best * 1e-9, bytes / t.best * 1e-9, t.median * 1e6);
  fflush(stdout);
  free(p->inputs[0].data);
  free(p->out.data);
}

int main(int argc, char **argv) {
  const char *pattern = argc > 2 ? argv[2] : NULL;
  static const emily_dtype pairs[][2] = {{EMILY_FLOAT32, EMILY_FLOAT32},
                                         {EMILY_FLOAT32, EMILY_BFLOAT16},
                                         {EMILY_FLOAT32, EMILY_FLOAT16},
                                         {EMILY_BFLOAT16, EMILY_BFLOAT16}};
  static const int64_t heights[] = {1, 2, 4, 8, 12, 16, 32, 64, 128, 512};
  static const int64_t cubes[] = {64, 128, 256, 512, 1024};
  emily__pool_set_threads(argc > 1 ? atoi(argv[1]) : 0);
  weights = bench_memory(weight_bytes);
  printf("kernels %s, %d threads\n", emily__cpu_kernels_get()->level, emily__pool_threads());
  for (size_t d = 0; d < sizeof pairs / sizeof *pairs; d++)
    for (size_t i = 0; i < sizeof heights / sizeof *heights; i++) {
      product p = {.batch = 1,
                   .m = heights[i],
                   .n = 3072,
                   .k = 1024,
                   .a_dtype = pairs[d][0],
                   .b_dtype = pairs[d][1],
                   .transposed = 1,
                   .cold = 1};
      measure(&p, pattern);
    }
  for (size_t i = 0; i < sizeof cubes / sizeof *cubes; i++) {
    product p = {
        .batch = 1, .m = cubes[i], .n = cubes[i], .k = cubes[i], .a_dtype = EMILY_FLOAT32, .b_dtype = EMILY_FLOAT32};
    measure(&p, pattern);
  }
  product attention[] = {{.batch = 16, .m = 128, .n = 128, .k = 64, .transposed = 1},
                         {.batch = 16, .m = 128, .n = 64, .k = 128},
                         {.batch = 192, .m = 13, .n = 13, .k = 32, .transposed = 1},
                         {.batch = 16, .m = 1, .n = 512, .k = 128, .transposed = 1},
                         {.batch = 16, .m = 1, .n = 128, .k = 512},
                         {.batch = 1, .m = 1, .n = 64, .k = 64, .transposed = 1}};
  for (size_t i = 0; i < sizeof attention / sizeof *attention; i++) {
    attention[i].a_dtype = attention[i].b_dtype = EMILY_FLOAT32;
    measure(&attention[i], pattern);
  }
  return 0;
}
