/* rope_config.c: see rope_config.h. Which key wins where two say the same is Transformers' order: rope_scaling before
 * rope_parameters, a nested rope_theta or partial_rotary_factor before one at the top. */
#include "models/rope_config.h"

#include <math.h>
#include <string.h>

static const double LARGEST = 1e12;
static const int64_t LARGEST_POSITION = INT32_MAX;

static const struct {
  const char *name;
  emily__rope_kind kind;
} kinds[] = {
    {"default", EMILY__ROPE_DEFAULT}, {"linear", EMILY__ROPE_LINEAR}, {"dynamic", EMILY__ROPE_DYNAMIC},
    {"yarn", EMILY__ROPE_YARN},       {"llama3", EMILY__ROPE_LLAMA3},
};

/* "rope_type", or "type" in older files. */
static void read_kind(emily__config *c, emily__rope_params *out) {
  const char *name = "default";
  emily__config_text(c, "type", &name);
  emily__config_text(c, "rope_type", &name);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, name) != 0) continue;
    out->kind = kinds[i].kind;
    return;
  }
  emily__config_fail(c, EMILY_UNSUPPORTED,
                     "\"%srope_type\": \"%s\" is not supported (default, linear, dynamic, yarn and llama3 are)",
                     c->within, name);
}

static void need(emily__config *c, const char *key) {
  if (!emily__config_has(c, key))
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%s%s\" is missing", c->within, key);
}

static void read_yarn(emily__config *c, emily__rope_params *out) {
  double mscale = 0, mscale_all_dim = 0, beta_fast = 0, beta_slow = 0;
  if (!emily__config_has(c, "factor")) out->factor = (double)out->max_positions / (double)out->original_positions;
  emily__config_real(c, "beta_fast", 0, LARGEST, &beta_fast);
  emily__config_real(c, "beta_slow", 0, LARGEST, &beta_slow);
  emily__config_real(c, "mscale", -LARGEST, LARGEST, &mscale);
  emily__config_real(c, "mscale_all_dim", -LARGEST, LARGEST, &mscale_all_dim);
  emily__config_bool(c, "truncate", &out->truncate);
  out->beta_fast = beta_fast != 0 ? beta_fast : 32;
  out->beta_slow = beta_slow != 0 ? beta_slow : 1;
  out->attention_factor = emily__rope_yarn_factor(out->factor, mscale, mscale_all_dim);
  emily__config_real(c, "attention_factor", 0, LARGEST, &out->attention_factor);
  if (!isfinite(out->attention_factor))
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%smscale_all_dim\" makes the attention factor infinite", c->within);
  if (out->theta <= 1)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"rope_theta\" is %g; yarn needs it above 1", out->theta);
}

static void read_llama3(emily__config *c, emily__rope_params *out) {
  need(c, "low_freq_factor");
  need(c, "high_freq_factor");
  emily__config_real(c, "low_freq_factor", 1e-6, LARGEST, &out->low_freq);
  emily__config_real(c, "high_freq_factor", 1e-6, LARGEST, &out->high_freq);
  if (c->status == EMILY_OK && out->high_freq <= out->low_freq)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%shigh_freq_factor\" is %g; it must be above low_freq_factor, %g",
                       c->within, out->high_freq, out->low_freq);
}

/* What the kind needs; a key of another kind stays unread and is refused. */
static void read_scaling(emily__config *c, emily__rope_params *out) {
  read_kind(c, out);
  if (out->kind == EMILY__ROPE_DEFAULT) return;
  if (out->kind != EMILY__ROPE_YARN) need(c, "factor");
  emily__config_real(c, "factor", 1e-6, LARGEST, &out->factor);
  if (out->kind == EMILY__ROPE_YARN || out->kind == EMILY__ROPE_LLAMA3)
    emily__config_int(c, "original_max_position_embeddings", 1, LARGEST_POSITION, &out->original_positions);
  if (out->kind == EMILY__ROPE_YARN) read_yarn(c, out);
  if (out->kind == EMILY__ROPE_LLAMA3) read_llama3(c, out);
}

static void read_nested(emily__config *config, const char *key, const char *within, double *partial,
                        emily__rope_params *out) {
  emily__config nested;
  if (!emily__config_nested(config, key, within, &nested)) return;
  emily__config_real(&nested, "rope_theta", 1e-3, LARGEST, &out->theta);
  emily__config_real(&nested, "partial_rotary_factor", 0, 1, partial);
  read_scaling(&nested, out);
  emily__config_done_nested(config, &nested, key);
}

static void set_dims(emily__config *config, int64_t head_dim, double partial, bool allowed, emily__rope_params *out) {
  if (partial != 1 && !allowed) {
    emily__config_fail(config, EMILY_UNSUPPORTED,
                       "\"partial_rotary_factor\": %g is not supported: this family rotates whole heads (only 1 is)",
                       partial);
    return;
  }
  out->dims = (int64_t)((double)head_dim * partial);
  if (out->dims < 2 || out->dims % 2)
    emily__config_fail(config, EMILY_BAD_FORMAT,
                       "\"head_dim\" is %lld, of which %lld are rotated; that must be an even number above 0",
                       (long long)head_dim, (long long)out->dims);
  else if (out->kind == EMILY__ROPE_DYNAMIC && out->dims == 2)
    emily__config_fail(config, EMILY_BAD_FORMAT, "\"rope_type\": \"dynamic\" needs more than 2 rotated dimensions");
}

static emily__rope_params plain(int64_t max_positions, double theta) {
  return (emily__rope_params){.max_positions = max_positions, .original_positions = max_positions, .theta = theta,
                              .factor = 1, .truncate = true, .attention_factor = 1};
}

void emily__config_rope(emily__config *config, int64_t head_dim, int64_t max_positions, double theta, bool partial,
                        emily__rope_params *out) {
  double part = 1;
  *out = plain(max_positions, theta);
  emily__config_real(config, "rope_theta", 1e-3, LARGEST, &out->theta);
  emily__config_real(config, "partial_rotary_factor", 0, 1, &part);
  json_t *scaling = json_object_get(config->root, "rope_scaling");
  if (json_object_size(scaling) > 0 || (scaling && !json_is_null(scaling) && !json_is_object(scaling))) {
    emily__config_skip(config, "rope_parameters");
    read_nested(config, "rope_scaling", "rope_scaling.", &part, out);
  } else {
    emily__config_skip(config, "rope_scaling");
    read_nested(config, "rope_parameters", "rope_parameters.", &part, out);
  }
  int64_t original = 0;
  emily__config_int(config, "original_max_position_embeddings", 1, LARGEST_POSITION, &original);
  if (original) out->original_positions = original;
  set_dims(config, head_dim, part, partial, out);
}

void emily__config_rope_pair(emily__config *config, int64_t head_dim, int64_t max_positions, const double thetas[2],
                             emily__rope_params out[2]) {
  double part[2] = {1, 1};
  emily__config nested;
  for (int i = 0; i < 2; i++) out[i] = plain(max_positions, thetas[i]);
  emily__config_real(config, "rope_theta", 1e-3, LARGEST, &out[0].theta);
  emily__config_real(config, "rope_local_base_freq", 1e-3, LARGEST, &out[1].theta);
  if (emily__config_nested(config, "rope_parameters", "rope_parameters.", &nested)) {
    read_nested(&nested, "full_attention", "rope_parameters.full_attention.", &part[0], &out[0]);
    read_nested(&nested, "sliding_attention", "rope_parameters.sliding_attention.", &part[1], &out[1]);
    emily__config_done_nested(config, &nested, "rope_parameters");
  }
  read_nested(config, "rope_scaling", "rope_scaling.", &part[0], &out[0]);
  for (int i = 0; i < 2; i++) set_dims(config, head_dim, part[i], false, &out[i]);
}
