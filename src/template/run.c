/* run.c: see run.h. */
#include "template/run.h"

#include "template/operate.h"

#include <stdio.h>
#include <string.h>

emily_status emily__t_fail(const emily__trun *run, const char *format, ...) {
  char problem[EMILY__MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(problem, sizeof problem, format, args);
  va_end(args);
  return emily__fail(EMILY_INVALID_ARGUMENT, "template", "%s, line %d: %s", run->name, run->line, problem);
}

emily_status emily__t_memory(const emily__trun *run) {
  if (!run->arena.exceeded) return EMILY_OUT_OF_MEMORY; /* recorded */
  return emily__fail(EMILY_UNSUPPORTED, "template", "%s, line %d: the template takes more than %zu MiB of memory",
                     run->name, run->line, run->arena.limit >> 20);
}

emily_status emily__t_undefined_used(const emily__trun *run, emily__tval value) {
  const emily__tundefined *undefined = value.undefined;
  emily__tval name = undefined->name;
  if (undefined->hint) return emily__t_fail(run, "%s", undefined->hint);
  int count = name.kind == EMILY__T_TEXT ? (int)(name.string->text.count < 200 ? name.string->text.count : 200) : 0;
  if (undefined->object.kind == EMILY__T_MISSING)
    return emily__t_fail(run, "'%.*s' is undefined", count, name.string->text.data);
  const char *type = emily__t_type_name(undefined->object);
  if (name.kind == EMILY__T_TEXT)
    return emily__t_fail(run, "'%s object' has no attribute '%.*s'", type, count, name.string->text.data);
  if (name.kind == EMILY__T_INT)
    return emily__t_fail(run, "%s object has no element %lld", type, (long long)name.integer);
  return emily__t_fail(run, "%s object has no such element", type);
}

emily_status emily__t_spend(emily__trun *run, uint64_t steps) {
  if (steps > run->steps)
    return emily__fail(EMILY_UNSUPPORTED, "template", "%s, line %d: the template takes too many steps", run->name,
                       run->line);
  run->steps -= steps;
  return EMILY_OK;
}

emily_status emily__t_put(emily__trun *run, emily__str *sink, const char *data, size_t count) {
  EMILY__TRY(emily__t_spend(run, count / 64 + 1));
  if (count > run->output_most - sink->count)
    return emily__fail(EMILY_UNSUPPORTED, "template", "%s, line %d: the template makes a text of more than %zu MiB",
                       run->name, run->line, run->output_most >> 20);
  return emily__str_append(sink, data, count) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status emily__t_puts(emily__trun *run, emily__str *sink, const char *text) {
  return emily__t_put(run, sink, text, strlen(text));
}

emily_status emily__t_finish(emily__trun *run, emily_status status, emily__str *sink, emily__tval *out) {
  if (status == EMILY_OK) status = emily__t_new_text(run, sink->data, sink->count, out);
  emily__str_free(sink);
  return status;
}

emily_status emily__t_new_text(emily__trun *run, const char *data, size_t count, emily__tval *out) {
  EMILY__TRY(emily__t_spend(run, count / 64 + 1));
  return emily__t_text(&run->arena, data, count, out) ? EMILY_OK : emily__t_memory(run);
}

emily_status emily__t_new_list(emily__trun *run, emily__tkind kind, size_t room, emily__tval *out) {
  return emily__t_list(&run->arena, kind, room, out) ? EMILY_OK : emily__t_memory(run);
}

emily_status emily__t_push(emily__trun *run, emily__tlist *list, emily__tval item) {
  EMILY__TRY(emily__t_spend(run, 1));
  return emily__t_list_push(&run->arena, list, item) ? EMILY_OK : emily__t_memory(run);
}

emily_status emily__t_new_dict(emily__trun *run, size_t room, emily__tval *out) {
  return emily__t_dict(&run->arena, room, out) ? EMILY_OK : emily__t_memory(run);
}

emily_status emily__t_new_undefined(emily__trun *run, const char *hint, emily__tval object, emily__tval name,
                                    emily__tval *out) {
  emily__tundefined *undefined = emily__arena_alloc(&run->arena, sizeof *undefined);
  if (!undefined) return emily__t_memory(run);
  *undefined = (emily__tundefined){hint, object, name};
  *out = (emily__tval){.kind = EMILY__T_UNDEFINED, .undefined = undefined};
  return EMILY_OK;
}

/* ---- names ---- */

emily_status emily__t_enter(emily__trun *run, emily__tscope *parent) {
  emily__tscope *scope = emily__arena_alloc(&run->arena, sizeof *scope);
  if (!scope) return emily__t_memory(run);
  *scope = (emily__tscope){.parent = parent};
  run->scope = scope;
  return EMILY_OK;
}

void emily__t_hold(emily__tscope *scope) {
  for (; scope && !scope->held; scope = scope->parent) scope->held = true;
}

static emily__tbinding *find(emily__tscope *scope, emily__ttext name) {
  for (size_t i = 0; i < scope->count; i++)
    if (emily__ttext_equal(scope->bindings[i].name, name)) return &scope->bindings[i];
  return NULL;
}

static bool grow(emily__trun *run, emily__tscope *scope) {
  size_t room = scope->room * 2 + 4;
  emily__tbinding *bindings = emily__arena_array(&run->arena, room, sizeof *bindings);
  if (!bindings) return false;
  if (scope->count) memcpy(bindings, scope->bindings, scope->count * sizeof *bindings);
  scope->bindings = bindings;
  scope->room = room;
  return true;
}

emily_status emily__t_bind(emily__trun *run, emily__ttext name, emily__tval value) {
  emily__tscope *scope = run->scope;
  EMILY__TRY(emily__t_spend(run, scope->count / 8 + 1));
  emily__tbinding *binding = find(scope, name);
  if (binding) return binding->value = value, EMILY_OK;
  if (scope->count == scope->room && !grow(run, scope)) return emily__t_memory(run);
  scope->bindings[scope->count++] = (emily__tbinding){name, value};
  return EMILY_OK;
}

const emily__tval *emily__t_lookup(emily__trun *run, emily__ttext name) {
  for (emily__tscope *scope = run->scope; scope; scope = scope->parent) {
    emily__tbinding *binding = find(scope, name);
    uint64_t steps = scope->count / 8;
    run->steps -= steps < run->steps ? steps : run->steps;
    if (binding) return &binding->value;
  }
  return NULL;
}
