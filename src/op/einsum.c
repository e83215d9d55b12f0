/* einsum.c: Einstein summation as diagonals, sums and products over axes (contract.c), in the order of einsum_path.c. */
#include "op/einsum.h"
#include "op/contract.h"

/* An array and the labels of its axes. */
typedef struct entry {
  emily_array *x;
  emily__term term;
} entry;

static int32_t axis_of(const emily__term *term, int32_t label) {
  for (int32_t i = 0; i < term->count; i++)
    if (term->label[i] == label) return i;
  return -1;
}

static void add(emily__term *term, int32_t label) {
  term->label[term->count++] = (uint8_t)label;
  term->set |= (uint64_t)1 << label;
}

/* Axes that share a label become their diagonal: a view of a dense array, whose stride is the sum of theirs. */
static void take_diagonals(const emily__op *op, entry *e) {
  emily__attrs_room attrs;
  int64_t strides[EMILY__MAX_RANK], step = 1;
  emily__term term = {0};
  if (!e->x || __builtin_popcountll(e->term.set) == e->term.count) return;
  for (int32_t i = 0; i < e->term.count; i++)
    if (!(term.set >> e->term.label[i] & 1)) add(&term, e->term.label[i]);
  for (int32_t i = e->term.count - 1; i >= 0; i--) {
    strides[i] = e->x->size ? step : 0;
    step *= e->x->dims[i];
  }
  attrs.as_strided.offset = 0;
  attrs.as_strided.count = term.count;
  for (int32_t i = 0; i < term.count; i++) {
    int64_t stride = 0;
    for (int32_t j = 0; j < e->term.count; j++) stride += e->term.label[j] == term.label[i] ? strides[j] : 0;
    attrs.as_strided.values[i] = e->x->dims[axis_of(&e->term, term.label[i])];
    attrs.as_strided.values[term.count + i] = stride;
  }
  const size_t size = sizeof attrs.as_strided + 2 * (size_t)term.count * sizeof(int64_t);
  e->x = emily__apply(op, EMILY__PRIM_as_strided, &attrs, size, &e->x, 1);
  e->term = term;
}

/* Sums over the axes whose labels are not in `keep`. */
static void sum_away(const emily__op *op, entry *e, uint64_t keep) {
  emily__axes axes = {0};
  emily__term term = {0};
  if (!e->x || !(e->term.set & ~keep)) return;
  for (int32_t i = 0; i < e->term.count; i++) {
    if (keep >> e->term.label[i] & 1) add(&term, e->term.label[i]);
    else axes.axis[axes.count++] = i;
  }
  e->x = emily__reduce(op, EMILY__PRIM_sum, emily__cast(op, e->x, emily__dtype_to_sum(e->x->dtype)), &axes, false);
  e->term = term;
}

/* Axes of extent 1 as long as those of the same label in the other. */
static void stretch(const emily__op *op, entry *e, const entry *other) {
  int64_t shape[EMILY__MAX_RANK];
  if (!e->x || !other->x) return;
  for (int32_t i = 0; i < e->term.count; i++) {
    const int32_t axis = axis_of(&other->term, e->term.label[i]);
    shape[i] = e->x->dims[i] == 1 && axis >= 0 ? other->x->dims[axis] : e->x->dims[i];
  }
  e->x = emily__broadcast(op, e->x, shape, e->term.count);
}

/* The product of two, summed over labels that are not in `keep`. */
static entry contract(const emily__op *op, entry a, entry b, uint64_t keep) {
  emily__contraction by = {0};
  entry out = {0};
  sum_away(op, &a, keep | b.term.set);
  sum_away(op, &b, keep | a.term.set);
  stretch(op, &a, &b);
  stretch(op, &b, &a);
  for (int32_t i = 0; i < a.term.count; i++) {
    const int32_t label = a.term.label[i], axis = axis_of(&b.term, label);
    if (axis < 0) continue;
    if (keep >> label & 1) {
      by.batch_a[by.batches] = i, by.batch_b[by.batches++] = axis;
      add(&out.term, label);
    } else {
      by.contract_a[by.contracts] = i, by.contract_b[by.contracts++] = axis;
    }
  }
  for (int32_t i = 0; i < a.term.count; i++)
    if (!(b.term.set >> a.term.label[i] & 1)) add(&out.term, a.term.label[i]);
  for (int32_t i = 0; i < b.term.count; i++)
    if (!(a.term.set >> b.term.label[i] & 1)) add(&out.term, b.term.label[i]);
  out.x = emily__contract(op, a.x, b.x, &by);
  return out;
}

/* The operands of a step, one after the other: what later ones need is kept. */
static entry run_step(const emily__op *op, const emily__einsum_step *step, const entry *list) {
  entry all = list[step->position[0]];
  for (int32_t i = 1; i < step->count; i++) {
    uint64_t keep = step->keeps;
    for (int32_t j = i + 1; j < step->count; j++) keep |= list[step->position[j]].term.set;
    all = contract(op, all, list[step->position[i]], keep);
  }
  sum_away(op, &all, step->keeps);
  return all;
}

static emily_array *in_order(const emily__op *op, const entry *e, const emily__term *result) {
  int32_t order[EMILY__MAX_RANK];
  if (!e->x) return NULL;
  for (int32_t i = 0; i < result->count; i++) order[i] = axis_of(&e->term, result->label[i]);
  return emily__transpose(op, e->x, order);
}

/* The dtype that integers are cast to, so that nothing wraps in a narrower one; floats promote pair by pair: -1. */
static emily_dtype common_dtype(emily_array *const *operands, int32_t count) {
  emily_dtype dtype = operands[0]->dtype;
  for (int32_t i = 1; i < count; i++) dtype = emily_promote_types(dtype, operands[i]->dtype);
  return emily_dtype_is_inexact(dtype) ? (emily_dtype)-1 : dtype;
}

emily_array *emily_einsum(emily_scope *scope, const char *subscripts, emily_array *const *operands, int32_t operands_count) {
  const emily__op op = {scope, __func__, operands, operands ? operands_count : 0};
  emily__einsum e;
  entry list[EMILY__EINSUM_OPERANDS];
  if (!emily__op_ready(&op)) return NULL;
  if (emily__einsum_parse(__func__, subscripts, operands, operands_count, &e) != EMILY_OK) return emily_scope_fail(scope);
  emily__einsum_plan(&e);
  const emily_dtype dtype = common_dtype(operands, operands_count);
  int32_t left = operands_count;
  for (int32_t i = 0; i < left; i++) {
    list[i] = (entry){(int)dtype < 0 ? operands[i] : emily__cast(&op, operands[i], dtype), e.operand[i]};
    take_diagonals(&op, &list[i]);
  }
  for (int32_t i = 0; i < e.steps; i++) {
    const emily__einsum_step *step = &e.step[i];
    const entry made = run_step(&op, step, list);
    if (!made.x) return NULL;
    int32_t n = 0;
    for (int32_t j = 0; j < left; j++)
      if (!memchr(step->position, j, (size_t)step->count)) list[n++] = list[j];
    list[n] = made;
    left = n + 1;
  }
  return in_order(&op, &list[0], &e.result);
}
