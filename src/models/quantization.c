/* quantization.c: see quantization.h. */
#include "models/quantization.h"

#include "base/status.h"

#include <string.h>

/* A mode with the group size and bits that it has where nothing is said; others than affine have these alone. */
static const emily__pack_settings modes[] = {{"affine", 64, 4}, {"mxfp4", 32, 4}, {"mxfp8", 32, 8}, {"nvfp4", 16, 4}};
enum { MODE_COUNT = sizeof modes / sizeof *modes };

static bool listed(int64_t value, const int64_t *list, int count) {
  for (int i = 0; i < count; i++)
    if (list[i] == value) return true;
  return false;
}

static bool fits(const emily__pack_settings *s) {
  if (strcmp(s->mode, "affine") == 0)
    return listed(s->group_size, (const int64_t[]){32, 64, 128}, 3) && listed(s->bits, (const int64_t[]){2, 3, 4, 5, 6, 8}, 6);
  for (int i = 1; i < MODE_COUNT; i++)
    if (strcmp(s->mode, modes[i].mode) == 0) return s->group_size == modes[i].group_size && s->bits == modes[i].bits;
  return false;
}

static const char QUANTIZE_INPUT[] = "quantize_input"; /* activations of few bits: MLX's products do that on request */

static const emily__pack_settings *find_mode(const char *mode) {
  for (int i = 0; i < MODE_COUNT; i++)
    if (strcmp(mode, modes[i].mode) == 0) return &modes[i];
  return NULL;
}

emily_status emily__pack_settings_make(const char *mode, int64_t group_size, int64_t bits, emily__pack_settings *out) {
  const emily__pack_settings *found = find_mode(mode);
  if (!found) return emily__fail(EMILY_INVALID_ARGUMENT, "quantize", "mode \"%s\" is none of affine, mxfp4, mxfp8, nvfp4", mode);
  *out = (emily__pack_settings){found->mode, group_size ? group_size : found->group_size, bits ? bits : found->bits};
  if (fits(out)) return EMILY_OK;
  if (found == modes)
    return emily__fail(EMILY_INVALID_ARGUMENT, "quantize", "mode affine has groups of 32, 64 or 128, and 2, 3, 4, 5, 6 or 8 bits");
  return emily__fail(EMILY_INVALID_ARGUMENT, "quantize", "mode %s has groups of %lld and %lld bits", mode, (long long)found->group_size,
                     (long long)found->bits);
}

/* group_size, bits and mode of a section: affine where it names no mode, and what it leaves out the mode's own (so a layer's section owes
 * nothing to the whole model's, as in MLX). */
static void read_settings(emily__config *c, emily__pack_settings *out) {
  const char *mode = "affine";
  emily__config_text(c, "mode", &mode);
  const emily__pack_settings *found = find_mode(mode);
  if (!found) {
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"%smode\": \"%s\" is not supported (affine, mxfp4, mxfp8, nvfp4 are)", c->within, mode);
    return;
  }
  *out = *found;
  emily__config_int(c, "group_size", 1, 1024, &out->group_size);
  emily__config_int(c, "bits", 1, 64, &out->bits);
  emily__config_only_bool(c, QUANTIZE_INPUT, false);
  if (c->status == EMILY_OK && !fits(out))
    emily__config_fail(c, EMILY_UNSUPPORTED, "\"%.*s\": mode %s with groups of %lld and %lld bits is not supported",
                       (int)(strlen(c->within) - 1), c->within, mode, (long long)out->group_size, (long long)out->bits);
}

static void add_layer(emily__config *c, emily__quantization *q, const char *name, bool packed, const emily__pack_settings *settings) {
  emily__packed_layer layer = {.name = emily__strdup(name), .packed = packed, .settings = *settings};
  if (layer.name && emily__vec_push(&q->layers, layer)) return;
  emily__free(layer.name);
  c->status = EMILY_OUT_OF_MEMORY;
}

/* What is left of a section: an entry a layer. */
static void read_layers(emily__config *c, emily__quantization *q) {
  const char *name;
  json_t *value;
  json_object_foreach(c->root, name, value) {
    if (c->status != EMILY_OK) return;
    emily__pack_settings settings = q->base;
    emily__config nested;
    if (json_is_boolean(value) && strcmp(name, QUANTIZE_INPUT) != 0) {
      emily__config_skip(c, name);
      add_layer(c, q, name, json_is_true(value), &settings);
    } else if (json_is_object(value) && emily__config_nested(c, name, "quantization.", &nested)) {
      read_settings(&nested, &settings);
      emily__config_done_nested(c, &nested, "a layer's quantization");
      if (c->status == EMILY_OK) add_layer(c, q, name, true, &settings);
    }
  }
}

static void read_groups(emily__config *c, emily__quantization *q) {
  if (!emily__config_has(c, "bits") || !emily__config_has(c, "group_size"))
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%.*s\" has neither a \"quant_method\" nor \"bits\" and \"group_size\"",
                       (int)(strlen(c->within) - 1), c->within);
  read_settings(c, &q->base);
  if (c->status != EMILY_OK) return;
  q->groups = true;
  read_layers(c, q);
}

/* weight_block_size: [rows, columns]; null or absent: a scale a matrix. */
static void read_float8(emily__config *c, emily__quantization *q) {
  json_t *block = NULL;
  q->float8 = true;
  emily__config_only_text(c, "fmt", "e4m3");
  emily__config_only_bool(c, "dequantize", false);
  /* Activations stay float32: how they would be rounded to 8 bits has no say. */
  emily__config_skip(c, "activation_scheme");
  emily__config_skip(c, "scale_fmt");
  /* A layer that was left alone is known by its dtype. */
  emily__config_skip(c, "modules_to_not_convert");
  emily__config_skip(c, "ignored_layers");
  emily__config_array(c, "weight_block_size", &block);
  if (!block) return;
  q->block_rows = json_integer_value(json_array_get(block, 0));
  q->block_columns = json_integer_value(json_array_get(block, 1));
  if (json_array_size(block) != 2 || q->block_rows < 1 || q->block_columns < 1 || q->block_rows > 1 << 24 || q->block_columns > 1 << 24)
    emily__config_fail(c, EMILY_BAD_FORMAT, "\"%sweight_block_size\" must be two positive integers", c->within);
}

static void read_section(emily__config *c, emily__quantization *q) {
  const char *method = NULL;
  emily__config_text(c, "quant_method", &method);
  if (!method) read_groups(c, q);
  else if (strcmp(method, "fp8") == 0) read_float8(c, q);
  else
    emily__config_fail(c, EMILY_UNSUPPORTED,
                       "\"%squant_method\": \"%s\" is not supported (MLX's layout and \"fp8\" are). Take the checkpoint that "
                       "it was made from, and `emily quantize` it",
                       c->within, method);
}

void emily__quantization_read(emily__config *config, emily__quantization *out) {
  emily__config section;
  bool both = emily__config_has(config, "quantization");
  const char *name = both ? "quantization" : "quantization_config", *within = both ? "quantization." : "quantization_config.";
  if (both) emily__config_skip(config, "quantization_config"); /* a copy, which MLX writes for other programs */
  if (!emily__config_nested(config, name, within, &section)) return;
  read_section(&section, out);
  emily__config_done_nested(config, &section, "quantization");
}

void emily__quantization_free(emily__quantization *quantization) {
  for (size_t i = 0; i < quantization->layers.count; i++) emily__free(quantization->layers.data[i].name);
  emily__vec_free(&quantization->layers);
}

bool emily__quantization_of(const emily__quantization *q, const char *name, emily__pack_settings *out) {
  *out = q->base;
  for (size_t i = 0; i < q->layers.count; i++) {
    if (strcmp(q->layers.data[i].name, name) != 0) continue;
    *out = q->layers.data[i].settings;
    return q->layers.data[i].packed;
  }
  return q->groups;
}
