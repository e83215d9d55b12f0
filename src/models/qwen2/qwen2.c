/* qwen2.c: Qwen2 and 2.5 (Yang et al. 2024): a decoder stack with biases on q, k and v. */
#include "models/decoder_stack.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 151936, .hidden_size = 4096, .layer_count = 32, .pad_token = -1}, .heads = 32,
                      .kv_heads = 32, .inner = 22016, .max_positions = 32768, .eps = 1e-6, .qkv_bias = true,
                      .act_name = "silu"};
  emily__stack_configure(c, task, "hidden_act", m);
  emily__decoder_windows(c, m->decoder.layer_count, m->decoder.windows);
  emily__stack_rope(c, 10000, m);
  emily__config_only_bool(c, "use_mrope", false); /* of models that see */
}

const emily__family emily__family_qwen2 = {
    .title = "Qwen2 and 2.5",
    .checked = "Transformers in float64: every head, both forms of the config, windows by layer, greedy tokens, cached steps",
    .limits = "No multimodal positions (use_mrope), no question answering head.",
    .model_type = "qwen2",
    .class_name = "Qwen2",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
