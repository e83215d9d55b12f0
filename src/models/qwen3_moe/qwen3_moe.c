/* qwen3_moe.c: Qwen3's mixtures of experts: Qwen3 with experts in place of the MLP of most layers. */
#include "models/decoder_stack.h"

enum { MOST_EXPERTS = 4096 };

static bool mlp_only(const json_t *layers, int64_t layer) {
  for (size_t i = 0; i < json_array_size(layers); i++)
    if (json_integer_value(json_array_get(layers, i)) == layer) return true;
  return false;
}

/* Which layers have experts: each decoder_sparse_step-th that mlp_only_layers does not name. */
static void read_sparse(emily__config *c, emily__stack *m) {
  int64_t step = 1;
  json_t *dense = NULL;
  emily__config_size(c, "decoder_sparse_step", &step);
  emily__config_array(c, "mlp_only_layers", &dense);
  for (size_t i = 0; i < json_array_size(dense); i++)
    if (!json_is_integer(json_array_get(dense, i)))
      emily__config_fail(c, EMILY_BAD_FORMAT, "\"mlp_only_layers\"[%zu] is no integer", i);
  for (int64_t i = 0; i < m->decoder.layer_count; i++) m->sparse[i] = (i + 1) % step == 0 && !mlp_only(dense, i);
}

static void read_experts(emily__config *c, emily__stack *m) {
  emily__config_int(c, "num_experts", 1, MOST_EXPERTS, &m->experts);
  emily__config_int(c, "num_local_experts", 1, MOST_EXPERTS, &m->experts); /* as Transformers 5 calls them */
  emily__config_int(c, "num_experts_per_tok", 1, MOST_EXPERTS, &m->top_k);
  emily__config_size(c, "moe_intermediate_size", &m->expert_inner);
  emily__config_bool(c, "norm_topk_prob", &m->normalize);
  if (c->status == EMILY_OK && m->top_k > m->experts)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"num_experts_per_tok\" is %lld, of %lld experts", (long long)m->top_k,
                       (long long)m->experts);
  emily__config_skip(c, "output_router_logits"); /* of training */
  emily__config_skip(c, "router_aux_loss_coef");
}

/* What some files say of what every model of the family is. */
static void read_constants(emily__config *c) {
  int64_t shared = 0;
  emily__config_only_bool(c, "qkv_bias", false);
  emily__config_only_bool(c, "use_qk_norm", true);
  emily__config_int(c, "shared_expert_intermediate_size", 0, INT64_MAX, &shared);
  if (c->status == EMILY_OK && shared)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"shared_expert_intermediate_size\": %lld is not supported (only 0 is)", (long long)shared);
}

static void configure(emily__config *c, emily__task task, void *self) {
  emily__stack *m = self;
  *m = (emily__stack){.decoder = {.vocab = 151936, .hidden_size = 2048, .layer_count = 24, .pad_token = -1}, .heads = 32,
                      .kv_heads = 4, .inner = 6144, .max_positions = 32768, .eps = 1e-6, .head_norms = true,
                      .act_name = "silu", .experts = 128, .top_k = 8, .expert_inner = 768};
  emily__stack_configure(c, task, "hidden_act", m);
  emily__config_bool(c, "attention_bias", &m->qkv_bias);
  m->o_bias = m->qkv_bias;
  read_experts(c, m);
  read_sparse(c, m);
  read_constants(c);
  int64_t window = emily__decoder_optional_window(c, 4096);
  for (int64_t i = 0; i < m->decoder.layer_count; i++) m->decoder.windows[i] = window;
  emily__config_skip(c, "max_window_layers"); /* which this family does not look at: all layers slide, or none */
  emily__stack_rope(c, 10000, m);
}

const emily__family emily__family_qwen3_moe = {
    .title = "Qwen3's mixtures of experts",
    .checked = "Transformers in float64: every head, both forms of the config, dense layers among sparse ones, windows, greedy tokens, cached steps",
    .limits = "No question answering head.",
    .model_type = "qwen3_moe",
    .class_name = "Qwen3Moe",
    .configure = configure,
    EMILY__STACK_ROW,
    EMILY__STACK_TASKS,
};
