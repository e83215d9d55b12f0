/* transcribe_run.c: from a sound to its text: features of all of it, then window by window decoding, cutting at the
 * times, and moving on to where the last time says. The cases are those of Transformers' WhisperGenerationMixin.generate. */
#include "models/whisper/decode.h"
#include "models/whisper/prompt.h"
#include "models/whisper/segments.h"
#include "models/whisper/timestamps.h"
#include "models/whisper/transcriber.h"

#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

enum { STRIDE = 2 }; /* frames a step of the times: what the second convolution makes one of */

typedef struct run {
  const emily_transcriber *t;
  const emily_transcribe_options *options;
  emily__transcribe_plan plan;
  emily__whisper_decoder decoder;
  emily_array *features;  /* [1, mels, frames] */
  int64_t frames, loaded; /* loaded: the frame at which the window in the decoder begins; -1: none is there */
  double step_seconds;
  int32_t times;          /* the token of time 0 */
  emily__ids init;        /* <|startoftranscript|> … */
  emily__ids asked;       /* the caller's prompt */
  emily__ids prompt;      /* of this window: what was before it, and init */
  emily__whisper_tokens made;
  int64_t max_length;     /* of prompt and new tokens, as of now; -1: none */
  bool condition;         /* the next window sees the text before it */
  emily__token_list suppress, begin_suppress;
  emily__timestamp_rules rules;
  emily__logits_step steps[3];
  size_t step_count;
  EMILY__VEC(emily_transcription_segment) segments;
  emily__ids tokens;
  bool stopped;
  double duration;
} run;

static emily_status append(emily__ids *list, const int32_t *ids, size_t count) {
  if (!emily__vec_reserve(list, count)) return EMILY_OUT_OF_MEMORY;
  if (count) memcpy(list->data + list->count, ids, count * sizeof *ids);
  list->count += count;
  return EMILY_OK;
}

/* ---- beginning ---- */

/* The caller's prompt, without the token that begins it. */
static emily_status encode_prompt(run *r) {
  const char *text = r->plan.prompt;
  if (!text) return EMILY_OK;
  static const char blanks[] = " \t\r\n";
  size_t length = strlen(text), skipped = strspn(text, blanks);
  while (length > skipped && strchr(blanks, text[length - 1])) length--;
  emily__str padded = {0};
  emily_encoding *encoding = NULL;
  emily_encode_options options = EMILY_ENCODE_OPTIONS_INIT;
  options.add_special_tokens = 0;
  bool room = emily__str_puts(&padded, " ") && emily__str_append(&padded, text + skipped, length - skipped);
  emily_status status = room ? emily_tokenizer_encode(r->t->tokenizer, padded.data, padded.count, NULL, 0, &options, &encoding)
                             : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) status = append(&r->asked, emily_encoding_ids(encoding), emily_encoding_count(encoding));
  emily_encoding_free(encoding);
  emily__str_free(&padded);
  return status;
}

/* Text alone: a "<|en|>" in it would be taken for the model's own. */
static emily_status check_asked(const run *r) {
  for (size_t i = 0; i < r->asked.count; i++) {
    int32_t id = r->asked.data[i];
    if (id < 0 || id >= r->t->whisper->vocab)
      return emily__fail(EMILY_BAD_FORMAT, "emily_transcribe", "the tokenizer has tokens that the model does not have");
    if (id >= r->times || emily_tokenizer_is_special(r->t->tokenizer, id))
      return emily__fail(EMILY_INVALID_ARGUMENT, "emily_transcribe", "the prompt holds a special token, where text alone may stand");
  }
  return EMILY_OK;
}

static emily_status check_prompt(const run *r) {
  size_t most = (size_t)(r->t->whisper->decoder.positions / 2 - 1);
  EMILY__TRY(check_asked(r));
  if (r->asked.count > most)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_transcribe", "the prompt has %zu tokens; at most %zu have room",
                       r->asked.count, most);
  if ((int64_t)(r->asked.count + r->init.count + 2) > r->t->whisper->decoder.positions)
    return emily__fail(EMILY_BAD_FORMAT, "emily_transcribe", "the model has room for %lld tokens, which the prompt fills",
                       (long long)r->t->whisper->decoder.positions);
  return EMILY_OK;
}

static emily_status load_window(run *r, int64_t from) {
  if (r->loaded == from) return EMILY_OK;
  int64_t most = emily__whisper_frames(r->t->whisper), left = r->frames - from;
  r->loaded = -1;
  EMILY__TRY(emily__whisper_decoder_window(&r->decoder, r->features, from, from + (left < most ? left : most)));
  r->loaded = from;
  return EMILY_OK;
}

static emily_status begin_prompt(run *r) {
  const emily__whisper_generation *g = &r->t->generation;
  bool detect = false;
  size_t index;
  EMILY__TRY(emily__whisper_prompt(g, r->plan.language, r->plan.task, r->plan.timestamps, &r->init, &detect));
  EMILY__TRY(encode_prompt(r));
  EMILY__TRY(check_prompt(r));
  if (!detect) return EMILY_OK;
  EMILY__TRY(load_window(r, 0));
  EMILY__TRY(emily__whisper_decoder_likeliest(&r->decoder, g->start, &g->languages, &index));
  r->init.data[1] = g->languages.data[index].id;
  return EMILY_OK;
}

static void begin_steps(run *r) {
  const emily__whisper_generation *g = &r->t->generation;
  r->suppress = (emily__token_list){g->suppress.data, g->suppress.count};
  r->begin_suppress = (emily__token_list){g->begin_suppress.data, g->begin_suppress.count};
  r->rules = (emily__timestamp_rules){r->times, g->eos, g->max_initial};
  if (g->begin_suppress.count) r->steps[r->step_count++] = emily__suppress_first_tokens(&r->begin_suppress);
  if (g->suppress.count) r->steps[r->step_count++] = emily__suppress_tokens(&r->suppress);
  if (r->plan.timestamps) r->steps[r->step_count++] = emily__timestamp_step(&r->rules);
}

static emily_status begin(run *r, const emily__sound *sound) {
  const emily_transcriber *t = r->t;
  EMILY__TRY(emily__transcribe_plan_make(t, r->options, &r->plan));
  EMILY__TRY(emily__sound_features(t->sound, sound, true, &r->features));
  EMILY__TRY(emily__whisper_decoder_begin(&r->decoder));
  r->frames = emily_array_dim(r->features, 2);
  r->duration = (double)sound->count / (double)t->sound->mel.rate;
  r->step_seconds = (double)(STRIDE * t->sound->mel.hop) / (double)t->sound->mel.rate;
  r->times = t->generation.no_timestamps >= 0 ? t->generation.no_timestamps + 1 : (int32_t)t->whisper->vocab;
  r->condition = r->plan.condition;
  r->max_length = t->generation.max_length;
  begin_steps(r);
  return begin_prompt(r);
}

/* ---- a window's prompt ---- */

/* All text so far; of two times at a segment's end the second begins what comes next, and is left out. */
static emily_status append_previous(const run *r, emily__ids *out) {
  EMILY__TRY(append(out, r->asked.data, r->asked.count));
  for (size_t i = 0; i < r->segments.count; i++) {
    const emily_transcription_segment *s = &r->segments.data[i];
    bool twice = s->token_count > 2 && s->tokens[s->token_count - 2] >= r->times;
    EMILY__TRY(append(out, s->tokens, s->token_count - twice));
  }
  return EMILY_OK;
}

static int32_t previous_token(const emily__whisper_generation *g) {
  if (g->previous >= 0 || g->suppress.count < 2) return g->previous;
  return g->suppress.data[g->suppress.count - 2]; /* where files of the first days have it */
}

/* What the window sees before its own start: as much of the text before as half of the model's positions hold. */
static emily_status make_prompt(run *r) {
  emily__ids before = {0};
  size_t most = (size_t)(r->t->whisper->decoder.positions / 2 - 1);
  bool condition = r->condition && (r->segments.count || r->asked.count);
  emily_status status = condition ? append_previous(r, &before) : append(&before, r->asked.data, r->asked.count);
  size_t skipped = before.count > most ? before.count - most : 0;
  int32_t token = previous_token(&r->t->generation);
  r->prompt.count = 0;
  if (status == EMILY_OK && (condition || before.count) && token >= 0) status = append(&r->prompt, &token, 1);
  if (status == EMILY_OK) status = append(&r->prompt, before.data + skipped, before.count - skipped);
  if (status == EMILY_OK) status = append(&r->prompt, r->init.data, r->init.count);
  emily__vec_free(&before);
  return status;
}

/* ---- decoding a window ---- */

/* How many tokens may be made. The checkpoint's max_length counts the prompt, and Transformers adds the prompt to it for
 * each window anew: what was added stays. It matters where max_length lies below the model's positions, which in no
 * released checkpoint it does. */
static int64_t new_tokens(run *r) {
  int64_t positions = r->t->whisper->decoder.positions, prompt = (int64_t)r->prompt.count, limit = positions - prompt;
  int64_t initial = prompt < positions / 2 - 1 ? prompt : positions / 2 - 1, asked = limit;
  if (r->plan.max_new_tokens >= 0) {
    asked = r->plan.max_new_tokens;
  } else if (r->max_length >= 0) {
    r->max_length = r->max_length + initial < positions ? r->max_length + initial : positions;
    asked = r->max_length - prompt;
  }
  return asked < limit ? asked : limit;
}

static emily__sampling sampling(const run *r, double temperature, size_t attempt) {
  const emily__whisper_generation *g = &r->t->generation;
  return (emily__sampling){.sample = temperature > 0, .temperature = temperature > 0 ? temperature : 1, .top_k = g->top_k,
                           .top_p = g->top_p, .repetition_penalty = g->repetition_penalty,
                           .seed = r->plan.seed + attempt + r->segments.count * r->plan.temperature_count};
}

/* Whether the text is so poor that the next temperature is to be tried; *skip: whether nobody speaks. */
static emily_status judge(const run *r, bool *poor, bool *skip) {
  const emily__transcribe_plan *p = &r->plan;
  *poor = *skip = false;
  if (!isnan(p->compression_ratio)) {
    double ratio = emily__whisper_compression_ratio(r->made.ids.data, r->made.ids.count, r->t->whisper->vocab);
    if (isnan(ratio)) return EMILY_OUT_OF_MEMORY;
    *poor = ratio > p->compression_ratio;
  }
  if (r->made.mean_logprob < p->logprob) *poor = true;
  if (r->made.mean_logprob < p->logprob && r->made.no_speech > p->no_speech) *poor = false, *skip = true;
  return EMILY_OK;
}

static emily_status decode(run *r, bool *skip) {
  const emily__transcribe_plan *p = &r->plan;
  emily__whisper_plan plan = {.prompt = r->prompt.data, .prompt_count = r->prompt.count,
                              .start_at = r->prompt.count - r->init.count, .steps = r->steps,
                              .step_count = r->step_count, .eos = r->t->generation.eos, .max_new_tokens = new_tokens(r),
                              .no_speech_token = isnan(p->no_speech) ? -1 : r->times - 2,
                              .want_logprob = !isnan(p->logprob)};
  bool poor = true;
  for (size_t i = 0; i < p->temperature_count && poor; i++) {
    plan.sampling = sampling(r, p->temperatures[i], i);
    EMILY__TRY(emily__whisper_decoder_run(&r->decoder, &plan, &r->made));
    if (r->made.cancelled) return EMILY_OK;
    EMILY__TRY(judge(r, &poor, skip));
    r->condition = p->condition && p->temperatures[i] < 0.5;
  }
  size_t count = r->made.ids.count;
  if (count && r->made.ids.data[count - 1] == plan.eos) r->made.ids.count--;
  return EMILY_OK;
}

/* ---- segments ---- */

/* The text of tokens without times and special ones. */
static emily_status decode_text(const run *r, const int32_t *tokens, size_t count, char **text, size_t *length) {
  emily__ids words = {0};
  char *found = NULL;
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < count && status == EMILY_OK; i++)
    if (tokens[i] < r->times) status = append(&words, &tokens[i], 1);
  if (status == EMILY_OK) status = emily_tokenizer_decode(r->t->tokenizer, words.data, words.count, true, &found, length);
  emily__vec_free(&words);
  if (status != EMILY_OK) return status;
  *text = emily__alloc_array(*length + 1, 1);
  if (*text) memcpy(*text, found, *length + 1);
  emily_string_free(found);
  return *text ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status fill_segment(const run *r, const emily__whisper_segment *s, int64_t from, emily_transcription_segment *out) {
  double offset = (double)from * r->step_seconds / STRIDE;
  const int32_t *tokens = r->made.ids.data + s->from;
  out->token_count = s->to - s->from;
  out->start = offset + (double)s->start * r->step_seconds;
  out->end = offset + (double)s->end * r->step_seconds;
  if (s->open && out->end > r->duration) out->end = r->duration > out->start ? r->duration : out->start;
  out->tokens = emily__alloc_array(out->token_count + 1, sizeof *tokens);
  if (!out->tokens) return EMILY_OUT_OF_MEMORY;
  if (out->token_count) memcpy(out->tokens, tokens, out->token_count * sizeof *tokens);
  return decode_text(r, tokens, out->token_count, &out->text, &out->text_length);
}

static emily_status add_segment(run *r, const emily__whisper_segment *s, int64_t from) {
  emily_transcription_segment segment = {0};
  emily_status status = fill_segment(r, s, from, &segment);
  if (status == EMILY_OK) status = append(&r->tokens, segment.tokens, segment.token_count);
  if (status == EMILY_OK && !emily__vec_push(&r->segments, segment)) status = EMILY_OUT_OF_MEMORY;
  if (status != EMILY_OK) {
    emily__free(segment.text);
    emily__free(segment.tokens);
    return status;
  }
  const emily_transcribe_options *o = r->options;
  if (o->callback && o->callback(&r->segments.data[r->segments.count - 1], o->context)) r->stopped = true;
  return EMILY_OK;
}

/* The window at frame `from` of `frames`, as segments; *next: how many frames further on the next one begins. */
static emily_status add_segments(run *r, int64_t from, int64_t frames, int64_t *next) {
  size_t count = r->made.ids.count;
  int64_t seek;
  emily__whisper_segment *parts = emily__alloc_array(count + 1, sizeof *parts);
  if (!parts) return EMILY_OUT_OF_MEMORY;
  size_t made = emily__whisper_segments(r->made.ids.data, count, r->times, frames / STRIDE, parts, &seek);
  emily_status status = EMILY_OK;
  for (size_t i = 0; i < made && status == EMILY_OK && !r->stopped; i++) status = add_segment(r, &parts[i], from);
  emily__free(parts);
  if (seek > 0) *next = seek * STRIDE;
  return status;
}

/* ---- all windows ---- */

static emily_status window(run *r, int64_t *from) {
  int64_t most = emily__whisper_frames(r->t->whisper), frames = r->frames - *from < most ? r->frames - *from : most;
  int64_t next = frames;
  bool skip = false;
  EMILY__TRY(make_prompt(r));
  EMILY__TRY(load_window(r, *from));
  EMILY__TRY(decode(r, &skip));
  if (r->made.cancelled) return r->stopped = true, EMILY_OK;
  if (!skip) EMILY__TRY(add_segments(r, *from, frames, &next));
  *from += next;
  const emily_transcribe_options *o = r->options;
  double done = fmin((double)*from * r->step_seconds / STRIDE, r->duration);
  if (*from >= r->frames) done = r->duration; /* the last frame may end before it */
  if (o->progress && o->progress(done, r->duration, o->context)) r->stopped = true;
  return EMILY_OK;
}

/* The result takes over segments and tokens. */
static emily_status finish(run *r, emily_transcription **out) {
  emily_transcription *result = emily__calloc(1, sizeof *result);
  if (!result) return EMILY_OUT_OF_MEMORY;
  emily_status status = decode_text(r, r->tokens.data, r->tokens.count, &result->text, &result->text_length);
  if (status != EMILY_OK) {
    emily_transcription_free(result);
    return status;
  }
  result->tokens = r->tokens.data, result->token_count = r->tokens.count;
  result->segments = r->segments.data, result->segment_count = r->segments.count;
  result->language = emily__whisper_prompt_language(&r->t->generation, &r->init);
  result->duration = r->duration;
  result->finish_reason = r->stopped ? EMILY_FINISH_CANCELLED : EMILY_FINISH_STOP;
  memset(&r->tokens, 0, sizeof r->tokens);
  memset(&r->segments, 0, sizeof r->segments);
  *out = result;
  return EMILY_OK;
}

static void end(run *r) {
  for (size_t i = 0; i < r->segments.count; i++) {
    emily__free(r->segments.data[i].text);
    emily__free(r->segments.data[i].tokens);
  }
  emily__vec_free(&r->segments);
  emily__vec_free(&r->tokens);
  emily__vec_free(&r->init);
  emily__vec_free(&r->asked);
  emily__vec_free(&r->prompt);
  emily__vec_free(&r->made.ids);
  emily__whisper_decoder_end(&r->decoder);
  emily_array_release(r->features);
}

emily_status emily__transcribe_run(const emily_transcriber *t, const emily__sound *sound,
                                   const emily_transcribe_options *options, emily_transcription **out) {
  run r = {.t = t, .options = options, .loaded = -1};
  r.decoder = (emily__whisper_decoder){.whisper = t->whisper, .cancel = options->cancel,
                                       .stream = options->stream ? options->stream : emily_model_stream(t->model)};
  emily_status status = begin(&r, sound);
  for (int64_t from = 0; status == EMILY_OK && from < r.frames && !r.stopped;) status = window(&r, &from);
  if (status == EMILY_OK) status = finish(&r, out);
  end(&r);
  return status;
}
