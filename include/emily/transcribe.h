/* emily/transcribe.h: speech to text, by Whisper.
 *
 *     emily_transcriber *transcriber;
 *     emily_transcription *result;
 *     emily_status status = emily_transcriber_load("whisper-tiny", NULL, &transcriber);
 *     status = emily_transcribe_file(transcriber, "speech.flac", NULL, &result);
 *     … result->text, result->segments[i].start, result->segments[i].text …
 *     emily_transcription_free(result);
 *     emily_transcriber_release(transcriber);
 *
 * Sound longer than the model's window (30 seconds) is taken window by window, each from where the times of the one
 * before say that it ended (Radford et al. 2022). Definitions are those of Transformers'
 * WhisperForConditionalGeneration.generate: the tokens before the text, which tokens are suppressed, the rules of the
 * times, where windows begin, when a window is decoded again at another temperature. Greedy unless the options say
 * otherwise; beams and the times of single words are not there.
 *
 * What an option leaves open, generation_config.json of the checkpoint decides; what that leaves open, the defaults below.
 */
#ifndef EMILY_TRANSCRIBE_H
#define EMILY_TRANSCRIBE_H

#include "emily/generate.h"
#include "emily/model.h"
#include "emily/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable: any number of threads may use one at the same time. */
typedef struct emily_transcriber emily_transcriber;

/* Load a folder: the model, tokenizer.json, preprocessor_config.json, generation_config.json. options may be NULL
 * (body_only does not matter). Errors as emily_model_load's; EMILY_UNSUPPORTED also where the model does not transcribe.
 * The caller owns one reference. */
EMILY_API emily_status emily_transcriber_load(const char *path, const emily_model_options *options,
                                              emily_transcriber **out);
EMILY_API emily_transcriber *emily_transcriber_retain(emily_transcriber *transcriber);
EMILY_API void emily_transcriber_release(emily_transcriber *transcriber); /* NULL does nothing */

EMILY_API emily_model *emily_transcriber_model(const emily_transcriber *transcriber);         /* borrowed */
EMILY_API emily_tokenizer *emily_transcriber_tokenizer(const emily_transcriber *transcriber); /* borrowed */
/* Samples a second that the model takes: 16000. */
EMILY_API int64_t emily_transcriber_rate(const emily_transcriber *transcriber);

typedef struct emily_transcription_segment {
  double start, end;     /* seconds from the sound's begin */
  char *text;            /* as the tokens spell it, often with a space before it; NUL-terminated */
  size_t text_length;    /* bytes */
  int32_t *tokens;       /* text and times */
  size_t token_count;
} emily_transcription_segment;

/* Each segment as soon as it is there, on the calling thread; it belongs to the transcription. Anything but 0 stops. */
typedef int32_t emily_transcribe_callback(const emily_transcription_segment *segment, void *context);

/* After each window, on the calling thread: seconds done of all. Anything but 0 stops. */
typedef int32_t emily_transcribe_progress(double done, double total, void *context);

#define EMILY_TRANSCRIBE_OPEN (0.0 / 0.0) /* of a threshold: not a number, left open */

typedef struct emily_transcribe_options {
  size_t struct_size;    /* set by EMILY_TRANSCRIBE_OPTIONS_INIT, which leaves everything open */
  const char *language;  /* "de" or "german"; NULL: open, then what the first window sounds like */
  const char *task;      /* "transcribe", or "translate" to English; NULL: open, then to transcribe */
  const char *prompt;    /* text that is put before each window: names, style; NULL: none. No special tokens */
  int32_t timestamps;    /* 1: with times; 0: without, windows then follow each other without overlap; below 0: open, then 1 */
  int32_t condition_on_previous; /* 1: a window sees the text before it; below 0: open, then 0 */
  const double *temperatures;    /* tried in turn while the text is poor by the thresholds; 0 is greedy. NULL: 0 alone */
  size_t temperature_count;
  double compression_ratio_threshold; /* above it text is poor (it repeats itself); NAN: open, then none */
  double logprob_threshold;      /* below it text is poor (mean log probability); NAN: open, then none */
  double no_speech_threshold;    /* a window that likelier is without speech, and below logprob_threshold, is passed over; NAN: open,
                                    then none; needs logprob_threshold */
  int64_t max_new_tokens;        /* a window; below 0: open, then what the model has room for */
  int64_t seed;                  /* of temperatures above 0; below 0: 0 */
  emily_transcribe_callback *callback; /* may be NULL */
  emily_transcribe_progress *progress; /* may be NULL */
  void *context;                 /* passed to both */
  const int32_t *cancel;         /* may be NULL; read atomically between tokens: anything but 0 stops */
  emily_stream *stream;          /* where to run; NULL: the model's stream */
} emily_transcribe_options;
#define EMILY_TRANSCRIBE_OPTIONS_INIT                                                                                 \
  {sizeof(emily_transcribe_options), NULL, NULL, NULL, -1, -1, NULL, 0, EMILY_TRANSCRIBE_OPEN, EMILY_TRANSCRIBE_OPEN,      \
   EMILY_TRANSCRIBE_OPEN, -1, -1, NULL, NULL, NULL, NULL, NULL}

typedef struct emily_transcription {
  char *text;            /* all of it, NUL-terminated */
  size_t text_length;    /* bytes */
  int32_t *tokens;       /* of all segments, one after the other */
  size_t token_count;
  emily_transcription_segment *segments;
  size_t segment_count;
  const char *language;  /* "de"; NULL where the model has but one. Static */
  double duration;       /* seconds of the sound */
  int32_t finish_reason; /* EMILY_FINISH_STOP, or EMILY_FINISH_CANCELLED: what was there by then */
  int32_t reserved;
} emily_transcription;

/* A sound file of any format that libsndfile reads. options: NULL for the defaults. EMILY_INVALID_ARGUMENT (options out
 * of range, a language or a task that the model does not have), and what emily_preprocess_file gives. The caller owns
 * the result. */
EMILY_API emily_status emily_transcribe_file(emily_transcriber *transcriber, const char *path,
                                             const emily_transcribe_options *options, emily_transcription **out);

/* The same of a file in memory; `name` stands for it in messages. */
EMILY_API emily_status emily_transcribe_memory(emily_transcriber *transcriber, const void *data, size_t size, const char *name,
                                               const emily_transcribe_options *options, emily_transcription **out);

/* The same of samples of one channel in [-1, 1], emily_transcriber_rate of them a second. */
EMILY_API emily_status emily_transcribe_samples(emily_transcriber *transcriber, const float *samples, size_t count,
                                                const emily_transcribe_options *options, emily_transcription **out);
EMILY_API void emily_transcription_free(emily_transcription *transcription); /* NULL does nothing */

#ifdef __cplusplus
}
#endif
#endif
