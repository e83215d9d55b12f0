/* brace_format.c: "{}, {0[key]:>8}".format(…), with Python's format specifications for texts and numbers. */
#include "base/utf8.h"
#include "template/format.h"
#include "template/operate.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { NESTED_MAX = 2 }; /* fields may stand in a specification, but not deeper */

typedef struct formatter {
  emily__trun *run;
  const emily__targs *args;
  int64_t next; /* of the fields without a number; -1: fields have numbers */
  bool numbered;
} formatter;

typedef struct spec {
  emily__ttext fill;
  char align, sign, kind, group;
  bool alternate, zero;
  int64_t width, precision;
} spec;

static emily_status put_format(formatter *f, emily__str *sink, emily__ttext format, int depth);

/* ---- specifications: [[fill]align][sign][#][0][width][grouping][.precision][type] ---- */

static int64_t read_number(emily__ttext text, size_t *at, int64_t missing) {
  int64_t value = missing;
  for (; *at < text.count && text.data[*at] >= '0' && text.data[*at] <= '9'; ++*at)
    value = (value < 0 ? 0 : value > EMILY__T_FIELD_MAX ? value : value * 10) + (text.data[*at] - '0');
  return value;
}

static bool is_align(emily__ttext text, size_t at) {
  return at < text.count && text.data[at] && strchr("<>=^", text.data[at]);
}

static bool take(emily__ttext text, size_t *at, const char *choices, char *out) {
  if (*at >= text.count || !text.data[*at] || !strchr(choices, text.data[*at])) return false;
  *out = text.data[(*at)++];
  return true;
}

static emily_status read_spec(emily__trun *run, emily__ttext text, spec *out) {
  size_t at = 0, used = 0;
  char mark = 0;
  *out = (spec){.fill = EMILY__T_LITERAL(" "), .width = 0, .precision = -1};
  if (text.count) emily__utf8_next(text.data, &used);
  if (text.count && is_align(text, used)) out->fill = (emily__ttext){text.data, used}, at = used;
  take(text, &at, "<>=^", &out->align);
  take(text, &at, "+- ", &out->sign);
  out->alternate = take(text, &at, "#", &mark);
  out->zero = take(text, &at, "0", &mark);
  if (out->zero && !out->align) out->fill = EMILY__T_LITERAL("0"), out->align = '=';
  out->width = read_number(text, &at, 0);
  take(text, &at, ",_", &out->group);
  if (take(text, &at, ".", &mark)) {
    out->precision = read_number(text, &at, -1);
    if (out->precision < 0) return emily__t_fail(run, "format specifier missing precision");
  }
  take(text, &at, "sdxXobceEfFgGn%", &out->kind);
  if (at < text.count)
    return emily__t_fail(run, "invalid format specifier '%.*s'", (int)(text.count < 80 ? text.count : 80), text.data);
  if (out->width > EMILY__T_FIELD_MAX || out->precision > EMILY__T_FIELD_MAX)
    return emily__t_fail(run, "a format's width is too large");
  return EMILY_OK;
}

static emily_status fill(emily__trun *run, emily__str *sink, const spec *s, int64_t count) {
  for (; count > 0; count--) EMILY__TRY(emily__t_put(run, sink, s->fill.data, s->fill.count));
  return EMILY_OK;
}

/* sign stands before what fills, where align is '='. */
static emily_status put_field(emily__trun *run, emily__str *sink, const spec *s, char align, const char *sign,
                              emily__ttext text) {
  int64_t room = s->width - (int64_t)(emily__t_count_chars(text.data, text.count) + strlen(sign));
  if (room < 0) room = 0;
  int64_t before = align == '<' || align == '=' ? 0 : align == '^' ? room / 2 : room;
  EMILY__TRY(fill(run, sink, s, before));
  EMILY__TRY(emily__t_puts(run, sink, sign));
  if (align == '=') EMILY__TRY(fill(run, sink, s, room));
  EMILY__TRY(emily__t_put(run, sink, text.data, text.count));
  return align == '=' ? EMILY_OK : fill(run, sink, s, room - before);
}

/* ---- numbers ---- */

/* Separators between thousands (or, of other bases, four digits) of what leads `digits`. */
static emily_status group_digits(emily__trun *run, const emily__str *digits, const spec *s, emily__str *out) {
  size_t whole = 0, every = s->kind && strchr("xXob", s->kind) ? 4 : 3;
  while (whole < digits->count && isxdigit((unsigned char)digits->data[whole]) &&
         !(every == 3 && !isdigit((unsigned char)digits->data[whole])))
    whole++;
  for (size_t i = 0; i < whole; i++) {
    if (i && (whole - i) % every == 0) EMILY__TRY(emily__t_put(run, out, &s->group, 1));
    EMILY__TRY(emily__t_put(run, out, digits->data + i, 1));
  }
  return emily__t_put(run, out, digits->data + whole, digits->count - whole);
}

/* A float without a type prints as repr does, but that a precision makes it 'g'. */
static emily_status put_real_digits(emily__trun *run, emily__str *sink, emily__tval value, const spec *s,
                                    bool *negative) {
  char text[32];
  double real = emily__t_number_of(value);
  if (s->kind == '%') {
    EMILY__TRY(emily__t_put_digits(run, sink, emily__t_real(real * 100), 'f', s->precision, s->alternate, negative));
    return emily__t_puts(run, sink, "%");
  }
  if (s->kind && s->kind != 'n')
    return emily__t_put_digits(run, sink, value, s->kind, !s->precision && strchr("gG", s->kind) ? 1 : s->precision,
                               s->alternate, negative);
  if (s->kind == 'n' || s->precision >= 0)
    return emily__t_put_digits(run, sink, value, 'g', s->precision ? s->precision : 1, s->alternate, negative);
  *negative = !isnan(real) && signbit(real);
  return emily__t_put(run, sink, text, emily__t_format_real(fabs(real), text));
}

static emily_status put_number_digits(emily__trun *run, emily__str *sink, emily__tval value, const spec *s,
                                      bool *negative) {
  bool real = value.kind == EMILY__T_FLOAT || (s->kind && strchr("eEfFgG%", s->kind));
  if (real && s->kind && strchr("dxXobcs", s->kind))
    return emily__t_fail(run, "unknown format code '%c' for a float", s->kind);
  if (real) return put_real_digits(run, sink, value, s, negative);
  if (s->precision >= 0) return emily__t_fail(run, "precision is not allowed for whole numbers");
  if (s->kind == 's' || s->kind == 'c')
    return emily__t_fail(run, "unknown format code '%c' for a whole number", s->kind);
  char kind = s->kind && s->kind != 'n' ? s->kind : 'd';
  return emily__t_put_digits(run, sink, emily__t_int(emily__t_integer_of(value)), kind, -1, false, negative);
}

static emily_status put_number(emily__trun *run, emily__str *sink, emily__tval value, const spec *s) {
  emily__str digits = {0}, grouped = {0};
  char sign[4];
  size_t n = 0;
  bool negative = false;
  emily_status status = put_number_digits(run, &digits, value, s, &negative);
  if (status == EMILY_OK && s->group) status = group_digits(run, &digits, s, &grouped);
  if (negative || s->sign == '+' || s->sign == ' ') sign[n++] = negative ? '-' : s->sign;
  if (s->alternate && s->kind && strchr("xXob", s->kind)) sign[n++] = '0', sign[n++] = s->kind;
  sign[n] = '\0';
  const emily__str *shown = s->group ? &grouped : &digits;
  if (status == EMILY_OK)
    status = put_field(run, sink, s, s->align ? s->align : '>', sign, (emily__ttext){shown->data, shown->count});
  emily__str_free(&digits);
  emily__str_free(&grouped);
  return status;
}

/* ---- values ---- */

static emily_status put_text(emily__trun *run, emily__str *sink, emily__tval text, const spec *s) {
  emily__ttext all = text.string->text;
  if (s->kind && s->kind != 's') return emily__t_fail(run, "unknown format code '%c' for a text", s->kind);
  if (s->sign || s->alternate || s->group || s->align == '=') {
    if (!(s->align == '=' && s->zero)) return emily__t_fail(run, "a text's format has no sign, '#' or grouping");
  }
  if (s->precision >= 0 && (size_t)s->precision < text.string->chars)
    all.count = emily__t_char_offset(text.string, (size_t)s->precision);
  return put_field(run, sink, s, s->align && s->align != '=' ? s->align : '<', "", all);
}

static emily_status put_value(emily__trun *run, emily__str *sink, emily__tval value, emily__ttext specification) {
  spec s;
  if (!specification.count) return emily__t_put_str(run, sink, value);
  EMILY__TRY(read_spec(run, specification, &s));
  if (value.kind == EMILY__T_TEXT) return put_text(run, sink, value, &s);
  if (emily__t_is_number(value)) return put_number(run, sink, value, &s);
  return emily__t_fail(run, "a value of type %s takes no format specification", emily__t_type_name(value));
}

/* ---- fields ---- */

static bool all_digits(emily__ttext text) {
  for (size_t i = 0; i < text.count; i++)
    if (text.data[i] < '0' || text.data[i] > '9') return false;
  return text.count > 0 && text.count < 10;
}

static emily_status positional(formatter *f, emily__ttext name, emily__tval *out) {
  int64_t index = 0;
  if (name.count ? f->next > 0 : f->numbered)
    return emily__t_fail(f->run, "fields with and without numbers cannot be mixed in a format");
  if (name.count) f->numbered = true;
  for (size_t i = 0; i < name.count; i++) index = index * 10 + (name.data[i] - '0');
  if (!name.count) index = f->next++;
  if ((uint64_t)index >= f->args->count)
    return emily__t_fail(f->run, "replacement index %lld is out of range", (long long)index);
  return *out = f->args->positional[index], EMILY_OK;
}

static emily_status first_value(formatter *f, emily__ttext name, emily__tval *out) {
  if (!name.count || all_digits(name)) return positional(f, name, out);
  for (size_t i = 0; i < f->args->named_count; i++)
    if (emily__ttext_equal(f->args->names[i].string->text, name)) return *out = f->args->named[i], EMILY_OK;
  return emily__t_fail(f->run, "format: there is no argument '%.*s'", (int)(name.count < 100 ? name.count : 100),
                       name.data);
}

static size_t name_end(emily__ttext field, size_t at) {
  while (at < field.count && field.data[at] != '.' && field.data[at] != '[') at++;
  return at;
}

/* name.attribute[key]… */
static emily_status field_value(formatter *f, emily__ttext field, emily__tval *out) {
  size_t at = name_end(field, 0);
  emily__tval key;
  EMILY__TRY(first_value(f, (emily__ttext){field.data, at}, out));
  while (at < field.count) {
    bool item = field.data[at] == '[';
    const char *close = item ? memchr(field.data + at, ']', field.count - at) : NULL;
    size_t begin = at + 1, end = item ? (close ? (size_t)(close - field.data) : 0) : name_end(field, begin);
    if (end <= begin) return emily__t_fail(f->run, "a field of a format is broken");
    emily__ttext part = {field.data + begin, end - begin};
    EMILY__TRY(emily__t_new_text(f->run, part.data, part.count, &key));
    if (item && all_digits(part)) {
      int64_t index = 0;
      for (size_t i = 0; i < part.count; i++) index = index * 10 + (part.data[i] - '0');
      key = emily__t_int(index);
    }
    EMILY__TRY(item ? emily__t_getitem(f->run, *out, key, out) : emily__t_getattr(f->run, *out, key, out));
    at = end + item;
    if (item && at < field.count && field.data[at] != '.' && field.data[at] != '[')
      return emily__t_fail(f->run, "a field of a format is broken");
  }
  return EMILY_OK;
}

static emily_status convert(formatter *f, char conversion, emily__tval *value) {
  emily__str sink = {0};
  if (!conversion) return EMILY_OK;
  if (conversion == 's') return emily__t_str(f->run, *value, value);
  if (conversion != 'r') return emily__t_fail(f->run, "unknown conversion of a format");
  return emily__t_finish(f->run, emily__t_put_repr(f->run, &sink, *value), &sink, value);
}

/* inside: what stands between the braces. */
static emily_status put_one(formatter *f, emily__str *sink, emily__ttext inside, int depth) {
  size_t end = 0, colon;
  for (bool key = false; end < inside.count && (key || (inside.data[end] != ':' && inside.data[end] != '!')); end++)
    key = inside.data[end] == '[' ? true : inside.data[end] == ']' ? false : key;
  emily__tval value;
  emily__str specification = {0};
  char conversion = 0;
  colon = end;
  if (end < inside.count && inside.data[end] == '!') {
    if (end + 1 >= inside.count || (end + 2 < inside.count && inside.data[end + 2] != ':'))
      return emily__t_fail(f->run, "a conversion of a format is broken");
    conversion = inside.data[end + 1];
    colon = end + 2;
  }
  EMILY__TRY(field_value(f, (emily__ttext){inside.data, end}, &value));
  EMILY__TRY(convert(f, conversion, &value));
  emily_status status = EMILY_OK;
  if (colon < inside.count)
    status =
        put_format(f, &specification, (emily__ttext){inside.data + colon + 1, inside.count - colon - 1}, depth + 1);
  if (status == EMILY_OK)
    status = put_value(f->run, sink, value, (emily__ttext){specification.data, specification.count});
  emily__str_free(&specification);
  return status;
}

/* The brace that closes the one before `at`; format.count where there is none. */
static size_t closing(emily__ttext format, size_t at) {
  int open = 1;
  for (; at < format.count; at++) {
    open += format.data[at] == '{' ? 1 : format.data[at] == '}' ? -1 : 0;
    if (!open) break;
  }
  return at;
}

static emily_status put_format(formatter *f, emily__str *sink, emily__ttext format, int depth) {
  if (depth >= NESTED_MAX) return emily__t_fail(f->run, "fields of a format are nested too deep");
  for (size_t at = 0; at < format.count; at++) {
    char c = format.data[at];
    bool brace = c == '{' || c == '}', twofold = brace && at + 1 < format.count && format.data[at + 1] == c;
    if (!brace || twofold) {
      EMILY__TRY(emily__t_put(f->run, sink, &c, 1));
      at += twofold;
      continue;
    }
    size_t end = closing(format, at + 1);
    if (c == '}' || end == format.count) return emily__t_fail(f->run, "a single '%c' stands in a format", c);
    EMILY__TRY(put_one(f, sink, (emily__ttext){format.data + at + 1, end - at - 1}, depth));
    at = end;
  }
  return EMILY_OK;
}

emily_status emily__t_brace_format(emily__trun *run, emily__ttext format, const emily__targs *args,
                                   emily__tval *out) {
  emily__str sink = {0};
  formatter f = {.run = run, .args = args};
  return emily__t_finish(run, put_format(&f, &sink, format, 0), &sink, out);
}
