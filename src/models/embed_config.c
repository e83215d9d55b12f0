/* embed_config.c: see embed_config.h. */
#include "models/embed_config.h"

#include "base/alloc.h"
#include "io/file.h"
#include "io/model_files.h"

#include <string.h>

static const char WHERE[] = "embed";

/* ---- pooling ---- */

static const char *const pooling_flags[] = {"cls_token",           "max_tokens",          "mean_tokens",
                                            "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"};
enum { FLAG_COUNT = sizeof pooling_flags / sizeof *pooling_flags };

/* "pooling_mode": "mean", or a list of such: how newer files say it. */
static void read_mode(emily__config *c, const json_t *mode, emily__embed_config *out) {
  const char *name = json_string_value(mode);
  emily__pooling *pooling = name ? emily__pooling_find(name) : NULL;
  if (!pooling)
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"pooling_mode\": %s%s%s is not a pooling that emily has",
                       name ? "\"" : "", name ? name : emily__json_type_name(mode), name ? "\"" : "");
  else if (out->pooling_count == FLAG_COUNT)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"pooling_mode\" names more than %d poolings", (int)FLAG_COUNT);
  else out->pooling[out->pooling_count++] = pooling;
}

static void read_modes(emily__config *c, emily__embed_config *out) {
  const json_t *mode = emily__json_at(c->root, "pooling_mode");
  emily__config_skip(c, "pooling_mode");
  if (json_is_array(mode))
    for (size_t i = 0; i < json_array_size(mode) && c->status == EMILY_OK; i++) read_mode(c, json_array_get(mode, i), out);
  else if (mode) read_mode(c, mode, out);
  for (int i = 0; i < FLAG_COUNT; i++) {
    char key[64];
    bool on = false;
    snprintf(key, sizeof key, "pooling_mode_%s", pooling_flags[i]);
    emily__config_bool(c, key, &on);
    if (on && !mode) out->pooling[out->pooling_count++] = emily__pooling_find(pooling_flags[i]);
  }
}

static emily_status load_pooling(const char *path, emily__embed_config *out) {
  emily__config c;
  EMILY__TRY(emily__config_load(&c, path));
  read_modes(&c, out);
  emily__config_size(&c, "word_embedding_dimension", &out->pooling_size);
  emily__config_size(&c, "embedding_dimension", &out->pooling_size);
  emily__config_only_bool(&c, "include_prompt", true);
  if (!out->pooling_count) emily__config_fail(&c, EMILY_BAD_FORMAT, "no pooling is switched on");
  emily_status status = emily__config_done(&c, "emily's pooling", NULL);
  emily__config_free(&c);
  return status;
}

/* ---- modules.json ---- */

static const char *last_word(const char *type) {
  const char *dot = strrchr(type, '.');
  return dot ? dot + 1 : type;
}

static emily_status load_module(const char *folder, size_t index, const char *type, const char *path,
                                emily__embed_config *out) {
  const char *name = last_word(type);
  if (index == 0 && strcmp(name, "Transformer") == 0) {
    out->model_path = path[0] ? emily__path_join(folder, path) : emily__strdup(folder);
    return out->model_path ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  }
  if (index == 1 && strcmp(name, "Pooling") == 0) {
    char *inner = emily__path_join(folder, path), *file = inner ? emily__path_join(inner, "config.json") : NULL;
    emily_status status = file ? load_pooling(file, out) : EMILY_OUT_OF_MEMORY;
    emily__free(inner);
    emily__free(file);
    return status;
  }
  if (index >= 2 && strcmp(name, "Normalize") == 0) {
    out->normalize = true;
    return EMILY_OK;
  }
  return emily__fail(EMILY_UNSUPPORTED, WHERE,
                     "%s/modules.json: module %zu is %s; emily does a Transformer, a Pooling and Normalize, in this order",
                     folder, index, name);
}

static emily_status load_modules(const char *folder, const char *file, const json_t *modules,
                                 emily__embed_config *out) {
  if (!json_is_array(modules))
    return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s must hold an array, and holds %s", file,
                       emily__json_type_name(modules));
  for (size_t i = 0; i < json_array_size(modules); i++) {
    const json_t *module = json_array_get(modules, i);
    const char *type = NULL, *path = "";
    EMILY__TRY(emily__json_require(module, "type", file));
    EMILY__TRY(emily__json_string(module, "type", file, &type));
    EMILY__TRY(emily__json_string(module, "path", file, &path));
    EMILY__TRY(load_module(folder, i, type, path, out));
  }
  return EMILY_OK;
}

/* Without modules.json: the folder is the model, and the mean is what sentence-transformers takes. */
static emily_status read_modules(const char *folder, const char *file, emily__embed_config *out) {
  if (emily__model_file_exists(file)) {
    json_t *modules;
    EMILY__TRY(emily__model_file_load(file, &modules));
    emily_status status = load_modules(folder, file, modules, out);
    json_decref(modules);
    EMILY__TRY(status);
    if (!out->model_path || !out->pooling_count)
      return emily__fail(EMILY_BAD_FORMAT, WHERE, "%s names no Transformer or no Pooling", file);
    return EMILY_OK;
  }
  out->pooling[out->pooling_count++] = emily__pool_mean;
  out->model_path = emily__strdup(folder);
  return out->model_path ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- sentence_bert_config.json, config_sentence_transformers.json ---- */

static emily_status read_transformer(const char *file, emily__embed_config *out) {
  if (!emily__model_file_exists(file)) return EMILY_OK;
  emily__config c;
  EMILY__TRY(emily__config_load(&c, file));
  emily__config_size(&c, "max_seq_length", &out->max_tokens);
  emily__config_bool(&c, "do_lower_case", &out->lowercase);
  emily_status status = emily__config_done(&c, "emily's embedder", NULL);
  emily__config_free(&c);
  return status;
}

static bool add_prompt(emily__embed_config *out, const char *name, const char *text) {
  emily__prompt prompt = {emily__strdup(name), emily__strdup(text)};
  if (prompt.name && prompt.text && emily__vec_push(&out->prompts, prompt)) return true;
  emily__free(prompt.name);
  emily__free(prompt.text);
  return false;
}

static void read_prompts(emily__config *c, emily__embed_config *out) {
  json_t *prompts = emily__json_at(c->root, "prompts"), *text;
  const char *name, *chosen = NULL;
  emily__config_skip(c, "prompts");
  if (prompts && !json_is_object(prompts))
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"prompts\" must be an object, and is %s", emily__json_type_name(prompts));
  if (json_is_object(prompts)) json_object_foreach(prompts, name, text) {
      if (!json_is_string(text)) emily__config_fail(c, EMILY_BAD_FORMAT, "the prompt \"%s\" must be a string", name);
      else if (!add_prompt(out, name, json_string_value(text))) c->status = EMILY_OUT_OF_MEMORY;
    }
  emily__config_text(c, "default_prompt_name", &chosen);
  if (chosen && !(out->default_prompt = emily__strdup(chosen))) c->status = EMILY_OUT_OF_MEMORY;
}

static emily_status read_whole(const char *file, emily__embed_config *out) {
  static const char *const harmless[] = {"__version__", "similarity_fn_name", NULL};
  if (!emily__model_file_exists(file)) return EMILY_OK;
  emily__config c;
  EMILY__TRY(emily__config_load(&c, file));
  read_prompts(&c, out);
  emily__config_only_text(&c, "model_type", "SentenceTransformer");
  emily_status status = emily__config_done(&c, "emily's embedder", harmless);
  emily__config_free(&c);
  return status;
}

/* ---- all of it ---- */

/* read(folder/name) */
static emily_status in_folder(const char *folder, const char *name, emily__embed_config *out,
                              emily_status (*read)(const char *, emily__embed_config *)) {
  char *file = emily__path_join(folder, name);
  emily_status status = file ? read(file, out) : EMILY_OUT_OF_MEMORY;
  emily__free(file);
  return status;
}

static emily_status load(const char *folder, emily__embed_config *out) {
  char *file = emily__path_join(folder, "modules.json");
  if (!file) return EMILY_OUT_OF_MEMORY;
  emily_status status = read_modules(folder, file, out);
  emily__free(file);
  EMILY__TRY(status);
  EMILY__TRY(in_folder(out->model_path, "sentence_bert_config.json", out, read_transformer));
  EMILY__TRY(in_folder(folder, "config_sentence_transformers.json", out, read_whole));
  const char *prompt;
  return emily__embed_config_prompt(out, NULL, &prompt);
}

emily_status emily__embed_config_load(const char *folder, emily__embed_config *out) {
  *out = (emily__embed_config){0};
  emily_status status = load(folder, out);
  if (status != EMILY_OK) emily__embed_config_free(out);
  return status;
}

void emily__embed_config_free(emily__embed_config *config) {
  for (size_t i = 0; i < config->prompts.count; i++) {
    emily__free(config->prompts.data[i].name);
    emily__free(config->prompts.data[i].text);
  }
  emily__vec_free(&config->prompts);
  emily__free(config->default_prompt);
  emily__free(config->model_path);
  *config = (emily__embed_config){0};
}

emily_status emily__embed_config_prompt(const emily__embed_config *config, const char *name, const char **out) {
  if (!name) name = config->default_prompt;
  *out = "";
  if (!name) return EMILY_OK;
  for (size_t i = 0; i < config->prompts.count; i++) {
    if (strcmp(config->prompts.data[i].name, name) != 0) continue;
    *out = config->prompts.data[i].text;
    return EMILY_OK;
  }
  return emily__fail(EMILY_NOT_FOUND, WHERE, "the checkpoint has no prompt \"%s\"", name);
}
