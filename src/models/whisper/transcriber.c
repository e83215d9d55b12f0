/* transcriber.c: loading what transcription needs, and the public calls. */
#include "models/whisper/transcriber.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/file.h"
#include "models/model.h"

#include <math.h>

static const char WHERE[] = "emily_transcribe";

/* ---- loading ---- */

static emily_status load_tokenizer(emily_transcriber *t, const char *folder) {
  char *path = emily__path_join(folder, "tokenizer.json");
  if (!path) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_tokenizer_load(path, &t->tokenizer);
  emily__free(path);
  return status;
}

/* The features must be those that the encoder takes. */
static emily_status check_features(const emily_transcriber *t, const char *folder) {
  const emily__sound_settings *s = t->sound;
  int64_t frames = emily__sound_window_frames(s);
  if (s->mel.mels == t->whisper->mels && frames == emily__whisper_frames(t->whisper)) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, WHERE,
                     "%s: preprocessor_config.json makes features [%lld, %lld] and the model takes [%lld, %lld]", folder,
                     (long long)s->mel.mels, (long long)frames, (long long)t->whisper->mels,
                     (long long)emily__whisper_frames(t->whisper));
}

static emily_status load_model(emily_transcriber *t, const char *path, const emily_model_options *options) {
  emily_model_options whole = EMILY_MODEL_OPTIONS_INIT;
  if (options) whole = *options;
  whole.body_only = 0;
  EMILY__TRY(emily_model_load(path, &whole, &t->model));
  t->whisper = emily__model_self(t->model, &emily__family_whisper, EMILY__TASK_CONDITIONAL);
  if (t->whisper) return EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s is a %s %s, which does not transcribe; WhisperForConditionalGeneration does",
                     path, emily_model_family(t->model), emily_model_task(t->model));
}

/* Without the token of <|notimestamps|>, which old files do not name, the tokenizer knows it. */
static void find_no_timestamps(emily_transcriber *t) {
  static const char name[] = "<|notimestamps|>";
  int32_t id;
  if (t->generation.no_timestamps >= 0) return;
  if (emily_tokenizer_token_to_id(t->tokenizer, name, sizeof name - 1, &id) != EMILY_OK) return;
  if (id >= 0 && id < t->whisper->vocab) t->generation.no_timestamps = id;
}

static emily_status load(emily_transcriber *t, const char *path, const emily_model_options *options) {
  EMILY__TRY(load_model(t, path, options));
  EMILY__TRY(emily_preprocessor_load(path, &t->preprocessor));
  t->sound = emily__preprocessor_self(t->preprocessor, &emily__preprocessor_sound);
  if (!t->sound) return emily__fail(EMILY_UNSUPPORTED, WHERE, "%s: preprocessor_config.json is not that of sounds", path);
  EMILY__TRY(check_features(t, path));
  EMILY__TRY(load_tokenizer(t, path));
  EMILY__TRY(emily__whisper_generation_load(path, t->whisper->vocab, &t->generation));
  find_no_timestamps(t);
  return EMILY_OK;
}

static void destroy(emily_transcriber *t) {
  emily__whisper_generation_free(&t->generation);
  emily_tokenizer_release(t->tokenizer);
  emily_preprocessor_release(t->preprocessor);
  emily_model_release(t->model);
  emily__free(t);
}

emily_status emily_transcriber_load(const char *path, const emily_model_options *options, emily_transcriber **out) {
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_transcriber_load", "path and out must not be NULL");
  if (options && options->struct_size < sizeof *options)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_transcriber_load", "options must begin as EMILY_MODEL_OPTIONS_INIT");
  emily_transcriber *t = emily__calloc(1, sizeof *t);
  if (!t) return EMILY_OUT_OF_MEMORY;
  atomic_init(&t->references, 1);
  emily_status status = load(t, path, options);
  if (status == EMILY_OK) *out = t;
  else destroy(t);
  return status;
}

emily_transcriber *emily_transcriber_retain(emily_transcriber *t) {
  if (t) atomic_fetch_add_explicit(&t->references, 1, memory_order_relaxed);
  return t;
}

void emily_transcriber_release(emily_transcriber *t) {
  if (t && atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) == 1) destroy(t);
}

emily_model *emily_transcriber_model(const emily_transcriber *t) { return t->model; }
emily_tokenizer *emily_transcriber_tokenizer(const emily_transcriber *t) { return t->tokenizer; }
int64_t emily_transcriber_rate(const emily_transcriber *t) { return t->sound->mel.rate; }

/* ---- options ---- */

static double choose(double given, double own) { return isnan(given) ? own : given; }

static emily_status check_plan(const emily_transcriber *t, const emily__transcribe_plan *p) {
  if (p->timestamps && t->generation.no_timestamps < 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE,
                       "this checkpoint does not say which tokens are times (no_timestamps_token_id): ask for no timestamps");
  if (!isnan(p->no_speech) && isnan(p->logprob))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "no_speech_threshold needs logprob_threshold beside it");
  if (!isnan(p->no_speech) && t->generation.no_timestamps < 1)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "no_speech_threshold needs a checkpoint that says no_timestamps_token_id");
  for (size_t i = 0; i < p->temperature_count; i++)
    if (!(p->temperatures[i] >= 0 && p->temperatures[i] <= 1e6))
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "temperature %g must lie between 0 and 1e6", p->temperatures[i]);
  return EMILY_OK;
}

emily_status emily__transcribe_plan_make(const emily_transcriber *t, const emily_transcribe_options *o,
                                         emily__transcribe_plan *out) {
  static const double greedy[] = {0};
  const emily__whisper_generation *g = &t->generation;
  if (o->struct_size < sizeof *o)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_TRANSCRIBE_OPTIONS_INIT");
  *out = (emily__transcribe_plan){
      .language = o->language, .task = o->task, .prompt = o->prompt,
      .timestamps = o->timestamps < 0 ? g->timestamps || g->no_timestamps >= 0 : o->timestamps != 0,
      .condition = o->condition_on_previous < 0 ? g->condition_on_previous : o->condition_on_previous != 0,
      .temperatures = o->temperature_count ? o->temperatures : greedy,
      .temperature_count = o->temperature_count ? o->temperature_count : 1,
      .compression_ratio = choose(o->compression_ratio_threshold, g->compression_ratio),
      .logprob = choose(o->logprob_threshold, g->logprob),
      .no_speech = choose(o->no_speech_threshold, g->no_speech),
      .max_new_tokens = o->max_new_tokens < 0 ? g->max_new_tokens : o->max_new_tokens,
      .seed = o->seed < 0 ? 0 : (uint64_t)o->seed};
  return check_plan(t, out);
}

/* ---- the calls ---- */

static emily_status check(const void *transcriber, const void *source, const void *out) {
  if (transcriber && source && out) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "transcriber, sound and out must not be NULL");
}

static const emily_transcribe_options defaults = EMILY_TRANSCRIBE_OPTIONS_INIT;

/* Takes the sound over. */
static emily_status run_sound(const emily_transcriber *t, emily__sound *sound, const emily_transcribe_options *options,
                              emily_transcription **out) {
  emily_status status = emily__transcribe_run(t, sound, options ? options : &defaults, out);
  emily__sound_free(sound);
  return status;
}

emily_status emily_transcribe_file(emily_transcriber *t, const char *path, const emily_transcribe_options *options,
                                   emily_transcription **out) {
  emily__sound sound;
  EMILY__TRY(check(t, path, out));
  EMILY__TRY(emily__sound_load(path, t->sound->mel.rate, EMILY__SOUND_MOST_SECONDS, &sound));
  return run_sound(t, &sound, options, out);
}

emily_status emily_transcribe_memory(emily_transcriber *t, const void *data, size_t size, const char *name,
                                     const emily_transcribe_options *options, emily_transcription **out) {
  emily__sound sound;
  EMILY__TRY(check(t, size ? data : WHERE, out));
  EMILY__TRY(emily__sound_decode(data, size, name ? name : "the sound", t->sound->mel.rate, EMILY__SOUND_MOST_SECONDS, &sound));
  return run_sound(t, &sound, options, out);
}

emily_status emily_transcribe_samples(emily_transcriber *t, const float *samples, size_t count,
                                      const emily_transcribe_options *options, emily_transcription **out) {
  EMILY__TRY(check(t, count ? (const void *)samples : WHERE, out));
  if (count > (size_t)(EMILY__SOUND_MOST_SECONDS * t->sound->mel.rate))
    return emily__fail(EMILY_UNSUPPORTED, WHERE, "%zu samples are more than %d seconds", count, EMILY__SOUND_MOST_SECONDS);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(samples[i])) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "sample %zu is not a number", i);
  emily__sound sound = {(float *)(uintptr_t)samples, count}; /* only read */
  return emily__transcribe_run(t, &sound, options ? options : &defaults, out);
}

static void free_segment(emily_transcription_segment *s) {
  emily__free(s->text);
  emily__free(s->tokens);
}

void emily_transcription_free(emily_transcription *t) {
  if (!t) return;
  for (size_t i = 0; i < t->segment_count; i++) free_segment(&t->segments[i]);
  emily__free(t->segments);
  emily__free(t->tokens);
  emily__free(t->text);
  emily__free(t);
}
