/* syntax.h: a template as a tree. Nodes lie in the template's arena and never change after parsing. */
#ifndef EMILY_TEMPLATE_SYNTAX_H
#define EMILY_TEMPLATE_SYNTAX_H

#include "template/lexer.h"

typedef enum emily__tnode_kind {
  /* expressions */
  EMILY__TN_CONST,   /* value */
  EMILY__TN_NAME,    /* name */
  EMILY__TN_TUPLE,   /* items */
  EMILY__TN_LIST,    /* items */
  EMILY__TN_DICT,    /* items: key, value, key, value … */
  EMILY__TN_GETATTR, /* a.name */
  EMILY__TN_GETITEM, /* a[b] */
  EMILY__TN_SLICE,   /* a[items[0]:items[1]:items[2]], each of them maybe NULL */
  EMILY__TN_CALL,    /* a(args) */
  EMILY__TN_FILTER,  /* a|name(args); a NULL: what the block holds */
  EMILY__TN_TEST,    /* a is name(args) */
  EMILY__TN_NOT,
  EMILY__TN_NEGATE,
  EMILY__TN_PLUS,
  EMILY__TN_BINARY,  /* a op b, op a token's kind */
  EMILY__TN_CONCAT,  /* items, with ~ between them */
  EMILY__TN_COMPARE, /* a, then each of items by its operator */
  EMILY__TN_AND,
  EMILY__TN_OR,
  EMILY__TN_CHOICE, /* b if a else c; c NULL: none */
  EMILY__TN_NSREF,  /* name.attribute, on the left of an assignment; the attribute is value */
  /* statements */
  EMILY__TN_DATA,         /* value, a text */
  EMILY__TN_OUTPUT,       /* a */
  EMILY__TN_IF,           /* if a: body else: orelse */
  EMILY__TN_FOR,          /* for a in b if c: body else: orelse */
  EMILY__TN_SET,          /* a = b */
  EMILY__TN_SET_BLOCK,    /* a = body, through the filter b (may be NULL) */
  EMILY__TN_MACRO,        /* name, signature, body */
  EMILY__TN_CALL_BLOCK,   /* a (a call), signature, body */
  EMILY__TN_FILTER_BLOCK, /* body through a */
  EMILY__TN_WITH,         /* items: target, value, target, value …; body */
  EMILY__TN_SCOPE,        /* body, by itself: generation */
  EMILY__TN_BREAK,
  EMILY__TN_CONTINUE
} emily__tnode_kind;

/* Comparison operators beside the tokens'. */
enum { EMILY__T_IN = 100, EMILY__T_NOT_IN = 101 };

/* What a macro's body names, and is given therefore. */
enum { EMILY__T_USES_CALLER = 1, EMILY__T_USES_KWARGS = 2, EMILY__T_USES_VARARGS = 4 };

typedef struct emily__tnode emily__tnode;

typedef struct emily__tnodes {
  emily__tnode **data;
  size_t count;
} emily__tnodes;

typedef struct emily__tcall_args {
  emily__tnodes positional, named;
  emily__tval *names;             /* of `named`, texts */
  emily__tnode *star, *star_star; /* *args and **kwargs, or NULL */
} emily__tcall_args;

typedef struct emily__tsignature {
  emily__tval *names; /* texts */
  size_t count;
  emily__tnodes defaults; /* of the last parameters */
  uint8_t uses;
} emily__tsignature;

struct emily__tnode {
  uint8_t kind, op;
  int32_t line;
  emily__ttext name;
  emily__tval value;
  emily__tnode *a, *b, *c;
  emily__tnodes items, body, orelse;
  const uint8_t *operators; /* of COMPARE, one an item */
  const emily__tcall_args *args;
  const emily__tsignature *signature;
  const emily__tbuiltin *builtin; /* of FILTER and TEST; NULL: there is none of that name */
};

/* EMILY_BAD_FORMAT, with name and line, where the template is not one, or uses what emily lacks (EMILY_UNSUPPORTED):
 * inheritance and imports, recursive loops. The tree lies in `arena`. */
emily_status emily__tparse(const char *name, emily__ttext source, emily__arena *arena, emily__tnodes *out);

#endif
