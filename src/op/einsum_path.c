/* einsum_path.c: in which order the operands of an Einstein summation are contracted.
 *
 * Greedy, as NumPy's, opt_einsum's and MLX's: of all pairs that share a label (all pairs, where none does) the one that takes away most
 * elements, then the cheapest, in the order of the list; pairs whose result would be larger than every operand and the result, or with
 * which the whole would cost more than one contraction of all, are no candidates. Where there is none, all that is left is contracted
 * at once. */
#include "emily/ops.h"
#include "op/einsum.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

typedef struct pair {
  int32_t x, y;
  int64_t removed; /* elements: those of both less those of the result */
  uint64_t cost, keeps;
  int32_t labels;
} pair;

typedef struct plan {
  emily__einsum *e;
  uint64_t limit; /* elements of an intermediate */
  int32_t terms;
  uint64_t term[EMILY__EINSUM_OPERANDS]; /* the list of operands, as sets of labels */
  int32_t pairs;
  pair candidate[EMILY__EINSUM_OPERANDS * (EMILY__EINSUM_OPERANDS - 1) / 2];
} plan;

static uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static uint64_t elements(const emily__einsum *e, uint64_t set) {
  uint64_t n = 1;
  for (; set; set &= set - 1) n = times(n, (uint64_t)e->extent[__builtin_ctzll(set)]);
  return n;
}

/* Of each label as often as it stands there. */
static uint64_t elements_of_term(const emily__einsum *e, const emily__term *term) {
  uint64_t n = 1;
  for (int32_t i = 0; i < term->count; i++) n = times(n, (uint64_t)e->extent[term->label[i]]);
  return n;
}

/* A multiplication for each operand but the first, an addition where something is summed. */
static uint64_t cost_of(const emily__einsum *e, uint64_t set, bool sums, int32_t terms) {
  return times(elements(e, set), (uint64_t)((terms > 2 ? terms - 1 : 1) + sums));
}

/* The labels of x and y that the other terms or the result need. */
static uint64_t kept(const plan *p, int32_t x, int32_t y) {
  uint64_t others = p->e->result.set;
  for (int32_t i = 0; i < p->terms; i++)
    if (i != x && i != y) others |= p->term[i];
  return (p->term[x] | p->term[y]) & others;
}

static void consider(plan *p, int32_t x, int32_t y) {
  const uint64_t both = p->term[x] | p->term[y];
  pair c = {.x = x, .y = y, .keeps = kept(p, x, y), .labels = __builtin_popcountll(both)};
  const uint64_t size = elements(p->e, c.keeps);
  c.cost = cost_of(p->e, both, both != c.keeps, 2);
  if (size > p->limit || plus(p->e->cost, c.cost) > p->e->naive_cost) return;
  c.removed = (int64_t)(elements(p->e, p->term[x]) + elements(p->e, p->term[y]) - size);
  p->candidate[p->pairs++] = c;
}

/* Pairs (x, y) with y ≥ first_y; those that share a label alone, unless `any`. */
static void consider_all(plan *p, int32_t first_y, bool any) {
  for (int32_t x = 0; x < p->terms; x++)
    for (int32_t y = x + 1 > first_y ? x + 1 : first_y; y < p->terms; y++)
      if (any || (p->term[x] & p->term[y])) consider(p, x, y);
}

static const pair *best(const plan *p) {
  const pair *found = &p->candidate[0];
  for (int32_t i = 1; i < p->pairs; i++) {
    const pair *c = &p->candidate[i];
    if (c->removed > found->removed || (c->removed == found->removed && c->cost < found->cost)) found = c;
  }
  return found;
}

static int32_t without(int32_t at, int32_t x, int32_t y) { return at - (at > x) - (at > y); }

/* The list after a contraction, and the candidates that do not touch it. */
static void take(plan *p, pair c) {
  emily__einsum_step *step = &p->e->step[p->e->steps++];
  *step = (emily__einsum_step){.count = 2, .position = {(uint8_t)c.x, (uint8_t)c.y}, .keeps = c.keeps};
  int32_t n = 0;
  for (int32_t i = 0; i < p->terms; i++)
    if (i != c.x && i != c.y) p->term[n++] = p->term[i];
  p->term[n] = c.keeps;
  p->terms = n + 1;
  n = 0;
  for (int32_t i = 0; i < p->pairs; i++) {
    pair other = p->candidate[i];
    if (other.x == c.x || other.x == c.y || other.y == c.x || other.y == c.y) continue;
    other.x = without(other.x, c.x, c.y);
    other.y = without(other.y, c.x, c.y);
    p->candidate[n++] = other;
  }
  p->pairs = n;
  p->e->cost = plus(p->e->cost, c.cost);
  if (c.labels > p->e->scaling) p->e->scaling = c.labels;
}

/* All terms that are left, at once. */
static void take_rest(plan *p) {
  emily__einsum_step *step = &p->e->step[p->e->steps++];
  uint64_t all = 0;
  *step = (emily__einsum_step){.count = p->terms, .keeps = p->e->result.set};
  for (int32_t i = 0; i < p->terms; i++) {
    step->position[i] = (uint8_t)i;
    all |= p->term[i];
  }
  const int32_t labels = __builtin_popcountll(all);
  p->e->cost = plus(p->e->cost, cost_of(p->e, all, all & ~p->e->result.set, p->terms));
  if (labels > p->e->scaling) p->e->scaling = labels;
}

static void go_greedily(plan *p) {
  int32_t first_y = 0;
  while (p->terms > 1) {
    consider_all(p, first_y, false);
    if (p->pairs == 0) consider_all(p, first_y, true);
    if (p->pairs == 0) {
      take_rest(p);
      return;
    }
    take(p, *best(p));
    first_y = p->terms - 1;
  }
}

void emily__einsum_plan(emily__einsum *e) {
  plan p = {.e = e, .limit = elements_of_term(e, &e->result), .terms = e->operands};
  uint64_t all = 0;
  for (int32_t i = 0; i < e->operands; i++) {
    const uint64_t size = elements_of_term(e, &e->operand[i]);
    all |= p.term[i] = e->operand[i].set;
    if (size > p.limit) p.limit = size;
  }
  e->naive_cost = cost_of(e, all, all & ~e->result.set, e->operands);
  e->naive_scaling = __builtin_popcountll(all);
  e->steps = 0;
  e->cost = 0;
  e->scaling = 0;
  if (e->operands <= 2) take_rest(&p);
  else go_greedily(&p);
  e->step[e->steps - 1].keeps = e->result.set;
}

emily_status emily_einsum_path(const char *subscripts, emily_array *const *operands, int32_t operands_count, int32_t *path,
                               size_t path_capacity, size_t *path_count, char *report, size_t report_capacity) {
  emily__einsum e;
  size_t n = 0, at = 0;
  EMILY__TRY(emily__einsum_parse(__func__, subscripts, operands, operands_count, &e));
  emily__einsum_plan(&e);
  for (int32_t i = 0; i < e.steps; i++) n += 1 + (size_t)e.step[i].count;
  if (n > path_capacity || !path || !path_count)
    return emily__fail(EMILY_INVALID_ARGUMENT, __func__, "%s: the path is %zu numbers and there is room for %zu", __func__, n, path ? path_capacity : 0);
  for (int32_t i = 0; i < e.steps; i++) {
    path[at++] = e.step[i].count;
    for (int32_t j = 0; j < e.step[i].count; j++) path[at++] = e.step[i].position[j];
  }
  *path_count = n;
  if (report && report_capacity)
    snprintf(report, report_capacity,
             "  Complete contraction:  %s\n         Naive scaling:  %d\n     Optimized scaling:  %d\n      Naive FLOP count:  %llu\n"
             "  Optimized FLOP count:  %llu\n",
             subscripts, e.naive_scaling, e.scaling, (unsigned long long)e.naive_cost, (unsigned long long)e.cost);
  return EMILY_OK;
}
