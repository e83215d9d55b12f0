/* test_log_mel.c: the spectra against sums written out, where nothing is shared with the transform; Hugging Face's
 * features are in models/test_preprocess_sound.c. */
#include "media/log_mel.h"

#include "../support/arrays.h"
#include "../support/tones.h"

#include "base/alloc.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>

static const double PI = 3.14159265358979323846;

static double slaney(double hertz) { return hertz < 1000 ? hertz * 3 / 200 : 15 + log(hertz / 1000) * 27 / log(6.4); }

/* The height of triangle m at a frequency, its corners found by halving in place of a formula. */
static double hertz_of(double mel) {
  double low = 0, high = 20000;
  for (int i = 0; i < 80; i++) {
    double middle = (low + high) / 2;
    if (slaney(middle) < mel) low = middle;
    else high = middle;
  }
  return low;
}

static double naive(const emily__log_mel_settings *s, const float *x, int64_t count, int64_t mel, int64_t frame) {
  double step = slaney(8000) / (double)(s->mels + 1), sum = 0;
  double low = hertz_of(step * (double)mel), mid = hertz_of(step * (double)(mel + 1)), high = hertz_of(step * (double)(mel + 2));
  for (int64_t k = 0; k <= s->fft / 2; k++) {
    double hertz = (double)(s->rate / 2) * (double)k / (double)(s->fft / 2);
    double height = fmin((hertz - low) / (mid - low), (high - hertz) / (high - mid));
    if (height <= 0) continue;
    double complex z = 0;
    for (int64_t i = 0; i < s->fft; i++) {
      int64_t at = frame * s->hop - s->fft / 2 + i;
      if (at < 0) at = -at;
      if (at >= count) at = 2 * (count - 1) - at;
      z += (double)x[at] * (0.5 - 0.5 * cos(2 * PI * (double)i / (double)s->fft)) * cexp(-2 * PI * I * (double)(i * k % s->fft) / (double)s->fft);
    }
    sum += height * 2 / (high - low) * (creal(z) * creal(z) + cimag(z) * cimag(z));
  }
  return log10(fmax(sum, 1e-10));
}

static float *samples_new(uint32_t seed, size_t count) {
  int16_t *tones = tones_new(seed, count);
  float *samples = malloc(count * sizeof *samples + 1);
  for (size_t i = 0; i < count; i++) samples[i] = tones[i] / 32768.0f;
  free(tones);
  return samples;
}

static void compare(const emily__log_mel_settings *s, size_t count) {
  float *x = samples_new(9, count);
  int64_t frames = emily__log_mel_frames(s, count);
  float *got = malloc((size_t)(s->mels * frames) * sizeof *got);
  double *want = malloc((size_t)(s->mels * frames) * sizeof *want), largest = -10, worst = 0;
  assert_int_equal(emily__log_mel(s, x, count, got), EMILY_OK);
  for (int64_t m = 0; m < s->mels; m++)
    for (int64_t f = 0; f < frames; f++) largest = fmax(largest, want[m * frames + f] = naive(s, x, (int64_t)count, m, f));
  for (int64_t i = 0; i < s->mels * frames; i++) worst = fmax(worst, fabs((fmax(want[i], largest - 8) + 4) / 4 - (double)got[i]));
  printf("fft %lld: %.2e\n", (long long)s->fft, worst);
  assert_true(worst < 1e-6);
  free(x), free(got), free(want);
}

static void equals_the_sums_written_out(void **state) {
  (void)state;
  static const int64_t lengths[] = {400, 256, 2, 25, 399, 61, 122, 90};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
    compare(&(emily__log_mel_settings){.mels = 5, .rate = 16000, .fft = lengths[i], .hop = 97}, 2500 + 61 * i);
}

static void knows_the_lengths_that_serve(void **state) {
  (void)state;
  assert_true(emily__log_mel_fft_serves(400) && emily__log_mel_fft_serves(4096) && emily__log_mel_fft_serves(61 * 61));
  assert_false(emily__log_mel_fft_serves(1) || emily__log_mel_fft_serves(0) || emily__log_mel_fft_serves(-4));
  assert_false(emily__log_mel_fft_serves(67) || emily__log_mel_fft_serves(8192));
}

static void survives_failing_allocations(void **state) {
  (void)state;
  emily__log_mel_settings s = {.mels = 4, .rate = 16000, .fft = 64, .hop = 32};
  float *x = samples_new(1, 320), out[40];
  int64_t live = emily__alloc_live();
  for (int64_t n = 1;; n++) {
    emily__alloc_fail_after(n);
    emily_status status = emily__log_mel(&s, x, 320, out);
    emily__alloc_fail_after(0);
    assert_int_equal(emily__alloc_live(), live);
    if (status == EMILY_OK) break;
    assert_int_equal(status, EMILY_OUT_OF_MEMORY);
  }
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_the_sums_written_out),
      cmocka_unit_test(knows_the_lengths_that_serve),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
