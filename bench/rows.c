/* rows.c: elementwise functions, softmax, norms, rope and attention as primitives. Usage: rows [threads [pattern]]
 *
 * Inputs and outputs are reused from run to run, as the runtime's allocator reuses them. Each line gives the best and the median of
 * several runs: far apart, something else was running. bench/rows_peers.py runs the same shapes elsewhere.
 */
#include "bench.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"

typedef struct node {
  const char *name;
  emily__prim prim;
  emily_status (*run)(const emily__node_view *);
  union {
    emily__attrs_norm norm;
    emily__attrs_rope rope;
    emily__attrs_attention attention;
  } attrs;
  int n;
  emily_dtype dtype;
  int64_t shapes[6][4], strides[6][4]; /* inputs, then the output */
  int32_t ndim[6];
  emily__tensor tensors[6];
} node;

static void fill(void *data, emily_dtype dtype, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    const float value = (float)(i * 2654435761u % 1021) / 510 - 1;
    if (dtype == EMILY_FLOAT32) ((float *)data)[i] = value;
    else if (dtype == EMILY_FLOAT16) ((emily__f16 *)data)[i] = emily__f32_to_f16(value);
    else ((emily__bf16 *)data)[i] = emily__f32_to_bf16(value);
  }
}

static void prepare(node *p) {
  for (int t = 0; t <= p->n; t++) {
    int64_t size = 1;
    for (int i = p->ndim[t] - 1; i >= 0; i--) p->strides[t][i] = size, size *= p->shapes[t][i];
    void *data = bench_memory((size_t)size * emily_dtype_size(p->dtype));
    fill(data, p->dtype, size);
    p->tensors[t] = (emily__tensor){data, p->shapes[t], p->strides[t], size, p->ndim[t], p->dtype, true};
  }
}

static void run(void *context) {
  const node *p = context;
  const emily__node_view view = {.prim = p->prim, .attrs = &p->attrs, .n_inputs = p->n, .n_outputs = 1,
                                 .inputs = p->tensors, .outputs = &p->tensors[p->n], .donated = -1};
  if (p->run(&view) != EMILY_OK) exit(1);
}

static const char *wanted;

/* `work`: bytes or floating-point operations; per second in `unit`. */
static void measure(node *p, double work, const char *unit) {
  if (wanted && !strstr(p->name, wanted)) return;
  prepare(p);
  const bench_time t = bench_measure(run, p, 0.5);
  printf("%-52s best %9.1f us %7.1f %s   median %9.1f us\n", p->name, t.best * 1e6, work / t.best * 1e-9, unit, t.median * 1e6);
  fflush(stdout);
  for (int i = 0; i <= p->n; i++) free(p->tensors[i].data);
}

#define NODE(primitive, inputs, ...) {.prim = EMILY__PRIM_##primitive, .run = emily__cpu_##primitive, .n = (inputs), __VA_ARGS__}

static void simple(const char *name, node p, int64_t rows, int64_t columns) {
  p.name = name;
  p.dtype = EMILY_FLOAT32;
  for (int t = 0; t <= p.n; t++) {
    const bool vector = t > 0 && t < p.n && (p.prim == EMILY__PRIM_rms_norm || p.prim == EMILY__PRIM_layer_norm);
    p.ndim[t] = vector ? 1 : 2;
    p.shapes[t][0] = vector ? columns : rows;
    p.shapes[t][1] = columns;
  }
  measure(&p, 4.0 * (double)(rows * columns) * (p.prim == EMILY__PRIM_add ? 3 : 2), "GB/s");
}

typedef struct heads {
  int64_t batch, heads, kv_heads, queries, keys, width;
  int32_t causal;
} heads;

static void attend(heads h, emily_dtype dtype) {
  char name[120];
  node p = NODE(attention, 3, .dtype = dtype);
  p.attrs.attention = (emily__attrs_attention){.scale = 0.1f, .causal = h.causal};
  for (int t = 0; t < 4; t++) {
    const bool kv = t == 1 || t == 2;
    const int64_t shape[4] = {h.batch, kv ? h.kv_heads : h.heads, kv ? h.keys : h.queries, h.width};
    p.ndim[t] = 4;
    memcpy(p.shapes[t], shape, sizeof shape);
  }
  snprintf(name, sizeof name, "attention %s%s %lldx%lld/%lld x %lld x %lld x %lld", emily_dtype_name(dtype), h.causal ? " causal" : "",
           (long long)h.batch, (long long)h.heads, (long long)h.kv_heads, (long long)h.queries, (long long)h.keys, (long long)h.width);
  p.name = name;
  const double pairs = (double)(h.batch * h.heads * h.queries) *
                       ((double)h.keys - (h.causal ? (double)(h.queries - 1) / 2 : 0));
  if (h.queries == 1)
    measure(&p, (double)(2 * h.batch * h.kv_heads * h.keys * h.width) * (double)emily_dtype_size(dtype), "GB/s");
  else
    measure(&p, pairs * 4 * (double)h.width, "GFLOP/s");
}

static void turn(heads h) {
  node p = NODE(rope, 1, .dtype = EMILY_FLOAT32, .name = h.queries > 1 ? "rope 16 x 512 x 128" : "rope 16 x 1 x 128");
  p.attrs.rope = (emily__attrs_rope){.dims = h.width, .base = 1e6, .scale = 1, .offset = 100};
  for (int t = 0; t < 2; t++) {
    const int64_t shape[4] = {h.batch, h.heads, h.queries, h.width};
    p.ndim[t] = 4;
    memcpy(p.shapes[t], shape, sizeof shape);
  }
  measure(&p, 8.0 * (double)(h.batch * h.heads * h.queries * h.width), "GB/s");
}

int main(int argc, char **argv) {
  wanted = argc > 2 ? argv[2] : NULL;
  emily__pool_set_threads(argc > 1 ? atoi(argv[1]) : 0);
  printf("kernels %s, %d threads\n", emily__cpu_kernels_get()->level, emily__pool_threads());
  simple("add 16M", (node)NODE(add, 2), 4096, 4096);
  simple("exp 16M", (node)NODE(exp, 1), 4096, 4096);
  simple("gelu 16M", (node)NODE(gelu, 1), 4096, 4096);
  simple("gelu 128 x 3072", (node)NODE(gelu, 1), 128, 3072);
  simple("silu 512 x 3072", (node)NODE(silu, 1), 512, 3072);
  simple("softmax 4096 x 4096", (node)NODE(softmax, 1), 4096, 4096);
  simple("softmax 1536 x 128", (node)NODE(softmax, 1), 1536, 128);
  simple("rms_norm 512 x 1024", (node)NODE(rms_norm, 2, .attrs.norm = {.eps = 1e-6f, .has_weight = 1}), 512, 1024);
  simple("rms_norm 1 x 1024", (node)NODE(rms_norm, 2, .attrs.norm = {.eps = 1e-6f, .has_weight = 1}), 1, 1024);
  simple("layer_norm 512 x 768", (node)NODE(layer_norm, 3, .attrs.norm = {.eps = 1e-6f, .has_weight = 1, .has_bias = 1}), 512, 768);
  turn((heads){1, 16, 16, 512, 512, 128, 0});
  turn((heads){1, 16, 16, 1, 1, 128, 0});
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_BFLOAT16, EMILY_FLOAT16};
  static const heads shapes[] = {{1, 16, 16, 512, 512, 128, 1}, {1, 16, 8, 512, 512, 128, 1}, {1, 16, 8, 2048, 2048, 128, 1},
                                 {1, 12, 12, 128, 128, 64, 0},  {32, 12, 12, 32, 32, 32, 0},  {1, 16, 8, 1, 128, 128, 1},
                                 {1, 16, 8, 1, 2048, 128, 1},   {1, 16, 8, 1, 16384, 128, 1}, {8, 16, 8, 1, 2048, 128, 1}};
  for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++)
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) attend(shapes[i], dtypes[d]);
  return 0;
}
