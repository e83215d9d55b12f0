/* decode.h: one window of sound to tokens: encoded once, then decoded as often as it takes. */
#ifndef EMILY_MODELS_WHISPER_DECODE_H
#define EMILY_MODELS_WHISPER_DECODE_H

#include "generate/sampler.h"
#include "models/whisper/generation.h"
#include "models/whisper/whisper.h"

typedef struct emily__whisper_decoder {
  const emily__whisper *whisper; /* borrowed */
  emily_stream *stream;          /* borrowed */
  const int32_t *cancel;         /* may be NULL; read atomically between passes */
  emily_array *k[EMILY__WHISPER_MAX_LAYERS], *v[EMILY__WHISPER_MAX_LAYERS]; /* of the window, [1, H, S, hd] */
  emily__kv_cache *cache;
  float *logits; /* [vocab], of the latest pass's last token */
} emily__whisper_decoder;

emily_status emily__whisper_decoder_begin(emily__whisper_decoder *decoder);
void emily__whisper_decoder_end(emily__whisper_decoder *decoder); /* also after a failed begin */

/* Encode the frames [from, to) of features [1, mels, all], filled up with zeros to the encoder's length. */
emily_status emily__whisper_decoder_window(emily__whisper_decoder *decoder, emily_array *features, int64_t from,
                                           int64_t to);

/* The likeliest of `tokens` after the start token alone: which language it is. */
emily_status emily__whisper_decoder_likeliest(emily__whisper_decoder *decoder, int32_t start,
                                              const emily__named_ids *tokens, size_t *out);

/* Everything that one decoding depends on. */
typedef struct emily__whisper_plan {
  const int32_t *prompt;
  size_t prompt_count, start_at; /* the start token is prompt[start_at] */
  const emily__logits_step *steps;
  size_t step_count;
  emily__sampling sampling;
  int32_t eos;
  int64_t max_new_tokens;
  int32_t no_speech_token; /* -1: its probability is not asked for */
  bool want_logprob;
} emily__whisper_plan;

typedef struct emily__whisper_tokens {
  emily__ids ids;      /* the end token too, where it came */
  double mean_logprob; /* of ids, before temperature; NAN where it was not asked for */
  double no_speech;    /* the probability; NAN where it was not asked for */
  bool cancelled;
} emily__whisper_tokens;

/* out->ids is emptied first and stays the caller's to free, also after a failure. */
emily_status emily__whisper_decoder_run(emily__whisper_decoder *decoder, const emily__whisper_plan *plan,
                                        emily__whisper_tokens *out);

#endif
