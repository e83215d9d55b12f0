/* lexer.h: a template's text into tokens, with Jinja's rules of white space.
 *
 * As Transformers sets Jinja: trim_blocks (the newline behind a block's or a comment's end is dropped), lstrip_blocks
 * (blanks between the start of a line and a block or comment are), no newline kept at the template's end; "-" in a
 * tag drops all white space on its side, "+" keeps what would be dropped. Line ends become "\n" first. What `raw`
 * encloses is text, comments give no token, and escapes in string literals are resolved.
 */
#ifndef EMILY_TEMPLATE_LEXER_H
#define EMILY_TEMPLATE_LEXER_H

#include "base/status.h"
#include "template/value.h"

typedef enum emily__ttoken_kind {
  EMILY__TK_END,
  EMILY__TK_DATA,
  EMILY__TK_BLOCK_BEGIN,
  EMILY__TK_BLOCK_END,
  EMILY__TK_PRINT_BEGIN,
  EMILY__TK_PRINT_END,
  EMILY__TK_NAME,
  EMILY__TK_STRING,
  EMILY__TK_INT,
  EMILY__TK_REAL,
  EMILY__TK_ADD,
  EMILY__TK_SUB,
  EMILY__TK_DIV,
  EMILY__TK_FLOORDIV,
  EMILY__TK_MUL,
  EMILY__TK_MOD,
  EMILY__TK_POW,
  EMILY__TK_TILDE,
  EMILY__TK_LBRACKET,
  EMILY__TK_RBRACKET,
  EMILY__TK_LPAREN,
  EMILY__TK_RPAREN,
  EMILY__TK_LBRACE,
  EMILY__TK_RBRACE,
  EMILY__TK_EQ,
  EMILY__TK_NE,
  EMILY__TK_GT,
  EMILY__TK_GE,
  EMILY__TK_LT,
  EMILY__TK_LE,
  EMILY__TK_ASSIGN,
  EMILY__TK_DOT,
  EMILY__TK_COLON,
  EMILY__TK_PIPE,
  EMILY__TK_COMMA,
  EMILY__TK_SEMICOLON
} emily__ttoken_kind;

typedef struct emily__ttoken {
  uint8_t kind;
  int32_t line;      /* from 1 */
  emily__ttext text; /* of data, names and strings: the characters meant; of numbers and signs: as written */
  emily__tval number;
} emily__ttoken;

typedef EMILY__VEC(emily__ttoken) emily__ttokens;

/* Texts of tokens lie in `arena` and in `source`, whose line ends are "\n" already; both must outlive the tokens.
 * EMILY_BAD_FORMAT names the line. The tokens end with one of kind END; emily__vec_free, also after a failure. */
emily_status emily__tlex(const char *name, emily__ttext source, emily__arena *arena, emily__ttokens *tokens);

/* As Jinja does before all else: "\r\n" and "\r" to "\n", and one newline at the end dropped. */
bool emily__tlex_normalize(emily__arena *arena, const char *text, size_t length, emily__ttext *out);

#endif
