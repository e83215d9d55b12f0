/* rope.c: see rope.h. Steps are float32 where Transformers' are, so that both round alike. */
#include "nn/rope.h"

#include "base/alloc.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586;

double emily__rope_yarn_factor(double factor, double mscale, double mscale_all_dim) {
  if (factor <= 1) return 1;
  if (mscale != 0 && mscale_all_dim != 0)
    return (0.1 * mscale * log(factor) + 1) / (0.1 * mscale_all_dim * log(factor) + 1);
  return 0.1 * log(factor) + 1;
}

/* theta^(2i / dims) */
static void powers(double theta, int64_t dims, float *out) {
  for (int64_t i = 0; i < dims / 2; i++) out[i] = powf((float)theta, (float)(2 * i) / (float)dims);
}

static double dynamic_theta(const emily__rope_params *p, int64_t length) {
  if (!emily__rope_depends_on(p, length)) return p->theta;
  double stretch = p->factor * (double)length / (double)p->max_positions - (p->factor - 1);
  return p->theta * pow(stretch, (double)p->dims / (double)(p->dims - 2));
}

/* The (fractional) index whose wave turns `rotations` times over the original positions. */
static double yarn_index(const emily__rope_params *p, double rotations) {
  return (double)p->dims * log((double)p->original_positions / (rotations * TWO_PI)) / (2 * log(p->theta));
}

/* inv_freq holds theta^(2i / dims) on entry. */
static void yarn(const emily__rope_params *p, float *inv_freq) {
  double low = yarn_index(p, p->beta_fast), high = yarn_index(p, p->beta_slow);
  if (p->truncate) low = floor(low), high = ceil(high);
  low = fmax(low, 0), high = fmin(high, (double)(p->dims - 1));
  if (low == high) high += 0.001; /* as Transformers: no division by zero */
  for (int64_t i = 0; i < p->dims / 2; i++) {
    float ramp = fminf(fmaxf(((float)i - (float)low) / (float)(high - low), 0), 1);
    float keep = 1 - ramp;
    inv_freq[i] = 1 / ((float)p->factor * inv_freq[i]) * (1 - keep) + 1 / inv_freq[i] * keep;
  }
}

static float llama3(const emily__rope_params *p, float inv_freq) {
  double old = (double)p->original_positions;
  float wave = (float)TWO_PI / inv_freq, factor = (float)p->factor;
  if (wave < (float)(old / p->high_freq)) return inv_freq;
  if (wave > (float)(old / p->low_freq)) return inv_freq / factor;
  float smooth = ((float)old / wave - (float)p->low_freq) / (float)(p->high_freq - p->low_freq);
  return (1 - smooth) * inv_freq / factor + smooth * inv_freq;
}

void emily__rope_inverse_frequencies(const emily__rope_params *p, int64_t length, float *inv_freq) {
  powers(p->kind == EMILY__ROPE_DYNAMIC ? dynamic_theta(p, length) : p->theta, p->dims, inv_freq);
  if (p->kind == EMILY__ROPE_YARN) {
    yarn(p, inv_freq);
    return;
  }
  for (int64_t i = 0; i < p->dims / 2; i++) {
    inv_freq[i] = 1 / inv_freq[i];
    if (p->kind == EMILY__ROPE_LINEAR) inv_freq[i] /= (float)p->factor;
    if (p->kind == EMILY__ROPE_LLAMA3) inv_freq[i] = llama3(p, inv_freq[i]);
  }
}

bool emily__rope_depends_on(const emily__rope_params *params, int64_t length) {
  return params->kind == EMILY__ROPE_DYNAMIC && length > params->max_positions;
}

emily_array *emily__rope_frequencies(const emily__rope_params *params, int64_t length) {
  int64_t count = params->dims / 2;
  float *values = emily__alloc_array((size_t)count, sizeof *values);
  if (!values) return NULL;
  emily__rope_inverse_frequencies(params, length, values);
  for (int64_t i = 0; i < count; i++) values[i] = 1 / values[i];
  emily_array *freqs = emily_array_from_data(values, &count, 1, EMILY_FLOAT32);
  emily__free(values);
  return freqs;
}

int64_t emily__rope_context(const emily__rope_params *params) {
  double stretched = (double)params->max_positions;
  if (params->kind == EMILY__ROPE_DYNAMIC || params->kind == EMILY__ROPE_LINEAR)
    stretched = (double)params->max_positions * params->factor;
  else if (params->kind == EMILY__ROPE_YARN)
    stretched = fmax(stretched, (double)params->original_positions * params->factor);
  return (int64_t)fmin(stretched, (double)INT32_MAX); /* positions are int32 */
}

emily_array *emily__rope_apply(emily_scope *scope, emily_array *x, const emily__rope_params *params,
                               emily_array *freqs, int64_t past, emily_array *positions) {
  return emily_rope(scope, x, params->dims, params->interleaved, params->theta, 1, past, positions, freqs);
}
