/* einsum_parse.c: the text of an Einstein summation as labels of axes, checked beside the operands. */
#include "op/einsum.h"

#include "base/status.h"

#include <string.h>

/* A subscript as it is read: letters, and where "..." stands among them. */
typedef struct subscript {
  int32_t count, dots; /* dots: letters before "...", -1: there is none */
  char letter[EMILY__MAX_RANK];
} subscript;

typedef struct parser {
  const char *who, *at;
  emily__einsum *e;
  int32_t dots;        /* axes that "..." stands for, at most, in an operand */
  int32_t seen[128];   /* how often a letter occurs in operands */
  uint8_t label[128];  /* of a letter that occurs */
} parser;

#define REFUSE(p, ...) emily__fail(EMILY_INVALID_ARGUMENT, (p)->who, __VA_ARGS__)

static char peek(parser *p) {
  while (*p->at == ' ') p->at++;
  return *p->at;
}

static bool accept(parser *p, const char *text) {
  peek(p);
  const size_t n = strlen(text);
  if (strncmp(p->at, text, n) != 0) return false;
  p->at += n;
  return true;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Up to a comma, an arrow or the end. */
static emily_status read_subscript(parser *p, subscript *out) {
  *out = (subscript){.dots = -1};
  for (char c = peek(p); c && c != ',' && c != '-'; c = peek(p)) {
    if (is_letter(c)) {
      if (out->count == EMILY__MAX_RANK) return REFUSE(p, "%s: a subscript has at most %d letters", p->who, EMILY__MAX_RANK);
      out->letter[out->count++] = c;
      p->at++;
    } else if (!accept(p, "...")) {
      return REFUSE(p, "%s: subscripts are letters and \"...\", not '%c'", p->who, c);
    } else if (out->dots >= 0) {
      return REFUSE(p, "%s: a subscript has one \"...\" at most", p->who);
    } else {
      out->dots = out->count;
    }
  }
  return EMILY_OK;
}

static void add(emily__term *term, int32_t label) {
  term->label[term->count++] = (uint8_t)label;
  term->set |= (uint64_t)1 << label;
}

/* Labels of a subscript whose "..." stands for the last n of its axes: those are the first labels. */
static void expand(const parser *p, const subscript *s, int32_t n, emily__term *out) {
  *out = (emily__term){0};
  for (int32_t i = 0; i <= s->count; i++) {
    for (int32_t j = p->dots - n; i == s->dots && j < p->dots; j++) add(out, j);
    if (i < s->count) add(out, p->label[(int)s->letter[i]]);
  }
}

/* How many axes "..." stands for in operand i. */
static emily_status count_dots(parser *p, const subscript *s, const emily_array *x, int32_t i) {
  const int32_t n = x->ndim - s->count;
  if (n < 0 || (n > 0 && s->dots < 0))
    return REFUSE(p, "%s: operand %d has %d axes and %d subscripts", p->who, i, x->ndim, s->count);
  if (s->dots >= 0 && n > p->dots) p->dots = n;
  for (int32_t j = 0; j < s->count; j++) p->seen[(int)s->letter[j]]++;
  return EMILY_OK;
}

/* Labels: the axes of "...", then letters in the order of the alphabet, capitals first. */
static emily_status number_labels(parser *p) {
  p->e->labels = p->dots;
  for (int c = 'A'; c <= 'z'; c++)
    if (p->seen[c]) p->label[c] = (uint8_t)p->e->labels++;
  if (p->e->labels <= EMILY__EINSUM_LABELS) return EMILY_OK;
  return REFUSE(p, "%s: there are %d different axes; at most %d are taken", p->who, p->e->labels, EMILY__EINSUM_LABELS);
}

static emily_status take_extents(parser *p, const emily_array *x, const emily__term *term, int32_t i) {
  int64_t own[EMILY__EINSUM_LABELS];
  uint64_t met = 0;
  for (int32_t j = 0; j < term->count; j++) {
    const int32_t label = term->label[j];
    int64_t *all = &p->e->extent[label], n = x->dims[j];
    if ((met >> label & 1) && own[label] != n)
      return REFUSE(p, "%s: axes of operand %d that share a letter have extents %lld and %lld", p->who, i, (long long)own[label], (long long)n);
    met |= (uint64_t)1 << label;
    own[label] = n;
    if (*all < 0 || *all == 1) *all = n;
    else if (n != 1 && n != *all)
      return REFUSE(p, "%s: axis %d of operand %d has extent %lld, and its letter %lld elsewhere", p->who, j, i, (long long)n, (long long)*all);
  }
  return EMILY_OK;
}

/* What stands behind the arrow; without one, "..." and the letters that occur once. */
static emily_status read_result(parser *p) {
  subscript s;
  if (!peek(p)) {
    for (int32_t i = 0; i < p->dots; i++) add(&p->e->result, i);
    for (int c = 'A'; c <= 'z'; c++)
      if (p->seen[c] == 1) add(&p->e->result, p->label[c]);
    return EMILY_OK;
  }
  if (!accept(p, "->")) return REFUSE(p, "%s: \"->\" is expected before the result, not '%c'", p->who, *p->at);
  EMILY__TRY(read_subscript(p, &s));
  if (peek(p)) return REFUSE(p, "%s: '%c' after the result", p->who, *p->at);
  for (int32_t i = 0; i < s.count; i++) {
    if (!p->seen[(int)s.letter[i]]) return REFUSE(p, "%s: the result's letter '%c' is in no operand", p->who, s.letter[i]);
    if (memchr(s.letter, s.letter[i], (size_t)i)) return REFUSE(p, "%s: the result has the letter '%c' twice", p->who, s.letter[i]);
  }
  if (s.count + (s.dots >= 0 ? p->dots : 0) > EMILY__MAX_RANK) return REFUSE(p, "%s: an array has at most %d axes", p->who, EMILY__MAX_RANK);
  expand(p, &s, p->dots, &p->e->result);
  return EMILY_OK;
}

static emily_status read_operands(parser *p, subscript *s, emily_array *const *operands) {
  for (int32_t i = 0; i < p->e->operands; i++) {
    if (i && !accept(p, ",")) return REFUSE(p, "%s: %d operands and %d subscripts", p->who, p->e->operands, i);
    EMILY__TRY(read_subscript(p, &s[i]));
    EMILY__TRY(count_dots(p, &s[i], operands[i], i));
  }
  return peek(p) == ',' ? REFUSE(p, "%s: %d operands and more subscripts", p->who, p->e->operands) : EMILY_OK;
}

emily_status emily__einsum_parse(const char *who, const char *subscripts, emily_array *const *operands, int32_t count,
                                 emily__einsum *out) {
  parser p = {.who = who, .at = subscripts, .e = out};
  subscript s[EMILY__EINSUM_OPERANDS];
  *out = (emily__einsum){.operands = count};
  if (!subscripts) return REFUSE(&p, "%s: subscripts is NULL", who);
  if (count < 1 || count > EMILY__EINSUM_OPERANDS || !operands)
    return REFUSE(&p, "%s: %d operands; 1 to %d are taken", who, count, EMILY__EINSUM_OPERANDS);
  for (int32_t i = 0; i < count; i++)
    if (!operands[i]) return REFUSE(&p, "%s: operand %d is NULL", who, i);
  EMILY__TRY(read_operands(&p, s, operands));
  EMILY__TRY(number_labels(&p));
  for (int32_t i = 0; i < EMILY__EINSUM_LABELS; i++) out->extent[i] = -1;
  for (int32_t i = 0; i < count; i++) {
    expand(&p, &s[i], operands[i]->ndim - s[i].count, &out->operand[i]);
    EMILY__TRY(take_extents(&p, operands[i], &out->operand[i], i));
  }
  return read_result(&p);
}
