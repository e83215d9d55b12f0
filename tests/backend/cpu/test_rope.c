/* test_rope.c: rope against float64: traditional or not, every kind of offset, given frequencies, partial rotation, layouts. */
#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "support/near.h"
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

static const emily_dtype floats[] = {EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT32, EMILY_FLOAT64};
enum { FLOATS = sizeof floats / sizeof *floats };

typedef struct rope_case {
  const emily__tensor *x, *offset, *freqs;
  emily__attrs_rope attrs;
} rope_case;

static double position_of(const rope_case *c, int64_t b, int64_t t) {
  const emily__tensor *o = c->offset;
  if (!o) return (double)(c->attrs.offset + t);
  if (o->ndim == 2) return (double)tensor_get_int(o, b * o->shape[1] + t);
  return (double)(tensor_get_int(o, o->ndim ? b : 0) + t);
}

static void rotate(const rope_case *c, double *row, double position) {
  const int64_t half = c->attrs.dims / 2;
  for (int64_t i = 0; i < half; i++) {
    const double f = c->freqs ? 1 / tensor_get(c->freqs, i) : pow(c->attrs.base, -2.0 * (double)i / (double)c->attrs.dims);
    const double angle = position * c->attrs.scale * f;
    double *p = row + (c->attrs.traditional ? 2 * i : i), *q = row + (c->attrs.traditional ? 2 * i + 1 : half + i);
    const double a = *p, b = *q;
    *p = a * cos(angle) - b * sin(angle);
    *q = a * sin(angle) + b * cos(angle);
  }
}

static void reference(const rope_case *c, double *want) {
  const emily__tensor *x = c->x;
  const int64_t width = x->shape[x->ndim - 1], length = x->shape[x->ndim - 2], rows = x->size / width;
  for (int64_t i = 0; i < x->size; i++) want[i] = tensor_get(x, i);
  for (int64_t row = 0; row < rows; row++)
    rotate(c, want + row * width, position_of(c, row / (rows / x->shape[0]), row % length));
}

static emily__tensor *run(const rope_case *c, emily_status want) {
  emily__attrs_rope attrs = c->attrs;
  const emily__tensor *inputs[3] = {c->x};
  int n = 1;
  if ((attrs.has_offset = c->offset != NULL)) inputs[n++] = c->offset;
  if ((attrs.has_freqs = c->freqs != NULL)) inputs[n++] = c->freqs;
  emily__tensor *out = tensor_new(c->x->dtype, c->x->ndim, c->x->shape);
  assert_int_equal(tensor_run(EMILY__PRIM_rope, &attrs, out, n, inputs), want);
  return out;
}

/* x within [-1, 1]: the two products of a result may cancel, so the error is absolute: angles' rounding in float64 (positions up to
 * 1e6 here: 1e6 · 2^-52), three float32 roundings inside, one at the end. */
static void check(const rope_case *c) {
  double *want = calloc((size_t)c->x->size + 1, sizeof *want);
  const double inside = c->x->dtype == EMILY_FLOAT64 ? 1e6 * 0x1p-51 : 4 * 0x1p-24;
  reference(c, want);
  assert_true(tensor_near(run(c, EMILY_OK), want, 0, inside + 1.5 * rounding_of(c->x->dtype)));
  free(want);
}

static emily__attrs_rope attributes(int64_t dims, bool traditional) {
  return (emily__attrs_rope){.dims = dims, .base = 10000, .scale = 1, .traditional = traditional};
}

/* B × T × 3-D/4-D */
static void rope_traditional_or_not_integer_or_array_offset_one_token_several_sequences(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 2, 33};
  for (int d = 0; d < FLOATS; d++)
    for (int64_t batch = 1; batch <= 3; batch += 2)
      for (int t = 0; t < 3; t++)
        for (int rank = 3; rank <= 5; rank++)
          for (int kind = 0; kind < 8; kind++) {
            const int64_t T = lengths[t], shapes[3][5] = {{batch, T, 22}, {batch, 3, T, 22}, {batch, 2, 3, T, 22}};
            rope_case c = {.x = tensor_random(floats[d], rank, shapes[rank - 3], -1, 1), .attrs = attributes(22, kind & 1)};
            c.attrs.offset = kind < 2 ? 0 : 1000;
            if (kind / 2 == 1) c.offset = tensor_random(EMILY_INT32, NO_DIMS, 0, 100);
            if (kind / 2 == 2) c.offset = tensor_random(EMILY_INT32, DIMS(batch), -50, 4000);
            if (kind / 2 == 3) c.offset = tensor_random(EMILY_INT32, DIMS(batch, T), 0, 1e6);
            check(&c);
            tensors_free();
          }
}

static void partial_rotation_base_scale_and_frequencies(void **state) {
  (void)state;
  static const int64_t dims[] = {2, 8, 32, 34, 64};
  for (int d = 0; d < FLOATS; d++)
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
      for (int kind = 0; kind < 4; kind++) {
        rope_case c = {.x = tensor_random(floats[d], DIMS(2, 3, 5, 64), -1, 1), .attrs = attributes(dims[i], kind & 1)};
        c.attrs.base = 1e6;
        c.attrs.scale = 0.25;
        c.attrs.offset = 77;
        if (kind > 1) c.freqs = tensor_laid_out(tensor_random(EMILY_FLOAT32, DIMS(dims[i] / 2), 0.5, 1000), LAYOUT_NEGATIVE);
        check(&c);
        tensors_free();
      }
}

static void negative_broadcast_padded_strides(void **state) {
  (void)state;
  for (int d = 0; d < FLOATS; d++)
    for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
      const emily__tensor *x = tensor_random(floats[d], DIMS(2, 3, 7, 16), -1, 1);
      const emily__tensor *offsets = tensor_random(EMILY_INT32, DIMS(2, 7), 0, 100);
      rope_case c = {.x = tensor_laid_out(x, layout), .offset = tensor_laid_out(offsets, layout), .attrs = attributes(12, layout & 1)};
      check(&c);
      /* [B, T, H, D] seen as [B, H, T, D], as projections give it */
      c.x = tensor_view(x, 0, DIMS(2, 7, 3, 16), (int64_t[]){336, 16, 112, 1});
      c.offset = NULL;
      check(&c);
      c.x = tensor_view(x, 0, DIMS(2, 3, 7, 16), (int64_t[]){0, 0, 16, 1});
      check(&c);
      tensors_free();
    }
}

/* Angles of float32's whole range of positions, and beyond the fast reduction's; cos and sin to the last place. */
static void far_positions(void **state) {
  (void)state;
  static const int64_t offsets[] = {-1000000, 40000, 131072, 1 << 20};
  for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
    rope_case c = {.x = tensor_random(EMILY_FLOAT32, DIMS(1, 4, 128), -1, 1), .attrs = attributes(128, false)};
    c.attrs.offset = offsets[i];
    check(&c);
    tensors_free();
  }
  rope_case c = {.x = tensor_random(EMILY_FLOAT32, DIMS(1, 2, 2), -1, 1), .attrs = attributes(2, false)};
  c.attrs.offset = INT32_MAX; /* the one frequency is 1: exact */
  check(&c);
  c.attrs.scale = 1024;
  check(&c);
  tensors_free();
}

typedef struct repeat {
  rope_case c;
  emily__tensor *first;
} repeat;

static void compare(void *context, int threads) {
  repeat *r = context;
  emily__tensor *y = run(&r->c, EMILY_OK);
  if (threads == 1) r->first = y;
  else assert_true(tensors_same(r->first, y));
}

static void a_result_that_depends_on_thread_count(void **state) {
  (void)state;
  repeat r = {.c = {.x = tensor_random(EMILY_FLOAT32, DIMS(2, 4, 100, 64), -1, 1), .attrs = attributes(64, false)}};
  with_threads(compare, &r);
  tensors_free();
}

static void zero_size_and_failing_allocations(void **state) {
  (void)state;
  rope_case c = {.x = tensor_new(EMILY_FLOAT32, DIMS(2, 0, 4)), .attrs = attributes(4, false)};
  run(&c, EMILY_OK);
  c.x = tensor_random(EMILY_FLOAT32, DIMS(2, 3, 4), -1, 1);
  for (int n = 1; n <= 2; n++) { /* the frequencies, a thread's angles */
    emily__alloc_fail_after(n);
    run(&c, EMILY_OUT_OF_MEMORY);
  }
  emily__alloc_fail_after(0);
  const int64_t live = emily__alloc_live();
  check(&c);
  assert_int_equal(emily__alloc_live(), live);
  tensors_free();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rope_traditional_or_not_integer_or_array_offset_one_token_several_sequences),
      cmocka_unit_test(partial_rotation_base_scale_and_frequencies),
      cmocka_unit_test(negative_broadcast_padded_strides),
      cmocka_unit_test(far_positions),
      cmocka_unit_test(a_result_that_depends_on_thread_count),
      cmocka_unit_test(zero_size_and_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
