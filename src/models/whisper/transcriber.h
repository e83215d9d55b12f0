/* transcriber.h: the inside of an emily_transcriber, and one run of it with every option decided. */
#ifndef EMILY_MODELS_WHISPER_TRANSCRIBER_H
#define EMILY_MODELS_WHISPER_TRANSCRIBER_H

#include "emily/transcribe.h"
#include "models/preprocess_sound.h"
#include "models/whisper/generation.h"
#include "models/whisper/whisper.h"

#include <stdatomic.h>

struct emily_transcriber {
  atomic_int references;
  emily_model *model;
  emily_tokenizer *tokenizer;
  emily_preprocessor *preprocessor;
  const emily__whisper *whisper;      /* the model's */
  const emily__sound_settings *sound; /* the preprocessor's */
  emily__whisper_generation generation;
};

/* The caller's options over the checkpoint's settings; no value here means "open". */
typedef struct emily__transcribe_plan {
  const char *language, *task, *prompt; /* NULL: none */
  bool timestamps, condition;
  const double *temperatures;
  size_t temperature_count;
  double compression_ratio, logprob, no_speech; /* NAN: none */
  int64_t max_new_tokens;                       /* a window; -1: what there is room for */
  uint64_t seed;
} emily__transcribe_plan;

emily_status emily__transcribe_plan_make(const emily_transcriber *transcriber, const emily_transcribe_options *options,
                                         emily__transcribe_plan *out);

/* From samples to text, over all windows (transcribe_run.c). */
emily_status emily__transcribe_run(const emily_transcriber *transcriber, const emily__sound *sound,
                                   const emily_transcribe_options *options, emily_transcription **out);

/* Length of the tokens' bytes over that of their zlib stream: high where they repeat themselves. NAN where memory is out. */
double emily__whisper_compression_ratio(const int32_t *tokens, size_t count, int64_t vocab);

#endif
