/* test_weights_packed.c: packed and 8-bit weights from a checkpoint: what they stand for, products, what does not fit. */
#include "models/weights.h"

#include "../support/arrays.h"
#include "../support/folder.h"

#include "emily/array_map.h"

#include <math.h>

typedef struct world {
  emily_scope *s;
  char *folder;
  emily_array_map *map;
  emily_checkpoint *checkpoint;
  emily__quantization quantization;
  emily__weights weights;
} world;

static world begin(void) { return (world){.s = emily_scope_open(NULL), .folder = folder_new(), .map = emily_array_map_new()}; }

static void put(world *w, const char *name, emily_array *x) { assert_int_equal(emily_array_map_set(w->map, name, x), EMILY_OK); }

static void open_weights(world *w) {
  assert_int_equal(emily_safetensors_save(in(w->folder, "model.safetensors"), w->map, NULL), EMILY_OK);
  assert_int_equal(emily_checkpoint_open(w->folder, &w->checkpoint), EMILY_OK);
  emily__weights_open(&w->weights, w->checkpoint, "model", "model.", &w->quantization);
}

static void end(world *w, emily_status wanted, const char *words) {
  static const char *const none[] = {NULL};
  const emily_status status = emily__weights_finish(&w->weights, none);
  if (status != wanted || (words && !strstr(emily_last_error()->message, words))) fail_msg("%d %s", status, emily_last_error()->message);
  emily__weights_free(&w->weights);
  emily_checkpoint_release(w->checkpoint);
  emily_array_map_release(w->map);
  emily_scope_close(w->s);
  folder_remove(w->folder);
}

static emily_array *wave(emily_scope *s, const int64_t *shape, int32_t ndim, float speed) {
  int64_t size = 1;
  for (int32_t i = 0; i < ndim; i++) size *= shape[i];
  emily_array *x = emily_multiply(s, test_range(s, 0, size, EMILY_FLOAT32), FLOATS(s, SCALAR, speed));
  return emily_reshape(s, emily_sin(s, x), shape, ndim);
}

/* |a - b| at most `relative` of the largest |b|. */
static void near(emily_scope *s, emily_array *a, emily_array *b, double relative) {
  double apart, most;
  b = emily_astype(s, b, EMILY_FLOAT32);
  assert_int_equal(emily_array_item_float(emily_max(s, emily_abs(s, emily_subtract(s, a, b)), NULL, 0, false), &apart), EMILY_OK);
  assert_int_equal(emily_array_item_float(emily_max(s, emily_abs(s, b), NULL, 0, false), &most), EMILY_OK);
  if (!(apart <= relative * most)) fail_msg("%g apart, of %g", apart, most);
}

/* A layer gives the products and rows of the dense matrix that it stands for. 1e-5: float32 sums of some hundred products. */
static void expect(world *w, const emily__weight *got, emily_array *dense) {
  emily_scope *s = w->s;
  const int64_t n = emily_array_dim(dense, 0), k = emily_array_dim(dense, 1);
  const emily__linear linear = {.weight = *got};
  const emily__embedding table = {*got};
  emily_array *x = wave(s, SHAPE(2, 3, k), 1.1f), *ids = emily_astype(s, FLOATS(s, SHAPE(1, 2), (float)(n - 1), 0), EMILY_INT32);
  assert_non_null(got->data);
  near(s, emily__linear_apply(s, &linear, x), emily_matmul(s, x, emily_swapaxes(s, dense, 0, 1)), 1e-5);
  near(s, emily__embed(s, &table, ids), emily_take(s, dense, ids, 0), 0);
  near(s, emily__weight_dense(s, got), dense, 0);
}

/* ---- MLX's layout ---- */

static const emily__pack_settings all_settings[] = {{"affine", 64, 4}, {"affine", 32, 2}, {"affine", 128, 3}, {"affine", 64, 5}, {"affine", 64, 6},
                                                    {"affine", 32, 8}, {"mxfp4", 32, 4},  {"mxfp8", 32, 8},   {"nvfp4", 16, 4}};

/* "<name>.weight", .scales, .biases of a matrix; what they stand for. */
static emily_array *put_packed(world *w, const char *name, emily_array *x, const emily__pack_settings *p) {
  emily_scope *s = w->s;
  emily_array *q[3] = {NULL};
  char full[80];
  assert_int_equal(emily_quantize(s, x, NULL, p->group_size, p->bits, p->mode, q, 3, NULL), EMILY_OK);
  static const char *const parts[] = {"weight", "scales", "biases"};
  for (int i = 0; i < 3; i++) {
    snprintf(full, sizeof full, "%s.%s", name, parts[i]);
    if (q[i]) put(w, full, q[i]);
  }
  for (int i = 1; q[2] && i < 3; i++) q[i] = emily_astype(s, q[i], EMILY_FLOAT32);
  return emily_dequantize(s, q[0], q[1], q[2], NULL, p->group_size, p->bits, p->mode, EMILY_FLOAT32);
}

static void every_mode_stands_for_its_matrix(void **state) {
  (void)state;
  static const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_BFLOAT16, EMILY_FLOAT16};
  for (size_t i = 0; i < sizeof all_settings / sizeof *all_settings; i++) {
    world w = begin();
    w.quantization = (emily__quantization){.groups = true, .base = all_settings[i]};
    emily_array *x = emily_astype(w.s, wave(w.s, SHAPE(24, 256), 0.7f), dtypes[i % 3]);
    emily_array *dense = put_packed(&w, "model.a", x, &all_settings[i]);
    put(&w, "model.a.bias", FLOATS(w.s, SHAPE(3), 1, 2, 3)); /* of another shape: found out */
    open_weights(&w);
    const emily__linear a = emily__weights_linear(&w.weights, 256, 24, true, "model.a");
    assert_ptr_equal(a.weight.packing, &emily__packing_groups);
    expect(&w, &a.weight, dense);
    end(&w, EMILY_BAD_FORMAT, "\"model.a.bias\" has shape [3]");
  }
}

static void biases_are_added_and_heads_tied(void **state) {
  (void)state;
  world w = begin();
  emily_scope *s = w.s;
  w.quantization = (emily__quantization){.groups = true, .base = all_settings[0]};
  emily_array *dense = put_packed(&w, "e", wave(s, SHAPE(5, 64), 0.7f), &all_settings[0]), *bias = FLOATS(s, SHAPE(5), 1, 2, 3, 4, 5);
  put(&w, "e.bias", bias);
  open_weights(&w);
  emily__embedding table = {0};
  emily__linear head = {0}, biased = emily__weights_linear(&w.weights, 64, 5, true, "e");
  emily__weights_tied(&w.weights, true, 5, 64, "e", "h", &table, &head);
  emily_array *x = wave(s, SHAPE(2, 64), 1.1f), *y = emily_matmul(s, x, emily_swapaxes(s, dense, 0, 1));
  near(s, emily__linear_apply(s, &head, x), y, 1e-5);
  near(s, emily__linear_apply(s, &biased, x), emily_add(s, y, bias), 1e-5);
  end(&w, EMILY_OK, NULL);
}

static void what_does_not_fit_is_named(void **state) {
  (void)state;
  world w = begin();
  emily__packed_layer alone = {.name = (char *)"model.b", .packed = false};
  w.quantization = (emily__quantization){.groups = true, .base = all_settings[0], .layers = {.data = &alone, .count = 1}};
  put_packed(&w, "model.a", wave(w.s, SHAPE(8, 128), 0.7f), &all_settings[5]); /* 8 bits where the config says 4 */
  put_packed(&w, "model.b", wave(w.s, SHAPE(8, 128), 0.7f), &all_settings[0]); /* packed where the config says that it is not */
  put_packed(&w, "model.c", wave(w.s, SHAPE(8, 64), 0.7f), &all_settings[0]);
  open_weights(&w);
  assert_null(emily__weights_linear(&w.weights, 128, 8, false, "model.a").weight.data);
  assert_null(emily__weights_linear(&w.weights, 128, 8, false, "model.b").weight.data);
  assert_null(emily__weights_linear(&w.weights, 80, 8, false, "model.c").weight.data);
  emily__weights_finish(&w.weights, (const char *const[]){NULL});
  const char *message = emily_last_error()->message;
  assert_non_null(strstr(message, "\"model.a.weight\" has shape [8, 32] where the config asks for [8, 16]"));
  assert_non_null(strstr(message, "\"model.b.weight\" is U32"));
  assert_non_null(strstr(message, "\"model.c.weight\" has 80 columns, which are no groups of 64"));
  w.weights.problem_count = 0;
  w.weights.checkpoint = w.checkpoint;
  end(&w, EMILY_BAD_FORMAT, NULL);
}

static void packed_layers_need_a_word_in_the_config(void **state) {
  (void)state;
  world w = begin();
  put_packed(&w, "model.a", wave(w.s, SHAPE(8, 64), 0.7f), &all_settings[0]);
  open_weights(&w);
  assert_null(emily__weights_linear(&w.weights, 64, 8, false, "model.a").weight.data);
  end(&w, EMILY_BAD_FORMAT, "\"model.a.scales\" says that the layer is packed, and config.json has no \"quantization\"");
}

/* ---- 8-bit floats ---- */

/* A matrix of e4m3 and its scales [R, C], each of br × bc elements: "<name>.weight", "<name>.<tail>"; what they stand for. */
static emily_array *put_float8(world *w, const char *name, const char *tail, int64_t n, int64_t k, int64_t br, int64_t bc) {
  emily_scope *s = w->s;
  char full[80];
  const int64_t rows = (n + br - 1) / br, columns = (k + bc - 1) / bc;
  emily_array *f8 = emily_astype(s, wave(s, SHAPE(n, k), 0.7f), EMILY_FLOAT8_E4M3FN), *scales = wave(s, SHAPE(rows, columns), 2.3f);
  snprintf(full, sizeof full, "%s.weight", name);
  put(w, full, f8);
  snprintf(full, sizeof full, "%s.%s", name, tail);
  put(w, full, rows * columns == 1 ? emily_reshape(s, scales, NULL, 0) : scales);
  const int64_t to[] = {n, k};
  scales = emily_repeat(s, emily_repeat(s, scales, br, 0), bc, 1);
  return emily_multiply(s, emily_astype(s, f8, EMILY_FLOAT32), emily_slice(s, scales, INTS(0, 0), to, NULL));
}

static void float8_is_scaled_by_blocks_rows_or_once(void **state) {
  (void)state;
  static const struct {
    int64_t n, k, br, bc, group;
    const char *tail;
  } cases[] = {{256, 256, 128, 128, 128, "weight_scale_inv"}, {200, 320, 128, 128, 64, "weight_scale_inv"},
               {130, 96, 128, 128, 32, "weight_scale_inv"},   {8, 40, 128, 128, 0, "weight_scale_inv"},
               {40, 64, 40, 64, 64, "weight_scale"},          {40, 128, 1, 128, 128, "weight_scale"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    world w = begin();
    w.quantization = (emily__quantization){.float8 = true, .block_rows = 128, .block_columns = 128};
    emily_array *dense = put_float8(&w, "model.a", cases[i].tail, cases[i].n, cases[i].k, cases[i].br, cases[i].bc);
    put(&w, "model.a.input_scale", FLOATS(w.s, SCALAR, 1));
    put(&w, "model.b.weight", wave(w.s, SHAPE(4, 8), 1));
    open_weights(&w);
    const emily__linear a = emily__weights_linear(&w.weights, cases[i].k, cases[i].n, false, "model.a");
    const emily__linear b = emily__weights_linear(&w.weights, 8, 4, false, "model.b");
    assert_true(!b.weight.packing && b.weight.data);
    assert_int_equal(a.weight.group_size, cases[i].group);
    expect(&w, &a.weight, dense);
    end(&w, EMILY_OK, NULL);
  }
}

static void float8_scales_of_another_shape_are_named(void **state) {
  (void)state;
  world w = begin();
  w.quantization = (emily__quantization){.float8 = true, .block_rows = 128, .block_columns = 128};
  put_float8(&w, "model.a", "weight_scale_inv", 256, 256, 64, 64);
  open_weights(&w);
  assert_null(emily__weights_linear(&w.weights, 256, 256, false, "model.a").weight.data);
  end(&w, EMILY_BAD_FORMAT, "\"model.a.weight_scale_inv\" has a shape that fits neither");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_mode_stands_for_its_matrix),        cmocka_unit_test(biases_are_added_and_heads_tied),
      cmocka_unit_test(packed_layers_need_a_word_in_the_config),
      cmocka_unit_test(what_does_not_fit_is_named),              cmocka_unit_test(float8_is_scaled_by_blocks_rows_or_once),
      cmocka_unit_test(float8_scales_of_another_shape_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
