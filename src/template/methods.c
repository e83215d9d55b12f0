/* methods.c: the methods of lists, tuples and dicts that change nothing: the sandbox that Transformers sets up hides
 * the others. */
#include "template/builtin.h"
#include "template/operate.h"

#define METHOD(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

/* ---- lists ---- */

/* The items of a list, a tuple or a range. */
static emily_status items_of(emily__trun *run, emily__tval value, const emily__tlist **out) {
  if (value.kind == EMILY__T_RANGE) EMILY__TRY(emily__t_to_list(run, value, &value));
  return *out = value.list, EMILY_OK;
}

METHOD(list_index) {
  const emily__tlist *list;
  EMILY__TRY(items_of(run, call->in[0], &list));
  int64_t count = (int64_t)list->count, start, stop;
  bool same = false;
  EMILY__TRY(emily__t_arg_int(run, call->in[2], "start", 0, &start));
  EMILY__TRY(emily__t_arg_int(run, call->in[3], "stop", count, &stop));
  if (start < 0) start = start < -count ? 0 : start + count;
  if (stop < 0) stop += count;
  for (int64_t i = start; i < stop && i < count; i++) {
    EMILY__TRY(emily__t_equal(run, list->items[i], call->in[1], &same));
    if (same) return *out = emily__t_int(i), EMILY_OK;
  }
  return emily__t_fail(run, "the value is not in the list");
}

METHOD(list_count) {
  const emily__tlist *list;
  EMILY__TRY(items_of(run, call->in[0], &list));
  int64_t found = 0;
  bool same;
  for (size_t i = 0; i < list->count; i++) {
    EMILY__TRY(emily__t_equal(run, list->items[i], call->in[1], &same));
    found += same;
  }
  return *out = emily__t_int(found), EMILY_OK;
}

METHOD(list_copy) { return emily__t_to_list(run, call->in[0], out); }

const emily__tbuiltin emily__t_list_methods[] = {{"index", "self value start? stop?", list_index},
                                                 {"count", "self value", list_count},
                                                 {"copy", "self", list_copy},
                                                 {0}};

/* ---- dicts ---- */

METHOD(dict_get) {
  emily__tentry *entry;
  if (!emily__t_hashable(call->in[1]))
    return emily__t_fail(run, "unhashable type: '%s'", emily__t_type_name(call->in[1]));
  EMILY__TRY(emily__t_find_key(run, call->in[0].dict, call->in[1], &entry));
  *out = entry ? entry->value : call->in[2].kind == EMILY__T_MISSING ? emily__t_none() : call->in[2];
  return EMILY_OK;
}

static emily_status view(emily__trun *run, const emily__tcall *call, char part, emily__tval *out) {
  emily__tview *made = emily__arena_alloc(&run->arena, sizeof *made);
  if (!made) return emily__t_memory(run);
  *made = (emily__tview){call->in[0].dict, part};
  *out = (emily__tval){.kind = EMILY__T_VIEW, .view = made};
  return EMILY_OK;
}

METHOD(dict_keys) { return view(run, call, 'k', out); }
METHOD(dict_values) { return view(run, call, 'v', out); }
METHOD(dict_items) { return view(run, call, 'i', out); }

METHOD(dict_copy) {
  const emily__tdict *dict = call->in[0].dict;
  EMILY__TRY(emily__t_new_dict(run, dict->count, out));
  for (size_t i = 0; i < dict->count; i++)
    EMILY__TRY(emily__t_set_key(run, out->dict, dict->entries[i].key, dict->entries[i].value));
  return EMILY_OK;
}

const emily__tbuiltin emily__t_dict_methods[] = {
    {"get", "self key default?", dict_get}, {"keys", "self", dict_keys}, {"values", "self", dict_values},
    {"items", "self", dict_items},          {"copy", "self", dict_copy}, {0}};
