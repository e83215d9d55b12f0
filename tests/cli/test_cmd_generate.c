/* test_cmd_generate.c: streaming, the JSON line, prompts, settings, Ctrl-C. */
#include "../support/folder.h"
#include "../support/shell.h"
#include "../support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <unistd.h>

static char *folder;

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_qwen3(folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

static json_t *generate(const char *input, const char *const *options) {
  const char *args[24] = {"generate", folder, "--json", "--ignore-eos", "-n8"};
  size_t count = 5;
  while (*options) args[count++] = *options++;
  shell r = shell_run_bytes(input, strlen(input), args);
  if (r.code) fail_msg("exit code %d: %s", r.code, r.err);
  json_t *object = json_loads(r.out, 0, NULL);
  assert_non_null(object);
  assert_ptr_equal(strchr(r.out, '\n'), r.out + r.out_length - 1);
  assert_int_equal(strncmp(r.err, "emily: prompt: ", 15), 0);
  assert_non_null(strstr(r.err, "tokens/s"));
  shell_free(&r);
  return object;
}
#define GENERATE(input, ...) generate(input, (const char *const[]){__VA_ARGS__, NULL})

static void check_same(json_t *a, json_t *b, int same) {
  assert_int_equal(json_equal(json_object_get(a, "tokens"), json_object_get(b, "tokens")), same);
  json_decref(a);
  json_decref(b);
}

static void the_line_has_what_scripts_read(void **state) {
  (void)state;
  json_t *object = GENERATE("", "-p", "the sea");
  assert_int_equal(json_array_size(json_object_get(object, "tokens")), 8);
  assert_true(json_is_string(json_object_get(object, "text")));
  assert_string_equal(json_string_value(json_object_get(object, "finish_reason")), "length");
  assert_int_equal(json_integer_value(json_object_get(object, "prompt_tokens")), 8);
  assert_true(json_is_false(json_object_get(object, "sampled")));
  assert_true(json_is_null(json_object_get(object, "seed")));
  json_decref(object);
}

static void ways_to_give_a_prompt_agree(void **state) {
  (void)state;
  check_same(GENERATE("", "-p", "ab"), GENERATE("", "--tokens", "2,4,5,3"), 1);
  check_same(GENERATE("", "-p", "ab"), GENERATE("ab\n", "-"), 1);
  check_same(GENERATE("", "-p", "ab"), GENERATE("", "-p", "ba"), 0);
}

static void seeds_and_threads(void **state) {
  (void)state;
  check_same(GENERATE("", "-p", "ab", "--temperature", "2", "--seed", "7"),
             GENERATE("", "-p", "ab", "--temperature", "2", "--seed", "7", "-t1"), 1);
  check_same(GENERATE("", "-p", "ab", "--temperature", "2", "--seed", "7", "-n40"),
             GENERATE("", "-p", "ab", "--temperature", "2", "--seed", "8", "-n40"), 0);
  check_same(GENERATE("", "-p", "ab"), GENERATE("", "-p", "ab", "--temperature", "0"), 1);
  check_same(GENERATE("", "-p", "ab"), GENERATE("", "-p", "ab", "--top-k", "1"), 1);
  check_same(GENERATE("", "-p", "ab", "-n40"), GENERATE("", "-p", "ab", "-n40", "--repetition-penalty", "5"), 0);
}

/* The seed that the system gave is told, and gives the same tokens again. */
static void a_told_seed_gives_the_text_again(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) {
    char seed[32];
    json_t *first = GENERATE("", "-p", "ab", "--temperature", "2", "-n40");
    snprintf(seed, sizeof seed, "%lld", (long long)json_integer_value(json_object_get(first, "seed")));
    check_same(first, GENERATE("", "-p", "ab", "--temperature", "2", "-n40", "--seed", seed), 1);
  }
}

static void streaming_prints_the_same_text(void **state) {
  (void)state;
  json_t *object = GENERATE("", "-p", "the sea", "-n30");
  shell r = shell_run("", "generate", folder, "-p", "the sea", "-n30", "--ignore-eos");
  const char *text = json_string_value(json_object_get(object, "text"));
  assert_int_equal(r.code, 0);
  assert_int_equal(strncmp(r.out, text, strlen(text)), 0);
  assert_string_equal(r.out + strlen(text), "\n");
  assert_non_null(strstr(r.err, "; length\n"));
  json_decref(object);
  shell_free(&r);
}

static void no_tokenizer_no_text(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_qwen3(other);
  assert_int_equal(remove(in(other, "tokenizer.json")), 0);
  shell r = shell_run("", "generate", other, "--tokens", "4,5", "-n3", "--ignore-eos", "--json");
  assert_int_equal(r.code, 0);
  assert_non_null(strstr(r.out, "\"text\":null"));
  shell_free(&r);
  r = shell_run("", "generate", other, "--tokens", "4,5", "-n3", "--ignore-eos");
  int a, b, c, end = 0;
  assert_int_equal(sscanf(r.out, "%d %d %d\n%n", &a, &b, &c, &end), 3);
  assert_int_equal(end, r.out_length);
  shell_free(&r);
  r = shell_run("", "generate", other, "-p", "text");
  shell_assert_error(&r, 3, "tokenizer.json");
  shell_free(&r);
  folder_remove(other);
}

static void stops(void **state) {
  (void)state;
  json_t *object = GENERATE("", "-p", "the sea", "-n30");
  const char *text = json_string_value(json_object_get(object, "text"));
  char stop[2] = {text[strlen(text) / 2], 0};
  if (stop[0] == ' ') stop[0] = text[strlen(text) / 2 + 1];
  json_t *cut = GENERATE("", "-p", "the sea", "-n30", "--stop", "~never~", "--stop", stop);
  const char *kept = json_string_value(json_object_get(cut, "text"));
  assert_string_equal(json_string_value(json_object_get(cut, "finish_reason")), "stop");
  assert_null(strstr(kept, stop));
  assert_int_equal(strncmp(kept, text, strlen(kept)), 0);
  json_decref(object);
  json_decref(cut);
}

static void no_tokens_are_made_where_none_are_wanted(void **state) {
  (void)state;
  json_t *object = GENERATE("", "-p", "ab", "-n0");
  assert_int_equal(json_array_size(json_object_get(object, "tokens")), 0);
  assert_string_equal(json_string_value(json_object_get(object, "finish_reason")), "length");
  json_decref(object);
}

/* Waits for the first text, presses Ctrl-C, and reads on to the end. */
static void check_interrupt(const char *option, const char *wanted) {
  int out[2], err[2], null = open("/dev/null", O_RDONLY);
  char message[512];
  assert_true(!pipe2(out, O_CLOEXEC) && !pipe2(err, O_CLOEXEC));
  pid_t pid =
      shell_start(null, out[1], err[1],
                  (const char *const[]){"generate", folder, "-p", "a", "-n", "90000", "--ignore-eos", option, NULL});
  close(out[1]), close(err[1]), close(null);
  static char text[1 << 20];
  size_t count = 0;
  if (option) usleep(700000); /* nothing tells that it has begun: by now it has, and 90,000 tokens take far longer */
  else assert_int_equal(read(out[0], text, 1), count = 1);
  assert_int_equal(kill(pid, SIGINT), 0);
  for (ssize_t got; (got = read(out[0], text + count, sizeof text - 1 - count)) > 0;) count += (size_t)got;
  text[count] = '\0';
  ssize_t said = read(err[0], message, sizeof message - 1);
  assert_true(said > 0);
  message[said] = '\0';
  close(out[0]), close(err[0]);
  assert_int_equal(shell_wait(pid), 130);
  assert_int_equal(text[count - 1], '\n');
  assert_non_null(strstr(message, "; cancelled\n"));
  assert_non_null(strstr(text, wanted));
}

static void interrupting_stops_cleanly(void **state) {
  (void)state;
  check_interrupt(NULL, "\n");
  check_interrupt("--json", "\"finish_reason\":\"cancelled\"");
}

static void slips(void **state) {
  (void)state;
  const struct {
    int code;
    const char *part, *args[6];
  } cases[] = {{2, "no prompt", {NULL}},
               {2, "exclude each other", {"-p", "a", "--tokens", "1"}},
               {2, "exclude each other", {"-p", "a", "-"}},
               {2, "exclude each other", {"-p", "a", "--jsonl", "-"}},
               {2, "--kv-bits is 8 or 4", {"-p", "a", "--kv-bits", "5"}},
               {2, "--batch goes with --jsonl", {"-p", "a", "--batch", "4"}},
               {2, "batch", {"--jsonl", "-", "--batch", "33"}},
               {3, "cannot open", {"--jsonl", "/nonexistent"}},
               {2, "a prompt is given with -p", {"hello"}},
               {1, "'x' is no token id", {"--tokens", "1,x"}},
               {1, "-5 is no token id", {"--tokens=-5"}},
               {1, "", {"--tokens", "64"}},
               {1, "", {"--tokens", ""}},
               {1, "", {"-p", "a", "--stop", ""}},
               {1, "", {"-p", "a", "--repetition-penalty", "0"}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *args[10] = {"generate", folder};
    memcpy(args + 2, cases[i].args, sizeof cases[i].args);
    shell r = shell_run_bytes(NULL, 0, args);
    shell_assert_error(&r, cases[i].code, cases[i].part);
    assert_string_equal(r.out, "");
    shell_free(&r);
  }
}

/* Each line's tokens are those of its prompt alone, in the order of the lines, whatever the batch. */
static void lines_become_lines(void **state) {
  (void)state;
  static const char *const texts[] = {"the sea", "a", "ab", "the", "sea the sea", "b"};
  static const char input[] = "{\"text\":\"the sea\"}\n{\"text\":\"a\"}\n\n{\"text\":\"ab\"}\n{\"text\":\"the\"}\n{\"text\":\"sea the sea\"}\n{\"text\":\"b\"}\n";
  static const char *const sizes[] = {"1", "3", "32"};
  for (int i = 0; i < 3; i++) {
    shell r = shell_run(input, "generate", folder, "--jsonl", "-", "--batch", sizes[i], "--ignore-eos", "-n8", "--temperature", "2", "--seed", "9");
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.err, "6 texts, 48 tokens"));
    char *line = r.out;
    for (int k = 0; k < 6; k++) {
      char seed[8], *end = strchr(line, '\n');
      assert_non_null(end);
      *end = '\0';
      snprintf(seed, sizeof seed, "%d", 9 + k);
      check_same(json_loads(line, 0, NULL), GENERATE("", "-p", texts[k], "--temperature", "2", "--seed", seed), 1);
      line = end + 1;
    }
    assert_string_equal(line, "");
    shell_free(&r);
  }
}

static void bad_lines_have_errors_in_their_places(void **state) {
  (void)state;
  shell r = shell_run("{\"tokens\":[2,4,5,3]}\n{\"text\":\"\\ud800\"}\n{}\n[1]\n{\"tokens\":[]}\n{\"tokens\":[999]}\n{\"tokens\":[-1]}\n{\"text\":\"a\"}\n",
                      "generate", folder, "--jsonl", "-", "--ignore-eos", "-n2");
  static const char *const parts[] = {"\"tokens\":[", "line 2: ", "line 3: the line has no", "line 4: ", "no tokens", "token 999 is out", "line 7: ", "\"tokens\":["};
  assert_int_equal(r.code, 1);
  char *line = r.out;
  for (int k = 0; k < 8; k++) {
    char *end = strchr(line, '\n');
    assert_non_null(end);
    *end = '\0';
    if (!strstr(line, parts[k])) fail_msg("line %d: %s", k + 1, line);
    line = end + 1;
  }
  assert_string_equal(line, "");
  shell_free(&r);
}

static void caches_and_chunks(void **state) {
  (void)state;
  check_same(GENERATE("", "-p", "the sea"), GENERATE("", "-p", "the sea", "--prefill-chunk", "3"), 1);
  check_same(GENERATE("", "-p", "the sea", "--kv-bits", "8"), GENERATE("", "-p", "the sea", "--kv-bits", "8", "--prefill-chunk", "2"), 1);
  json_decref(GENERATE("", "-p", "the sea", "--kv-bits", "4"));
}

static void an_encoder_does_not_generate(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_bert(other);
  shell r = shell_run("", "generate", other, "-p", "a");
  shell_assert_error(&r, 5, "");
  shell_free(&r);
  folder_remove(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_line_has_what_scripts_read),
      cmocka_unit_test(ways_to_give_a_prompt_agree),
      cmocka_unit_test(seeds_and_threads),
      cmocka_unit_test(a_told_seed_gives_the_text_again),
      cmocka_unit_test(streaming_prints_the_same_text),
      cmocka_unit_test(no_tokenizer_no_text),
      cmocka_unit_test(stops),
      cmocka_unit_test(no_tokens_are_made_where_none_are_wanted),
      cmocka_unit_test(interrupting_stops_cleanly),
      cmocka_unit_test(slips),
      cmocka_unit_test(lines_become_lines),
      cmocka_unit_test(bad_lines_have_errors_in_their_places),
      cmocka_unit_test(caches_and_chunks),
      cmocka_unit_test(an_encoder_does_not_generate),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
