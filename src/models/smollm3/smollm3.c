/* smollm3.c: SmolLM3 (Hugging Face 2025): a decoder stack of which some layers do not rotate. */
#include "models/decoder_stack.h"

/* no_rope_layers says of each layer whether it *does* rotate (1), whatever its name says; without it every
 * no_rope_layer_interval-th does not. */
static void read_ropes(emily__config *c, emily__decoder *d) {
  int64_t interval = 4;
  json_t *list = NULL;
  emily__config_size(c, "no_rope_layer_interval", &interval);
  emily__config_array(c, "no_rope_layers", &list);
  if (list && json_array_size(list) < (size_t)d->layer_count)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"no_rope_layers\" has %zu entries; num_hidden_layers is %lld",
                       json_array_size(list), (long long)d->layer_count);
  for (int64_t i = 0; i < d->layer_count && c->status == EMILY_OK; i++) {
    json_t *entry = list ? json_array_get(list, (size_t)i) : NULL;
    if (entry && !json_is_integer(entry))
      emily__config_fail(c, EMILY_BAD_FORMAT, "\"no_rope_layers\"[%lld] is no integer", (long long)i);
    bool rotates = entry ? json_integer_value(entry) != 0 : (i + 1) % interval != 0;
    d->ropes[i] = rotates ? 0 : EMILY__NO_ROPE;
  }
}

/* By default the layers that do not rotate are those that slide. */
static void read_windows(emily__config *c, emily__decoder *d) {
  int64_t window = emily__decoder_optional_window(c, 0);
  for (int64_t i = 0; i < d->layer_count; i++) d->windows[i] = d->ropes[i] == EMILY__NO_ROPE ? window : 0;
  emily__decoder_layer_types(c, d->layer_count, window, d->windows);
}

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 128256, .hidden_size = 2048, .layer_count = 36, .pad_token = 128004},
                      .heads = 16, .kv_heads = 4, .inner = 11008, .max_positions = 32768, .eps = 1e-6, .tie = true,
                      .act_name = "silu"};
  emily__stack_configure(c, task, "hidden_act", m);
  emily__stack_biases(c, m);
  emily__stack_rope(c, 2000000, m);
  read_ropes(c, &m->decoder);
  read_windows(c, &m->decoder);
  emily__config_skip(c, "max_window_layers"); /* Qwen's, which its configs still carry */
}

const emily__family emily__family_smollm3 = {
    .title = "SmolLM3",
    .checked = "Transformers in float64: every head, both forms of the config, layers without rope, windows, biases, greedy tokens, cached steps",
    .limits = "No question answering head.",
    .model_type = "smollm3",
    .class_name = "SmolLM3",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
