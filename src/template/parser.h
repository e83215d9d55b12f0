/* parser.h: what the parts of the parser share: statements (parser.c), expressions (parse_expression.c), primaries
 * (parse_primary.c) and what follows them (parse_postfix.c). */
#ifndef EMILY_TEMPLATE_PARSER_H
#define EMILY_TEMPLATE_PARSER_H

#include "template/syntax.h"

enum { EMILY__T_PARSE_DEPTH = 100 }; /* statements and brackets within each other */

typedef struct emily__tparser {
  const char *name;
  const emily__ttoken *at; /* the next token; the last one is END, and is never passed */
  emily__arena *arena;
  int depth;
  int loops;    /* that the statement stands in, within its macro */
  uint8_t uses; /* of caller, kwargs, varargs, in the macro so far */
} emily__tparser;

typedef EMILY__VEC(emily__tnode *) emily__tnode_list;

emily_status emily__tparse_fail(const emily__tparser *p, const char *format, ...) EMILY_PRINTF(2, 3);
emily_status emily__tparse_memory(const emily__tparser *p); /* the arena refused */
emily_status emily__tparse_node(const emily__tparser *p, emily__tnode_kind kind, emily__tnode **out);

/* A node of two others. */
emily_status emily__tparse_pair(const emily__tparser *p, emily__tnode_kind kind, int32_t line, emily__tnode *a,
                                emily__tnode *b, emily__tnode **out);

/* Moves a list into the arena, and frees it. */
emily_status emily__tparse_keep(const emily__tparser *p, emily__tnode_list *list, emily__tnodes *out);

static inline bool emily__tparse_is(const emily__tparser *p, emily__ttoken_kind kind) { return p->at->kind == kind; }
bool emily__tparse_is_name(const emily__tparser *p, const char *name);
bool emily__tparse_skip(emily__tparser *p, emily__ttoken_kind kind); /* passes it, where it is there */
bool emily__tparse_skip_name(emily__tparser *p, const char *name);
emily_status emily__tparse_expect(emily__tparser *p, emily__ttoken_kind kind, const char *what);
emily_status emily__tparse_expect_name(emily__tparser *p, emily__ttext *name);
emily_status emily__tparse_text(const emily__tparser *p, emily__ttext text, emily__tval *out);

/* choice: whether `x if y` may stand there (not behind `if` and `for … in`). */
emily_status emily__tparse_expression(emily__tparser *p, bool choice, emily__tnode **out);
emily_status emily__tparse_unary(emily__tparser *p, bool filters, emily__tnode **out);
emily_status emily__tparse_primary(emily__tparser *p, bool namespaces,
                                   emily__tnode **out); /* namespaces: `a.b` is NSREF */
emily_status emily__tparse_postfix(emily__tparser *p, emily__tnode **node);
emily_status emily__tparse_tuple(emily__tparser *p, bool choice, bool parentheses, emily__tnode **out);
emily_status emily__tparse_target(emily__tparser *p, bool namespaces, emily__tnode **out); /* of an assignment */
emily_status emily__tparse_filter(emily__tparser *p, emily__tnode *node, bool inline_start, emily__tnode **out);

#endif
