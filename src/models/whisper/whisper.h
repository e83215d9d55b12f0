/* whisper.h: Whisper as transcription drives it: the encoder once a window, the cross-attention's keys and values once,
 * then the decoder a token at a time through a cache. */
#ifndef EMILY_MODELS_WHISPER_WHISPER_H
#define EMILY_MODELS_WHISPER_WHISPER_H

#include "generate/kv_cache.h"
#include "models/family.h"

enum { EMILY__WHISPER_MAX_LAYERS = 256 };

/* Two convolutions with taps as in the checkpoint, [O, C, K]; the second one halves the frames. */
typedef struct emily__whisper_conv {
  emily_array *weight, *bias; /* [O, C, 3], [O] */
} emily__whisper_conv;

typedef struct emily__whisper_attention {
  emily__linear q, k, v, out; /* [D, D]; k without bias */
} emily__whisper_attention;

typedef struct emily__whisper_layer {
  emily__norm attention_norm, cross_norm, mlp_norm;
  emily__whisper_attention attention, cross; /* cross and its norm: in the decoder alone */
  emily__mlp mlp;
} emily__whisper_layer;

/* The encoder or the decoder. */
typedef struct emily__whisper_stack {
  int64_t layer_count, heads, inner, positions;
  emily_array *position_table; /* [P, D] */
  emily__whisper_layer *layers;
  emily__norm norm;
} emily__whisper_stack;

typedef struct emily__whisper {
  int64_t vocab, hidden, mels;
  bool tie;
  emily__activation *act;
  emily__whisper_conv conv1, conv2;
  emily__whisper_stack encoder, decoder;
  emily__embedding words; /* [V, D] */
  emily__linear head;  /* [V, D]; absent for the body alone */
} emily__whisper;

/* How many frames of features the encoder takes. */
int64_t emily__whisper_frames(const emily__whisper *whisper);

/* features float32 [B, mels, frames]: [B, S, D], S = frames / 2. states: NULL, or room for encoder.layer_count + 1
 * arrays. */
emily_array *emily__whisper_encode(const emily__whisper *whisper, emily_scope *scope, emily_array *features,
                                   emily_array **states);

/* What the decoder's layers attend to in encoded [B, S, D]: k[i] and v[i] of layer i, [B, H, S, hd]. They depend on the
 * sound alone, so that they are computed once and not once a token. */
void emily__whisper_cross(const emily__whisper *whisper, emily_scope *scope, emily_array *encoded, emily_array **k,
                          emily_array **v);

/* One pass over ids int32 [B, T] that follow what the cache holds (NULL: nothing): [B, T, D] after the final norm. The
 * cache is left for the caller to commit. states: NULL, or room for decoder.layer_count + 1 arrays. */
emily_array *emily__whisper_decode(const emily__whisper *whisper, emily_scope *scope, emily_array *ids,
                                   emily_array *const *k, emily_array *const *v, emily__kv_cache *cache,
                                   emily_array **states);

#endif
