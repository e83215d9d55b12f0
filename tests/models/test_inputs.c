/* test_inputs.c: named inputs: what is taken, converted, and refused by name. */
#include "models/inputs.h"

#include "../support/arrays.h"

#include "emily/array_map.h"

#include <string.h>

static const emily__model_sizes sizes = {.vocab = 10, .types = 2, .positions = 4};
enum { ALL = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS };

typedef struct entry {
  const char *name;
  emily_dtype dtype;
  int64_t batch, length;
  int64_t values[8];
} entry;

/* Take the entries; the status, with *out's arrays checked against nothing. */
static emily_status take(const entry *entries, size_t count, uint32_t accepted, emily_scope *s, emily__inputs *out) {
  emily_array_map *map = emily_array_map_new();
  for (size_t i = 0; i < count; i++) {
    const entry *e = &entries[i];
    emily_array *wide = emily_array_from_data(e->values, SHAPE(e->batch, e->length), EMILY_INT64);
    emily_array *array = emily_astype(s, emily_scope_adopt(s, wide), e->dtype);
    assert_int_equal(emily_eval(&array, 1), EMILY_OK);
    assert_int_equal(emily_array_map_set(map, e->name, array), EMILY_OK);
  }
  emily_status status = emily__inputs_take(s, map, accepted, &sizes, out);
  emily_array_map_release(map);
  return status;
}

static void refuse(const entry *entries, size_t count, uint32_t accepted, const char *words) {
  emily_scope *s = emily_scope_open(NULL);
  emily__inputs in;
  assert_int_equal(take(entries, count, accepted, s, &in), EMILY_INVALID_ARGUMENT);
  if (!strstr(emily_last_error()->message, words)) fail_msg("%s", emily_last_error()->message);
  emily_scope_close(s);
}

#define IDS {"input_ids", EMILY_INT32, 2, 3, {1, 2, 3, 4, 5, 9}}

static void takes_all_four(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_INT32, EMILY_INT64};
  for (int i = 0; i < 2; i++) {
    const entry entries[] = {{"input_ids", dtypes[i], 2, 3, {1, 2, 3, 4, 5, 9}},
                             {"attention_mask", dtypes[i], 2, 3, {1, 1, 1, 0, 1, 1}},
                             {"token_type_ids", dtypes[i], 2, 3, {0, 1, 1, 0, 0, 0}},
                             {"position_ids", dtypes[i], 2, 3, {0, 1, 2, 3, 3, 3}}};
    emily_scope *s = emily_scope_open(NULL);
    emily__inputs in;
    assert_int_equal(take(entries, 4, ALL, s, &in), EMILY_OK);
    assert_true(in.batch == 2 && in.length == 3);
    assert_int_equal(emily_array_dtype(in.ids), EMILY_INT32);
    assert_int_equal(emily_array_dtype(in.mask), EMILY_BOOL);
    EXPECT(s, in.ids, SHAPE(2, 3), 1, 2, 3, 4, 5, 9);
    EXPECT(s, in.mask, SHAPE(2, 3), 1, 1, 1, 0, 1, 1);
    EXPECT(s, in.types, SHAPE(2, 3), 0, 1, 1, 0, 0, 0);
    EXPECT(s, in.positions, SHAPE(2, 3), 0, 1, 2, 3, 3, 3);
    test_close(s);
  }
}

static void most_are_optional(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily__inputs in;
  assert_int_equal(take((const entry[]){IDS}, 1, ALL, s, &in), EMILY_OK);
  assert_true(in.ids && !in.mask && !in.types && !in.positions);
  test_close(s);
  refuse((const entry[]){{"attention_mask", EMILY_INT32, 1, 1, {1}}}, 1, ALL, "\"input_ids\" is missing");
}

static void names_what_is_not_taken(void **state) {
  (void)state;
  refuse((const entry[]){IDS, {"pixel_values", EMILY_INT32, 1, 1, {1}}}, 2, ALL, "\"pixel_values\" is not an input");
  refuse((const entry[]){IDS, {"token_type_ids", EMILY_INT32, 2, 3, {0}}}, 2, EMILY__INPUT_IDS | EMILY__INPUT_MASK,
         "(input_ids, attention_mask are)");
}

static void checks_shapes_and_dtypes(void **state) {
  (void)state;
  refuse((const entry[]){IDS, {"attention_mask", EMILY_INT32, 3, 2, {1}}}, 2, ALL,
         "\"attention_mask\" is [3, 2] and input_ids [2, 3]");
  refuse((const entry[]){{"input_ids", EMILY_FLOAT32, 1, 2, {1}}}, 1, ALL, "\"input_ids\" is float32");
  refuse((const entry[]){{"input_ids", EMILY_INT32, 0, 3, {1}}}, 1, ALL, "\"input_ids\" is empty");
  refuse((const entry[]){{"input_ids", EMILY_INT32, 1, 5, {1}}}, 1, ALL, "max_position_embeddings is 4");
}

static void checks_values(void **state) {
  (void)state;
  refuse((const entry[]){{"input_ids", EMILY_INT64, 1, 2, {1, 10}}}, 1, ALL, "\"input_ids\" holds 10; vocab_size is 10");
  refuse((const entry[]){{"input_ids", EMILY_INT64, 1, 2, {1, -1}}}, 1, ALL, "\"input_ids\" holds -1");
  refuse((const entry[]){{"input_ids", EMILY_INT64, 1, 2, {1, INT64_C(1) << 33}}}, 1, ALL, "\"input_ids\" holds");
  refuse((const entry[]){IDS, {"token_type_ids", EMILY_INT32, 2, 3, {2}}}, 2, ALL, "\"token_type_ids\" holds 2");
  refuse((const entry[]){IDS, {"position_ids", EMILY_INT32, 2, 3, {4}}}, 2, ALL, "\"position_ids\" holds 4");
}

/* Whisper's two: what fits is taken, what does not is named. ndim of the features, then their extents, and the ids' rows. */
static emily_status take_features(int32_t ndim, const int64_t *shape, emily_dtype dtype, int64_t rows, emily_scope *s,
                                  emily__inputs *out) {
  static const emily__model_sizes of_sound = {.vocab = 10, .positions = 4, .extents = {3, 5}};
  emily_array_map *map = emily_array_map_new();
  emily_array *features = emily_zeros(s, shape, ndim, dtype), *ids = emily_zeros(s, INTS(rows, 2), 2, EMILY_INT32);
  assert_int_equal(emily_array_map_set(map, "input_features", features), EMILY_OK);
  assert_int_equal(emily_array_map_set(map, "decoder_input_ids", ids), EMILY_OK);
  emily_status status =
      emily__inputs_take(s, map, EMILY__INPUT_FEATURES | EMILY__INPUT_DECODER_IDS, &of_sound, out);
  emily_array_map_release(map);
  return status;
}

static void takes_floats(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily__inputs in;
  assert_int_equal(take_features(3, INTS(2, 3, 5), EMILY_FLOAT16, 2, s, &in), EMILY_OK);
  assert_true(in.batch == 2 && in.length == 2 && in.ids);
  assert_int_equal(emily_array_dtype(in.features), EMILY_FLOAT32);
  assert_int_equal(take_features(3, INTS(2, 3, 5), EMILY_INT32, 2, s, &in), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "\"input_features\" is int32"));
  assert_int_equal(take_features(3, INTS(2, 3, 4), EMILY_FLOAT32, 2, s, &in), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "[batch, 3, 5]"));
  assert_int_equal(take_features(2, INTS(2, 3), EMILY_FLOAT32, 2, s, &in), EMILY_INVALID_ARGUMENT);
  assert_int_equal(take_features(3, INTS(0, 3, 5), EMILY_FLOAT32, 2, s, &in), EMILY_INVALID_ARGUMENT);
  assert_int_equal(take_features(3, INTS(2, 3, 5), EMILY_FLOAT32, 1, s, &in), EMILY_INVALID_ARGUMENT);
  assert_non_null(strstr(emily_last_error()->message, "has 2 rows and the token ids 1"));
  test_close(s);
}

static void finds_the_largest_value(void **state) {
  (void)state;
  emily_array *x = emily_array_from_data((const int32_t[]){3, -7, 12, 5}, SHAPE(2, 2), EMILY_INT32);
  int64_t largest = -1;
  assert_int_equal(emily__largest_value(x, &largest), EMILY_OK);
  assert_int_equal(largest, 12);
  emily_array_release(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_all_four),          cmocka_unit_test(most_are_optional),
      cmocka_unit_test(names_what_is_not_taken), cmocka_unit_test(checks_shapes_and_dtypes),
      cmocka_unit_test(checks_values),           cmocka_unit_test(finds_the_largest_value),
      cmocka_unit_test(takes_floats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
