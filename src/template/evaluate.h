/* evaluate.h: walking the tree: expressions to values (evaluate.c), statements to text (render.c), macros (call.c).
 */
#ifndef EMILY_TEMPLATE_EVALUATE_H
#define EMILY_TEMPLATE_EVALUATE_H

#include "template/builtin.h"
#include "template/operate.h"

emily_status emily__t_evaluate(emily__trun *run, const emily__tnode *node, emily__tval *out);
emily_status emily__t_execute(emily__trun *run, const emily__tnodes *body);

/* The text that a body writes. */
emily_status emily__t_capture(emily__trun *run, const emily__tnodes *body, emily__tval *out);

/* A filter of the tree on a value. */
emily_status emily__t_evaluate_filter(emily__trun *run, const emily__tnode *node, emily__tval value,
                                      emily__tval *out);

/* target = value, in the present scope. */
emily_status emily__t_assign(emily__trun *run, const emily__tnode *target, emily__tval value);

/* A call of the tree; caller: a macro that goes along as `caller`, or MISSING. */
emily_status emily__t_evaluate_call(emily__trun *run, const emily__tnode *node, emily__tval caller, emily__tval *out);

#endif
