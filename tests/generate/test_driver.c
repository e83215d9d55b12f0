/* test_driver.c: the loop over a decoder made for it: its logits point at (sum of all ids so far + 1) mod vocab. */
#include "generate/driver.h"

#include "../support/arrays.h"

#include "base/alloc.h"

#include <string.h>

enum { VOCAB = 40, CONTEXT = 64 };

typedef struct machine {
  int64_t passes, longest; /* how often it was called, and with how many tokens at most */
} machine;

static machine made;

static emily_status new_cache(const void *self, emily__kv_form form, emily__kv_cache **out) {
  (void)self, (void)form;
  return emily__kv_cache_new(1, INTS(0), 16, out);
}

/* Keys of the ids, [1, 1, T, 1]; their sum picks the next. */
static emily_array *step(const void *self, emily_scope *s, emily__kv_cache *cache, emily_array *ids, bool wanted) {
  (void)self;
  int64_t count = emily_array_dim(ids, 1);
  made.passes++;
  if (count > made.longest) made.longest = count;
  emily_array *k = emily_reshape(s, emily_astype(s, ids, EMILY_FLOAT32), SHAPE(1, 1, count, 1)), *v = emily_copy(s, k);
  emily__kv_view view;
  if (!emily__kv_cache_extend(cache, s, 0, k, v, &view)) return NULL;
  k = view.part[0];
  if (emily__kv_cache_commit(cache) != EMILY_OK) return emily_scope_fail(s);
  emily_array *one = emily_scope_adopt(s, emily_array_from_float(1, EMILY_FLOAT32));
  emily_array *vocab = emily_scope_adopt(s, emily_array_from_float(VOCAB, EMILY_FLOAT32));
  emily_array *next = emily_remainder(s, emily_add(s, emily_sum(s, k, NULL, 0, false), one), vocab);
  emily_array *hit = emily_equal(s, emily_arange(s, 0, VOCAB, 1, EMILY_FLOAT32), next);
  return wanted ? emily_reshape(s, emily_astype(s, hit, EMILY_FLOAT32), SHAPE(1, 1, VOCAB)) : next;
}

/* Row by row. */
static emily_array *step_rows(const void *self, emily_scope *s, emily__kv_cache *const *caches, emily_array *ids) {
  emily_array *out[EMILY__BATCH_ROWS];
  const int64_t rows = ids ? emily_array_dim(ids, 0) : 0;
  for (int64_t r = 0; r < rows; r++)
    out[r] = step(self, s, caches[r], emily_slice(s, ids, (const int64_t[]){r, 0}, (const int64_t[]){r + 1, 1}, NULL), true);
  return emily_concatenate(s, out, (int32_t)rows, 0);
}

static const emily__decoder_model decoder = {
    .vocab = VOCAB, .context = CONTEXT, .new_cache = new_cache, .step = step, .step_rows = step_rows};

static emily__generate_plan plan(int64_t max_new_tokens) {
  return (emily__generate_plan){.sampling = {.temperature = 1, .top_p = 1, .repetition_penalty = 1},
                                .max_new_tokens = max_new_tokens};
}

static emily_generation *generate(emily_tokenizer *tokenizer, const int32_t *prompt, size_t count,
                                  const emily__generate_plan *p) {
  emily_generation *g = NULL;
  emily_status status = emily__generate(&decoder, NULL, tokenizer, prompt, count, p, NULL, &g);
  if (status != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return g;
}

/* What the machine says after the prompt. */
static void expected(const int32_t *prompt, size_t count, int32_t *out, size_t n) {
  int64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += prompt[i];
  for (size_t i = 0; i < n; i++) sum += out[i] = (int32_t)((sum + 1) % VOCAB);
}

static void follows_the_logits(void **state) {
  (void)state;
  int32_t prompt[11] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}, want[20];
  expected(prompt, 11, want, 20);
  for (int64_t chunk = 0; chunk <= 12; chunk++) {
    emily__generate_plan p = plan(20);
    p.chunk = chunk;
    made = (machine){0};
    emily_generation *g = generate(NULL, prompt, 11, &p);
    assert_int_equal(g->token_count, 20);
    assert_memory_equal(g->tokens, want, sizeof want);
    assert_int_equal(g->finish_reason, EMILY_FINISH_LENGTH);
    assert_int_equal(g->prompt_count, 11);
    assert_null(g->text);
    assert_true(g->prompt_seconds > 0 && g->decode_seconds > 0);
    assert_int_equal(made.longest, chunk && chunk < 11 ? chunk : 11);
    assert_int_equal(made.passes, (chunk ? (11 + chunk - 1) / chunk : 1) + 19); /* no pass after the last token */
    emily_generation_free(g);
  }
}

static void stops_at_end_tokens(void **state) {
  (void)state;
  int32_t prompt[1] = {1}, want[8];
  expected(prompt, 1, want, 8);
  emily__generate_plan p = plan(8);
  p.eos = (const int32_t[]){39, want[3]}, p.eos_count = 2;
  emily_generation *g = generate(NULL, prompt, 1, &p);
  assert_int_equal(g->token_count, 4); /* the end token is among them */
  assert_int_equal(g->finish_reason, EMILY_FINISH_STOP);
  emily_generation_free(g);
}

static void stops_where_the_context_ends(void **state) {
  (void)state;
  int32_t prompt[60] = {0};
  emily__generate_plan p = plan(100);
  emily_generation *g = generate(NULL, prompt, 60, &p);
  assert_int_equal(g->token_count, CONTEXT - 60);
  assert_int_equal(g->finish_reason, EMILY_FINISH_LENGTH);
  emily_generation_free(g);
}

static void may_make_nothing(void **state) {
  (void)state;
  emily__generate_plan p = plan(0);
  emily_generation *g = generate(NULL, (const int32_t[]){1}, 1, &p);
  assert_int_equal(g->token_count, 0);
  assert_int_equal(g->finish_reason, EMILY_FINISH_LENGTH);
  emily_generation_free(g);
}

static void refuses_bad_prompts(void **state) {
  (void)state;
  int32_t long_prompt[CONTEXT] = {0};
  emily__generate_plan p = plan(3);
  emily_generation *g = NULL;
  assert_int_equal(emily__generate(&decoder, NULL, NULL, long_prompt, 0, &p, NULL, &g), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__generate(&decoder, NULL, NULL, long_prompt, CONTEXT, &p, NULL, &g), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily__generate(&decoder, NULL, NULL, (const int32_t[]){VOCAB}, 1, &p, NULL, &g), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "prompt token 0 is 40; the vocabulary has 40"));
  assert_int_equal(emily__generate(&decoder, NULL, NULL, (const int32_t[]){-1}, 1, &p, NULL, &g), EMILY_INVALID_ARGUMENT);
  p.stops = (const char *const[]){"x"}, p.stop_count = 1;
  assert_int_equal(emily__generate(&decoder, NULL, NULL, (const int32_t[]){1}, 1, &p, NULL, &g), EMILY_INVALID_ARGUMENT);
  assert_null(g);
}

/* ---- text ---- */

/* Ids 0 … 39 are the characters from '0' on. */
static emily_tokenizer *letters(void) {
  emily__str json = {0};
  emily_tokenizer *tokenizer = NULL;
  assert_true(emily__str_puts(&json, "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],\"normalizer\":null,"
                                     "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":true},"
                                     "\"post_processor\":null,\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true},"
                                     "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,\"continuing_subword_prefix\":null,"
                                     "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,\"vocab\":{"));
  for (int i = 0; i < VOCAB; i++) {
    const char *escape = '0' + i == '\\' || '0' + i == '"' ? "\\" : "";
    assert_true(emily__str_printf(&json, "%s\"%s%c\":%d", i ? "," : "", escape, '0' + i, i));
  }
  assert_true(emily__str_puts(&json, "},\"merges\":[]}}"));
  if (emily_tokenizer_load_json(json.data, json.count, "letters", &tokenizer) != EMILY_OK)
    fail_msg("%s", emily_last_error()->message);
  emily__str_free(&json);
  return tokenizer;
}

typedef struct heard {
  emily__str text;
  int tokens, ends, stop_after;
} heard;

static int32_t listen(const emily_generation_piece *piece, void *context) {
  heard *h = context;
  assert_true(emily__str_append(&h->text, piece->text, piece->length));
  if (piece->token >= 0) h->tokens++;
  else h->ends++;
  return h->stop_after && h->tokens >= h->stop_after;
}

static void streams_text(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = letters();
  heard h = {0};
  emily__generate_plan p = plan(12);
  p.callback = listen, p.context = &h;
  int32_t prompt[1] = {1}, want[12];
  expected(prompt, 1, want, 12);
  emily_generation *g = generate(tokenizer, prompt, 1, &p);
  assert_int_equal(g->text_length, 12);
  for (int i = 0; i < 12; i++) assert_int_equal(g->text[i], '0' + want[i]);
  assert_string_equal(h.text.data, g->text);
  assert_int_equal(h.tokens, 12);
  emily_generation_free(g);
  emily__str_free(&h.text);
  emily_tokenizer_release(tokenizer);
}

static void stops_at_texts(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = letters();
  int32_t prompt[1] = {1}, want[12];
  expected(prompt, 1, want, 12);
  char stop[3] = {(char)('0' + want[4]), (char)('0' + want[5]), 0};
  heard h = {0};
  emily__generate_plan p = plan(12);
  p.stops = (const char *const[]){stop}, p.stop_count = 1, p.callback = listen, p.context = &h;
  emily_generation *g = generate(tokenizer, prompt, 1, &p);
  assert_int_equal(g->finish_reason, EMILY_FINISH_STOP);
  assert_int_equal(g->token_count, 6);
  assert_int_equal(g->text_length, 4);
  assert_string_equal(h.text.data, g->text);
  emily_generation_free(g);
  emily__str_free(&h.text);
  emily_tokenizer_release(tokenizer);
}

static void what_is_held_comes_at_the_end(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = letters();
  int32_t prompt[1] = {1}, want[5];
  expected(prompt, 1, want, 5);
  char stop[3] = {(char)('0' + want[4]), '~', 0}; /* begins with the last token's text */
  heard h = {0};
  emily__generate_plan p = plan(5);
  p.stops = (const char *const[]){stop}, p.stop_count = 1, p.callback = listen, p.context = &h;
  emily_generation *g = generate(tokenizer, prompt, 1, &p);
  assert_int_equal(g->finish_reason, EMILY_FINISH_LENGTH);
  assert_int_equal(g->text_length, 5);
  assert_string_equal(h.text.data, g->text);
  assert_int_equal(h.ends, 1);
  emily_generation_free(g);
  emily__str_free(&h.text);
  emily_tokenizer_release(tokenizer);
}

static void the_callback_can_stop(void **state) {
  (void)state;
  heard h = {.stop_after = 3};
  emily__generate_plan p = plan(12);
  p.callback = listen, p.context = &h;
  emily_generation *g = generate(NULL, (const int32_t[]){1}, 1, &p);
  assert_int_equal(g->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(g->token_count, 3);
  emily_generation_free(g);
  emily__str_free(&h.text);
}

static void a_flag_can_stop(void **state) {
  (void)state;
  int32_t flag = 1;
  emily__generate_plan p = plan(12);
  p.cancel = &flag;
  emily_generation *g = generate(NULL, (const int32_t[]){1}, 1, &p);
  assert_int_equal(g->finish_reason, EMILY_FINISH_CANCELLED);
  assert_int_equal(g->token_count, 0);
  emily_generation_free(g);
}

static void names_the_reasons(void **state) {
  (void)state;
  assert_string_equal(emily_finish_name(EMILY_FINISH_STOP), "stop");
  assert_string_equal(emily_finish_name(EMILY_FINISH_LENGTH), "length");
  assert_string_equal(emily_finish_name(EMILY_FINISH_CANCELLED), "cancelled");
  assert_string_equal(emily_finish_name(0), "?");
  emily_generation_free(NULL);
}

/* Each allocation fails once: an error, nothing leaks, and the next run is whole. */
static void survives_failing_allocations(void **state) {
  (void)state;
  emily__alloc_fail_after(0); /* count from here on */
  emily_tokenizer *tokenizer = letters();
  int32_t prompt[1] = {1}, want[4];
  expected(prompt, 1, want, 4);
  emily__generate_plan p = plan(4);
  emily_generation_free(generate(tokenizer, prompt, 1, &p)); /* what is made once is made now */
  int64_t live = emily__alloc_live();
  int failures = 0;
  for (int64_t n = 1;; n++) {
    emily_generation *g = NULL;
    emily__alloc_fail_after(n);
    emily_status status = emily__generate(&decoder, NULL, tokenizer, prompt, 1, &p, NULL, &g);
    bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) {
      assert_memory_equal(g->tokens, want, sizeof want);
      emily_generation_free(g);
    } else {
      assert_int_equal(status, EMILY_OUT_OF_MEMORY);
      failures++;
    }
    assert_int_equal(emily__alloc_live(), live);
    if (!reached) break;
  }
  assert_true(failures > 20);
  emily_tokenizer_release(tokenizer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_logits),          cmocka_unit_test(stops_at_end_tokens),
      cmocka_unit_test(stops_where_the_context_ends), cmocka_unit_test(may_make_nothing),
      cmocka_unit_test(refuses_bad_prompts),         cmocka_unit_test(streams_text),
      cmocka_unit_test(stops_at_texts),              cmocka_unit_test(what_is_held_comes_at_the_end),
      cmocka_unit_test(the_callback_can_stop),       cmocka_unit_test(a_flag_can_stop),
      cmocka_unit_test(names_the_reasons),           cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
