/* forward.c: milliseconds of one forward pass of an encoder: forward MODEL BATCH LENGTH RUNS THREADS. Prints the median.
 * bench/models.py runs it beside its peer. */
#include "bench.h"

#include "emily/emily.h"
#include "emily/model.h"

typedef struct pass {
  emily_model *model;
  emily_array_map *inputs;
} pass;

static void fail(void) {
  fprintf(stderr, "forward: %s\n", emily_last_error()->message);
  exit(1);
}

static void run(void *context) {
  const pass *p = context;
  emily_array_map *outputs = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  static const char *const wanted[] = {"last_hidden_state"};
  emily_model_forward(p->model, s, p->inputs, wanted, 1, outputs);
  if (emily_scope_close(s) != EMILY_OK) fail();
  emily_array *y = emily_array_map_get(outputs, "last_hidden_state");
  if (emily_eval(&y, 1) != EMILY_OK) fail();
  emily_array_map_release(outputs);
}

static void set(emily_array_map *map, const char *name, const int32_t *values, const int64_t *shape) {
  emily_array *x = emily_array_from_data(values, shape, 2, EMILY_INT32);
  if (!x || emily_array_map_set(map, name, x) != EMILY_OK) fail();
  emily_array_release(x);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: forward MODEL BATCH LENGTH RUNS THREADS\n");
    return 2;
  }
  const int64_t shape[2] = {atoll(argv[2]), atoll(argv[3])}, n = shape[0] * shape[1];
  const int runs = atoi(argv[4]);
  pass p = {.inputs = emily_array_map_new()};
  emily_set_threads(atoi(argv[5]));
  if (emily_model_load(argv[1], NULL, &p.model) != EMILY_OK) fail();
  int32_t *ids = malloc((size_t)n * sizeof *ids), *mask = malloc((size_t)n * sizeof *mask);
  double *times = malloc((size_t)runs * sizeof *times);
  for (int64_t i = 0; i < n; i++) {
    ids[i] = (int32_t)(1000 + i * 7919 % 19000);
    mask[i] = 1;
  }
  set(p.inputs, "input_ids", ids, shape);
  set(p.inputs, "attention_mask", mask, shape);
  for (int i = 0; i < 3; i++) run(&p);
  for (int i = 0; i < runs; i++) {
    const double t = bench_now();
    run(&p);
    times[i] = bench_now() - t;
  }
  qsort(times, (size_t)runs, sizeof *times, bench_compare);
  printf("%.4f\n", 1e3 * times[runs / 2]);
  emily_array_map_release(p.inputs);
  emily_model_release(p.model);
  free(ids);
  free(mask);
  free(times);
  return 0;
}
