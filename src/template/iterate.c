/* iterate.c: walking through values. A walk yields one value at a time, so that what map and select make is as lazy
 * as Python's generators: an item that nobody asks for is not computed. */
#include "base/utf8.h"
#include "template/operate.h"

bool emily__t_iterable(emily__tval value) {
  switch (value.kind) {
    case EMILY__T_UNDEFINED:
    case EMILY__T_TEXT:
    case EMILY__T_LIST:
    case EMILY__T_TUPLE:
    case EMILY__T_DICT:
    case EMILY__T_VIEW:
    case EMILY__T_RANGE:
    case EMILY__T_ITERATOR: return true;
    default: return false;
  }
}

static emily_status next_char(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  emily__ttext text = it->source.string->text;
  size_t used, at = it->at;
  *done = it->reversed ? it->at == 0 : it->at == text.count;
  if (*done) return EMILY_OK;
  if (it->reversed) at = it->at = emily__utf8_back(text.data, it->at);
  emily__utf8_next(text.data + at, &used);
  if (!it->reversed) it->at += used;
  return emily__t_new_text(run, text.data + at, used, out);
}

static emily_status entry_part(emily__trun *run, const emily__tentry *entry, char part, emily__tval *out) {
  if (part != 'i') return *out = part == 'k' ? entry->key : entry->value, EMILY_OK;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, 2, out));
  EMILY__TRY(emily__t_push(run, out->list, entry->key));
  return emily__t_push(run, out->list, entry->value);
}

static emily_status next_item(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  int64_t length = 0;
  emily__t_length(it->source, &length);
  *done = it->at >= (size_t)length;
  if (*done) return EMILY_OK;
  size_t index = it->reversed ? (size_t)length - 1 - it->at : it->at;
  it->at++;
  switch (it->source.kind) {
    case EMILY__T_RANGE: return *out = emily__t_int(emily__t_range_at(it->source.range, (int64_t)index)), EMILY_OK;
    case EMILY__T_DICT: return *out = it->source.dict->entries[index].key, EMILY_OK;
    case EMILY__T_VIEW: return entry_part(run, &it->source.view->dict->entries[index], it->source.view->part, out);
    default: return *out = it->source.list->items[index], EMILY_OK;
  }
}

static emily_status new_walk(emily__trun *run, emily__tnext *next, emily__tval source, bool reversed,
                             emily__titer **out) {
  emily__titer *it = emily__arena_alloc(&run->arena, sizeof *it);
  if (!it) return emily__t_memory(run);
  *it = (emily__titer){.next = next, .source = source, .reversed = reversed};
  *out = it;
  return EMILY_OK;
}

emily_status emily__t_iterate(emily__trun *run, emily__tval value, emily__titer **out) {
  if (value.kind == EMILY__T_ITERATOR) return *out = value.iterator, EMILY_OK;
  if (!emily__t_iterable(value)) return emily__t_fail(run, "'%s' object is not iterable", emily__t_type_name(value));
  return new_walk(run, value.kind == EMILY__T_TEXT ? next_char : next_item, value, false, out);
}

emily_status emily__t_iterate_reversed(emily__trun *run, emily__tval value, emily__titer **out) {
  *out = NULL;
  if (value.kind == EMILY__T_ITERATOR || !emily__t_iterable(value)) return EMILY_OK;
  EMILY__TRY(new_walk(run, value.kind == EMILY__T_TEXT ? next_char : next_item, value, true, out));
  if (value.kind == EMILY__T_TEXT) (*out)->at = value.string->text.count;
  return EMILY_OK;
}

emily_status emily__t_next(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  EMILY__TRY(emily__t_spend(run, 1));
  if (it->ended) return *done = true, EMILY_OK;
  if (run->depth >= EMILY__T_DEPTH_MAX) return emily__t_fail(run, "the template is nested too deep");
  run->depth++; /* a walk of a walk of a walk … */
  emily_status status = it->next(run, it, out, done);
  run->depth--;
  EMILY__TRY(status);
  it->ended = *done;
  return EMILY_OK;
}

emily_status emily__t_to_list(emily__trun *run, emily__tval value, emily__tval *out) {
  emily__titer *it;
  emily__tval item;
  bool done;
  EMILY__TRY(emily__t_iterate(run, value, &it));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  for (;;) {
    EMILY__TRY(emily__t_next(run, it, &item, &done));
    if (done) return EMILY_OK;
    EMILY__TRY(emily__t_push(run, out->list, item));
  }
}

emily_status emily__t_new_iterator(emily__trun *run, emily__tnext *next, emily__titer *inner, void *state,
                                   emily__tval *out) {
  emily__titer *it = emily__arena_alloc(&run->arena, sizeof *it);
  if (!it) return emily__t_memory(run);
  *it = (emily__titer){.next = next, .inner = inner, .state = state};
  *out = (emily__tval){.kind = EMILY__T_ITERATOR, .iterator = it};
  return EMILY_OK;
}
