/* call.c: calls: arguments to parameters, of builtins and of macros. */
#include "template/evaluate.h"

#include <string.h>

/* ---- builtins ---- */

static const emily__tbuiltin *find(const emily__tbuiltin *rows, emily__ttext name) {
  for (; rows->name; rows++)
    if (emily__ttext_is(name, rows->name)) return rows;
  return NULL;
}

const emily__tbuiltin *emily__t_find_filter(emily__ttext name) {
  const emily__tbuiltin *const tables[] = {emily__t_text_filters, emily__t_sequence_filters, emily__t_lazy_filters,
                                           emily__t_number_filters};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    const emily__tbuiltin *row = find(tables[i], name);
    if (row) return row;
  }
  return NULL;
}

const emily__tbuiltin *emily__t_find_test(emily__ttext name) { return find(emily__t_tests, name); }
const emily__tbuiltin *emily__t_find_function(emily__ttext name) { return find(emily__t_functions, name); }

const emily__tbuiltin *emily__t_find_method(emily__tval object, emily__ttext name) {
  const emily__tbuiltin *row;
  switch (object.kind) {
    case EMILY__T_TEXT:
      row = find(emily__t_text_methods, name);
      return row ? row : find(emily__t_text_split_methods, name);
    case EMILY__T_LIST: return find(emily__t_list_methods, name);
    case EMILY__T_RANGE:
    case EMILY__T_TUPLE: return emily__ttext_is(name, "copy") ? NULL : find(emily__t_list_methods, name);
    case EMILY__T_DICT: return find(emily__t_dict_methods, name);
    default: return NULL;
  }
}

bool emily__t_given(emily__tval value) { return value.kind != EMILY__T_MISSING && value.kind != EMILY__T_NONE; }

static bool take_named(const emily__targs *args, emily__ttext name, emily__tval *out, size_t *taken) {
  for (size_t i = 0; i < args->named_count; i++)
    if (emily__ttext_equal(args->names[i].string->text, name)) return *out = args->named[i], ++*taken, true;
  return false;
}

static emily_status bind(emily__trun *run, const emily__tbuiltin *builtin, const emily__targs *args, bool has_self,
                         emily__tcall *call) {
  size_t index = 0, used = 0, taken = 0;
  for (const char *at = builtin->parameters; *at; index++) {
    size_t length = strcspn(at, " "), optional = at[length - 1] == '?';
    emily__ttext name = {at, length - optional};
    at += length + (at[length] == ' ');
    if (!index && has_self) continue;
    if (used < args->count) call->in[index] = args->positional[used++];
    else if (!take_named(args, name, &call->in[index], &taken) && !optional)
      return emily__t_fail(run, "%s: the argument '%.*s' is missing", builtin->name, (int)name.count, name.data);
  }
  if (used < args->count) return emily__t_fail(run, "%s: there are too many arguments", builtin->name);
  if (taken < args->named_count) return emily__t_fail(run, "%s: an argument has an unknown name", builtin->name);
  return EMILY_OK;
}

emily_status emily__t_invoke(emily__trun *run, const emily__tbuiltin *builtin, emily__tval self,
                             const emily__targs *args, emily__tval *out) {
  static const emily__targs NONE = {0};
  emily__tcall call = {.args = args ? args : &NONE};
  bool has_self = self.kind != EMILY__T_MISSING;
  if (has_self) call.in[0] = self;
  if (builtin->parameters) EMILY__TRY(bind(run, builtin, call.args, has_self, &call));
  return builtin->run(run, &call, out);
}

static emily_status no_such(emily__trun *run, const char *what, emily__ttext name) {
  return emily__t_fail(run, "there is no %s named '%.*s'", what, (int)(name.count < 100 ? name.count : 100),
                       name.data);
}

emily_status emily__t_apply_filter(emily__trun *run, emily__tval name, emily__tval value, const emily__targs *args,
                                   emily__tval *out) {
  if (name.kind != EMILY__T_TEXT) return emily__t_fail(run, "the name of a filter must be a text");
  const emily__tbuiltin *filter = emily__t_find_filter(name.string->text);
  return filter ? emily__t_invoke(run, filter, value, args, out) : no_such(run, "filter", name.string->text);
}

emily_status emily__t_apply_test(emily__trun *run, emily__tval name, emily__tval value, const emily__targs *args,
                                 bool *out) {
  emily__tval result;
  if (name.kind != EMILY__T_TEXT) return emily__t_fail(run, "the name of a test must be a text");
  const emily__tbuiltin *test = emily__t_find_test(name.string->text);
  if (!test) return no_such(run, "test", name.string->text);
  EMILY__TRY(emily__t_invoke(run, test, value, args, &result));
  return *out = emily__t_truth(result), EMILY_OK;
}

/* ---- arguments ---- */

emily_status emily__t_arg_int(emily__trun *run, emily__tval value, const char *what, int64_t missing, int64_t *out) {
  if (value.kind == EMILY__T_MISSING) return *out = missing, EMILY_OK;
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_fail(run, "%s is undefined", what);
  if (!emily__t_is_integer(value))
    return emily__t_fail(run, "%s must be a whole number, not %s", what, emily__t_type_name(value));
  return *out = emily__t_integer_of(value), EMILY_OK;
}

emily_status emily__t_arg_text(emily__trun *run, emily__tval value, const char *what, emily__ttext *out) {
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_fail(run, "%s is undefined", what);
  if (value.kind != EMILY__T_TEXT)
    return emily__t_fail(run, "%s must be a text, not %s", what, emily__t_type_name(value));
  return *out = value.string->text, EMILY_OK;
}

/* ---- macros ---- */

static bool is_parameter(const emily__tsignature *signature, const char *name) {
  for (size_t i = 0; i < signature->count; i++)
    if (emily__ttext_is(signature->names[i].string->text, name)) return true;
  return false;
}

typedef struct binding {
  const emily__tmacro *macro;
  const emily__targs *args;
  bool *taken; /* of the named arguments */
} binding;

static bool named_argument(const binding *b, emily__ttext name, emily__tval *out) {
  for (size_t i = 0; i < b->args->named_count; i++)
    if (!b->taken[i] && emily__ttext_equal(b->args->names[i].string->text, name))
      return b->taken[i] = true, *out = b->args->named[i], true;
  return false;
}

static emily_status parameter_hint(emily__trun *run, emily__ttext name, emily__tval *out) {
  emily__str sink = {0};
  emily__tval hint;
  bool room = emily__str_printf(&sink, "parameter '%.*s' was not provided", (int)name.count, name.data) &&
              emily__str_append(&sink, "", 1); /* the NUL is part of it, as a hint is a C string */
  EMILY__TRY(emily__t_finish(run, room ? EMILY_OK : EMILY_OUT_OF_MEMORY, &sink, &hint));
  return emily__t_new_undefined(run, hint.string->text.data, (emily__tval){0}, (emily__tval){0}, out);
}

/* Defaults are evaluated in the macro's scope, where the parameters before them stand. */
static emily_status bind_parameter(emily__trun *run, const binding *b, size_t index) {
  const emily__tsignature *signature = b->macro->signature;
  emily__ttext name = signature->names[index].string->text;
  size_t first = signature->count - signature->defaults.count;
  emily__tval value;
  bool given = index < b->args->count || named_argument(b, name, &value);
  if (index < b->args->count) value = b->args->positional[index];
  if (!given && index >= first) EMILY__TRY(emily__t_evaluate(run, signature->defaults.data[index - first], &value));
  if (!given && index < first) EMILY__TRY(parameter_hint(run, name, &value));
  return emily__t_bind(run, name, value);
}

static emily_status bind_caller(emily__trun *run, const binding *b) {
  emily__tval caller;
  if (is_parameter(b->macro->signature, "caller")) return EMILY_OK;
  if (!named_argument(b, EMILY__T_LITERAL("caller"), &caller) || caller.kind == EMILY__T_NONE)
    EMILY__TRY(emily__t_new_undefined(run, "No caller defined", (emily__tval){0}, (emily__tval){0}, &caller));
  return emily__t_bind(run, EMILY__T_LITERAL("caller"), caller);
}

static emily_status bind_kwargs(emily__trun *run, const binding *b) {
  emily__tval rest;
  EMILY__TRY(emily__t_new_dict(run, b->args->named_count, &rest));
  for (size_t i = 0; i < b->args->named_count; i++)
    if (!b->taken[i]) EMILY__TRY(emily__t_set_key(run, rest.dict, b->args->names[i], b->args->named[i]));
  return emily__t_bind(run, EMILY__T_LITERAL("kwargs"), rest);
}

static emily_status bind_varargs(emily__trun *run, const binding *b) {
  emily__tval rest;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, 2, &rest));
  for (size_t i = b->macro->signature->count; i < b->args->count; i++)
    EMILY__TRY(emily__t_push(run, rest.list, b->args->positional[i]));
  return emily__t_bind(run, EMILY__T_LITERAL("varargs"), rest);
}

static emily_status check_left_over(emily__trun *run, const binding *b) {
  emily__tval name = b->macro->name;
  emily__ttext shown = name.kind == EMILY__T_TEXT ? name.string->text : EMILY__T_LITERAL("caller");
  int length = (int)(shown.count < 100 ? shown.count : 100);
  for (size_t i = 0; !(b->macro->signature->uses & EMILY__T_USES_KWARGS) && i < b->args->named_count; i++)
    if (!b->taken[i])
      return emily__t_fail(run, "macro '%.*s' is given an argument of a name that it lacks", length, shown.data);
  if (!(b->macro->signature->uses & EMILY__T_USES_VARARGS) && b->args->count > b->macro->signature->count)
    return emily__t_fail(run, "macro '%.*s' takes not more than %zu argument(s)", length, shown.data,
                         b->macro->signature->count);
  return EMILY_OK;
}

static emily_status bind_macro(emily__trun *run, const binding *b) {
  uint8_t uses = b->macro->signature->uses;
  for (size_t i = 0; i < b->macro->signature->count; i++) EMILY__TRY(bind_parameter(run, b, i));
  if (uses & EMILY__T_USES_CALLER) EMILY__TRY(bind_caller(run, b));
  EMILY__TRY(check_left_over(run, b));
  if (uses & EMILY__T_USES_KWARGS) EMILY__TRY(bind_kwargs(run, b));
  return uses & EMILY__T_USES_VARARGS ? bind_varargs(run, b) : EMILY_OK;
}

static emily_status call_macro(emily__trun *run, const emily__tmacro *macro, const emily__targs *args,
                               emily__tval *out) {
  binding b = {macro, args, emily__arena_array(&run->arena, args->named_count, sizeof(bool))};
  emily__tscope *scope = run->scope;
  int32_t line = run->line;
  if (!b.taken) return emily__t_memory(run);
  memset(b.taken, 0, args->named_count * sizeof(bool));
  EMILY__TRY(emily__t_enter(run, macro->scope));
  emily_status status = bind_macro(run, &b);
  if (status == EMILY_OK) status = emily__t_capture(run, macro->body, out);
  run->scope = scope;
  if (status == EMILY_OK) run->line = line;
  return status;
}

emily_status emily__t_call(emily__trun *run, emily__tval callee, const emily__targs *args, emily__tval *out) {
  if (callee.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, callee);
  if (callee.kind == EMILY__T_MACRO) return call_macro(run, callee.macro, args, out);
  if (callee.kind == EMILY__T_FUNCTION)
    return emily__t_invoke(run, callee.function->builtin, callee.function->self, args, out);
  if (callee.kind == EMILY__T_LOOP) return emily__t_fail(run, "recursive loops are not supported");
  return emily__t_fail(run, "'%s' object is not callable", emily__t_type_name(callee));
}
