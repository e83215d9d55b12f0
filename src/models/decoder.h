/* decoder.h: what every decoder family has in common: the pass with positions, masks and cache, and the heads.
 *
 * A decoder family's struct begins with an emily__decoder that its configure and bind fill; its row in the table says
 * .forward = emily__decoder_forward, .sizes = emily__decoder_sizes, .generates = true. What it adds is `hidden`: from
 * token ids to the last hidden state.
 */
#ifndef EMILY_MODELS_DECODER_H
#define EMILY_MODELS_DECODER_H

#include "generate/decoder.h"
#include "models/family.h"
#include "models/labels.h"
#include "models/rope_config.h"

enum { EMILY__MAX_LAYERS = 1024 };

/* One pass over T tokens that follow `past` cached ones. */
typedef struct emily__pass {
  emily_scope *scope;
  emily__kv_cache *cache; /* NULL: none, and past is 0 */
  int64_t batch, length, past;
  emily_array *mask;      /* bool [B, 1, 1, past + T], false: padding; NULL where there is none */
  emily_array *positions; /* int32 [B, T]; NULL: past + t */
  emily_array *freqs;     /* the rotary frequencies of this pass */
} emily__pass;

typedef struct emily__decoder {
  int64_t vocab, hidden_size, layer_count;
  emily__rope_params rope;
  int64_t windows[EMILY__MAX_LAYERS]; /* a layer's sliding window; 0: none */
  emily_array *freqs;   /* float32 [rope.dims / 2] */
  emily__linear head;   /* [V, D] or [labels, D]; weight NULL for the body alone */
  int64_t pad_token;    /* for sequence classification; -1: none */
  int64_t labels;
  /* ids int32 [B, T]: the last hidden state [B, T, D], after the final norm. states (NULL or layer_count + 1 places): the input of
   * each layer, and the result. */
  emily_array *(*hidden)(const struct emily__decoder *self, const emily__pass *pass, emily_array *ids,
                         emily_array **states);
} emily__decoder;

/* Settings that all decoders share: vocab_size, hidden_size, num_hidden_layers, and for heads labels and pad_token_id. */
void emily__decoder_configure(emily__config *config, emily__task task, emily__decoder *decoder);

/* layer_types as text, one a layer, or the older switches (use_sliding_window, sliding_window, max_window_layers):
 * `window_of` [layer_count] gets 0 or the window. */
void emily__decoder_windows(emily__config *config, int64_t layer_count, int64_t *window_of);

/* The head's weights and the frequencies. embedding: the name of the token embedding, to which the head may be tied. */
void emily__decoder_bind(emily__weights *weights, emily__task task, bool tie, const char *embedding,
                         emily__decoder *decoder, emily_array **embed);

/* Attention of one layer: q [B, H, T, D], k and v [B, Hk, T, D], q and k not yet rotated: [B, T, H * D]. */
emily_array *emily__decoder_attend(const emily__decoder *decoder, const emily__pass *pass, int64_t layer,
                                   emily_array *q, emily_array *k, emily_array *v);

emily__model_sizes emily__decoder_sizes(const void *self);
void emily__decoder_forward(const void *self, emily__task task, emily_scope *scope, const emily__inputs *inputs,
                            emily__outputs *outputs);

/* One pass through the cache: logits [B, T, V] of all tokens, or of the last one alone, [B, 1, V]. positions and mask as
 * in emily__inputs, the mask over past + T; NULL: none. The cache is committed where the scope did not fail. */
emily_array *emily__decoder_cached(const emily__decoder *decoder, emily_scope *scope, emily__kv_cache *cache,
                                   emily_array *ids, emily_array *positions, emily_array *mask, bool last);

/* The decoder as generation sees it. */
emily__decoder_model emily__decoder_for_generation(const emily__decoder *decoder);

#endif
