/* labels.c: see labels.h. */
#include "models/labels.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

int64_t emily__config_labels(emily__config *config, bool needed) {
  int64_t labels = 2;
  if (!needed) return labels;
  emily__config_size(config, "num_labels", &labels);
  json_t *names = emily__json_at(config->root, "id2label");
  if (!names) return labels;
  if (json_is_object(names) && json_object_size(names) > 0) return (int64_t)json_object_size(names);
  emily__config_fail(config, EMILY_BAD_FORMAT, "\"id2label\" must be an object that names at least one label");
  return labels;
}

/* id2label: {"0": "a", "1": "b"} */
static void read_names(emily__config *c, const json_t *names, emily__labels *out) {
  char key[24];
  out->names = emily__calloc((size_t)out->count, sizeof *out->names);
  if (!out->names) c->status = EMILY_OUT_OF_MEMORY;
  for (int64_t i = 0; i < out->count && c->status == EMILY_OK; i++) {
    snprintf(key, sizeof key, "%lld", (long long)i);
    const char *name = json_string_value(json_object_get(names, key));
    if (!name)
      emily__config_fail(c, EMILY_BAD_FORMAT, "\"id2label\" of %lld labels has no name for \"%s\"", (long long)out->count, key);
    else if (!(out->names[i] = emily__strdup(name))) c->status = EMILY_OUT_OF_MEMORY;
  }
}

static void read_problem(emily__config *c, emily__labels *out) {
  static const char *const names[] = {[EMILY__PROBLEM_REGRESSION] = "regression",
                                      [EMILY__PROBLEM_SINGLE] = "single_label_classification",
                                      [EMILY__PROBLEM_MULTIPLE] = "multi_label_classification"};
  const char *name = NULL;
  emily__config_text(c, "problem_type", &name);
  for (int i = EMILY__PROBLEM_REGRESSION; name && i <= EMILY__PROBLEM_MULTIPLE; i++)
    if (strcmp(names[i], name) == 0) out->problem = (emily__problem)i;
  if (name && !out->problem) emily__config_fail(c, EMILY_UNSUPPORTED, "\"problem_type\": \"%s\" is not supported", name);
}

/* The function on the scores that sentence-transformers writes down, in either of two places; it goes before problem_type. */
static void read_activation(emily__config *c, emily__labels *out) {
  const char *name = NULL;
  const json_t *nested = emily__json_at(c->root, "sentence_transformers");
  emily__config_text(c, "sbert_ce_default_activation_function", &name);
  if (json_is_string(json_object_get(nested, "activation_fn"))) name = json_string_value(json_object_get(nested, "activation_fn"));
  if (!name) return;
  if (strcmp(name, "torch.nn.modules.linear.Identity") == 0) out->problem = EMILY__PROBLEM_REGRESSION;
  else if (strcmp(name, "torch.nn.modules.activation.Sigmoid") == 0) out->problem = EMILY__PROBLEM_MULTIPLE;
  else emily__config_fail(c, EMILY_UNSUPPORTED, "the activation \"%s\" of the scores is not supported (Identity and Sigmoid are)", name);
}

void emily__labels_read(emily__config *c, bool named, emily__labels *out) {
  *out = (emily__labels){.pad_token = -1};
  emily__config_int(c, "pad_token_id", -1, INT32_MAX, &out->pad_token);
  if (!named) return;
  out->count = emily__config_labels(c, true);
  read_problem(c, out);
  read_activation(c, out);
  const json_t *names = emily__json_at(c->root, "id2label");
  if (c->status == EMILY_OK && names) read_names(c, names, out);
}

emily_status emily__labels_number(emily__labels *labels) {
  if (labels->names || !labels->count) return EMILY_OK;
  labels->names = emily__calloc((size_t)labels->count, sizeof *labels->names);
  if (!labels->names) return EMILY_OUT_OF_MEMORY;
  for (int64_t i = 0; i < labels->count; i++) {
    char name[32];
    snprintf(name, sizeof name, "LABEL_%lld", (long long)i);
    if (!(labels->names[i] = emily__strdup(name))) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

void emily__labels_free(emily__labels *labels) {
  for (int64_t i = 0; labels->names && i < labels->count; i++) emily__free(labels->names[i]);
  emily__free(labels->names);
  labels->names = NULL;
}

emily__activation *emily__config_activation(emily__config *config, const char *key, const char *name) {
  if (config->status != EMILY_OK) return NULL;
  emily__activation *act = emily__activation_find(name);
  if (!act) emily__config_fail(config, EMILY_UNSUPPORTED, "\"%s\": \"%s\" is not an activation that emily has", key, name);
  return act;
}
