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

/* ---- many texts, and a memory ---- */

typedef struct count_done {
  int done[4], calls;
} count_done;

static int32_t on_done(size_t index, const emily_generation *g, void *context) {
  count_done *c = context;
  assert_non_null(g);
  c->done[c->calls++] = (int)index;
  return 0;
}

/* Prompts of many lengths, in batches of 1 to 4: what each says alone. A place that is free is taken by the next prompt. */
static void texts_step_together(void **state) {
  (void)state;
  enum { TEXTS = 9 };
  int32_t ids[TEXTS][12], want[TEXTS][10];
  emily_prompt prompts[TEXTS];
  for (int i = 0; i < TEXTS; i++) {
    prompts[i] = (emily_prompt){ids[i], 1 + (size_t)i * 5 % 12};
    for (int k = 0; k < 12; k++) ids[i][k] = (i * 13 + k * 7) % VOCAB;
    expected(ids[i], prompts[i].count, want[i], 10);
  }
  for (int64_t width = 1; width <= 4; width++) {
    emily__generate_plan p = plan(10);
    emily_generation *out[TEXTS];
    p.width = width, p.chunk = 5;
    made = (machine){0};
    assert_int_equal(emily__generate_batch(&decoder, NULL, NULL, prompts, TEXTS, &p, out), EMILY_OK);
    for (int i = 0; i < TEXTS; i++) {
      assert_int_equal(out[i]->token_count, 10);
      assert_memory_equal(out[i]->tokens, want[i], sizeof want[i]);
      assert_int_equal(out[i]->finish_reason, EMILY_FINISH_LENGTH);
      emily_generation_free(out[i]);
    }
  }
}

static void shorter_texts_end_first(void **state) {
  (void)state;
  const int32_t first[1] = {1}, second[60] = {2};
  const emily_prompt prompts[3] = {{first, 1}, {second, 60}, {first, 1}}; /* the second one's context is full after 4 tokens */
  count_done c = {{0}, 0};
  emily_generation *out[3];
  emily__generate_plan p = plan(8);
  p.width = 2, p.done = on_done, p.context = &c;
  assert_int_equal(emily__generate_batch(&decoder, NULL, NULL, prompts, 3, &p, out), EMILY_OK);
  assert_true(c.calls == 3 && c.done[0] == 1 && c.done[1] == 0 && c.done[2] == 2);
  assert_true(out[0]->token_count == 8 && out[1]->token_count == 4 && out[2]->token_count == 8);
  for (int i = 0; i < 3; i++) emily_generation_free(out[i]);
}

/* A flag that is up: no prompt is read, and each gives an empty text. */
static void a_flag_stops_all(void **state) {
  (void)state;
  const int32_t id[1] = {1}, flag = 1;
  const emily_prompt prompts[3] = {{id, 1}, {id, 1}, {id, 1}};
  emily_generation *out[3];
  emily__generate_plan p = plan(8);
  p.width = 2, p.cancel = &flag;
  made = (machine){0};
  assert_int_equal(emily__generate_batch(&decoder, NULL, NULL, prompts, 3, &p, out), EMILY_OK);
  assert_int_equal(made.passes, 0);
  for (int i = 0; i < 3; i++) {
    assert_true(out[i]->token_count == 0 && out[i]->finish_reason == EMILY_FINISH_CANCELLED);
    emily_generation_free(out[i]);
  }
}

static void memory_saves_passes(void **state) {
  (void)state;
  int32_t ids[32], want[4];
  emily__memory memory = {0};
  emily__generate_plan p = plan(4);
  p.chunk = 1; /* a pass a token, to count them */
  for (int i = 0; i < 32; i++) ids[i] = i * 3 % VOCAB;
  for (size_t count = 8, known = 0; count <= 32; known = count + 3, count += 8) {
    emily_generation *g = NULL;
    made = (machine){0};
    expected(ids, count, want, 4);
    assert_int_equal(emily__generate(&decoder, NULL, NULL, ids, count, &p, &memory, &g), EMILY_OK);
    assert_memory_equal(g->tokens, want, sizeof want);
    for (size_t i = 0; i < 4 && count + i < 32; i++) ids[count + i] = g->tokens[i]; /* the talk goes on from what was said */
    assert_int_equal(g->reused_count, known);
    assert_int_equal(made.passes, (int64_t)(count - known) + 3);
    assert_int_equal(memory.ids.count, count + 3);
    emily_generation_free(g);
  }
  emily__memory_clear(&memory);
}

/* Two texts, and a turn with a memory after them. */
static emily_status run_both(emily_tokenizer *tokenizer, emily__memory *memory, emily_generation **out) {
  static const int32_t prompt[6] = {1, 2, 3, 4, 5, 6};
  const emily_prompt prompts[2] = {{prompt, 2}, {prompt, 5}};
  emily__generate_plan p = plan(4);
  p.width = 2;
  EMILY__TRY(emily__generate_batch(&decoder, NULL, tokenizer, prompts, 2, &p, out));
  EMILY__TRY(emily__generate(&decoder, NULL, tokenizer, prompt, 4, &p, memory, &out[2]));
  return emily__generate(&decoder, NULL, tokenizer, prompt, 6, &p, memory, &out[3]);
}

static void batches_survive_failing_allocations(void **state) {
  (void)state;
  emily_tokenizer *tokenizer = letters();
  emily__memory memory = {0};
  emily_generation *out[4] = {NULL};
  emily__alloc_fail_after(0);
  assert_int_equal(run_both(tokenizer, &memory, out), EMILY_OK);
  for (int i = 0; i < 4; i++) emily_generation_free(out[i]), out[i] = NULL;
  emily__memory_clear(&memory);
  const int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    emily_status status = run_both(tokenizer, &memory, out);
    const bool reached = emily__alloc_count() >= n;
    emily__alloc_fail_after(0);
    assert_true(status == EMILY_OK || (reached && status == EMILY_OUT_OF_MEMORY));
    for (int i = 0; i < 4; i++) emily_generation_free(out[i]), out[i] = NULL;
    emily__memory_clear(&memory);
    assert_int_equal(emily__alloc_live(), live);
    if (!reached) break;
  }
  emily_tokenizer_release(tokenizer);
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
      cmocka_unit_test(texts_step_together),         cmocka_unit_test(shorter_texts_end_first),
      cmocka_unit_test(a_flag_stops_all),            cmocka_unit_test(memory_saves_passes),
      cmocka_unit_test(batches_survive_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
