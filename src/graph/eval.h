/* eval.h: what the evaluator shows to the other files of the graph. */
#ifndef EMILY_GRAPH_EVAL_H
#define EMILY_GRAPH_EVAL_H

#include "graph/node.h"
#include "graph/stream.h"

/* Run all nodes of a task on the calling thread and set its status. Called by the stream, once a task. */
void emily__task_run(emily__task *task);

/* Run one node whose inputs are READY, and make its outputs READY. On failure nothing has changed. (graph/execute.c) */
emily_status emily__node_execute(emily__node *node);

#endif
