/* test_fft.c: Fourier transforms by hand, along axes, cut and padded, and what they refuse. */
#include "support/arrays.h"

#include <math.h>

static emily_array *complexes(emily_scope *s, const float *pairs, int64_t n) {
  return emily_scope_adopt(s, emily_array_from_data(pairs, &n, 1, EMILY_COMPLEX64));
}

static void parts(emily_scope *s, emily_array *z, const double *re, const double *im, int32_t n) {
  const int64_t shape[] = {n};
  test_expect(s, emily_real(s, z), shape, 1, re, 1e-6);
  test_expect(s, emily_imag(s, z), shape, 1, im, 1e-6);
}

static void by_hand(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(4), 1, 2, 3, 4);
  parts(s, emily_fft_fft(s, x, 0, -1, "backward"), (double[]){10, -2, -2, -2}, (double[]){0, 2, 0, -2}, 4);
  parts(s, emily_fft_rfft(s, x, 0, 0, "backward"), (double[]){10, -2, -2}, (double[]){0, 2, 0}, 3);
  parts(s, emily_fft_fft(s, x, 2, 0, "forward"), (double[]){1.5, -0.5}, (double[]){0, 0}, 2); /* cut to 1, 2 */
  parts(s, emily_fft_rfft(s, x, 5, 0, "backward"), (double[]){10, -4.045084971874737, 1.545084971874737},
        (double[]){0, -1.3143277802978344, -2.1266270208801}, 3); /* padded to 1, 2, 3, 4, 0, up to a turn */
  EXPECT_NEAR(s, emily_fft_irfft(s, emily_fft_rfft(s, x, 0, 0, "ortho"), 0, 0, "ortho"), 1e-6, SHAPE(4), 1, 2, 3, 4);
  EXPECT_NEAR(s, emily_real(s, emily_fft_ifft(s, emily_fft_fft(s, x, 0, 0, "forward"), 0, 0, "forward")), 1e-6, SHAPE(4), 1, 2, 3, 4);
  /* the imaginary parts of the first and the last do not count */
  EXPECT_NEAR(s, emily_fft_irfft(s, complexes(s, (float[]){4, 9, 2, 7}, 2), 2, 0, "backward"), 1e-6, SHAPE(2), 3, 1);
  EXPECT(s, emily_fft_fftshift(s, FLOATS(s, SHAPE(5), 0, 1, 2, -2, -1), NULL, 0), SHAPE(5), -2, -1, 0, 1, 2);
  EXPECT(s, emily_fft_ifftshift(s, FLOATS(s, SHAPE(5), -2, -1, 0, 1, 2), NULL, 0), SHAPE(5), 0, 1, 2, -2, -1);
  EXPECT(s, emily_fft_fftfreq(s, 5, 0.2), SHAPE(5), 0, 1, 2, -2, -1);
  EXPECT(s, emily_fft_rfftfreq(s, 4, 0.25), SHAPE(3), 0, 1, 2);
  test_close(s);
}

static void several_axes(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(2, 2), 1, 2, 3, 4);
  EXPECT_NEAR(s, emily_real(s, emily_fft_fft2(s, x, NULL, 0, NULL, 0, "backward")), 1e-6, SHAPE(2, 2), 10, -2, -4, 0);
  EXPECT_NEAR(s, emily_real(s, emily_fft_rfftn(s, x, NULL, 0, INTS(1, 0), 2, "backward")), 1e-6, SHAPE(2, 2), 10, -2, -4, 0);
  EXPECT_NEAR(s, emily_fft_irfft2(s, emily_fft_rfft2(s, x, NULL, 0, NULL, 0, "backward"), INTS(2, 2), 2, NULL, 0, "backward"), 1e-6, SHAPE(2, 2), 1, 2, 3, 4);
  EXPECT(s, emily_fft_fftn(s, x, NULL, 0, INTS(0), 0, "backward"), SHAPE(2, 2), 1, 2, 3, 4); /* no axes */
  emily_array *none = emily_fft_fft(s, emily_zeros(s, SHAPE(0, 3), EMILY_FLOAT32), 0, 1, "backward");
  assert_int_equal(emily_array_size(none), 0);
  assert_int_equal(emily_array_dtype(none), EMILY_COMPLEX64);
  test_close(s);
}

/* Frames of 4 samples, 2 apart, come back through overlap-add; windows of any shape do. */
static void frames_there_and_back(void **state) {
  (void)state;
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = FLOATS(s, SHAPE(8), 1, 2, 3, 4, -1, -2, -3, -4), *window = FLOATS(s, SHAPE(4), 0.5f, 1, 1, 0.5f);
  emily_array *y = emily_fft_stft(s, x, window, 4, 2, 0, true, "reflect", "backward", -1);
  assert_int_equal(emily_array_dim(y, 0), 3);
  assert_int_equal(emily_array_dim(y, 1), 5);
  EXPECT_NEAR(s, emily_fft_istft(s, y, window, 0, 2, 0, true, "backward", -1, 8), 1e-5, SHAPE(8), 1, 2, 3, 4, -1, -2, -3, -4);
  y = emily_fft_stft(s, x, NULL, 4, 0, 0, false, "reflect", "ortho", 0);
  EXPECT_NEAR(s, emily_fft_istft(s, y, NULL, 4, 1, 0, false, "ortho", 0, 9), 1e-5, SHAPE(9), 1, 2, 3, 4, -1, -2, -3, -4, 0);
  test_close(s);
}

#define REFUSED(call, text)                                    \
  do {                                                         \
    emily_scope *s = emily_scope_open(NULL);                   \
    emily_array *x = emily_ones(s, SHAPE(2, 6), EMILY_FLOAT32); \
    (void)x;                                                   \
    assert_null(call);                                         \
    test_expect_failure(s, EMILY_INVALID_ARGUMENT, text);      \
  } while (0)

static void refusals(void **state) {
  (void)state;
  REFUSED(emily_fft_fft(s, x, -1, 0, "backward"), "a transform has 1 to 2^31 - 1 points, not -1");
  REFUSED(emily_fft_fft(s, x, 0, 2, "backward"), "axis 2 is out of range");
  REFUSED(emily_fft_fft(s, x, 0, 1, "loud"), "norm");
  REFUSED(emily_fft_fft(s, x, 0, 1, NULL), "norm");
  REFUSED(emily_fft_fft(s, emily_zeros(s, SCALAR, EMILY_FLOAT32), 0, 0, "backward"), "0-d");
  REFUSED(emily_fft_irfft(s, emily_zeros(s, SHAPE(1), EMILY_FLOAT32), 0, 0, "backward"), "not 0");
  REFUSED(emily_fft_fft(s, x, INT64_MAX, 0, "backward"), "points");
  REFUSED(emily_fft_fftn(s, x, NULL, 0, INTS(0, -2), 2, "backward"), "named twice");
  REFUSED(emily_fft_fftn(s, x, INTS(3), 1, INTS(0, 1), 2, "backward"), "2 axes and 1 lengths");
  REFUSED(emily_fft_fftn(s, x, INTS(3, 3, 3), 3, NULL, 0, "backward"), "3 axes");
  REFUSED(emily_fft_fftfreq(s, 0, 1), "n is 0");
  REFUSED(emily_fft_rfftfreq(s, 3, 0), "d is 0");
  REFUSED(emily_fft_stft(s, x, NULL, 0, 0, 0, true, "reflect", "backward", -1), "n_fft is 0");
  REFUSED(emily_fft_stft(s, x, NULL, 2, 0, 0, true, "reflect", "backward", -1), "hop_length is 0");
  REFUSED(emily_fft_stft(s, x, NULL, 4, INT64_MIN, 0, true, "reflect", "backward", -1), "hop_length");
  REFUSED(emily_fft_stft(s, x, x, 4, 1, 0, true, "reflect", "backward", -1), "a window has one axis");
  REFUSED(emily_fft_stft(s, x, NULL, 4, 1, 5, true, "reflect", "backward", -1), "win_length is 5");
  REFUSED(emily_fft_stft(s, x, NULL, 4, 1, 0, true, "mirror", "backward", -1), "mode");
  REFUSED(emily_fft_stft(s, x, NULL, 8, 1, 0, false, "reflect", "backward", -1), "shorter than a frame");
  REFUSED(emily_fft_istft(s, x, NULL, 9, 1, 0, true, "backward", -1, 0), "are not those of frames of 9");
  REFUSED(emily_fft_istft(s, x, NULL, 0, 1, 0, true, "backward", 2, 0), "onesided is 2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(several_axes),
      cmocka_unit_test(frames_there_and_back),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
