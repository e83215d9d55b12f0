/* llama.c: Llama 1 to 3 (Touvron et al. 2023) and what is built like it: a plain decoder stack. */
#include "models/decoder_stack.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 32000, .hidden_size = 4096, .layer_count = 32, .pad_token = -1}, .heads = 32,
                      .inner = 11008, .max_positions = 2048, .eps = 1e-6, .act_name = "silu"};
  emily__stack_configure(c, task, "hidden_act", m);
  emily__stack_biases(c, m);
  emily__stack_rope(c, 10000, m);
  emily__config_skip(c, "is_llama_config");              /* what those say of themselves */
  emily__config_skip(c, "max_sequence_length");          /* Llama 1's name of a limit of its tokenizer */
}

const emily__family emily__family_llama = {
    .title = "Llama 1 to 3",
    .checked = "Transformers in float64: every head, both forms of the config, each scaling of rope, biases, greedy tokens, cached steps",
    .limits = "No question answering head.",
    .model_type = "llama",
    .class_name = "Llama",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
