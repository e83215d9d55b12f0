/* classify.h: what labelling texts and labelling pictures share: the classifier, and the labels of its items. */
#ifndef EMILY_TASKS_CLASSIFY_H
#define EMILY_TASKS_CLASSIFY_H

#include "emily/classify.h"
#include "tasks/text_task.h"

struct emily_classifier {
  emily__text_task task; /* the first member */
};

/* Arguments that every run has. */
emily_status emily__classify_check(const char *where, const emily_classifier *classifier, const char *const *items, size_t count,
                                   const emily_classify_options *options, const void *out);

/* Room for the labels of `count` items. */
emily_status emily__labels_new(emily_classifier *classifier, const emily_classify_options *options, size_t count, emily_labels **out);

/* The best labels of one item, from its logits. */
emily_status emily__labels_rank(emily_labels *labels, size_t item, const float *logits);

#endif
