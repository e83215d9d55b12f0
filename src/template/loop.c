/* loop.c: see loop.h. */
#include "template/loop.h"

#include "template/builtin.h"

emily_status emily__t_new_loop(emily__trun *run, emily__tval over, emily__titer *test, emily__tloop **out) {
  emily__tloop *loop = emily__arena_alloc(&run->arena, sizeof *loop);
  if (!loop) return emily__t_memory(run);
  *loop = (emily__tloop){.it = test, .index0 = -1, .length = -1, .iterable = over};
  if (test) loop->iterable = (emily__tval){.kind = EMILY__T_ITERATOR, .iterator = test};
  else EMILY__TRY(emily__t_iterate(run, over, &loop->it));
  *out = loop;
  return EMILY_OK;
}

static emily_status peek(emily__trun *run, emily__tloop *loop) {
  bool done = false;
  if (loop->has_after) return EMILY_OK;
  EMILY__TRY(emily__t_next(run, loop->it, &loop->after, &done));
  loop->has_after = !done;
  return EMILY_OK;
}

emily_status emily__t_loop_next(emily__trun *run, emily__tloop *loop, bool *done) {
  EMILY__TRY(peek(run, loop));
  *done = !loop->has_after;
  if (*done) return EMILY_OK;
  loop->has_after = false;
  loop->index0++;
  loop->before = loop->current;
  loop->current = loop->after;
  return EMILY_OK;
}

/* Where nobody knows how many there are, the rest is walked through, and kept for the loop. */
static emily_status find_length(emily__trun *run, emily__tloop *loop) {
  emily__tval rest;
  if (loop->length >= 0 || emily__t_length(loop->iterable, &loop->length)) return EMILY_OK;
  EMILY__TRY(emily__t_to_list(run, (emily__tval){.kind = EMILY__T_ITERATOR, .iterator = loop->it}, &rest));
  EMILY__TRY(emily__t_iterate(run, rest, &loop->it));
  loop->length = (int64_t)rest.list->count + loop->index0 + 1 + loop->has_after;
  return EMILY_OK;
}

static emily_status neighbour(emily__trun *run, emily__tloop *loop, bool next, emily__tval *out) {
  if (next) EMILY__TRY(peek(run, loop));
  if (next ? loop->has_after : loop->index0 > 0) return *out = next ? loop->after : loop->before, EMILY_OK;
  return emily__t_new_undefined(run, next ? "there is no next item" : "there is no previous item", (emily__tval){0},
                                (emily__tval){0}, out);
}

static emily_status method(emily__trun *run, emily__tloop *loop, emily__ttext name, bool *found, emily__tval *out) {
  const emily__tval self = {.kind = EMILY__T_LOOP, .loop = loop};
  for (const emily__tbuiltin *row = emily__t_loop_methods; row->name; row++) {
    if (!emily__ttext_is(name, row->name)) continue;
    emily__tfunction *function = emily__arena_alloc(&run->arena, sizeof *function);
    if (!function) return emily__t_memory(run);
    *function = (emily__tfunction){row, self};
    *out = (emily__tval){.kind = EMILY__T_FUNCTION, .function = function};
    return EMILY_OK;
  }
  return *found = false, EMILY_OK;
}

emily_status emily__t_loop_part(emily__trun *run, emily__tloop *loop, emily__ttext name, bool *found,
                                emily__tval *out) {
  *found = true;
  if (emily__ttext_is(name, "index")) return *out = emily__t_int(loop->index0 + 1), EMILY_OK;
  if (emily__ttext_is(name, "index0")) return *out = emily__t_int(loop->index0), EMILY_OK;
  if (emily__ttext_is(name, "first")) return *out = emily__t_bool(loop->index0 == 0), EMILY_OK;
  if (emily__ttext_is(name, "depth")) return *out = emily__t_int(1), EMILY_OK;
  if (emily__ttext_is(name, "depth0")) return *out = emily__t_int(0), EMILY_OK;
  if (emily__ttext_is(name, "previtem")) return neighbour(run, loop, false, out);
  if (emily__ttext_is(name, "nextitem")) return neighbour(run, loop, true, out);
  if (emily__ttext_is(name, "last")) {
    EMILY__TRY(peek(run, loop));
    return *out = emily__t_bool(!loop->has_after), EMILY_OK;
  }
  bool length = emily__ttext_is(name, "length"), back0 = emily__ttext_is(name, "revindex0");
  if (!length && !back0 && !emily__ttext_is(name, "revindex")) return method(run, loop, name, found, out);
  EMILY__TRY(find_length(run, loop));
  *out = emily__t_int(length ? loop->length : loop->length - loop->index0 - (back0 ? 1 : 0));
  return EMILY_OK;
}

static emily_status cycle(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  if (!call->args->count) return emily__t_fail(run, "loop.cycle needs something to go through");
  *out = call->args->positional[(size_t)call->in[0].loop->index0 % call->args->count];
  return EMILY_OK;
}

static emily_status changed(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  emily__tloop *loop = call->in[0].loop;
  emily__tval asked;
  bool same = false;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, call->args->count, &asked));
  for (size_t i = 0; i < call->args->count; i++)
    EMILY__TRY(emily__t_push(run, asked.list, call->args->positional[i]));
  if (loop->changed.kind != EMILY__T_MISSING) EMILY__TRY(emily__t_equal(run, loop->changed, asked, &same));
  loop->changed = asked;
  return *out = emily__t_bool(!same), EMILY_OK;
}

const emily__tbuiltin emily__t_loop_methods[] = {{"cycle", NULL, cycle}, {"changed", NULL, changed}, {0}};
