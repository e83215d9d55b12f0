/* filters_lazy.c: the filters that Jinja writes as generators: nothing happens until somebody asks for an item, and
 * each item is asked for once. */
#include "template/attribute.h"
#include "template/builtin.h"
#include "template/operate.h"

#define FILTER(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

typedef struct state {
  emily__tval value; /* what the filter was put on */
  emily__targs args;
  bool started, by_attribute, rejects, folded;
  emily__tval attribute, name, missing, seen;
  int64_t count, index;
} state;

static emily_status new_state(emily__trun *run, const emily__tcall *call, state **out) {
  state *s = emily__arena_alloc(&run->arena, sizeof *s);
  if (!s) return emily__t_memory(run);
  *s = (state){.value = call->in[0], .args = *call->args};
  return *out = s, EMILY_OK;
}

/* The walk through the value begins with the first item that is asked for. */
static emily_status start(emily__trun *run, emily__titer *it) {
  state *s = it->state;
  if (s->started) return EMILY_OK;
  s->started = true;
  return emily__t_iterate(run, s->value, &it->inner);
}

/* ---- map ---- */

static bool named(const emily__targs *args, const char *name, emily__tval *out) {
  for (size_t i = 0; i < args->named_count; i++)
    if (emily__ttext_is(args->names[i].string->text, name)) return *out = args->named[i], true;
  return false;
}

static emily_status prepare_map(emily__trun *run, state *s) {
  s->by_attribute = !s->args.count && named(&s->args, "attribute", &s->attribute);
  if (s->by_attribute) {
    bool has_default = named(&s->args, "default", &s->missing);
    if (s->missing.kind == EMILY__T_NONE) s->missing = (emily__tval){0};
    if (s->args.named_count > 1u + has_default) return emily__t_fail(run, "map: an argument has an unknown name");
    return EMILY_OK;
  }
  if (!s->args.count) return emily__t_fail(run, "map requires the name of a filter");
  s->name = s->args.positional[0];
  s->args.positional++;
  s->args.count--;
  return EMILY_OK;
}

static emily_status next_mapped(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  if (!s->started && !emily__t_truth(s->value)) return *done = true, EMILY_OK;
  if (!s->started) EMILY__TRY(prepare_map(run, s));
  EMILY__TRY(start(run, it));
  EMILY__TRY(emily__t_next(run, it->inner, out, done));
  if (*done) return EMILY_OK;
  if (s->by_attribute) return emily__t_attribute_of(run, *out, s->attribute, s->missing, false, out);
  return emily__t_apply_filter(run, s->name, *out, &s->args, out);
}

FILTER(map) {
  state *s;
  EMILY__TRY(new_state(run, call, &s));
  return emily__t_new_iterator(run, next_mapped, NULL, s, out);
}

/* ---- select and reject ---- */

static emily_status prepare_select(emily__trun *run, state *s) {
  if (s->by_attribute) {
    if (!s->args.count) return emily__t_fail(run, "the name of an attribute is missing");
    s->attribute = s->args.positional[0];
    s->args.positional++;
    s->args.count--;
  }
  if (!s->args.count) return EMILY_OK;
  s->name = s->args.positional[0];
  s->args.positional++;
  s->args.count--;
  return EMILY_OK;
}

static emily_status judge(emily__trun *run, const state *s, emily__tval item, bool *out) {
  if (s->by_attribute) EMILY__TRY(emily__t_attribute_of(run, item, s->attribute, (emily__tval){0}, false, &item));
  if (s->name.kind == EMILY__T_MISSING) *out = emily__t_truth(item);
  else EMILY__TRY(emily__t_apply_test(run, s->name, item, &s->args, out));
  *out = *out != s->rejects;
  return EMILY_OK;
}

static emily_status next_selected(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  if (!s->started && !emily__t_truth(s->value)) return *done = true, EMILY_OK;
  if (!s->started) EMILY__TRY(prepare_select(run, s));
  EMILY__TRY(start(run, it));
  for (bool passed = false; !passed;) {
    EMILY__TRY(emily__t_next(run, it->inner, out, done));
    if (*done) return EMILY_OK;
    EMILY__TRY(judge(run, s, *out, &passed));
  }
  return EMILY_OK;
}

static emily_status selected(emily__trun *run, const emily__tcall *call, bool by_attribute, bool rejects,
                             emily__tval *out) {
  state *s;
  EMILY__TRY(new_state(run, call, &s));
  s->by_attribute = by_attribute;
  s->rejects = rejects;
  return emily__t_new_iterator(run, next_selected, NULL, s, out);
}

FILTER(select_) { return selected(run, call, false, false, out); }
FILTER(reject) { return selected(run, call, false, true, out); }
FILTER(selectattr) { return selected(run, call, true, false, out); }
FILTER(rejectattr) { return selected(run, call, true, true, out); }

/* ---- unique, items ---- */

static emily_status next_unique(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  if (!s->started) EMILY__TRY(emily__t_new_dict(run, 8, &s->seen));
  EMILY__TRY(start(run, it));
  for (size_t before = s->seen.dict->count; s->seen.dict->count == before;) {
    emily__tval key;
    EMILY__TRY(emily__t_next(run, it->inner, out, done));
    if (*done) return EMILY_OK;
    EMILY__TRY(emily__t_attribute_of(run, *out, s->attribute, (emily__tval){0}, s->folded, &key));
    EMILY__TRY(emily__t_set_key(run, s->seen.dict, key, emily__t_none()));
  }
  return EMILY_OK;
}

FILTER(unique) {
  state *s;
  EMILY__TRY(new_state(run, call, &s));
  s->folded = call->in[1].kind == EMILY__T_MISSING || !emily__t_truth(call->in[1]);
  s->attribute = call->in[2];
  return emily__t_new_iterator(run, next_unique, NULL, s, out);
}

static emily_status next_entry(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  if (s->value.kind == EMILY__T_UNDEFINED) return *done = true, EMILY_OK;
  if (s->value.kind != EMILY__T_DICT)
    return emily__t_fail(run, "items needs a mapping, not %s", emily__t_type_name(s->value));
  *done = (size_t)s->index >= s->value.dict->count;
  if (*done) return EMILY_OK;
  const emily__tentry *entry = &s->value.dict->entries[s->index++];
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, 2, out));
  EMILY__TRY(emily__t_push(run, out->list, entry->key));
  return emily__t_push(run, out->list, entry->value);
}

FILTER(items) {
  state *s;
  EMILY__TRY(new_state(run, call, &s));
  return emily__t_new_iterator(run, next_entry, NULL, s, out);
}

/* ---- batch and slice ---- */

/* Lists of `count` items; the last one is filled up with `missing` where that is given. */
static emily_status next_batch(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  emily__tval item;
  EMILY__TRY(start(run, it));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  while (!out->list->count || (int64_t)out->list->count != s->count) {
    EMILY__TRY(emily__t_next(run, it->inner, &item, done));
    if (*done) break;
    EMILY__TRY(emily__t_push(run, out->list, item));
  }
  if (!*done) return EMILY_OK;
  *done = !out->list->count;
  while (!*done && emily__t_given(s->missing) && (int64_t)out->list->count < s->count)
    EMILY__TRY(emily__t_push(run, out->list, s->missing));
  return EMILY_OK;
}

/* `count` lists of about equally many items, the longer ones first. */
static emily_status next_slice(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  state *s = it->state;
  if (!s->started) EMILY__TRY(emily__t_to_list(run, s->value, &s->seen));
  s->started = true;
  if (!s->count) return emily__t_fail(run, "slice: division by zero");
  *done = s->index >= s->count;
  if (*done) return EMILY_OK;
  int64_t length = (int64_t)s->seen.list->count, each = length / s->count, longer = length % s->count,
          index = s->index++;
  int64_t begin = index * each + (index < longer ? index : longer), end = begin + each + (index < longer);
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  for (int64_t i = begin; i < end; i++) EMILY__TRY(emily__t_push(run, out->list, s->seen.list->items[i]));
  return emily__t_given(s->missing) && index >= longer ? emily__t_push(run, out->list, s->missing) : EMILY_OK;
}

static emily_status in_lists(emily__trun *run, const emily__tcall *call, emily__tnext *next, emily__tval *out) {
  state *s;
  EMILY__TRY(new_state(run, call, &s));
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the count", 0, &s->count));
  s->missing = call->in[2];
  return emily__t_new_iterator(run, next, NULL, s, out);
}

FILTER(batch) { return in_lists(run, call, next_batch, out); }
FILTER(slice) { return in_lists(run, call, next_slice, out); }

const emily__tbuiltin emily__t_lazy_filters[] = {
    {"map", NULL, map},
    {"select", NULL, select_},
    {"reject", NULL, reject},
    {"selectattr", NULL, selectattr},
    {"rejectattr", NULL, rejectattr},
    {"unique", "value case_sensitive? attribute?", unique},
    {"items", "value", items},
    {"batch", "value linecount fill_with?", batch},
    {"slice", "value slices fill_with?", slice},
    {0},
};
