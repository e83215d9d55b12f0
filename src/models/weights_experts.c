/* weights_experts.c: the linear layers of a mixture's experts as one stack, [E, out, in], or a few (weights.h).
 *
 * MLX stores them stacked ("<base>.switch_mlp.<part>"), the hub one by one ("<base>.experts.7.<part>"). The latter lie in a file at even
 * distances as a rule, though in the order of their names (0, 1, 10, 11, …): then the stack is a view of the file, with strides, and `order`
 * says where an expert stands. A layer that two shards share is a few such stacks. Experts that lie without any order are copied into one
 * block when the model is loaded: that costs the bytes that they have in the file. Transformers 5 stacks them in memory, gate and up in one
 * ("<base>.experts.gate_up_proj", [E, 2 out, in]): a file of those gives views too.
 */
#include "base/status.h"
#include "models/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 8 };

typedef struct place {
  const char *data;
  int64_t expert;
} place;

typedef struct stack {
  emily__weights *weights;
  emily__weight *parts; /* of each expert … */
  place *places;        /* … and where its data lies, ascending */
  int64_t count;
} stack;

static int by_address(const void *a, const void *b) {
  const place *p = a, *q = b;
  return p->data < q->data ? -1 : p->data > q->data;
}

static emily_array *member(const stack *st, int64_t position, size_t offset) {
  const char *part = (const char *)&st->parts[st->places[position].expert] + offset;
  emily_array *array;
  memcpy(&array, part, sizeof array);
  return array;
}

/* ---- a view ---- */

/* The step between arrays that stand at even distances, in elements; 0 where they don't. Of one array alone its own size. */
static int64_t even_step(const stack *st, size_t offset) {
  const char *last = NULL;
  if (st->count == 1) return emily_array_size(member(st, 0, offset));
  const int64_t size = (int64_t)emily_dtype_size(emily_array_dtype(member(st, 0, offset)));
  int64_t step = 0;
  for (int64_t i = 0; i < st->count; i++) {
    const void *data;
    if (emily_array_data(member(st, i, offset), true, &data) != EMILY_OK) return 0;
    const int64_t gap = i ? (const char *)data - last : 0;
    if (i > 1 && gap != step) return 0;
    if (i) step = gap;
    last = data;
  }
  return step > 0 && step % size == 0 ? step / size : 0;
}

typedef struct holder {
  int64_t count;
  emily_array *arrays[];
} holder;

static void let_go(void *context) {
  holder *h = context;
  for (int64_t i = 0; i < h->count; i++) emily_array_release(h->arrays[i]);
  emily__free(h);
}

/* All that lies between the first and the last array, on one axis. It keeps the arrays, whose elements are all that the view reads. */
static emily_array *span_of(const stack *st, size_t offset, int64_t step) {
  emily_array *first = member(st, 0, offset);
  const int64_t elements = (st->count - 1) * step + emily_array_size(first);
  holder *h = emily__calloc(1, sizeof *h + (size_t)st->count * sizeof *h->arrays);
  const void *data;
  if (!h) return NULL;
  h->count = st->count;
  for (int64_t i = 0; i < st->count; i++) h->arrays[i] = emily_array_retain(member(st, i, offset));
  emily_array *span = NULL;
  if (emily_array_data(first, true, &data) == EMILY_OK)
    span = emily_array_wrap(data, &elements, 1, emily_array_dtype(first), let_go, h);
  if (!span) let_go(h);
  return span;
}

static emily_array *view_of(emily_scope *scope, const stack *st, size_t offset, int64_t step) {
  emily_array *first = member(st, 0, offset), *span = span_of(st, offset, step);
  if (!span) return emily_scope_fail(scope);
  const int64_t rows = emily_array_dim(first, 0), columns = emily_array_dim(first, 1);
  const int64_t shape[] = {st->count, rows, columns}, strides[] = {step, columns, 1};
  return emily_as_strided(scope, emily_scope_adopt(scope, span), shape, 3, strides, 3, 0);
}

/* ---- a copy ---- */

static emily_array *copy_of(emily_scope *scope, const stack *st, size_t offset) {
  emily_array **list = emily__alloc_array((size_t)st->count, sizeof *list);
  if (!list) return emily_scope_fail(scope);
  for (int64_t i = 0; i < st->count; i++) list[i] = member(st, i, offset);
  emily_array *stacked = emily_stack(scope, list, (int32_t)st->count, 0);
  emily__free(list);
  return stacked;
}

/* ---- the stack ---- */

/* One of the arrays that a weight has, of all experts. */
static emily_array *stack_member(const stack *st, size_t offset) {
  if (!member(st, 0, offset)) return NULL;
  emily_scope *scope = emily_scope_open(NULL);
  const int64_t step = emily_array_ndim(member(st, 0, offset)) == 2 ? even_step(st, offset) : 0;
  return emily__weights_settle(st->weights, scope, step ? view_of(scope, st, offset, step) : copy_of(scope, st, offset));
}

/* order[expert]: its place in the run, of `total` experts. */
static emily_array *order_of(const stack *run, int64_t total) {
  int32_t *order = emily__alloc_array((size_t)total, sizeof *order);
  if (!order) return emily__weights_adopt(run->weights, NULL);
  for (int64_t i = 0; i < total; i++) order[i] = EMILY__EXPERT_ELSEWHERE;
  for (int64_t i = 0; i < run->count; i++) order[run->places[i].expert] = (int32_t)i;
  emily_array *array = emily_array_from_data(order, &total, 1, EMILY_INT32);
  emily__free(order);
  return emily__weights_adopt(run->weights, array);
}

static emily__experts experts_of(const stack *run, int64_t total) {
  emily__experts out = {.weight = run->parts[run->places[0].expert]};
  out.weight.data = stack_member(run, offsetof(emily__weight, data));
  out.weight.scales = stack_member(run, offsetof(emily__weight, scales));
  out.weight.biases = stack_member(run, offsetof(emily__weight, biases));
  out.order = order_of(run, total);
  return out;
}

/* The places cut into runs of even distances: where each ends. How many; 1 where they are more than a few. */
static int64_t cut(const stack *st, int64_t ends[MOST_RUNS]) {
  int64_t runs = 0, begin = 0;
  for (int64_t i = 1; i <= st->count; i++) {
    const place *p = &st->places[i < st->count ? i : 0];
    if (i < st->count && (i == begin + 1 || p->data - p[-1].data == p[-1].data - p[-2].data)) continue;
    if (runs == MOST_RUNS) {
      ends[0] = st->count;
      return 1;
    }
    ends[runs++] = begin = i;
  }
  return runs;
}

static emily__experts joined(const stack *st) {
  int64_t ends[MOST_RUNS], runs = cut(st, ends), begin = 0;
  emily__experts *list = emily__weights_alloc(st->weights, runs, sizeof *list);
  for (int64_t i = 0; i < runs && list; begin = ends[i++]) {
    const stack run = {st->weights, st->parts, st->places + begin, ends[i] - begin};
    list[i] = experts_of(&run, st->count);
    if (i) list[i - 1].next = &list[i];
  }
  return list ? list[0] : (emily__experts){0};
}

/* Every expert is stored in the same way; else the checkpoint does not fit. */
static bool alike(const emily__weight *a, const emily__weight *b) {
  return a->packing == b->packing && a->group_size == b->group_size && a->bits == b->bits && !a->scales == !b->scales &&
         emily_array_dtype(a->data) == emily_array_dtype(b->data) && emily_array_dtype(a->scales) == emily_array_dtype(b->scales) &&
         emily_array_ndim(a->scales) == emily_array_ndim(b->scales);
}

static emily__experts stacked(stack *st, const char *base, const char *part) {
  for (int64_t i = 0; i < st->count; i++) {
    const void *data;
    if (!st->parts[i].data || emily_array_data(st->parts[i].data, true, &data) != EMILY_OK) return (emily__experts){0};
    if (!alike(&st->parts[0], &st->parts[i])) {
      emily__weights_problem(st->weights, "\"%s.experts.%lld.%s\" is stored in another way than expert 0", base, (long long)i, part);
      return (emily__experts){0};
    }
    st->places[i] = (place){data, i};
  }
  qsort(st->places, (size_t)st->count, sizeof *st->places, by_address);
  return joined(st);
}

static emily__experts one_by_one(emily__weights *weights, int64_t count, int64_t in, int64_t out, const char *base, const char *part,
                                 const char *stack_name) {
  stack st = {.weights = weights, .count = count};
  emily__experts experts = {0};
  st.parts = emily__calloc((size_t)count, sizeof *st.parts);
  st.places = st.parts ? emily__alloc_array((size_t)count, sizeof *st.places) : NULL;
  for (int64_t i = 0; i < count && st.places; i++) {
    char name[EMILY__WEIGHT_NAME_MAX];
    snprintf(name, sizeof name, "%s.experts.%lld.%s", base, (long long)i, part);
    st.parts[i] = emily__weights_find(weights, (const int64_t[]){out, in}, 2, name);
    emily__weights_record(weights, name, &st.parts[i], (const int64_t[]){out, in}, 2, EMILY__ALONG, stack_name, NULL);
  }
  if (st.places && weights->record) experts = (emily__experts){0};
  else if (st.places) experts = stacked(&st, base, part);
  else emily__weights_fail(weights, EMILY_OUT_OF_MEMORY);
  emily__free(st.parts);
  emily__free(st.places);
  return experts;
}

/* Each expert's rows, as if they lay one by one. */
static void record_rows(emily__weights *weights, emily_array *all, int64_t from, int64_t out, const char *base, const char *part, const char *source) {
  const int64_t count = emily_array_dim(all, 0), in = emily_array_dim(all, 2);
  char name[EMILY__WEIGHT_NAME_MAX], whole[EMILY__WEIGHT_NAME_MAX];
  snprintf(whole, sizeof whole, "%s.switch_mlp.%s", base, part);
  for (int64_t i = 0; i < count; i++) {
    emily_scope *scope = emily_scope_open(NULL);
    const int64_t start[] = {i, from, 0}, stop[] = {i + 1, from + out, in};
    emily_array *one = emily_squeeze(scope, emily_slice(scope, all, start, stop, NULL), (const int64_t[]){0}, 1);
    const emily__weight weight = {.data = emily__weights_settle(weights, scope, one)};
    snprintf(name, sizeof name, "%s.experts.%lld.%s", base, (long long)i, part);
    emily__weights_record(weights, name, &weight, (const int64_t[]){out, in}, 2, EMILY__ALONG, whole, source);
  }
}

/* Rows [from, from + out) of each matrix of "<base>.experts.<name>", [count, rows, in], a view. */
static emily__experts rows_of(emily__weights *weights, int64_t count, int64_t rows, int64_t in, int64_t from, int64_t out, const char *base,
                              const char *name, const char *part) {
  char full[EMILY__WEIGHT_NAME_MAX];
  snprintf(full, sizeof full, "%s.experts.%s", base, name);
  emily_array *all = emily__weights_get(weights, (const int64_t[]){count, rows, in}, 3, "%s", full);
  if (all && weights->record) record_rows(weights, all, from, out, base, part, full);
  if (!all || rows == out || weights->record) return (emily__experts){.weight = {.data = all}};
  emily_scope *scope = emily_scope_open(NULL);
  const int64_t start[] = {0, from, 0}, stop[] = {count, from + out, in};
  return (emily__experts){.weight = {.data = emily__weights_settle(weights, scope, emily_slice(scope, all, start, stop, NULL))}};
}

emily__experts emily__weights_experts(emily__weights *weights, int64_t count, int64_t in, int64_t out, const char *base, const char *part) {
  char name[EMILY__WEIGHT_NAME_MAX];
  snprintf(name, sizeof name, "%s.switch_mlp.%s", base, part);
  if (emily__weights_has(weights, "%s.experts.gate_up_proj", base)) {
    if (strcmp(part, "gate_proj") == 0) return rows_of(weights, count, 2 * out, in, 0, out, base, "gate_up_proj", part);
    if (strcmp(part, "up_proj") == 0) return rows_of(weights, count, 2 * out, in, out, out, base, "gate_up_proj", part);
    return rows_of(weights, count, out, in, 0, out, base, part, part);
  }
  if (!emily__weights_has(weights, "%s.weight", name)) return one_by_one(weights, count, in, out, base, part, name);
  return (emily__experts){.weight = emily__weights_weight(weights, (const int64_t[]){count, out, in}, 3, name)};
}
