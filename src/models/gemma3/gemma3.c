/* gemma3.c: the text models of Gemma 3 (Gemma Team 2025): a decoder stack with norms before and behind each part and on the heads of q
 * and k, all times 1 + weight; scaled embeddings; most layers slide and rotate by a rope of their own.
 */
#include "models/decoder_stack.h"

#include <math.h>

enum { FULL, SLIDING };

/* layer_types, or every sliding_window_pattern-th layer sees all. */
static void read_layers(emily__config *c, emily__decoder *d) {
  int64_t window = emily__decoder_window(c, 4096), pattern = 6;
  emily__config_size(c, "sliding_window_pattern", &pattern);
  emily__config_skip(c, "_sliding_window_pattern"); /* written beside layer_types, and never read */
  for (int64_t i = 0; i < d->layer_count; i++) d->windows[i] = (i + 1) % pattern ? window : 0;
  emily__decoder_layer_types(c, d->layer_count, window, d->windows);
  for (int64_t i = 0; i < d->layer_count; i++) d->ropes[i] = d->windows[i] ? SLIDING : FULL;
}

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  double scalar = 256;
  *m = (emily__stack){.decoder = {.vocab = 262208, .hidden_size = 2304, .layer_count = 26, .pad_token = 0}, .heads = 8,
                      .kv_heads = 4, .head_dim = 256, .inner = 9216, .max_positions = 131072, .eps = 1e-6,
                      .head_norms = true, .out_norms = true, .weight_plus_one = true, .scale_embeddings = true,
                      .tie = true, .act_name = "gelu_pytorch_tanh"};
  emily__stack_configure(c, task, "hidden_activation", m);
  emily__config_bool(c, "attention_bias", &m->qkv_bias);
  m->o_bias = m->qkv_bias;
  emily__config_real(c, "query_pre_attn_scalar", 1e-6, 1e6, &scalar);
  m->decoder.scale = 1 / sqrt(scalar);
  emily__config_real(c, "final_logit_softcapping", 1e-6, 1e6, &m->decoder.logit_cap);
  emily__config_only_bool(c, "use_bidirectional_attention", false);
  emily__config_skip(c, "cache_implementation");
  read_layers(c, &m->decoder);
  emily__config_rope_pair(c, m->head_dim, m->max_positions, (const double[]){1000000, 10000}, m->decoder.rope);
  m->decoder.rope_count = 2;
  m->decoder.context = m->max_positions; /* which the scaling of rope has already in it */
}

const emily__family emily__family_gemma3_text = {
    .title = "Gemma 3 (text)",
    .checked = "Transformers in float64: every head, both forms of the config, windows and ropes by layer, capped logits, greedy tokens, cached steps",
    .limits = "No images, no attention both ways, no cap on the scores of attention.",
    .model_type = "gemma3_text",
    .class_name = "Gemma3",
    .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_CAUSAL_LM | 1u << EMILY__TASK_SEQUENCE,
    .classes = {[EMILY__TASK_BODY] = "Gemma3TextModel", [EMILY__TASK_SEQUENCE] = "Gemma3TextForSequenceClassification"},
    .configure = configure,
    EMILY__STACK_ROW,
};
