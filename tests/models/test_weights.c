/* test_weights.c: names, prefixes, ties, and one error that names what does not fit. */
#include "models/weights.h"

#include "../support/arrays.h"
#include "../support/folder.h"

#include "emily/array_map.h"

#include <string.h>

typedef struct store {
  char *folder;
  emily_checkpoint *checkpoint;
  emily__weights weights;
} store;

static const char *const none[] = {NULL};

/* A checkpoint of float32 (or `dtype`) tensors [2, 3] of the names, and "<name>1" vectors of 3 where a name ends with '1'. */
static store open_store(const char *const *names, emily_dtype dtype, const char *prefix) {
  store st = {.folder = folder_new()};
  emily_array_map *map = emily_array_map_new();
  emily_scope *s = emily_scope_open(NULL);
  for (; *names; names++) {
    bool vector = (*names)[strlen(*names) - 1] == '1';
    emily_array *x = vector ? emily_ones(s, SHAPE(3), dtype) : emily_ones(s, SHAPE(2, 3), dtype);
    assert_int_equal(emily_array_map_set(map, *names, x), EMILY_OK);
  }
  test_close(s);
  assert_int_equal(emily_safetensors_save(in(st.folder, "model.safetensors"), map, NULL), EMILY_OK);
  emily_array_map_release(map);
  assert_int_equal(emily_checkpoint_open(st.folder, &st.checkpoint), EMILY_OK);
  emily__weights_open(&st.weights, st.checkpoint, "model", prefix, NULL);
  return st;
}

static void close_store(store *st) {
  emily__weights_free(&st->weights);
  emily_checkpoint_release(st->checkpoint);
  folder_remove(st->folder);
}

#define NAMES(...) (const char *const[]){__VA_ARGS__, NULL}

static void finds_tensors_with_and_without_prefix(void **state) {
  (void)state;
  static const char *const styles[][4] = {{"model.a", "model.b1", "head", NULL}, {"a", "b1", "head", NULL}};
  for (int i = 0; i < 2; i++) {
    store st = open_store(styles[i], EMILY_FLOAT32, "model.");
    assert_non_null(emily__weights_matrix(&st.weights, 2, 3, "model.%s", "a"));
    assert_non_null(emily__weights_vector(&st.weights, 3, "model.b%d", 1));
    assert_non_null(emily__weights_get(&st.weights, SHAPE(2, 3), "head"));
    assert_true(emily__weights_has(&st.weights, "model.%s", "a"));
    assert_false(emily__weights_has(&st.weights, "model.c"));
    assert_int_equal(emily__weights_finish(&st.weights, none), EMILY_OK);
    close_store(&st);
  }
}

static void names_what_is_missing_and_unused(void **state) {
  (void)state;
  store st = open_store(NAMES("model.a", "model.extra", "model.buffer.inv_freq"), EMILY_FLOAT32, "model.");
  assert_null(emily__weights_matrix(&st.weights, 3, 2, "model.a"));
  assert_null(emily__weights_vector(&st.weights, 3, "model.lost"));
  assert_int_equal(emily__weights_finish(&st.weights, NAMES("*.inv_freq")), EMILY_BAD_FORMAT);
  const char *message = emily_last_error()->message;
  assert_non_null(strstr(message, "model does not fit its config"));
  assert_non_null(strstr(message, "\"model.a\" has shape [2, 3] where the config asks for [3, 2]"));
  assert_non_null(strstr(message, "\"model.lost\" is missing"));
  assert_non_null(strstr(message, "\"model.extra\" is not used"));
  assert_null(strstr(message, "inv_freq"));
  close_store(&st);
}

static void lists_some_and_counts_the_rest(void **state) {
  (void)state;
  store st = open_store(NAMES("model.a"), EMILY_FLOAT32, "model.");
  for (int i = 0; i < 100; i++) emily__weights_vector(&st.weights, 3, "model.layer%d", i);
  assert_int_equal(emily__weights_finish(&st.weights, none), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "\"model.layer5\" is missing; and 95 more"));
  close_store(&st);
}

static void keeps_16_bit_dtypes_narrows_64_and_refuses_others(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT64, EMILY_INT32};
  for (int i = 0; i < 4; i++) {
    store st = open_store(NAMES("model.a"), dtypes[i], "model.");
    emily_array *a = emily__weights_matrix(&st.weights, 2, 3, "model.a");
    if (i < 3) {
      assert_int_equal(emily_array_dtype(a), i < 2 ? dtypes[i] : EMILY_FLOAT32);
      assert_int_equal(emily__weights_finish(&st.weights, none), EMILY_OK);
    } else {
      assert_null(a);
      assert_int_equal(emily__weights_finish(&st.weights, none), EMILY_BAD_FORMAT);
      assert_non_null(strstr(emily_last_error()->message, "\"model.a\" is I32"));
    }
    close_store(&st);
  }
}

static void reads_layers(void **state) {
  (void)state;
  store st = open_store(NAMES("model.q.weight", "model.n.weight", "model.old.gamma"), EMILY_FLOAT32, "model.");
  assert_non_null(emily__weights_linear(&st.weights, 3, 2, false, "model.%s", "q").weight.data);
  emily__weights_norm(&st.weights, 3, 1e-5, false, "model.old");
  emily__norm norm = emily__weights_norm(&st.weights, 3, 1e-5, true, "model.n");
  assert_true(norm.eps == 1e-5);
  assert_int_equal(emily__weights_finish(&st.weights, none), EMILY_BAD_FORMAT);
  const char *message = emily_last_error()->message;
  assert_non_null(strstr(message, "\"model.old.gamma\" has shape [2, 3]")); /* found under its old name */
  assert_non_null(strstr(message, "\"model.n.bias\" is missing"));
  close_store(&st);
}

/* Either, both or neither of two tied matrices. */
static void ties(void **state) {
  (void)state;
  static const char *const files[][3] = {{"model.e.weight", NULL}, {"h.weight", NULL}, {"model.e.weight", "h.weight", NULL}, {"x", NULL}};
  for (int i = 0; i < 4; i++) {
    for (int tie = 0; tie < 2; tie++) {
      store st = open_store(files[i], EMILY_FLOAT32, "model.");
      emily__embedding table = {0};
      emily__linear head = {0};
      emily__weights_tied(&st.weights, tie, 2, 3, "model.e", "h", &table, &head);
      bool fits = i == 2 || (tie && i < 2);
      assert_int_equal(emily__weights_finish(&st.weights, NAMES("x")), fits ? EMILY_OK : EMILY_BAD_FORMAT);
      if (fits) assert_true(table.weight.data && head.weight.data && (table.weight.data == head.weight.data) == (i != 2));
      close_store(&st);
    }
  }
}

static void patterns(void **state) {
  (void)state;
  store st = open_store(NAMES("model.a", "cls.x.y", "bert.embeddings.position_ids", "exact"), EMILY_FLOAT32, "model.");
  emily__weights_matrix(&st.weights, 2, 3, "model.a");
  assert_int_equal(emily__weights_finish(&st.weights, NAMES("cls.*", "*embeddings.position_ids", "exact")), EMILY_OK);
  close_store(&st);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_tensors_with_and_without_prefix), cmocka_unit_test(names_what_is_missing_and_unused),
      cmocka_unit_test(lists_some_and_counts_the_rest),        cmocka_unit_test(keeps_16_bit_dtypes_narrows_64_and_refuses_others),
      cmocka_unit_test(reads_layers),                          cmocka_unit_test(ties),
      cmocka_unit_test(patterns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
