/* mistral.c: Mistral (Jiang et al. 2023): a decoder stack whose layers all see through one sliding window, where there is one. */
#include "models/decoder_stack.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 32000, .hidden_size = 4096, .layer_count = 32, .pad_token = -1}, .heads = 32,
                      .kv_heads = 8, .inner = 14336, .max_positions = 131072, .eps = 1e-6, .act_name = "silu"};
  emily__stack_configure(c, task, "hidden_act", m);
  int64_t window = emily__decoder_window(c, 4096);
  for (int64_t i = 0; i < m->decoder.layer_count; i++) m->decoder.windows[i] = window;
  emily__stack_rope(c, 10000, m);
}

const emily__family emily__family_mistral = {
    .title = "Mistral",
    .checked = "Transformers in float64: every head, both forms of the config, windows, greedy tokens, cached steps",
    .limits = "No question answering head.",
    .model_type = "mistral",
    .class_name = "Mistral",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
