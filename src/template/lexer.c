/* lexer.c: see lexer.h. */
#include "template/lexer.h"

#include "base/utf8.h"
#include "template/letters.h"
#include "template/literal.h"

#include <string.h>

enum { NESTING_MAX = 512 };

typedef struct lexer {
  const char *name, *text;
  size_t count, at;
  int32_t line;
  bool line_starting;     /* what was read last ends with a newline, or nothing was read */
  char open[NESTING_MAX]; /* brackets that wait for their ends */
  size_t depth;
  emily__arena *arena;
  emily__ttokens *tokens;
} lexer;

bool emily__tlex_normalize(emily__arena *arena, const char *text, size_t length, emily__ttext *out) {
  char *copy = emily__arena_alloc(arena, length);
  size_t count = 0;
  if (!copy) return false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n') continue;
    copy[count++] = text[i] == '\r' ? '\n' : text[i];
  }
  if (count && copy[count - 1] == '\n') count--;
  *out = (emily__ttext){copy, count};
  return true;
}

static emily_status fail(const lexer *l, const char *problem) {
  return emily__fail(EMILY_BAD_FORMAT, "template", "%s, line %d: %s", l->name, l->line, problem);
}

static bool here(const lexer *l, size_t at, const char *mark) {
  size_t count = strlen(mark);
  return l->count - at >= count && !memcmp(l->text + at, mark, count);
}

/* The end of the white space that begins at `at`. */
static size_t skip_space(const lexer *l, size_t at) {
  while (at < l->count) {
    size_t used;
    if (!emily__t_is_space(emily__utf8_next(l->text + at, &used))) break;
    at += used;
  }
  return at;
}

static size_t back_over_space(const lexer *l, size_t begin, size_t end) {
  while (end > begin) {
    size_t last = emily__utf8_back(l->text, end), used;
    if (!emily__t_is_space(emily__utf8_next(l->text + last, &used))) break;
    end = last;
  }
  return end;
}

/* Moves on to `at`. */
static void pass(lexer *l, size_t at) {
  for (size_t i = l->at; i < at; i++) l->line += l->text[i] == '\n';
  if (at > l->at) l->line_starting = l->text[at - 1] == '\n';
  l->at = at;
}

static emily_status push(lexer *l, emily__ttoken_kind kind, emily__ttext text) {
  emily__ttoken token = {.kind = (uint8_t)kind, .line = l->line, .text = text};
  return emily__vec_push(l->tokens, token) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The text before a tag, cut as the tag's sign and lstrip_blocks say. */
static emily_status push_data(lexer *l, size_t end, char sign, bool strips) {
  size_t begin = l->at, kept = end;
  if (sign == '-') kept = back_over_space(l, begin, end);
  else if (sign != '+' && strips) {
    size_t start = end;
    while (start > begin && l->text[start - 1] != '\n') start--;
    if ((start > begin || l->line_starting) && start < end && back_over_space(l, start, end) == start) kept = start;
  }
  if (kept > begin) EMILY__TRY(push(l, EMILY__TK_DATA, (emily__ttext){l->text + begin, kept - begin}));
  pass(l, end);
  return EMILY_OK;
}

/* ---- ends of blocks and comments: "+%}", "-%}" and white space, "%}" and a newline ---- */

/* Where the rest goes on behind `mark` at `at`; 0: it is not there. */
static size_t end_of(const lexer *l, size_t at, const char *mark, bool trims) {
  if (at < l->count && l->text[at] == '-' && here(l, at + 1, mark)) return skip_space(l, at + 3);
  if (trims && at < l->count && l->text[at] == '+' && here(l, at + 1, mark)) return at + 3;
  if (!here(l, at, mark)) return 0;
  return at + 2 + (trims && at + 2 < l->count && l->text[at + 2] == '\n');
}

static char sign_at(const lexer *l, size_t at) {
  return at < l->count && (l->text[at] == '-' || l->text[at] == '+') ? l->text[at] : 0;
}

static emily_status comment(lexer *l, size_t begin) {
  for (size_t at = begin; at < l->count; at++) {
    size_t end = l->text[at] == '#' || l->text[at] == '-' || l->text[at] == '+' ? end_of(l, at, "#}", true) : 0;
    if (end) return pass(l, end), EMILY_OK;
  }
  return fail(l, "a comment has no end");
}

/* ---- raw ---- */

/* Behind "{%", a sign, "raw" or "endraw": 0 where that is not what stands at `at`. */
static size_t raw_word(const lexer *l, size_t at, const char *word) {
  if (!here(l, at, "{%")) return 0;
  at = skip_space(l, at + 2 + (sign_at(l, at + 2) != 0));
  return here(l, at, word) ? skip_space(l, at + strlen(word)) : 0;
}

static size_t raw_begin(const lexer *l, size_t at) {
  size_t end = raw_word(l, at, "raw");
  return end ? end_of(l, end, "%}", false) : 0;
}

static emily_status raw(lexer *l, size_t begin) {
  pass(l, begin);
  for (size_t at = begin; at < l->count; at++) {
    size_t end = l->text[at] == '{' ? raw_word(l, at, "endraw") : 0;
    if (end) end = end_of(l, end, "%}", true);
    if (!end) continue;
    EMILY__TRY(push_data(l, at, sign_at(l, at + 2), true));
    return pass(l, end), EMILY_OK;
  }
  return fail(l, "raw has no endraw");
}

/* ---- inside tags ---- */

static const struct {
  char text[3];
  uint8_t kind;
} SIGNS[] = {{"//", EMILY__TK_FLOORDIV}, {"**", EMILY__TK_POW},     {"==", EMILY__TK_EQ},    {"!=", EMILY__TK_NE},
             {">=", EMILY__TK_GE},       {"<=", EMILY__TK_LE},      {"+", EMILY__TK_ADD},    {"-", EMILY__TK_SUB},
             {"/", EMILY__TK_DIV},       {"*", EMILY__TK_MUL},      {"%", EMILY__TK_MOD},    {"~", EMILY__TK_TILDE},
             {"[", EMILY__TK_LBRACKET},  {"]", EMILY__TK_RBRACKET}, {"(", EMILY__TK_LPAREN}, {")", EMILY__TK_RPAREN},
             {"{", EMILY__TK_LBRACE},    {"}", EMILY__TK_RBRACE},   {">", EMILY__TK_GT},     {"<", EMILY__TK_LT},
             {"=", EMILY__TK_ASSIGN},    {".", EMILY__TK_DOT},      {":", EMILY__TK_COLON},  {"|", EMILY__TK_PIPE},
             {",", EMILY__TK_COMMA},     {";", EMILY__TK_SEMICOLON}};

static emily_status balance(lexer *l, char sign) {
  const char *opening = "([{", *closing = ")]}", *found;
  if ((found = strchr(opening, sign))) {
    if (l->depth == NESTING_MAX) return fail(l, "brackets are nested too deep");
    l->open[l->depth++] = closing[found - opening];
  } else if (strchr(closing, sign)) {
    if (!l->depth || l->open[--l->depth] != sign) return fail(l, "a bracket is closed that was not opened");
  }
  return EMILY_OK;
}

static emily_status sign(lexer *l) {
  for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++) {
    if (!here(l, l->at, SIGNS[i].text)) continue;
    size_t length = strlen(SIGNS[i].text);
    if (length == 1) EMILY__TRY(balance(l, SIGNS[i].text[0]));
    EMILY__TRY(push(l, SIGNS[i].kind, (emily__ttext){l->text + l->at, length}));
    return pass(l, l->at + length), EMILY_OK;
  }
  return emily__fail(EMILY_BAD_FORMAT, "template", "%s, line %d: an unexpected character, '%.*s'", l->name, l->line,
                     1, l->text + l->at);
}

static bool is_name_byte(char c) {
  return (unsigned char)c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static emily_status name(lexer *l) {
  size_t end = l->at;
  while (end < l->count && is_name_byte(l->text[end])) end++;
  EMILY__TRY(push(l, EMILY__TK_NAME, (emily__ttext){l->text + l->at, end - l->at}));
  return pass(l, end), EMILY_OK;
}

static emily_status number(lexer *l) {
  emily__ttoken token = {.line = l->line};
  bool after_dot = l->at && l->text[l->at - 1] == '.', real;
  size_t length;
  if (!emily__t_number(l->text + l->at, l->count - l->at, !after_dot, &token.number, &length, &real))
    return fail(l, "a number is too large");
  token.kind = real ? EMILY__TK_REAL : EMILY__TK_INT;
  token.text = (emily__ttext){l->text + l->at, length};
  if (!emily__vec_push(l->tokens, token)) return EMILY_OUT_OF_MEMORY;
  return pass(l, l->at + length), EMILY_OK;
}

static emily_status string(lexer *l) {
  size_t end = l->at + 1;
  emily__ttext text;
  while (end < l->count && l->text[end] != l->text[l->at]) end += l->text[end] == '\\' ? 2 : 1;
  if (end >= l->count) return fail(l, "a string has no end");
  const char *problem = NULL;
  bool room = emily__t_unescape(l->arena, (emily__ttext){l->text + l->at + 1, end - l->at - 1}, &text, &problem);
  if (problem) return fail(l, problem);
  if (!room) return l->arena->exceeded ? fail(l, "the template is too large") : EMILY_OUT_OF_MEMORY;
  EMILY__TRY(push(l, EMILY__TK_STRING, text));
  return pass(l, end + 1), EMILY_OK;
}

static emily_status expression_token(lexer *l) {
  char c = l->text[l->at];
  if (c >= '0' && c <= '9') return number(l);
  if (c == '\'' || c == '"') return string(l);
  return is_name_byte(c) ? name(l) : sign(l);
}

/* From behind "{%" or "{{" to behind its end. */
static emily_status tag(lexer *l, const char *mark, bool block) {
  l->depth = 0;
  EMILY__TRY(push(l, block ? EMILY__TK_BLOCK_BEGIN : EMILY__TK_PRINT_BEGIN, (emily__ttext){mark, 2}));
  pass(l, l->at + 2 + (sign_at(l, l->at + 2) != 0));
  for (;;) {
    size_t end = l->depth ? 0 : end_of(l, l->at, mark, block);
    if (end) {
      EMILY__TRY(push(l, block ? EMILY__TK_BLOCK_END : EMILY__TK_PRINT_END, (emily__ttext){mark, 2}));
      return pass(l, end), EMILY_OK;
    }
    size_t solid = skip_space(l, l->at);
    if (solid > l->at) {
      pass(l, solid);
      continue;
    }
    if (l->at >= l->count) return EMILY_OK; /* the parser says what is missing */
    EMILY__TRY(expression_token(l));
  }
}

/* The next tag's place; the text's end where there is none. */
static size_t find_tag(const lexer *l) {
  size_t at = l->at;
  while (at < l->count) {
    const char *brace = memchr(l->text + at, '{', l->count - at);
    if (!brace) return l->count;
    at = (size_t)(brace - l->text);
    if (at + 1 < l->count && strchr("%{#", l->text[at + 1]) && l->text[at + 1]) return at;
    at++;
  }
  return l->count;
}

static emily_status step(lexer *l) {
  size_t at = find_tag(l);
  if (at == l->count) return push_data(l, at, '+', false);
  char kind = l->text[at + 1];
  EMILY__TRY(push_data(l, at, sign_at(l, at + 2), kind != '{'));
  size_t verbatim = kind == '%' ? raw_begin(l, at) : 0;
  if (verbatim) return raw(l, verbatim);
  if (kind == '#') return comment(l, at + 2 + (sign_at(l, at + 2) != 0));
  return kind == '%' ? tag(l, "%}", true) : tag(l, "}}", false);
}

emily_status emily__tlex(const char *template_name, emily__ttext source, emily__arena *arena,
                         emily__ttokens *tokens) {
  lexer l = {.name = template_name,
             .text = source.data,
             .count = source.count,
             .line = 1,
             .line_starting = true,
             .arena = arena,
             .tokens = tokens};
  while (l.at < l.count) EMILY__TRY(step(&l));
  return push(&l, EMILY__TK_END, EMILY__T_LITERAL(""));
}
