/* test_attention.c: the row-by-row attention against hand-computed values: the oracle of the tiled one. */
#include "backend/cpu/cpu.h"
#include "support/arrays.h"
#include "support/tensors.h"

#include <math.h>

/* One query over keys k with values v, in a node of its own; D = Dv = 1. */
static emily__tensor *run(const emily__attrs_attention *attrs, emily__tensor *q, emily__tensor *k, emily__tensor *v,
                          emily__tensor *extra) {
  emily__tensor *out = tensor_new(q->dtype, 4, (int64_t[]){q->shape[0], q->shape[1], q->shape[2], v->shape[3]});
  const emily__tensor *inputs[4] = {q, k, v, extra};
  assert_int_equal(tensor_run(EMILY__PRIM_attention, attrs, out, extra ? 4 : 3, inputs), EMILY_OK);
  return out;
}

/* Softmax of equal scores is the mean of the values that are seen. */
static void causal_is_aligned_at_the_bottom_right(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT16; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1, .causal = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){0, 0});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){1, 2, 3, 4, 5});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){1, 2, 3, 6, 8});
    emily__tensor *out = run(&attrs, q, k, v, NULL); /* q = 2, k = 5: query 0 sees four keys, query 1 all */
    assert_true(tensor_get(out, 0) == 3 && tensor_get(out, 1) == 4);
    q = tensor_of(d, DIMS(1, 1, 5, 1), (double[]){0, 0, 0, 0, 0});
    k = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){1, 2});
    v = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){4, 8});
    out = run(&attrs, q, k, v, NULL); /* q = 5, k = 2: the first three see nothing */
    static const double want[] = {0, 0, 0, 4, 6};
    for (int i = 0; i < 5; i++) assert_true(tensor_get(out, i) == want[i]);
    tensors_free();
  }
}

static void a_window_keeps_its_keys_with_the_querys_own(void **state) {
  (void)state;
  emily__attrs_attention attrs = {.scale = 1, .causal = 1, .window = 2};
  emily__tensor *q = tensor_of(EMILY_FLOAT64, DIMS(1, 1, 4, 1), (double[]){0, 0, 0, 0});
  emily__tensor *v = tensor_of(EMILY_FLOAT64, DIMS(1, 1, 4, 1), (double[]){1, 3, 5, 7});
  emily__tensor *out = run(&attrs, q, q, v, NULL);
  static const double want[] = {1, 2, 4, 6};
  for (int i = 0; i < 4; i++) assert_true(tensor_get(out, i) == want[i]);
  tensors_free();
}

static void sinks_take_their_share_and_give_nothing(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1, .has_sinks = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 2, 1, 1), (double[]){0, 0});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){1, 2, 3});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){4, 4, 4});
    emily__tensor *sinks = tensor_of(d, DIMS(2), (double[]){0, 200});
    emily__tensor *out = run(&attrs, q, k, v, sinks);
    assert_true(fabs(tensor_get(out, 0) - 3) < 1e-6); /* three keys and a sink of equal score: 3/4 of 4 */
    assert_true(tensor_get(out, 1) >= 0 && tensor_get(out, 1) < 1e-30); /* the sink takes all, also where e^200 overflows */
    tensors_free();
  }
}

static void masks_hide_or_add(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 2, .has_mask = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 1, 1), (double[]){1});
    emily__tensor *k = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){NAN, 0, log(3) / 2});
    emily__tensor *v = tensor_of(d, DIMS(1, 1, 3, 1), (double[]){NAN, 0, 4});
    emily__tensor *keep = tensor_of(EMILY_BOOL, DIMS(1, 1, 1, 3), (double[]){0, 1, 1});
    assert_true(fabs(tensor_get(run(&attrs, q, k, v, keep), 0) - 3) < 1e-6); /* weights 1 : 3 */
    emily__tensor *add = tensor_of(d, DIMS(1, 1, 1, 3), (double[]){-INFINITY, log(3), 0});
    assert_true(fabs(tensor_get(run(&attrs, q, k, v, add), 0) - 2) < 1e-6); /* 3 : 3 */
    tensors_free();
  }
}

static void groups_of_heads_share_keys(void **state) {
  (void)state;
  emily__attrs_attention attrs = {.scale = 1};
  emily__tensor *q = tensor_of(EMILY_FLOAT64, DIMS(1, 6, 1, 1), (double[]){0, 0, 0, 0, 0, 0});
  emily__tensor *k = tensor_of(EMILY_FLOAT64, DIMS(1, 2, 1, 1), (double[]){0, 0});
  emily__tensor *v = tensor_of(EMILY_FLOAT64, DIMS(1, 2, 1, 1), (double[]){5, 7});
  emily__tensor *out = run(&attrs, q, k, v, NULL);
  for (int h = 0; h < 6; h++) assert_true(tensor_get(out, h) == (h < 3 ? 5 : 7));
  tensors_free();
}

static void empty_extents(void **state) {
  (void)state;
  for (int d = EMILY_FLOAT32; d <= EMILY_FLOAT64; d++) {
    emily__attrs_attention attrs = {.scale = 1};
    emily__tensor *q = tensor_of(d, DIMS(1, 1, 2, 1), (double[]){1, 2});
    emily__tensor *none = tensor_new(d, DIMS(1, 1, 0, 1));
    emily__tensor *out = run(&attrs, q, none, none, NULL); /* no keys: zeros */
    assert_true(tensor_get(out, 0) == 0 && tensor_get(out, 1) == 0);
    assert_int_equal(run(&attrs, none, q, q, NULL)->size, 0);
    tensors_free();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(causal_is_aligned_at_the_bottom_right), cmocka_unit_test(a_window_keeps_its_keys_with_the_querys_own),
      cmocka_unit_test(sinks_take_their_share_and_give_nothing), cmocka_unit_test(masks_hide_or_add),
      cmocka_unit_test(groups_of_heads_share_keys), cmocka_unit_test(empty_extents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
