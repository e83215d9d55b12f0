/* decoder.h: what every decoder family has in common: the pass with positions, masks and cache, and the heads.
 *
 * A decoder family's struct begins with an emily__decoder that its configure and bind fill; its row in the table says
 * .forward = emily__decoder_forward, .sizes = emily__decoder_sizes, .generates = true. What it adds is `hidden`: from
 * token ids to the last hidden state. Most families are an emily__stack (decoder_stack.h), which has that too.
 */
#ifndef EMILY_MODELS_DECODER_H
#define EMILY_MODELS_DECODER_H

#include "generate/decoder.h"
#include "models/family.h"
#include "models/labels.h"
#include "models/rope_config.h"

enum { EMILY__MAX_LAYERS = 1024, EMILY__MAX_ROPES = 2, EMILY__NO_ROPE = -1 };

/* One pass over T tokens that follow `past` cached ones. */
typedef struct emily__pass {
  emily_scope *scope;
  emily__kv_cache *cache; /* NULL: none, and past is 0 */
  const struct emily__pass *rows; /* [batch]: each row is a text of its own, with its own cache and past, and attends alone; NULL: together */
  int64_t batch, length, past;
  emily_array *mask;      /* bool [B, 1, 1, past + T], false: padding; NULL where there is none */
  emily_array *positions; /* int32 [B, T]; NULL: past + t. Always there with rows */
  emily_array *types;     /* token types int32 [B, T]; NULL where none were given */
  emily_array *freqs[EMILY__MAX_ROPES]; /* the rotary frequencies of this pass */
} emily__pass;

typedef struct emily__decoder {
  int64_t vocab, hidden_size, layer_count;
  int64_t context;   /* how many tokens a text may have */
  int64_t positions; /* the rows of a table of learned positions; 0: there is none */
  double scale;      /* on the scores of attention */
  bool scale_over_layer; /* divided by the layer's number, from 1 */
  int64_t rope_count;    /* 0: no layer rotates */
  emily__rope_params rope[EMILY__MAX_ROPES];
  int8_t ropes[EMILY__MAX_LAYERS];    /* which rope a layer rotates by, or EMILY__NO_ROPE */
  int64_t windows[EMILY__MAX_LAYERS]; /* a layer's sliding window; 0: none */
  emily_array *freqs[EMILY__MAX_ROPES]; /* float32 [rope.dims / 2] */
  emily__linear head;   /* [V, D] or [labels, D]; absent for the body alone */
  double logit_cap;     /* logits are cap * tanh(logits / cap); 0: as they are */
  int64_t pad_token;    /* for sequence classification; -1: none */
  int64_t labels;
  bool label_bias;      /* whether the head of token classification has a bias */
  /* ids int32 [B, T]: the last hidden state [B, T, D], after the final norm. states (NULL or layer_count + 1 places): the input of
   * each layer, and the result. */
  emily_array *(*hidden)(const struct emily__decoder *self, const emily__pass *pass, emily_array *ids,
                         emily_array **states);
} emily__decoder;

/* Settings that all decoders share: vocab_size, and for heads labels, pad_token_id and token_classification_bias. What
 * the decoder holds already are the family's defaults. */
void emily__decoder_configure(emily__config *config, emily__task task, emily__decoder *decoder);

/* sliding_window, where the config asks for it: 0 for none. `window` is the family's default (0: none), which a null takes away. */
int64_t emily__decoder_window(emily__config *config, int64_t window);

/* The same where use_sliding_window (by default false) must be true for a window to count. */
int64_t emily__decoder_optional_window(emily__config *config, int64_t window);

/* layer_types, one text a layer, over what `window_of` [layer_count] holds: 0 for full_attention, `window` for
 * sliding_attention. Nothing changes where the key is absent. */
void emily__decoder_layer_types(emily__config *config, int64_t layer_count, int64_t window, int64_t *window_of);

/* Qwen's windows: layers from max_window_layers on, or what layer_types says. */
void emily__decoder_windows(emily__config *config, int64_t layer_count, int64_t *window_of);

/* The head's weights and the frequencies. embedding: the name of the token embedding (without ".weight"), to which the head may be tied;
 * classifier: the name of the head of token classification. */
void emily__decoder_bind(emily__weights *weights, emily__task task, bool tie, const char *embedding, const char *classifier,
                         emily__decoder *decoder, emily__embedding *embed);

/* The positions of the pass's tokens, int32 [B, T] or [1, T]. */
emily_array *emily__pass_positions(const emily__pass *pass);

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

/* One token of each of several texts, each after what its own cache holds: ids int32 [R, 1] give logits [R, 1, V], in which a row's bits do not depend
 * on the others. All caches are committed where the scope did not fail. */
emily_array *emily__decoder_rows(const emily__decoder *decoder, emily_scope *scope, emily__kv_cache *const *caches, emily_array *ids);

/* The decoder as generation sees it. */
emily__decoder_model emily__decoder_for_generation(const emily__decoder *decoder);

#endif
