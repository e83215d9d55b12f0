/* labels.h: settings that several families' configs share. */
#ifndef EMILY_MODELS_LABELS_H
#define EMILY_MODELS_LABELS_H

#include "models/config.h"
#include "nn/activation.h"

/* How many labels a classifier has: entries of id2label, or num_labels, or 2. Looked at only where `needed`. */
int64_t emily__config_labels(emily__config *config, bool needed);

/* The activation of a name; EMILY_UNSUPPORTED names the key, and the result is then NULL. */
emily__activation *emily__config_activation(emily__config *config, const char *key, const char *name);

#endif
