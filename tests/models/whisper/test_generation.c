/* test_generation.c: generation_config.json of Whisper's checkpoints: what is read, from where, and what is refused. */
#include "models/whisper/generation.h"

#include "../../support/folder.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { VOCAB = 100 };

static const char WHOLE[] =
    "{\"alignment_heads\": [[1, 0]], \"begin_suppress_tokens\": [20, 50], \"bos_token_id\": 50, \"decoder_start_token_id\": 51, "
    "\"eos_token_id\": 50, \"forced_decoder_ids\": [[1, null], [2, 61]], \"is_multilingual\": true, \"lang_to_id\": {\"<|en|>\": 52, \"<|de|>\": 53}, "
    "\"max_initial_timestamp_index\": 50, \"max_length\": 48, \"no_timestamps_token_id\": 70, \"pad_token_id\": 50, \"prev_sot_token_id\": 65, "
    "\"return_timestamps\": false, \"suppress_tokens\": [1, 2, 7], \"task_to_id\": {\"transcribe\": 61, \"translate\": 60}, "
    "\"condition_on_prev_tokens\": true, \"logprob_threshold\": -1.5, \"no_speech_threshold\": 0.6, \"compression_ratio_threshold\": 2.4, "
    "\"language\": null, \"task\": \"translate\", \"temperature\": 1.0, \"do_sample\": false, \"transformers_version\": \"4.31.0.dev0\"}";

static void reads_every_key(void **state) {
  (void)state;
  emily__whisper_generation g;
  if (emily__whisper_generation_parse(WHOLE, sizeof WHOLE - 1, "it", VOCAB, &g)) fail_msg("%s", emily_last_error()->message);
  assert_true(g.start == 51 && g.eos == 50 && g.no_timestamps == 70 && g.previous == 65);
  assert_true(g.suppress.count == 3 && g.suppress.data[2] == 7 && g.begin_suppress.count == 2);
  assert_true(g.forced.count == 2 && g.forced.data[0] == -1 && g.forced.data[1] == 61);
  assert_int_equal(emily__named_id_find(&g.languages, "<|de|>"), 53);
  assert_int_equal(emily__named_id_find(&g.languages, "<|fr|>"), -1);
  assert_true(emily__named_id_has(&g.tasks, 60) && !emily__named_id_has(&g.tasks, 52));
  assert_string_equal(g.task, "translate");
  assert_null(g.language);
  assert_true(g.max_initial == 50 && g.max_length == 48 && g.max_new_tokens == -1 && g.condition_on_previous);
  assert_true(g.logprob == -1.5 && g.no_speech == 0.6 && g.compression_ratio == 2.4 && !g.english_only && !g.timestamps);
  emily__whisper_generation_free(&g);
}

static void refuses(const char *text, emily_status status, const char *words) {
  emily__whisper_generation g;
  assert_int_equal(emily__whisper_generation_parse(text, strlen(text), "it", VOCAB, &g), status);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
}

static void refuses_what_it_does_not_do(void **state) {
  (void)state;
  refuses("{\"num_beams\": 5}", EMILY_UNSUPPORTED, "\"num_beams\": 5");
  refuses("{\"return_token_timestamps\": true}", EMILY_UNSUPPORTED, "return_token_timestamps");
  refuses("{\"unheard_of\": 1}", EMILY_UNSUPPORTED, "unheard_of");
  refuses("{\"suppress_tokens\": [-1]}", EMILY_BAD_FORMAT, "suppress_tokens");
  refuses("{\"suppress_tokens\": [100]}", EMILY_BAD_FORMAT, "the vocabulary, which has 100");
  refuses("{\"begin_suppress_tokens\": [1, \"a\"]}", EMILY_BAD_FORMAT, "begin_suppress_tokens");
  refuses("{\"no_timestamps_token_id\": 100}", EMILY_BAD_FORMAT, "no_timestamps_token_id");
  refuses("{\"lang_to_id\": {\"<|en|>\": 100}}", EMILY_BAD_FORMAT, "lang_to_id");
  refuses("{\"lang_to_id\": [1]}", EMILY_BAD_FORMAT, "lang_to_id");
  refuses("{\"forced_decoder_ids\": [[2, 3]]}", EMILY_UNSUPPORTED, "forced_decoder_ids");
  refuses("{\"forced_decoder_ids\": [[1, 3], [3, 4]]}", EMILY_UNSUPPORTED, "forced_decoder_ids");
  refuses("{\"forced_decoder_ids\": [1]}", EMILY_UNSUPPORTED, "forced_decoder_ids");
  refuses("{\"forced_decoder_ids\": [[1, 1000]]}", EMILY_BAD_FORMAT, "forced_decoder_ids");
  refuses("{\"eos_token_id\": [1, 2]}", EMILY_BAD_FORMAT, "eos_token_id");
  refuses("[]", EMILY_BAD_FORMAT, "an object");
}

static void falls_back_to_the_models_config(void **state) {
  (void)state;
  char *folder = folder_new();
  emily__whisper_generation g;
  folder_puts(folder, "config.json", "{\"decoder_start_token_id\": 5, \"eos_token_id\": 6, \"suppress_tokens\": [3], \"vocab_size\": 100, "
                                     "\"forced_decoder_ids\": [[1, 9]]}");
  assert_int_equal(emily__whisper_generation_load(folder, VOCAB, &g), EMILY_OK);
  assert_true(g.start == 5 && g.eos == 6 && g.suppress.count == 1 && g.forced.count == 1);
  emily__whisper_generation_free(&g);
  folder_puts(folder, "generation_config.json", "{\"eos_token_id\": [7]}");
  assert_int_equal(emily__whisper_generation_load(folder, VOCAB, &g), EMILY_OK);
  assert_true(g.start == 5 && g.eos == 7 && g.suppress.count == 0 && g.forced.count == 1);
  emily__whisper_generation_free(&g);
  folder_puts(folder, "config.json", "{\"eos_token_id\": 6}");
  assert_int_equal(emily__whisper_generation_load(folder, VOCAB, &g), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "decoder_start_token_id"));
  folder_remove(folder);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = folder_new();
  folder_puts(folder, "generation_config.json", WHOLE);
  folder_puts(folder, "config.json", "{}");
  int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily__whisper_generation g;
    emily__alloc_fail_after(n);
    emily_status status = emily__whisper_generation_load(folder, VOCAB, &g);
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) emily__whisper_generation_free(&g);
    assert_int_equal(emily__alloc_live(), live);
    if (status == EMILY_OK) break;
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
  }
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_key),
      cmocka_unit_test(refuses_what_it_does_not_do),
      cmocka_unit_test(falls_back_to_the_models_config),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
