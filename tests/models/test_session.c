/* test_session.c: what a conversation reads again, and that its texts are those of a call without memory. */
#include "emily/generate.h"

#include "../support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct talk {
  golden g;
  emily_session *session;
  int32_t ids[64];
  size_t count;
} talk;

static talk begin(const char *name, const char *config, const char *ref) {
  talk t = {.g = golden_open(name, config, ref)};
  assert_int_equal(emily_session_new(t.g.model, &t.session), EMILY_OK);
  return t;
}

static void end(talk *t) {
  emily_session_free(t->session);
  golden_close(&t->g);
}

static void say(talk *t, int32_t first, int count) {
  for (int i = 0; i < count; i++) t->ids[t->count++] = first + i * 3;
}

/* A turn: the text, which must be what a fresh call gives; so many tokens of the prompt were remembered. The new tokens become part of the talk. */
static void turn(talk *t, const emily_generate_options *options, size_t remembered) {
  emily_generation *got = NULL, *want = NULL;
  if (emily_session_generate(t->session, NULL, t->ids, t->count, options, &got) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  assert_int_equal(emily_generate(t->g.model, NULL, t->ids, t->count, options, &want), EMILY_OK);
  assert_int_equal(got->reused_count, remembered);
  assert_int_equal(want->reused_count, 0);
  assert_int_equal(got->token_count, want->token_count);
  assert_memory_equal(got->tokens, want->tokens, want->token_count * sizeof *want->tokens);
  for (size_t i = 0; i < got->token_count; i++) t->ids[t->count++] = got->tokens[i];
  emily_generation_free(got);
  emily_generation_free(want);
}

static emily_generate_options few(int64_t tokens) {
  emily_generate_options o = EMILY_GENERATE_OPTIONS_INIT;
  o.max_new_tokens = tokens, o.ignore_eos = 1, o.sample = 0;
  return o;
}

/* The last new token of a turn has not been read yet. */
static void a_turn_reads_what_is_new(void **state) {
  (void)state;
  talk t = begin("qwen3", "config.json", "ref.safetensors");
  emily_generate_options o = few(5);
  assert_int_equal(emily_session_length(t.session), 0);
  assert_true(emily_session_bytes(t.session) == 0);
  say(&t, 3, 6);
  turn(&t, &o, 0);
  assert_int_equal(emily_session_length(t.session), 10);
  assert_true(emily_session_bytes(t.session) > 0);
  say(&t, 50, 4);
  turn(&t, &o, 10);
  turn(&t, &o, 19);
  t.count = 12; /* back to an earlier point, and on from there otherwise */
  say(&t, 90, 3);
  turn(&t, &o, 12);
  t.count = 15; /* the same prompt again: one token must be read, for its logits */
  turn(&t, &o, 14);
  emily_session_clear(t.session);
  assert_int_equal(emily_session_length(t.session), 0);
  turn(&t, &o, 0);
  end(&t);
}

static void quantized_turns(void **state) {
  (void)state;
  talk t = begin("qwen3", "config.json", "ref.safetensors");
  emily_generate_options o = few(5);
  o.kv_bits = 8;
  say(&t, 3, 6);
  turn(&t, &o, 0);
  say(&t, 50, 4);
  turn(&t, &o, 10);
  o.kv_bits = 0; /* another form: nothing of it can be used */
  turn(&t, &o, 0);
  o.kv_bits = 8;
  turn(&t, &o, 0);
  end(&t);
}

/* A window of 4: what it let go of cannot be seen again. */
static void windows_forget(void **state) {
  (void)state;
  talk t = begin("qwen3_causal", "config_sliding.json", "ref_sliding.safetensors");
  emily_generate_options o = few(4);
  say(&t, 3, 6);
  turn(&t, &o, 0);
  turn(&t, &o, 9); /* on from the end */
  t.count = 8;
  turn(&t, &o, 0);
  end(&t);
}

static int32_t stop_at_second(const emily_generation_piece *piece, void *context) {
  (void)piece;
  return ++*(int *)context == 2;
}

/* After a stop or a failure the next turn is whole. */
static void goes_on_after_a_stop(void **state) {
  (void)state;
  talk t = begin("qwen3", "config.json", "ref.safetensors");
  emily_generate_options o = few(5), stopped = o;
  emily_generation *g = NULL;
  int calls = 0;
  stopped.callback = stop_at_second, stopped.context = &calls;
  say(&t, 3, 6);
  assert_int_equal(emily_session_generate(t.session, NULL, t.ids, t.count, &stopped, &g), EMILY_OK);
  assert_int_equal(g->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(emily_session_length(t.session), 7);
  emily_generation_free(g);
  turn(&t, &o, 5);
  int32_t bad[] = {1, 2, 100000};
  g = NULL;
  assert_int_equal(emily_session_generate(t.session, NULL, bad, 3, &o, &g), EMILY_INVALID_ARGUMENT);
  assert_null(g);
  assert_int_equal(emily_session_length(t.session), 0);
  turn(&t, &o, 0);
  end(&t);
}

static void refuses_nothing(void **state) {
  (void)state;
  emily_session *session = NULL;
  emily_generation *g = NULL;
  golden bert = golden_open("bert", "config.json", "ref.safetensors");
  assert_int_equal(emily_session_new(NULL, &session), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_session_new(bert.model, &session), EMILY_UNSUPPORTED);
  assert_null(session);
  assert_int_equal(emily_session_generate(NULL, NULL, NULL, 0, NULL, &g), EMILY_INVALID_ARGUMENT);
  emily_session_free(NULL);
  golden_close(&bert);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_turn_reads_what_is_new), cmocka_unit_test(quantized_turns), cmocka_unit_test(windows_forget),
      cmocka_unit_test(goes_on_after_a_stop),     cmocka_unit_test(refuses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
