/* fft_plan.c: see fft_plan.h. */
#include "backend/cpu/fft_plan.h"

#include "backend/cpu/fft.h"
#include "base/alloc.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

enum {
  SPLIT_FROM = 256,  /* below, sixteen lines at once cost less than the two steps */
  CACHED_PLANS = 64
};
static const size_t cached_bytes = (size_t)64 << 20;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static emily__fft_plan *cache[CACHED_PLANS];
static uint64_t uses;

/* exp(-2πi t / n), from an angle below π/4 so that the library's functions are at their best. */
static void root(float *out, int64_t t, int64_t n) {
  const int64_t eighth = 8 * t / n; /* t < n < 2^31 */
  const double angle = 2 * M_PI * ((double)t - (double)(eighth / 2 + eighth % 2) * (double)n / 4) / (double)n;
  const double c = cos(angle), s = sin(angle);
  switch ((eighth / 2 + eighth % 2) % 4) {
    case 0: out[0] = (float)c, out[1] = (float)-s; break;
    case 1: out[0] = (float)-s, out[1] = (float)-c; break;
    case 2: out[0] = (float)-c, out[1] = (float)s; break;
    default: out[0] = (float)s, out[1] = (float)c;
  }
}

static emily_status numbers_new(emily__fft_plan *plan, size_t floats) {
  plan->bytes = floats * sizeof(float);
  plan->numbers = emily__alloc_array(floats ? floats : 1, sizeof(float));
  return plan->numbers ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* ---- passes ---- */

/* Radices of n: eights and fours first, then the odd primes. What is left is not 1 where one is too large. */
static int64_t factor(int64_t n, int64_t *radices, int32_t *count) {
  int32_t twos = 0, k = 0;
  for (; n % 2 == 0; n /= 2) twos++;
  for (; twos > 4 || twos == 3; twos -= 3) radices[k++] = 8;
  for (; twos >= 2; twos -= 2) radices[k++] = 4;
  if (twos) radices[k++] = 2;
  for (int64_t p = 3; p <= EMILY__FFT_RADIX_MAX; p += 2)
    for (; n % p == 0; n /= p) radices[k++] = p;
  *count = k;
  return n;
}

static emily_status plan_passes(emily__fft_plan *plan, const int64_t *radices, int32_t count) {
  size_t floats = 0;
  int64_t left = plan->n, s = 1;
  for (int32_t i = 0; i < count; i++) {
    floats += 2 * (size_t)(left / radices[i] * (radices[i] - 1) + radices[i]);
    left /= radices[i];
  }
  EMILY__TRY(numbers_new(plan, floats));
  float *at = plan->numbers;
  left = plan->n;
  plan->count = count;
  for (int32_t i = 0; i < count; i++) {
    const int64_t r = radices[i], m = left / r;
    plan->passes[i] = (emily__fft_pass){r, m, s, at, at + 2 * m * (r - 1)};
    for (int64_t p = 0; p < m; p++)
      for (int64_t j = 1; j < r; j++, at += 2) root(at, p * j, left);
    for (int64_t t = 0; t < r; t++, at += 2) root(at, t, r);
    left = m;
    s *= r;
  }
  return EMILY_OK;
}

/* ---- split ---- */

/* n1 · n2 = n near its root, n2 a multiple of 16 where one is not far from it; 0 where there is none. */
static int64_t rows_length(int64_t n) {
  int64_t best = 0;
  double least = 1e30;
  for (int64_t d = 2; d <= n / d; d++) {
    if (n % d) continue;
    for (int32_t side = 0; side < 2; side++) {
      const int64_t n2 = side ? d : n / d, n1 = n / n2;
      const double lanes = (double)((n2 + 15) / 16 * n1 + (n1 + 15) / 16 * n2); /* points of all blocks */
      const double cost = lanes * (1 + 0.1 * fabs(log2((double)n1 / (double)n2)));
      if (cost < least) {
        least = cost;
        best = n2;
      }
    }
  }
  return best;
}

static emily_status plan_split(emily__fft_plan *plan, int64_t n2) {
  const int64_t n1 = plan->n / n2, blocks = (n2 + EMILY__FFT_LANES - 1) / EMILY__FFT_LANES;
  EMILY__TRY(emily__fft_plan_get(n1, EMILY__FFT_STEP, &plan->columns));
  EMILY__TRY(emily__fft_plan_get(n2, EMILY__FFT_STEP, &plan->rows));
  EMILY__TRY(numbers_new(plan, (size_t)(blocks * n1) * EMILY__FFT_POINT));
  float *at = plan->numbers;
  plan->factors = at;
  for (int64_t b = 0; b < blocks; b++)
    for (int64_t k1 = 0; k1 < n1; k1++, at += EMILY__FFT_POINT)
      for (int64_t l = 0; l < EMILY__FFT_LANES; l++) {
        float w[2];
        root(w, k1 * (b * EMILY__FFT_LANES + l) % plan->n, plan->n);
        at[l] = w[0];
        at[l + EMILY__FFT_LANES] = w[1];
      }
  return EMILY_OK;
}

/* ---- chirp ---- */

/* The least 2^a, 3 · 2^a or 5 · 2^a from `least` on. */
static int64_t easy_length(int64_t least) {
  int64_t best = INT64_MAX;
  for (int64_t odd = 1; odd <= 5; odd += 2) {
    int64_t m = odd;
    while (m < least) m *= 2;
    if (m < best) best = m;
  }
  return best;
}

static emily_status plan_chirp(emily__fft_plan *plan) {
  const int64_t n = plan->n, m = easy_length(2 * n - 1);
  EMILY__TRY(emily__fft_plan_get(m, EMILY__FFT_LINE, &plan->inner));
  EMILY__TRY(numbers_new(plan, 2 * (size_t)(n + m)));
  float *chirp = plan->numbers, *filter = chirp + 2 * n;
  for (int64_t k = 0, square = 0; k < n; k++) { /* k² mod 2n, without wrapping */
    root(chirp + 2 * k, square, 2 * n);
    square = (square + 2 * k + 1) % (2 * n);
  }
  memset(filter, 0, (size_t)m * 2 * sizeof *filter);
  for (int64_t k = 0; k < n; k++) {
    const float re = chirp[2 * k] / (float)m, im = -chirp[2 * k + 1] / (float)m;
    const int64_t mirrored = k ? m - k : 0;
    filter[2 * k] = filter[2 * mirrored] = re;
    filter[2 * k + 1] = filter[2 * mirrored + 1] = im;
  }
  plan->chirp = chirp;
  plan->filter = filter;
  return emily__fft_transform_alone(plan->inner, filter);
}

/* ---- reals ---- */

static emily_status plan_real(emily__fft_plan *plan) {
  const int64_t count = plan->n / 4 + 1;
  EMILY__TRY(emily__fft_plan_get(plan->n / 2, EMILY__FFT_LINE, &plan->inner));
  EMILY__TRY(numbers_new(plan, 2 * (size_t)count));
  for (int64_t k = 0; k < count; k++) root(plan->numbers + 2 * k, k, plan->n);
  plan->halves = plan->numbers;
  return EMILY_OK;
}

/* ---- plans ---- */

static void plan_free(emily__fft_plan *plan) {
  if (plan->columns) emily__fft_plan_release(plan->columns);
  if (plan->rows) emily__fft_plan_release(plan->rows);
  if (plan->inner) emily__fft_plan_release(plan->inner);
  emily__free(plan->numbers);
  emily__free(plan);
}

static emily_status fill(emily__fft_plan *plan) {
  int64_t radices[EMILY__FFT_MAX_PASSES];
  int32_t count;
  const int64_t rest = factor(plan->n, radices, &count);
  const int64_t n2 = plan->n >= SPLIT_FROM && plan->use == EMILY__FFT_LINE && rest == 1 ? rows_length(plan->n) : 0;
  plan->kind = plan->use == EMILY__FFT_REALS ? EMILY__FFT_REAL : rest > 1 ? EMILY__FFT_CHIRP : n2 ? EMILY__FFT_SPLIT : EMILY__FFT_PASSES;
  switch (plan->kind) {
    case EMILY__FFT_REAL: return plan_real(plan);
    case EMILY__FFT_CHIRP: return plan_chirp(plan);
    case EMILY__FFT_SPLIT: return plan_split(plan, n2);
    default: return plan_passes(plan, radices, count);
  }
}

static emily_status plan_new(int64_t n, emily__fft_use use, emily__fft_plan **out) {
  emily__fft_plan *plan = emily__calloc(1, sizeof *plan);
  if (!plan) return EMILY_OUT_OF_MEMORY;
  plan->n = n;
  plan->use = use;
  plan->refs = 1;
  emily_status status = fill(plan);
  if (status) plan_free(plan);
  else *out = plan;
  return status;
}

static emily__fft_plan *find(int64_t n, emily__fft_use use) {
  for (int32_t i = 0; i < CACHED_PLANS; i++)
    if (cache[i] && cache[i]->n == n && cache[i]->use == use) return cache[i];
  return NULL;
}

/* Take plans that nobody uses out of the cache, the longest unused first, until one more of `bytes` fits; the place for it, or -1.
 * What was taken out is listed in dead[]. */
static int32_t make_room(size_t bytes, emily__fft_plan **dead, int32_t *dead_count) {
  for (;;) {
    size_t held = bytes;
    int32_t place = -1, oldest = -1;
    for (int32_t i = 0; i < CACHED_PLANS; i++) {
      if (!cache[i]) {
        place = i;
        continue;
      }
      held += cache[i]->bytes;
      if (cache[i]->refs == 1 && (oldest < 0 || cache[i]->last_use < cache[oldest]->last_use)) oldest = i;
    }
    if (place >= 0 && held <= cached_bytes) return place;
    if (oldest < 0) return -1;
    dead[(*dead_count)++] = cache[oldest];
    cache[oldest] = NULL;
  }
}

emily_status emily__fft_plan_get(int64_t n, emily__fft_use use, const emily__fft_plan **out) {
  emily__fft_plan *dead[CACHED_PLANS + 1], *made = NULL;
  int32_t dead_count = 0;
  pthread_mutex_lock(&mutex);
  emily__fft_plan *plan = find(n, use);
  if (plan) {
    plan->refs++;
    plan->last_use = ++uses;
  }
  pthread_mutex_unlock(&mutex);
  if (!plan) {
    EMILY__TRY(plan_new(n, use, &made));
    pthread_mutex_lock(&mutex);
    plan = find(n, use); /* another thread may have been first */
    if (plan) {
      plan->refs++;
      dead[dead_count++] = made;
    } else {
      const int32_t place = made->bytes <= cached_bytes ? make_room(made->bytes, dead, &dead_count) : -1;
      plan = made;
      plan->last_use = ++uses;
      if (place >= 0) {
        cache[place] = plan;
        plan->refs++; /* the cache's own */
      }
    }
    pthread_mutex_unlock(&mutex);
  }
  for (int32_t i = 0; i < dead_count; i++) plan_free(dead[i]);
  *out = plan;
  return EMILY_OK;
}

void emily__fft_plan_release(const emily__fft_plan *plan) {
  pthread_mutex_lock(&mutex);
  const bool last = --((emily__fft_plan *)plan)->refs == 0;
  pthread_mutex_unlock(&mutex);
  if (last) plan_free((emily__fft_plan *)plan);
}

void emily__fft_plans_clear(void) {
  for (bool more = true; more;) { /* freeing a plan lets go of those inside it */
    emily__fft_plan *dead[CACHED_PLANS];
    int32_t dead_count = 0;
    pthread_mutex_lock(&mutex);
    for (int32_t i = 0; i < CACHED_PLANS; i++)
      if (cache[i] && cache[i]->refs == 1) {
        dead[dead_count++] = cache[i];
        cache[i] = NULL;
      }
    pthread_mutex_unlock(&mutex);
    for (int32_t i = 0; i < dead_count; i++) plan_free(dead[i]);
    more = dead_count > 0;
  }
}
