/* calls.c: what a call costs where the work is nothing: building, evaluating and dropping the smallest ops, through C.
 *
 * Usage: calls [threads]. Figures are nanoseconds for one, the best and the median of batches of 1000. */
#include "bench.h"
#include "emily/call.h"
#include "emily/emily.h"

typedef struct tiny {
  emily_array *a, *b; /* float32 [4] */
  const emily_op_info *add;
  emily_stream *stream;
} tiny;

enum { BATCH = 1000 };

static void fail(void) {
  fprintf(stderr, "%s\n", emily_last_error()->message);
  exit(1);
}

static void scope_alone(void *context) {
  (void)context;
  for (int i = 0; i < BATCH; i++) emily_scope_close(emily_scope_open(NULL));
}

/* Building only: nodes of one scope, dropped with it. */
static void build(void *context) {
  tiny *t = context;
  emily_scope *s = emily_scope_open(t->stream);
  for (int i = 0; i < BATCH; i++) emily_add(s, t->a, t->b);
  if (emily_scope_close(s)) fail();
}

static void build_and_evaluate(void *context) {
  tiny *t = context;
  for (int i = 0; i < BATCH; i++) {
    emily_scope *s = emily_scope_open(t->stream);
    emily_array *y = emily_add(s, t->a, t->b);
    if (emily_eval(&y, 1) || emily_scope_close(s)) fail();
  }
}

static void call_and_evaluate(void *context) {
  tiny *t = context;
  for (int i = 0; i < BATCH; i++) {
    emily_scope *s = emily_scope_open(t->stream);
    emily_array *y = NULL;
    if (emily_call_op(s, t->add, (emily_array *[]){t->a, t->b}, 2, NULL, 0, &y, 1, NULL) || emily_eval(&y, 1) || emily_scope_close(s)) fail();
  }
}

static void chain(void *context) {
  tiny *t = context;
  emily_scope *s = emily_scope_open(t->stream);
  emily_array *y = t->a;
  for (int i = 0; i < BATCH; i++) y = emily_add(s, y, t->b);
  y = emily_scope_keep(s, y);
  if (emily_scope_close(s) || emily_eval(&y, 1)) fail();
  emily_array_release(y);
}

static void report(const char *what, void (*run)(void *), tiny *t) {
  bench_time time = bench_measure(run, t, 0.5);
  printf("  %-52s %8.0f ns   median %8.0f ns\n", what, time.best / BATCH * 1e9, time.median / BATCH * 1e9);
}

int main(int argc, char **argv) {
  const float values[] = {1, 2, 3, 4};
  if (argc > 1) emily_set_threads(atoi(argv[1]));
  tiny t = {.a = emily_array_from_data(values, (int64_t[]){4}, 1, EMILY_FLOAT32),
            .b = emily_array_from_data(values, (int64_t[]){4}, 1, EMILY_FLOAT32),
            .add = emily_op_find("add"),
            .stream = emily_stream_new(NULL)};
  report("open and close a scope", scope_alone, &t);
  report("build one op", build, &t);
  report("build, evaluate and drop one op", build_and_evaluate, &t);
  report("the same through emily_call_op", call_and_evaluate, &t);
  report("one op of a chain of 1000, evaluated at once", chain, &t);
  emily_array_release(t.a);
  emily_array_release(t.b);
  emily_stream_release(t.stream);
  return 0;
}
