/* generate.c: emily_generate: the caller's options over the checkpoint's settings, and then the driver. */
#include "generate/driver.h"
#include "models/generation_config.h"
#include "models/model.h"

#include "base/alloc.h"
#include "base/status.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const int64_t DEFAULT_NEW_TOKENS = 256;
static const char WHERE[] = "emily_generate";

static emily_status check(double value, double low, double high, const char *name) {
  if (value < 0 || (value >= low && value <= high)) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s is %g; it must lie between %g and %g", name, value, low, high);
}

static emily_status check_options(const emily_generate_options *o) {
  if (o->struct_size < sizeof *o)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_GENERATE_OPTIONS_INIT");
  EMILY__TRY(check(o->temperature, 0, 1e6, "temperature"));
  EMILY__TRY(check(o->top_p, 0, 1, "top_p"));
  EMILY__TRY(check(o->min_p, 0, 1, "min_p"));
  EMILY__TRY(check(o->repetition_penalty, 1e-6, 1e6, "repetition_penalty"));
  if (o->sample == 1 && o->temperature == 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "sampling needs a temperature above 0");
  return EMILY_OK;
}

/* 53 bits: options.seed takes it back, and a JSON reader that keeps numbers as doubles reads it whole. */
static emily_status system_seed(uint64_t *seed) {
  uint64_t bits;
  if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
    return emily__fail(EMILY_IO_ERROR, WHERE, "no seed from the system: %s; give one", strerror(errno));
  *seed = bits >> 11;
  return EMILY_OK;
}

/* Yes or no by the caller, then by what the caller's other options mean, then by the checkpoint. */
static bool wants_sampling(const emily_generate_options *o, const emily__generation_config *c) {
  if (o->sample >= 0) return o->sample != 0;
  if (o->temperature == 0) return false;
  if (o->temperature > 0 || o->top_k >= 0 || o->top_p >= 0 || o->min_p >= 0) return true;
  return c->sample && c->temperature > 0;
}

static emily_status plan_sampling(const emily_generate_options *o, const emily__generation_config *c,
                                  emily__sampling *out) {
  *out = (emily__sampling){.sample = wants_sampling(o, c),
                           .temperature = o->temperature >= 0 ? o->temperature : c->temperature,
                           .top_k = o->top_k >= 0 ? o->top_k : c->top_k,
                           .top_p = o->top_p >= 0 ? o->top_p : c->top_p,
                           .min_p = o->min_p >= 0 ? o->min_p : c->min_p,
                           .repetition_penalty = o->repetition_penalty >= 0 ? o->repetition_penalty : c->repetition_penalty,
                           .seed = o->seed >= 0 ? (uint64_t)o->seed : 0};
  if (out->sample && out->temperature <= 0) out->temperature = 1;
  return out->sample && o->seed < 0 ? system_seed(&out->seed) : EMILY_OK;
}

static int64_t new_tokens(const emily_generate_options *o, const emily__generation_config *c, size_t prompt_count) {
  if (o->max_new_tokens >= 0) return o->max_new_tokens;
  if (c->max_new_tokens >= 0) return c->max_new_tokens;
  if (c->max_length < 0) return DEFAULT_NEW_TOKENS;
  return c->max_length > (int64_t)prompt_count ? c->max_length - (int64_t)prompt_count : 0;
}

/* The caller's stop texts and then the checkpoint's, which count only where there is text; emily__free. */
static const char **all_stops(const emily_generate_options *o, const emily__generation_config *c, bool text,
                              size_t *count) {
  size_t own = text ? c->stops.count : 0;
  const char **all = emily__calloc(o->stop_count + own + 1, sizeof *all);
  if (!all) return NULL;
  for (size_t i = 0; i < o->stop_count; i++) all[i] = o->stops[i];
  for (size_t i = 0; i < own; i++) all[o->stop_count + i] = c->stops.data[i];
  *count = o->stop_count + own;
  return all;
}

static emily_status run(const emily_model *model, const emily__decoder *decoder, emily_tokenizer *tokenizer,
                        const int32_t *prompt, size_t prompt_count, const emily_generate_options *o,
                        const emily__generation_config *c, emily_generation **out) {
  emily__generate_plan plan = {.max_new_tokens = new_tokens(o, c, prompt_count), .eos = c->eos.data,
                               .eos_count = o->ignore_eos == 1 ? 0 : c->eos.count, .callback = o->callback,
                               .context = o->context, .cancel = o->cancel};
  EMILY__TRY(plan_sampling(o, c, &plan.sampling));
  const char **stops = all_stops(o, c, tokenizer != NULL, &plan.stop_count);
  if (!stops) return EMILY_OUT_OF_MEMORY;
  plan.stops = stops;
  emily__decoder_model view = emily__decoder_for_generation(decoder);
  emily_stream *stream = o->stream ? o->stream : emily_model_stream(model);
  emily_status status = emily__generate(&view, stream, tokenizer, prompt, prompt_count, &plan, out);
  emily__free(stops);
  return status;
}

emily_status emily_generate(emily_model *model, emily_tokenizer *tokenizer, const int32_t *prompt,
                            size_t prompt_count, const emily_generate_options *options, emily_generation **out) {
  static const emily_generate_options defaults = EMILY_GENERATE_OPTIONS_INIT;
  if (!model || (!prompt && prompt_count) || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "model, prompt and out must not be NULL");
  if (!options) options = &defaults;
  EMILY__TRY(check_options(options));
  const emily__decoder *decoder;
  EMILY__TRY(emily__model_decoder(model, &decoder));
  emily__generation_config config;
  EMILY__TRY(emily__generation_config_load(emily_model_path(model), &config));
  emily_status status = run(model, decoder, tokenizer, prompt, prompt_count, options, &config, out);
  emily__generation_config_free(&config);
  return status;
}
