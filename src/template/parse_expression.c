/* parse_expression.c: expressions, by recursive descent in Jinja's order: choice, or, and, not, comparison, + -, ~,
 * * / // %, **, signs; then primaries (parse_primary.c) and what follows them (parse_postfix.c). */
#include "template/parser.h"

#include <string.h>

static emily_status parse_pow(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(emily__tparse_unary(p, true, out));
  while (emily__tparse_is(p, EMILY__TK_POW)) {
    int32_t line = p->at->line;
    emily__tnode *right;
    p->at++;
    EMILY__TRY(emily__tparse_unary(p, true, &right));
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_BINARY, line, *out, right, out));
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
    if (op != EMILY__TK_MUL && op != EMILY__TK_DIV && op != EMILY__TK_FLOORDIV && op != EMILY__TK_MOD)
      return EMILY_OK;
    p->at++;
    EMILY__TRY(parse_pow(p, &right));
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_BINARY, line, *out, right, out));
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
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_BINARY, line, *out, right, out));
    (*out)->op = op;
  }
  return EMILY_OK;
}

/* The comparison operator that comes next, passed; 0: none. */
static uint8_t comparison(emily__tparser *p) {
  uint8_t kind = p->at->kind;
  if (kind == EMILY__TK_EQ || kind == EMILY__TK_NE || kind == EMILY__TK_GT || kind == EMILY__TK_GE ||
      kind == EMILY__TK_LT || kind == EMILY__TK_LE)
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
    status = emily__tparse_pair(p, EMILY__TN_COMPARE, line, *out, NULL, &node);
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
  if (any) EMILY__TRY(emily__tparse_pair(p, EMILY__TN_NOT, line, *out, NULL, out));
  if (any && !negated) EMILY__TRY(emily__tparse_pair(p, EMILY__TN_NOT, line, *out, NULL, out));
  return EMILY_OK;
}

static emily_status parse_and(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_not(p, out));
  while (emily__tparse_is_name(p, "and")) {
    int32_t line = p->at++->line;
    emily__tnode *right;
    EMILY__TRY(parse_not(p, &right));
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_AND, line, *out, right, out));
  }
  return EMILY_OK;
}

static emily_status parse_or(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(parse_and(p, out));
  while (emily__tparse_is_name(p, "or")) {
    int32_t line = p->at++->line;
    emily__tnode *right;
    EMILY__TRY(parse_and(p, &right));
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_OR, line, *out, right, out));
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
    EMILY__TRY(emily__tparse_pair(p, EMILY__TN_CHOICE, line, test, *out, out));
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
