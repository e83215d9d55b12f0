/* test_fill_mask.c: tokens for masks as Transformers' pipeline gives them; many texts, failures. */
#include "../support/folder.h"
#include "../support/pipelines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emily/fill_mask.h"

static emily_filler *load(const char *folder) {
  emily_filler *f = NULL;
  if (emily_filler_load(folder, NULL, &f) != EMILY_OK) fail_msg("%s", emily_last_error()->message);
  return f;
}

/* All texts of a case at once: masks of different number share a pass. */
static void pipeline(const char *name, const char *tokenizer, const char *mask) {
  char *folder = pipeline_folder(name, tokenizer);
  emily_filler *f = load(folder);
  json_t *all = pipeline_answers(name);
  const char *texts[8];
  size_t count = json_array_size(all);
  emily_fill_options options = EMILY_FILL_OPTIONS_INIT;
  emily_fills *fills;
  assert_string_equal(emily_filler_mask(f), mask);
  for (size_t i = 0; i < count; i++) texts[i] = pipeline_text(json_array_get(all, i), "text");
  options.top_k = 4;
  assert_int_equal(emily_fill_mask(f, texts, NULL, count, &options, &fills), EMILY_OK);
  assert_int_equal(emily_fills_top_k(fills), 4);
  for (size_t i = 0; i < count; i++) {
    const json_t *tokens = json_object_get(json_array_get(all, i), "tokens");
    assert_int_equal(emily_fills_masks(fills, i) * 4, json_array_size(tokens));
    for (size_t k = 0; k < json_array_size(tokens); k++) {
      const json_t *want = json_array_get(tokens, k);
      const emily_fill *got = emily_fills_at(fills, i, (size_t)pipeline_int(want, "mask", 0)) + k % 4;
      assert_int_equal(got->token, pipeline_int(want, "token", -1));
      assert_string_equal(got->text, pipeline_text(want, "text"));
      pipeline_score(got->score, want);
    }
    assert_null(emily_fills_at(fills, i, emily_fills_masks(fills, i)));
  }
  assert_int_equal(emily_fills_masks(fills, count), 0);
  emily_fills_free(fills);
  json_decref(all);
  emily_filler_release(f);
  folder_remove(folder);
}

static void equals_the_pipeline(void **state) {
  (void)state;
  pipeline("fill_bert", "wordpiece_cased", "[MASK]");
  pipeline("fill_roberta", "bpe_gpt2_roberta", "<mask>");
}

static void refuses_what_does_not_fit(void **state) {
  (void)state;
  char *folder = pipeline_folder("fill_bert", "wordpiece_cased"), *other = pipeline_folder("classify_one", "wordpiece_uncased");
  emily_filler *f = NULL;
  emily_fills *fills = NULL;
  const char *texts[] = {"A [MASK].", "nothing to fill"};
  assert_int_equal(emily_filler_load(other, NULL, &f), EMILY_UNSUPPORTED);
  f = load(folder);
  assert_int_equal(emily_fill_mask(f, texts, NULL, 2, NULL, &fills), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "no [MASK] within the first 40 tokens of \"nothing to fill\""));
  assert_null(fills);
  assert_int_equal(emily_fill_mask(f, texts, NULL, 1, NULL, NULL), EMILY_INVALID_ARGUMENT);
  assert_int_equal(emily_fill_mask(f, texts, NULL, 1, NULL, &fills), EMILY_OK);
  assert_int_equal(emily_fills_top_k(fills), 5);
  emily_fills_free(fills);
  emily_filler_release(f);
  pipeline_small_tokenizer(folder); /* which has no mask */
  assert_int_equal(emily_filler_load(folder, NULL, &f), EMILY_UNSUPPORTED);
  folder_remove(folder);
  folder_remove(other);
}

static void many_are_asked_for(void **state) {
  (void)state;
  char *folder = pipeline_folder("fill_bert", "wordpiece_cased");
  emily_filler *f = load(folder);
  emily_fill_options options = EMILY_FILL_OPTIONS_INIT;
  emily_fills *fills;
  double sum = 0;
  options.top_k = INT64_MAX;
  assert_int_equal(emily_fill_mask(f, (const char *const[]){"[MASK]"}, NULL, 1, &options, &fills), EMILY_OK);
  size_t vocab = emily_fills_top_k(fills);
  const emily_fill *list = emily_fills_at(fills, 0, 0);
  assert_int_equal(vocab, emily_model_vocab_size(emily_filler_model(f)));
  for (size_t i = 0; i < vocab; i++) {
    assert_true(!i || list[i].score <= list[i - 1].score);
    sum += (double)list[i].score;
  }
  assert_true(sum > 1 - 1e-4 && sum < 1 + 1e-4); /* the whole of the softmax */
  emily_fills_free(fills);
  emily_filler_release(f);
  folder_remove(folder);
}

static emily_status run_and_free(void *filler) {
  emily_fills *fills = NULL;
  emily_status status = emily_fill_mask(filler, (const char *const[]){"a [MASK]", "[MASK] or [MASK]"}, NULL, 2, NULL, &fills);
  emily_fills_free(fills);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  char *folder = pipeline_folder("fill_bert", "wordpiece_cased");
  emily_filler *f = load(folder);
  assert_true(pipeline_failing(run_and_free, f) > 50);
  emily_filler_release(f);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_pipeline),
      cmocka_unit_test(refuses_what_does_not_fit),
      cmocka_unit_test(many_are_asked_for),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
