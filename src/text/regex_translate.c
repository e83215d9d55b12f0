/* regex_translate.c: a regular expression in Oniguruma's Ruby syntax, written anew for PCRE2 with the same meaning.
 *
 * One pass, a character at a time. What both read alike is copied. What they read differently is spelled out: \s, \w,
 * \d, \p{…} become classes of explicit ranges where PCRE2's idea or Unicode version differs; \h is a hex digit in Ruby;
 * (?m) lets the dot match newlines; {,n} counts from zero. What has no sure equal is refused by name. (Without regard
 * to case, Oniguruma also takes some letters for two, as ß for ss; PCRE2 does not, so such pairs are refused there.)
 */
#include "text/pattern.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

typedef struct translation {
  const char *source, *name;
  size_t length, at;
  bool branch_start; /* nothing stands before this in the group: where (?i) is not limited to what follows it */
  bool first_branch;
  bool ignores_case; /* (?i) was seen */
  const char *pair;  /* the first two letters seen that are one letter's folding */
  emily__str *out;
} translation;

#define SPACES "\\x09-\\x0D\\x20\\x85\\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"
#define NOT_SPACES                                                                                                    \
  "\\x00-\\x08\\x0E-\\x1F\\x21-\\x84\\x86-\\x9F\\xA1-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}"                  \
  "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{10FFFF}"

static emily_status memory(bool ok) { return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY; }
static emily_status put(translation *t, const char *text) { return memory(emily__str_puts(t->out, text)); }

static emily_status refuse(const translation *t, const char *what) {
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the regular expression \"%s\" has %s (near byte %zu), which "
                     "emily does not support", t->name, t->source, what, t->at);
}

static emily_status malformed(const translation *t, const char *what) {
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the regular expression \"%s\" is malformed near byte %zu: %s",
                     t->name, t->source, t->at, what);
}

static int peek(const translation *t, size_t ahead) {
  return ahead < t->length - t->at ? (unsigned char)t->source[t->at + ahead] : -1;
}

static bool looking_at(const translation *t, const char *text) {
  size_t length = strlen(text);
  return length <= t->length - t->at && memcmp(t->source + t->at, text, length) == 0;
}

static emily_status put_code(translation *t, int32_t code) {
  return memory(emily__str_printf(t->out, "\\x{%X}", (unsigned)code));
}

/* The names that a class can be built of: general categories, and the scripts in use; NULL for others. */
static const char *class_base(const char *name) {
  static const char *const categories[] = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl",
                                           "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk",
                                           "So", "Z",  "Zs", "Zl", "Zp", "Cc", "Cf", "Co"};
  for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
    if (!strcmp(categories[i], name)) return categories[i];
  return strcmp(name, "Han") ? NULL : "sc:Han";
}

/* The members of \p{name} (or of \w, named "w"), to stand inside brackets. */
static emily_status put_members(translation *t, const char *name) {
  if (!strcmp(name, "w")) EMILY__TRY(put(t, "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}"));
  else EMILY__TRY(memory(emily__str_printf(t->out, "\\p{%s}", class_base(name))));
  return memory(emily__class_extra(name, t->out));
}

/* \p{Name}, \p{^Name}, \P{Name}; the cursor is after the p. */
static emily_status read_property(translation *t, char name[16], bool *negated) {
  if (peek(t, 0) != '{') return refuse(t, "a \\p without braces");
  const char *from = t->source + t->at + 1, *close = memchr(from, '}', t->length - t->at - 1);
  if (!close) return malformed(t, "\\p{ is not closed");
  if (from < close && *from == '^') {
    *negated = !*negated;
    from++;
  }
  size_t length = (size_t)(close - from);
  if (length > 15) return refuse(t, "an unknown property");
  memcpy(name, from, length);
  name[length] = '\0';
  if (!class_base(name)) return refuse(t, "a property that is neither a general category nor Han");
  t->at = (size_t)(close + 1 - t->source);
  return EMILY_OK;
}

static emily_status put_class_escape(translation *t, const char *name, bool negated, bool in_class) {
  bool space = !strcmp(name, "s");
  if (in_class && negated && !space) return refuse(t, "a negated class inside brackets");
  if (!in_class) EMILY__TRY(put(t, negated && !space ? "[^" : "["));
  if (space) EMILY__TRY(put(t, negated ? NOT_SPACES : SPACES));
  else EMILY__TRY(put_members(t, name));
  return in_class ? EMILY_OK : put(t, "]");
}

static emily_status put_hex(translation *t) {
  char digits[9] = {0};
  size_t count = 0, skip = 0, most = t->source[t->at - 1] == 'u' ? 4 : 2;
  bool braces = most == 2 && peek(t, 0) == '{';
  if (braces) skip = 1, most = 8;
  while (count < most && peek(t, skip + count) > 0 && strchr("0123456789abcdefABCDEF", peek(t, skip + count))) {
    digits[count] = (char)peek(t, skip + count);
    count++;
  }
  unsigned long code = strtoul(digits, NULL, 16);
  if (!count || (braces && peek(t, 1 + count) != '}') || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
    return malformed(t, "not a code point");
  if (!braces && most == 2 && code > 0x7F) return refuse(t, "a raw byte");
  t->at += skip + count + (braces ? 1 : 0);
  return put_code(t, (int32_t)code);
}

/* \b: after a word character and not before one, or the other way round; \B: on neither or both sides. */
static emily_status put_word_boundary(translation *t, bool negated) {
  static const char *const parts[2][4] = {{"(?:(?<=", ")(?!", ")|(?<!", ")(?="}, {"(?:(?<=", ")(?=", ")|(?<!", ")(?!"}};
  for (int i = 0; i < 4; i++) {
    EMILY__TRY(put(t, parts[negated][i]));
    EMILY__TRY(put_class_escape(t, "w", false, false));
  }
  return put(t, "))");
}

static emily_status put_literal_escape(translation *t, int c) {
  static const struct {
    char letter, code;
  } controls[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'f', '\f'}, {'v', '\v'}, {'a', '\a'}, {'e', 27}};
  for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
    if (controls[i].letter == c) return put_code(t, controls[i].code);
  if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')) return refuse(t, "an unknown escape");
  t->at--;
  size_t used;
  int32_t code = emily__utf8_next(t->source + t->at, &used);
  t->at += used;
  return put_code(t, code);
}

/* After a backslash. */
static emily_status put_escape(translation *t, bool in_class) {
  int c = peek(t, 0);
  if (c < 0) return malformed(t, "a backslash at the end");
  t->at++;
  char name[16];
  bool negated = c == 'P';
  switch (c) {
    case 's': return put_class_escape(t, "s", false, in_class);
    case 'S': return put_class_escape(t, "s", true, in_class);
    case 'w': return put_class_escape(t, "w", false, in_class);
    case 'W': return put_class_escape(t, "w", true, in_class);
    case 'd': return put_class_escape(t, "Nd", false, in_class);
    case 'D': return put_class_escape(t, "Nd", true, in_class);
    case 'h': return put(t, in_class ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
    case 'p':
    case 'P':
      EMILY__TRY(read_property(t, name, &negated));
      return put_class_escape(t, name, negated, in_class);
    case 'x':
    case 'u': return put_hex(t);
    case 'A': return in_class ? refuse(t, "\\A inside brackets") : put(t, "\\A");
    case 'z': return in_class ? refuse(t, "\\z inside brackets") : put(t, "\\z");
    case 'b':
    case 'B': return in_class ? refuse(t, "\\b inside brackets") : put_word_boundary(t, c == 'B');
    default:
      if (c >= '1' && c <= '9' && !in_class) return memory(emily__str_printf(t->out, "\\g{%c}", c));
      return put_literal_escape(t, c);
  }
}

/* After an opening bracket. */
static emily_status put_class(translation *t) {
  EMILY__TRY(put(t, "["));
  if (peek(t, 0) == '^') {
    t->at++;
    EMILY__TRY(put(t, "^"));
  }
  for (bool first = true;; first = false) {
    int c = peek(t, 0);
    if (c < 0) return malformed(t, "a bracket is not closed");
    if (c == '[') return refuse(t, looking_at(t, "[:") ? "a POSIX bracket" : "brackets inside brackets");
    if (looking_at(t, "&&")) return refuse(t, "an intersection (&&)");
    t->at++;
    if (c == ']' && !first) return put(t, "]");
    if (c == '\\') EMILY__TRY(put_escape(t, true));
    else if (c == ']' || c == '^') EMILY__TRY(put_code(t, c));
    else EMILY__TRY(memory(emily__str_append(t->out, &t->source[t->at - 1], 1)));
  }
}

/* (?imx-imx) and (?imx-imx: ; the cursor is after "(?". */
static emily_status put_options(translation *t) {
  EMILY__TRY(put(t, "(?"));
  for (;; t->at++) {
    int c = peek(t, 0);
    t->ignores_case |= c == 'i';
    if (c == 'i' || c == '-') EMILY__TRY(put(t, c == 'i' ? "i" : "-"));
    else if (c == 'm') EMILY__TRY(put(t, "s"));
    else if (c == ':' || c == ')') break;
    else return refuse(t, "a group of this kind");
  }
  bool group = peek(t, 0) == ':';
  /* Ruby's a|(?i)b|c is a|(?i:b|c); only where both mean the whole group is it taken. */
  if (!group && !(t->branch_start && t->first_branch)) return refuse(t, "options in the middle of a group");
  t->at++;
  return put(t, group ? ":" : ")");
}

/* After an opening parenthesis. */
static emily_status put_group(translation *t) {
  static const char *const alike[] = {"?:", "?=", "?!", "?>", "?<=", "?<!"};
  bool opens = true;
  for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
    if (!looking_at(t, alike[i])) continue;
    t->at += strlen(alike[i]);
    EMILY__TRY(memory(emily__str_printf(t->out, "(%s", alike[i])));
    goto opened;
  }
  if (peek(t, 0) == '*') return malformed(t, "nothing to repeat");
  if (peek(t, 0) == '?') {
    t->at++;
    EMILY__TRY(put_options(t));
    opens = t->source[t->at - 1] == ':';
  } else EMILY__TRY(put(t, "("));
opened:
  if (opens) t->branch_start = t->first_branch = true;
  return EMILY_OK;
}

/* After an opening brace: {n}, {n,}, {n,m}, {,m}; anything else is a literal brace. */
static emily_status put_interval(translation *t) {
  size_t i = 0, low = 0, high = 0;
  while (peek(t, i) >= '0' && peek(t, i) <= '9') i++, low++;
  bool comma = peek(t, i) == ',';
  if (comma) i++;
  while (comma && peek(t, i) >= '0' && peek(t, i) <= '9') i++, high++;
  if (peek(t, i) != '}' || (!low && !high)) return put(t, "\\{");
  if (low > 5 || high > 5) return refuse(t, "so large a repetition");
  EMILY__TRY(put(t, low ? "{" : "{0"));
  EMILY__TRY(memory(emily__str_append(t->out, t->source + t->at, i + 1)));
  t->at += i + 1;
  if (peek(t, 0) == '+') return refuse(t, "a + after an interval");
  if (peek(t, 0) == '?' && !comma) return refuse(t, "a ? after {n}");
  return EMILY_OK;
}

/* ß, ﬀ, ﬁ, ﬂ and ﬆ fold to two letters. */
static void note_folded_pair(translation *t, int c) {
  static const char *const pairs[] = {"ss", "ff", "fi", "fl", "st"};
  int next = peek(t, 0);
  for (size_t i = 0; next > 0 && i < sizeof pairs / sizeof pairs[0]; i++)
    if ((c | 32) == pairs[i][0] && (next | 32) == pairs[i][1]) t->pair = pairs[i];
}

static emily_status put_next(translation *t) {
  int c = peek(t, 0);
  t->at++;
  bool was_start = t->branch_start;
  if (c != '(') t->branch_start = false;
  switch (c) {
    case '\\': return put_escape(t, false);
    case '[': return put_class(t);
    case '(': {
      EMILY__TRY(put_group(t));
      if (t->source[t->at - 1] == ')') t->branch_start = was_start;
      return EMILY_OK;
    }
    case '|':
      t->branch_start = true;
      t->first_branch = false;
      return put(t, "|");
    case ')': t->first_branch = false; return put(t, ")");
    case '{': return put_interval(t);
    case '#':
    case ']':
    case '}': return put_code(t, c);
    default:
      note_folded_pair(t, c);
      return memory(emily__str_append(t->out, &t->source[t->at - 1], 1));
  }
}

emily_status emily__regex_translate(const char *source, size_t length, const char *name, emily__str *out) {
  translation t = {.source = source, .name = name, .length = length, .branch_start = true, .first_branch = true,
                   .out = out};
  if (memchr(source, 0, length)) return refuse(&t, "a NUL");
  EMILY__TRY(put(&t, ""));
  while (t.at < length) EMILY__TRY(put_next(&t));
  return t.ignores_case && t.pair ? refuse(&t, "two letters that (?i) also takes for one (ss, ff, fi, fl, st)") : EMILY_OK;
}
