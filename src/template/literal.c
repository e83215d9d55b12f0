/* literal.c: see literal.h. */
#include "template/literal.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 400 }; /* of a number; more is an error */

/* ---- numbers ---- */

static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* The end of digits of a base, single underscores between them; `at` itself where there are none. */
static size_t digits(const char *text, size_t count, size_t at, int base) {
  size_t end = at;
  for (size_t i = at; i < count; i++) {
    if (text[i] == '_' && i > at && text[i - 1] != '_') continue;
    if (digit_value(text[i]) >= base) break;
    end = i + 1;
  }
  return end;
}

/* Where an exponent at `at` ends; `at` where there is none. */
static size_t exponent(const char *text, size_t count, size_t at) {
  if (at >= count || (text[at] | 32) != 'e') return at;
  size_t begin = at + 1;
  if (begin < count && (text[begin] == '+' || text[begin] == '-')) begin++;
  size_t end = digits(text, count, begin, 10);
  return end > begin ? end : at;
}

static bool read_real(const char *text, size_t length, emily__tval *out) {
  char plain[DIGITS_MAX + 1];
  size_t n = 0;
  for (size_t i = 0; i < length; i++)
    if (text[i] != '_' && n < DIGITS_MAX) plain[n++] = text[i];
  plain[n] = '\0';
  *out = emily__t_real(strtod(plain, NULL));
  return n < DIGITS_MAX;
}

static bool read_integer(const char *text, size_t length, int base, emily__tval *out) {
  int64_t value = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '_') continue;
    if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit_value(text[i]), &value))
      return false;
  }
  *out = emily__t_int(value);
  return true;
}

bool emily__t_number(const char *text, size_t count, bool fraction, emily__tval *out, size_t *length, bool *real) {
  size_t whole = digits(text, count, 0, 10), end = whole;
  if (fraction && whole + 1 < count && text[whole] == '.' && digits(text, count, whole + 1, 10) > whole + 1)
    end = digits(text, count, whole + 1, 10);
  if (fraction) end = exponent(text, count, end);
  *real = end > whole;
  *length = end;
  if (*real) return read_real(text, end, out);
  int base = text[0] != '0' || count < 2 ? 10
             : (text[1] | 32) == 'x'     ? 16
             : (text[1] | 32) == 'o'     ? 8
             : (text[1] | 32) == 'b'     ? 2
                                         : 10;
  if (base != 10) {
    size_t begin = 2 + (count > 2 && text[2] == '_');
    end = digits(text, count, begin, base);
    if (end > begin) return *length = end, read_integer(text + 2, end - 2, base, out);
  }
  if (text[0] == '0') { /* zeros alone: "012" is two numbers, which the parser refuses */
    end = 1;
    while (end < whole && (text[end] == '0' || (text[end] == '_' && text[end + 1] == '0'))) end++;
    *length = end;
  }
  return read_integer(text, *length, 10, out);
}

/* ---- strings ---- */

typedef struct unescaper {
  const char *in;
  size_t count, at;
  char *out;
  size_t written;
  const char *problem;
} unescaper;

static void put(unescaper *u, int32_t code) { u->written += emily__utf8_encode(code, u->out + u->written); }

/* Up to `most` digits of a base, exactly `most` where `all`. */
static int32_t code_of(unescaper *u, size_t most, int base, bool all) {
  int64_t code = 0;
  size_t n = 0;
  for (; n < most && u->at < u->count && digit_value(u->in[u->at]) < base; n++)
    code = code * base + digit_value(u->in[u->at++]);
  if (all && n < most) u->problem = "a string holds a cut-off escape";
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    u->problem = "a string holds an escape that is no character";
  return u->problem ? 0 : (int32_t)code;
}

/* Python reads the text as ASCII with escapes: behind a backslash such a character stays an escape. */
static void put_foreign(unescaper *u) {
  char text[16];
  size_t used;
  int32_t code = emily__utf8_next(u->in + u->at, &used);
  const char *format = code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
  int n = snprintf(text, sizeof text, format, (unsigned)code);
  memcpy(u->out + u->written, text, (size_t)n);
  u->written += (size_t)n;
  u->at += used;
}

static void escape(unescaper *u) {
  static const char NAMES[] = "\\'\"abfnrtv", MEANT[] = "\\'\"\a\b\f\n\r\t\v";
  char c = u->in[u->at];
  const char *simple = c ? strchr(NAMES, c) : NULL;
  if ((unsigned char)c >= 0x80) return put_foreign(u);
  if (c >= '0' && c <= '7') return put(u, code_of(u, 3, 8, false));
  u->at++;
  if (c == '\n') return;
  if (simple) put(u, MEANT[simple - NAMES]);
  else if (c == 'x') put(u, code_of(u, 2, 16, true));
  else if (c == 'u') put(u, code_of(u, 4, 16, true));
  else if (c == 'U') put(u, code_of(u, 8, 16, true));
  else if (c == 'N') u->problem = "characters by name (\\N) are not supported";
  else put(u, '\\'), put(u, c);
}

bool emily__t_unescape(emily__arena *arena, emily__ttext in, emily__ttext *out, const char **problem) {
  /* The longest that two bytes and more can become: a backslash and a character of 2 bytes make 5 (of 3: 7, 4: 11).
   */
  unescaper u = {.in = in.data, .count = in.count};
  size_t room;
  if (!emily__mul_size(in.count, 3, &room) || !(u.out = emily__arena_alloc(arena, room + 4))) return false;
  while (u.at < u.count && !u.problem) {
    char c = u.in[u.at++];
    if (c == '\\' && u.at < u.count) escape(&u);
    else u.out[u.written++] = c;
  }
  *problem = u.problem;
  *out = (emily__ttext){u.out, u.written};
  return !u.problem;
}
