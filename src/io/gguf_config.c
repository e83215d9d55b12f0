/* gguf_config.c: config.json and generation_config.json of a GGUF file, see gguf_files.h. */
#include "io/gguf_files.h"

#include "base/status.h"
#include "io/gguf_arch.h"
#include "io/gguf_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct maker {
  const emily_gguf *file;
  const emily__gguf_arch *arch;
  json_t *out;
  bool ok; /* false: memory is out */
} maker;

emily_status emily__gguf_made(json_t *made, bool ok, json_t **out) {
  if (made && ok) return *out = made, EMILY_OK;
  json_decref(made);
  return emily__fail_memory("gguf", 0, 0);
}

static void put(maker *m, const char *key, json_t *value) { m->ok = json_object_set_new(m->out, key, value) == 0 && m->ok; }

/* A float32 as the shortest decimal that is it: 1e-06, and not 9.9999999747524271e-07. */
static double shortest(double value) {
  char text[40];
  for (int digits = 1; digits < 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if ((float)strtod(text, NULL) == (float)value) return strtod(text, NULL);
  }
  return value;
}

static json_t *number_json(const emily_gguf *file, const emily__gguf_value *value, uint64_t item) {
  int64_t whole;
  double real;
  if (value->item == EMILY_GGUF_BOOL) return json_boolean(file->data[value->offset + item]);
  if (emily__gguf_item_int(file, value, item, &whole)) return json_integer(whole);
  if (emily__gguf_item_real(file, value, item, &real)) return json_real(value->item == EMILY_GGUF_FLOAT32 ? shortest(real) : real);
  return json_string("(not read)"); /* an array of arrays, a number above 2^63: no key takes this */
}

static json_t *value_json(const emily_gguf *file, const emily__gguf_value *value, uint64_t item) {
  if (value->item != EMILY_GGUF_STRING) return number_json(file, value, item);
  size_t length;
  const char *text = emily__gguf_item_text(file, value, item, &length);
  json_t *string = json_stringn(text, length);
  return string ? string : json_string("(not UTF-8)");
}

/* A list whose elements are equal is one number: some writers give one a layer. */
static json_t *list_json(const emily_gguf *file, const emily__gguf_value *value) {
  json_t *list = json_array();
  bool ok = list, equal = true;
  for (uint64_t i = 0; i < value->count && ok; i++) ok = json_array_append_new(list, value_json(file, value, i)) == 0;
  for (size_t i = 1; i < json_array_size(list); i++) equal = equal && json_equal(json_array_get(list, 0), json_array_get(list, i));
  json_t *first = ok && equal ? json_incref(json_array_get(list, 0)) : NULL;
  if (!first && ok) return list;
  json_decref(list);
  return first;
}

static const char *key_within(const maker *m, const char *key) {
  size_t length = strlen(m->arch->name);
  return !strncmp(key, m->arch->name, length) && key[length] == '.' ? key + length + 1 : NULL;
}

static const emily__gguf_value *arch_value(const maker *m, const char *key) {
  char whole[128];
  snprintf(whole, sizeof whole, "%s.%s", m->arch->name, key);
  return emily__gguf_at(m->file, whole);
}

static bool arch_int(const maker *m, const char *key, int64_t *out) {
  return emily__gguf_item_int(m->file, arch_value(m, key), 0, out);
}

/* ---- what has no key of one name ---- */

/* Read elsewhere in this file, or without a say in what a pass gives. */
static bool known_elsewhere(const char *key) {
  static const char *const names[] = {"vocab_size", "attention.value_length", "rope.dimension_count", "attention.causal", "pooling_type",
                                      "tensor_data_layout", "rope.scaling.finetuned"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], key)) return true;
  return !strncmp(key, "rope.scaling.", 13);
}

static void put_keys(maker *m) {
  for (size_t i = 0; i < m->file->values.count; i++) {
    const char *key = emily__gguf_name(m->file, &m->file->keys, i), *within = key_within(m, key);
    const emily__gguf_value *value = &m->file->values.data[i];
    if (!within) continue;
    const char *hf = emily__gguf_key_hf(m->arch, within);
    if (!hf && known_elsewhere(within)) continue;
    put(m, hf ? hf : key, value->kind == EMILY_GGUF_ARRAY ? list_json(m->file, value) : value_json(m->file, value, 0));
  }
}

static bool has_tensor(const maker *m, const char *name) { return emily__gguf_tensor_of(m->file, name); }

/* What the tensors say. */
static void put_from_tensors(maker *m) {
  const emily__gguf_tensor *words = emily__gguf_tensor_of(m->file, "token_embd.weight");
  const emily__gguf_value *tokens = emily__gguf_at(m->file, "tokenizer.ggml.tokens");
  int64_t types;
  if (words && words->rank == 2) put(m, "vocab_size", json_integer(words->shape[0]));
  else if (tokens) put(m, "vocab_size", json_integer((json_int_t)tokens->count));
  if (m->arch->says.tie) put(m, "tie_word_embeddings", json_boolean(!has_tensor(m, "output.weight")));
  if (m->arch->says.attention_bias) put(m, "attention_bias", json_boolean(has_tensor(m, "blk.0.attn_q.bias")));
  if (m->arch->says.mlp_bias) put(m, "mlp_bias", json_boolean(has_tensor(m, "blk.0.ffn_up.bias")));
  if (m->arch->says.types && emily__gguf_int(m->file, "tokenizer.ggml.token_type_count", &types))
    put(m, "type_vocab_size", json_integer(types));
}

/* Extents of heads: what is rotated is a part of them, and the values' must be the keys'. */
static void put_heads(maker *m) {
  int64_t hidden = 0, heads = 1, rotated, values, length;
  arch_int(m, "embedding_length", &hidden);
  arch_int(m, "attention.head_count", &heads);
  length = heads > 0 ? hidden / heads : 0;
  arch_int(m, "attention.key_length", &length);
  if (arch_int(m, "attention.value_length", &values) && values != length)
    put(m, "attention.value_length", json_integer(values)); /* nobody knows it: refused by this name */
  if (arch_int(m, "rope.dimension_count", &rotated) && rotated != length && length > 0)
    put(m, "partial_rotary_factor", json_real((double)rotated / (double)length));
  if (m->arch->interleaved) put(m, "rope_interleaved", json_true());
}

static void copy_scaling(maker *m, json_t *scaling, const char *gguf, const char *hf) {
  char key[64];
  snprintf(key, sizeof key, "rope.scaling.%s", gguf);
  const emily__gguf_value *value = arch_value(m, key);
  if (value) m->ok = json_object_set_new(scaling, hf, value_json(m->file, value, 0)) == 0 && m->ok;
}

static void put_scaling(maker *m) {
  const emily__gguf_value *type = arch_value(m, "rope.scaling.type");
  const char *name = emily__gguf_item_text(m->file, type, 0, NULL);
  if (!name || !strcmp(name, "none")) return;
  json_t *scaling = json_object();
  m->ok = json_object_set_new(scaling, "rope_type", json_string(name)) == 0 && m->ok;
  copy_scaling(m, scaling, "factor", "factor");
  if (!strcmp(name, "yarn")) {
    copy_scaling(m, scaling, "original_context_length", "original_max_position_embeddings");
    copy_scaling(m, scaling, "attn_factor", "attention_factor");
    copy_scaling(m, scaling, "yarn_beta_fast", "beta_fast");
    copy_scaling(m, scaling, "yarn_beta_slow", "beta_slow");
  }
  put(m, "rope_scaling", scaling);
}

static void put_token(maker *m, const char *gguf, const char *hf) {
  int64_t id;
  if (emily__gguf_int(m->file, gguf, &id)) put(m, hf, json_integer(id));
}

static emily_status begin(const emily_gguf *file, maker *m) {
  const char *name = emily__gguf_string(file, "general.architecture");
  if (!name) return emily__fail(EMILY_BAD_FORMAT, "gguf", "%s has no general.architecture: it holds no model", file->path);
  int64_t window = 0;
  *m = (maker){.file = file, .arch = emily__gguf_arch_named(name), .ok = true};
  /* A llama with a window is a Mistral. */
  if (m->arch && !strcmp(name, "llama") && arch_int(m, "attention.sliding_window", &window) && window > 0)
    m->arch = emily__gguf_arch_of_type("mistral");
  if (m->arch) return EMILY_OK;
  emily__str known = {0};
  bool room = true;
  for (size_t i = 0; emily__gguf_arch_at(i); i++)
    room = room && emily__str_printf(&known, "%s%s", i ? ", " : "", emily__gguf_arch_at(i)->name);
  emily_status status = room ? emily__fail(EMILY_UNSUPPORTED, "gguf", "%s: the architecture \"%.80s\" is none that emily knows (%s)",
                                           file->path, name, known.data)
                             : EMILY_OUT_OF_MEMORY;
  emily__str_free(&known);
  return status;
}

/* What llama.cpp knows of an architecture without being told. */
static void put_special(maker *m) {
  int64_t hidden = 0, heads = 1, length = 256, layers = 0;
  if (!strcmp(m->arch->model_type, "qwen3_moe")) put(m, "norm_topk_prob", json_true());
  if (strcmp(m->arch->model_type, "gemma3_text") != 0) return;
  arch_int(m, "embedding_length", &hidden);
  arch_int(m, "attention.head_count", &heads);
  arch_int(m, "attention.key_length", &length);
  arch_int(m, "block_count", &layers);
  if (layers == 62 && heads > 0) length = hidden / heads; /* the model of 27 billion alone */
  put(m, "query_pre_attn_scalar", json_integer(length));
}

emily_status emily__gguf_config(const emily_gguf *file, json_t **out) {
  maker m;
  EMILY__TRY(begin(file, &m));
  m.out = json_object();
  json_t *classes = json_array();
  m.ok = json_array_append_new(classes, json_string(m.arch->class_name)) == 0;
  put(&m, "architectures", classes);
  put(&m, "model_type", json_string(m.arch->model_type));
  put_keys(&m);
  put_from_tensors(&m);
  put_heads(&m);
  put_scaling(&m);
  put_token(&m, "tokenizer.ggml.bos_token_id", "bos_token_id");
  put_token(&m, "tokenizer.ggml.eos_token_id", "eos_token_id");
  put_token(&m, "tokenizer.ggml.padding_token_id", "pad_token_id");
  put_special(&m);
  return emily__gguf_made(m.out, m.ok, out);
}

/* ---- generation ---- */

static bool add_id(json_t *ids, int64_t id) {
  for (size_t i = 0; i < json_array_size(ids); i++)
    if (json_integer_value(json_array_get(ids, i)) == id) return true;
  return json_array_append_new(ids, json_integer(id)) == 0;
}

/* Turns of a chat end with a token that the file may not name: llama.cpp knows them by their texts. */
static bool add_by_text(const emily_gguf *file, json_t *ids) {
  static const char *const ends[] = {"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|endoftext|>", "<|end|>"};
  const emily__gguf_value *tokens = emily__gguf_at(file, "tokenizer.ggml.tokens"), *types = emily__gguf_at(file, "tokenizer.ggml.token_type");
  bool ok = true;
  for (uint64_t i = 0; tokens && types && i < tokens->count && ok; i++) {
    int64_t type;
    if (!emily__gguf_item_int(file, types, i, &type) || type != EMILY__GGUF_TOKEN_CONTROL) continue;
    const char *text = emily__gguf_item_text(file, tokens, i, NULL);
    for (size_t k = 0; text && k < sizeof ends / sizeof *ends; k++)
      if (!strcmp(text, ends[k])) ok = ok && add_id(ids, (int64_t)i);
  }
  return ok;
}

emily_status emily__gguf_generation_config(const emily_gguf *file, json_t **out) {
  static const char *const keys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};
  json_t *config = json_object(), *ids = json_array();
  int64_t id;
  bool ok = ids;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (emily__gguf_int(file, keys[i], &id)) ok = add_id(ids, id) && ok;
  ok = ok && add_by_text(file, ids);
  ok = json_object_set_new(config, "eos_token_id", ids) == 0 && ok;
  return emily__gguf_made(config, ok, out);
}
