/* parse_expression.c: expressions, by recursive descent in Jinja's order: choice, or, and, not, comparison, + -, ~,
 * * / // %, **, signs, then what follows a primary: attributes, items, calls, filters, tests. */
#include "template/builtin.h"
#include "template/parser.h"

#include <string.h>

static emily_status parse_unary(emily__tparser *p, bool filters, emily__tnode **out);
static emily_status parse_postfix(emily__tparser *p, emily__tnode **node);
static emily_status parse_primary(emily__tparser *p, bool namespaces, emily__tnode **out);

static emily_status binary(const emily__tparser *p, emily__tnode_kind kind, int32_t line, emily__tnode *a,
                           emily__tnode *b, emily__tnode **out) {
  EMILY__TRY(emily__tparse_node(p, kind, out));
  (*out)->line = line;
  (*out)->a = a;
  (*out)->b = b;
  return EMILY_OK;
}

/* ---- operators ---- */

static emily_status parse_pow(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_unary(p, true, out));
  while (emily__tparse_is(p, EMILY__TK_POW)) {
    int32_t line = p->at->line;
    emily__tnode *right;
    p->at++;
    EMILY__TRY(parse_unary(p, true, &right));
    EMILY__TRY(binary(p, EMILY__TN_BINARY, line, *out, right, out));
    (*out)->op = EMILY__TK_POW;
  }
  return EMILY_OK;
}

static emily_status parse_product(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_pow(p, out));
  for (;;) {
    uint8_t op = p->at->kind;
    int32_t line = p->at->line;
    emily__tnode *right;
    if (op != EMILY__TK_MUL && op != EMILY__TK_DIV && op != EMILY__TK_FLOORDIV && op != EMILY__TK_MOD) return EMILY_OK;
    p->at++;
    EMILY__TRY(parse_pow(p, &right));
    EMILY__TRY(binary(p, EMILY__TN_BINARY, line, *out, right, out));
    (*out)->op = op;
  }
}

static emily_status parse_rest_of_concat(emily__tparser *p, emily__tnode_list *items) {
  while (emily__tparse_skip(p, EMILY__TK_TILDE)) {
    emily__tnode *item;
    EMILY__TRY(parse_product(p, &item));
    if (!emily__vec_push(items, item)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static emily_status parse_concat(emily__tparser *p, emily__tnode **out) {
  emily__tnode_list items = {0};
  emily__tnode *node;
  EMILY__TRY(parse_product(p, out));
  if (!emily__tparse_is(p, EMILY__TK_TILDE)) return EMILY_OK;
  emily_status status = emily__tparse_node(p, EMILY__TN_CONCAT, &node);
  if (!status && !emily__vec_push(&items, *out)) status = EMILY_OUT_OF_MEMORY;
  if (!status) status = parse_rest_of_concat(p, &items);
  if (!status) status = emily__tparse_keep(p, &items, &node->items);
  emily__vec_free(&items);
  if (!status) *out = node;
  return status;
}

static emily_status parse_sum(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_concat(p, out));
  while (emily__tparse_is(p, EMILY__TK_ADD) || emily__tparse_is(p, EMILY__TK_SUB)) {
    uint8_t op = p->at->kind;
    int32_t line = p->at->line;
    emily__tnode *right;
    p->at++;
    EMILY__TRY(parse_concat(p, &right));
    EMILY__TRY(binary(p, EMILY__TN_BINARY, line, *out, right, out));
    (*out)->op = op;
  }
  return EMILY_OK;
}

/* The comparison operator that comes next, passed; 0: none. */
static uint8_t comparison(emily__tparser *p) {
  uint8_t kind = p->at->kind;
  if (kind == EMILY__TK_EQ || kind == EMILY__TK_NE || kind == EMILY__TK_GT || kind == EMILY__TK_GE || kind == EMILY__TK_LT ||
      kind == EMILY__TK_LE)
    return p->at++, kind;
  if (emily__tparse_skip_name(p, "in")) return EMILY__T_IN;
  if (emily__tparse_is_name(p, "not") && p->at[1].kind == EMILY__TK_NAME && emily__ttext_is(p->at[1].text, "in"))
    return p->at += 2, EMILY__T_NOT_IN;
  return 0;
}

static emily_status parse_operands(emily__tparser *p, emily__tnode_list *items, emily__str *operators) {
  char op;
  while ((op = (char)comparison(p))) {
    emily__tnode *item;
    EMILY__TRY(parse_sum(p, &item));
    if (!emily__vec_push(items, item) || !emily__str_append(operators, &op, 1)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static emily_status keep_operators(const emily__tparser *p, const emily__str *operators, emily__tnode *node) {
  uint8_t *kept = emily__arena_alloc(p->arena, operators->count);
  if (!kept) return emily__tparse_memory(p);
  memcpy(kept, operators->data, operators->count);
  node->operators = kept;
  return EMILY_OK;
}

static emily_status parse_comparison(emily__tparser *p, emily__tnode **out) {
  emily__tnode_list items = {0};
  emily__str operators = {0};
  emily__tnode *node = NULL;
  EMILY__TRY(parse_sum(p, out));
  int32_t line = p->at->line;
  emily_status status = parse_operands(p, &items, &operators);
  if (!status && items.count) {
    status = binary(p, EMILY__TN_COMPARE, line, *out, NULL, &node);
    if (!status) status = keep_operators(p, &operators, node);
    if (!status) status = emily__tparse_keep(p, &items, &node->items);
    if (!status) *out = node;
  }
  emily__vec_free(&items);
  emily__str_free(&operators);
  return status;
}

static emily_status parse_not(emily__tparser *p, emily__tnode **out) {
  int32_t line = p->at->line;
  bool negated = false, any = false;
  while (emily__tparse_skip_name(p, "not")) negated = !negated, any = true;
  EMILY__TRY(parse_comparison(p, out));
  if (any) EMILY__TRY(binary(p, EMILY__TN_NOT, line, *out, NULL, out));
  if (any && !negated) EMILY__TRY(binary(p, EMILY__TN_NOT, line, *out, NULL, out));
  return EMILY_OK;
}

static emily_status parse_and(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_not(p, out));
  while (emily__tparse_is_name(p, "and")) {
    int32_t line = p->at++->line;
    emily__tnode *right;
    EMILY__TRY(parse_not(p, &right));
    EMILY__TRY(binary(p, EMILY__TN_AND, line, *out, right, out));
  }
  return EMILY_OK;
}

static emily_status parse_or(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_and(p, out));
  while (emily__tparse_is_name(p, "or")) {
    int32_t line = p->at++->line;
    emily__tnode *right;
    EMILY__TRY(parse_and(p, &right));
    EMILY__TRY(binary(p, EMILY__TN_OR, line, *out, right, out));
  }
  return EMILY_OK;
}

static emily_status parse_choice(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_or(p, out));
  while (emily__tparse_is_name(p, "if")) {
    int32_t line = p->at++->line;
    emily__tnode *test, *other = NULL;
    EMILY__TRY(parse_or(p, &test));
    if (emily__tparse_skip_name(p, "else")) EMILY__TRY(emily__tparse_expression(p, true, &other));
    EMILY__TRY(binary(p, EMILY__TN_CHOICE, line, test, *out, out));
    (*out)->c = other;
  }
  return EMILY_OK;
}

emily_status emily__tparse_expression(emily__tparser *p, bool choice, emily__tnode **out) {
  if (++p->depth > EMILY__T_PARSE_DEPTH) return emily__tparse_fail(p, "expressions are nested too deep");
  EMILY__TRY(choice ? parse_choice(p, out) : parse_or(p, out));
  p->depth--;
  return EMILY_OK;
}

/* ---- tuples, lists, dicts ---- */

static bool ends_tuple(const emily__tparser *p) {
  return emily__tparse_is(p, EMILY__TK_PRINT_END) || emily__tparse_is(p, EMILY__TK_BLOCK_END) ||
         emily__tparse_is(p, EMILY__TK_RPAREN);
}

typedef enum item_kind { EXPRESSION, CONDITION, TARGET, NAMESPACE_TARGET } item_kind;

static emily_status parse_item(emily__tparser *p, item_kind kind, emily__tnode **out) {
  if (kind <= CONDITION) return emily__tparse_expression(p, kind == EXPRESSION, out);
  return parse_primary(p, kind == NAMESPACE_TARGET, out);
}

/* stop: a name that ends the tuple too, or NULL. *tuple: there was a comma. */
static emily_status parse_items(emily__tparser *p, item_kind kind, const char *stop, emily__tnode_list *items, bool *tuple) {
  while (!ends_tuple(p) && !(stop && emily__tparse_is_name(p, stop))) {
    emily__tnode *item;
    EMILY__TRY(parse_item(p, kind, &item));
    if (!emily__vec_push(items, item)) return EMILY_OUT_OF_MEMORY;
    if (!emily__tparse_skip(p, EMILY__TK_COMMA)) break;
    *tuple = true;
  }
  return EMILY_OK;
}

static emily_status finish_tuple(emily__tparser *p, emily__tnode_list *items, bool tuple, bool parentheses,
                                 emily__tnode **out) {
  if (!tuple && items->count) return *out = items->data[0], EMILY_OK;
  if (!tuple && !parentheses) return emily__tparse_fail(p, "an expression is missing");
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_TUPLE, out));
  return emily__tparse_keep(p, items, &(*out)->items);
}

static emily_status parse_any_tuple(emily__tparser *p, item_kind kind, const char *stop, bool parentheses,
                                    emily__tnode **out) {
  emily__tnode_list items = {0};
  bool tuple = false;
  emily_status status = parse_items(p, kind, stop, &items, &tuple);
  if (!status) status = finish_tuple(p, &items, tuple, parentheses, out);
  emily__vec_free(&items);
  return status;
}

emily_status emily__tparse_tuple(emily__tparser *p, bool choice, bool parentheses, emily__tnode **out) {
  return parse_any_tuple(p, choice ? EXPRESSION : CONDITION, NULL, parentheses, out);
}

static emily_status check_target(const emily__tparser *p, const emily__tnode *node) {
  if (node->kind == EMILY__TN_NAME || node->kind == EMILY__TN_NSREF) return EMILY_OK;
  if (node->kind != EMILY__TN_TUPLE) return emily__tparse_fail(p, "this cannot be assigned to");
  for (size_t i = 0; i < node->items.count; i++) EMILY__TRY(check_target(p, node->items.data[i]));
  return EMILY_OK;
}

emily_status emily__tparse_target(emily__tparser *p, bool namespaces, emily__tnode **out) {
  uint8_t uses = p->uses; /* a name that is assigned to is not used */
  EMILY__TRY(parse_any_tuple(p, namespaces ? NAMESPACE_TARGET : TARGET, namespaces ? NULL : "in", false, out));
  p->uses = uses;
  return check_target(p, *out);
}

static emily_status parse_list_items(emily__tparser *p, emily__tnode_list *items) {
  while (!emily__tparse_is(p, EMILY__TK_RBRACKET)) {
    emily__tnode *item;
    if (items->count) EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COMMA, "','"));
    if (emily__tparse_is(p, EMILY__TK_RBRACKET)) break;
    EMILY__TRY(emily__tparse_expression(p, true, &item));
    if (!emily__vec_push(items, item)) return EMILY_OUT_OF_MEMORY;
  }
  p->at++;
  return EMILY_OK;
}

static emily_status parse_dict_items(emily__tparser *p, emily__tnode_list *items) {
  while (!emily__tparse_is(p, EMILY__TK_RBRACE)) {
    emily__tnode *key, *value;
    if (items->count) EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COMMA, "','"));
    if (emily__tparse_is(p, EMILY__TK_RBRACE)) break;
    EMILY__TRY(emily__tparse_expression(p, true, &key));
    EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COLON, "':'"));
    EMILY__TRY(emily__tparse_expression(p, true, &value));
    if (!emily__vec_push(items, key) || !emily__vec_push(items, value)) return EMILY_OUT_OF_MEMORY;
  }
  p->at++;
  return EMILY_OK;
}

static emily_status parse_container(emily__tparser *p, emily__tnode_kind kind, emily__tnode **out) {
  emily__tnode_list items = {0};
  EMILY__TRY(emily__tparse_node(p, kind, out));
  p->at++;
  emily_status status = kind == EMILY__TN_LIST ? parse_list_items(p, &items) : parse_dict_items(p, &items);
  if (!status) status = emily__tparse_keep(p, &items, &(*out)->items);
  emily__vec_free(&items);
  return status;
}

/* ---- primaries ---- */

static void note_use(emily__tparser *p, emily__ttext name) {
  if (emily__ttext_is(name, "caller")) p->uses |= EMILY__T_USES_CALLER;
  else if (emily__ttext_is(name, "kwargs")) p->uses |= EMILY__T_USES_KWARGS;
  else if (emily__ttext_is(name, "varargs")) p->uses |= EMILY__T_USES_VARARGS;
}

static bool constant(emily__ttext name, emily__tval *out) {
  if (emily__ttext_is(name, "true") || emily__ttext_is(name, "True")) return *out = emily__t_bool(true), true;
  if (emily__ttext_is(name, "false") || emily__ttext_is(name, "False")) return *out = emily__t_bool(false), true;
  if (emily__ttext_is(name, "none") || emily__ttext_is(name, "None")) return *out = emily__t_none(), true;
  return false;
}

static emily_status parse_name(emily__tparser *p, bool namespaces, emily__tnode **out) {
  emily__tval value;
  bool is_constant = constant(p->at->text, &value);
  EMILY__TRY(emily__tparse_node(p, is_constant ? EMILY__TN_CONST : EMILY__TN_NAME, out));
  (*out)->name = p->at++->text;
  if (is_constant) return (*out)->value = value, EMILY_OK;
  note_use(p, (*out)->name);
  if (!namespaces || !emily__tparse_skip(p, EMILY__TK_DOT)) return EMILY_OK;
  emily__ttext attribute;
  (*out)->kind = EMILY__TN_NSREF;
  EMILY__TRY(emily__tparse_expect_name(p, &attribute));
  return emily__tparse_text(p, attribute, &(*out)->value);
}

/* Strings that stand side by side are one. */
static emily_status parse_strings(emily__tparser *p, emily__tnode **out) {
  emily__str text = {0};
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_CONST, out));
  if (p->at[1].kind != EMILY__TK_STRING) return emily__tparse_text(p, p->at++->text, &(*out)->value);
  bool room = true;
  for (; room && emily__tparse_is(p, EMILY__TK_STRING); p->at++)
    room = emily__str_append(&text, p->at->text.data, p->at->text.count);
  emily_status status = room ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  if (room && !emily__t_text(p->arena, text.data, text.count, &(*out)->value)) status = emily__tparse_memory(p);
  emily__str_free(&text);
  return status;
}

static emily_status parse_parentheses(emily__tparser *p, emily__tnode **out) {
  p->at++;
  EMILY__TRY(emily__tparse_tuple(p, true, true, out));
  return emily__tparse_expect(p, EMILY__TK_RPAREN, "')'");
}

static emily_status parse_bracketed(emily__tparser *p, emily__tnode **out) {
  if (++p->depth > EMILY__T_PARSE_DEPTH) return emily__tparse_fail(p, "expressions are nested too deep");
  emily_status status = emily__tparse_is(p, EMILY__TK_LPAREN)     ? parse_parentheses(p, out)
                        : emily__tparse_is(p, EMILY__TK_LBRACKET) ? parse_container(p, EMILY__TN_LIST, out)
                                                                  : parse_container(p, EMILY__TN_DICT, out);
  p->depth--;
  return status;
}

static emily_status parse_primary(emily__tparser *p, bool namespaces, emily__tnode **out) {
  switch (p->at->kind) {
    case EMILY__TK_NAME: return parse_name(p, namespaces, out);
    case EMILY__TK_STRING: return parse_strings(p, out);
    case EMILY__TK_INT:
    case EMILY__TK_REAL:
      EMILY__TRY(emily__tparse_node(p, EMILY__TN_CONST, out));
      (*out)->value = p->at++->number;
      return EMILY_OK;
    case EMILY__TK_LPAREN:
    case EMILY__TK_LBRACKET:
    case EMILY__TK_LBRACE: return parse_bracketed(p, out);
    case EMILY__TK_END: return emily__tparse_fail(p, "the template ends within a tag");
    default:
      return emily__tparse_fail(p, "'%.*s' is not expected here", (int)(p->at->text.count < 80 ? p->at->text.count : 80),
                                p->at->text.data);
  }
}

/* ---- what follows a primary ---- */

static emily_status parse_bound(emily__tparser *p, emily__tnode **out) {
  *out = NULL;
  if (emily__tparse_is(p, EMILY__TK_COLON) || emily__tparse_is(p, EMILY__TK_RBRACKET) || emily__tparse_is(p, EMILY__TK_COMMA))
    return EMILY_OK;
  return emily__tparse_expression(p, true, out);
}

/* first: what stood before the colon, or NULL. */
static emily_status parse_slice(emily__tparser *p, emily__tnode *object, emily__tnode *first, emily__tnode **out) {
  EMILY__TRY(binary(p, EMILY__TN_SLICE, p->at->line, object, NULL, out));
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
  emily_status status = emily__vec_push(&items, first) ? emily__tparse_node(p, EMILY__TN_TUPLE, out) : EMILY_OUT_OF_MEMORY;
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
    else EMILY__TRY(binary(p, EMILY__TN_GETITEM, line, object, index, node));
  }
  return emily__tparse_expect(p, EMILY__TK_RBRACKET, "']'");
}

static emily_status parse_attribute(emily__tparser *p, emily__tnode **node) {
  int32_t line = p->at++->line;
  const emily__ttoken *token = p->at++;
  emily__tnode *index;
  if (token->kind == EMILY__TK_NAME) {
    EMILY__TRY(binary(p, EMILY__TN_GETATTR, line, *node, NULL, node));
    (*node)->name = token->text;
    return emily__tparse_text(p, token->text, &(*node)->value);
  }
  p->at--;
  if (token->kind != EMILY__TK_INT) return emily__tparse_fail(p, "a name or a number must stand behind '.'");
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_CONST, &index));
  index->value = p->at++->number;
  return binary(p, EMILY__TN_GETITEM, line, *node, index, node);
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
  return emily__vec_push(&lists->named, value) && emily__vec_push(&lists->names, name) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status parse_arg(emily__tparser *p, arg_lists *lists, emily__tcall_args *args) {
  bool named = emily__tparse_is(p, EMILY__TK_NAME) && p->at[1].kind == EMILY__TK_ASSIGN;
  bool star = emily__tparse_is(p, EMILY__TK_MUL), star_star = emily__tparse_is(p, EMILY__TK_POW);
  emily__tnode *value;
  if (args->star_star || (args->star && !named && !star_star) || (lists->named.count && !named && !star && !star_star))
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
  EMILY__TRY(binary(p, EMILY__TN_CALL, p->at->line, *node, NULL, node));
  return parse_args(p, &(*node)->args);
}

static emily_status parse_postfix(emily__tparser *p, emily__tnode **node) {
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
    EMILY__TRY(binary(p, EMILY__TN_FILTER, p->at->line, node, NULL, &filter));
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
  EMILY__TRY(parse_primary(p, false, &nodes[0]));
  EMILY__TRY(parse_postfix(p, &nodes[0]));
  *args = (emily__tcall_args){.positional = {nodes, 1}};
  *out = args;
  return EMILY_OK;
}

static emily_status parse_test(emily__tparser *p, emily__tnode **node) {
  int32_t line = p->at++->line;
  bool negated = emily__tparse_skip_name(p, "not");
  emily__tnode *test;
  EMILY__TRY(binary(p, EMILY__TN_TEST, line, *node, NULL, &test));
  EMILY__TRY(emily__tparse_expect_name(p, &test->name));
  test->builtin = emily__t_find_test(test->name);
  if (emily__tparse_is(p, EMILY__TK_LPAREN)) EMILY__TRY(parse_args(p, &test->args));
  else if (begins_test_argument(p)) EMILY__TRY(parse_test_argument(p, &test->args));
  *node = test;
  return negated ? binary(p, EMILY__TN_NOT, line, test, NULL, node) : EMILY_OK;
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
  EMILY__TRY(parse_unary(p, false, &operand));
  p->depth--;
  return binary(p, kind, line, operand, NULL, out);
}

static emily_status parse_unary(emily__tparser *p, bool filters, emily__tnode **out) {
  if (emily__tparse_is(p, EMILY__TK_SUB)) EMILY__TRY(parse_sign(p, EMILY__TN_NEGATE, out));
  else if (emily__tparse_is(p, EMILY__TK_ADD)) EMILY__TRY(parse_sign(p, EMILY__TN_PLUS, out));
  else EMILY__TRY(parse_primary(p, false, out));
  EMILY__TRY(parse_postfix(p, out));
  return filters ? parse_filters_and_tests(p, out) : EMILY_OK;
}
