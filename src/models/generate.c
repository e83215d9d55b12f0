/* generate.c: emily_generate and batches: the caller's options over the checkpoint's settings, and then the driver. */
#include "models/generate.h"

#include "models/generation_config.h"
#include "models/model.h"

#include "base/alloc.h"
#include "base/status.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static const int64_t DEFAULT_NEW_TOKENS = 256, DEFAULT_BATCH = 8;
static const char WHERE[] = "emily_generate";

static emily_status check(double value, double low, double high, const char *name) {
  if (value < 0 || (value >= low && value <= high)) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s is %g; it must lie between %g and %g", name, value, low, high);
}

/* The caller's options (NULL: none) as this version has them: what an older one did not know is at its default. */
static emily_status take_options(const emily_generate_options *from, emily_generate_options *out) {
  *out = (emily_generate_options)EMILY_GENERATE_OPTIONS_INIT;
  if (!from) return EMILY_OK;
  if (from->struct_size < offsetof(emily_generate_options, kv_bits))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "options must begin as EMILY_GENERATE_OPTIONS_INIT");
  memcpy(out, from, from->struct_size < sizeof *out ? from->struct_size : sizeof *out);
  return EMILY_OK;
}

static emily_status check_options(const emily_generate_options *o) {
  EMILY__TRY(check(o->temperature, 0, 1e6, "temperature"));
  EMILY__TRY(check(o->top_p, 0, 1, "top_p"));
  EMILY__TRY(check(o->min_p, 0, 1, "min_p"));
  EMILY__TRY(check(o->repetition_penalty, 1e-6, 1e6, "repetition_penalty"));
  if (o->sample == 1 && o->temperature == 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "sampling needs a temperature above 0");
  if (o->kv_bits != 0 && o->kv_bits != 4 && o->kv_bits != 8)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "kv_bits is %d; it is 8, 4, or 0 for float32", o->kv_bits);
  if (o->kv_group_size != 0 && o->kv_group_size != 32 && o->kv_group_size != 64 && o->kv_group_size != 128)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "kv_group_size is %d; it is 32, 64, 128, or 0", o->kv_group_size);
  if (o->prefill_chunk < 0 || o->prefill_chunk > INT32_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "prefill_chunk is %lld tokens", (long long)o->prefill_chunk);
  if (o->batch_size < 0 || o->batch_size > EMILY__BATCH_ROWS)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "batch_size is %lld; at most %d texts step together", (long long)o->batch_size,
                       EMILY__BATCH_ROWS);
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

/* How many new tokens, or -1: as many as max_length leaves. */
static int64_t new_tokens(const emily_generate_options *o, const emily__generation_config *c) {
  if (o->max_new_tokens >= 0) return o->max_new_tokens;
  if (c->max_new_tokens >= 0) return c->max_new_tokens;
  return c->max_length >= 0 ? -1 : DEFAULT_NEW_TOKENS;
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

/* ---- calls ---- */

static emily_status drive(const emily__generate_call *c, const emily__decoder *decoder, emily_stream *stream, const emily__generate_plan *plan) {
  const emily__decoder_model view = emily__decoder_for_generation(decoder);
  if (!stream) stream = emily_model_stream(c->model);
  if (c->batch) return emily__generate_batch(&view, stream, c->tokenizer, c->prompts, c->count, plan, c->out);
  return emily__generate(&view, stream, c->tokenizer, c->prompts->ids, c->prompts->count, plan, c->memory, c->out);
}

static emily_status run_with(const emily__generate_call *c, const emily_generate_options *o, const emily__generation_config *config,
                             const emily__decoder *decoder) {
  emily__generate_plan plan = {.max_new_tokens = new_tokens(o, config), .max_length = config->max_length, .eos = config->eos.data,
                               .eos_count = o->ignore_eos == 1 ? 0 : config->eos.count, .callback = o->callback,
                               .context = o->context, .cancel = o->cancel, .chunk = o->prefill_chunk,
                               .form = {o->kv_bits, o->kv_group_size}};
  const emily__token_list never = {config->suppressed.data, config->suppressed.count};
  const emily__token_list not_first = {config->suppressed_first.data, config->suppressed_first.count};
  const emily__logits_step steps[] = {emily__suppress_tokens(&never), emily__suppress_first_tokens(&not_first)};
  plan.steps = steps, plan.step_count = sizeof steps / sizeof *steps;
  if (c->batch) plan.width = o->batch_size ? o->batch_size : DEFAULT_BATCH, plan.done = o->done;
  EMILY__TRY(plan_sampling(o, config, &plan.sampling));
  const char **stops = all_stops(o, config, c->tokenizer != NULL, &plan.stop_count);
  if (!stops) return EMILY_OUT_OF_MEMORY;
  plan.stops = stops;
  emily_status status = drive(c, decoder, o->stream, &plan);
  emily__free(stops);
  return status;
}

emily_status emily__generate_run(const emily__generate_call *c, const emily_generate_options *given) {
  emily_generate_options o;
  EMILY__TRY(take_options(given, &o));
  EMILY__TRY(check_options(&o));
  const emily__decoder *decoder;
  EMILY__TRY(emily__model_decoder(c->model, &decoder));
  emily__generation_config config;
  EMILY__TRY(emily__generation_config_load(emily_model_path(c->model), &config));
  emily_status status = run_with(c, &o, &config, decoder);
  emily__generation_config_free(&config);
  return status;
}

emily_status emily_generate(emily_model *model, emily_tokenizer *tokenizer, const int32_t *prompt,
                            size_t prompt_count, const emily_generate_options *options, emily_generation **out) {
  if (!model || (!prompt && prompt_count) || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "model, prompt and out must not be NULL");
  const emily_prompt one = {prompt, prompt_count};
  const emily__generate_call call = {.model = model, .tokenizer = tokenizer, .prompts = &one, .count = 1, .out = out};
  return emily__generate_run(&call, options);
}

emily_status emily_generate_batch(emily_model *model, emily_tokenizer *tokenizer, const emily_prompt *prompts, size_t count,
                                  const emily_generate_options *options, emily_generation **out) {
  if (!model || ((!prompts || !out) && count) || count > INT32_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_generate_batch", "model, prompts and out must not be NULL");
  for (size_t i = 0; i < count; i++) out[i] = NULL;
  const emily__generate_call call = {model, tokenizer, prompts, count, NULL, true, out};
  return emily__generate_run(&call, options);
}
