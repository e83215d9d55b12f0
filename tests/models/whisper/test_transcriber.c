/* test_transcriber.c: loading, the calls, stopping from a callback and from another thread, several at once, memory that
 * runs out. */
#include "models/whisper/transcriber.h"

#include "../../support/arrays.h"
#include "../../support/folder.h"
#include "../../support/golden.h"
#include "../../support/tiny.h"
#include "../../support/tones.h"

#include "base/vec.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { LONG = 118000 };

static emily_transcriber *open_transcriber(char **folder) {
  emily_transcriber *t = NULL;
  *folder = golden_folder("whisper", "config.json");
  if (emily_transcriber_load(*folder, NULL, &t)) fail_msg("%s", emily_last_error()->message);
  return t;
}

static float *samples_new(uint32_t seed, size_t count) {
  int16_t *tones = tones_new(seed, count);
  float *samples = malloc(count * sizeof *samples + 1);
  for (size_t i = 0; i < count; i++) samples[i] = tones[i] / 32768.0f;
  free(tones);
  return samples;
}

static void load_fails(const char *folder, emily_status status, const char *words) {
  emily_transcriber *t;
  assert_int_equal(emily_transcriber_load(folder, NULL, &t), status);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void names_what_is_wrong_with_a_folder(void **state) {
  (void)state;
  char *folder = golden_folder("whisper", "config.json");
  remove(in(folder, "tokenizer.json"));
  load_fails(folder, EMILY_NOT_FOUND, "tokenizer.json");
  remove(in(folder, "preprocessor_config.json"));
  load_fails(folder, EMILY_NOT_FOUND, "preprocessor_config.json");
  folder_puts(folder, "preprocessor_config.json", "{\"feature_extractor_type\": \"WhisperFeatureExtractor\"}");
  load_fails(folder, EMILY_BAD_FORMAT, "makes features [80, 3000] and the model takes [80, 200]");
  folder_remove(folder);
  folder = folder_new();
  tiny_bert(folder);
  load_fails(folder, EMILY_UNSUPPORTED, "does not transcribe");
  folder_remove(folder);
  emily_transcriber *t;
  assert_int_equal(emily_transcriber_load(NULL, NULL, &t), EMILY_INVALID_ARGUMENT);
}

static void every_source_gives_the_same(void **state) {
  (void)state;
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  emily_transcription *a, *b, *c;
  size_t size;
  uint8_t *wav = tones_wav(3, 24000, 16000, &size);
  float *samples = samples_new(3, 24000);
  folder_put(folder, "a.wav", wav, size);
  assert_int_equal(emily_transcribe_file(t, in(folder, "a.wav"), NULL, &a), EMILY_OK);
  assert_int_equal(emily_transcribe_memory(t, wav, size, NULL, NULL, &b), EMILY_OK);
  assert_int_equal(emily_transcribe_samples(t, samples, 24000, NULL, &c), EMILY_OK);
  assert_true(a->token_count && a->token_count == b->token_count && a->token_count == c->token_count);
  assert_memory_equal(a->tokens, b->tokens, a->token_count * sizeof(int32_t));
  assert_memory_equal(a->tokens, c->tokens, a->token_count * sizeof(int32_t));
  assert_true(a->duration == 1.5 && a->finish_reason == EMILY_FINISH_STOP);
  assert_int_equal(emily_transcriber_rate(t), 16000);
  assert_string_equal(emily_model_family(emily_transcriber_model(t)), "whisper");
  assert_non_null(emily_transcriber_tokenizer(t));
  emily_transcription_free(a), emily_transcription_free(b), emily_transcription_free(c), emily_transcription_free(NULL);
  free(wav), free(samples);
  emily_transcriber_release(t), emily_transcriber_release(NULL);
  folder_remove(folder);
}

static void refused(emily_transcriber *t, const emily_transcribe_options *o, const char *words) {
  const float silence[400] = {0};
  emily_transcription *result;
  assert_int_equal(emily_transcribe_samples(t, silence, 400, o, &result), EMILY_INVALID_ARGUMENT);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void refuses_options(void **state) {
  (void)state;
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  emily_transcription *result;
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.language = "klingon";
  refused(t, &o, "klingon");
  o = (emily_transcribe_options)EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.no_speech_threshold = 0.5;
  refused(t, &o, "needs logprob_threshold");
  o = (emily_transcribe_options)EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.temperatures = (const double[]){-1}, o.temperature_count = 1;
  refused(t, &o, "temperature -1");
  o = (emily_transcribe_options)EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.prompt = "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z";
  refused(t, &o, "the prompt has");
  o.prompt = "fox <|en|>";
  refused(t, &o, "special token");
  o.prompt = "fox<|0.00|>";
  refused(t, &o, "special token");
  o = (emily_transcribe_options)EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.struct_size = 8;
  refused(t, &o, "EMILY_TRANSCRIBE_OPTIONS_INIT");
  assert_int_equal(emily_transcribe_samples(t, (const float[]){0, NAN}, 2, NULL, &result), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_transcribe_samples(t, NULL, 2, NULL, &result), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_transcribe_file(t, in(folder, "none.wav"), NULL, &result), EMILY_NOT_FOUND);
  assert_int_equal(emily_transcribe_file(t, in(folder, "config.json"), NULL, &result), EMILY_BAD_FORMAT);
  emily_transcriber_release(t);
  folder_remove(folder);
}

typedef struct calls {
  size_t segments, stop_at, windows;
  double last;
  int32_t cancel;
} calls;

static int32_t on_segment(const emily_transcription_segment *s, void *context) {
  calls *c = context;
  assert_true(s->end >= s->start && s->text && s->text[s->text_length] == 0);
  return ++c->segments == c->stop_at;
}

static int32_t on_progress(double done, double total, void *context) {
  calls *c = context;
  assert_true(done >= c->last && done <= total);
  c->last = done;
  c->windows++;
  return 0;
}

static void streams_and_stops(void **state) {
  (void)state;
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  float *samples = samples_new(3, LONG);
  emily_transcription *all, *some;
  calls c = {0};
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.callback = on_segment, o.progress = on_progress, o.context = &c, o.max_new_tokens = 12;
  assert_int_equal(emily_transcribe_samples(t, samples, LONG, &o, &all), EMILY_OK);
  assert_int_equal(c.segments, all->segment_count);
  assert_true(c.windows >= 4 && c.last == all->duration && all->segment_count > 2);
  c = (calls){.stop_at = 2};
  assert_int_equal(emily_transcribe_samples(t, samples, LONG, &o, &some), EMILY_OK);
  assert_int_equal(some->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(some->segment_count, 2);
  assert_memory_equal(some->tokens, all->tokens, some->token_count * sizeof(int32_t));
  emily_transcription_free(some);
  c = (calls){.cancel = 1};
  o.cancel = &c.cancel;
  assert_int_equal(emily_transcribe_samples(t, samples, LONG, &o, &some), EMILY_OK);
  assert_true(some->finish_reason == EMILY_FINISH_CANCELLED && some->segment_count == 0 && some->text_length == 0);
  emily_transcription_free(some), emily_transcription_free(all);
  free(samples);
  emily_transcriber_release(t);
  folder_remove(folder);
}

/* Sampling: the same seed gives the same text; a threshold that nothing meets uses every temperature. */
static void falls_back_to_other_temperatures(void **state) {
  (void)state;
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  float *samples = samples_new(3, 32000);
  emily_transcription *r[3];
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.temperatures = (const double[]){0, 0.8}, o.temperature_count = 2, o.logprob_threshold = -1e-6, o.max_new_tokens = 20;
  for (int i = 0; i < 3; i++) {
    o.seed = i == 2 ? 77 : 5;
    assert_int_equal(emily_transcribe_samples(t, samples, 32000, &o, &r[i]), EMILY_OK);
  }
  assert_int_equal(r[0]->token_count, r[1]->token_count);
  assert_memory_equal(r[0]->tokens, r[1]->tokens, r[0]->token_count * sizeof(int32_t));
  assert_true(r[0]->token_count != r[2]->token_count || memcmp(r[0]->tokens, r[2]->tokens, r[0]->token_count * sizeof(int32_t)));
  for (int i = 0; i < 3; i++) emily_transcription_free(r[i]);
  free(samples);
  emily_transcriber_release(t);
  folder_remove(folder);
}

/* A checkpoint of the first days: no file of its own for generation, no times that could come. */
static void windows_without_times_follow_each_other(void **state) {
  (void)state;
  char *folder = golden_folder("whisper", "config.json");
  emily__str text = {0};
  assert_true(emily__str_puts(&text, "{\"decoder_start_token_id\": 301, \"eos_token_id\": 300, \"suppress_tokens\": [300"));
  for (int i = 301; i < 414; i++) assert_true(emily__str_printf(&text, ", %d", i));
  assert_true(emily__str_puts(&text, "]}"));
  remove(in(folder, "generation_config.json"));
  folder_puts(folder, "generation_config.json", text.data);
  emily__str_free(&text);
  emily_transcriber *t;
  emily_transcription *r;
  if (emily_transcriber_load(folder, NULL, &t)) fail_msg("%s", emily_last_error()->message);
  float *samples = samples_new(3, LONG);
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.timestamps = 0, o.max_new_tokens = 3;
  assert_int_equal(emily_transcribe_samples(t, samples, LONG, &o, &r), EMILY_OK);
  assert_int_equal(r->segment_count, 4);
  for (int i = 0; i < 4; i++) {
    assert_true(r->segments[i].start == 2 * i && r->segments[i].end == (i < 3 ? 2 * i + 2 : 7.36));
    assert_int_equal(r->segments[i].token_count, 3);
  }
  assert_null(r->language);
  emily_transcription_free(r);
  free(samples);
  emily_transcriber_release(t);
  folder_remove(folder);
}

typedef struct worker {
  emily_transcriber *t;
  const float *samples;
  emily_transcription *result;
} worker;

static void *work(void *context) {
  worker *w = context;
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  o.max_new_tokens = 10;
  o.stream = emily_stream_new(NULL);
  if (emily_transcribe_samples(w->t, w->samples, 32000, &o, &w->result)) w->result = NULL;
  emily_stream_release(o.stream);
  return NULL;
}

static void threads_share_one(void **state) {
  (void)state;
  enum { THREADS = 3 };
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  float *samples = samples_new(3, 32000);
  pthread_t threads[THREADS];
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){emily_transcriber_retain(t), samples, NULL};
    assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_non_null(workers[i].result);
    assert_int_equal(workers[i].result->token_count, workers[0].result->token_count);
    assert_memory_equal(workers[i].result->tokens, workers[0].result->tokens, workers[0].result->token_count * sizeof(int32_t));
  }
  for (int i = 0; i < THREADS; i++) emily_transcription_free(workers[i].result), emily_transcriber_release(t);
  free(samples);
  emily_transcriber_release(t);
  folder_remove(folder);
}

/* Each allocation of a load fails once; of a run, each so many-th. */
static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder;
  emily_transcriber *t = open_transcriber(&folder);
  const float *samples = samples_new(3, 3200);
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  emily_transcription *result = NULL;
  o.max_new_tokens = 3, o.prompt = "the fox", o.logprob_threshold = -9;
  assert_int_equal(emily_transcribe_samples(t, samples, 3200, &o, &result), EMILY_OK);
  emily_transcription_free(result);
  int64_t live = emily__alloc_live();
  for (int64_t n = 1, reached = 1; reached; n += 1 + n / 16) {
    result = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_transcribe_samples(t, samples, 3200, &o, &result);
    reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (status != EMILY_OK) assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    emily_transcription_free(result);
    assert_int_equal(emily__alloc_live(), live);
  }
  emily_transcriber_release(t);
  live = emily__alloc_live();
  for (int64_t n = 1, reached = 1; reached; n += 1 + n / 32) {
    t = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily_transcriber_load(folder, NULL, &t);
    reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (status != EMILY_OK) assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    emily_transcriber_release(t);
    assert_int_equal(emily__alloc_live(), live);
  }
  free((void *)(uintptr_t)samples);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_what_is_wrong_with_a_folder), cmocka_unit_test(every_source_gives_the_same), cmocka_unit_test(refuses_options),
      cmocka_unit_test(streams_and_stops), cmocka_unit_test(falls_back_to_other_temperatures), cmocka_unit_test(threads_share_one),
      cmocka_unit_test(windows_without_times_follow_each_other),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
