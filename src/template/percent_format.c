/* percent_format.c: format % values, and the digits that both ways of formatting print. */
#include "base/utf8.h"
#include "template/format.h"
#include "template/operate.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct formatter {
  emily__trun *run;
  emily__str *sink;
  emily__ttext format;
  size_t at;
  emily__tval values; /* a tuple, or the one value */
  size_t used;
} formatter;

typedef struct directive {
  bool left, plus, blank, zero, alternate;
  int64_t width, precision;
  char kind;
  emily__tval value;
} directive;

/* ---- digits ---- */

static void reverse(char *text, size_t count) {
  for (size_t i = 0; i < count / 2; i++) {
    char c = text[i];
    text[i] = text[count - 1 - i];
    text[count - 1 - i] = c;
  }
}

static emily_status put_integer(emily__trun *run, emily__str *sink, uint64_t value, char kind, int64_t precision,
                                bool alternate) {
  unsigned base = kind == 'x' || kind == 'X' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
  const char *letters = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  char digits[72];
  size_t count = 0;
  do digits[count++] = letters[value % base];
  while (value /= base);
  reverse(digits, count);
  if (alternate && base != 10) EMILY__TRY(emily__t_put(run, sink, (const char[]){'0', kind}, 2));
  for (int64_t i = (int64_t)count; i < precision; i++) EMILY__TRY(emily__t_puts(run, sink, "0"));
  return emily__t_put(run, sink, digits, count);
}

static emily_status put_real(emily__trun *run, emily__str *sink, double value, char kind, int64_t precision,
                             bool alternate) {
  char format[16], *text = NULL;
  if (!isfinite(value)) {
    const char *word = isnan(value) ? "nan" : "inf", *loud = isnan(value) ? "NAN" : "INF";
    return emily__t_puts(run, sink, isupper((unsigned char)kind) ? loud : word);
  }
  snprintf(format, sizeof format, "%%%s.*%c", alternate ? "#" : "", kind);
  int digits = (int)(precision < 0 ? 6 : precision), count = snprintf(NULL, 0, format, digits, value);
  if (count < 0 || !(text = emily__malloc((size_t)count + 1))) return EMILY_OUT_OF_MEMORY;
  snprintf(text, (size_t)count + 1, format, digits, value);
  emily_status status = emily__t_put(run, sink, text, (size_t)count);
  emily__free(text);
  return status;
}

emily_status emily__t_put_digits(emily__trun *run, emily__str *sink, emily__tval number, char kind, int64_t precision,
                                 bool alternate, bool *negative) {
  if (strchr("eEfFgG", kind)) {
    double real = emily__t_number_of(number);
    *negative = !isnan(real) && signbit(real);
    return put_real(run, sink, fabs(real), kind, precision, alternate);
  }
  int64_t integer = emily__t_integer_of(number);
  *negative = integer < 0;
  return put_integer(run, sink, integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer, kind, precision, alternate);
}

/* ---- directives ---- */

static emily_status next_value(formatter *f, emily__tval *out) {
  if (f->values.kind != EMILY__T_TUPLE) {
    if (f->used++) return emily__t_fail(f->run, "not enough arguments for format string");
    return *out = f->values, EMILY_OK;
  }
  if (f->used >= f->values.list->count) return emily__t_fail(f->run, "not enough arguments for format string");
  return *out = f->values.list->items[f->used++], EMILY_OK;
}

static char peek(const formatter *f) { return f->at < f->format.count ? f->format.data[f->at] : 0; }

static emily_status read_number(formatter *f, int64_t *out) {
  emily__tval value;
  if (peek(f) == '*') {
    f->at++;
    EMILY__TRY(next_value(f, &value));
    EMILY__TRY(emily__t_arg_int(f->run, value, "a width", 0, out));
  } else {
    for (*out = 0; peek(f) >= '0' && peek(f) <= '9' && *out <= EMILY__T_FIELD_MAX; f->at++)
      *out = *out * 10 + (peek(f) - '0');
  }
  return *out > EMILY__T_FIELD_MAX ? emily__t_fail(f->run, "a format's width is too large") : EMILY_OK;
}

static emily_status read_key(formatter *f, directive *d) {
  size_t begin = ++f->at;
  emily__tval key;
  for (int open = 1; open; f->at++) {
    if (f->at >= f->format.count) return emily__t_fail(f->run, "incomplete format key");
    open += peek(f) == '(' ? 1 : peek(f) == ')' ? -1 : 0;
  }
  if (f->values.kind != EMILY__T_DICT) return emily__t_fail(f->run, "format requires a mapping");
  EMILY__TRY(emily__t_new_text(f->run, f->format.data + begin, f->at - 1 - begin, &key));
  emily__tentry *entry = emily__t_dict_find(f->values.dict, key.string->text);
  if (!entry)
    return emily__t_fail(f->run, "format: there is no key '%.*s'", (int)(f->at - 1 - begin), f->format.data + begin);
  return d->value = entry->value, EMILY_OK;
}

static void read_flags(formatter *f, directive *d) {
  for (;; f->at++) {
    switch (peek(f)) {
      case '-': d->left = true; break;
      case '+': d->plus = true; break;
      case ' ': d->blank = true; break;
      case '0': d->zero = true; break;
      case '#': d->alternate = true; break;
      default: return;
    }
  }
}

static emily_status read_directive(formatter *f, directive *d) {
  *d = (directive){.precision = -1};
  if (peek(f) == '(') EMILY__TRY(read_key(f, d));
  read_flags(f, d);
  EMILY__TRY(read_number(f, &d->width));
  if (d->width < 0) d->left = true, d->width = -d->width;
  if (peek(f) == '.') {
    f->at++;
    EMILY__TRY(read_number(f, &d->precision));
    if (d->precision < 0) d->precision = 0;
  }
  while (peek(f) && strchr("hlL", peek(f))) f->at++;
  if (f->at >= f->format.count) return emily__t_fail(f->run, "incomplete format");
  d->kind = f->format.data[f->at++];
  return EMILY_OK;
}

/* ---- output ---- */

static emily_status put_blanks(formatter *f, int64_t count, char c) {
  for (; count > 0; count--) EMILY__TRY(emily__t_put(f->run, f->sink, &c, 1));
  return EMILY_OK;
}

static emily_status put_field(formatter *f, const directive *d, const char *sign, emily__ttext text, bool number) {
  int64_t chars = (int64_t)(emily__t_count_chars(text.data, text.count) + strlen(sign)), room = d->width - chars;
  bool zeros = number && d->zero && !d->left;
  if (!zeros && !d->left) EMILY__TRY(put_blanks(f, room, ' '));
  EMILY__TRY(emily__t_puts(f->run, f->sink, sign));
  size_t prefix = zeros && text.count > 1 && text.data[0] == '0' && isalpha((unsigned char)text.data[1]) ? 2 : 0;
  EMILY__TRY(emily__t_put(f->run, f->sink, text.data, prefix));
  if (zeros) EMILY__TRY(put_blanks(f, room, '0'));
  EMILY__TRY(emily__t_put(f->run, f->sink, text.data + prefix, text.count - prefix));
  return d->left ? put_blanks(f, room, ' ') : EMILY_OK;
}

static emily_status put_text(formatter *f, const directive *d) {
  emily__tval text;
  emily__str sink = {0};
  if (d->kind == 's') EMILY__TRY(emily__t_str(f->run, d->value, &text));
  else EMILY__TRY(emily__t_finish(f->run, emily__t_put_repr(f->run, &sink, d->value), &sink, &text));
  emily__ttext all = text.string->text;
  if (d->precision >= 0 && (size_t)d->precision < text.string->chars)
    all.count = emily__t_char_offset(text.string, (size_t)d->precision);
  return put_field(f, d, "", all, false);
}

static emily_status number_for(formatter *f, directive *d) {
  bool real = strchr("eEfFgG", d->kind) != NULL, hex = strchr("xXo", d->kind) != NULL;
  if (d->value.kind == EMILY__T_UNDEFINED)
    return emily__t_fail(f->run, "%%%c format: a number is required, not Undefined", d->kind);
  if (!emily__t_is_number(d->value) || (hex && d->value.kind == EMILY__T_FLOAT))
    return emily__t_fail(f->run, "%%%c format: a number is required, not %s", d->kind, emily__t_type_name(d->value));
  if (real || d->value.kind != EMILY__T_FLOAT) return EMILY_OK;
  if (!isfinite(d->value.real) || fabs(d->value.real) >= 9.2e18)
    return emily__t_fail(f->run, "a number is too large to be whole");
  return d->value = emily__t_int((int64_t)d->value.real), EMILY_OK;
}

static emily_status put_number(formatter *f, directive *d) {
  emily__str digits = {0};
  bool negative = false;
  EMILY__TRY(number_for(f, d));
  char kind = d->kind == 'i' || d->kind == 'u' ? 'd' : d->kind;
  emily_status status = emily__t_put_digits(f->run, &digits, d->value, kind, d->precision, d->alternate, &negative);
  const char *sign = negative ? "-" : d->plus ? "+" : d->blank ? " " : "";
  if (status == EMILY_OK) status = put_field(f, d, sign, (emily__ttext){digits.data, digits.count}, true);
  emily__str_free(&digits);
  return status;
}

static emily_status put_char(formatter *f, const directive *d) {
  emily__tval text = d->value;
  char bytes[4];
  if (text.kind == EMILY__T_TEXT && text.string->chars == 1) return put_field(f, d, "", text.string->text, false);
  int64_t code = emily__t_is_integer(text) ? emily__t_integer_of(text) : -1;
  if (code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return emily__t_fail(f->run, "%%c requires int or char");
  size_t count = emily__utf8_encode((int32_t)code, bytes);
  return put_field(f, d, "", (emily__ttext){bytes, count}, false);
}

static emily_status put_directive(formatter *f) {
  directive d;
  EMILY__TRY(read_directive(f, &d));
  if (d.kind == '%') return emily__t_puts(f->run, f->sink, "%");
  if (!d.kind || !strchr("srdiuxXoeEfFgGc", d.kind))
    return emily__t_fail(f->run, "unsupported format character '%c'", d.kind);
  if (d.value.kind == EMILY__T_MISSING) EMILY__TRY(next_value(f, &d.value));
  if (strchr("sr", d.kind)) return put_text(f, &d);
  return d.kind == 'c' ? put_char(f, &d) : put_number(f, &d);
}

static emily_status put_all(formatter *f) {
  while (f->at < f->format.count) {
    const char *begin = f->format.data + f->at, *mark = memchr(begin, '%', f->format.count - f->at);
    size_t plain = mark ? (size_t)(mark - begin) : f->format.count - f->at;
    EMILY__TRY(emily__t_put(f->run, f->sink, begin, plain));
    f->at += plain + (mark != NULL);
    if (mark) EMILY__TRY(put_directive(f));
  }
  uint8_t kind = f->values.kind;
  bool tuple = kind == EMILY__T_TUPLE; /* what has items but is neither tuple nor text may stay unused */
  bool mapping =
      kind == EMILY__T_DICT || kind == EMILY__T_LIST || kind == EMILY__T_RANGE || kind == EMILY__T_UNDEFINED;
  if (tuple ? f->used < f->values.list->count : !f->used && !mapping)
    return emily__t_fail(f->run, "not all arguments converted during string formatting");
  return EMILY_OK;
}

emily_status emily__t_percent(emily__trun *run, emily__ttext format, emily__tval values, emily__tval *out) {
  emily__str sink = {0};
  formatter f = {.run = run, .sink = &sink, .format = format, .values = values};
  return emily__t_finish(run, put_all(&f), &sink, out);
}
