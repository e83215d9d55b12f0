/* labels.h: settings that several families' configs share. */
#ifndef EMILY_MODELS_LABELS_H
#define EMILY_MODELS_LABELS_H

#include "models/config.h"
#include "nn/activation.h"

/* How many labels a classifier has: entries of id2label, or num_labels, or 2. Looked at only where `needed`. */
int64_t emily__config_labels(emily__config *config, bool needed);

/* What tasks need to know of a config beside the forward pass. */
typedef enum emily__problem {
  EMILY__PROBLEM_UNSAID,
  EMILY__PROBLEM_REGRESSION,
  EMILY__PROBLEM_SINGLE,
  EMILY__PROBLEM_MULTIPLE
} emily__problem;

typedef struct emily__labels {
  char **names;  /* [count], owned; NULL until emily__labels_number where the config names none */
  int64_t count; /* 0: the model gives none */
  emily__problem problem;
  int64_t pad_token; /* -1: not said */
} emily__labels;

/* named: whether the task has labels. Errors stick in the config; *out is to be freed all the same. */
void emily__labels_read(emily__config *config, bool named, emily__labels *out);

/* "LABEL_0", "LABEL_1" … where the config names none: once the weights have shown that there are so many. */
emily_status emily__labels_number(emily__labels *labels);
void emily__labels_free(emily__labels *labels);

/* The activation of a name; EMILY_UNSUPPORTED names the key, and the result is then NULL. */
emily__activation *emily__config_activation(emily__config *config, const char *key, const char *name);

#endif
