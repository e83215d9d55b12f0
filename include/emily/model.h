/* emily/model.h: models from checkpoints in Hugging Face layout, and their forward pass.
 *
 * A folder holds config.json and the weights (checkpoint.h). Weights are mapped, not read, and stay in their dtype;
 * activations and results are float32. A config is honoured to the letter or refused: a key that emily does not know,
 * a tensor that is missing, unused or of the wrong shape is an error that names it.
 *
 *     emily_model *model;
 *     emily_status status = emily_model_load("MiniLM", NULL, &model);
 *     emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
 *     emily_array_map_set(inputs, "input_ids", ids);                     // int32 or int64 [B, T]
 *     emily_scope *s = emily_scope_open(NULL);
 *     status = emily_model_forward(model, s, inputs, NULL, 0, outputs);
 *     status = emily_scope_close(s);
 *     … emily_array_read(emily_array_map_get(outputs, "last_hidden_state"), …) …
 *     emily_model_release(model);
 *
 * Families, their tasks and their limits: docs/MODELS.md.
 */
#ifndef EMILY_MODEL_H
#define EMILY_MODEL_H

#include "emily/array_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: one model may be used from any number of threads at once, each with its own scope (and stream). */
typedef struct emily_model emily_model;

typedef struct emily_model_options {
  size_t struct_size;
  const char *device; /* where it runs ("cpu"); NULL: the default */
  int32_t body_only;  /* 1: without the head that the checkpoint may carry; forward gives no "logits" */
  int32_t reserved;
} emily_model_options;
#define EMILY_MODEL_OPTIONS_INIT {sizeof(emily_model_options), NULL, 0, 0}

/* Load a folder or a GGUF file. options may be NULL. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT (a file that breaks its
 * format, tensors that do not fit the config), EMILY_UNSUPPORTED (a family or a setting that emily does not know;
 * a device). The caller owns one reference. */
EMILY_API emily_status emily_model_load(const char *path, const emily_model_options *options, emily_model **out);
EMILY_API emily_model *emily_model_retain(emily_model *model);
EMILY_API void emily_model_release(emily_model *model); /* NULL does nothing */

/* A JSON file of a model's folder ("config.json", "tokenizer_config.json") as text, which emily_string_free (tokenizer.h) frees. A GGUF file
 * gives what its metadata say in that form: config.json, generation_config.json, tokenizer.json, tokenizer_config.json, modules.json and
 * 1_Pooling/config.json. EMILY_NOT_FOUND where there is no such file. */
EMILY_API emily_status emily_model_file(const char *path, const char *name, char **text);

EMILY_API const char *emily_model_path(const emily_model *model);   /* as it was given */
EMILY_API const char *emily_model_family(const emily_model *model); /* "bert" */
EMILY_API const char *emily_model_task(const emily_model *model);   /* "ForMaskedLM"; "Model" for the body alone */
EMILY_API emily_stream *emily_model_stream(const emily_model *model); /* one on the model's device, borrowed */

/* Whether emily_generate takes it: a causal language model. */
EMILY_API bool emily_model_generates(const emily_model *model);
EMILY_API int64_t emily_model_vocab_size(const emily_model *model);
EMILY_API int64_t emily_model_hidden_size(const emily_model *model);

/* The labels of a classifier, as its config names them ("LABEL_0" where it does not); 0 of them where the model's answers are not
 * labels, and NULL for an index that there is not. */
EMILY_API int64_t emily_model_label_count(const emily_model *model);
EMILY_API const char *emily_model_label(const emily_model *model, int64_t index);

/* How many tokens a text may have, as far as the config says. */
EMILY_API int64_t emily_model_context_length(const emily_model *model);

/* One pass. Inputs, int32 or int64 (masks also bool), all [B, T], where nothing else is said:
 *   input_ids       token ids, required
 *   attention_mask  1 for a token, 0 for padding (at either side); without it, all are tokens
 *   token_type_ids  bert: which of two texts; without it, 0
 *   position_ids    without it, 0, 1, 2 … in each row, padding counted
 *   input_features  whisper, required: floats [B, mels, frames]
 *   decoder_input_ids  whisper, in place of input_ids: the tokens of the text
 * Outputs, float32, added to `outputs` as lazy arrays:
 *   last_hidden_state [B, T, D]
 *   hidden_states     [layers + 1, B, T, D]: after the embedding and after each layer (a decoder's last: after the final norm)
 *   pooler_output     [B, D]  an encoder's body, where the checkpoint has a pooler
 *   mean_pooled       [B, D]  an encoder's body: the mean over the tokens; mean_pooled_l2: the same at length 1
 *   encoder_last_hidden_state [B, S, D], encoder_hidden_states, decoder_hidden_states [layers + 1, B, …, D]  whisper
 *   logits            [B, T, vocab] of a language model, [B, T, labels] or [B, labels] of a classifier
 *   start_logits, end_logits [B, T]  question answering: where an answer begins, and its last token
 * names: which of them are wanted, NULL for all. What stands at padding is finite and means nothing, and what stands
 * at tokens does not depend on it. EMILY_INVALID_ARGUMENT names an input that is missing, not taken, or of a wrong
 * shape, dtype or value (values of inputs that are lazy are not looked at); EMILY_NOT_FOUND an output that this model
 * does not give. After a failure `outputs` may hold some of them. */
EMILY_API emily_status emily_model_forward(emily_model *model, emily_scope *scope, const emily_array_map *inputs,
                                           const char *const *names, size_t name_count, emily_array_map *outputs);

/* What emily knows of a family. Texts are static. */
typedef struct emily_family_info {
  size_t struct_size;
  const char *model_type; /* config.json's, "bert" */
  const char *class_name; /* how its classes are called, "Bert" */
  const char *title;      /* as people write it, "BERT" */
  const char *checked;    /* what its results are checked against */
  const char *limits;     /* what of it is refused; NULL: nothing is known */
  const char *tasks[16];  /* what follows the class's name: "Model", "ForMaskedLM" … */
  size_t task_count;
} emily_family_info;
#define EMILY_FAMILY_INFO_INIT {sizeof(emily_family_info), NULL, NULL, NULL, NULL, NULL, {NULL}, 0}

/* The families one after another, from 0; false behind the last. out->struct_size must be set. */
EMILY_API bool emily_family_at(size_t index, emily_family_info *out);

#ifdef __cplusplus
}
#endif
#endif
