/* emily/fill_mask.h: what may stand where a text has the mask token, by a model of masked words.
 *
 * The score of a token is its share of a softmax over the whole vocabulary, for each mask by itself, as Transformers has
 * it. A text longer than the model reads is cut.
 *
 *     emily_filler *filler;
 *     emily_fills *fills;
 *     emily_status status = emily_filler_load("bert", NULL, &filler);
 *     status = emily_fill_mask(filler, (const char *const[]){"Paris is the [MASK] of France."}, NULL, 1, NULL, &fills);
 *     const emily_fill *best = emily_fills_at(fills, 0, 0);                          best->text, best->score
 *     emily_fills_free(fills);
 *     emily_filler_release(filler);
 */
#ifndef EMILY_FILL_MASK_H
#define EMILY_FILL_MASK_H

#include "emily/model.h"
#include "emily/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_filler emily_filler;

/* Load a folder. options may be NULL. EMILY_UNSUPPORTED where the model has another head than for masked words; other
 * errors as of emily_model_load and emily_tokenizer_load. The caller owns one reference. */
EMILY_API emily_status emily_filler_load(const char *path, const emily_model_options *options, emily_filler **out);
EMILY_API emily_filler *emily_filler_retain(emily_filler *filler);
EMILY_API void emily_filler_release(emily_filler *filler); /* NULL does nothing */

EMILY_API int64_t emily_filler_max_tokens(const emily_filler *filler); /* longer texts are cut */
EMILY_API emily_model *emily_filler_model(const emily_filler *filler); /* borrowed */
EMILY_API const char *emily_filler_mask(const emily_filler *filler);         /* "[MASK]": how a text writes it */

typedef struct emily_fill {
  int32_t token;
  float score;
  const char *text; /* the token, decoded by itself; belongs to the fills */
} emily_fill;

/* The answer for many texts. */
typedef struct emily_fills emily_fills;

typedef struct emily_fill_options {
  size_t struct_size;
  int64_t top_k; /* tokens a mask; 0: 5 */
  const emily_task_run *run; /* how: batches, progress, cancelling; NULL: as it comes */
} emily_fill_options;
#define EMILY_FILL_OPTIONS_INIT {sizeof(emily_fill_options), 0, NULL}

/* lengths: bytes of each text, or NULL where all end with NUL. options may be NULL. EMILY_INVALID_ARGUMENT names a text
 * without a mask. The caller frees *out by emily_fills_free. */
EMILY_API emily_status emily_fill_mask(emily_filler *filler, const char *const *texts, const size_t *lengths, size_t count,
                                       const emily_fill_options *options, emily_fills **out);

EMILY_API size_t emily_fills_masks(const emily_fills *fills, size_t text); /* how many masks the text has: at least 1 */
EMILY_API size_t emily_fills_top_k(const emily_fills *fills);              /* tokens a mask: at most what the vocabulary has */

/* The tokens for a mask, the best first; NULL where there is no such text or mask. They belong to the fills. */
EMILY_API const emily_fill *emily_fills_at(const emily_fills *fills, size_t text, size_t mask);
EMILY_API void emily_fills_free(emily_fills *fills); /* NULL does nothing */

#ifdef __cplusplus
}
#endif
#endif
