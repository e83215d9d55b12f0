/* functions.c: what templates may call by name: range, dict, namespace, and what Transformers adds. */
#include "template/builtin.h"
#include "template/operate.h"

#include <string.h>

#define FUNCTION(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

enum { RANGE_MAX = 100000, DATE_MAX = 1024 }; /* as Jinja's sandbox bounds ranges; bytes of a formatted date */

static int64_t range_count(int64_t start, int64_t stop, int64_t step) {
  uint64_t distance, stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  if (step > 0 ? start >= stop : start <= stop) return 0;
  distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
  uint64_t count = (distance - 1) / stride + 1;
  return count > RANGE_MAX ? RANGE_MAX + 1 : (int64_t)count;
}

FUNCTION(range) {
  const emily__targs *args = call->args;
  int64_t at[3] = {0, 0, 1};
  if (args->count < 1 || args->count > 3 || args->named_count)
    return emily__t_fail(run, "range takes one to three numbers");
  for (size_t i = 0; i < args->count; i++)
    EMILY__TRY(emily__t_arg_int(run, args->positional[i], "a bound of range", 0, &at[args->count == 1 ? 1 : i]));
  if (!at[2]) return emily__t_fail(run, "range: the step must not be zero");
  emily__trange *made = emily__arena_alloc(&run->arena, sizeof *made);
  if (!made) return emily__t_memory(run);
  *made = (emily__trange){at[0], at[1], at[2], range_count(at[0], at[1], at[2])};
  if (made->count > RANGE_MAX) return emily__t_fail(run, "range: more than %d numbers are not allowed", RANGE_MAX);
  *out = (emily__tval){.kind = EMILY__T_RANGE, .range = made};
  return EMILY_OK;
}

/* ---- dict and namespace: of a mapping or pairs, then of named arguments ---- */

static emily_status take_pairs(emily__trun *run, emily__tval pairs, emily__tdict *dict) {
  emily__titer *it;
  emily__tval pair;
  bool done;
  EMILY__TRY(emily__t_iterate(run, pairs, &it));
  for (;;) {
    EMILY__TRY(emily__t_next(run, it, &pair, &done));
    if (done) return EMILY_OK;
    EMILY__TRY(emily__t_to_list(run, pair, &pair));
    if (pair.list->count != 2)
      return emily__t_fail(run, "a dict is made of pairs, and an item has %zu parts", pair.list->count);
    EMILY__TRY(emily__t_set_key(run, dict, pair.list->items[0], pair.list->items[1]));
  }
}

static emily_status take_dict(emily__trun *run, const emily__targs *args, emily__tval *out) {
  EMILY__TRY(emily__t_new_dict(run, args->named_count, out));
  if (args->count > 1) return emily__t_fail(run, "a dict is made of one argument at most, and named ones");
  emily__tval given = args->count ? args->positional[0] : (emily__tval){0};
  if (given.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, given);
  if (given.kind == EMILY__T_DICT)
    for (size_t i = 0; i < given.dict->count; i++)
      EMILY__TRY(emily__t_set_key(run, out->dict, given.dict->entries[i].key, given.dict->entries[i].value));
  else if (args->count) EMILY__TRY(take_pairs(run, given, out->dict));
  for (size_t i = 0; i < args->named_count; i++)
    EMILY__TRY(emily__t_set_key(run, out->dict, args->names[i], args->named[i]));
  return EMILY_OK;
}

FUNCTION(dict) { return take_dict(run, call->args, out); }

FUNCTION(namespace) {
  EMILY__TRY(take_dict(run, call->args, out));
  for (size_t i = 0; i < out->dict->count; i++) {
    emily__tval key = out->dict->entries[i].key;
    if (key.kind == EMILY__T_TEXT && key.string->text.count && key.string->text.data[0] == '_')
      return emily__t_fail(run, "attributes of namespaces cannot begin with an underscore");
  }
  return out->kind = EMILY__T_NAMESPACE, EMILY_OK;
}

/* ---- Transformers' own ---- */

FUNCTION(raise_exception) {
  emily__tval text;
  *out = (emily__tval){0};
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  int count = (int)(text.string->text.count < EMILY__MESSAGE_MAX ? text.string->text.count : EMILY__MESSAGE_MAX);
  return emily__t_fail(run, "%.*s", count, text.string->text.data);
}

/* Python's datetime knows microseconds, and no time zone where none was given. */
static emily_status put_format(emily__trun *run, emily__str *sink, emily__ttext format) {
  for (size_t i = 0; i < format.count; i++) {
    bool directive = format.data[i] == '%' && i + 1 < format.count;
    char kind = directive ? format.data[i + 1] : 0;
    if (!format.data[i]) return emily__t_fail(run, "strftime_now: the format holds a NUL");
    if (directive && (kind == 'z' || kind == 'Z' || kind == 'f')) {
      if (kind == 'f') EMILY__TRY(emily__t_puts(run, sink, "000000"));
      i++;
      continue;
    }
    EMILY__TRY(emily__t_put(run, sink, format.data + i, directive ? 2 : 1));
    i += directive;
  }
  return EMILY_OK;
}

FUNCTION(strftime_now) {
  emily__ttext format;
  emily__str sink = {0};
  char date[DATE_MAX];
  EMILY__TRY(emily__t_arg_text(run, call->in[0], "the format of a date", &format));
  emily_status status = put_format(run, &sink, format);
  size_t count = status == EMILY_OK && sink.count ? strftime(date, sizeof date, sink.data, &run->now) : 0;
  bool cut = status == EMILY_OK && !count && sink.count > DATE_MAX / 4;
  emily__str_free(&sink);
  EMILY__TRY(status);
  return cut ? emily__t_fail(run, "strftime_now: the format is too long") : emily__t_new_text(run, date, count, out);
}

const emily__tbuiltin emily__t_functions[] = {
    {"range", NULL, range},
    {"dict", NULL, dict},
    {"namespace", NULL, namespace},
    {"raise_exception", "message", raise_exception},
    {"strftime_now", "format", strftime_now},
    {0},
};
