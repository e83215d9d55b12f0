/* filters_sequence.c: the filters of sequences that give a value or a list at once. */
#include "template/attribute.h"
#include "template/builtin.h"
#include "template/operate.h"
#include "template/text_tools.h"

#include <string.h>

#define FILTER(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

static bool is_true(emily__tval value) { return value.kind != EMILY__T_MISSING && emily__t_truth(value); }

FILTER(length) {
  int64_t count;
  if (!emily__t_length(call->in[0], &count))
    return emily__t_fail(run, "object of type '%s' has no length", emily__t_type_name(call->in[0]));
  return *out = emily__t_int(count), EMILY_OK;
}

FILTER(list) { return emily__t_to_list(run, call->in[0], out); }

FILTER(first) {
  emily__titer *it;
  bool done;
  EMILY__TRY(emily__t_iterate(run, call->in[0], &it));
  EMILY__TRY(emily__t_next(run, it, out, &done));
  if (!done) return EMILY_OK;
  return emily__t_new_undefined(run, "No first item, sequence was empty.", (emily__tval){0}, (emily__tval){0}, out);
}

FILTER(last) {
  emily__titer *it;
  bool done;
  EMILY__TRY(emily__t_iterate_reversed(run, call->in[0], &it));
  if (!it) return emily__t_fail(run, "'%s' object is not reversible", emily__t_type_name(call->in[0]));
  EMILY__TRY(emily__t_next(run, it, out, &done));
  if (!done) return EMILY_OK;
  return emily__t_new_undefined(run, "No last item, sequence was empty.", (emily__tval){0}, (emily__tval){0}, out);
}

FILTER(default_) {
  bool replaced = call->in[0].kind == EMILY__T_UNDEFINED || (is_true(call->in[2]) && !emily__t_truth(call->in[0]));
  if (!replaced) return *out = call->in[0], EMILY_OK;
  if (call->in[1].kind == EMILY__T_MISSING) return emily__t_new_text(run, "", 0, out);
  return *out = call->in[1], EMILY_OK;
}

FILTER(join) {
  emily__tval glue, items = call->in[0];
  if (call->in[1].kind == EMILY__T_MISSING) EMILY__TRY(emily__t_new_text(run, "", 0, &glue));
  else EMILY__TRY(emily__t_str(run, call->in[1], &glue));
  if (emily__t_given(call->in[2])) EMILY__TRY(emily__t_attributes_of(run, items, call->in[2], &items));
  return emily__t_joined(run, glue.string->text, items, false, out);
}

FILTER(reverse) {
  emily__titer *it;
  if (call->in[0].kind == EMILY__T_TEXT) {
    const emily__tval bounds[3] = {{0}, {0}, emily__t_int(-1)};
    return emily__t_slice(run, call->in[0], bounds, out);
  }
  EMILY__TRY(emily__t_iterate_reversed(run, call->in[0], &it));
  if (it) return *out = (emily__tval){.kind = EMILY__T_ITERATOR, .iterator = it}, EMILY_OK;
  EMILY__TRY(emily__t_to_list(run, call->in[0], out));
  for (size_t i = 0; i < out->list->count / 2; i++) {
    emily__tval item = out->list->items[i], *other = &out->list->items[out->list->count - 1 - i];
    out->list->items[i] = *other;
    *other = item;
  }
  return EMILY_OK;
}

/* ---- order ---- */

/* The keys to order a list by: an attribute (or several, with commas), texts in lower case unless case_sensitive. */
static emily_status sort_by(emily__trun *run, emily__tval list_value, emily__tval attribute, bool case_sensitive,
                            bool reverse) {
  emily__tval keys;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, list_value.list->count, &keys));
  for (size_t i = 0; i < list_value.list->count; i++) {
    emily__tval key;
    EMILY__TRY(emily__t_sort_key(run, list_value.list->items[i], attribute, case_sensitive, &key));
    EMILY__TRY(emily__t_push(run, keys.list, key));
  }
  return emily__t_sort(run, list_value.list->items, keys.list->items, keys.list->count, reverse);
}

FILTER(sort) {
  EMILY__TRY(emily__t_to_list(run, call->in[0], out));
  return sort_by(run, *out, call->in[3], is_true(call->in[2]), is_true(call->in[1]));
}

static emily_status extreme(emily__trun *run, const emily__tcall *call, bool most, emily__tval *out) {
  emily__titer *it;
  emily__tval item, key, best;
  bool done, better;
  EMILY__TRY(emily__t_iterate(run, call->in[0], &it));
  EMILY__TRY(emily__t_next(run, it, out, &done));
  if (done)
    return emily__t_new_undefined(run, "No aggregated item, sequence was empty.", (emily__tval){0}, (emily__tval){0},
                                  out);
  EMILY__TRY(emily__t_attribute_of(run, *out, call->in[2], (emily__tval){0}, !is_true(call->in[1]), &best));
  for (;;) {
    EMILY__TRY(emily__t_next(run, it, &item, &done));
    if (done) return EMILY_OK;
    EMILY__TRY(emily__t_attribute_of(run, item, call->in[2], (emily__tval){0}, !is_true(call->in[1]), &key));
    EMILY__TRY(emily__t_compare(run, most ? EMILY__TK_GT : EMILY__TK_LT, key, best, &better));
    if (better) *out = item, best = key;
  }
}

FILTER(min) { return extreme(run, call, false, out); }
FILTER(max) { return extreme(run, call, true, out); }

FILTER(sum) {
  emily__tval items = call->in[0], item, total = call->in[2].kind == EMILY__T_MISSING ? emily__t_int(0) : call->in[2];
  emily__titer *it;
  bool done;
  if (emily__t_given(call->in[1])) EMILY__TRY(emily__t_attributes_of(run, items, call->in[1], &items));
  if (total.kind == EMILY__T_TEXT) return emily__t_fail(run, "sum cannot add texts: use join");
  EMILY__TRY(emily__t_iterate(run, items, &it));
  for (;;) {
    EMILY__TRY(emily__t_next(run, it, &item, &done));
    if (done) return *out = total, EMILY_OK;
    EMILY__TRY(emily__t_add(run, total, item, &total));
  }
}

/* ---- dicts and groups ---- */

static emily_status items_list(emily__trun *run, emily__tval dict, emily__tval *out) {
  const emily__tview view = {dict.dict, 'i'};
  return emily__t_to_list(run, (emily__tval){.kind = EMILY__T_VIEW, .view = &view}, out);
}

FILTER(dictsort) {
  emily__ttext by = EMILY__T_LITERAL("key");
  emily__tval value = call->in[0];
  if (call->in[2].kind != EMILY__T_MISSING) EMILY__TRY(emily__t_arg_text(run, call->in[2], "by", &by));
  bool values = emily__ttext_is(by, "value");
  if (!values && !emily__ttext_is(by, "key")) return emily__t_fail(run, "dictsort sorts by \"key\" or \"value\"");
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, value);
  if (value.kind != EMILY__T_DICT)
    return emily__t_fail(run, "dictsort needs a dict, not %s", emily__t_type_name(value));
  EMILY__TRY(items_list(run, value, out));
  return sort_by(run, *out, emily__t_int(values ? 1 : 0), is_true(call->in[1]), is_true(call->in[3]));
}

static emily_status push_group(emily__trun *run, emily__tval key, emily__tval members, emily__tlist *groups) {
  emily__tval group;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, 2, &group));
  EMILY__TRY(emily__t_push(run, group.list, key));
  EMILY__TRY(emily__t_push(run, group.list, members));
  group.list->group = true;
  return emily__t_push(run, groups, group);
}

/* Keys of groups are written as the first member has them. */
FILTER(groupby) {
  emily__tval items, last = {0}, members = {0}, attribute = call->in[1], missing = call->in[2];
  bool folded = !is_true(call->in[3]), same = false;
  if (missing.kind == EMILY__T_NONE) missing = (emily__tval){0};
  EMILY__TRY(emily__t_to_list(run, call->in[0], &items));
  emily__tval keys;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, items.list->count, &keys));
  for (size_t i = 0; i < items.list->count; i++) {
    emily__tval key;
    EMILY__TRY(emily__t_attribute_of(run, items.list->items[i], attribute, missing, folded, &key));
    EMILY__TRY(emily__t_push(run, keys.list, key));
  }
  EMILY__TRY(emily__t_sort(run, items.list->items, keys.list->items, keys.list->count, false));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  for (size_t i = 0; i < items.list->count; i++) {
    emily__tval shown;
    if (i) EMILY__TRY(emily__t_equal(run, last, keys.list->items[i], &same));
    if (!same) {
      EMILY__TRY(emily__t_attribute_of(run, items.list->items[i], attribute, missing, false, &shown));
      EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 2, &members));
      EMILY__TRY(push_group(run, shown, members, out->list));
    }
    last = keys.list->items[i];
    EMILY__TRY(emily__t_push(run, members.list, items.list->items[i]));
  }
  return EMILY_OK;
}

FILTER(attr) {
  emily__ttext name;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "the name of an attribute", &name));
  bool is_dict = call->in[0].kind == EMILY__T_DICT && !emily__t_find_method(call->in[0], name);
  if (is_dict) return emily__t_new_undefined(run, NULL, call->in[0], call->in[1], out);
  return emily__t_getattr(run, call->in[0], call->in[1], out);
}

const emily__tbuiltin emily__t_sequence_filters[] = {
    {"length", "value", length},
    {"count", "value", length},
    {"list", "value", list},
    {"first", "seq", first},
    {"last", "seq", last},
    {"default", "value default_value? boolean?", default_},
    {"d", "value default_value? boolean?", default_},
    {"join", "value d? attribute?", join},
    {"reverse", "value", reverse},
    {"sort", "value reverse? case_sensitive? attribute?", sort},
    {"min", "value case_sensitive? attribute?", min},
    {"max", "value case_sensitive? attribute?", max},
    {"sum", "iterable attribute? start?", sum},
    {"dictsort", "value case_sensitive? by? reverse?", dictsort},
    {"groupby", "value attribute default? case_sensitive?", groupby},
    {"attr", "obj name", attr},
    {0},
};
