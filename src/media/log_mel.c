/* log_mel.c: see log_mel.h. A transform takes two windows at once, as real and imaginary parts, and LANES such pairs lie
 * side by side, so that each step of it is a loop over lanes that the compiler turns into vectors. */
#include "media/log_mel.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

enum { LANES = 8, WINDOWS = 2 * LANES, MOST_FACTORS = 16 };

static const double PI = 3.14159265358979323846;

/* One triangle: the bins [first, first + count) of the spectrum with their weights. */
typedef struct triangle {
  int64_t first, count;
  double *weights; /* within plan.weights */
} triangle;

typedef struct plan {
  const emily__log_mel_settings *settings;
  int64_t factors[MOST_FACTORS];
  int factor_count;
  double *window;      /* hann [fft] */
  double *cos, *sin;   /* of 2 pi i / fft [fft] */
  double *x, *y;       /* [2 (re, im), fft, LANES] */
  double *power;       /* [fft / 2 + 1, WINDOWS] */
  double *weights;     /* of all triangles: [mels, fft / 2 + 1] at most */
  triangle *triangles; /* [mels] */
} plan;

/* ---- the filters ---- */

/* Slaney's scale: linear below 1000 Hz, logarithmic above. */
static double hertz_to_mel(double hertz) {
  return hertz < 1000 ? 3 * hertz / 200 : 15 + log(hertz / 1000) * (27 / log(6.4));
}

static double mel_to_hertz(double mel) { return mel < 15 ? 200 * mel / 3 : 1000 * exp((log(6.4) / 27) * (mel - 15)); }

/* Corner i of mels + 2, equally far apart in mels from 0 to 8000 Hz. */
static double corner(const plan *p, int64_t i) {
  return mel_to_hertz(hertz_to_mel(8000) * (double)i / (double)(p->settings->mels + 1));
}

static void make_triangle(const plan *p, int64_t mel, double *weights, triangle *out) {
  double low = corner(p, mel), middle = corner(p, mel + 1), high = corner(p, mel + 2);
  int64_t bins = p->settings->fft / 2 + 1;
  *out = (triangle){.weights = weights};
  for (int64_t k = 0; k < bins; k++) {
    double hertz = (double)(p->settings->rate / 2) * (double)k / (double)(bins - 1);
    double up = (hertz - low) / (middle - low), down = (high - hertz) / (high - middle);
    double height = up < down ? up : down;
    if (height <= 0 && !out->count) continue;
    if (height <= 0) break;
    if (!out->count) out->first = k;
    weights[out->count++] = height * 2 / (high - low);
  }
}

/* ---- the transform ---- */

static int factorize(int64_t n, int64_t *factors) {
  int count = 0;
  while (n % 4 == 0) factors[count++] = 4, n /= 4;
  for (int64_t p = 2; n > 1; p++)
    while (n % p == 0) factors[count++] = p, n /= p;
  return count;
}

bool emily__log_mel_fft_serves(int64_t fft) {
  if (fft < 2 || fft > EMILY__LOG_MEL_MOST_FFT) return false;
  for (int64_t p = 2; p <= EMILY__LOG_MEL_MOST_PRIME; p++)
    while (fft % p == 0) fft /= p;
  return fft == 1;
}

/* One output f < p m of the transform of length p m that p ones of length m make (decimation in time):
 * y[f] = Σ over q of w^(q f) x[q][f mod m], w = e^(-2 pi i / (p m)). x's parts lie `step` elements apart. */
static void butterfly(const plan *p, int64_t radix, int64_t turn, const double *xr, const double *xi, int64_t step,
                      double *restrict yr, double *restrict yi) {
  int64_t n = p->settings->fft, at = 0;
  double re[LANES] = {0}, im[LANES] = {0};
  for (int64_t q = 0; q < radix; q++) {
    double c = p->cos[at], s = p->sin[at];
    const double *ar = xr + q * step * LANES, *ai = xi + q * step * LANES;
    for (int l = 0; l < LANES; l++) re[l] += c * ar[l] + s * ai[l];
    for (int l = 0; l < LANES; l++) im[l] += c * ai[l] - s * ar[l];
    at = (at + turn) % n;
  }
  memcpy(yr, re, sizeof re);
  memcpy(yi, im, sizeof im);
}

/* x in natural order becomes its transform in natural order; x and y change places after each factor (Stockham). */
static void transform(plan *p) {
  int64_t n = p->settings->fft, m = 1;
  for (int i = 0; i < p->factor_count; i++) {
    int64_t radix = p->factors[i], rest = n / (radix * m);
    const double *xr = p->x, *xi = p->x + n * LANES;
    double *yr = p->y, *yi = p->y + n * LANES;
    for (int64_t j = 0; j < rest; j++)
      for (int64_t f = 0; f < radix * m; f++) {
        int64_t from = (j * m + f % m) * LANES, to = (j * radix * m + f) * LANES;
        butterfly(p, radix, f * rest % n, xr + from, xi + from, rest * m, yr + to, yi + to);
      }
    double *swap = p->x;
    p->x = p->y, p->y = swap;
    m *= radix;
  }
}

/* ---- the spectra ---- */

/* The sound continued by its mirror image at both ends; beyond that, silence. */
static double mirrored(const float *samples, int64_t count, int64_t at) {
  if (at < 0) at = -at;
  if (at >= count) at = 2 * (count - 1) - at;
  return at >= 0 && at < count ? (double)samples[at] : 0;
}

/* Windows [first, first + WINDOWS) into x: even ones real, odd ones imaginary. */
static void load_windows(plan *p, const float *samples, int64_t count, int64_t first) {
  int64_t n = p->settings->fft;
  for (int64_t i = 0; i < n; i++)
    for (int w = 0; w < WINDOWS; w++) {
      int64_t at = (first + w) * p->settings->hop - n / 2 + i;
      double value = at >= 0 && at < count ? (double)samples[at] : mirrored(samples, count, at);
      p->x[(w % 2) * n * LANES + i * LANES + w / 2] = value * p->window[i];
    }
}

/* The two windows of a lane told apart: |X_even[k]|^2 = |Z[k] + conj Z[n-k]|^2 / 4, |X_odd[k]|^2 with a minus. */
static void take_power(const plan *p) {
  int64_t n = p->settings->fft;
  const double *re = p->x, *im = p->x + n * LANES;
  for (int64_t k = 0; k <= n / 2; k++) {
    int64_t a = k * LANES, b = (n - k) % n * LANES;
    double *out = p->power + k * WINDOWS;
    for (int l = 0; l < LANES; l++) {
      double er = re[a + l] + re[b + l], ei = im[a + l] - im[b + l];
      double or = im[a + l] + im[b + l], oi = re[a + l] - re[b + l];
      out[2 * l] = (er * er + ei * ei) / 4;
      out[2 * l + 1] = (or * or + oi * oi) / 4;
    }
  }
}

/* log10 of each triangle's sum over WINDOWS windows, the columns [first, …) of out; the largest so far. */
static void take_mels(const plan *p, int64_t first, int64_t frames, float *out, double *largest) {
  int64_t columns = frames - first < WINDOWS ? frames - first : WINDOWS;
  for (int64_t m = 0; m < p->settings->mels; m++) {
    const triangle *t = &p->triangles[m];
    double sums[WINDOWS] = {0};
    for (int64_t k = 0; k < t->count; k++)
      for (int w = 0; w < WINDOWS; w++) sums[w] += t->weights[k] * p->power[(t->first + k) * WINDOWS + w];
    for (int64_t w = 0; w < columns; w++) {
      double value = log10(sums[w] > 1e-10 ? sums[w] : 1e-10);
      if (value > *largest) *largest = value;
      out[m * frames + first + w] = (float)value;
    }
  }
}

static void scale(float *out, int64_t count, double largest) {
  float least = (float)(largest - 8);
  for (int64_t i = 0; i < count; i++) out[i] = ((out[i] > least ? out[i] : least) + 4) / 4;
}

/* ---- the plan ---- */

static bool plan_alloc(plan *p) {
  size_t n = (size_t)p->settings->fft, bins = n / 2 + 1, mels = (size_t)p->settings->mels;
  p->window = emily__alloc_array(n, sizeof(double));
  p->cos = emily__alloc_array(n, sizeof(double));
  p->sin = emily__alloc_array(n, sizeof(double));
  p->x = emily__alloc_array(2 * n * LANES, sizeof(double));
  p->y = emily__alloc_array(2 * n * LANES, sizeof(double));
  p->power = emily__alloc_array(bins * WINDOWS, sizeof(double));
  p->weights = emily__alloc_array(mels * bins, sizeof(double));
  p->triangles = emily__alloc_array(mels, sizeof *p->triangles);
  return p->window && p->cos && p->sin && p->x && p->y && p->power && p->weights && p->triangles;
}

static void plan_free(plan *p) {
  void *blocks[] = {p->window, p->cos, p->sin, p->x, p->y, p->power, p->weights, p->triangles};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) emily__free(blocks[i]);
}

static void plan_fill(plan *p) {
  int64_t n = p->settings->fft, bins = n / 2 + 1;
  for (int64_t i = 0; i < n; i++) {
    double angle = 2 * PI * (double)i / (double)n;
    p->cos[i] = cos(angle), p->sin[i] = sin(angle);
    p->window[i] = 0.5 - 0.5 * cos(angle);
  }
  for (int64_t m = 0; m < p->settings->mels; m++) make_triangle(p, m, p->weights + m * bins, &p->triangles[m]);
  p->factor_count = factorize(n, p->factors);
}

int64_t emily__log_mel_frames(const emily__log_mel_settings *settings, size_t count) {
  int64_t odd = settings->fft % 2; /* half of a window stands before the first sample, and half of it is cut down */
  return ((int64_t)count - odd) / settings->hop;
}

emily_status emily__log_mel(const emily__log_mel_settings *settings, const float *samples, size_t count, float *out) {
  plan p = {.settings = settings};
  int64_t frames = emily__log_mel_frames(settings, count);
  double largest = -10;
  if (!plan_alloc(&p)) {
    plan_free(&p);
    return EMILY_OUT_OF_MEMORY;
  }
  plan_fill(&p);
  for (int64_t first = 0; first < frames; first += WINDOWS) {
    load_windows(&p, samples, (int64_t)count, first);
    transform(&p);
    take_power(&p);
    take_mels(&p, first, frames, out, &largest);
  }
  scale(out, settings->mels * frames, largest);
  plan_free(&p);
  return EMILY_OK;
}
