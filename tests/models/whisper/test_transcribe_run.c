/* test_transcribe_run.c: whole transcriptions against those of Transformers (tests/oracle/make_whisper_cases.py):
 * tokens, times, text, language. */
#include "emily/transcribe.h"

#include "../../support/arrays.h"
#include "../../support/folder.h"
#include "../../support/golden.h"
#include "../../support/tones.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

static const char *text_at(const json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

/* The case's files, generation_config.json with the row's changes. */
static char *folder_of(const json_t *changes) {
  char *folder = golden_folder("whisper", "config.json");
  json_t *generation, *value;
  const char *key;
  assert_int_equal(emily__json_load(in(folder, "generation_config.json"), &generation), EMILY_OK);
  json_object_foreach((json_t *)(uintptr_t)changes, key, value) json_object_set(generation, key, value);
  char *text = json_dumps(generation, 0);
  remove(in(folder, "generation_config.json")); /* a link to the case's own */
  folder_puts(folder, "generation_config.json", text);
  free(text);
  json_decref(generation);
  return folder;
}

static emily_transcribe_options options_of(const json_t *row, double *temperatures) {
  emily_transcribe_options o = EMILY_TRANSCRIBE_OPTIONS_INIT;
  const json_t *given = json_object_get(row, "options"), *list = json_object_get(given, "temperatures");
  o.language = text_at(given, "language"), o.task = text_at(given, "task"), o.prompt = text_at(given, "prompt");
  if (json_object_get(given, "timestamps")) o.timestamps = json_is_true(json_object_get(given, "timestamps"));
  if (json_object_get(given, "condition")) o.condition_on_previous = 1;
  static const struct {
    const char *key;
    size_t offset;
  } reals[] = {{"compression_ratio_threshold", offsetof(emily_transcribe_options, compression_ratio_threshold)},
               {"logprob_threshold", offsetof(emily_transcribe_options, logprob_threshold)},
               {"no_speech_threshold", offsetof(emily_transcribe_options, no_speech_threshold)}};
  for (size_t i = 0; i < 3; i++)
    if (json_object_get(given, reals[i].key))
      *(double *)(void *)((char *)&o + reals[i].offset) = json_number_value(json_object_get(given, reals[i].key));
  if (json_object_get(given, "max_new_tokens")) o.max_new_tokens = json_integer_value(json_object_get(given, "max_new_tokens"));
  for (size_t i = 0; i < json_array_size(list); i++) temperatures[i] = json_number_value(json_array_get(list, i));
  if (list) o.temperatures = temperatures, o.temperature_count = json_array_size(list);
  return o;
}

static void compare_tokens(const char *name, const int32_t *got, size_t count, const json_t *want) {
  for (size_t i = 0; i < count && i < json_array_size(want); i++)
    if (got[i] != json_integer_value(json_array_get(want, i)))
      fail_msg("%s: token %zu is %d where %d is right", name, i, got[i], (int)json_integer_value(json_array_get(want, i)));
  if (count != json_array_size(want)) fail_msg("%s: %zu tokens where %zu are right", name, count, json_array_size(want));
}

/* Random weights also say NUL. */
static void compare_text(const char *got, size_t length, const json_t *want) {
  assert_int_equal(length, json_string_length(want));
  assert_memory_equal(got, json_string_value(want), length + 1);
}

/* Where no time says when a segment ends, Transformers says the end of the window, filled up as it may be; emily ends
 * with the sound. */
static void compare_segment(const char *name, const emily_transcription_segment *got, const json_t *want, double duration) {
  double start = json_number_value(json_object_get(want, "start")), end = json_number_value(json_object_get(want, "end"));
  compare_tokens(name, got->tokens, got->token_count, json_object_get(want, "tokens"));
  if (got->end == duration || got->end == got->start) end = got->end;
  if (fabs(got->start - start) > 1e-9 || fabs(got->end - end) > 1e-9)
    fail_msg("%s: a segment from %.3f to %.3f where %.3f to %.3f is right", name, got->start, got->end, start, end);
  compare_text(got->text, got->text_length, json_object_get(want, "text"));
}

static void compare(const json_t *row, const emily_transcription *got) {
  const char *name = text_at(row, "name");
  const json_t *segments = json_object_get(row, "segments");
  compare_tokens(name, got->tokens, got->token_count, json_object_get(row, "tokens"));
  assert_int_equal(got->segment_count, json_array_size(segments));
  for (size_t i = 0; i < got->segment_count; i++)
    compare_segment(name, &got->segments[i], json_array_get(segments, i), got->duration);
  compare_text(got->text, got->text_length, json_object_get(row, "text"));
  if (text_at(row, "language")) assert_string_equal(got->language, text_at(row, "language"));
  else assert_null(got->language);
  assert_int_equal(got->finish_reason, EMILY_FINISH_STOP);
}

static void run_row(const json_t *row) {
  double temperatures[8];
  char *folder = folder_of(json_object_get(row, "generation"));
  emily_transcribe_options options = options_of(row, temperatures);
  emily_transcriber *t;
  emily_transcription *result;
  if (emily_transcriber_load(folder, NULL, &t)) fail_msg("%s", emily_last_error()->message);
  tones_put(folder, "a.wav", (uint32_t)json_integer_value(json_object_get(row, "seed")),
            (size_t)json_integer_value(json_object_get(row, "count")), (uint32_t)emily_transcriber_rate(t));
  if (emily_transcribe_file(t, in(folder, "a.wav"), &options, &result)) fail_msg("%s", emily_last_error()->message);
  printf("%s: %zu tokens in %zu segments\n", text_at(row, "name"), result->token_count, result->segment_count);
  compare(row, result);
  emily_transcription_free(result);
  emily_transcriber_release(t);
  folder_remove(folder);
}

static void equals_transformers(void **state) {
  (void)state;
  json_t *rows, *row;
  size_t i;
  assert_int_equal(emily__json_load(in(golden_data("whisper"), "transcribe.json"), &rows), EMILY_OK);
  assert_true(json_array_size(rows) > 20);
  json_array_foreach(rows, i, row) run_row(row);
  json_decref(rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(equals_transformers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
