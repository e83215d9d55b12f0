/* test_family.c: which family a config is of, and what each family refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "models/family.h"

static void accept(const char *text) {
  emily_status status = emily__model_config_check(text, strlen(text), "config.json");
  if (status != EMILY_OK) fail_msg("%s: %s", text, emily_last_error()->message);
}

static void refuse(const char *text, emily_status wanted, const char *words) {
  emily_status status = emily__model_config_check(text, strlen(text), "config.json");
  if (status != wanted || !strstr(emily_last_error()->message, words))
    fail_msg("%s: status %d, %s", text, status, status ? emily_last_error()->message : "");
}

static void finds_family_and_task(void **state) {
  (void)state;
  accept("{\"model_type\":\"bert\"}");
  accept("{\"model_type\":\"bert\",\"architectures\":[\"BertForMaskedLM\"]}");
  accept("{\"model_type\":\"qwen3\",\"architectures\":[\"Qwen3ForSequenceClassification\"]}");
  accept("{\"model_type\":\"qwen3\",\"architectures\":null}");
  refuse("{\"architectures\":[\"BertModel\"]}", EMILY_BAD_FORMAT, "\"model_type\" is missing");
  refuse("{\"model_type\":\"mamba\"}", EMILY_UNSUPPORTED, "\"mamba\" is no family that emily knows (bert, ");
  refuse("{\"model_type\":\"bert\",\"architectures\":[\"BertForNextSentencePrediction\"]}", EMILY_UNSUPPORTED,
         "\"BertForNextSentencePrediction\" is not supported (BertModel, BertForMaskedLM, ");
  refuse("{\"model_type\":\"bert\",\"architectures\":[3]}", EMILY_BAD_FORMAT, "must be a list of strings");
  refuse("{\"model_type\":\"bert\",\"architectures\":\"BertModel\"}", EMILY_BAD_FORMAT, "must be an array");
  refuse("[]", EMILY_BAD_FORMAT, "must hold an object");
}

static void bert_refuses_by_name(void **state) {
  (void)state;
#define BERT "{\"model_type\":\"bert\","
  refuse(BERT "\"foo\":1}", EMILY_UNSUPPORTED, "\"foo\" is not known to bert");
  accept(BERT "\"pruned_heads\":{},\"directionality\":\"bidi\",\"pooler_type\":\"first_token_transform\"}");
  refuse(BERT "\"pruned_heads\":{\"0\":[1]}}", EMILY_UNSUPPORTED, "\"pruned_heads\" is not supported unless it is empty");
  refuse(BERT "\"quantization_config\":{}}", EMILY_BAD_FORMAT, "\"quantization_config\" has neither");
  refuse(BERT "\"position_embedding_type\":\"relative_key\"}", EMILY_UNSUPPORTED, "position_embedding_type");
  refuse(BERT "\"is_decoder\":true}", EMILY_UNSUPPORTED, "is_decoder");
  refuse(BERT "\"add_cross_attention\":true}", EMILY_UNSUPPORTED, "add_cross_attention");
  refuse(BERT "\"hidden_act\":\"xielu\"}", EMILY_UNSUPPORTED, "\"hidden_act\": \"xielu\" is not an activation");
  refuse(BERT "\"hidden_size\":770}", EMILY_BAD_FORMAT, "\"hidden_size\" 770 is not a multiple");
  refuse(BERT "\"hidden_size\":0}", EMILY_BAD_FORMAT, "hidden_size");
  refuse(BERT "\"hidden_size\":-1}", EMILY_BAD_FORMAT, "hidden_size");
  refuse(BERT "\"vocab_size\":1152921504606846976}", EMILY_BAD_FORMAT, "vocab_size");
  refuse(BERT "\"num_hidden_layers\":1000000000}", EMILY_BAD_FORMAT, "num_hidden_layers");
  refuse(BERT "\"layer_norm_eps\":\"small\"}", EMILY_BAD_FORMAT, "layer_norm_eps");
  refuse(BERT "\"architectures\":[\"BertForTokenClassification\"],\"id2label\":{}}", EMILY_BAD_FORMAT, "id2label");
#undef BERT
}

static void encoders_refuse_by_name(void **state) {
  (void)state;
  accept("{\"model_type\":\"distilbert\",\"tie_weights_\":true,\"seq_classif_dropout\":0.2}");
  refuse("{\"model_type\":\"distilbert\",\"dim\":770}", EMILY_BAD_FORMAT, "\"dim\" 770 is not a multiple of \"n_heads\" 12");
  refuse("{\"model_type\":\"distilbert\",\"n_layers\":5000}", EMILY_BAD_FORMAT, "5000 layers");
  refuse("{\"model_type\":\"distilbert\",\"type_vocab_size\":2}", EMILY_UNSUPPORTED, "type_vocab_size");
  refuse("{\"model_type\":\"bert\",\"architectures\":[\"BertForQuestionAnswering\"],\"num_labels\":3}", EMILY_BAD_FORMAT, "has two");
  accept("{\"model_type\":\"xlm-roberta\",\"architectures\":[\"XLMRobertaForMaskedLM\"],\"output_past\":true}");
  refuse("{\"model_type\":\"roberta\",\"pad_token_id\":600}", EMILY_BAD_FORMAT, "pad_token_id");
  refuse("{\"model_type\":\"roberta\",\"position_embedding_type\":\"relative_key\"}", EMILY_UNSUPPORTED, "position_embedding_type");
#define NOMIC "{\"model_type\":\"nomic_bert\","
  refuse(NOMIC "\"prenorm\":true}", EMILY_UNSUPPORTED, "prenorm");
  refuse(NOMIC "\"rotary_scaling_factor\":2}", EMILY_UNSUPPORTED, "rotary_scaling_factor");
  refuse(NOMIC "\"rotary_emb_fraction\":0.5}", EMILY_UNSUPPORTED, "rotary_emb_fraction");
  refuse(NOMIC "\"head_dim\":32}", EMILY_UNSUPPORTED, "head_dim");
  refuse(NOMIC "\"rope_parameters\":{\"rope_type\":\"dynamic\",\"factor\":2}}", EMILY_UNSUPPORTED, "dynamic");
#undef NOMIC
#define MODERN "{\"model_type\":\"modernbert\",\"num_hidden_layers\":2,"
  accept(MODERN "\"layer_types\":[\"full_attention\",\"sliding_attention\"],\"local_rope_theta\":10000.0}");
  refuse(MODERN "\"layer_types\":[\"full_attention\"]}", EMILY_BAD_FORMAT, "\"layer_types\" has 1 entries");
  refuse(MODERN "\"layer_types\":[\"full_attention\",7]}", EMILY_UNSUPPORTED, "\"layer_types\" holds");
  refuse(MODERN "\"classifier_pooling\":\"max\"}", EMILY_UNSUPPORTED, "classifier_pooling");
  refuse(MODERN "\"global_attn_every_n_layers\":0}", EMILY_BAD_FORMAT, "global_attn_every_n_layers");
  refuse(MODERN "\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":2}}", EMILY_UNSUPPORTED, "rope_scaling");
  refuse(MODERN "\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"yarn\"}}}", EMILY_UNSUPPORTED, "rope_type");
  refuse(MODERN "\"num_attention_heads\":768}", EMILY_BAD_FORMAT, "must be even");
#undef MODERN
}

static void qwen3_refuses_by_name(void **state) {
  (void)state;
#define QWEN "{\"model_type\":\"qwen3\",\"num_hidden_layers\":2,"
  accept(QWEN "\"num_key_value_heads\":null,\"sliding_window\":null,\"rope_scaling\":null}");
  refuse(QWEN "\"num_key_value_heads\":5}", EMILY_BAD_FORMAT, "num_key_value_heads");
  refuse(QWEN "\"head_dim\":15}", EMILY_BAD_FORMAT, "\"head_dim\" is 15");
  refuse(QWEN "\"mlp_bias\":true}", EMILY_UNSUPPORTED, "\"mlp_bias\" is not known to qwen3");
  refuse(QWEN "\"layer_types\":[\"full_attention\"]}", EMILY_BAD_FORMAT, "\"layer_types\" has 1 entries");
  refuse(QWEN "\"layer_types\":[\"full_attention\",\"chunked_attention\"]}", EMILY_UNSUPPORTED, "\"chunked_attention\"");
  refuse(QWEN "\"layer_types\":[\"full_attention\",3]}", EMILY_UNSUPPORTED, "no string");
  refuse(QWEN "\"layer_types\":[\"full_attention\",\"sliding_attention\"]}", EMILY_BAD_FORMAT, "set no window");
  refuse(QWEN "\"use_sliding_window\":true,\"sliding_window\":0}", EMILY_BAD_FORMAT, "sliding_window");
  refuse(QWEN "\"rope_scaling\":{\"rope_type\":\"longrope\",\"factor\":2}}", EMILY_UNSUPPORTED, "\"longrope\" is not supported");
#undef QWEN
}

static void decoders_find_their_classes(void **state) {
  (void)state;
  accept("{\"model_type\":\"gpt2\",\"architectures\":[\"GPT2LMHeadModel\"]}");
  accept("{\"model_type\":\"gemma3_text\",\"architectures\":[\"Gemma3TextModel\"]}");
  accept("{\"model_type\":\"gemma3_text\",\"architectures\":[\"Gemma3ForCausalLM\"]}");
  refuse("{\"model_type\":\"gpt2\",\"architectures\":[\"GPT2ForCausalLM\"]}", EMILY_UNSUPPORTED, "(GPT2Model, GPT2LMHeadModel, ");
  refuse("{\"model_type\":\"gpt2\",\"architectures\":[\"GPT2DoubleHeadsModel\"]}", EMILY_UNSUPPORTED, "GPT2DoubleHeadsModel");
  refuse("{\"model_type\":\"gemma3_text\",\"architectures\":[\"Gemma3Model\"]}", EMILY_UNSUPPORTED, "(Gemma3TextModel, ");
}

/* The keys that files of the hub have, with their values but for long lists. */
static void files_of_the_hub_are_read(void **state) {
  (void)state;
  static const char *const configs[] = {
      /* Llama 2 */
      "\"_name_or_path\":\"x\",\"architectures\":[\"LlamaForCausalLM\"],\"bos_token_id\":1,\"eos_token_id\":2,\"hidden_act\":\"silu\",\"hidden_size\":4096,"
      "\"initializer_range\":0.02,\"intermediate_size\":11008,\"max_position_embeddings\":4096,\"model_type\":\"llama\",\"num_attention_heads\":32,"
      "\"num_hidden_layers\":32,\"num_key_value_heads\":32,\"pretraining_tp\":1,\"rms_norm_eps\":1e-05,\"rope_scaling\":null,\"tie_word_embeddings\":false,"
      "\"torch_dtype\":\"float16\",\"transformers_version\":\"4.32.0.dev0\",\"use_cache\":true,\"vocab_size\":32000",
      /* Llama 3.2 */
      "\"architectures\":[\"LlamaForCausalLM\"],\"attention_bias\":false,\"attention_dropout\":0.0,\"eos_token_id\":[128001,128008,128009],\"head_dim\":64,"
      "\"hidden_size\":2048,\"intermediate_size\":8192,\"max_position_embeddings\":131072,\"mlp_bias\":false,\"model_type\":\"llama\","
      "\"num_attention_heads\":32,\"num_hidden_layers\":16,\"num_key_value_heads\":8,\"rms_norm_eps\":1e-05,\"rope_scaling\":{\"factor\":32.0,"
      "\"high_freq_factor\":4.0,\"low_freq_factor\":1.0,\"original_max_position_embeddings\":8192,\"rope_type\":\"llama3\"},\"rope_theta\":500000.0,"
      "\"tie_word_embeddings\":true,\"torch_dtype\":\"bfloat16\",\"unsloth_fixed\":true,\"vocab_size\":128256",
      /* SmolLM2 */
      "\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"hidden_size\":576,\"num_attention_heads\":9,\"num_key_value_heads\":3,"
      "\"is_llama_config\":true,\"rope_interleaved\":false,\"transformers.js_config\":{\"kv_cache_dtype\":{\"q4f16\":\"float16\"}}",
      /* Mistral 7B */
      "\"architectures\":[\"MistralForCausalLM\"],\"model_type\":\"mistral\",\"max_position_embeddings\":32768,\"num_key_value_heads\":8,"
      "\"rms_norm_eps\":1e-05,\"rope_theta\":10000.0,\"sliding_window\":4096,\"tie_word_embeddings\":false,\"vocab_size\":32000",
      /* Qwen2.5 and what was distilled into it */
      "\"architectures\":[\"Qwen2ForCausalLM\"],\"attention_dropout\":0.0,\"model_type\":\"qwen2\",\"hidden_size\":3584,\"num_attention_heads\":28,"
      "\"num_key_value_heads\":4,\"max_window_layers\":28,\"sliding_window\":131072,\"use_mrope\":false,\"use_sliding_window\":false,\"vocab_size\":152064",
      /* SmolLM3 */
      "\"architectures\":[\"SmolLM3ForCausalLM\"],\"model_type\":\"smollm3\",\"max_window_layers\":28,\"mlp_bias\":false,\"no_rope_layer_interval\":4,"
      "\"no_rope_layers\":[1,1,1,0],\"num_hidden_layers\":4,\"pretraining_tp\":2,\"rope_scaling\":null,\"rope_theta\":5000000.0,\"sliding_window\":null,"
      "\"use_sliding_window\":false,\"layer_types\":[\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\"]",
      /* Gemma 3, 1B */
      "\"architectures\":[\"Gemma3ForCausalLM\"],\"attention_bias\":false,\"attention_dropout\":0.0,\"attn_logit_softcapping\":null,\"bos_token_id\":2,"
      "\"cache_implementation\":\"hybrid\",\"eos_token_id\":[1,106],\"final_logit_softcapping\":null,\"head_dim\":256,\"hidden_activation\":"
      "\"gelu_pytorch_tanh\",\"hidden_size\":1152,\"intermediate_size\":6912,\"max_position_embeddings\":32768,\"model_type\":\"gemma3_text\","
      "\"num_attention_heads\":4,\"num_hidden_layers\":26,\"num_key_value_heads\":1,\"pad_token_id\":0,\"query_pre_attn_scalar\":256,\"rms_norm_eps\":1e-06,"
      "\"rope_local_base_freq\":10000,\"rope_scaling\":null,\"rope_theta\":1000000,\"sliding_window\":512,\"sliding_window_pattern\":6,\"vocab_size\":262144",
      /* DistilGPT-2 */
      "\"_num_labels\":1,\"activation_function\":\"gelu_new\",\"architectures\":[\"GPT2LMHeadModel\"],\"attn_pdrop\":0.1,\"embd_pdrop\":0.1,\"id2label\":"
      "{\"0\":\"LABEL_0\"},\"label2id\":{\"LABEL_0\":0},\"layer_norm_epsilon\":1e-05,\"model_type\":\"gpt2\",\"n_ctx\":1024,\"n_embd\":768,\"n_head\":12,"
      "\"n_layer\":6,\"n_positions\":1024,\"resid_pdrop\":0.1,\"summary_activation\":null,\"summary_first_dropout\":0.1,\"summary_proj_to_labels\":true,"
      "\"summary_type\":\"cls_index\",\"summary_use_proj\":true,\"task_specific_params\":{\"text-generation\":{\"do_sample\":true}},\"vocab_size\":50257",
      /* Qwen3, 30B of which 3B are active, and its coder */
      "\"architectures\":[\"Qwen3MoeForCausalLM\"],\"attention_bias\":false,\"decoder_sparse_step\":1,\"head_dim\":128,\"hidden_act\":\"silu\","
      "\"hidden_size\":2048,\"intermediate_size\":6144,\"max_position_embeddings\":40960,\"max_window_layers\":48,\"mlp_only_layers\":[],"
      "\"model_type\":\"qwen3_moe\",\"moe_intermediate_size\":768,\"norm_topk_prob\":true,\"num_attention_heads\":32,\"num_experts\":128,"
      "\"num_experts_per_tok\":8,\"num_hidden_layers\":48,\"num_key_value_heads\":4,\"output_router_logits\":false,\"qkv_bias\":false,"
      "\"rope_scaling\":null,\"rope_theta\":1000000.0,\"router_aux_loss_coef\":0.001,\"shared_expert_intermediate_size\":0,\"sliding_window\":null,"
      "\"use_qk_norm\":true,\"use_sliding_window\":false,\"vocab_size\":151936",
  };
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
    char text[4096];
    snprintf(text, sizeof text, "{%s}", configs[i]);
    accept(text);
  }
}

static void decoders_refuse_by_name(void **state) {
  (void)state;
  refuse("{\"model_type\":\"llama\",\"num_attention_heads\":8192}", EMILY_BAD_FORMAT, "is more than \"hidden_size\"");
  refuse("{\"model_type\":\"llama\",\"sliding_window\":4}", EMILY_UNSUPPORTED, "\"sliding_window\" is not known to llama");
  refuse("{\"model_type\":\"mistral\",\"sliding_window\":0}", EMILY_BAD_FORMAT, "sliding_window");
  refuse("{\"model_type\":\"mistral\",\"layer_types\":[]}", EMILY_UNSUPPORTED, "layer_types");
  refuse("{\"model_type\":\"qwen2\",\"attention_bias\":false}", EMILY_UNSUPPORTED, "attention_bias");
  refuse("{\"model_type\":\"qwen2\",\"use_mrope\":true}", EMILY_UNSUPPORTED, "use_mrope");
  refuse("{\"model_type\":\"smollm3\",\"no_rope_layers\":[1,0]}", EMILY_BAD_FORMAT, "\"no_rope_layers\" has 2 entries");
  refuse("{\"model_type\":\"smollm3\",\"num_hidden_layers\":2,\"no_rope_layers\":[1,\"0\"]}", EMILY_BAD_FORMAT, "[1] is no integer");
  refuse("{\"model_type\":\"smollm3\",\"no_rope_layer_interval\":0}", EMILY_BAD_FORMAT, "no_rope_layer_interval");
  refuse("{\"model_type\":\"gpt2\",\"add_cross_attention\":true}", EMILY_UNSUPPORTED, "add_cross_attention");
  refuse("{\"model_type\":\"gpt2\",\"n_head\":7}", EMILY_BAD_FORMAT, "\"n_embd\" 768 is not a multiple");
  refuse("{\"model_type\":\"gpt2\",\"rope_theta\":7}", EMILY_UNSUPPORTED, "rope_theta");
#define GEMMA "{\"model_type\":\"gemma3_text\",\"num_hidden_layers\":2,"
  accept(GEMMA "\"attn_logit_softcapping\":null,\"final_logit_softcapping\":null,\"use_bidirectional_attention\":false}");
  refuse(GEMMA "\"attn_logit_softcapping\":50.0}", EMILY_UNSUPPORTED, "attn_logit_softcapping");
  refuse(GEMMA "\"final_logit_softcapping\":0}", EMILY_BAD_FORMAT, "final_logit_softcapping");
  refuse(GEMMA "\"use_bidirectional_attention\":true}", EMILY_UNSUPPORTED, "use_bidirectional_attention");
  refuse(GEMMA "\"sliding_window_pattern\":0}", EMILY_BAD_FORMAT, "sliding_window_pattern");
  refuse(GEMMA "\"sliding_window\":null,\"layer_types\":[\"sliding_attention\",\"full_attention\"]}", EMILY_BAD_FORMAT, "set no window");
  refuse(GEMMA "\"rope_parameters\":{\"rope_theta\":5}}", EMILY_UNSUPPORTED, "\"rope_parameters.rope_theta\" is not known");
  refuse(GEMMA "\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"longrope\"}}}", EMILY_UNSUPPORTED,
         "\"rope_parameters.full_attention.rope_type\"");
#undef GEMMA
#define MOE "{\"model_type\":\"qwen3_moe\","
  refuse(MOE "\"num_experts\":4,\"num_experts_per_tok\":5}", EMILY_BAD_FORMAT, "\"num_experts_per_tok\" is 5, of 4 experts");
  refuse(MOE "\"num_experts\":1000000}", EMILY_BAD_FORMAT, "num_experts");
  refuse(MOE "\"decoder_sparse_step\":0}", EMILY_BAD_FORMAT, "decoder_sparse_step");
  refuse(MOE "\"mlp_only_layers\":[\"1\"]}", EMILY_BAD_FORMAT, "\"mlp_only_layers\"[0] is no integer");
  refuse(MOE "\"shared_expert_intermediate_size\":8}", EMILY_UNSUPPORTED, "shared_expert_intermediate_size");
#undef MOE
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_family_and_task),
      cmocka_unit_test(bert_refuses_by_name),
      cmocka_unit_test(encoders_refuse_by_name),
      cmocka_unit_test(qwen3_refuses_by_name),
      cmocka_unit_test(decoders_find_their_classes),
      cmocka_unit_test(files_of_the_hub_are_read),
      cmocka_unit_test(decoders_refuse_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
