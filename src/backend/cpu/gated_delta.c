/* gated_delta.c: the gated delta rule (Yang, Kautz, Hatamizadeh, "Gated Delta Networks", 2024), token by token.
 *
 * Each head has a state S: [Dv, Dk]. A token lets it decay, corrects what it answers to the token's key towards the token's value, and
 * reads it with the token's query. Rows of S do not meet: blocks of sixteen, with their state transposed in first-level cache, go
 * through all tokens on their own. A token that the mask leaves out changes nothing and reads zeros. */
#include "backend/cpu/cpu.h"
#include "backend/cpu/iterate.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/pool.h"
#include "backend/cpu/slots.h"

#include <string.h>

enum { LANES = EMILY__DELTA_LANES, Q = 0, K, V, GAMMA, BETA, STATE, MASK };

typedef struct delta_job {
  const emily__node_view *node;
  const emily__cpu_kernels *kernels;
  int64_t tokens, heads, keys, values, groups; /* value heads; groups: blocks of a head's values */
  int64_t shared;                              /* value heads to a key head */
  int32_t size;                                /* of an element */
  emily__slots slots;                          /* state [keys][LANES], q, k and decay [keys], v and out [LANES] */
} delta_job;

static const char *element(const emily__tensor *x, const int64_t *index, int32_t axes) {
  int64_t at = 0;
  for (int32_t i = 0; i < axes; i++) at += index[i] * x->strides[i];
  return (const char *)x->data + at * (int64_t)emily_dtype_size(x->dtype);
}

/* n elements of x's last axis, from `first` on, at batch b, token t, head h. */
static void gather(const delta_job *job, char *to, int which, int64_t b, int64_t t, int64_t h, int64_t first, int64_t n) {
  const emily__tensor *x = &job->node->inputs[which];
  emily__copy_strided(to, job->size, element(x, (int64_t[]){b, t, h, first}, 4), x->strides[3] * job->size, n, job->size);
}

/* The state of `rows` values from `first` on, into the slot or back, in the layout [values, keys] of memory. */
static void move_state(const delta_job *job, char *slot, const emily__tensor *x, bool back, int64_t b, int64_t h, int64_t first, int64_t rows) {
  for (int64_t i = 0; i < rows; i++) {
    char *memory = (char *)element(x, (int64_t[]){b, h, first + i, 0}, 4), *lane = slot + i * job->size;
    const int64_t step = x->strides[3] * job->size, lanes = LANES * job->size;
    if (back) emily__copy_strided(memory, step, lane, lanes, job->keys, job->size);
    else emily__copy_strided(lane, lanes, memory, step, job->keys, job->size);
  }
}

static void run_block(void *context, int64_t block) {
  delta_job *job = context;
  const emily__node_view *node = job->node;
  const emily__tensor *in = node->inputs, *out = &node->outputs[0];
  const int64_t group = block % job->groups, h = block / job->groups % job->heads, b = block / job->groups / job->heads;
  const int64_t first = group * LANES, rows = job->values - first < LANES ? job->values - first : LANES, row = job->keys * job->size;
  const bool wide = in[GAMMA].ndim == 4;
  int slot;
  char *state = (char *)emily__slots_take(&job->slots, &slot);
  char *q = state + LANES * row, *k = q + row, *decay = k + row, *v = decay + (wide ? row : 8), *o = v + LANES * job->size;
  memset(state, 0, (size_t)(LANES * row));
  memset(v, 0, (size_t)(LANES * job->size));
  move_state(job, state, &in[STATE], false, b, h, first, rows);
  for (int64_t t = 0; t < job->tokens; t++) {
    char *to = (char *)element(out, (int64_t[]){b, t, h, first}, 4);
    if (node->n_inputs > MASK && !*(const bool *)element(&in[MASK], (int64_t[]){b, t}, 2)) {
      memset(to, 0, (size_t)(rows * job->size));
      continue;
    }
    gather(job, q, Q, b, t, h / job->shared, 0, job->keys);
    gather(job, k, K, b, t, h / job->shared, 0, job->keys);
    gather(job, v, V, b, t, h, first, rows);
    if (wide) gather(job, decay, GAMMA, b, t, h, 0, job->keys);
    else memcpy(decay, element(&in[GAMMA], (int64_t[]){b, t, h}, 3), (size_t)job->size);
    const char *beta = element(&in[BETA], (int64_t[]){b, t, h}, 3);
    if (job->size == 4)
      job->kernels->delta_f32((float *)o, (float *)state, (float *)q, (float *)k, (float *)v, (float *)decay, wide, *(const float *)beta, job->keys);
    else
      job->kernels->delta_f64((double *)o, (double *)state, (double *)q, (double *)k, (double *)v, (double *)decay, wide, *(const double *)beta, job->keys);
    memcpy(to, o, (size_t)(rows * job->size));
  }
  move_state(job, state, &node->outputs[1], true, b, h, first, rows);
  emily__slots_give(&job->slots, slot);
}

emily_status emily__cpu_gated_delta_update(const emily__node_view *node) {
  const emily__tensor *q = &node->inputs[Q], *v = &node->inputs[V];
  delta_job job = {.node = node, .kernels = emily__cpu_kernels_get(), .tokens = q->shape[1], .heads = v->shape[2], .keys = q->shape[3],
                   .values = v->shape[3], .size = (int32_t)emily_dtype_size(q->dtype)};
  job.groups = (job.values + LANES - 1) / LANES;
  const int64_t blocks = v->shape[0] * job.heads * job.groups;
  if (blocks == 0) return EMILY_OK;
  job.shared = job.heads / q->shape[2];
  const int32_t threads = emily__pool_threads() < EMILY__SLOTS_MAX ? emily__pool_threads() : EMILY__SLOTS_MAX;
  const int64_t slot_bytes = (((LANES + 3) * job.keys + 2 * LANES + 8) * job.size + 63) / 64 * 64;
  char *scratch;
  EMILY__TRY(emily__cpu_allocate((size_t)(threads * slot_bytes), (void **)&scratch));
  emily__slots_init(&job.slots, (float *)scratch, slot_bytes / (int64_t)sizeof(float), threads);
  emily__pool_run(run_block, &job, blocks);
  emily__cpu_release(scratch, (size_t)(threads * slot_bytes));
  return EMILY_OK;
}
