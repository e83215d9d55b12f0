/* attention.c: the primitive attention: reads a node and chooses between the two implementations. */
#include "backend/cpu/attention.h"

#include "backend/cpu/cpu.h"
#include "backend/cpu/product.h"

#include <math.h>

/* A sink far above all scores gives infinity, which leaves nothing for the values, as it should. */
float emily__attention_sink(const emily__attention *a, int64_t h, float top) {
  const emily__tensor *sinks = a->sinks;
  float sink;
  if (!sinks) return 0;
  emily__gather_f32(&sink, (const char *)sinks->data + h * sinks->strides[0] * (int64_t)emily_dtype_size(sinks->dtype), 1,
                    sinks->dtype, 1);
  return expf(sink - top);
}

emily_status emily__cpu_attention(const emily__node_view *node) {
  const emily__attrs_attention *attrs = node->attrs;
  const emily__tensor *in = node->inputs;
  emily__attention a = {.q = &in[0], .k = &in[1], .v = &in[2], .out = &node->outputs[0], .kernels = emily__cpu_kernels_get(),
                        .scale = attrs->scale, .causal = attrs->causal, .window = attrs->window};
  if (attrs->has_mask) a.mask = &in[3];
  if (attrs->has_sinks) a.sinks = &in[3 + attrs->has_mask];
  a.B = a.q->shape[0], a.H = a.q->shape[1], a.Tq = a.q->shape[2], a.D = a.q->shape[3];
  a.Hk = a.k->shape[1], a.Tk = a.k->shape[2], a.Dv = a.v->shape[3];
  if (a.out->size == 0) return EMILY_OK;
  a.group = a.H / a.Hk;
  return a.q->dtype == EMILY_FLOAT64 ? emily__attention_plain(&a) : emily__attention_tiled(&a);
}
