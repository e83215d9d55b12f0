/* evaluate.c: expressions to values. */
#include "template/evaluate.h"

#include <string.h>

/* ---- names and containers ---- */

static emily_status name(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  const emily__tval *bound = emily__t_lookup(run, node->name);
  if (bound) return *out = *bound, EMILY_OK;
  const emily__tbuiltin *builtin = emily__t_find_function(node->name);
  if (!builtin) {
    emily__tval text;
    if (!emily__t_borrow(&run->arena, node->name.data, node->name.count, &text)) return emily__t_memory(run);
    return emily__t_new_undefined(run, NULL, (emily__tval){0}, text, out);
  }
  emily__tfunction *function = emily__arena_alloc(&run->arena, sizeof *function);
  if (!function) return emily__t_memory(run);
  *function = (emily__tfunction){builtin, {0}};
  *out = (emily__tval){.kind = EMILY__T_FUNCTION, .function = function};
  return EMILY_OK;
}

static emily_status list(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval item;
  EMILY__TRY(
      emily__t_new_list(run, node->kind == EMILY__TN_TUPLE ? EMILY__T_TUPLE : EMILY__T_LIST, node->items.count, out));
  for (size_t i = 0; i < node->items.count; i++) {
    EMILY__TRY(emily__t_evaluate(run, node->items.data[i], &item));
    EMILY__TRY(emily__t_push(run, out->list, item));
  }
  return EMILY_OK;
}

static emily_status dict(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval key, value;
  EMILY__TRY(emily__t_new_dict(run, node->items.count / 2, out));
  for (size_t i = 0; i < node->items.count; i += 2) {
    EMILY__TRY(emily__t_evaluate(run, node->items.data[i], &key));
    EMILY__TRY(emily__t_evaluate(run, node->items.data[i + 1], &value));
    EMILY__TRY(emily__t_set_key(run, out->dict, key, value));
  }
  return EMILY_OK;
}

static emily_status attribute(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval object;
  EMILY__TRY(emily__t_evaluate(run, node->a, &object));
  run->line = node->line;
  return emily__t_getattr(run, object, node->value, out);
}

static emily_status item(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval object, key;
  EMILY__TRY(emily__t_evaluate(run, node->a, &object));
  EMILY__TRY(emily__t_evaluate(run, node->b, &key));
  run->line = node->line;
  return emily__t_getitem(run, object, key, out);
}

static emily_status slice(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval object, bounds[3] = {{0}};
  EMILY__TRY(emily__t_evaluate(run, node->a, &object));
  for (size_t i = 0; i < 3; i++)
    if (node->items.data[i]) EMILY__TRY(emily__t_evaluate(run, node->items.data[i], &bounds[i]));
  run->line = node->line;
  return emily__t_slice(run, object, bounds, out);
}

/* ---- operators ---- */

static emily_status binary(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval a, b;
  EMILY__TRY(emily__t_evaluate(run, node->a, &a));
  EMILY__TRY(emily__t_evaluate(run, node->b, &b));
  run->line = node->line;
  return emily__t_binary(run, node->op, a, b, out);
}

static emily_status put_concat(emily__trun *run, const emily__tnode *node, emily__str *sink) {
  for (size_t i = 0; i < node->items.count; i++) {
    emily__tval value;
    EMILY__TRY(emily__t_evaluate(run, node->items.data[i], &value));
    EMILY__TRY(emily__t_put_str(run, sink, value));
  }
  return EMILY_OK;
}

static emily_status concat(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__str sink = {0};
  return emily__t_finish(run, put_concat(run, node, &sink), &sink, out);
}

static emily_status compare(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval a, b;
  bool holds = true;
  EMILY__TRY(emily__t_evaluate(run, node->a, &a));
  for (size_t i = 0; holds && i < node->items.count; i++, a = b) {
    EMILY__TRY(emily__t_evaluate(run, node->items.data[i], &b));
    run->line = node->line;
    EMILY__TRY(emily__t_compare(run, node->operators[i], a, b, &holds));
  }
  return *out = emily__t_bool(holds), EMILY_OK;
}

static emily_status logic(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  EMILY__TRY(emily__t_evaluate(run, node->a, out));
  if (emily__t_truth(*out) == (node->kind == EMILY__TN_OR)) return EMILY_OK;
  return emily__t_evaluate(run, node->b, out);
}

static emily_status choice(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval test;
  EMILY__TRY(emily__t_evaluate(run, node->a, &test));
  if (emily__t_truth(test)) return emily__t_evaluate(run, node->b, out);
  if (node->c) return emily__t_evaluate(run, node->c, out);
  return emily__t_new_undefined(run, "the inline if-expression evaluated to false and no else section was defined",
                                (emily__tval){0}, (emily__tval){0}, out);
}

static emily_status sign(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval value;
  EMILY__TRY(emily__t_evaluate(run, node->a, &value));
  if (node->kind == EMILY__TN_NOT) return *out = emily__t_bool(!emily__t_truth(value)), EMILY_OK;
  run->line = node->line;
  return emily__t_negate(run, value, node->kind == EMILY__TN_NEGATE, out);
}

/* ---- calls ---- */

typedef struct gathered {
  emily__tval positional, names, named; /* lists */
} gathered;

static emily_status gather_star_star(emily__trun *run, const emily__tnode *node, gathered *g) {
  emily__tval more;
  EMILY__TRY(emily__t_evaluate(run, node, &more));
  if (more.kind != EMILY__T_DICT) return emily__t_fail(run, "what stands behind '**' must be a dict");
  for (size_t i = 0; i < more.dict->count; i++) {
    if (more.dict->entries[i].key.kind != EMILY__T_TEXT) return emily__t_fail(run, "keywords must be texts");
    EMILY__TRY(emily__t_push(run, g->names.list, more.dict->entries[i].key));
    EMILY__TRY(emily__t_push(run, g->named.list, more.dict->entries[i].value));
  }
  return EMILY_OK;
}

static emily_status gather_star(emily__trun *run, const emily__tnode *node, gathered *g) {
  emily__tval more;
  EMILY__TRY(emily__t_evaluate(run, node, &more));
  EMILY__TRY(emily__t_to_list(run, more, &more));
  for (size_t i = 0; i < more.list->count; i++)
    EMILY__TRY(emily__t_push(run, g->positional.list, more.list->items[i]));
  return EMILY_OK;
}

static emily_status gather_each(emily__trun *run, const emily__tnodes *nodes, emily__tlist *list_of) {
  for (size_t i = 0; i < nodes->count; i++) {
    emily__tval value;
    EMILY__TRY(emily__t_evaluate(run, nodes->data[i], &value));
    EMILY__TRY(emily__t_push(run, list_of, value));
  }
  return EMILY_OK;
}

static emily_status gather(emily__trun *run, const emily__tcall_args *args, emily__tval caller, gathered *g) {
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, args->positional.count, &g->positional));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, args->named.count + 1, &g->names));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, args->named.count + 1, &g->named));
  EMILY__TRY(gather_each(run, &args->positional, g->positional.list));
  if (args->star) EMILY__TRY(gather_star(run, args->star, g));
  EMILY__TRY(gather_each(run, &args->named, g->named.list));
  for (size_t i = 0; i < args->named.count; i++) EMILY__TRY(emily__t_push(run, g->names.list, args->names[i]));
  if (args->star_star) EMILY__TRY(gather_star_star(run, args->star_star, g));
  if (caller.kind == EMILY__T_MISSING) return EMILY_OK;
  emily__tval text;
  if (!emily__t_borrow(&run->arena, "caller", 6, &text)) return emily__t_memory(run);
  EMILY__TRY(emily__t_push(run, g->names.list, text));
  return emily__t_push(run, g->named.list, caller);
}

static emily_status gather_args(emily__trun *run, const emily__tcall_args *args, emily__tval caller,
                                emily__targs *out) {
  gathered g;
  *out = (emily__targs){0};
  if (!args) return EMILY_OK;
  EMILY__TRY(gather(run, args, caller, &g));
  *out = (emily__targs){g.positional.list->items, g.positional.list->count, g.names.list->items, g.named.list->items,
                        g.named.list->count};
  return EMILY_OK;
}

emily_status emily__t_evaluate_call(emily__trun *run, const emily__tnode *node, emily__tval caller,
                                    emily__tval *out) {
  emily__tval callee;
  emily__targs args;
  EMILY__TRY(emily__t_evaluate(run, node->a, &callee));
  EMILY__TRY(gather_args(run, node->args, caller, &args));
  run->line = node->line;
  return emily__t_call(run, callee, &args, out);
}

static emily_status no_builtin(emily__trun *run, const emily__tnode *node) {
  return emily__t_fail(run, "there is no %s named '%.*s'", node->kind == EMILY__TN_TEST ? "test" : "filter",
                       (int)(node->name.count < 100 ? node->name.count : 100), node->name.data);
}

emily_status emily__t_evaluate_filter(emily__trun *run, const emily__tnode *node, emily__tval value,
                                      emily__tval *out) {
  emily__targs args;
  if (node->kind != EMILY__TN_FILTER) return emily__t_fail(run, "a filter is missing");
  if (node->a) EMILY__TRY(emily__t_evaluate_filter(run, node->a, value, &value));
  EMILY__TRY(gather_args(run, node->args, (emily__tval){0}, &args));
  run->line = node->line;
  return node->builtin ? emily__t_invoke(run, node->builtin, value, &args, out) : no_builtin(run, node);
}

static emily_status filter_or_test(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tval value;
  emily__targs args;
  EMILY__TRY(emily__t_evaluate(run, node->a, &value));
  EMILY__TRY(gather_args(run, node->args, (emily__tval){0}, &args));
  run->line = node->line;
  return node->builtin ? emily__t_invoke(run, node->builtin, value, &args, out) : no_builtin(run, node);
}

static emily_status evaluate(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  switch (node->kind) {
    case EMILY__TN_CONST: return *out = node->value, EMILY_OK;
    case EMILY__TN_NAME: return name(run, node, out);
    case EMILY__TN_TUPLE:
    case EMILY__TN_LIST: return list(run, node, out);
    case EMILY__TN_DICT: return dict(run, node, out);
    case EMILY__TN_GETATTR: return attribute(run, node, out);
    case EMILY__TN_GETITEM: return item(run, node, out);
    case EMILY__TN_SLICE: return slice(run, node, out);
    case EMILY__TN_CALL: return emily__t_evaluate_call(run, node, (emily__tval){0}, out);
    case EMILY__TN_FILTER:
    case EMILY__TN_TEST: return filter_or_test(run, node, out);
    case EMILY__TN_NOT:
    case EMILY__TN_NEGATE:
    case EMILY__TN_PLUS: return sign(run, node, out);
    case EMILY__TN_BINARY: return binary(run, node, out);
    case EMILY__TN_CONCAT: return concat(run, node, out);
    case EMILY__TN_COMPARE: return compare(run, node, out);
    case EMILY__TN_AND:
    case EMILY__TN_OR: return logic(run, node, out);
    default: return choice(run, node, out);
  }
}

emily_status emily__t_evaluate(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  run->line = node->line;
  EMILY__TRY(emily__t_spend(run, 1));
  if (run->depth >= EMILY__T_DEPTH_MAX) return emily__t_fail(run, "the template is nested too deep");
  run->depth++;
  emily_status status = evaluate(run, node, out);
  run->depth--;
  return status;
}
