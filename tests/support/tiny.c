/* tiny.c: see tiny.h. */
#include "tiny.h"

#include "folder.h"

#include "emily/array_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WIDTH = TINY_WIDTH, INNER = 24, LAYERS = 2, POSITIONS = 48 };

void tiny_tokenizer(const char *folder) {
  static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.,!?";
  char text[8192];
  size_t at = (size_t)snprintf(
      text, sizeof text,
      "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":["
      "{\"id\":0,\"content\":\"[PAD]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
      "\"special\":true},"
      "{\"id\":2,\"content\":\"[CLS]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
      "\"special\":true},"
      "{\"id\":3,\"content\":\"[SEP]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
      "\"special\":true}],"
      "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,\"strip_"
      "accents\":null,"
      "\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":"
      "\"TemplateProcessing\","
      "\"single\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
      "{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],\"pair\":[{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_"
      "id\":0}},"
      "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}},{\"Sequence\":"
      "{\"id\":\"B\","
      "\"type_id\":1}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":1}}],\"special_tokens\":{\"[CLS]\":{\"id\":\"["
      "CLS]\",\"ids\":[2],"
      "\"tokens\":[\"[CLS]\"]},\"[SEP]\":{\"id\":\"[SEP]\",\"ids\":[3],\"tokens\":[\"[SEP]\"]}}},\"decoder\":{"
      "\"type\":\"WordPiece\","
      "\"prefix\":\"##\",\"cleanup\":true},\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_"
      "subword_prefix\":\"\","
      "\"max_input_chars_per_word\":100,\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3");
  for (int i = 0; characters[i]; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, ",\"%c\":%d", characters[i], i + 4);
  at += (size_t)snprintf(text + at, sizeof text - at, "}}}");
  assert_true(at < sizeof text);
  folder_put(folder, "tokenizer.json", text, at);
}

/* A weight of the given extents (columns 0: a vector). `around` 1 for norms, 0 otherwise. */
static void put(emily_array_map *map, const char *name, int64_t rows, int64_t columns, float around) {
  size_t count = (size_t)(rows * (columns ? columns : 1));
  float *values = malloc(count * sizeof *values);
  uint64_t state = 88172645463325252u;
  assert_non_null(values);
  for (const char *c = name; *c; c++) state = state * 31 + (unsigned char)*c;
  for (size_t i = 0; i < count; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    values[i] = around + (float)((double)(state >> 40) / (1 << 24) - 0.5) * (around > 0 ? 0.2f : 0.8f);
  }
  emily_array *array = emily_array_from_data(values, (int64_t[]){rows, columns}, columns ? 2 : 1, EMILY_FLOAT32);
  assert_non_null(array);
  assert_int_equal(emily_array_map_set(map, name, array), EMILY_OK);
  emily_array_release(array);
  free(values);
}

static void put_layer(emily_array_map *map, const char *prefix, int layer, const char *name, int64_t rows,
                      int64_t columns, float around) {
  char full[160];
  snprintf(full, sizeof full, "%s.%d.%s", prefix, layer, name);
  put(map, full, rows, columns, around);
}

static void save(const char *folder, emily_array_map *map) {
  assert_int_equal(emily_safetensors_save(in(folder, "model.safetensors"), map, NULL), EMILY_OK);
  emily_array_map_release(map);
}

static void put_linear(emily_array_map *map, const char *prefix, int layer, const char *name, int64_t rows,
                       int64_t columns) {
  char weight[96], bias[96];
  snprintf(weight, sizeof weight, "%s.weight", name);
  snprintf(bias, sizeof bias, "%s.bias", name);
  put_layer(map, prefix, layer, weight, rows, columns, 0);
  put_layer(map, prefix, layer, bias, rows, 0, 0);
}

static void put_norm(emily_array_map *map, const char *prefix, int layer, const char *name) {
  char weight[96], bias[96];
  snprintf(weight, sizeof weight, "%s.weight", name);
  snprintf(bias, sizeof bias, "%s.bias", name);
  put_layer(map, prefix, layer, weight, WIDTH, 0, 1);
  put_layer(map, prefix, layer, bias, WIDTH, 0, 0);
}

void tiny_bert(const char *folder) {
  emily_array_map *map = emily_array_map_new();
  assert_non_null(map);
  put(map, "embeddings.word_embeddings.weight", TINY_VOCAB, WIDTH, 0);
  put(map, "embeddings.position_embeddings.weight", POSITIONS, WIDTH, 0);
  put(map, "embeddings.token_type_embeddings.weight", 2, WIDTH, 0);
  put(map, "embeddings.LayerNorm.weight", WIDTH, 0, 1);
  put(map, "embeddings.LayerNorm.bias", WIDTH, 0, 0);
  for (int i = 0; i < LAYERS; i++) {
    put_linear(map, "encoder.layer", i, "attention.self.query", WIDTH, WIDTH);
    put_linear(map, "encoder.layer", i, "attention.self.key", WIDTH, WIDTH);
    put_linear(map, "encoder.layer", i, "attention.self.value", WIDTH, WIDTH);
    put_linear(map, "encoder.layer", i, "attention.output.dense", WIDTH, WIDTH);
    put_norm(map, "encoder.layer", i, "attention.output.LayerNorm");
    put_linear(map, "encoder.layer", i, "intermediate.dense", INNER, WIDTH);
    put_linear(map, "encoder.layer", i, "output.dense", WIDTH, INNER);
    put_norm(map, "encoder.layer", i, "output.LayerNorm");
  }
  save(folder, map);
  folder_puts(
      folder, "config.json",
      "{\"architectures\":[\"BertModel\"],\"model_type\":\"bert\",\"hidden_size\":16,\"num_hidden_layers\":2,"
      "\"num_attention_heads\":4,\"intermediate_size\":24,\"hidden_act\":\"gelu\",\"max_position_embeddings\":48,"
      "\"type_vocab_size\":2,\"layer_norm_eps\":1e-12,\"vocab_size\":64,\"pad_token_id\":0}");
  tiny_tokenizer(folder);
}

void tiny_qwen3(const char *folder) {
  static const char prefix[] = "model.layers";
  emily_array_map *map = emily_array_map_new();
  assert_non_null(map);
  put(map, "model.embed_tokens.weight", TINY_VOCAB, WIDTH, 0);
  put(map, "model.norm.weight", WIDTH, 0, 1);
  put(map, "lm_head.weight", TINY_VOCAB, WIDTH, 0);
  for (int i = 0; i < LAYERS; i++) {
    put_layer(map, prefix, i, "input_layernorm.weight", WIDTH, 0, 1);
    put_layer(map, prefix, i, "post_attention_layernorm.weight", WIDTH, 0, 1);
    put_layer(map, prefix, i, "self_attn.q_proj.weight", 32, WIDTH, 0);
    put_layer(map, prefix, i, "self_attn.k_proj.weight", 16, WIDTH, 0);
    put_layer(map, prefix, i, "self_attn.v_proj.weight", 16, WIDTH, 0);
    put_layer(map, prefix, i, "self_attn.o_proj.weight", WIDTH, 32, 0);
    put_layer(map, prefix, i, "self_attn.q_norm.weight", 8, 0, 1);
    put_layer(map, prefix, i, "self_attn.k_norm.weight", 8, 0, 1);
    put_layer(map, prefix, i, "mlp.gate_proj.weight", INNER, WIDTH, 0);
    put_layer(map, prefix, i, "mlp.up_proj.weight", INNER, WIDTH, 0);
    put_layer(map, prefix, i, "mlp.down_proj.weight", WIDTH, INNER, 0);
  }
  save(folder, map);
  folder_puts(
      folder, "config.json",
      "{\"architectures\":[\"Qwen3ForCausalLM\"],\"model_type\":\"qwen3\",\"hidden_size\":16,\"num_hidden_layers\":2,"
      "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"head_dim\":8,\"intermediate_size\":24,\"hidden_act\":"
      "\"silu\","
      "\"max_position_embeddings\":100000,\"rms_norm_eps\":1e-6,\"rope_theta\":10000.0,\"tie_word_embeddings\":false,"
      "\"vocab_size\":64,\"attention_bias\":false,\"eos_token_id\":3}");
  tiny_tokenizer(folder);
}
