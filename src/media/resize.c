/* resize.c: Pillow's resampling, to the bit. See image.h.
 *
 * Weights are made in double as Pillow makes them, normalized, and rounded to whole numbers of 2^-22 (8 bits of a pixel and 2 for filters
 * that overshoot leave 22 of 32); sums are then exact, so that the order of the terms does not matter. */
#include "media/image.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

enum { PRECISION = 32 - 8 - 2 };

typedef struct filter {
  double (*weight)(double x);
  double support; /* weight is 0 beyond it */
} filter;

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

static double bilinear(double x) {
  x = fabs(x);
  return x < 1 ? 1 - x : 0;
}

static double hamming(double x) {
  x = fabs(x);
  if (x == 0) return 1;
  if (x >= 1) return 0;
  x *= M_PI;
  return sin(x) / x * (0.54 + 0.46 * cos(x));
}

/* Keys 1981, a = -1/2 */
static double bicubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

static double sinc(double x) {
  if (x == 0) return 1;
  x *= M_PI;
  return sin(x) / x;
}

static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

static const filter filters[EMILY__RESAMPLE_COUNT] = {
    [EMILY__RESAMPLE_LANCZOS] = {lanczos, 3}, [EMILY__RESAMPLE_BILINEAR] = {bilinear, 1}, [EMILY__RESAMPLE_BICUBIC] = {bicubic, 2},
    [EMILY__RESAMPLE_BOX] = {box, 0.5},       [EMILY__RESAMPLE_HAMMING] = {hamming, 1},
};

/* Of one axis: result i is the sum over t < count[i] of weights[i * most + t] times the source at first[i] + t. */
typedef struct taps {
  int64_t most;
  int64_t *first, *count;
  int32_t *weights;
} taps;

static void free_taps(taps *t) {
  emily__free(t->first);
  emily__free(t->count);
  emily__free(t->weights);
}

static int32_t whole(double weight) {
  const double scaled = weight * (1 << PRECISION);
  return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/* Those of result i; row is scratch for `most` weights. */
static void fill_taps(taps *t, int64_t i, int64_t from, double scale, const filter *f, double *row) {
  const double wide = scale < 1 ? 1 : scale, support = f->support * wide, narrow = 1 / wide, center = ((double)i + 0.5) * scale;
  int64_t low = (int64_t)(center - support + 0.5), high = (int64_t)(center + support + 0.5);
  if (low < 0) low = 0;
  if (high > from) high = from;
  double sum = 0;
  for (int64_t k = 0; k < high - low; k++) sum += row[k] = f->weight(((double)(k + low) - center + 0.5) * narrow);
  for (int64_t k = 0; k < high - low; k++) t->weights[i * t->most + k] = whole(sum != 0 ? row[k] / sum : row[k]);
  t->first[i] = low, t->count[i] = high - low;
}

static emily_status make_taps(int64_t from, int64_t to, const filter *f, taps *t) {
  const double scale = (double)from / (double)to;
  const int64_t most = (int64_t)ceil(f->support * (scale < 1 ? 1 : scale)) * 2 + 1;
  size_t cells;
  double *row = emily__alloc_array((size_t)most, sizeof *row);
  *t = (taps){most, emily__alloc_array((size_t)to, sizeof *t->first), emily__alloc_array((size_t)to, sizeof *t->count), NULL};
  if (emily__mul_size((size_t)to, (size_t)most, &cells)) t->weights = emily__alloc_array(cells, sizeof *t->weights);
  if (!row || !t->first || !t->count || !t->weights) {
    emily__free(row);
    free_taps(t);
    return EMILY_OUT_OF_MEMORY;
  }
  for (int64_t i = 0; i < to; i++) fill_taps(t, i, from, scale, f, row);
  emily__free(row);
  return EMILY_OK;
}

static uint8_t clipped(int32_t sum) {
  sum >>= PRECISION;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static void along_rows(const emily__image *in, const taps *t, emily__image *out) {
  for (int64_t y = 0; y < in->height; y++) {
    const uint8_t *row = in->pixels + 3 * y * in->width;
    uint8_t *to = out->pixels + 3 * y * out->width;
    for (int64_t x = 0; x < out->width; x++, to += 3) {
      const uint8_t *p = row + 3 * t->first[x];
      const int32_t *w = t->weights + x * t->most;
      int32_t r = 1 << (PRECISION - 1), g = r, b = r;
      for (int64_t k = 0; k < t->count[x]; k++, p += 3) r += p[0] * w[k], g += p[1] * w[k], b += p[2] * w[k];
      to[0] = clipped(r), to[1] = clipped(g), to[2] = clipped(b);
    }
  }
}

/* A row of sums at a time: the source is read in its own order. */
static void along_columns(const emily__image *in, const taps *t, emily__image *out, int32_t *sums) {
  const int64_t bytes = 3 * in->width;
  for (int64_t y = 0; y < out->height; y++) {
    for (int64_t i = 0; i < bytes; i++) sums[i] = 1 << (PRECISION - 1);
    for (int64_t k = 0; k < t->count[y]; k++) {
      const uint8_t *row = in->pixels + (t->first[y] + k) * bytes;
      const int32_t w = t->weights[y * t->most + k];
      for (int64_t i = 0; i < bytes; i++) sums[i] += row[i] * w;
    }
    for (int64_t i = 0; i < bytes; i++) out->pixels[y * bytes + i] = clipped(sums[i]);
  }
}

static emily_status copy(const emily__image *in, emily__image *out) {
  EMILY__TRY(emily__image_new(in->width, in->height, "resize", out));
  memcpy(out->pixels, in->pixels, (size_t)(in->width * in->height) * 3);
  return EMILY_OK;
}

static emily_status resize_rows(const emily__image *in, int64_t width, const filter *f, emily__image *out) {
  taps t;
  if (width == in->width) return copy(in, out);
  EMILY__TRY(emily__image_new(width, in->height, "resize", out));
  emily_status status = make_taps(in->width, width, f, &t);
  if (status != EMILY_OK) {
    emily__image_free(out);
    return status;
  }
  along_rows(in, &t, out);
  free_taps(&t);
  return EMILY_OK;
}

static emily_status resize_columns(const emily__image *in, int64_t height, const filter *f, emily__image *out) {
  taps t = {0};
  if (height == in->height) return copy(in, out);
  EMILY__TRY(emily__image_new(in->width, height, "resize", out));
  int32_t *sums = emily__alloc_array((size_t)in->width * 3, sizeof *sums);
  emily_status status = sums ? make_taps(in->height, height, f, &t) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) {
    along_columns(in, &t, out, sums);
    free_taps(&t);
  } else {
    emily__image_free(out);
  }
  emily__free(sums);
  return status;
}

/* Pillow steps by adding the scale, roundings included: where a step falls on a border that decides. */
static void nearest_places(int64_t from, int64_t to, int64_t *places) {
  const double scale = (double)from / (double)to;
  double at = scale * 0.5;
  for (int64_t i = 0; i < to; i++, at += scale) places[i] = (int64_t)at < from ? (int64_t)at : from - 1;
}

static emily_status resize_nearest(const emily__image *in, int64_t width, int64_t height, emily__image *out) {
  int64_t *columns = emily__alloc_array((size_t)(width + height), sizeof *columns);
  emily_status status = columns ? emily__image_new(width, height, "resize", out) : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) {
    int64_t *rows = columns + width;
    nearest_places(in->width, width, columns);
    nearest_places(in->height, height, rows);
    uint8_t *to = out->pixels;
    for (int64_t y = 0; y < height; y++)
      for (int64_t x = 0; x < width; x++, to += 3) memcpy(to, in->pixels + 3 * (rows[y] * in->width + columns[x]), 3);
  }
  emily__free(columns);
  return status;
}

emily_status emily__image_resize(const emily__image *image, int64_t width, int64_t height, emily__resample resample, emily__image *out) {
  if (width == image->width && height == image->height) return copy(image, out);
  if (width < 1 || height < 1 || width > EMILY__IMAGE_MOST_PIXELS / height || width > EMILY__IMAGE_MOST_PIXELS / image->height)
    return emily__fail(EMILY_UNSUPPORTED, "resize", "a picture of %lld x %lld cannot become %lld x %lld", (long long)image->width,
                       (long long)image->height, (long long)width, (long long)height);
  if (resample == EMILY__RESAMPLE_NEAREST) return resize_nearest(image, width, height, out);
  /* Pillow 13 begins with the columns where the height falls far more than the width; roundings between the passes show the order. */
  const bool columns_first = image->height > height && image->height - height > 2 * (image->width - width);
  const filter *f = &filters[resample];
  emily__image between;
  EMILY__TRY(columns_first ? resize_columns(image, height, f, &between) : resize_rows(image, width, f, &between));
  emily_status status = columns_first ? resize_rows(&between, width, f, out) : resize_columns(&between, height, f, out);
  emily__image_free(&between);
  return status;
}
