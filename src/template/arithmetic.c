/* arithmetic.c: Python's operators on numbers, texts and lists. Whole numbers have 64 bits: what does not fit is an
 * error, where Python would go on. */
#include "template/operate.h"

#include <math.h>
#include <string.h>

static emily_status unsupported(emily__trun *run, uint8_t op, emily__tval a, emily__tval b) {
  static const char *const SIGNS[] = {
      [EMILY__TK_ADD] = "+", [EMILY__TK_SUB] = "-",  [EMILY__TK_MUL] = "*",      [EMILY__TK_DIV] = "/",
      [EMILY__TK_MOD] = "%", [EMILY__TK_POW] = "**", [EMILY__TK_FLOORDIV] = "//"};
  if (a.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, a);
  if (b.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, b);
  return emily__t_fail(run, "'%s' is not supported between '%s' and '%s'", SIGNS[op], emily__t_type_name(a),
                       emily__t_type_name(b));
}

static emily_status too_large(emily__trun *run) {
  return emily__t_fail(run, "a whole number is too large: emily has 64 bits for it");
}

/* ---- texts and lists ---- */

static emily_status join_texts(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out) {
  bool markup = a.markup || b.markup;
  if (markup && !a.markup) EMILY__TRY(emily__t_escape(run, a, &a));
  if (markup && !b.markup) EMILY__TRY(emily__t_escape(run, b, &b));
  EMILY__TRY(emily__t_spend(run, b.string->text.count / 64 + 1));
  if (a.string->text.count + b.string->text.count > run->output_most)
    return emily__fail(EMILY_UNSUPPORTED, "template", "%s, line %d: the template makes a text of more than %zu MiB",
                       run->name, run->line, run->output_most >> 20);
  if (!emily__t_join(&run->arena, a.string, b.string, out)) return emily__t_memory(run);
  out->markup = markup;
  return EMILY_OK;
}

static emily_status join_lists(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out) {
  size_t count = a.list->count + b.list->count;
  EMILY__TRY(emily__t_spend(run, count / 4 + 1));
  EMILY__TRY(emily__t_new_list(run, a.kind, count, out));
  if (a.list->count) memcpy(out->list->items, a.list->items, a.list->count * sizeof *a.list->items);
  if (b.list->count) memcpy(out->list->items + a.list->count, b.list->items, b.list->count * sizeof *b.list->items);
  out->list->count = count;
  return EMILY_OK;
}

static emily_status repeat_text(emily__trun *run, emily__tval text, int64_t times, emily__tval *out) {
  emily__str sink = {0};
  emily_status status = EMILY_OK;
  for (int64_t i = 0; status == EMILY_OK && i < times && text.string->text.count; i++)
    status = emily__t_put(run, &sink, text.string->text.data, text.string->text.count);
  EMILY__TRY(emily__t_finish(run, status, &sink, out));
  out->markup = text.markup;
  return EMILY_OK;
}

static emily_status repeat_list(emily__trun *run, emily__tval list, int64_t times, emily__tval *out) {
  EMILY__TRY(emily__t_new_list(run, list.kind, 0, out));
  for (int64_t i = 0; i < times && list.list->count; i++)
    for (size_t j = 0; j < list.list->count; j++) EMILY__TRY(emily__t_push(run, out->list, list.list->items[j]));
  return EMILY_OK;
}

static bool is_list(emily__tval value) { return value.kind == EMILY__T_LIST || value.kind == EMILY__T_TUPLE; }

static emily_status repeat(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out) {
  emily__tval what = emily__t_is_integer(a) ? b : a, times = emily__t_is_integer(a) ? a : b;
  if (!emily__t_is_integer(times)) return unsupported(run, EMILY__TK_MUL, a, b);
  if (what.kind == EMILY__T_TEXT) return repeat_text(run, what, emily__t_integer_of(times), out);
  return is_list(what) ? repeat_list(run, what, emily__t_integer_of(times), out)
                       : unsupported(run, EMILY__TK_MUL, a, b);
}

/* ---- numbers ---- */

static emily_status by_zero(emily__trun *run) { return emily__t_fail(run, "division by zero"); }

static emily_status power_of_integers(emily__trun *run, int64_t base, int64_t exponent, emily__tval *out) {
  int64_t result = 1;
  if (base == 1 || base == 0 || base == -1) exponent = exponent > 2 ? 2 + exponent % 2 : exponent;
  for (; exponent > 0; exponent--)
    if (__builtin_mul_overflow(result, base, &result)) return too_large(run);
  return *out = emily__t_int(result), EMILY_OK;
}

static emily_status power(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out) {
  if (emily__t_is_integer(a) && emily__t_is_integer(b) && emily__t_integer_of(b) >= 0)
    return power_of_integers(run, emily__t_integer_of(a), emily__t_integer_of(b), out);
  double x = emily__t_number_of(a), y = emily__t_number_of(b), z = pow(x, y);
  if (x == 0 && y < 0) return emily__t_fail(run, "0.0 cannot be raised to a negative power");
  if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
    return emily__t_fail(run, "complex numbers are not supported");
  if (isinf(z) && isfinite(x) && isfinite(y)) return emily__t_fail(run, "a number is too large");
  return *out = emily__t_real(z), EMILY_OK;
}

static emily_status integers(emily__trun *run, uint8_t op, int64_t a, int64_t b, emily__tval *out) {
  int64_t result = 0;
  bool wraps = false;
  switch (op) {
    case EMILY__TK_ADD: wraps = __builtin_add_overflow(a, b, &result); break;
    case EMILY__TK_SUB: wraps = __builtin_sub_overflow(a, b, &result); break;
    case EMILY__TK_MUL: wraps = __builtin_mul_overflow(a, b, &result); break;
    case EMILY__TK_DIV:
      return b ? (*out = emily__t_real((double)((long double)a / (long double)b)), EMILY_OK) : by_zero(run);
    default:
      if (!b) return by_zero(run);
      if (b == -1) {
        wraps = op == EMILY__TK_FLOORDIV && __builtin_sub_overflow((int64_t)0, a, &result);
        break;
      }
      result = op == EMILY__TK_FLOORDIV ? a / b : a % b;
      if (a % b && (a % b < 0) != (b < 0)) result = op == EMILY__TK_FLOORDIV ? result - 1 : result + b;
  }
  return wraps ? too_large(run) : (*out = emily__t_int(result), EMILY_OK);
}

/* The remainder has the sign of b, and the quotient is what it leaves, rounded down. */
static double floor_mod(double a, double b, double *quotient) {
  double rest = fmod(a, b), whole = (a - rest) / b;
  if (rest != 0) {
    if ((b < 0) != (rest < 0)) rest += b, whole -= 1;
  } else {
    rest = copysign(0.0, b);
  }
  double down = floor(whole);
  *quotient = whole == 0 ? copysign(0.0, a / b) : whole - down > 0.5 ? down + 1 : down;
  return rest;
}

static emily_status reals(emily__trun *run, uint8_t op, double a, double b, emily__tval *out) {
  double quotient, rest;
  switch (op) {
    case EMILY__TK_ADD: return *out = emily__t_real(a + b), EMILY_OK;
    case EMILY__TK_SUB: return *out = emily__t_real(a - b), EMILY_OK;
    case EMILY__TK_MUL: return *out = emily__t_real(a * b), EMILY_OK;
    default:
      if (b == 0) return by_zero(run);
      if (op == EMILY__TK_DIV) return *out = emily__t_real(a / b), EMILY_OK;
      rest = floor_mod(a, b, &quotient);
      return *out = emily__t_real(op == EMILY__TK_MOD ? rest : quotient), EMILY_OK;
  }
}

emily_status emily__t_binary(emily__trun *run, uint8_t op, emily__tval a, emily__tval b, emily__tval *out) {
  if (op == EMILY__TK_MOD && a.kind == EMILY__T_TEXT) {
    EMILY__TRY(emily__t_percent(run, a.string->text, b, out));
    return out->markup = a.markup, EMILY_OK;
  }
  if (emily__t_is_number(a) && emily__t_is_number(b)) {
    if (op == EMILY__TK_POW) return power(run, a, b, out);
    if (a.kind == EMILY__T_FLOAT || b.kind == EMILY__T_FLOAT)
      return reals(run, op, emily__t_number_of(a), emily__t_number_of(b), out);
    return integers(run, op, emily__t_integer_of(a), emily__t_integer_of(b), out);
  }
  if (op == EMILY__TK_ADD && a.kind == EMILY__T_TEXT && b.kind == EMILY__T_TEXT) return join_texts(run, a, b, out);
  if (op == EMILY__TK_ADD && a.kind == b.kind && is_list(a)) return join_lists(run, a, b, out);
  if (op == EMILY__TK_MUL) return repeat(run, a, b, out);
  return unsupported(run, op, a, b);
}

emily_status emily__t_add(emily__trun *run, emily__tval a, emily__tval b, emily__tval *out) {
  return emily__t_binary(run, EMILY__TK_ADD, a, b, out);
}

emily_status emily__t_negate(emily__trun *run, emily__tval value, bool negative, emily__tval *out) {
  if (value.kind == EMILY__T_UNDEFINED) return emily__t_undefined_used(run, value);
  if (!emily__t_is_number(value)) return emily__t_fail(run, "bad operand of a sign: '%s'", emily__t_type_name(value));
  if (value.kind == EMILY__T_FLOAT) return *out = emily__t_real(negative ? -value.real : value.real), EMILY_OK;
  int64_t integer = emily__t_integer_of(value);
  if (negative && __builtin_sub_overflow((int64_t)0, integer, &integer)) return too_large(run);
  return *out = emily__t_int(integer), EMILY_OK;
}

/* ---- markup ---- */

static emily_status put_escaped(emily__trun *run, emily__str *sink, emily__ttext text) {
  static const char MARKS[] = "&<>'\"";
  static const char *const NAMES[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
  size_t begin = 0;
  for (size_t at = 0; at < text.count; at++) {
    const char *mark = text.data[at] ? strchr(MARKS, text.data[at]) : NULL;
    if (!mark) continue;
    EMILY__TRY(emily__t_put(run, sink, text.data + begin, at - begin));
    EMILY__TRY(emily__t_puts(run, sink, NAMES[mark - MARKS]));
    begin = at + 1;
  }
  return emily__t_put(run, sink, text.data + begin, text.count - begin);
}

emily_status emily__t_escape(emily__trun *run, emily__tval value, emily__tval *out) {
  emily__str sink = {0};
  if (value.kind == EMILY__T_TEXT && value.markup) return *out = value, EMILY_OK;
  EMILY__TRY(emily__t_str(run, value, &value));
  EMILY__TRY(emily__t_finish(run, put_escaped(run, &sink, value.string->text), &sink, out));
  out->markup = true;
  return EMILY_OK;
}
