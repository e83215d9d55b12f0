/* filters_number.c: the filters that give numbers. */
#include "template/builtin.h"
#include "template/letters.h"
#include "template/operate.h"
#include "template/text_tools.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

enum { NUMBER_MAX = 400 }; /* bytes of a number that is read */

/* The text without white space around it and single underscores between digits, as Python reads numbers; false for
 * one that cannot be a number. */
static bool plain_number(emily__trun *run, emily__tval text, char out[NUMBER_MAX + 1]) {
  emily__tval bare;
  size_t n = 0;
  if (emily__t_stripped(run, text, (emily__tval){0}, EMILY__T_LEFT | EMILY__T_RIGHT, &bare) != EMILY_OK) return false;
  emily__ttext all = bare.string->text;
  if (!all.count || all.count > NUMBER_MAX) return false;
  for (size_t i = 0; i < all.count; i++) {
    char c = all.data[i], before = i ? all.data[i - 1] : 0, after = i + 1 < all.count ? all.data[i + 1] : 0;
    bool between = before && after && before != '_' && strchr("0123456789abcdefABCDEFxXoO", before) &&
                   strchr("0123456789abcdefABCDEF", after);
    if (c == '_' && between) continue;
    if (c == '_' || !c) return false;
    out[n++] = c;
  }
  out[n] = '\0';
  return true;
}

typedef enum reading { READ, NO_NUMBER, TOO_LARGE } reading;

static reading read_integer(const char *text, int64_t base, int64_t *out) {
  const char *digits = text + (*text == '-' || *text == '+');
  bool prefixed = digits[0] == '0' && digits[1] && strchr("xXoObB", digits[1]);
  int64_t wanted = prefixed ? (strchr("xX", digits[1]) ? 16 : strchr("oO", digits[1]) ? 8 : 2) : 0;
  if (base != 0 && (base < 2 || base > 36)) return NO_NUMBER;
  if (prefixed && (base == wanted || base == 0)) digits += 2, base = wanted;
  else if (base == 0) {
    base = 10;
    if (digits[0] == '0' && digits[strspn(digits, "0")]) return NO_NUMBER;
  }
  if (!*digits || *digits == '-' || *digits == '+' || strchr(" \t\n\v\f\r", *digits)) return NO_NUMBER;
  char *end, *copy = NULL;
  (void)copy;
  errno = 0;
  int64_t value = strtoll(digits, &end, (int)base);
  if (*end || end == digits) return NO_NUMBER;
  if (errno) return TOO_LARGE;
  *out = *text == '-' ? -value : value;
  return READ;
}

static bool read_real(const char *text, double *out) {
  static const char *const WORDS[] = {"inf", "infinity", "nan"};
  const char *digits = text + (*text == '-' || *text == '+');
  char *end;
  bool word = false;
  for (size_t i = 0; i < 3; i++) word |= !strcasecmp(digits, WORDS[i]);
  if (!word && (!*digits || digits[strspn(digits, "0123456789.eE+-")] || *digits == '-' || *digits == '+'))
    return false;
  *out = strtod(text, &end);
  return !*end && end != text;
}

static emily_status integer_of_real(emily__trun *run, double real, bool *good, emily__tval *out) {
  *good = isfinite(real);
  if (*good && fabs(real) >= 9.2e18)
    return emily__t_fail(run, "a whole number is too large: emily has 64 bits for it");
  if (*good) *out = emily__t_int((int64_t)real);
  return EMILY_OK;
}

FILTER(int_) {
  emily__tval value = call->in[0], missing = call->in[1].kind == EMILY__T_MISSING ? emily__t_int(0) : call->in[1];
  char text[NUMBER_MAX + 1];
  int64_t base, integer;
  double real;
  bool good = false;
  EMILY__TRY(emily__t_arg_int(run, call->in[2], "the base", 10, &base));
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, value);
  if (emily__t_is_integer(value)) return *out = emily__t_int(emily__t_integer_of(value)), EMILY_OK;
  if (value.kind == EMILY__T_FLOAT) {
    if (isinf(value.real)) return emily__t_fail(run, "infinity is no whole number");
    EMILY__TRY(integer_of_real(run, value.real, &good, out));
  } else if (value.kind == EMILY__T_TEXT && plain_number(run, value, text)) {
    reading result = read_integer(text, base, &integer);
    if (result == TOO_LARGE) return emily__t_fail(run, "a whole number is too large: emily has 64 bits for it");
    if (result == READ) return *out = emily__t_int(integer), EMILY_OK;
    if (read_real(text, &real)) EMILY__TRY(integer_of_real(run, real, &good, out));
  }
  if (!good) *out = missing;
  return EMILY_OK;
}

FILTER(float_) {
  emily__tval value = call->in[0];
  char text[NUMBER_MAX + 1];
  double real;
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, value);
  if (emily__t_is_number(value)) return *out = emily__t_real(emily__t_number_of(value)), EMILY_OK;
  if (value.kind == EMILY__T_TEXT && plain_number(run, value, text) && read_real(text, &real))
    return *out = emily__t_real(real), EMILY_OK;
  *out = call->in[1].kind == EMILY__T_MISSING ? emily__t_real(0) : call->in[1];
  return EMILY_OK;
}

FILTER(abs_) {
  emily__tval value = call->in[0];
  if (!emily__t_is_number(value))
    return emily__t_fail(run, "bad operand type for abs(): '%s'", emily__t_type_name(value));
  if (value.kind == EMILY__T_FLOAT) return *out = emily__t_real(fabs(value.real)), EMILY_OK;
  return emily__t_negate(run, value, emily__t_integer_of(value) < 0, out);
}

/* ---- round ---- */

/* Python rounds the decimal value of the double, exactly: so does printf. */
static double round_real(double real, int64_t digits) {
  char text[NUMBER_MAX + 360];
  if (!isfinite(real) || digits > 322) return real;
  if (digits >= 0) {
    snprintf(text, sizeof text, "%.*f", (int)digits, real);
    return strtod(text, NULL);
  }
  if (digits < -308) return copysign(0.0, real);
  double scale = pow(10, (double)-digits), scaled = real / scale;
  return nearbyint(scaled) * scale; /* to even at halves */
}

/* A whole number to tens, hundreds …, to even at halves. */
static emily_status round_integer(emily__trun *run, int64_t value, int64_t digits, emily__tval *out) {
  int64_t unit = 1;
  if (digits >= 0) return *out = emily__t_int(value), EMILY_OK;
  if (digits < -18) return *out = emily__t_int(0), EMILY_OK;
  for (; digits < 0; digits++) unit *= 10;
  int64_t rest = value % unit, down;
  if (rest < 0) rest += unit;
  if (__builtin_sub_overflow(value, rest, &down)) return emily__t_fail(run, "a whole number is too large");
  bool up = rest > unit - rest || (rest == unit - rest && (down / unit) % 2 != 0);
  if (up && __builtin_add_overflow(down, unit, &down)) return emily__t_fail(run, "a whole number is too large");
  return *out = emily__t_int(down), EMILY_OK;
}

FILTER(round_) {
  emily__ttext method = EMILY__T_LITERAL("common");
  emily__tval value = call->in[0];
  int64_t digits;
  if (call->in[2].kind != EMILY__T_MISSING) EMILY__TRY(emily__t_arg_text(run, call->in[2], "the method", &method));
  bool up = emily__ttext_is(method, "ceil"), common = emily__ttext_is(method, "common");
  if (!up && !common && !emily__ttext_is(method, "floor"))
    return emily__t_fail(run, "method must be common, ceil or floor");
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, value);
  if (!emily__t_is_number(value)) return emily__t_fail(run, "type %s cannot be rounded", emily__t_type_name(value));
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the precision", 0, &digits));
  if (common && value.kind == EMILY__T_FLOAT) return *out = emily__t_real(round_real(value.real, digits)), EMILY_OK;
  if (common) return round_integer(run, emily__t_integer_of(value), digits, out);
  emily__tval ten = emily__t_int(10), scale, scaled;
  EMILY__TRY(emily__t_binary(run, EMILY__TK_POW, ten, emily__t_int(digits), &scale));
  EMILY__TRY(emily__t_binary(run, EMILY__TK_MUL, value, scale, &scaled));
  double whole = up ? ceil(emily__t_number_of(scaled)) : floor(emily__t_number_of(scaled));
  if (!isfinite(whole)) return emily__t_fail(run, "what is not finite cannot be rounded");
  return emily__t_binary(run, EMILY__TK_DIV, emily__t_real(whole), scale, out);
}

const emily__tbuiltin emily__t_number_filters[] = {
    {"int", "value default? base?", int_},
    {"float", "value default?", float_},
    {"abs", "x", abs_},
    {"round", "value precision? method?", round_},
    {0},
};
