/* parser.c: statements; expressions are in parse_expression.c. See syntax.h. */
#include "template/parser.h"

#include <stdio.h>
#include <string.h>

static emily_status parse_body(emily__tparser *p, const char *const *ends, emily__tnodes *out);

/* ---- tools ---- */

emily_status emily__tparse_fail(const emily__tparser *p, const char *format, ...) {
  char problem[400];
  va_list args;
  va_start(args, format);
  vsnprintf(problem, sizeof problem, format, args);
  va_end(args);
  return emily__fail(EMILY_BAD_FORMAT, "template", "%s, line %d: %s", p->name, p->at->line, problem);
}

emily_status emily__tparse_memory(const emily__tparser *p) {
  return p->arena->exceeded ? emily__tparse_fail(p, "the template is too large") : EMILY_OUT_OF_MEMORY;
}

emily_status emily__tparse_node(const emily__tparser *p, emily__tnode_kind kind, emily__tnode **out) {
  emily__tnode *node = emily__arena_alloc(p->arena, sizeof *node);
  if (!node) return emily__tparse_memory(p);
  *node = (emily__tnode){.kind = (uint8_t)kind, .line = p->at->line};
  *out = node;
  return EMILY_OK;
}

emily_status emily__tparse_pair(const emily__tparser *p, emily__tnode_kind kind, int32_t line, emily__tnode *a,
                                emily__tnode *b, emily__tnode **out) {
  EMILY__TRY(emily__tparse_node(p, kind, out));
  (*out)->line = line;
  (*out)->a = a;
  (*out)->b = b;
  return EMILY_OK;
}

emily_status emily__tparse_keep(const emily__tparser *p, emily__tnode_list *list, emily__tnodes *out) {
  emily__tnode **kept = emily__arena_array(p->arena, list->count, sizeof *kept);
  if (kept && list->count) memcpy(kept, list->data, list->count * sizeof *kept);
  *out = (emily__tnodes){kept, list->count};
  return kept ? EMILY_OK : emily__tparse_memory(p);
}

bool emily__tparse_is_name(const emily__tparser *p, const char *name) {
  return p->at->kind == EMILY__TK_NAME && emily__ttext_is(p->at->text, name);
}

bool emily__tparse_skip(emily__tparser *p, emily__ttoken_kind kind) {
  if (p->at->kind != kind) return false;
  p->at++;
  return true;
}

bool emily__tparse_skip_name(emily__tparser *p, const char *name) {
  if (!emily__tparse_is_name(p, name)) return false;
  p->at++;
  return true;
}

emily_status emily__tparse_expect(emily__tparser *p, emily__ttoken_kind kind, const char *what) {
  if (emily__tparse_skip(p, kind)) return EMILY_OK;
  if (emily__tparse_is(p, EMILY__TK_END)) return emily__tparse_fail(p, "%s is missing at the end", what);
  return emily__tparse_fail(p, "%s is missing before '%.*s'", what,
                            (int)(p->at->text.count < 40 ? p->at->text.count : 40), p->at->text.data);
}

emily_status emily__tparse_expect_name(emily__tparser *p, emily__ttext *name) {
  *name = p->at->text;
  return emily__tparse_expect(p, EMILY__TK_NAME, "a name");
}

emily_status emily__tparse_text(const emily__tparser *p, emily__ttext text, emily__tval *out) {
  return emily__t_borrow(p->arena, text.data, text.count, out) ? EMILY_OK : emily__tparse_memory(p);
}

/* ---- statements: each begins behind its word ---- */

static emily_status parse_if(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"elif", "else", "endif", NULL}, *const ENDIF[] = {"endif", NULL};
  for (;;) {
    EMILY__TRY(emily__tparse_tuple(p, false, false, &node->a));
    EMILY__TRY(parse_body(p, ENDS, &node->body));
    if (emily__tparse_skip_name(p, "endif")) return EMILY_OK;
    if (emily__tparse_skip_name(p, "else")) {
      EMILY__TRY(parse_body(p, ENDIF, &node->orelse));
      return p->at++, EMILY_OK;
    }
    emily__tnode **next = emily__arena_array(p->arena, 1, sizeof *next);
    if (!next) return emily__tparse_memory(p);
    p->at++; /* elif: an if within else */
    EMILY__TRY(emily__tparse_node(p, EMILY__TN_IF, next));
    node->orelse = (emily__tnodes){next, 1};
    node = *next;
  }
}

static emily_status parse_for(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"else", "endfor", NULL}, *const ENDFOR[] = {"endfor", NULL};
  EMILY__TRY(emily__tparse_target(p, false, &node->a));
  if (!emily__tparse_skip_name(p, "in")) return emily__tparse_fail(p, "'in' is missing");
  EMILY__TRY(emily__tparse_tuple(p, false, false, &node->b));
  if (emily__tparse_skip_name(p, "if")) EMILY__TRY(emily__tparse_expression(p, true, &node->c));
  if (emily__tparse_is_name(p, "recursive"))
    return emily__fail(EMILY_UNSUPPORTED, "template", "%s, line %d: recursive loops are not supported", p->name,
                       p->at->line);
  p->loops++;
  EMILY__TRY(parse_body(p, ENDS, &node->body));
  p->loops--;
  if (emily__tparse_skip_name(p, "else")) EMILY__TRY(parse_body(p, ENDFOR, &node->orelse));
  return p->at++, EMILY_OK;
}

static emily_status parse_set(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endset", NULL};
  EMILY__TRY(emily__tparse_target(p, true, &node->a));
  if (emily__tparse_skip(p, EMILY__TK_ASSIGN)) return emily__tparse_tuple(p, true, false, &node->b);
  node->kind = EMILY__TN_SET_BLOCK;
  EMILY__TRY(emily__tparse_filter(p, NULL, false, &node->b));
  EMILY__TRY(parse_body(p, ENDS, &node->body));
  return p->at++, EMILY_OK;
}

typedef EMILY__VEC(emily__tval) name_list;

static emily_status parse_parameters(emily__tparser *p, name_list *names, emily__tnode_list *defaults) {
  EMILY__TRY(emily__tparse_expect(p, EMILY__TK_LPAREN, "'('"));
  while (!emily__tparse_is(p, EMILY__TK_RPAREN)) {
    emily__ttext name;
    emily__tval text;
    emily__tnode *value;
    if (names->count) EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COMMA, "','"));
    EMILY__TRY(emily__tparse_expect_name(p, &name));
    EMILY__TRY(emily__tparse_text(p, name, &text));
    if (!emily__vec_push(names, text)) return EMILY_OUT_OF_MEMORY;
    if (emily__tparse_skip(p, EMILY__TK_ASSIGN)) {
      EMILY__TRY(emily__tparse_expression(p, true, &value));
      if (!emily__vec_push(defaults, value)) return EMILY_OUT_OF_MEMORY;
    } else if (defaults->count) {
      return emily__tparse_fail(p, "a parameter without a default stands behind one that has it");
    }
  }
  return p->at++, EMILY_OK;
}

static emily_status keep_signature(const emily__tparser *p, name_list *names, emily__tnode_list *defaults,
                                   emily__tsignature *out) {
  out->names = emily__arena_array(p->arena, names->count, sizeof *out->names);
  if (!out->names) return emily__tparse_memory(p);
  if (names->count) memcpy(out->names, names->data, names->count * sizeof *out->names);
  out->count = names->count;
  return emily__tparse_keep(p, defaults, &out->defaults);
}

static emily_status parse_signature(emily__tparser *p, emily__tsignature *out) {
  name_list names = {0};
  emily__tnode_list defaults = {0};
  emily_status status = parse_parameters(p, &names, &defaults);
  if (!status) status = keep_signature(p, &names, &defaults, out);
  emily__vec_free(&names);
  emily__vec_free(&defaults);
  return status;
}

/* The body of a macro or a call block: no loop around it can be left from within. */
static emily_status parse_callable(emily__tparser *p, const char *const *ends, emily__tsignature *signature,
                                   emily__tnode *node) {
  int loops = p->loops;
  uint8_t uses = p->uses;
  p->loops = p->uses = 0;
  EMILY__TRY(parse_body(p, ends, &node->body));
  for (size_t i = 0; i < signature->count; i++) {
    emily__ttext name = signature->names[i].string->text;
    if (emily__ttext_is(name, "kwargs")) p->uses &= (uint8_t)~EMILY__T_USES_KWARGS;
    if (emily__ttext_is(name, "varargs")) p->uses &= (uint8_t)~EMILY__T_USES_VARARGS;
    if (emily__ttext_is(name, "caller") && i < signature->count - signature->defaults.count &&
        (p->uses & EMILY__T_USES_CALLER))
      return emily__tparse_fail(p, "a parameter \"caller\" must have a default");
  }
  signature->uses = p->uses;
  node->signature = signature;
  p->loops = loops;
  p->uses |= uses;
  return p->at++, EMILY_OK;
}

static emily_status new_signature(const emily__tparser *p, emily__tsignature **out) {
  emily__tsignature *signature = emily__arena_alloc(p->arena, sizeof *signature);
  if (!signature) return emily__tparse_memory(p);
  *signature = (emily__tsignature){0};
  *out = signature;
  return EMILY_OK;
}

static emily_status parse_macro(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endmacro", NULL};
  emily__tsignature *signature = NULL;
  EMILY__TRY(new_signature(p, &signature));
  EMILY__TRY(emily__tparse_expect_name(p, &node->name));
  EMILY__TRY(emily__tparse_text(p, node->name, &node->value));
  EMILY__TRY(parse_signature(p, signature));
  return parse_callable(p, ENDS, signature, node);
}

static emily_status parse_call_block(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endcall", NULL};
  emily__tsignature *signature = NULL;
  EMILY__TRY(new_signature(p, &signature));
  if (emily__tparse_is(p, EMILY__TK_LPAREN)) EMILY__TRY(parse_signature(p, signature));
  EMILY__TRY(emily__tparse_expression(p, true, &node->a));
  if (node->a->kind != EMILY__TN_CALL) return emily__tparse_fail(p, "a call is missing behind 'call'");
  return parse_callable(p, ENDS, signature, node);
}

static emily_status parse_generation(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endgeneration", NULL};
  emily__tsignature none = {0};
  EMILY__TRY(parse_callable(p, ENDS, &none, node));
  node->signature = NULL;
  return EMILY_OK;
}

static emily_status parse_filter_block(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endfilter", NULL};
  EMILY__TRY(emily__tparse_filter(p, NULL, true, &node->a));
  EMILY__TRY(parse_body(p, ENDS, &node->body));
  return p->at++, EMILY_OK;
}

static emily_status parse_with_items(emily__tparser *p, emily__tnode_list *items) {
  while (!emily__tparse_is(p, EMILY__TK_BLOCK_END)) {
    emily__tnode *target, *value;
    if (items->count) EMILY__TRY(emily__tparse_expect(p, EMILY__TK_COMMA, "','"));
    EMILY__TRY(emily__tparse_target(p, false, &target));
    EMILY__TRY(emily__tparse_expect(p, EMILY__TK_ASSIGN, "'='"));
    EMILY__TRY(emily__tparse_expression(p, true, &value));
    if (!emily__vec_push(items, target) || !emily__vec_push(items, value)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static emily_status parse_with(emily__tparser *p, emily__tnode *node) {
  static const char *const ENDS[] = {"endwith", NULL};
  emily__tnode_list items = {0};
  emily_status status = parse_with_items(p, &items);
  if (!status) status = emily__tparse_keep(p, &items, &node->items);
  emily__vec_free(&items);
  EMILY__TRY(status);
  EMILY__TRY(parse_body(p, ENDS, &node->body));
  return p->at++, EMILY_OK;
}

static emily_status parse_leave(emily__tparser *p, emily__tnode *node) {
  if (p->loops) return EMILY_OK;
  return emily__tparse_fail(p, "'%s' stands outside a loop", node->kind == EMILY__TN_BREAK ? "break" : "continue");
}

/* ---- bodies ---- */

static const struct {
  const char *word;
  emily__tnode_kind kind;
  emily_status (*parse)(emily__tparser *, emily__tnode *);
} STATEMENTS[] = {
    {"if", EMILY__TN_IF, parse_if},
    {"for", EMILY__TN_FOR, parse_for},
    {"set", EMILY__TN_SET, parse_set},
    {"macro", EMILY__TN_MACRO, parse_macro},
    {"call", EMILY__TN_CALL_BLOCK, parse_call_block},
    {"filter", EMILY__TN_FILTER_BLOCK, parse_filter_block},
    {"with", EMILY__TN_WITH, parse_with},
    {"generation", EMILY__TN_SCOPE, parse_generation},
    {"break", EMILY__TN_BREAK, parse_leave},
    {"continue", EMILY__TN_CONTINUE, parse_leave},
};

static const char *const LACKING[] = {"block", "extends", "include", "import", "from", "autoescape", "print"};

static emily_status parse_statement(emily__tparser *p, emily__tnode **out) {
  emily__ttext word = p->at->text;
  if (!emily__tparse_is(p, EMILY__TK_NAME)) return emily__tparse_fail(p, "a tag begins with a name");
  for (size_t i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
    if (!emily__ttext_is(word, STATEMENTS[i].word)) continue;
    EMILY__TRY(emily__tparse_node(p, STATEMENTS[i].kind, out));
    p->at++;
    EMILY__TRY(STATEMENTS[i].parse(p, *out));
    return emily__tparse_expect(p, EMILY__TK_BLOCK_END, "'%}'");
  }
  for (size_t i = 0; i < sizeof LACKING / sizeof *LACKING; i++)
    if (emily__ttext_is(word, LACKING[i]))
      return emily__fail(EMILY_UNSUPPORTED, "template",
                         "%s, line %d: the tag '%s' is not supported in chat templates", p->name, p->at->line,
                         LACKING[i]);
  return emily__tparse_fail(p, "there is no tag '%.*s' here", (int)(word.count < 80 ? word.count : 80), word.data);
}

static bool at_end(const emily__tparser *p, const char *const *ends) {
  for (; ends && *ends; ends++)
    if (emily__tparse_is_name(p, *ends)) return true;
  return false;
}

static emily_status parse_data(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_DATA, out));
  return emily__tparse_text(p, p->at++->text, &(*out)->value);
}

static emily_status parse_print(emily__tparser *p, emily__tnode **out) {
  EMILY__TRY(emily__tparse_node(p, EMILY__TN_OUTPUT, out));
  p->at++;
  EMILY__TRY(emily__tparse_tuple(p, true, false, &(*out)->a));
  return emily__tparse_expect(p, EMILY__TK_PRINT_END, "'}}'");
}

/* Up to one of the end words, which is left as the next token (ends NULL: up to the template's end). */
static emily_status parse_nodes(emily__tparser *p, const char *const *ends, emily__tnode_list *list) {
  for (;;) {
    emily__tnode *node;
    if (emily__tparse_is(p, EMILY__TK_END))
      return ends ? emily__tparse_fail(p, "the template ends where '%s' is expected", ends[0]) : EMILY_OK;
    if (emily__tparse_is(p, EMILY__TK_DATA)) {
      EMILY__TRY(parse_data(p, &node));
    } else if (emily__tparse_is(p, EMILY__TK_PRINT_BEGIN)) {
      EMILY__TRY(parse_print(p, &node));
    } else {
      p->at++;
      if (at_end(p, ends)) return EMILY_OK;
      EMILY__TRY(parse_statement(p, &node));
    }
    if (!emily__vec_push(list, node)) return EMILY_OUT_OF_MEMORY;
  }
}

static emily_status parse_body(emily__tparser *p, const char *const *ends, emily__tnodes *out) {
  emily__tnode_list list = {0};
  if (++p->depth > EMILY__T_PARSE_DEPTH) return emily__tparse_fail(p, "statements are nested too deep");
  if (ends) {
    emily__tparse_skip(p, EMILY__TK_COLON);
    EMILY__TRY(emily__tparse_expect(p, EMILY__TK_BLOCK_END, "'%}'"));
  }
  emily_status status = parse_nodes(p, ends, &list);
  if (!status) status = emily__tparse_keep(p, &list, out);
  emily__vec_free(&list);
  p->depth--;
  return status;
}

emily_status emily__tparse(const char *name, emily__ttext source, emily__arena *arena, emily__tnodes *out) {
  emily__ttokens tokens = {0};
  emily_status status = emily__tlex(name, source, arena, &tokens);
  if (!status) {
    emily__tparser p = {.name = name, .at = tokens.data, .arena = arena};
    status = parse_body(&p, NULL, out);
  }
  emily__vec_free(&tokens);
  return status;
}
