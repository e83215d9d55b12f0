/* test_prims.c: the table of primitives is whole. */
#include "support/arrays.h"

#include "backend/backend.h"
#include "graph/node.h"

static void every_row_is_whole(void **state) {
  (void)state;
  for (int i = 0; i < EMILY__PRIM_COUNT; i++) {
    const emily__prim_info *row = &emily__prims[i];
    assert_non_null(row->name);
    assert_non_null(row->infer);
    assert_true(row->n_outputs >= 1 && row->n_outputs <= 4);
    assert_string_equal(emily__prim_name((emily__prim)i), row->name);
    for (int k = 0; k < i; k++) assert_string_not_equal(row->name, emily__prims[k].name);
    /* a view is nobody's kernel; what updates is not elementwise */
    assert_false((row->flags & EMILY__PRIM_VIEW) && (row->flags & ~EMILY__PRIM_VIEW));
    assert_false((row->flags & EMILY__PRIM_UPDATE) && (row->flags & EMILY__PRIM_ELEMENTWISE));
  }
  assert_string_equal(emily__prim_name(EMILY__PRIM_COUNT), "?");
}

static void the_host_runs_every_primitive_for_some_dtype(void **state) {
  (void)state;
  const emily__backend *host = emily__backend_host();
  for (int i = 0; i < EMILY__PRIM_COUNT; i++) {
    if (emily__prims[i].flags & EMILY__PRIM_VIEW) continue;
    int dtypes = 0;
    for (int d = 0; d < EMILY_DTYPE_COUNT; d++) dtypes += host->supports((emily__prim)i, d);
    if (emily__prims[i].n_outputs == 1 && host->supports((emily__prim)i, EMILY_INT4)) assert_true(emily__prims[i].flags & EMILY__PRIM_MOVES);
    if (!dtypes) fail_msg("%s runs for no dtype", emily__prims[i].name);
  }
  assert_true(host->supports(EMILY__PRIM_matmul, EMILY_BFLOAT16));
  assert_false(host->supports(EMILY__PRIM_rms_norm, EMILY_INT32));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_is_whole),
      cmocka_unit_test(the_host_runs_every_primitive_for_some_dtype),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
