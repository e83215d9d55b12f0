/* parse_primary.c: names, literals, what stands in brackets, and targets of assignments. */
#include "template/parser.h"

/* ---- tuples, lists, dicts ---- */

static bool ends_tuple(const emily__tparser *p) {
  return emily__tparse_is(p, EMILY__TK_PRINT_END) || emily__tparse_is(p, EMILY__TK_BLOCK_END) ||
         emily__tparse_is(p, EMILY__TK_RPAREN);
}

typedef enum item_kind { EXPRESSION, CONDITION, TARGET, NAMESPACE_TARGET } item_kind;

static emily_status parse_item(emily__tparser *p, item_kind kind, emily__tnode **out) {
  if (kind <= CONDITION) return emily__tparse_expression(p, kind == EXPRESSION, out);
  return emily__tparse_primary(p, kind == NAMESPACE_TARGET, out);
}

/* stop: a name that ends the tuple too, or NULL. *tuple: there was a comma. */
static emily_status parse_items(emily__tparser *p, item_kind kind, const char *stop, emily__tnode_list *items,
                                bool *tuple) {
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

emily_status emily__tparse_primary(emily__tparser *p, bool namespaces, emily__tnode **out) {
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
      return emily__tparse_fail(p, "'%.*s' is not expected here",
                                (int)(p->at->text.count < 80 ? p->at->text.count : 80), p->at->text.data);
  }
}
