/* compare.c: equality, order, membership, keys of dicts, sorting: as Python has them. */
#include "template/builtin.h"
#include "template/operate.h"

#include <string.h>

bool emily__t_truth(emily__tval value) {
  int64_t length;
  switch (value.kind) {
    case EMILY__T_UNDEFINED:
    case EMILY__T_NONE: return false;
    case EMILY__T_BOOL: return value.truth;
    case EMILY__T_INT: return value.integer != 0;
    case EMILY__T_FLOAT: return value.real != 0;
    default: return !emily__t_length(value, &length) || length > 0;
  }
}

bool emily__t_is_integer(emily__tval value) { return value.kind == EMILY__T_INT || value.kind == EMILY__T_BOOL; }
bool emily__t_is_number(emily__tval value) { return emily__t_is_integer(value) || value.kind == EMILY__T_FLOAT; }
int64_t emily__t_integer_of(emily__tval value) { return value.kind == EMILY__T_BOOL ? value.truth : value.integer; }
double emily__t_number_of(emily__tval value) {
  return value.kind == EMILY__T_FLOAT ? value.real : (double)emily__t_integer_of(value);
}

/* -1, 0, 1; 2 where one of them is no number (NaN). Exact for whole numbers beside reals. */
static int compare_numbers(emily__tval a, emily__tval b) {
  if (emily__t_is_integer(a) && emily__t_is_integer(b)) {
    int64_t x = emily__t_integer_of(a), y = emily__t_integer_of(b);
    return (x > y) - (x < y);
  }
  long double x = a.kind == EMILY__T_FLOAT ? (long double)a.real : (long double)emily__t_integer_of(a);
  long double y = b.kind == EMILY__T_FLOAT ? (long double)b.real : (long double)emily__t_integer_of(b);
  return x != x || y != y ? 2 : (x > y) - (x < y);
}

static emily_status compare_texts(emily__trun *run, emily__ttext a, emily__ttext b, int *out) {
  size_t shared = a.count < b.count ? a.count : b.count;
  EMILY__TRY(emily__t_spend(run, shared / 64 + 1));
  int order = shared ? memcmp(a.data, b.data, shared) : 0; /* the order of UTF-8 is that of code points */
  *out = order ? order : (a.count > b.count) - (a.count < b.count);
  return EMILY_OK;
}

/* ---- equality ---- */

static emily_status equal(emily__trun *run, emily__tval a, emily__tval b, int depth, bool *out);

static emily_status equal_lists(emily__trun *run, const emily__tlist *a, const emily__tlist *b, int depth,
                                bool *out) {
  *out = a->count == b->count;
  for (size_t i = 0; *out && i < a->count; i++) EMILY__TRY(equal(run, a->items[i], b->items[i], depth, out));
  return EMILY_OK;
}

static emily_status equal_dicts(emily__trun *run, const emily__tdict *a, const emily__tdict *b, int depth,
                                bool *out) {
  *out = a->count == b->count;
  for (size_t i = 0; *out && i < a->count; i++) {
    emily__tentry *other;
    EMILY__TRY(emily__t_find_key(run, b, a->entries[i].key, &other));
    if (!other) return *out = false, EMILY_OK;
    EMILY__TRY(equal(run, a->entries[i].value, other->value, depth, out));
  }
  return EMILY_OK;
}

static bool equal_ranges(const emily__trange *a, const emily__trange *b) {
  return a->count == b->count && (!a->count || (a->start == b->start && (a->count == 1 || a->step == b->step)));
}

static emily_status equal(emily__trun *run, emily__tval a, emily__tval b, int depth, bool *out) {
  EMILY__TRY(emily__t_spend(run, 1));
  if (depth > EMILY__T_VALUE_DEPTH) return emily__t_fail(run, "values are nested too deep to be compared");
  int order;
  if (emily__t_is_number(a) && emily__t_is_number(b)) return *out = compare_numbers(a, b) == 0, EMILY_OK;
  if (a.kind != b.kind) return *out = false, EMILY_OK;
  switch (a.kind) {
    case EMILY__T_UNDEFINED:
    case EMILY__T_NONE: return *out = true, EMILY_OK;
    case EMILY__T_TEXT:
      *out = a.string->text.count == b.string->text.count;
      if (!*out) return EMILY_OK;
      EMILY__TRY(compare_texts(run, a.string->text, b.string->text, &order));
      return *out = order == 0, EMILY_OK;
    case EMILY__T_LIST:
    case EMILY__T_TUPLE: return equal_lists(run, a.list, b.list, depth + 1, out);
    case EMILY__T_DICT: return equal_dicts(run, a.dict, b.dict, depth + 1, out);
    case EMILY__T_RANGE: return *out = equal_ranges(a.range, b.range), EMILY_OK;
    default: return *out = a.list == b.list, EMILY_OK; /* the same one */
  }
}

emily_status emily__t_equal(emily__trun *run, emily__tval a, emily__tval b, bool *out) {
  return equal(run, a, b, 0, out);
}

/* ---- order ---- */

static emily_status unordered(emily__trun *run, emily__tval a, emily__tval b, const char *sign) {
  if (a.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, a);
  if (b.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, b);
  return emily__t_fail(run, "'%s' is not supported between '%s' and '%s'", sign, emily__t_type_name(a),
                       emily__t_type_name(b));
}

static bool holds(uint8_t op, int order) {
  if (order == 2) return false;
  return op == EMILY__TK_LT   ? order < 0
         : op == EMILY__TK_LE ? order <= 0
         : op == EMILY__TK_GT ? order > 0
                              : order >= 0;
}

static emily_status ordered(emily__trun *run, uint8_t op, emily__tval a, emily__tval b, int depth, bool *out);

/* The first items that differ decide; where there are none, the lengths. */
static emily_status ordered_lists(emily__trun *run, uint8_t op, const emily__tlist *a, const emily__tlist *b,
                                  int depth, bool *out) {
  for (size_t i = 0; i < a->count && i < b->count; i++) {
    bool same;
    EMILY__TRY(equal(run, a->items[i], b->items[i], depth, &same));
    if (!same) return ordered(run, op, a->items[i], b->items[i], depth, out);
  }
  *out = holds(op, (a->count > b->count) - (a->count < b->count));
  return EMILY_OK;
}

static emily_status ordered(emily__trun *run, uint8_t op, emily__tval a, emily__tval b, int depth, bool *out) {
  static const char *const SIGNS[] = {
      [EMILY__TK_LT] = "<", [EMILY__TK_LE] = "<=", [EMILY__TK_GT] = ">", [EMILY__TK_GE] = ">="};
  int order;
  if (depth > EMILY__T_VALUE_DEPTH) return emily__t_fail(run, "values are nested too deep to be compared");
  if (emily__t_is_number(a) && emily__t_is_number(b)) return *out = holds(op, compare_numbers(a, b)), EMILY_OK;
  if (a.kind == b.kind && a.kind == EMILY__T_TEXT) {
    EMILY__TRY(compare_texts(run, a.string->text, b.string->text, &order));
    return *out = holds(op, (order > 0) - (order < 0)), EMILY_OK;
  }
  if (a.kind == b.kind && (a.kind == EMILY__T_LIST || a.kind == EMILY__T_TUPLE))
    return ordered_lists(run, op, a.list, b.list, depth + 1, out);
  return unordered(run, a, b, SIGNS[op]);
}

emily_status emily__t_less(emily__trun *run, emily__tval a, emily__tval b, bool *out) {
  EMILY__TRY(emily__t_spend(run, 1));
  return ordered(run, EMILY__TK_LT, a, b, 0, out);
}

emily_status emily__t_compare(emily__trun *run, uint8_t op, emily__tval a, emily__tval b, bool *out) {
  switch (op) {
    case EMILY__TK_EQ: return emily__t_equal(run, a, b, out);
    case EMILY__TK_NE:
    case EMILY__T_NOT_IN:
      EMILY__TRY(op == EMILY__TK_NE ? emily__t_equal(run, a, b, out) : emily__t_contains(run, b, a, out));
      return *out = !*out, EMILY_OK;
    case EMILY__T_IN: return emily__t_contains(run, b, a, out);
    default: return ordered(run, op, a, b, 0, out);
  }
}

/* ---- membership ---- */

static emily_status among(emily__trun *run, emily__tval container, emily__tval item, bool *out) {
  emily__titer *it;
  emily__tval each;
  bool done;
  if (!emily__t_iterable(container))
    return emily__t_fail(run, "one cannot look for something in a value of type '%s'", emily__t_type_name(container));
  EMILY__TRY(emily__t_iterate(run, container, &it));
  for (*out = false; !*out;) {
    EMILY__TRY(emily__t_next(run, it, &each, &done));
    if (done) return EMILY_OK;
    EMILY__TRY(emily__t_equal(run, each, item, out));
  }
  return EMILY_OK;
}

static emily_status within_text(emily__trun *run, emily__ttext text, emily__tval item, bool *out) {
  if (item.kind == EMILY__T_UNDEFINED) return emily__t_fail(run, "'in <string>' requires a string, not Undefined");
  if (item.kind != EMILY__T_TEXT)
    return emily__t_fail(run, "'in <string>' requires a string, not %s", emily__t_type_name(item));
  EMILY__TRY(emily__t_spend(run, text.count / 64 + 1));
  emily__ttext part = item.string->text;
  *out = !part.count || (text.count && memmem(text.data, text.count, part.data, part.count));
  return EMILY_OK;
}

emily_status emily__t_contains(emily__trun *run, emily__tval container, emily__tval item, bool *out) {
  emily__tentry *entry;
  if (container.kind == EMILY__T_TEXT) return within_text(run, container.string->text, item, out);
  bool keyed = container.kind == EMILY__T_DICT || (container.kind == EMILY__T_VIEW && container.view->part == 'k');
  if (!keyed) return among(run, container, item, out);
  if (!emily__t_hashable(item)) return emily__t_fail(run, "unhashable type: '%s'", emily__t_type_name(item));
  EMILY__TRY(
      emily__t_find_key(run, container.kind == EMILY__T_DICT ? container.dict : container.view->dict, item, &entry));
  return *out = entry != NULL, EMILY_OK;
}

/* ---- keys ---- */

bool emily__t_hashable(emily__tval value) {
  if (value.kind == EMILY__T_LIST || value.kind == EMILY__T_DICT || value.kind == EMILY__T_VIEW) return false;
  for (size_t i = 0; value.kind == EMILY__T_TUPLE && i < value.list->count; i++)
    if (!emily__t_hashable(value.list->items[i])) return false;
  return true;
}

emily_status emily__t_find_key(emily__trun *run, const emily__tdict *dict, emily__tval key, emily__tentry **out) {
  bool same = false;
  *out = NULL;
  EMILY__TRY(emily__t_spend(run, dict->count / 8 + 1));
  if (key.kind == EMILY__T_TEXT) return *out = emily__t_dict_find(dict, key.string->text), EMILY_OK;
  for (size_t i = 0; i < dict->count && !same; i++) {
    EMILY__TRY(emily__t_equal(run, dict->entries[i].key, key, &same));
    if (same) *out = &dict->entries[i];
  }
  return EMILY_OK;
}

emily_status emily__t_set_key(emily__trun *run, emily__tdict *dict, emily__tval key, emily__tval value) {
  emily__tentry *entry;
  if (!emily__t_hashable(key)) return emily__t_fail(run, "unhashable type: '%s'", emily__t_type_name(key));
  EMILY__TRY(emily__t_find_key(run, dict, key, &entry));
  if (entry) return entry->value = value, EMILY_OK;
  uint32_t hash = key.kind == EMILY__T_TEXT ? emily__t_hash(key.string->text) : 0;
  return emily__t_dict_add(&run->arena, dict, key, value, hash) ? EMILY_OK : emily__t_memory(run);
}

/* ---- sorting: merges, stable ---- */

typedef struct sorter {
  emily__trun *run;
  emily__tval *items, *keys, *spare_items, *spare_keys;
  bool reverse;
} sorter;

static emily_status merge(sorter *s, size_t begin, size_t middle, size_t end) {
  size_t a = begin, b = middle, to = begin;
  while (a < middle || b < end) {
    bool second = a == middle;
    if (a < middle && b < end)
      EMILY__TRY(s->reverse ? emily__t_less(s->run, s->keys[a], s->keys[b], &second)
                            : emily__t_less(s->run, s->keys[b], s->keys[a], &second));
    size_t from = second ? b++ : a++;
    s->spare_items[to] = s->items[from];
    s->spare_keys[to++] = s->keys[from];
  }
  memcpy(s->items + begin, s->spare_items + begin, (end - begin) * sizeof *s->items);
  memcpy(s->keys + begin, s->spare_keys + begin, (end - begin) * sizeof *s->keys);
  return EMILY_OK;
}

emily_status emily__t_sort(emily__trun *run, emily__tval *items, emily__tval *keys, size_t count, bool reverse) {
  sorter s = {.run = run, .items = items, .keys = keys, .reverse = reverse};
  s.spare_items = emily__arena_array(&run->arena, count, sizeof *items);
  s.spare_keys = emily__arena_array(&run->arena, count, sizeof *keys);
  if (!s.spare_items || !s.spare_keys) return emily__t_memory(run);
  for (size_t width = 1; width < count; width *= 2)
    for (size_t begin = 0; begin + width < count; begin += 2 * width)
      EMILY__TRY(merge(&s, begin, begin + width, begin + 2 * width < count ? begin + 2 * width : count));
  return EMILY_OK;
}
