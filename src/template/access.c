/* access.c: attributes, items, slices and lengths, with Jinja's rules: `a.b` looks for an attribute first, `a['b']`
 * for an item, and what is not there is undefined and no failure. */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/loop.h"
#include "template/operate.h"

#include <string.h>

bool emily__t_length(emily__tval value, int64_t *out) {
  switch (value.kind) {
    case EMILY__T_UNDEFINED: return *out = 0, true;
    case EMILY__T_TEXT: return *out = (int64_t)value.string->chars, true;
    case EMILY__T_LIST:
    case EMILY__T_TUPLE: return *out = (int64_t)value.list->count, true;
    case EMILY__T_DICT: return *out = (int64_t)value.dict->count, true;
    case EMILY__T_VIEW: return *out = (int64_t)value.view->dict->count, true;
    case EMILY__T_RANGE: return *out = value.range->count, true;
    default: return false;
  }
}

size_t emily__t_char_offset(const emily__tstring *string, size_t index) {
  if (string->chars == string->text.count) return index;
  size_t at = 0;
  for (; index > 0; index--) {
    size_t used;
    emily__utf8_next(string->text.data + at, &used);
    at += used;
  }
  return at;
}

int64_t emily__t_range_at(const emily__trange *range, int64_t index) { return range->start + index * range->step; }

/* ---- attributes ---- */

static bool group_part(emily__tval object, emily__ttext name, emily__tval *out) {
  if (object.kind != EMILY__T_TUPLE || !object.list->group) return false;
  bool first = emily__ttext_is(name, "grouper");
  if (!first && !emily__ttext_is(name, "list")) return false;
  return *out = object.list->items[first ? 0 : 1], true;
}

static emily_status bound_method(emily__trun *run, const emily__tbuiltin *method, emily__tval self,
                                 emily__tval *out) {
  emily__tfunction *function = emily__arena_alloc(&run->arena, sizeof *function);
  if (!function) return emily__t_memory(run);
  *function = (emily__tfunction){method, self};
  *out = (emily__tval){.kind = EMILY__T_FUNCTION, .function = function};
  return EMILY_OK;
}

static emily_status macro_part(emily__trun *run, const emily__tmacro *macro, emily__ttext name, bool *found,
                               emily__tval *out) {
  *found = true;
  if (emily__ttext_is(name, "name"))
    return *out = macro->name.kind == EMILY__T_MISSING ? emily__t_none() : macro->name, EMILY_OK;
  if (emily__ttext_is(name, "arguments")) {
    EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, macro->signature->count, out));
    for (size_t i = 0; i < macro->signature->count; i++)
      EMILY__TRY(emily__t_push(run, out->list, macro->signature->names[i]));
    return EMILY_OK;
  }
  return *found = false, EMILY_OK;
}

/* What Python's getattr gives, as far as the sandbox lets it through. */
static emily_status attribute(emily__trun *run, emily__tval object, emily__ttext name, bool *found,
                              emily__tval *out) {
  *found = true;
  if (object.kind == EMILY__T_LOOP) return emily__t_loop_part(run, object.loop, name, found, out);
  if (object.kind == EMILY__T_MACRO) return macro_part(run, object.macro, name, found, out);
  if (object.kind == EMILY__T_NAMESPACE) {
    emily__tentry *entry = emily__t_dict_find(object.dict, name);
    *found = entry != NULL;
    return entry ? (*out = entry->value, EMILY_OK) : EMILY_OK;
  }
  if (group_part(object, name, out)) return EMILY_OK;
  const emily__tbuiltin *method = emily__t_find_method(object, name);
  *found = method != NULL;
  return method ? bound_method(run, method, object, out) : EMILY_OK;
}

/* What an item is; *found is false for a key of a wrong type too, as it is no failure in a template. */
static emily_status item(emily__trun *run, emily__tval object, emily__tval key, bool *found, emily__tval *out) {
  emily__tentry *entry;
  int64_t length, index;
  *found = false;
  if (object.kind == EMILY__T_DICT) {
    if (!emily__t_hashable(key)) return EMILY_OK;
    EMILY__TRY(emily__t_find_key(run, object.dict, key, &entry));
    if (entry) *found = true, *out = entry->value;
    return EMILY_OK;
  }
  bool indexed = object.kind == EMILY__T_TEXT || object.kind == EMILY__T_LIST || object.kind == EMILY__T_TUPLE ||
                 object.kind == EMILY__T_RANGE;
  if (!indexed || !emily__t_is_integer(key) || !emily__t_length(object, &length)) return EMILY_OK;
  index = emily__t_integer_of(key);
  if (index < 0) index += length;
  if (index < 0 || index >= length) return EMILY_OK;
  *found = true;
  if (object.kind == EMILY__T_RANGE) return *out = emily__t_int(emily__t_range_at(object.range, index)), EMILY_OK;
  if (object.kind != EMILY__T_TEXT) return *out = object.list->items[index], EMILY_OK;
  EMILY__TRY(emily__t_spend(run, object.string->text.count / 64 + 1));
  size_t begin = emily__t_char_offset(object.string, (size_t)index), used;
  emily__utf8_next(object.string->text.data + begin, &used);
  EMILY__TRY(emily__t_new_text(run, object.string->text.data + begin, used, out));
  out->markup = object.markup;
  return EMILY_OK;
}

emily_status emily__t_getattr(emily__trun *run, emily__tval object, emily__tval name, emily__tval *out) {
  bool found;
  bool internal = name.string->text.count > 2 && !memcmp(name.string->text.data, "__", 2); /* the sandbox hides it */
  if (object.kind == EMILY__T_UNDEFINED && !internal) return emily__t_undefined_used(run, object);
  EMILY__TRY(attribute(run, object, name.string->text, &found, out));
  if (!found) EMILY__TRY(item(run, object, name, &found, out));
  return found ? EMILY_OK : emily__t_new_undefined(run, NULL, object, name, out);
}

emily_status emily__t_getitem(emily__trun *run, emily__tval object, emily__tval key, emily__tval *out) {
  bool found;
  if (object.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, object);
  EMILY__TRY(item(run, object, key, &found, out));
  if (!found && key.kind == EMILY__T_TEXT) EMILY__TRY(attribute(run, object, key.string->text, &found, out));
  return found ? EMILY_OK : emily__t_new_undefined(run, NULL, object, key, out);
}

/* ---- slices ---- */

static emily_status bound(emily__trun *run, emily__tval value, int64_t missing, int64_t *out) {
  if (value.kind == EMILY__T_MISSING || value.kind == EMILY__T_NONE) return *out = missing, EMILY_OK;
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_fail(run, "a slice's bound is undefined");
  if (!emily__t_is_integer(value)) return emily__t_fail(run, "a slice's bound must be a whole number or None");
  return *out = emily__t_integer_of(value), EMILY_OK;
}

static int64_t clamp(int64_t value, int64_t length, bool down) {
  int64_t least = down ? -1 : 0, most = down ? length - 1 : length;
  if (value < 0) value = value < -length ? least : value + length;
  return value < least ? least : value > most ? most : value;
}

typedef struct span {
  int64_t start, stop, step, count;
} span;

static emily_status slice_span(emily__trun *run, const emily__tval bounds[3], int64_t length, span *out) {
  int64_t step, start, stop;
  EMILY__TRY(bound(run, bounds[2], 1, &step));
  if (!step) return emily__t_fail(run, "a slice's step cannot be zero");
  if (step < -INT64_MAX) step = -INT64_MAX;
  bool down = step < 0, open_stop = bounds[1].kind == EMILY__T_MISSING || bounds[1].kind == EMILY__T_NONE;
  EMILY__TRY(bound(run, bounds[0], down ? length - 1 : 0, &start));
  EMILY__TRY(bound(run, bounds[1], 0, &stop));
  start = clamp(start, length, down);
  stop = open_stop ? (down ? -1 : length) : clamp(stop, length, down);
  int64_t distance = down ? start - stop : stop - start, stride = down ? -step : step;
  *out = (span){start, stop, step, distance > 0 ? (distance - 1) / stride + 1 : 0};
  return EMILY_OK;
}

static emily_status slice_list(emily__trun *run, emily__tval object, span s, emily__tval *out) {
  EMILY__TRY(emily__t_new_list(run, object.kind, (size_t)s.count, out));
  for (int64_t i = 0; i < s.count; i++)
    EMILY__TRY(emily__t_push(run, out->list, object.list->items[s.start + i * s.step]));
  return EMILY_OK;
}

static emily_status slice_text(emily__trun *run, emily__tval object, span s, emily__tval *out) {
  const emily__tstring *string = object.string;
  emily__str sink = {0};
  emily_status status = EMILY_OK;
  EMILY__TRY(emily__t_spend(run, string->text.count / 64 + 1));
  if (s.step == 1) {
    size_t begin = emily__t_char_offset(string, (size_t)s.start), end = begin;
    const emily__tstring rest = {
        {string->text.data + begin, string->text.count - begin}, string->chars - (size_t)s.start, NULL};
    if (s.count) end = begin + emily__t_char_offset(&rest, (size_t)s.count);
    EMILY__TRY(emily__t_new_text(run, string->text.data + begin, end - begin, out));
  } else {
    for (int64_t i = 0; status == EMILY_OK && i < s.count; i++) {
      emily__tval c;
      bool found;
      status = item(run, object, emily__t_int(s.start + i * s.step), &found, &c);
      if (status == EMILY_OK) status = emily__t_put(run, &sink, c.string->text.data, c.string->text.count);
    }
    EMILY__TRY(emily__t_finish(run, status, &sink, out));
  }
  out->markup = object.markup;
  return EMILY_OK;
}

static emily_status slice_range(emily__trun *run, const emily__trange *range, span s, emily__tval *out) {
  emily__trange *part = emily__arena_alloc(&run->arena, sizeof *part);
  if (!part) return emily__t_memory(run);
  int64_t step, start, stop; /* a range's length is bounded, but not its step */
  if (__builtin_mul_overflow(range->step, s.step, &step) || __builtin_mul_overflow(range->step, s.start, &start) ||
      __builtin_add_overflow(range->start, start, &start) || __builtin_mul_overflow(range->step, s.stop, &stop) ||
      __builtin_add_overflow(range->start, stop, &stop))
    return emily__t_fail(run, "a range is too large");
  *part = (emily__trange){start, stop, step, s.count};
  *out = (emily__tval){.kind = EMILY__T_RANGE, .range = part};
  return EMILY_OK;
}

emily_status emily__t_slice(emily__trun *run, emily__tval object, const emily__tval bounds[3], emily__tval *out) {
  int64_t length = 0;
  span s = {0};
  if (object.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, object);
  bool list = object.kind == EMILY__T_LIST || object.kind == EMILY__T_TUPLE;
  if (!list && object.kind != EMILY__T_TEXT && object.kind != EMILY__T_RANGE)
    return emily__t_fail(run, "a value of type '%s' cannot be sliced", emily__t_type_name(object));
  emily__t_length(object, &length);
  EMILY__TRY(slice_span(run, bounds, length, &s));
  if (object.kind == EMILY__T_RANGE) return slice_range(run, object.range, s, out);
  return list ? slice_list(run, object, s, out) : slice_text(run, object, s, out);
}
