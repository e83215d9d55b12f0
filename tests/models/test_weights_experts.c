/* test_weights_experts.c: experts stacked and one by one, dense and packed, as views of the file and as copies. */
#include "models/weights.h"

#include "emily/runtime.h"

#include "../support/arrays.h"
#include "../support/folder.h"

#include "emily/array_map.h"

#include <stdio.h>

enum { E = 20, N = 24, K = 64 }; /* in pairs they are more runs than a few */

static emily_array *wave(emily_scope *s, const int64_t *shape, int32_t ndim, float speed) {
  int64_t size = 1;
  for (int32_t i = 0; i < ndim; i++) size *= shape[i];
  emily_array *x = emily_multiply(s, test_range(s, 0, size, EMILY_FLOAT32), FLOATS(s, SCALAR, speed));
  return emily_reshape(s, emily_sin(s, x), shape, ndim);
}

static emily_array *expert(emily_scope *s, emily_array *stack, int64_t e) {
  return emily_squeeze(s, emily_slice(s, stack, INTS(e, 0, 0), INTS(e + 1, N, K), NULL), INTS(0), 1);
}

/* How the experts lie in the checkpoint. */
typedef enum layout { STACKED, STACKED_PACKED, APART, APART_UNEVEN, APART_WILD, APART_FLOAT8, LAYOUTS } layout;

/* Puts the experts into a map; the stack [E, N, K] that they stand for. */
static emily_array *put(emily_scope *s, emily_array_map *map, layout how) {
  emily_array *stack = emily_astype(s, wave(s, SHAPE(E, N, K), 0.7f), EMILY_BFLOAT16), *q[3];
  char name[80];
  if (how == STACKED) emily_array_map_set(map, "m.switch_mlp.up.weight", stack);
  if (how == STACKED_PACKED) {
    assert_int_equal(emily_quantize(s, emily_astype(s, stack, EMILY_FLOAT32), NULL, 64, 4, "affine", q, 3, NULL), EMILY_OK);
    emily_array_map_set(map, "m.switch_mlp.up.weight", q[0]);
    emily_array_map_set(map, "m.switch_mlp.up.scales", q[1]);
    emily_array_map_set(map, "m.switch_mlp.up.biases", q[2]);
    return emily_dequantize(s, q[0], q[1], q[2], NULL, 64, 4, "affine", EMILY_FLOAT32);
  }
  for (int64_t e = 0; how >= APART && e < E; e++) {
    emily_array *one = expert(s, stack, e);
    if (how == APART_FLOAT8) one = emily_astype(s, one, EMILY_FLOAT8_E4M3FN);
    snprintf(name, sizeof name, "m.experts.%d.up.weight", (int)e);
    emily_array_map_set(map, name, one);
    snprintf(name, sizeof name, "m.experts.%d.up.weight_scale_inv", (int)e);
    if (how == APART_FLOAT8) emily_array_map_set(map, name, FLOATS(s, SCALAR, 2));
    snprintf(name, sizeof name, "m.experts.%d.down.weight", (int)e); /* stands between */
    if (how == APART_WILD) emily_array_map_set(map, name, emily_astype(s, wave(s, SHAPE(e * e + 1), 1), EMILY_BFLOAT16));
    if (how == APART_UNEVEN && e == 5) emily_array_map_set(map, name, emily_astype(s, wave(s, SHAPE(2, 3), 1), EMILY_BFLOAT16));
    else if (how == APART) emily_array_map_set(map, name, one);
  }
  if (how != APART_FLOAT8) return stack;
  stack = emily_astype(s, emily_astype(s, stack, EMILY_FLOAT8_E4M3FN), EMILY_FLOAT32);
  return emily_multiply(s, stack, FLOATS(s, SCALAR, 2));
}

/* x [3, 1, K] and [3, 2, K] through experts by indices [3, 2], beside the products one by one. */
static void expect(emily_scope *s, const emily__experts *experts, emily_array *stack) {
  static const int32_t chosen[3][2] = {{0, 11}, {2, 10}, {11, 1}};
  emily_array *indices = emily_scope_adopt(s, emily_array_from_data(chosen, INTS(3, 2), 2, EMILY_INT32));
  for (int64_t each = 1; each <= 2; each++) {
    emily_array *x = wave(s, SHAPE(3, each, K), 1.1f), *y = emily__experts_apply(s, experts, x, indices);
    assert_int_equal(emily_array_ndim(y), 3);
    for (int64_t t = 0; t < 6; t++) {
      const int64_t row = t / 2, from = each == 1 ? 0 : t % 2;
      emily_array *one = emily_slice(s, x, INTS(row, from, 0), INTS(row + 1, from + 1, K), NULL);
      emily_array *w = emily_astype(s, expert(s, stack, chosen[row][t % 2]), EMILY_FLOAT32);
      emily_array *want = emily_matmul(s, emily_reshape(s, one, SHAPE(1, K)), emily_swapaxes(s, w, 0, 1));
      emily_array *got = emily_reshape(s, emily_slice(s, y, INTS(row, t % 2, 0), INTS(row + 1, t % 2 + 1, N), NULL), SHAPE(1, N));
      double apart;
      assert_int_equal(emily_array_item_float(emily_max(s, emily_abs(s, emily_subtract(s, got, want)), NULL, 0, false), &apart), EMILY_OK);
      assert_true(apart < 1e-4); /* float32 sums of 64 products of at most 4 */
    }
  }
}

static uint64_t tensor_memory(void) {
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  assert_int_equal(emily_memory_stats(NULL, &info), EMILY_OK);
  return info.active;
}

static void every_layout_gives_the_same_products(void **state) {
  (void)state;
  for (int how = 0; how < LAYOUTS; how++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array_map *map = emily_array_map_new();
    emily_checkpoint *checkpoint = NULL;
    emily__quantization q = {.groups = how == STACKED_PACKED, .base = {"affine", 64, 4}, .float8 = how == APART_FLOAT8};
    emily__weights weights;
    char *folder = folder_new();
    emily_array *stack = put(s, map, how);
    assert_int_equal(emily_safetensors_save(in(folder, "model.safetensors"), map, NULL), EMILY_OK);
    assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
    emily__weights_open(&weights, checkpoint, "model", "model.", &q);
    const uint64_t before = tensor_memory();
    const emily__experts experts = emily__weights_experts(&weights, E, K, N, "m", "up");
    assert_int_equal(emily__weights_finish(&weights, (const char *const[]){"m.experts.*.down.weight", "*down.weight", NULL}), EMILY_OK);
    assert_true(!experts.order == (how < APART));
    /* A view of the file has its strides; a copy none. */
    if (how == APART) assert_int_equal(emily_array_strides(experts.weight.data)[0], 2 * N * K);
    if (how == APART_UNEVEN) assert_int_equal(emily_array_dim(experts.weight.data, 0), 6); /* up to the one that stands between */
    if (how == APART_WILD) assert_int_equal(emily_array_dim(experts.weight.data, 0), E);
    assert_true(!experts.next == (how != APART_UNEVEN));
    if (how != APART_WILD && how != APART_FLOAT8) assert_true(tensor_memory() - before < 4096); /* no copies */
    expect(s, &experts, stack);
    emily_set_debug(EMILY_DEBUG_INDICES); /* what is in another stack is no mistake */
    expect(s, &experts, stack);
    emily_set_debug(0);
    emily__weights_free(&weights);
    emily_checkpoint_release(checkpoint);
    emily_array_map_release(map);
    test_close(s);
    folder_remove(folder);
  }
}

static void missing_experts_are_named(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array_map *map = emily_array_map_new();
  emily_checkpoint *checkpoint = NULL;
  emily__weights weights;
  char *folder = folder_new();
  put(s, map, APART_UNEVEN);
  assert_int_equal(emily_safetensors_save(in(folder, "model.safetensors"), map, NULL), EMILY_OK);
  assert_int_equal(emily_checkpoint_open(folder, &checkpoint), EMILY_OK);
  emily__weights_open(&weights, checkpoint, "model", "model.", NULL);
  assert_null(emily__weights_experts(&weights, E + 1, K, N, "m", "up").weight.data);
  assert_int_equal(emily__weights_finish(&weights, (const char *const[]){"*down.weight", NULL}), EMILY_BAD_FORMAT);
  assert_non_null(strstr(emily_last_error()->message, "\"m.experts.20.up.weight\" is missing"));
  emily__weights_free(&weights);
  emily_checkpoint_release(checkpoint);
  emily_array_map_release(map);
  test_close(s);
  folder_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_layout_gives_the_same_products), cmocka_unit_test(missing_experts_are_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
