/* emily/embed.h: one vector a text, as a checkpoint's own files say.
 *
 * Pooling, normalisation, the longest text, lower-casing and prompts are read from the files that sentence-transformers writes
 * (modules.json, 1_Pooling/config.json, sentence_bert_config.json, config_sentence_transformers.json); a folder without
 * them is pooled by the mean and not normalised, as sentence-transformers does. What these files ask for and emily does not
 * do is refused by name. max_seq_length wins over the truncation and padding of tokenizer.json.
 *
 *     emily_embedder *embedder;
 *     emily_status status = emily_embedder_load("MiniLM", NULL, &embedder);
 *     float *vectors = malloc(count * emily_embedder_size(embedder) * sizeof *vectors);
 *     status = emily_embed(embedder, texts, NULL, count, NULL, vectors);
 *     emily_embedder_release(embedder);
 */
#ifndef EMILY_EMBED_H
#define EMILY_EMBED_H

#include "emily/model.h"
#include "emily/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_embedder emily_embedder;

/* Load a folder. options may be NULL (body_only does not matter). Errors as emily_model_load and emily_tokenizer_load. The caller
 * owns one reference. */
EMILY_API emily_status emily_embedder_load(const char *path, const emily_model_options *options,
                                           emily_embedder **out);
EMILY_API emily_embedder *emily_embedder_retain(emily_embedder *embedder);
EMILY_API void emily_embedder_release(emily_embedder *embedder); /* NULL does nothing */

EMILY_API int64_t emily_embedder_size(const emily_embedder *embedder);       /* floats a vector */
EMILY_API int64_t emily_embedder_max_tokens(const emily_embedder *embedder); /* longer texts are cut */
EMILY_API emily_model *emily_embedder_model(const emily_embedder *embedder);         /* borrowed */
EMILY_API emily_tokenizer *emily_embedder_tokenizer(const emily_embedder *embedder); /* borrowed */

/* Told after each batch how many texts of all are done, on the calling thread. Anything but 0 stops: EMILY_CANCELLED. */
typedef int32_t emily_embed_progress(size_t done, size_t total, void *context);

typedef struct emily_embed_options {
  size_t struct_size;
  const char *prompt_name; /* one of the checkpoint's prompts, put before each text; NULL: its default one, if it has one */
  int64_t batch_tokens;    /* most tokens a pass, padding counted; 0: 4096. A longer text goes alone */
  emily_embed_progress *progress; /* may be NULL */
  void *context;
  emily_stream *stream;    /* NULL: the model's */
} emily_embed_options;
#define EMILY_EMBED_OPTIONS_INIT {sizeof(emily_embed_options), NULL, 0, NULL, NULL, NULL}

/* The vectors of `count` texts to out[count * emily_embedder_size], in the texts' order. lengths: bytes of each text, or
 * NULL where all end with NUL. Texts of like length share a pass, which changes a vector by rounding at most.
 * options may be NULL. out is undefined after a failure. */
EMILY_API emily_status emily_embed(emily_embedder *embedder, const char *const *texts, const size_t *lengths,
                                   size_t count, const emily_embed_options *options, float *out);

#ifdef __cplusplus
}
#endif
#endif
