/* activation.h: activations by the names that configs use. */
#ifndef EMILY_NN_ACTIVATION_H
#define EMILY_NN_ACTIVATION_H

#include "emily/ops.h"

typedef emily_array *emily__activation(emily_scope *scope, emily_array *x);

/* NULL for a name that is not in the table. */
emily__activation *emily__activation_find(const char *name);

#endif
