/* test_infer.c: the rules of shapes and dtypes, and what each refuses: primitives are reached by transforms too, not by ops alone. */
#include "support/arrays.h"

#include "graph/node.h"

/* Build a node; on success its output's dtype and shape are compared and it is released. */
static emily_status build(emily__prim prim, const void *attrs, size_t size, emily_array *const *inputs, int32_t n,
                          emily_array **out) {
  return emily__node_build(emily_stream_default(), prim, attrs, size, inputs, n, out);
}

static void expect(emily__prim prim, const void *attrs, size_t size, emily_array *const *inputs, int32_t n, emily_dtype dtype,
                   const int64_t *shape, int32_t ndim) {
  emily_array *y;
  if (build(prim, attrs, size, inputs, n, &y) != EMILY_OK) fail_msg("%s: %s", emily__prim_name(prim), emily_last_error()->message);
  assert_int_equal(emily_array_dtype(y), dtype);
  assert_int_equal(emily_array_ndim(y), ndim);
  for (int32_t i = 0; i < ndim; i++) assert_int_equal(emily_array_shape(y)[i], shape[i]);
  emily_array_release(y);
}

static void refuse(emily__prim prim, const void *attrs, size_t size, emily_array *const *inputs, int32_t n, const char *why) {
  emily_array *y = NULL;
  assert_int_equal(build(prim, attrs, size, inputs, n, &y), EMILY_INVALID_ARGUMENT);
  if (!strstr(emily_last_error()->message, why)) fail_msg("\"%s\" does not say \"%s\"", emily_last_error()->message, why);
  assert_null(y);
}

#define LIST(...) (int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__})
#define ARRAYS(...) (emily_array *[]){__VA_ARGS__}, (int32_t)(sizeof((emily_array *[]){__VA_ARGS__}) / sizeof(void *))
#define P(name) EMILY__PRIM_##name

static emily_scope *s;
static emily_array *m34, *m45, *v4, *i4, *scalar, *flags;

static int open_scope(void **state) {
  (void)state;
  s = emily_scope_open(NULL);
  m34 = emily_zeros(s, SHAPE(3, 4), EMILY_FLOAT32);
  m45 = emily_zeros(s, SHAPE(4, 5), EMILY_FLOAT32);
  v4 = emily_zeros(s, SHAPE(4), EMILY_FLOAT32);
  i4 = emily_zeros(s, SHAPE(4), EMILY_INT32);
  scalar = emily_zeros(s, SCALAR, EMILY_FLOAT32);
  flags = emily_zeros(s, SHAPE(3, 4), EMILY_BOOL);
  return 0;
}

static int close_scope(void **state) {
  (void)state;
  return emily_scope_close(s);
}

static void views(void **state) {
  (void)state;
  expect(P(reshape), LIST(2, 2, 6), ARRAYS(m34), EMILY_FLOAT32, SHAPE(2, 6));
  refuse(P(reshape), LIST(1, 11), ARRAYS(m34), "keeps the number");
  refuse(P(reshape), LIST(2, -3, -4), ARRAYS(m34), "negative");
  refuse(P(reshape), LIST(65), ARRAYS(m34), "64 axes");
  expect(P(transpose), LIST(2, 1, 0), ARRAYS(m34), EMILY_FLOAT32, SHAPE(4, 3));
  refuse(P(transpose), LIST(2, 1, 1), ARRAYS(m34), "each axis once");
  refuse(P(transpose), LIST(1, 0), ARRAYS(m34), "each axis once");
  refuse(P(transpose), LIST(2, 0, 2), ARRAYS(m34), "out of range");
  expect(P(broadcast), LIST(3, 2, 3, 4), ARRAYS(m34), EMILY_FLOAT32, SHAPE(2, 3, 4));
  refuse(P(broadcast), LIST(2, 3, 5), ARRAYS(m34), "does not broadcast");
  refuse(P(broadcast), LIST(1, 4), ARRAYS(m34), "does not broadcast");
  expect(P(slice), LIST(2, 2, 0, 2, 2, -1, 3), ARRAYS(m34), EMILY_FLOAT32, SHAPE(2, 2));
  refuse(P(slice), LIST(2, 2, 0, 4, 2, -1, 3), ARRAYS(m34), "leaves its array");
  refuse(P(slice), LIST(2, 0, 0, 2, 2, INT64_MAX, 1), ARRAYS(m34), "leaves its array");
  refuse(P(slice), LIST(2, 0, 0, -1, 2, 1, 1), ARRAYS(m34), "negative extent");
  refuse(P(slice), LIST(1, 0, 1, 1), ARRAYS(m34), "each axis");
  refuse(P(bitcast), LIST(99), ARRAYS(m34), "no such dtype");
  refuse(P(bitcast), LIST(EMILY_INT8), ARRAYS(scalar), "of its own size");
  expect(P(bitcast), LIST(EMILY_FLOAT64), ARRAYS(m34), EMILY_FLOAT64, SHAPE(3, 2));
}

static void storage_and_moves(void **state) {
  (void)state;
  expect(P(full), LIST(EMILY_INT8, 1, 2, 3, 0), NULL, 0, EMILY_INT8, SHAPE(3, 0));
  refuse(P(full), LIST(99, 1, 1, 3), NULL, 0, "no such dtype");
  refuse(P(full), LIST(EMILY_INT8, 1, 2, INT64_MAX, 2), NULL, 0, "2^63");
  emily__attrs_iota iota = {.dtype = EMILY_INT32, .count = 5};
  expect(P(iota), &iota, sizeof iota, NULL, 0, EMILY_INT32, SHAPE(5));
  iota.dtype = -1;
  refuse(P(iota), &iota, sizeof iota, NULL, 0, "no such dtype");
  emily_array *key = emily_random_key(s, 1);
  expect(P(random_bits), LIST(2, 1, 7), ARRAYS(key), EMILY_UINT16, SHAPE(7));
  refuse(P(random_bits), LIST(3, 1, 7), ARRAYS(key), "width");
  refuse(P(random_bits), LIST(4, 1, 7), ARRAYS(i4), "a key");
  expect(P(astype), LIST(EMILY_BOOL), ARRAYS(m34), EMILY_BOOL, SHAPE(3, 4));
  refuse(P(astype), LIST(EMILY_DTYPE_COUNT), ARRAYS(m34), "no such dtype");
  expect(P(pad), LIST(EMILY__PAD_CONSTANT, 2, 1, 0, 0, 2, 0, 0), ARRAYS(m34, scalar), EMILY_FLOAT32, SHAPE(4, 6));
  refuse(P(pad), LIST(EMILY__PAD_CONSTANT, 2, -1, 0, 0, 2, 0, 0), ARRAYS(m34, scalar), "not negative");
  refuse(P(pad), LIST(EMILY__PAD_CONSTANT, 2, INT64_MAX, 0, 0, 2, 0, 0), ARRAYS(m34, scalar), "63 bits");
  refuse(P(pad), LIST(EMILY__PAD_CONSTANT, 1, 0, 2, 0), ARRAYS(m34, scalar), "each axis");
  refuse(P(pad), LIST(EMILY__PAD_CONSTANT, 2, 1, 0, 0, 2, 0, 0), ARRAYS(m34, v4), "0-d");
  refuse(P(pad), LIST(EMILY__PAD_EDGE, 2, 1, 0, 0, 2, 1, 0), ARRAYS(m34, scalar), "only constants");
  expect(P(concatenate), LIST(0), ARRAYS(m34, m34), EMILY_FLOAT32, SHAPE(6, 4));
  refuse(P(concatenate), LIST(0), ARRAYS(m34, m45), "off the axis");
  refuse(P(concatenate), LIST(0), ARRAYS(m34, flags), "rank or dtype");
  refuse(P(concatenate), LIST(2), ARRAYS(m34, m34), "out of range");
  refuse(P(concatenate), LIST(0), NULL, 0, "nothing");
  expect(P(slice_update), LIST(0, 1, 1, 4, 1), ARRAYS(emily_zeros(s, SHAPE(6), EMILY_FLOAT32), v4), EMILY_FLOAT32, SHAPE(6));
  refuse(P(slice_update), LIST(0, 1, 0, 3, 1), ARRAYS(v4, v4), "the shape of the slice");
  refuse(P(slice_update), LIST(0, 1, 0, 4, 1), ARRAYS(v4, i4), "dtype of its array");
}

static void indices(void **state) {
  (void)state;
  expect(P(take), LIST(1), ARRAYS(m34, i4), EMILY_FLOAT32, SHAPE(3, 4));
  expect(P(take), LIST(0), ARRAYS(m34, i4), EMILY_FLOAT32, SHAPE(4, 4));
  refuse(P(take), LIST(0), ARRAYS(m34, v4), "integers");
  refuse(P(take), LIST(2), ARRAYS(m34, i4), "out of range");
  expect(P(take_along_axis), LIST(0), ARRAYS(v4, i4), EMILY_FLOAT32, SHAPE(4));
  refuse(P(take_along_axis), LIST(0), ARRAYS(m34, i4), "rank");
  refuse(P(take_along_axis), LIST(0), ARRAYS(v4, v4), "integers");
  refuse(P(take_along_axis), LIST(1), ARRAYS(m34, emily_zeros(s, SHAPE(2, 4), EMILY_INT8)), "off the axis");
}

static void elementwise_and_reductions(void **state) {
  (void)state;
  expect(P(add), NULL, 0, ARRAYS(m34, m34), EMILY_FLOAT32, SHAPE(3, 4));
  refuse(P(add), NULL, 0, ARRAYS(m34, v4), "differ");
  refuse(P(less), NULL, 0, ARRAYS(v4, i4), "differ");
  expect(P(less), NULL, 0, ARRAYS(v4, v4), EMILY_BOOL, SHAPE(4));
  expect(P(select), NULL, 0, ARRAYS(flags, m34, m34), EMILY_FLOAT32, SHAPE(3, 4));
  refuse(P(select), NULL, 0, ARRAYS(m34, m34, m34), "bool condition");
  expect(P(isnan), NULL, 0, ARRAYS(v4), EMILY_BOOL, SHAPE(4));
  expect(P(abs), NULL, 0, ARRAYS(emily_zeros(s, SHAPE(2), EMILY_COMPLEX64)), EMILY_FLOAT32, SHAPE(2));
  expect(P(sum), LIST(0, 1, 0), ARRAYS(m34), EMILY_FLOAT32, SHAPE(4));
  expect(P(all), LIST(1, 2, 0, 1), ARRAYS(m34), EMILY_BOOL, SHAPE(1, 1));
  refuse(P(sum), LIST(0, 2, 1, 0), ARRAYS(m34), "ascending");
  refuse(P(sum), LIST(0, 1, 2), ARRAYS(m34), "out of range");
  expect(P(argmax), LIST(1, 1), ARRAYS(m34), EMILY_UINT32, SHAPE(3, 1));
  refuse(P(argmax), LIST(0, 0), ARRAYS(emily_zeros(s, SHAPE(0), EMILY_FLOAT32)), "empty");
  expect(P(argsort), LIST(0, 0, -1), ARRAYS(v4), EMILY_UINT32, SHAPE(4));
  refuse(P(sort), LIST(0, 0, 4), ARRAYS(v4), "kth is not on the axis");
  refuse(P(sort), LIST(1, 0, -1), ARRAYS(v4), "out of range");
  expect(P(logsumexp), NULL, 0, ARRAYS(m34), EMILY_FLOAT32, SHAPE(3, 1));
  refuse(P(logsumexp), NULL, 0, ARRAYS(scalar), "last axis");
}

static void products_and_fused(void **state) {
  (void)state;
  emily__attrs_matmul one = {1, 1};
  emily_array *m35 = emily_zeros(s, SHAPE(3, 5), EMILY_FLOAT32), *half = emily_zeros(s, SHAPE(4, 5), EMILY_BFLOAT16);
  expect(P(matmul), &one, sizeof one, ARRAYS(m34, m45), EMILY_FLOAT32, SHAPE(3, 5));
  expect(P(matmul), &one, sizeof one, ARRAYS(m34, half, m35), EMILY_FLOAT32, SHAPE(3, 5));
  refuse(P(matmul), &one, sizeof one, ARRAYS(m45, m34), "[..., M, K]");
  refuse(P(matmul), &one, sizeof one, ARRAYS(m34, m45, m34), "addend");
  refuse(P(matmul), &one, sizeof one, ARRAYS(half, emily_zeros(s, SHAPE(5, 2), EMILY_FLOAT32)), "differ in dtype");
  expect(P(matmul), &one, sizeof one, ARRAYS(emily_zeros(s, SHAPE(1, 1), EMILY_INT8), emily_zeros(s, SHAPE(1, 1), EMILY_INT8)), EMILY_INT8, SHAPE(1, 1));
  emily__attrs_norm norm = {.eps = 1e-5f, .has_weight = 1};
  expect(P(rms_norm), &norm, sizeof norm, ARRAYS(m34, v4), EMILY_FLOAT32, SHAPE(3, 4));
  refuse(P(rms_norm), &norm, sizeof norm, ARRAYS(m45, v4), "extent of the last axis");
  refuse(P(rms_norm), &norm, sizeof norm, ARRAYS(scalar), "axis");
  refuse(P(rms_norm), &norm, sizeof norm, ARRAYS(i4), "floats");
  emily__attrs_attention a = {.scale = 1};
  emily_array *q = emily_zeros(s, SHAPE(1, 4, 2, 8), EMILY_FLOAT32), *k = emily_zeros(s, SHAPE(1, 2, 3, 8), EMILY_FLOAT32);
  expect(P(attention), &a, sizeof a, ARRAYS(q, k, k), EMILY_FLOAT32, SHAPE(1, 4, 2, 8));
  refuse(P(attention), &a, sizeof a, ARRAYS(k, q, q), "multiple of Hk");
  refuse(P(attention), &a, sizeof a, ARRAYS(q, m34, m34), "four axes");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views),
      cmocka_unit_test(storage_and_moves),
      cmocka_unit_test(indices),
      cmocka_unit_test(elementwise_and_reductions),
      cmocka_unit_test(products_and_fused),
  };
  return cmocka_run_group_tests(tests, open_scope, close_scope);
}
