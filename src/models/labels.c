/* labels.c: see labels.h. */
#include "models/labels.h"

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

emily__activation *emily__config_activation(emily__config *config, const char *key, const char *name) {
  if (config->status != EMILY_OK) return NULL;
  emily__activation *act = emily__activation_find(name);
  if (!act) emily__config_fail(config, EMILY_UNSUPPORTED, "\"%s\": \"%s\" is not an activation that emily has", key, name);
  return act;
}
