/* test_call.c: the op table, calls by name, and hostile arguments. */
#include "support/calls.h"

#include <math.h>
#include <stdio.h>

static void the_table_is_whole(void **state) {
  (void)state;
  assert_null(emily_op_at(-1));
  assert_null(emily_op_at(emily_op_count()));
  assert_null(emily_op_find("no_such_op"));
  assert_null(emily_op_find(NULL));
  for (int32_t i = 0; i < emily_op_count(); i++) {
    const emily_op_info *info = emily_op_at(i);
    assert_ptr_equal(emily_op_find(info->name), info); /* and so no name is there twice */
    assert_true(strlen(info->summary) > 0 && strlen(info->group) > 0);
    for (int32_t k = 0; k < info->arg_count; k++) {
      const emily_arg_info *arg = &info->args[k];
      assert_in_range(arg->kind, EMILY_ARG_ARRAY, EMILY_ARG_PER_AXIS);
      if (arg->kind != EMILY_ARG_TEXT) assert_int_equal(arg->required, strlen(arg->default_text) == 0);
      if (arg->kind == EMILY_ARG_ARRAY) assert_true(arg->required);
      if (arg->kind == EMILY_ARG_OPTIONAL) assert_false(arg->required);
      for (int32_t j = 0; j < k; j++) assert_string_not_equal(arg->name, info->args[j].name);
    }
  }
}

/* ---- calls ---- */

#define CALL(s, op, operands, operand_count, attrs, attr_count, out, capacity, count) \
  emily_call((s), (op), (operands), (operand_count), (attrs), (attr_count), (out), (capacity), (count))

static void a_call_reads_operands_and_attributes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 1, 2, 3, 4), *y;
  size_t count = 0;
  emily_attr attrs[] = {{.name = "axes", .kind = EMILY_ARG_AXES, .count = 1, .ints = INTS(-1)},
                        {.name = "keepdims", .kind = EMILY_ARG_FLAG, .i = 1}};
  assert_int_equal(CALL(s, "sum", &x, 1, attrs, 2, &y, 1, &count), EMILY_OK);
  assert_int_equal(count, 1);
  EXPECT(s, y, SHAPE(2, 1), 3, 7);
  attrs[0].count = -1; /* all axes */
  assert_int_equal(CALL(s, "sum", &x, 1, attrs, 1, &y, 1, NULL), EMILY_OK);
  EXPECT(s, y, SCALAR, 10);
  emily_attr to = {.name = "dtype", .kind = EMILY_ARG_DTYPE, .text = "int8"};
  assert_int_equal(CALL(s, "astype", &x, 1, &to, 1, &y, 1, NULL), EMILY_OK);
  assert_int_equal(emily_array_dtype(y), EMILY_INT8);
  to = (emily_attr){.name = "dtype", .kind = EMILY_ARG_DTYPE, .i = EMILY_UINT16};
  assert_int_equal(CALL(s, "astype", &x, 1, &to, 1, &y, 1, NULL), EMILY_OK);
  assert_int_equal(emily_array_dtype(y), EMILY_UINT16);
  emily_array *out[4];
  emily_attr parts = {.name = "parts", .kind = EMILY_ARG_INTS, .count = 1, .ints = INTS(2)};
  assert_int_equal(CALL(s, "split", &x, 1, &parts, 1, out, 4, &count), EMILY_OK);
  assert_int_equal(count, 2);
  EXPECT(s, out[1], SHAPE(1, 2), 3, 4);
  emily_array *mixed[] = {x, NULL, FLOATS(s, SCALAR, 2)}; /* an absent optional operand */
  assert_int_equal(CALL(s, "clip", mixed, 3, NULL, 0, &y, 1, NULL), EMILY_OK);
  EXPECT(s, y, SHAPE(2, 2), 1, 2, 2, 2);
  test_close(s);
}

static void wrong_calls_say_what_is_wrong(void **state) {
  (void)state;
  const struct {
    const char *op, *says;
    int32_t operands, attrs;
    emily_attr attr[2];
    emily_status status;
  } wrong[] = {
      {"no_such", "there is no op \"no_such\"", 0, 0, {{0}}, EMILY_NOT_FOUND},
      {"exp", "argument x is missing", 0, 0, {{0}}, EMILY_INVALID_ARGUMENT},
      {"exp", "2 operands were given, the op takes 1", 2, 0, {{0}}, EMILY_INVALID_ARGUMENT},
      {"astype", "argument dtype is missing", 1, 0, {{0}}, EMILY_INVALID_ARGUMENT},
      {"astype", "argument dtype is no dtype", 1, 1, {{.name = "dtype", .kind = EMILY_ARG_DTYPE, .text = "float17"}}, EMILY_INVALID_ARGUMENT},
      {"astype", "argument dtype has another kind", 1, 1, {{.name = "dtype", .kind = EMILY_ARG_REAL}}, EMILY_INVALID_ARGUMENT},
      {"exp", "an attribute was given", 1, 1, {{.name = "axis", .kind = EMILY_ARG_INT}}, EMILY_INVALID_ARGUMENT},
      {"sort", "an attribute was given", 1, 2, {{.name = "axis", .kind = EMILY_ARG_INT}, {.name = "axis", .kind = EMILY_ARG_INT}}, EMILY_INVALID_ARGUMENT},
      {"reshape", "argument shape is a list without values", 1, 1, {{.name = "shape", .kind = EMILY_ARG_INTS, .count = 2}}, EMILY_INVALID_ARGUMENT},
      {"reshape", "argument shape is a list without values", 1, 1, {{.name = "shape", .kind = EMILY_ARG_INTS, .count = -5}}, EMILY_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    emily_scope *s = emily_scope_open(NULL);
    emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3), *xs[] = {x, x}, *y = NULL;
    assert_int_equal(CALL(s, wrong[i].op, xs, (size_t)wrong[i].operands, wrong[i].attr, (size_t)wrong[i].attrs, &y, 1, NULL),
                     wrong[i].status);
    assert_null(y);
    test_expect_failure(s, wrong[i].status, wrong[i].says);
  }
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3), *y;
  emily_attr attrs[] = {{.name = "start", .kind = EMILY_ARG_INTS, .count = 2, .ints = INTS(0, 0)},
                        {.name = "stop", .kind = EMILY_ARG_INTS, .count = 1, .ints = INTS(1)}};
  assert_int_equal(CALL(s, "slice", &x, 1, attrs, 2, &y, 1, NULL), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "argument start wants one number for each axis");
  assert_int_equal(CALL(NULL, "exp", NULL, 0, NULL, 0, NULL, 0, NULL), EMILY_OUT_OF_MEMORY); /* a scope that could not be had */
}

static void results_need_room(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(3), 1, 2, 3), *out[2];
  assert_int_equal(CALL(s, "unstack", &x, 1, NULL, 0, out, 2, NULL), EMILY_INVALID_ARGUMENT);
  test_expect_failure(s, EMILY_INVALID_ARGUMENT, "there are 3 results and room for 2");
}

/* ---- every op of the table, with made-up arguments ---- */

static int64_t hostile_int(uint64_t *random) {
  static const int64_t few[] = {0, 1, -1, 2, -2, 3, 7, 64, 65, -65, 1 << 20, INT32_MAX, INT32_MIN, (int64_t)INT32_MAX + 1, INT64_MAX,
                                INT64_MAX - 1, INT64_MIN, INT64_MIN + 1, (int64_t)1 << 62, (int64_t)1 << 40, -((int64_t)1 << 40)};
  return few[test_random(random) % (sizeof few / sizeof *few)];
}

static emily_array *hostile_operand(emily_scope *s, uint64_t *random) {
  int64_t shape[6];
  int32_t ndim = (int32_t)(test_random(random) % 6);
  for (int32_t i = 0; i < ndim; i++) shape[i] = (int64_t)(test_random(random) % 8 ? test_random(random) % 4 : test_random(random) % 2 * 17);
  emily_array *x = emily_ones(s, shape, ndim, (emily_dtype)(test_random(random) % EMILY_DTYPE_COUNT));
  if (ndim && test_random(random) % 3 == 0) x = emily_transpose(s, x, NULL, 0);
  return x;
}

static void hostile_attribute(test_call *c, const emily_arg_info *arg, uint64_t *random) {
  static const double reals[] = {0, -0.0, 1, -1, 0.5, 1e300, -1e300, 1e19, 1e-300, (double)INFINITY, (double)-INFINITY, (double)NAN};
  if (!arg->required && test_random(random) % 3 == 0) return;
  emily_attr *a = &c->attrs[c->attr_count];
  int64_t *ints = c->ints[c->attr_count++];
  *a = (emily_attr){.name = arg->name, .kind = arg->kind, .i = hostile_int(random), .ints = ints};
  a->f = reals[test_random(random) % (sizeof reals / sizeof *reals)];
  a->count = (int32_t)(test_random(random) % 9) - (arg->kind == EMILY_ARG_AXES);
  bool tame = test_random(random) % 2;
  for (int i = 0; i < 8; i++) ints[i] = tame ? (int64_t)(test_random(random) % 5) - 1 : hostile_int(random);
  if (tame && arg->kind == EMILY_ARG_PER_AXIS && c->operands[0]) a->count = emily_array_ndim(c->operands[0]);
  if (arg->kind == EMILY_ARG_DTYPE && tame) a->i = (int64_t)(test_random(random) % EMILY_DTYPE_COUNT);
  if (test_random(random) % 50 == 0) a->kind = (emily_arg_kind)(test_random(random) % 14);
}

static void hostile_arguments_crash_nothing(void **state) {
  (void)state;
  uint64_t random = test_seed();
  emily_memory_info before = EMILY_MEMORY_INFO_INIT, after = EMILY_MEMORY_INFO_INIT;
  emily_memory_stats(NULL, &before);
  emily_memory_set_limit(NULL, (uint64_t)64 << 20); /* a range of 2^31 numbers is refused, not made */
  for (int round = 0; round < 20000; round++) {
    emily_scope *s = emily_scope_open(NULL);
    test_call c = {.info = emily_op_at((int32_t)(test_random(&random) % (uint64_t)emily_op_count()))};
    emily_array *shared = hostile_operand(s, &random);
    for (int32_t k = 0; k < c.info->arg_count; k++) {
      const emily_arg_info *arg = &c.info->args[k];
      int n = arg->kind == EMILY_ARG_ARRAY ? 1 : arg->kind == EMILY_ARG_ARRAYS ? (int)(test_random(&random) % 4) : arg->kind == EMILY_ARG_OPTIONAL;
      for (int i = 0; i < n; i++)
        c.operands[c.operand_count++] = arg->kind == EMILY_ARG_OPTIONAL && test_random(&random) % 2 ? NULL
                                        : test_random(&random) % 2                                    ? shared
                                                                                                      : hostile_operand(s, &random);
      if (arg->kind >= EMILY_ARG_INT) hostile_attribute(&c, arg, &random);
    }
    if (test_random(&random) % 50 == 0 && c.operand_count) c.operand_count--;
    test_call_look(s, &c);
    emily_scope_close(s);
  }
  emily_memory_set_limit(NULL, 0);
  emily_memory_stats(NULL, &after);
  assert_int_equal(after.active, before.active);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_table_is_whole),
      cmocka_unit_test(a_call_reads_operands_and_attributes),
      cmocka_unit_test(wrong_calls_say_what_is_wrong),
      cmocka_unit_test(results_need_room),
      cmocka_unit_test(hostile_arguments_crash_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
