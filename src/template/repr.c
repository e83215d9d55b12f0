/* repr.c: values as Python's str and repr print them. */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/letters.h"
#include "template/operate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static emily_status put_repr(emily__trun *run, emily__str *sink, emily__tval value, int depth);

const char *emily__t_type_name(emily__tval value) {
  static const char *const NAMES[] = {[EMILY__T_UNDEFINED] = "Undefined", [EMILY__T_NONE] = "None",
                                      [EMILY__T_BOOL] = "bool",           [EMILY__T_INT] = "int",
                                      [EMILY__T_FLOAT] = "float",         [EMILY__T_TEXT] = "str",
                                      [EMILY__T_LIST] = "list",           [EMILY__T_TUPLE] = "tuple",
                                      [EMILY__T_DICT] = "dict",           [EMILY__T_RANGE] = "range",
                                      [EMILY__T_VIEW] = "dict view",      [EMILY__T_NAMESPACE] = "namespace",
                                      [EMILY__T_ITERATOR] = "generator",  [EMILY__T_LOOP] = "loop",
                                      [EMILY__T_MACRO] = "macro",         [EMILY__T_FUNCTION] = "function",
                                      [EMILY__T_MISSING] = "nothing"};
  return NAMES[value.kind];
}

/* ---- numbers ---- */

/* The digits that say which double it is, as few as there can be; value = 0.d1d2d3… × 10^point. */
static void shortest(double real, char digits[20], int *count, int *point) {
  char text[40];
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision - 1, real);
    if (precision == 17 || strtod(text, NULL) == real) break;
  }
  *count = 0;
  for (const char *at = text; *at != 'e'; at++)
    if (*at >= '0' && *at <= '9') digits[(*count)++] = *at;
  *point = atoi(strchr(text, 'e') + 1) + 1;
  while (*count > 1 && digits[*count - 1] == '0') (*count)--;
}

size_t emily__t_format_real(double real, char text[32]) {
  char digits[20];
  int count, point;
  if (isnan(real)) return (size_t)snprintf(text, 32, "nan");
  if (isinf(real)) return (size_t)snprintf(text, 32, real < 0 ? "-inf" : "inf");
  const char *sign = signbit(real) ? "-" : "";
  if (real == 0) return (size_t)snprintf(text, 32, "%s0.0", sign);
  shortest(fabs(real), digits, &count, &point);
  if (point <= -4 || point > 16) {
    int exponent = point - 1;
    return (size_t)snprintf(text, 32, "%s%c%s%.*se%c%02d", sign, digits[0], count > 1 ? "." : "", count - 1,
                            digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
  }
  if (point <= 0) return (size_t)snprintf(text, 32, "%s0.%.*s%.*s", sign, -point, "0000", count, digits);
  if (count <= point)
    return (size_t)snprintf(text, 32, "%s%.*s%.*s.0", sign, count, digits, point - count, "0000000000000000");
  return (size_t)snprintf(text, 32, "%s%.*s.%.*s", sign, point, digits, count - point, digits + point);
}

/* ---- texts ---- */

static emily_status put_escaped(emily__trun *run, emily__str *sink, int32_t c) {
  char text[16];
  if (c == '\n' || c == '\r' || c == '\t')
    return emily__t_puts(run, sink, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
  snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
  return emily__t_puts(run, sink, text);
}

static emily_status put_quoted(emily__trun *run, emily__str *sink, emily__ttext text) {
  bool single = text.count && memchr(text.data, '\'', text.count),
       twofold = text.count && memchr(text.data, '"', text.count);
  char quote = single && !twofold ? '"' : '\'';
  size_t used, begin = 0;
  EMILY__TRY(emily__t_put(run, sink, &quote, 1));
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    bool marked = c == '\\' || c == quote;
    if (!marked && emily__t_is_printable(c)) continue;
    EMILY__TRY(emily__t_put(run, sink, text.data + begin, at - begin));
    begin = at + used;
    if (marked) EMILY__TRY(emily__t_puts(run, sink, c == '\\' ? "\\\\" : c == '"' ? "\\\"" : "\\'"));
    else EMILY__TRY(put_escaped(run, sink, c));
  }
  EMILY__TRY(emily__t_put(run, sink, text.data + begin, text.count - begin));
  return emily__t_put(run, sink, &quote, 1);
}

/* ---- containers ---- */

static emily_status put_items(emily__trun *run, emily__str *sink, const emily__tlist *list, int depth) {
  for (size_t i = 0; i < list->count; i++) {
    if (i) EMILY__TRY(emily__t_puts(run, sink, ", "));
    EMILY__TRY(put_repr(run, sink, list->items[i], depth));
  }
  return EMILY_OK;
}

static emily_status put_list(emily__trun *run, emily__str *sink, emily__tval value, int depth) {
  bool tuple = value.kind == EMILY__T_TUPLE;
  EMILY__TRY(emily__t_puts(run, sink, tuple ? "(" : "["));
  EMILY__TRY(put_items(run, sink, value.list, depth));
  if (tuple && value.list->count == 1) EMILY__TRY(emily__t_puts(run, sink, ","));
  return emily__t_puts(run, sink, tuple ? ")" : "]");
}

/* part: 'k' the keys, 'v' the values, 'i' both as tuples, 'd' both as a dict prints them. */
static emily_status put_entries(emily__trun *run, emily__str *sink, const emily__tdict *dict, char part, int depth) {
  for (size_t i = 0; i < dict->count; i++) {
    if (i) EMILY__TRY(emily__t_puts(run, sink, ", "));
    if (part == 'i') EMILY__TRY(emily__t_puts(run, sink, "("));
    if (part != 'v') EMILY__TRY(put_repr(run, sink, dict->entries[i].key, depth));
    if (part == 'i' || part == 'd') EMILY__TRY(emily__t_puts(run, sink, part == 'i' ? ", " : ": "));
    if (part != 'k') EMILY__TRY(put_repr(run, sink, dict->entries[i].value, depth));
    if (part == 'i') EMILY__TRY(emily__t_puts(run, sink, ")"));
  }
  return EMILY_OK;
}

static emily_status put_dict(emily__trun *run, emily__str *sink, emily__tval value, int depth) {
  bool namespace = value.kind == EMILY__T_NAMESPACE;
  EMILY__TRY(emily__t_puts(run, sink, namespace ? "<Namespace {" : "{"));
  EMILY__TRY(put_entries(run, sink, value.dict, 'd', depth));
  return emily__t_puts(run, sink, namespace ? "}>" : "}");
}

static emily_status put_view(emily__trun *run, emily__str *sink, const emily__tview *view, int depth) {
  const char *name = view->part == 'k' ? "dict_keys([" : view->part == 'v' ? "dict_values([" : "dict_items([";
  EMILY__TRY(emily__t_puts(run, sink, name));
  EMILY__TRY(put_entries(run, sink, view->dict, view->part, depth));
  return emily__t_puts(run, sink, "])");
}

static emily_status put_other(emily__trun *run, emily__str *sink, emily__tval value) {
  char text[100];
  if (value.kind == EMILY__T_RANGE && value.range->step == 1)
    snprintf(text, sizeof text, "range(%lld, %lld)", (long long)value.range->start, (long long)value.range->stop);
  else if (value.kind == EMILY__T_RANGE)
    snprintf(text, sizeof text, "range(%lld, %lld, %lld)", (long long)value.range->start,
             (long long)value.range->stop, (long long)value.range->step);
  else snprintf(text, sizeof text, "<%s>", emily__t_type_name(value));
  return emily__t_puts(run, sink, text);
}

static emily_status put_repr(emily__trun *run, emily__str *sink, emily__tval value, int depth) {
  char text[32];
  if (depth > EMILY__T_VALUE_DEPTH) return emily__t_fail(run, "a value is nested too deep to be printed");
  switch (value.kind) {
    case EMILY__T_UNDEFINED: return emily__t_puts(run, sink, "Undefined");
    case EMILY__T_NONE: return emily__t_puts(run, sink, "None");
    case EMILY__T_BOOL: return emily__t_puts(run, sink, value.truth ? "True" : "False");
    case EMILY__T_INT:
      return emily__t_put(run, sink, text, (size_t)snprintf(text, 32, "%lld", (long long)value.integer));
    case EMILY__T_FLOAT: return emily__t_put(run, sink, text, emily__t_format_real(value.real, text));
    case EMILY__T_TEXT:
      if (value.markup) EMILY__TRY(emily__t_puts(run, sink, "Markup("));
      EMILY__TRY(put_quoted(run, sink, value.string->text));
      return value.markup ? emily__t_puts(run, sink, ")") : EMILY_OK;
    case EMILY__T_LIST:
    case EMILY__T_TUPLE: return put_list(run, sink, value, depth + 1);
    case EMILY__T_DICT:
    case EMILY__T_NAMESPACE: return put_dict(run, sink, value, depth + 1);
    case EMILY__T_VIEW: return put_view(run, sink, value.view, depth + 1);
    default: return put_other(run, sink, value);
  }
}

emily_status emily__t_put_repr(emily__trun *run, emily__str *sink, emily__tval value) {
  return put_repr(run, sink, value, 0);
}

emily_status emily__t_put_str(emily__trun *run, emily__str *sink, emily__tval value) {
  if (value.kind == EMILY__T_UNDEFINED) return EMILY_OK;
  if (value.kind == EMILY__T_TEXT) return emily__t_put(run, sink, value.string->text.data, value.string->text.count);
  return put_repr(run, sink, value, 0);
}

emily_status emily__t_str(emily__trun *run, emily__tval value, emily__tval *out) {
  emily__str sink = {0};
  if (value.kind == EMILY__T_TEXT) return *out = value, EMILY_OK;
  return emily__t_finish(run, emily__t_put_str(run, &sink, value), &sink, out);
}
