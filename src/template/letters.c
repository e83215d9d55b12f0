/* letters.c: see letters.h. Case comes from utf8proc, one character to one; what becomes several stands in
 * case_tables.h. */
#include "template/letters.h"

#include "base/utf8.h"
#include "template/case_tables.h"

#include <utf8proc.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define AMONG(table, c) among(table, COUNT(table), c)

static bool among(const case_range *table, size_t count, int32_t c) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > table[middle].last) low = middle + 1;
    else if (c < table[middle].first) high = middle;
    else return true;
  }
  return false;
}

static const special_case *special(int32_t c) {
  size_t low = 0, high = COUNT(special_cases);
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > special_cases[middle].code) low = middle + 1;
    else if (c < special_cases[middle].code) high = middle;
    else return &special_cases[middle];
  }
  return NULL;
}

static bool has(int32_t c, unsigned categories) { return categories >> utf8proc_category(c) & 1; }

#define LETTERS                                                                           \
  (1u << UTF8PROC_CATEGORY_LU | 1u << UTF8PROC_CATEGORY_LL | 1u << UTF8PROC_CATEGORY_LT | \
   1u << UTF8PROC_CATEGORY_LM | 1u << UTF8PROC_CATEGORY_LO)
#define NUMBERS (1u << UTF8PROC_CATEGORY_ND | 1u << UTF8PROC_CATEGORY_NL | 1u << UTF8PROC_CATEGORY_NO)
#define UNPRINTABLE                                                                       \
  (1u << UTF8PROC_CATEGORY_CN | 1u << UTF8PROC_CATEGORY_CC | 1u << UTF8PROC_CATEGORY_CF | \
   1u << UTF8PROC_CATEGORY_CS | 1u << UTF8PROC_CATEGORY_CO | 1u << UTF8PROC_CATEGORY_ZL | \
   1u << UTF8PROC_CATEGORY_ZP | 1u << UTF8PROC_CATEGORY_ZS)
#define IGNORABLE                                                                         \
  (1u << UTF8PROC_CATEGORY_MN | 1u << UTF8PROC_CATEGORY_ME | 1u << UTF8PROC_CATEGORY_CF | \
   1u << UTF8PROC_CATEGORY_LM | 1u << UTF8PROC_CATEGORY_SK)

bool emily__t_is_space(int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool emily__t_is_printable(int32_t c) { return c < 0x80 ? c >= ' ' && c < 0x7F : !has(c, UNPRINTABLE); }
bool emily__t_is_alpha(int32_t c) { return has(c, LETTERS); }
bool emily__t_is_decimal(int32_t c) { return has(c, 1u << UTF8PROC_CATEGORY_ND); }
bool emily__t_is_digit(int32_t c) { return emily__t_is_decimal(c) || AMONG(other_digits, c); }
bool emily__t_is_numeric(int32_t c) { return has(c, NUMBERS) || AMONG(other_numeric, c); }
bool emily__t_is_lower(int32_t c) { return has(c, 1u << UTF8PROC_CATEGORY_LL) || AMONG(other_lower, c); }
bool emily__t_is_upper(int32_t c) { return has(c, 1u << UTF8PROC_CATEGORY_LU) || AMONG(other_upper, c); }
bool emily__t_is_title(int32_t c) { return has(c, 1u << UTF8PROC_CATEGORY_LT); }
bool emily__t_is_cased(int32_t c) { return emily__t_is_lower(c) || emily__t_is_upper(c) || emily__t_is_title(c); }

static bool put(emily__str *out, int32_t code) {
  char bytes[4];
  return emily__str_append(out, bytes, emily__utf8_encode(code, bytes));
}

static bool put_all(emily__str *out, const int32_t *codes) {
  for (int i = 0; i < EMILY__T_CASE_MAX && codes[i]; i++)
    if (!put(out, codes[i])) return false;
  return true;
}

static bool put_folded(emily__str *out, int32_t c) {
  utf8proc_int32_t folded[4];
  int last = 0;
  utf8proc_ssize_t count = utf8proc_decompose_char(c, folded, 4, UTF8PROC_CASEFOLD, &last);
  if (count < 1 || count > 4) return put(out, c);
  for (utf8proc_ssize_t i = 0; i < count; i++)
    if (!put(out, folded[i])) return false;
  return true;
}

static bool put_case(emily__str *out, int32_t c, emily__tcase to) {
  if (to == EMILY__T_FOLD) return put_folded(out, c);
  if (to == EMILY__T_LOWER) return c == 0x130 ? put(out, 'i') && put(out, 0x307) : put(out, utf8proc_tolower(c));
  const special_case *several = c < 0x80 ? NULL : special(c);
  if (several) return put_all(out, to == EMILY__T_UPPER ? several->upper : several->title);
  return put(out, to == EMILY__T_UPPER ? utf8proc_toupper(c) : utf8proc_totitle(c));
}

/* Case_Ignorable, near enough: marks, format characters, modifiers, and what stands inside words. */
static bool is_ignorable(int32_t c) {
  return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xB7 || c == 0x387 || c == 0x55F ||
         c == 0x5F4 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027 || c == 0xFE13 || c == 0xFE52 ||
         c == 0xFE55 || c == 0xFF07 || c == 0xFF0E || c == 0xFF1A || has(c, IGNORABLE);
}

/* A sigma at text[at] ends its word: a cased letter stands before it, and none behind. */
static bool is_final(emily__ttext text, size_t at) {
  size_t used, i = at;
  int32_t c = 0;
  while (i > 0) {
    i = emily__utf8_back(text.data, i);
    c = emily__utf8_next(text.data + i, &used);
    if (!is_ignorable(c)) break;
    c = 0;
  }
  if (!c || !emily__t_is_cased(c)) return false;
  for (i = at + 2; i < text.count; i += used) {
    c = emily__utf8_next(text.data + i, &used);
    if (!is_ignorable(c)) return !emily__t_is_cased(c);
  }
  return true;
}

static bool put_at(emily__str *out, emily__ttext text, size_t at, int32_t c, emily__tcase to) {
  if (c == 0x3A3 && to == EMILY__T_LOWER) return put(out, is_final(text, at) ? 0x3C2 : 0x3C3);
  return put_case(out, c, to);
}

bool emily__t_change_case(emily__str *out, emily__ttext text, emily__tcase to) {
  size_t used;
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    if (!put_at(out, text, at, c, to)) return false;
  }
  return true;
}

bool emily__t_capitalize(emily__str *out, emily__ttext text) {
  size_t used;
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    if (!put_at(out, text, at, c, at ? EMILY__T_LOWER : EMILY__T_TITLECASE)) return false;
  }
  return true;
}

bool emily__t_title(emily__str *out, emily__ttext text) {
  size_t used;
  bool inside = false;
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    if (!put_at(out, text, at, c, inside ? EMILY__T_LOWER : EMILY__T_TITLECASE)) return false;
    inside = emily__t_is_cased(c);
  }
  return true;
}

bool emily__t_swap_case(emily__str *out, emily__ttext text) {
  size_t used;
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    bool good = emily__t_is_upper(c)   ? put_at(out, text, at, c, EMILY__T_LOWER)
                : emily__t_is_lower(c) ? put_case(out, c, EMILY__T_UPPER)
                                       : put(out, c);
    if (!good) return false;
  }
  return true;
}
