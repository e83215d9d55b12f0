/* parse_postfix.c: signs, and what follows a primary: attributes, items, slices, calls, filters, tests. */
#include "template/builtin.h"
#include "template/parser.h"

#include <string.h>

static emily_status parse_bound(emily__tparser *p, emily__tnode **out) {
  *out = NULL;
  if (emily__tparse_is(p, EMILY__TK_COLON) || emily__tparse_is(p, EMILY__TK_RBRACKET) ||
      emily__tparse_is(p, EMILY__TK_COMMA))
    return EMILY_OK;
  return emily__tparse_expression(p, true, out);
}

/* first: what stood before the colon, or NULL. */
static emily_status parse_slice(emily__tparser *p, emily__tnode *object, emily__tnode *first, emily__tnode **out) {
  EMILY__TRY(emily__tparse_pair(p, EMILY__TN_SLICE, p->at->line, object, NULL, out));
  emily__tnode **bounds = emily__arena_array(p->arena, 3, sizeof *bounds);
  if (!bounds) return emily__tparse_memory(p);
  bounds[0] = first;
  bounds[2] = NULL;
  (*out)->items = (emily__tnodes){bounds, 3};
  p->at++; /* the colon */
  EMILY__TRY(parse_bound(p, &bounds[1]));
  if (emily__tparse_skip(p, EMILY__TK_COLON)) EMILY__TRY(parse_bound(p, &bounds[2]));
  return EMILY_OK;
}

/* `a[b, c]`: the index is a tuple, and `first` its beginning. */
static emily_status parse_index_tuple(emily__tparser *p, emily__tnode *first, emily__tnode **out) {
  emily__tnode_list items = {0};
  emily__tnode *item;
  emily_status status =
      emily__vec_push(&items, first) ? emily__tparse_node(p, EMILY__TN_TUPLE, out) : EMILY_OUT_OF_MEMORY;
  while (status == EMILY_OK && emily__tparse_skip(p, EMILY__TK_COMMA)) {
    status = emily__tparse_expression(p, true, &item);
    if (status == EMILY_OK && !emily__vec_push(&items, item)) status = EMILY_OUT_OF_MEMORY;
  }
  if (status == EMILY_OK) status = emily__tparse_keep(p, &items, &(*out)->items);
  emily__vec_free(&items);
  return status;
}

static emily_status parse_index(emily__tparser *p, emily__tnode **node) {
  emily__tnode *index = NULL, *object = *node;
  int32_t line = p->at++->line;
  if (emily__tparse_is(p, EMILY__TK_COLON)) {
    EMILY__TRY(parse_slice(p, object, NULL, node));
  } else {
    EMILY__TRY(emily__tparse_expression(p, true, &index));
    if (emily__tparse_is(p, EMILY__TK_COMMA)) EMILY__TRY(parse_index_tuple(p, index, &index));
    if (emily__tparse_is(p, EMILY__TK_COLON)) EMILY__TRY(parse_slice(p, object, index, node));
    else EMILY__TRY(emily__tparse_pair(p, EMILY__TN_GETITEM, line, object, index, node));
  }
  return emily__tparse_expect(p, EMILY__TK_RBRACKET, "']'");
}

static emily_status parse_attribute(emily__tparser *p, emily__tnode **node) {
  int32_t line = p->at++->line;
  const emily__ttoken *token = p->at++;
  emily__tnode *index;
  if (token->kind == EMILY__TK_NAME) {
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_GETATTR, line, *node, NULL, node));
    (*node)->name = token->text;
    return emily__tparse_text(p, token->text, &(*node)->value);
  }
  p->at--;
  if (token->kind != EMILY__TK_INT) return emily__tparse_fail(p, "a name or a number must stand behind '.'");
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_CONST, &index));
  index->value = p->at++->number;
  return emily__tparse_pair(p, EMILY__TN_GETITEM, line, *node, index, node);
}

typedef struct arg_lists {
  emily__tnode_list positional, named;
  EMILY__VEC(emily__tval) names;
} arg_lists;

static emily_status parse_named_arg(emily__tparser *p, arg_lists *lists) {
  emily__tval name;
  emily__tnode *value;
  EMILY__TRY(emily__tparse_text(p, p->at->text, &name));
  p->at += 2;
  EMILY__TRY(emily__tparse_expression(p, true, &value));
  return emily__vec_push(&lists->named, value) && emily__vec_push(&lists->names, name) ? EMILY_OK
                                                                                       : EMILY_OUT_OF_MEMORY;
}

static emily_status parse_arg(emily__tparser *p, arg_lists *lists, emily__tcall_args *args) {
  bool named = emily__tparse_is(p, EMILY__TK_NAME) && p->at[1].kind == EMILY__TK_ASSIGN;
  bool star = emily__tparse_is(p, EMILY__TK_MUL), star_star = emily__tparse_is(p, EMILY__TK_POW);
  emily__tnode *value;
  if (args->star_star || (args->star && !named && !star_star) ||
      (lists->named.count && !named && !star && !star_star))
    return emily__tparse_fail(p, "the arguments of the call stand in a wrong order");
  if (star || star_star) return p->at++, emily__tparse_expression(p, true, star ? &args->star : &args->star_star);
  if (named) return parse_named_arg(p, lists);
  EMILY__TRY(emily__tparse_expression(p, true, &value));
  return emily__vec_push(&lists->positional, value) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status parse_arg_list(emily__tparser *p, arg_lists *lists, emily__tcall_args *args) {
  bool first = true;
  p->at++;
  while (!emily__tparse_is(p, EMILY__TK_RPAREN)) {
    if (!first) EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COMMA, "',' or ')'"));
    if (!first && emily__tparse_is(p, EMILY__TK_RPAREN)) break;
    EMILY__TRY(parse_arg(p, lists, args));
    first = false;
  }
  p->at++;
  return EMILY_OK;
}

static emily_status keep_args(emily__tparser *p, arg_lists *lists, emily__tcall_args *args) {
  args->names = emily__arena_array(p->arena, lists->names.count, sizeof *args->names);
  if (!args->names) return emily__tparse_memory(p);
  if (lists->names.count) memcpy(args->names, lists->names.data, lists->names.count * sizeof *args->names);
  EMILY__TRY(emily__tparse_keep(p, &lists->positional, &args->positional));
  return emily__tparse_keep(p, &lists->named, &args->named);
}

/* "(…)", which comes next. */
static emily_status parse_args(emily__tparser *p, const emily__tcall_args **out) {
  arg_lists lists = {0};
  emily__tcall_args *args = emily__arena_alloc(p->arena, sizeof *args);
  if (!args) return emily__tparse_memory(p);
  *args = (emily__tcall_args){0};
  emily_status status = parse_arg_list(p, &lists, args);
  if (!status) status = keep_args(p, &lists, args);
  emily__vec_free(&lists.positional);
  emily__vec_free(&lists.named);
  emily__vec_free(&lists.names);
  if (!status) *out = args;
  return status;
}

static emily_status parse_call(emily__tparser *p, emily__tnode **node) {
  EMILY__TRY(emily__tparse_pair(p, EMILY__TN_CALL, p->at->line, *node, NULL, node));
  return parse_args(p, &(*node)->args);
}

emily_status emily__tparse_postfix(emily__tparser *p, emily__tnode **node) {
  for (;;) {
    switch (p->at->kind) {
      case EMILY__TK_DOT: EMILY__TRY(parse_attribute(p, node)); break;
      case EMILY__TK_LBRACKET: EMILY__TRY(parse_index(p, node)); break;
      case EMILY__TK_LPAREN: EMILY__TRY(parse_call(p, node)); break;
      default: return EMILY_OK;
    }
  }
}

emily_status emily__tparse_filter(emily__tparser *p, emily__tnode *node, bool inline_start, emily__tnode **out) {
  while (inline_start || emily__tparse_is(p, EMILY__TK_PIPE)) {
    emily__tnode *filter;
    if (!inline_start) p->at++;
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_FILTER, p->at->line, node, NULL, &filter));
    EMILY__TRY(emily__tparse_expect_name(p, &filter->name));
    filter->builtin = emily__t_find_filter(filter->name);
    if (emily__tparse_is(p, EMILY__TK_LPAREN)) EMILY__TRY(parse_args(p, &filter->args));
    node = filter;
    inline_start = false;
  }
  *out = node;
  return EMILY_OK;
}

static bool begins_test_argument(const emily__tparser *p) {
  switch (p->at->kind) {
    case EMILY__TK_NAME:
      return !emily__tparse_is_name(p, "else") && !emily__tparse_is_name(p, "or") && !emily__tparse_is_name(p, "and");
    case EMILY__TK_STRING:
    case EMILY__TK_INT:
    case EMILY__TK_REAL:
    case EMILY__TK_LBRACKET:
    case EMILY__TK_LBRACE: return true;
    default: return false;
  }
}

/* `is even 2`-like: one argument without brackets. */
static emily_status parse_test_argument(emily__tparser *p, const emily__tcall_args **out) {
  emily__tcall_args *args = emily__arena_alloc(p->arena, sizeof *args);
  emily__tnode **nodes = args ? emily__arena_array(p->arena, 1, sizeof *nodes) : NULL;
  if (!nodes) return emily__tparse_memory(p);
  if (emily__tparse_is_name(p, "is")) return emily__tparse_fail(p, "tests with 'is' cannot be chained");
  EMILY__TRY(emily__tparse_primary(p, false, &nodes[0]));
  EMILY__TRY(emily__tparse_postfix(p, &nodes[0]));
  *args = (emily__tcall_args){.positional = {nodes, 1}};
  *out = args;
  return EMILY_OK;
}

static emily_status parse_test(emily__tparser *p, emily__tnode **node) {
  int32_t line = p->at++->line;
  bool negated = emily__tparse_skip_name(p, "not");
  emily__tnode *test;
  EMILY__TRY(emily__tparse_pair(p, EMILY__TN_TEST, line, *node, NULL, &test));
  EMILY__TRY(emily__tparse_expect_name(p, &test->name));
  test->builtin = emily__t_find_test(test->name);
  if (emily__tparse_is(p, EMILY__TK_LPAREN)) EMILY__TRY(parse_args(p, &test->args));
  else if (begins_test_argument(p)) EMILY__TRY(parse_test_argument(p, &test->args));
  *node = test;
  return negated ? emily__tparse_pair(p, EMILY__TN_NOT, line, test, NULL, node) : EMILY_OK;
}

static emily_status parse_filters_and_tests(emily__tparser *p, emily__tnode **node) {
  for (;;) {
    if (emily__tparse_is(p, EMILY__TK_PIPE)) EMILY__TRY(emily__tparse_filter(p, *node, false, node));
    else if (emily__tparse_is_name(p, "is")) EMILY__TRY(parse_test(p, node));
    else if (emily__tparse_is(p, EMILY__TK_LPAREN)) EMILY__TRY(parse_call(p, node));
    else return EMILY_OK;
  }
}

static emily_status parse_sign(emily__tparser *p, emily__tnode_kind kind, emily__tnode **out) {
  int32_t line = p->at++->line;
  emily__tnode *operand;
  if (++p->depth > EMILY__T_PARSE_DEPTH) return emily__tparse_fail(p, "expressions are nested too deep");
  EMILY__TRY(emily__tparse_unary(p, false, &operand));
  p->depth--;
  return emily__tparse_pair(p, kind, line, operand, NULL, out);
}

emily_status emily__tparse_unary(emily__tparser *p, bool filters, emily__tnode **out) {
  if (emily__tparse_is(p, EMILY__TK_SUB)) EMILY__TRY(parse_sign(p, EMILY__TN_NEGATE, out));
  else if (emily__tparse_is(p, EMILY__TK_ADD)) EMILY__TRY(parse_sign(p, EMILY__TN_PLUS, out));
  else EMILY__TRY(emily__tparse_primary(p, false, out));
  EMILY__TRY(emily__tparse_postfix(p, out));
  return filters ? parse_filters_and_tests(p, out) : EMILY_OK;
}
