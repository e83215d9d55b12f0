/* gguf_arch.c: see gguf_arch.h. */
#include "io/gguf_arch.h"

#include <stdio.h>
#include <string.h>

typedef emily__gguf_names2 pair;

const pair emily__gguf_keys[] = {
    {"embedding_length", "hidden_size"},
    {"block_count", "num_hidden_layers"},
    {"feed_forward_length", "intermediate_size"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "head_dim"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
    {"attention.sliding_window", "sliding_window"},
    {"context_length", "max_position_embeddings"},
    {"rope.freq_base", "rope_theta"},
    {NULL, NULL},
};

static const pair no_keys[] = {{NULL, NULL}};

static const pair bert_keys[] = {{"attention.layer_norm_epsilon", "layer_norm_eps"}, {NULL, NULL}};

static const pair nomic_keys[] = {
    {"attention.layer_norm_epsilon", "layer_norm_epsilon"},
    {"rope.freq_base", "rotary_emb_base"},
    {"embedding_length", "n_embd"},
    {"block_count", "n_layer"},
    {"attention.head_count", "n_head"},
    {"feed_forward_length", "n_inner"},
    {"context_length", "n_positions"},
    {NULL, NULL},
};

static const pair gpt2_keys[] = {
    {"attention.layer_norm_epsilon", "layer_norm_epsilon"},
    {"embedding_length", "n_embd"},
    {"block_count", "n_layer"},
    {"attention.head_count", "n_head"},
    {"feed_forward_length", "n_inner"},
    {"context_length", "n_positions"},
    {NULL, NULL},
};

static const pair moe_keys[] = {
    {"expert_count", "num_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {NULL, NULL},
};

static const pair gemma3_keys[] = {
    {"rope.freq_base_swa", "rope_local_base_freq"},
    {"final_logit_softcapping", "final_logit_softcapping"},
    {NULL, NULL},
};

#define DECODER                                    \
  {"token_embd", "model.embed_tokens"},            \
  {"output_norm", "model.norm"},                   \
  {"output", "lm_head"},                           \
  {"blk.*.attn_norm", "model.layers.*.input_layernorm"}, \
  {"blk.*.attn_q", "model.layers.*.self_attn.q_proj"},   \
  {"blk.*.attn_k", "model.layers.*.self_attn.k_proj"},   \
  {"blk.*.attn_v", "model.layers.*.self_attn.v_proj"},   \
  {"blk.*.attn_output", "model.layers.*.self_attn.o_proj"}, \
  {"blk.*.attn_q_norm", "model.layers.*.self_attn.q_norm"}, \
  {"blk.*.attn_k_norm", "model.layers.*.self_attn.k_norm"}, \
  {"blk.*.ffn_gate", "model.layers.*.mlp.gate_proj"},    \
  {"blk.*.ffn_up", "model.layers.*.mlp.up_proj"},        \
  {"blk.*.ffn_down", "model.layers.*.mlp.down_proj"}

static const pair decoder_tensors[] = {DECODER, {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm"}, {NULL, NULL}};

static const pair moe_tensors[] = {
    DECODER,
    {"blk.*.ffn_norm", "model.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_gate_inp", "model.layers.*.mlp.gate"},
    {"blk.*.ffn_gate_exps", "model.layers.*.mlp.switch_mlp.gate_proj"},
    {"blk.*.ffn_up_exps", "model.layers.*.mlp.switch_mlp.up_proj"},
    {"blk.*.ffn_down_exps", "model.layers.*.mlp.switch_mlp.down_proj"},
    {NULL, NULL},
};

static const pair gemma3_tensors[] = {
    DECODER,
    {"blk.*.post_attention_norm", "model.layers.*.post_attention_layernorm"},
    {"blk.*.ffn_norm", "model.layers.*.pre_feedforward_layernorm"},
    {"blk.*.post_ffw_norm", "model.layers.*.post_feedforward_layernorm"},
    {NULL, NULL},
};

static const pair gpt2_tensors[] = {
    {"token_embd", "transformer.wte"},
    {"position_embd", "transformer.wpe"},
    {"output_norm", "transformer.ln_f"},
    {"output", "lm_head"},
    {"blk.*.attn_norm", "transformer.h.*.ln_1"},
    {"blk.*.attn_qkv", "transformer.h.*.attn.c_attn"},
    {"blk.*.attn_output", "transformer.h.*.attn.c_proj"},
    {"blk.*.ffn_norm", "transformer.h.*.ln_2"},
    {"blk.*.ffn_up", "transformer.h.*.mlp.c_fc"},
    {"blk.*.ffn_down", "transformer.h.*.mlp.c_proj"},
    {NULL, NULL},
};

static const pair nomic_tensors[] = {
    {"token_embd", "embeddings.word_embeddings"},
    {"token_types", "embeddings.token_type_embeddings"},
    {"token_embd_norm", "emb_ln"},
    {"blk.*.attn_qkv", "encoder.layers.*.attn.Wqkv"},
    {"blk.*.attn_output", "encoder.layers.*.attn.out_proj"},
    {"blk.*.attn_output_norm", "encoder.layers.*.norm1"},
    {"blk.*.ffn_up", "encoder.layers.*.mlp.fc11"},
    {"blk.*.ffn_gate", "encoder.layers.*.mlp.fc12"},
    {"blk.*.ffn_down", "encoder.layers.*.mlp.fc2"},
    {"blk.*.layer_output_norm", "encoder.layers.*.norm2"},
    {NULL, NULL},
};

static const pair bert_tensors[] = {
    {"token_embd", "embeddings.word_embeddings"},
    {"position_embd", "embeddings.position_embeddings"},
    {"token_types", "embeddings.token_type_embeddings"},
    {"token_embd_norm", "embeddings.LayerNorm"},
    {"blk.*.attn_q", "encoder.layer.*.attention.self.query"},
    {"blk.*.attn_k", "encoder.layer.*.attention.self.key"},
    {"blk.*.attn_v", "encoder.layer.*.attention.self.value"},
    {"blk.*.attn_output", "encoder.layer.*.attention.output.dense"},
    {"blk.*.attn_output_norm", "encoder.layer.*.attention.output.LayerNorm"},
    {"blk.*.ffn_up", "encoder.layer.*.intermediate.dense"},
    {"blk.*.ffn_down", "encoder.layer.*.output.dense"},
    {"blk.*.layer_output_norm", "encoder.layer.*.output.LayerNorm"},
    {NULL, NULL},
};

/* The first row of a name is the one that reading takes. */
static const emily__gguf_arch archs[] = {
    {.name = "llama", .model_type = "llama", .class_name = "LlamaForCausalLM", .keys = no_keys, .tensors = decoder_tensors,
     .interleaved = true, .says = {.tie = true, .attention_bias = true, .mlp_bias = true}},
    {.name = "llama", .model_type = "mistral", .class_name = "MistralForCausalLM", .keys = no_keys, .tensors = decoder_tensors,
     .interleaved = true, .says = {.tie = true}},
    {.name = "qwen2", .model_type = "qwen2", .class_name = "Qwen2ForCausalLM", .keys = no_keys, .tensors = decoder_tensors,
     .says = {.tie = true}},
    {.name = "qwen3", .model_type = "qwen3", .class_name = "Qwen3ForCausalLM", .keys = no_keys, .tensors = decoder_tensors,
     .says = {.tie = true, .attention_bias = true}},
    {.name = "qwen3moe", .model_type = "qwen3_moe", .class_name = "Qwen3MoeForCausalLM", .keys = moe_keys, .tensors = moe_tensors,
     .says = {.tie = true, .attention_bias = true}},
    {.name = "smollm3", .model_type = "smollm3", .class_name = "SmolLM3ForCausalLM", .keys = no_keys, .tensors = decoder_tensors,
     .interleaved = true, .says = {.tie = true, .attention_bias = true, .mlp_bias = true}},
    {.name = "gemma3", .model_type = "gemma3_text", .class_name = "Gemma3ForCausalLM", .keys = gemma3_keys, .tensors = gemma3_tensors,
     .plus_one = true, .says = {.tie = true}},
    {.name = "gpt2", .model_type = "gpt2", .class_name = "GPT2LMHeadModel", .keys = gpt2_keys, .tensors = gpt2_tensors,
     .turned = true, .says = {.tie = true}},
    {.name = "bert", .model_type = "bert", .class_name = "BertModel", .keys = bert_keys, .tensors = bert_tensors, .says = {.types = true}},
    {.name = "nomic-bert", .model_type = "nomic_bert", .class_name = "NomicBertModel", .keys = nomic_keys, .tensors = nomic_tensors,
     .says = {.types = true}},
};
enum { ARCHS = sizeof archs / sizeof *archs };

const emily__gguf_arch *emily__gguf_arch_at(size_t index) { return index < ARCHS ? &archs[index] : NULL; }

const emily__gguf_arch *emily__gguf_arch_named(const char *name) {
  for (int i = 0; i < ARCHS; i++)
    if (!strcmp(archs[i].name, name)) return &archs[i];
  return NULL;
}

const emily__gguf_arch *emily__gguf_arch_of_type(const char *model_type) {
  for (int i = 0; i < ARCHS; i++)
    if (!strcmp(archs[i].model_type, model_type)) return &archs[i];
  return NULL;
}

static const char *find_key(const pair *list, const char *key) {
  for (; list->gguf; list++)
    if (!strcmp(list->gguf, key)) return list->hf;
  return NULL;
}

const char *emily__gguf_key_hf(const emily__gguf_arch *arch, const char *key) {
  const char *own = find_key(arch->keys, key);
  return own ? own : find_key(emily__gguf_keys, key);
}

/* ---- tensors ---- */

/* ".weight" or ".bias" at the end of a name, or its end. */
static const char *suffix_of(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && (!strcmp(dot, ".weight") || !strcmp(dot, ".bias")) ? dot : name + strlen(name);
}

static size_t count_digits(const char *text) { return strspn(text, "0123456789"); }

/* Whether name[0 … length) is the pattern; where it has a star, *number points to the digits there. */
static bool fits(const char *pattern, const char *name, size_t length, const char **number, size_t *digits) {
  const char *star = strchr(pattern, '*');
  size_t front = star ? (size_t)(star - pattern) : strlen(pattern), back = star ? strlen(star + 1) : 0;
  *digits = 0;
  if (length < front + back || strncmp(name, pattern, front) != 0) return false;
  if (!star) return length == front;
  *number = name + front;
  *digits = count_digits(*number);
  return *digits && *digits <= 9 && front + *digits + back == length && !strncmp(name + front + *digits, star + 1, back);
}

static void put_name(const char *pattern, const char *number, size_t digits, const char *suffix, char *out, size_t room) {
  const char *star = strchr(pattern, '*');
  if (star) snprintf(out, room, "%.*s%.*s%s%s", (int)(star - pattern), pattern, (int)digits, number, star + 1, suffix);
  else snprintf(out, room, "%s%s", pattern, suffix);
}

static bool translate(const emily__gguf_arch *arch, const char *name, bool to_hf, char *out, size_t room) {
  const char *suffix = suffix_of(name), *number = "";
  size_t digits;
  for (const pair *p = arch->tensors; p->gguf; p++) {
    if (!fits(to_hf ? p->gguf : p->hf, name, (size_t)(suffix - name), &number, &digits)) continue;
    put_name(to_hf ? p->hf : p->gguf, number, digits, suffix, out, room);
    return true;
  }
  return false;
}

bool emily__gguf_tensor_to_hf(const emily__gguf_arch *arch, const char *name, char *out, size_t room) {
  return translate(arch, name, true, out, room);
}

bool emily__gguf_tensor_from_hf(const emily__gguf_arch *arch, const char *name, char *out, size_t room) {
  return translate(arch, name, false, out, room);
}
