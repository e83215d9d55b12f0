/* render.c: statements to text. */
#include "template/evaluate.h"
#include "template/loop.h"

#include <string.h>

/* ---- assignment ---- */

static emily_status unpack(emily__trun *run, const emily__tnode *target, emily__tval value) {
  emily__titer *it;
  emily__tval item;
  bool done;
  EMILY__TRY(emily__t_iterate(run, value, &it));
  emily__tval items;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, target->items.count, &items));
  for (;;) {
    EMILY__TRY(emily__t_next(run, it, &item, &done));
    if (done) break;
    if (items.list->count == target->items.count)
      return emily__t_fail(run, "too many values to unpack (expected %zu)", target->items.count);
    EMILY__TRY(emily__t_push(run, items.list, item));
  }
  if (items.list->count < target->items.count)
    return emily__t_fail(run, "not enough values to unpack (expected %zu, got %zu)", target->items.count,
                         items.list->count);
  for (size_t i = 0; i < items.list->count; i++)
    EMILY__TRY(emily__t_assign(run, target->items.data[i], items.list->items[i]));
  return EMILY_OK;
}

static emily_status assign_attribute(emily__trun *run, const emily__tnode *target, emily__tval value) {
  const emily__tval *object = emily__t_lookup(run, target->name);
  emily__ttext attribute = target->value.string->text;
  if (!object || object->kind != EMILY__T_NAMESPACE)
    return emily__t_fail(run, "cannot assign attribute on non-namespace object");
  if (attribute.count && attribute.data[0] == '_')
    return emily__t_fail(run, "attributes of namespaces cannot begin with an underscore");
  return emily__t_set_key(run, object->dict, target->value, value);
}

emily_status emily__t_assign(emily__trun *run, const emily__tnode *target, emily__tval value) {
  if (target->kind == EMILY__TN_NAME) return emily__t_bind(run, target->name, value);
  if (target->kind == EMILY__TN_NSREF) return assign_attribute(run, target, value);
  return unpack(run, target, value);
}

/* ---- bodies by themselves ---- */

emily_status emily__t_capture(emily__trun *run, const emily__tnodes *body, emily__tval *out) {
  emily__str sink = {0}, *outer = run->out;
  run->out = &sink;
  emily_status status = emily__t_execute(run, body);
  run->out = outer;
  return emily__t_finish(run, status, &sink, out);
}

static emily_status capture_in_scope(emily__trun *run, const emily__tnodes *body, emily__tval *out) {
  emily__tscope *scope = run->scope;
  EMILY__TRY(emily__t_enter(run, scope));
  emily_status status = emily__t_capture(run, body, out);
  run->scope = scope;
  return status;
}

static emily_status put_value(emily__trun *run, emily__tval value) { return emily__t_put_str(run, run->out, value); }

/* What filter and call blocks give goes out as it is, and must be a text. */
static emily_status put_text(emily__trun *run, emily__tval value) {
  if (value.kind != EMILY__T_TEXT)
    return emily__t_fail(run, "the block gives %s and not a text", emily__t_type_name(value));
  return put_value(run, value);
}

/* ---- loops ---- */

typedef struct test_state {
  const emily__tnode *node;
  emily__tscope *scope;
} test_state;

/* The items that the loop's own `if` lets through. */
static emily_status next_tested(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  const test_state *state = it->state;
  emily__tscope *scope = run->scope;
  for (bool passed = false; !passed;) {
    emily__tval verdict = {0};
    EMILY__TRY(emily__t_next(run, it->inner, out, done));
    if (*done) return EMILY_OK;
    EMILY__TRY(emily__t_enter(run, state->scope));
    emily_status status = emily__t_assign(run, state->node->a, *out);
    if (status == EMILY_OK) status = emily__t_evaluate(run, state->node->c, &verdict);
    run->scope = scope;
    EMILY__TRY(status);
    passed = emily__t_truth(verdict);
  }
  return EMILY_OK;
}

static emily_status new_loop(emily__trun *run, const emily__tnode *node, emily__tloop **out) {
  emily__tval over, tested;
  emily__titer *inner;
  EMILY__TRY(emily__t_evaluate(run, node->b, &over));
  if (!node->c) return emily__t_new_loop(run, over, NULL, out);
  test_state *state = emily__arena_alloc(&run->arena, sizeof *state);
  if (!state) return emily__t_memory(run);
  *state = (test_state){node, run->scope};
  emily__t_hold(run->scope);
  EMILY__TRY(emily__t_iterate(run, over, &inner));
  EMILY__TRY(emily__t_new_iterator(run, next_tested, inner, state, &tested));
  return emily__t_new_loop(run, over, tested.iterator, out);
}

/* *ended: the body came to its end, neither by break nor by continue. */
static emily_status iteration(emily__trun *run, const emily__tnode *node, emily__tloop *loop, bool *ended) {
  EMILY__TRY(emily__t_bind(run, EMILY__T_LITERAL("loop"), (emily__tval){.kind = EMILY__T_LOOP, .loop = loop}));
  EMILY__TRY(emily__t_assign(run, node->a, loop->current));
  EMILY__TRY(emily__t_execute(run, &node->body));
  if (!run->leave) *ended = true;
  return EMILY_OK;
}

/* The scope of the next iteration: that of the last one again, where nothing refers to it. */
static emily_status enter_iteration(emily__trun *run, emily__tscope *last) {
  emily__tscope *outer = run->scope;
  if (!last || last->held) return emily__t_enter(run, outer);
  last->count = 0;
  return run->scope = last, EMILY_OK;
}

static emily_status execute_for(emily__trun *run, const emily__tnode *node) {
  emily__tloop *loop;
  emily__tscope *scope = run->scope, *inner = NULL;
  emily_status status = EMILY_OK;
  bool ended = false, done = false, left = false;
  EMILY__TRY(new_loop(run, node, &loop));
  while (status == EMILY_OK && !left) {
    run->line = node->line;
    status = emily__t_loop_next(run, loop, &done);
    if (status != EMILY_OK || done) break;
    status = enter_iteration(run, inner);
    inner = run->scope;
    if (status == EMILY_OK) status = iteration(run, node, loop, &ended);
    run->scope = scope;
    left = run->leave == EMILY__TN_BREAK;
    run->leave = 0;
  }
  /* As in Jinja, `else` asks whether any body came to its end, not whether there was any item. */
  if (status != EMILY_OK || ended || !node->orelse.count) return status;
  EMILY__TRY(emily__t_enter(run, scope));
  status = emily__t_execute(run, &node->orelse);
  run->scope = scope;
  return status;
}

/* ---- statements ---- */

static emily_status execute_if(emily__trun *run, const emily__tnode *node) {
  for (;;) {
    emily__tval test;
    EMILY__TRY(emily__t_evaluate(run, node->a, &test));
    if (emily__t_truth(test)) return emily__t_execute(run, &node->body);
    if (node->orelse.count != 1 || node->orelse.data[0]->kind != EMILY__TN_IF)
      return emily__t_execute(run, &node->orelse);
    node = node->orelse.data[0]; /* elif */
  }
}

static emily_status execute_set(emily__trun *run, const emily__tnode *node) {
  emily__tval value;
  if (node->kind == EMILY__TN_SET) {
    EMILY__TRY(emily__t_evaluate(run, node->b, &value));
    run->line = node->line;
    return emily__t_assign(run, node->a, value);
  }
  EMILY__TRY(capture_in_scope(run, &node->body, &value));
  if (run->leave) return EMILY_OK;
  if (node->b) EMILY__TRY(emily__t_evaluate_filter(run, node->b, value, &value));
  return emily__t_assign(run, node->a, value);
}

static emily_status new_macro(emily__trun *run, const emily__tnode *node, emily__tval *out) {
  emily__tmacro *macro = emily__arena_alloc(&run->arena, sizeof *macro);
  if (!macro) return emily__t_memory(run);
  *macro = (emily__tmacro){.signature = node->signature, .body = &node->body, .scope = run->scope};
  emily__t_hold(run->scope);
  if (node->kind == EMILY__TN_MACRO) macro->name = node->value;
  *out = (emily__tval){.kind = EMILY__T_MACRO, .macro = macro};
  return EMILY_OK;
}

static emily_status execute_macro(emily__trun *run, const emily__tnode *node) {
  emily__tval macro;
  EMILY__TRY(new_macro(run, node, &macro));
  return emily__t_bind(run, node->name, macro);
}

static emily_status execute_call_block(emily__trun *run, const emily__tnode *node) {
  emily__tval caller, value;
  EMILY__TRY(new_macro(run, node, &caller));
  EMILY__TRY(emily__t_evaluate_call(run, node->a, caller, &value));
  return put_text(run, value);
}

static emily_status execute_filter_block(emily__trun *run, const emily__tnode *node) {
  emily__tval value;
  EMILY__TRY(capture_in_scope(run, &node->body, &value));
  if (run->leave) return EMILY_OK;
  EMILY__TRY(emily__t_evaluate_filter(run, node->a, value, &value));
  return put_text(run, value);
}

/* The values are evaluated outside of the scope that they open. */
static emily_status bind_with(emily__trun *run, const emily__tnode *node, emily__tscope *outer) {
  for (size_t i = 0; i < node->items.count; i += 2) {
    emily__tscope *inner = run->scope;
    emily__tval value;
    run->scope = outer;
    emily_status status = emily__t_evaluate(run, node->items.data[i + 1], &value);
    run->scope = inner;
    EMILY__TRY(status);
    EMILY__TRY(emily__t_assign(run, node->items.data[i], value));
  }
  return EMILY_OK;
}

static emily_status execute_scope(emily__trun *run, const emily__tnode *node) {
  emily__tscope *scope = run->scope;
  EMILY__TRY(emily__t_enter(run, scope));
  emily_status status = bind_with(run, node, scope);
  if (status == EMILY_OK) status = emily__t_execute(run, &node->body);
  run->scope = scope;
  return status;
}

static emily_status execute_output(emily__trun *run, const emily__tnode *node) {
  emily__tval value;
  EMILY__TRY(emily__t_evaluate(run, node->a, &value));
  return put_value(run, value);
}

static emily_status execute(emily__trun *run, const emily__tnode *node) {
  switch (node->kind) {
    case EMILY__TN_DATA: return put_value(run, node->value);
    case EMILY__TN_OUTPUT: return execute_output(run, node);
    case EMILY__TN_IF: return execute_if(run, node);
    case EMILY__TN_FOR: return execute_for(run, node);
    case EMILY__TN_SET:
    case EMILY__TN_SET_BLOCK: return execute_set(run, node);
    case EMILY__TN_MACRO: return execute_macro(run, node);
    case EMILY__TN_CALL_BLOCK: return execute_call_block(run, node);
    case EMILY__TN_FILTER_BLOCK: return execute_filter_block(run, node);
    case EMILY__TN_WITH:
    case EMILY__TN_SCOPE: return execute_scope(run, node);
    default: return run->leave = node->kind, EMILY_OK;
  }
}

emily_status emily__t_execute(emily__trun *run, const emily__tnodes *body) {
  if (run->depth >= EMILY__T_DEPTH_MAX) return emily__t_fail(run, "the template is nested too deep");
  run->depth++;
  emily_status status = EMILY_OK;
  for (size_t i = 0; status == EMILY_OK && !run->leave && i < body->count; i++) {
    run->line = body->data[i]->line;
    status = emily__t_spend(run, 1);
    if (status == EMILY_OK) status = execute(run, body->data[i]);
  }
  run->depth--;
  return status;
}
