/* eval.c: from arrays that are wanted to tasks on streams.
 *
 * Under the graph lock: walk back from the roots over PENDING arrays (depth first, with a stack on the heap), cut the nodes in
 * topological order into tasks of one stream each, mark their outputs SCHEDULED, queue the tasks. Outside the lock: run. Each task
 * waits for the tasks of other streams, or of earlier evaluations, that make its inputs. Tasks only ever wait for tasks
 * queued before them, and each stream runs in order, so there is no cycle to deadlock on.
 *
 * When a node fails, the task's remaining nodes go back to PENDING with their inputs intact: a later evaluation starts there. */
#include "graph/eval.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "graph/runtime.h"

#include <string.h>

typedef struct frame {
  emily__node *node;
  int32_t next; /* input to look at next */
} frame;

/* Scratch of the walk, under the graph lock; kept between evaluations while it is small. */
static EMILY__VEC(frame) stack;
static EMILY__VEC(emily__node *) order;
static EMILY__VEC(emily__task *) plan;
static uint64_t epoch;
enum { KEEP_SCRATCH = 1 << 16 };

static int32_t state_of(const emily_array *array) {
  return atomic_load_explicit(&((emily_array *)array)->state, memory_order_acquire);
}

/* ---- tasks ---- */

static emily__task *task_new(emily_stream *stream) {
  emily__task *task = emily__malloc(sizeof *task);
  if (!task) return NULL;
  memset(task, 0, offsetof(emily__task, error)); /* the error is written before it is read */
  atomic_init(&task->refs, 1);
  task->stream = emily_stream_retain(stream);
  return task;
}

void emily__task_unref(emily__task *task) {
  if (atomic_fetch_sub_explicit(&task->refs, 1, memory_order_acq_rel) != 1) return;
  for (size_t i = 0; i < task->node_count; i++)
    if (task->nodes[i]) emily__node_unref(task->nodes[i]);
  for (size_t i = 0; i < task->wait_count; i++) emily__task_unref(task->waits_for[i]);
  for (size_t i = 0; i < task->root_count; i++) emily_array_release(task->roots[i]);
  emily__free(task->nodes);
  emily__free(task->waits_for);
  emily__free(task->roots);
  emily_stream_release(task->stream);
  emily__free(task);
}

static void task_retain(emily__task *task) { atomic_fetch_add_explicit(&task->refs, 1, memory_order_relaxed); }

/* Append a pointer to one of the task's lists; false when memory is out. */
static bool append(void ***list, size_t *count, size_t *capacity, void *item) {
  if (!emily__vec_grow((void **)list, capacity, *count, 1, sizeof **list)) return false;
  (*list)[(*count)++] = item;
  return true;
}

static bool task_waits_for(emily__task *task, emily__task *other) {
  for (size_t i = task->wait_count; i > 0; i--)
    if (task->waits_for[i - 1] == other) return true;
  if (!append((void ***)&task->waits_for, &task->wait_count, &task->wait_capacity, other)) return false;
  task_retain(other);
  return true;
}

/* ---- the plan, under the graph lock ---- */

static bool push_if_pending(emily_array *array) {
  if (state_of(array) != EMILY__PENDING || array->node->mark == epoch) return true;
  array->node->mark = epoch;
  return emily__vec_push(&stack, ((frame){array->node, 0}));
}

/* Nodes to run, inputs before users, into `order`. */
static bool walk(emily_array *const *roots, size_t count) {
  epoch++;
  stack.count = order.count = 0;
  for (size_t i = 0; i < count; i++) {
    if (!push_if_pending(roots[i])) return false;
    while (stack.count) {
      frame *top = &stack.data[stack.count - 1];
      if (top->next < top->node->n_inputs) {
        if (!push_if_pending(top->node->inputs[top->next++])) return false;
      } else {
        emily__node *node = top->node;
        stack.count--;
        if (!emily__vec_push(&order, node)) return false;
      }
    }
  }
  return true;
}

/* Put a node into the task that is being filled, with what it has to wait for. */
static bool add_node(emily__task *task, emily__node *node) {
  if (!append((void ***)&task->nodes, &task->node_count, &task->node_capacity, node)) return false;
  emily__node_retain(node);
  task_retain(task);
  node->task = task;
  for (int32_t i = 0; i < node->n_inputs; i++) {
    emily_array *input = node->inputs[i];
    if (state_of(input) == EMILY__READY || input->node->task == task) continue;
    if (!task_waits_for(task, input->node->task)) return false;
  }
  return true;
}

/* Cut `order` into tasks. */
static bool fill_plan(void) {
  plan.count = 0;
  for (size_t i = 0; i < order.count; i++) {
    emily__node *node = order.data[i];
    if (plan.count == 0 || plan.data[plan.count - 1]->stream != node->stream) {
      emily__task *task = task_new(node->stream);
      if (!task) return false;
      if (!emily__vec_push(&plan, task)) {
        emily__task_unref(task);
        return false;
      }
    }
    if (!add_node(plan.data[plan.count - 1], node)) return false;
  }
  return true;
}

static bool hold_roots(emily_array *const *roots, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (state_of(roots[i]) != EMILY__PENDING) continue;
    emily__task *task = roots[i]->node->task;
    if (!append((void ***)&task->roots, &task->root_count, &task->root_capacity, roots[i])) return false;
    emily_array_retain(roots[i]);
  }
  return true;
}

static void clear_task(emily__node *node) {
  emily__task *task = node->task;
  node->task = NULL;
  if (task) emily__task_unref(task);
}

/* Memory ran out while planning: nothing was marked yet. */
static void forget_plan(void) {
  for (size_t i = 0; i < plan.count; i++)
    for (size_t k = 0; k < plan.data[i]->node_count; k++) clear_task(plan.data[i]->nodes[k]);
}

/* Several outputs: those whose last handle is going are dropped, the others held until the node has run. */
static void hold_siblings(emily__node *node) {
  if (node->n_outputs < 2) return;
  for (int32_t i = 0; i < node->n_outputs; i++) {
    emily_array *output = node->outputs[i];
    int32_t refs = output ? atomic_load(&output->refs) : 0;
    while (refs > 0 && !atomic_compare_exchange_weak(&output->refs, &refs, refs + 1)) continue;
    if (refs == 0) node->outputs[i] = NULL;
  }
}

static void commit_plan(void) {
  for (size_t i = 0; i < order.count; i++) {
    hold_siblings(order.data[i]);
    for (int32_t k = 0; k < order.data[i]->n_outputs; k++)
      if (order.data[i]->outputs[k])
        atomic_store_explicit(&order.data[i]->outputs[k]->state, EMILY__SCHEDULED, memory_order_relaxed);
  }
  for (size_t i = 0; i < plan.count; i++) emily__stream_push(plan.data[i]->stream, plan.data[i]);
}

static void trim_scratch(void) {
  if (stack.capacity > KEEP_SCRATCH) emily__vec_free(&stack);
  if (order.capacity > KEEP_SCRATCH) emily__vec_free(&order);
  if (plan.capacity > KEEP_SCRATCH) emily__vec_free(&plan);
}

/* The tasks that stand for an evaluation, one reference each. */
typedef EMILY__VEC(emily__task *) task_list;

static bool list_task(task_list *list, emily__task *task) {
  for (size_t i = 0; i < list->count; i++)
    if (list->data[i] == task) return true;
  if (!emily__vec_push(list, task)) return false;
  task_retain(task);
  return true;
}

/* New tasks into `queued`, tasks of the roots (also those of earlier evaluations) into `wanted`. */
static bool list_tasks(emily_array *const *roots, size_t count, task_list *queued, task_list *wanted) {
  for (size_t i = 0; i < plan.count; i++)
    if (!list_task(queued, plan.data[i])) return false;
  for (size_t i = 0; i < count; i++)
    if (state_of(roots[i]) != EMILY__READY && !list_task(wanted, roots[i]->node->task)) return false;
  return true;
}

static void list_free(task_list *list) {
  for (size_t i = 0; i < list->count; i++) emily__task_unref(list->data[i]);
  emily__vec_free(list);
}

static emily_status schedule(emily_array *const *roots, size_t count, task_list *queued, task_list *wanted) {
  emily__graph_lock();
  bool ok = walk(roots, count) && fill_plan() && hold_roots(roots, count) && list_tasks(roots, count, queued, wanted);
  if (ok)
    commit_plan();
  else
    forget_plan();
  EMILY__VEC(emily__task *) drop = {plan.data, plan.count, plan.capacity};
  plan.data = NULL;
  plan.count = plan.capacity = 0;
  trim_scratch();
  emily__graph_unlock();
  /* Outside the lock: dropping a task may free arrays, which may take it. */
  for (size_t i = 0; i < drop.count; i++) emily__task_unref(drop.data[i]);
  emily__vec_free(&drop);
  return ok ? EMILY_OK : emily_last_error()->status;
}

/* ---- running ---- */

/* Nodes from `first` on will not run: let a later evaluation have them. Nodes and task refer to each other until here. */
static void give_back(emily__task *task, size_t first) {
  emily__graph_lock();
  for (size_t i = first; i < task->node_count; i++) {
    emily__node *node = task->nodes[i];
    node->task = NULL;
    for (int32_t k = 0; k < node->n_outputs; k++)
      if (node->outputs[k]) atomic_store_explicit(&node->outputs[k]->state, EMILY__PENDING, memory_order_relaxed);
  }
  emily__graph_unlock();
}

static void release_siblings(emily__node *node) {
  if (node->n_outputs < 2) return;
  for (int32_t i = 0; i < node->n_outputs; i++) {
    emily_array *output = node->outputs[i];
    if (output) emily_array_release(output);
  }
}

/* The task's nodes from `first` on go back to the arrays that they make. The stream holds the task meanwhile. */
static void let_go(emily__task *task, size_t first) {
  for (size_t i = first; i < task->node_count; i++) {
    release_siblings(task->nodes[i]);
    emily__node_unref(task->nodes[i]);
    task->nodes[i] = NULL;
    emily__task_unref(task);
  }
}

static emily_status run_nodes(emily__task *task, size_t *ran) {
  for (size_t i = 0; i < task->wait_count; i++) EMILY__TRY(emily__stream_wait(task->waits_for[i]));
  for (; *ran < task->node_count; ++*ran) {
    emily__node *node = task->nodes[*ran];
    EMILY__TRY(emily__node_execute(node));
    emily__node_drop_inputs(node);
    release_siblings(node);
    task->nodes[*ran] = NULL;
    emily__node_unref(node);
  }
  return EMILY_OK;
}

void emily__task_run(emily__task *task) {
  uint64_t begin = emily__telemetry_begin();
  size_t ran = 0;
  task->status = run_nodes(task, &ran);
  if (task->status != EMILY_OK) {
    emily__error_save(&task->error);
    give_back(task, ran);
    let_go(task, ran);
  }
  for (size_t i = 0; i < task->root_count; i++) emily_array_release(task->roots[i]);
  task->root_count = 0;
  for (size_t i = 0; i < task->wait_count; i++) emily__task_unref(task->waits_for[i]);
  task->wait_count = 0;
  emily__telemetry_end(EMILY_SPAN_EVAL, "eval", begin, ran);
}

static emily_status check_arrays(const char *where, emily_array *const *arrays, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!arrays || !arrays[i]) return emily__fail(EMILY_INVALID_ARGUMENT, where, "array %zu of %zu is NULL", i, count);
  return EMILY_OK;
}

static bool all_ready(emily_array *const *arrays, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!emily__array_ready(arrays[i])) return false;
  return true;
}

/* All of them, also after a failure; the first failure counts. */
static emily_status wait_for_all(const task_list *wanted) {
  emily_status status = EMILY_OK;
  emily__error first;
  for (size_t i = 0; i < wanted->count; i++) {
    emily_status one = emily__stream_wait(wanted->data[i]);
    if (status == EMILY_OK && one != EMILY_OK) {
      status = one;
      emily__error_save(&first);
    }
  }
  return status == EMILY_OK ? EMILY_OK : emily__error_restore(&first);
}

emily_status emily_eval(emily_array *const *arrays, size_t count) {
  EMILY__TRY(check_arrays("emily_eval", arrays, count));
  if (all_ready(arrays, count)) return EMILY_OK;
  task_list queued = {0}, wanted = {0};
  emily_status status = schedule(arrays, count, &queued, &wanted);
  if (status == EMILY_OK) {
    /* The calling thread serves the stream of the last task it waits for; other streams have their workers. */
    emily_stream *own = wanted.count ? wanted.data[wanted.count - 1]->stream : NULL;
    for (size_t i = 0; i < queued.count; i++)
      if (queued.data[i]->stream != own) emily__stream_kick(queued.data[i]->stream);
    status = wait_for_all(&wanted);
  }
  list_free(&queued);
  list_free(&wanted);
  return status;
}

emily_status emily_async_eval(emily_array *const *arrays, size_t count) {
  EMILY__TRY(check_arrays("emily_async_eval", arrays, count));
  if (all_ready(arrays, count)) return EMILY_OK;
  task_list queued = {0}, wanted = {0};
  emily_status status = schedule(arrays, count, &queued, &wanted);
  for (size_t i = 0; status == EMILY_OK && i < queued.count; i++) emily__stream_kick(queued.data[i]->stream);
  for (size_t i = 0; status == EMILY_OK && i < queued.count; i++) emily__stream_throttle(queued.data[i]->stream);
  list_free(&queued);
  list_free(&wanted);
  return status;
}
