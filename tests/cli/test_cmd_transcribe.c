/* test_cmd_transcribe.c: a sound to text, JSON and subtitles; several sounds; what can be wrong. */
#include "../support/arrays.h"
#include "../support/folder.h"
#include "../support/golden.h"
#include "../support/shell.h"
#include "../support/tones.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = golden_folder("whisper", "config.json");
  tones_put(folder, "a.wav", 3, 60000, 16000);
  tones_put(folder, "b.wav", 4, 20000, 44100);
  folder_puts(folder, "bad.wav", "RIFF and nothing else");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

#define RUN(input, ...) shell_run(input, "transcribe", folder, __VA_ARGS__)

static json_t *parse_line(const char *line) {
  json_t *value;
  const char *end = strchr(line, '\n');
  assert_int_equal(emily__json_parse(line, end ? (size_t)(end - line) : strlen(line), "out", &value), EMILY_OK);
  return value;
}

static void expect_answer(const json_t *answer) {
  const json_t *segments = json_object_get(answer, "segments"), *first = json_array_get(segments, 0);
  assert_true(json_is_string(json_object_get(answer, "text")));
  assert_true(json_array_size(json_object_get(answer, "tokens")) > 3 && json_array_size(segments) > 0);
  assert_true(json_number_value(json_object_get(first, "end")) >= json_number_value(json_object_get(first, "start")));
  assert_true(json_is_string(json_object_get(first, "text")));
  assert_true(json_is_string(json_object_get(answer, "language")));
}

static void prints_json(void **state) {
  (void)state;
  shell r = RUN("", in(folder, "a.wav"), "--json");
  if (r.code) fail_msg("%s", r.err);
  json_t *answer = parse_line(r.out);
  expect_answer(answer);
  assert_true(json_number_value(json_object_get(answer, "duration")) == 3.75);
  assert_null(json_object_get(answer, "file"));
  assert_string_equal(r.err, "");
  json_decref(answer);
  shell_free(&r);
}

static void honours_its_options(void **state) {
  (void)state;
  shell r = RUN("", in(folder, "a.wav"), "--json", "--language", "german", "--task", "translate", "--max-new-tokens", "5", "--no-timestamps",
                "--condition-on-previous", "--prompt", "fox", "--temperature", "0", "--temperature", "0.5", "--logprob-threshold", "-0.01",
                "--compression-ratio-threshold", "2.4", "--no-speech-threshold", "0.99", "--seed", "4");
  if (r.code) fail_msg("%s", r.err);
  json_t *answer = parse_line(r.out);
  assert_string_equal(json_string_value(json_object_get(answer, "language")), "de");
  assert_true(json_array_size(json_object_get(answer, "tokens")) <= 5 * 40);
  json_decref(answer);
  shell_free(&r);
}

static void prints_lines_and_subtitles(void **state) {
  (void)state;
  shell r = RUN("", in(folder, "a.wav"), "-n", "8");
  assert_int_equal(r.code, 0);
  assert_null(strstr(r.out, "-->"));
  shell_free(&r);
  r = RUN("", in(folder, "a.wav"), "-n", "8", "--timestamps");
  assert_int_equal(strncmp(r.out, "[00:0", 5), 0);
  assert_non_null(strstr(r.out, " --> 00:0"));
  shell_free(&r);
  r = RUN("", in(folder, "a.wav"), "-n", "8", "--srt");
  assert_int_equal(strncmp(r.out, "1\n00:00:0", 9), 0);
  assert_non_null(strstr(r.out, "\n\n2\n00:00:0"));
  assert_non_null(strchr(strstr(r.out, "-->"), ','));
  shell_free(&r);
  r = RUN("", in(folder, "a.wav"), "-n", "8", "--vtt");
  assert_int_equal(strncmp(r.out, "WEBVTT\n\n00:00:0", 15), 0);
  shell_free(&r);
}

static void takes_several_sounds(void **state) {
  (void)state;
  char bad[512], b[512];
  snprintf(bad, sizeof bad, "%s", in(folder, "bad.wav")), snprintf(b, sizeof b, "%s", in(folder, "b.wav"));
  shell r = RUN("", in(folder, "a.wav"), bad, b, "--json", "-n", "6");
  assert_int_equal(r.code, 1);
  assert_non_null(strstr(r.err, "bad.wav is no sound"));
  const char *second = strchr(r.out, '\n') + 1, *third = strchr(second, '\n') + 1;
  json_t *lines[] = {parse_line(r.out), parse_line(second), parse_line(third)};
  expect_answer(lines[0]);
  assert_string_equal(json_string_value(json_object_get(lines[1], "file")), bad);
  assert_non_null(json_object_get(lines[1], "error"));
  assert_string_equal(json_string_value(json_object_get(lines[2], "file")), b);
  for (int i = 0; i < 3; i++) json_decref(lines[i]);
  shell_free(&r);
}

static void reads_standard_input(void **state) {
  (void)state;
  size_t size;
  uint8_t *wav = tones_wav(3, 60000, 16000, &size);
  const char *const args[] = {"transcribe", folder, "-", "--json", NULL};
  shell piped = shell_run_bytes(wav, size, args), file = RUN("", in(folder, "a.wav"), "--json");
  assert_int_equal(piped.code, 0);
  assert_string_equal(piped.out, file.out);
  shell_free(&piped), shell_free(&file);
  free(wav);
}

static void says_what_is_wrong(void **state) {
  (void)state;
#define WRONG(code, words, ...)                    \
  do {                                             \
    shell r = RUN("", __VA_ARGS__);                \
    shell_assert_error(&r, code, words);           \
    shell_free(&r);                                \
  } while (0)
  const char *a = in(folder, "a.wav");
  WRONG(2, "only one of", a, "--json", "--srt");
  WRONG(2, "exclude each other", a, "--timestamps", "--no-timestamps");
  WRONG(2, "one sound at a time", a, a, "--vtt");
  WRONG(2, "--task must be", a, "--task", "sing");
  WRONG(2, "--temperature must be", a, "--temperature", "warm");
  WRONG(1, "\"klingon\" is no language", a, "--language", "klingon");
  WRONG(1, "needs logprob_threshold", a, "--no-speech-threshold", "0.5");
  WRONG(3, "none.wav", in(folder, "none.wav"));
  WRONG(4, "bad.wav is no sound that can be read", in(folder, "bad.wav"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prints_json),          cmocka_unit_test(honours_its_options), cmocka_unit_test(prints_lines_and_subtitles),
      cmocka_unit_test(takes_several_sounds), cmocka_unit_test(reads_standard_input), cmocka_unit_test(says_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
