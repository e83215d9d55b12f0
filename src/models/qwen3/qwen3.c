/* qwen3.c: Qwen3 (Yang et al. 2025): a decoder stack whose heads of q and k are normed before they are rotated. */
#include "models/decoder_stack.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 151936, .hidden_size = 4096, .layer_count = 32, .pad_token = -1}, .heads = 32,
                      .kv_heads = 32, .head_dim = 128, .inner = 22016, .max_positions = 32768, .eps = 1e-6,
                      .head_norms = true, .act_name = "silu"};
  emily__stack_configure(c, task, "hidden_act", m);
  emily__config_bool(c, "attention_bias", &m->qkv_bias);
  m->o_bias = m->qkv_bias;
  emily__decoder_windows(c, m->decoder.layer_count, m->decoder.windows);
  emily__stack_rope(c, 10000, m);
}

const emily__family emily__family_qwen3 = {
    .title = "Qwen3",
    .checked = "Transformers in float64: every head, both forms of the config, each scaling of rope, sliding windows, greedy tokens, cached steps",
    .limits = "No question answering head.",
    .model_type = "qwen3",
    .class_name = "Qwen3",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
