/* unicode.c: see unicode.h. */
#include "text/unicode.h"

#include "text/unicode_tables.h"

#include <string.h>
#include <utf8proc.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool among(const unicode_range *table, size_t count, int32_t c) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > table[middle].last) low = middle + 1;
    else if (c < table[middle].first) high = middle;
    else return true;
  }
  return false;
}

#define AMONG(table, c) among(table, COUNT(table), c)

bool emily__is_space(int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool emily__is_word(int32_t c) {
  if (c < 0x80) return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return AMONG(word_extra, c);
  }
}

bool emily__is_numeric(int32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ND || category == UTF8PROC_CATEGORY_NL || category == UTF8PROC_CATEGORY_NO ||
         AMONG(numeric_extra, c);
}

bool emily__is_punctuation(int32_t c) { return AMONG(punctuation, c); }

bool emily__is_bert_control(int32_t c) {
  return c == 0 || c == EMILY__UTF8_REPLACEMENT || AMONG(bert_control, c);
}

/* The blocks that BERT's own code lists; kana and hangul are not in them. */
bool emily__is_cjk(int32_t c) {
  if (c < 0x3400) return false;
  return c <= 0x4DBF || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool emily__is_nonspacing_mark(int32_t c) { return c >= 0x300 && AMONG(nonspacing_marks, c); }
bool emily__is_combining_mark(int32_t c) { return c >= 0x300 && AMONG(combining_marks, c); }
/* Nonspacing marks that Unicode 17 assigned; those of 15 and 16 are among the later categories. */
static const unicode_range marks_of_17[] = {{0x1ACF, 0x1ADD}, {0x1AE0, 0x1AEB}, {0x10EFA, 0x10EFB}, {0x11B60, 0x11B60}, {0x11B62, 0x11B64},
                                            {0x11B66, 0x11B66}, {0x1E6E3, 0x1E6E3}, {0x1E6E6, 0x1E6E6}, {0x1E6EE, 0x1E6EF}, {0x1E6F5, 0x1E6F5}};

bool emily__is_later_mark(int32_t c) {
  if (c < 0x897) return false;
  for (size_t i = 0; i < COUNT(later_categories); i++)
    if (c >= later_categories[i].first && c <= later_categories[i].last) return !strcmp(later_categories[i].category, "Mn");
  return AMONG(marks_of_17, c);
}

bool emily__is_inert(int32_t c) { return c >= 0x300 && AMONG(normalization_inert, c); }

int emily__lower(int32_t c, int32_t out[2]) {
  if (c < 0x80) return out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c, 1;
  if (c == 0x130) return out[0] = 'i', out[1] = 0x307, 2;
  for (size_t i = 0; i < COUNT(lower_extra); i++)
    if (c >= lower_extra[i].first && c <= lower_extra[i].last) return out[0] = c + lower_extra[i].shift, 1;
  return out[0] = utf8proc_tolower(c), 1;
}

static bool put_range(emily__str *out, int32_t first, int32_t last) {
  return emily__str_printf(out, "\\x{%X}-\\x{%X}", (unsigned)first, (unsigned)last);
}

static bool is_word_category(const char *category) {
  return category[0] == 'L' || category[0] == 'M' || !strcmp(category, "Nd") || !strcmp(category, "Nl") ||
         !strcmp(category, "Pc");
}

bool emily__class_extra(const char *name, emily__str *out) {
  bool word = !strcmp(name, "w");
  /* Ideographs of the extensions H and I, of Unicode 15 and 15.1. */
  if (!strcmp(name, "Han")) return put_range(out, 0x2EBF0, 0x2EE5D) && put_range(out, 0x31350, 0x323AF);
  for (size_t i = 0; word && i < COUNT(regex_word_extra); i++)
    if (!put_range(out, regex_word_extra[i].first, regex_word_extra[i].last)) return false;
  for (size_t i = 0; i < COUNT(later_categories); i++) {
    const unicode_category_range *range = &later_categories[i];
    bool in = word ? is_word_category(range->category) : !strncmp(range->category, name, strlen(name));
    if (in && !put_range(out, range->first, range->last)) return false;
  }
  return true;
}
