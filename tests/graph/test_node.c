/* test_node.c: who holds whom between arrays and nodes, and that all of it goes. */
#include "support/arrays.h"

#include "base/alloc.h"
#include "graph/node.h"

static int32_t refs(emily_array *x) { return atomic_load(&x->refs); }

static void a_node_holds_its_inputs_until_it_has_run(void **state) {
  (void)state;
  emily_array *x = emily_array_from_float(1, EMILY_FLOAT32), *y;
  assert_int_equal(emily__node_build(emily_stream_default(), EMILY__PRIM_add, NULL, 0, (emily_array *[]){x, x}, 2, &y), EMILY_OK);
  assert_int_equal(refs(x), 3);
  assert_ptr_equal(y->node->outputs[0], y);
  assert_int_equal(emily_eval(&y, 1), EMILY_OK);
  assert_int_equal(refs(x), 1);
  assert_null(y->node->inputs[0]);
  double value;
  emily_array_item_float(y, &value);
  assert_true(value == 2);
  emily_array_release(x);
  emily_array_release(y);
}

static void a_result_that_nobody_wants_frees_its_inputs(void **state) {
  (void)state;
  emily_array *x = emily_array_from_float(1, EMILY_FLOAT32), *y;
  assert_int_equal(emily__node_build(emily_stream_default(), EMILY__PRIM_exp, NULL, 0, &x, 1, &y), EMILY_OK);
  emily_array_release(y);
  assert_int_equal(refs(x), 1);
  emily_array_release(x);
}

static void attributes_are_copied(void **state) {
  (void)state;
  emily_array *x = emily_array_from_data((float[]){1, 2}, SHAPE(2), EMILY_FLOAT32), *y;
  int64_t attrs[] = {2, 2, 1};
  assert_int_equal(emily__node_build(emily_stream_default(), EMILY__PRIM_reshape, attrs, sizeof attrs, &x, 1, &y), EMILY_OK);
  memset(attrs, 0, sizeof attrs);
  const emily__attrs_ints *own = y->node->attrs;
  assert_int_equal(own->count, 2);
  assert_int_equal(own->values[0], 2);
  assert_int_equal((uintptr_t)own % 8, 0);
  emily_array_release(x);
  emily_array_release(y);
}

static void a_node_that_cannot_be_built_leaves_nothing(void **state) {
  (void)state;
  emily_array *x = emily_array_from_float(1, EMILY_FLOAT32);
  emily_stream *stream = emily_stream_default();
  for (int n = 1; n < 100; n++) {
    emily_array *y = NULL;
    emily__alloc_fail_after(n);
    int64_t live = emily__alloc_live();
    emily_status status = emily__node_build(stream, EMILY__PRIM_exp, NULL, 0, &x, 1, &y);
    emily__alloc_fail_after(0);
    if (status == EMILY_OK) {
      assert_true(n > 1);
      emily_array_release(y);
      emily_array_release(x);
      return;
    }
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
    assert_null(y);
    assert_int_equal(emily__alloc_live(), live);
    assert_int_equal(refs(x), 1);
  }
  fail_msg("building never succeeded");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_node_holds_its_inputs_until_it_has_run),
      cmocka_unit_test(a_result_that_nobody_wants_frees_its_inputs),
      cmocka_unit_test(attributes_are_copied),
      cmocka_unit_test(a_node_that_cannot_be_built_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
