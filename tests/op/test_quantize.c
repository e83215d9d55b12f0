/* test_quantize.c: quantized matrices by hand, there and back, and refusals. */
#include "support/arrays.h"

#include <math.h>

typedef struct parts {
  emily_array *w, *scales, *biases;
} parts;

static parts quantize(emily_scope *s, emily_array *w, emily_array *global, int64_t group, int64_t bits, const char *mode) {
  emily_array *out[3] = {NULL, NULL, NULL};
  size_t count = 0;
  assert_int_equal(emily_quantize(s, w, global, group, bits, mode, out, 3, &count), EMILY_OK);
  assert_int_equal(count, strcmp(mode, "affine") == 0 ? 3 : 2);
  return (parts){out[0], out[1], out[2]};
}

/* 0, 1, … 15 twice are their own codes: the edge is 15, the scale -1. */
static void affine_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *w = emily_reshape(s, emily_remainder(s, test_range(s, 0, 32, EMILY_FLOAT32), FLOATS(s, SCALAR, 16)), SHAPE(1, 32));
  parts q = quantize(s, w, NULL, 32, 4, "affine");
  EXPECT(s, q.scales, SHAPE(1, 1), -1);
  EXPECT(s, q.biases, SHAPE(1, 1), 15);
  EXPECT(s, q.w, SHAPE(1, 4), 0x89ABCDEFu, 0x01234567u, 0x89ABCDEFu, 0x01234567u);
  emily_array *back = emily_dequantize(s, q.w, q.scales, q.biases, NULL, 32, 4, "affine", -1);
  EXPECT(s, emily_array_equal(s, back, w, false), SCALAR, 1);
  test_close(s);
}

/* Whole numbers that the scale meets come back exactly, at each width and group. */
static void codes_come_back(void **state) {
  (void)state;
  const int64_t widths[] = {2, 3, 4, 5, 6, 8};
  const emily_dtype dtypes[] = {EMILY_FLOAT32, EMILY_FLOAT16, EMILY_BFLOAT16, EMILY_FLOAT64};
  emily_scope *s = emily_scope_open(NULL);
  for (int b = 0; b < 6; b++)
    for (int64_t group = 32; group <= 128; group *= 2)
      for (int d = 0; d < 4; d++) {
        double levels = (double)((1 << widths[b]) - 1);
        emily_array *codes = emily_remainder(s, test_range(s, 0, 3 * 2 * group, EMILY_FLOAT32), FLOATS(s, SCALAR, (float)levels + 1));
        emily_array *first = emily_reshape(s, codes, SHAPE(3, 2, group)); /* every group has its lowest and its highest */
        first = emily_slice_update(s, first, FLOATS(s, SHAPE(2), 0, (float)levels), INTS(0, 0, 0), INTS(3, 2, 2), NULL);
        emily_array *w = emily_astype(s, emily_reshape(s, first, SHAPE(3, 2 * group)), dtypes[d]);
        parts q = quantize(s, w, NULL, group, widths[b], "affine");
        assert_int_equal(emily_array_dtype(q.scales), dtypes[d]);
        emily_array *back = emily_dequantize(s, q.w, q.scales, q.biases, NULL, group, widths[b], "affine", -1);
        EXPECT(s, emily_array_equal(s, back, w, false), SCALAR, 1);
      }
  test_close(s);
}

/* Modes without biases: e2m1 and e4m3 elements, zero and the largest, scales as bytes. */
static void microscaling_by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *w = emily_zeros(s, SHAPE(1, 32), EMILY_FLOAT32);
  w = emily_slice_update(s, w, FLOATS(s, SHAPE(1, 8), 12, -6, 1, 8, -1, 0, 3, 4), INTS(0, 0), INTS(1, 8), NULL);
  parts q = quantize(s, w, NULL, 0, 0, "mxfp4");
  EXPECT(s, q.scales, SHAPE(1, 1), 128);
  EXPECT(s, q.w, SHAPE(1, 4), 0x430961D7u, 0, 0, 0);
  emily_array *back = emily_dequantize(s, q.w, q.scales, NULL, NULL, 0, 0, "mxfp4", EMILY_FLOAT32);
  EXPECT(s, emily_array_equal(s, back, w, false), SCALAR, 1);
  q = quantize(s, w, NULL, 0, 0, "mxfp8");
  EXPECT(s, q.scales, SHAPE(1, 1), 122);
  EXPECT(s, emily_array_equal(s, emily_dequantize(s, q.w, q.scales, NULL, NULL, 0, 0, "mxfp8", -1), w, false), SCALAR, 1);
  q = quantize(s, w, NULL, 0, 0, "nvfp4");
  EXPECT(s, q.scales, SHAPE(1, 2), 0x40, 0);
  EXPECT(s, q.w, SHAPE(1, 4), 0x430961D7u, 0, 0, 0);
  q = quantize(s, w, FLOATS(s, SCALAR, 12), 0, 0, "nvfp4"); /* the largest group's scale is the largest e4m3 */
  EXPECT(s, q.scales, SHAPE(1, 2), 0x7E, 0);
  EXPECT_NEAR(s, emily_sum(s, emily_dequantize(s, q.w, q.scales, NULL, FLOATS(s, SCALAR, 12), 0, 0, "nvfp4", EMILY_FLOAT32), NULL, 0, false), 1e-5, SCALAR, 21);
  test_close(s);
}

#define REFUSED(call, text)                                   \
  do {                                                        \
    emily_scope *s = emily_scope_open(NULL);                  \
    emily_array *w = emily_ones(s, SHAPE(2, 64), EMILY_FLOAT32), *out[3]; \
    (void)w, (void)out;                                       \
    call;                                                     \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);     \
  } while (0)
#define QUANTIZE(x, group, bits, mode) emily_quantize(s, x, NULL, group, bits, mode, out, 3, NULL)
#define WORDS(...) emily_zeros(s, SHAPE(__VA_ARGS__), EMILY_UINT32)
#define ZEROS(...) emily_zeros(s, SHAPE(__VA_ARGS__), EMILY_FLOAT32)
#define BYTES(...) emily_zeros(s, SHAPE(__VA_ARGS__), EMILY_UINT8)

static void refusals(void **state) {
  (void)state;
  REFUSED(QUANTIZE(w, 0, 0, "int4"), "mode \"int4\" is none of affine, mxfp4, mxfp8, nvfp4");
  REFUSED(QUANTIZE(w, 0, 0, NULL), "is none of");
  REFUSED(QUANTIZE(w, 16, 0, "affine"), "groups of 32, 64 or 128");
  REFUSED(QUANTIZE(w, INT64_MIN, 0, "affine"), "groups of 32, 64 or 128");
  REFUSED(QUANTIZE(w, 0, 7, "affine"), "2, 3, 4, 5, 6 or 8 bits");
  REFUSED(QUANTIZE(w, 0, INT64_MAX, "affine"), "2, 3, 4, 5, 6 or 8 bits");
  REFUSED(QUANTIZE(w, 64, 0, "mxfp4"), "mode mxfp4 has groups of 32 and 4 bits");
  REFUSED(QUANTIZE(w, 128, 0, "affine"), "the last axis, 64, is no multiple of the group size, 128");
  REFUSED(QUANTIZE(emily_ones(s, SHAPE(64), EMILY_FLOAT32), 0, 0, "affine"), "at least two axes");
  REFUSED(QUANTIZE(emily_ones(s, SHAPE(2, 64), EMILY_INT32), 0, 0, "affine"), "floats are quantized");
  REFUSED(emily_quantize(s, w, w, 0, 0, "nvfp4", out, 3, NULL), "a global scale is one float32");
  REFUSED(emily_quantize(s, w, FLOATS(s, SCALAR, 1), 0, 0, "affine", out, 3, NULL), "a global scale is mode nvfp4's alone");
  REFUSED(emily_quantize(s, w, NULL, 0, 0, "affine", out, 2, NULL), "there are 3 results and room for 2");
  REFUSED(emily_dequantize(s, w, ZEROS(2, 1), ZEROS(2, 1), NULL, 0, 0, "affine", -1), "a quantized matrix is uint32");
  REFUSED(emily_dequantize(s, WORDS(2, 8), ZEROS(2, 1), NULL, NULL, 0, 0, "affine", -1), "mode affine has biases");
  REFUSED(emily_dequantize(s, WORDS(2, 8), ZEROS(2, 1), ZEROS(2, 2), NULL, 0, 0, "affine", -1), "scales and biases differ in shape");
  REFUSED(emily_dequantize(s, WORDS(2, 8), ZEROS(2, 2), ZEROS(2, 2), NULL, 0, 0, "affine", -1), "8 words of 4 bits are not 2 groups of 64");
  REFUSED(emily_dequantize(s, WORDS(2, 8), ZEROS(3, 1), ZEROS(3, 1), NULL, 0, 0, "affine", -1), "in another axis than the last");
  REFUSED(emily_dequantize(s, WORDS(2, 8), ZEROS(2, 2), NULL, NULL, 0, 0, "mxfp4", -1), "scales are uint8 in this mode");
  REFUSED(emily_dequantize(s, WORDS(2, 8), BYTES(2, 2), BYTES(2, 2), NULL, 0, 0, "mxfp4", -1), "biases are mode affine's alone");
  REFUSED(emily_dequantize(s, WORDS(2, 8), BYTES(2, 2), NULL, NULL, 0, 0, "mxfp4", EMILY_INT8), "dequantized to floats");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(affine_by_hand),
      cmocka_unit_test(codes_come_back),
      cmocka_unit_test(microscaling_by_hand),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
