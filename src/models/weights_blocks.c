/* weights_blocks.c: weights that lie in a GGUF file in ggml's blocks (weights.h): their bytes stay in the mapped file. */
#include "models/weights.h"

#include <stdio.h>
#include <string.h>

/* The formats that products take, as the file names them. */
static bool is_format(const char *type) {
  static const char *const names[] = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], type)) return true;
  return false;
}

static bool fits(const emily__weights *w, size_t index, const int64_t *shape, int32_t ndim) {
  return emily_checkpoint_ndim(w->checkpoint, index) == ndim &&
         !memcmp(emily_checkpoint_shape(w->checkpoint, index), shape, (size_t)ndim * sizeof *shape);
}

bool emily__weights_blocks(emily__weights *w, const int64_t *shape, int32_t ndim, const char *name, emily__weight *out) {
  char full[EMILY__WEIGHT_NAME_MAX + sizeof ".weight"];
  emily_array *data = NULL;
  size_t index;
  snprintf(full, sizeof full, "%s.weight", name);
  const char *stored = emily__weights_stored(w, full);
  if (!emily__weights_has(w, "%s", full) || emily_checkpoint_find(w->checkpoint, stored, &index)) return false;
  const char *type = emily_checkpoint_dtype_name(w->checkpoint, index);
  if (emily_checkpoint_dtype(w->checkpoint, index) >= 0 || !is_format(type) || !fits(w, index, shape, ndim)) return false;
  emily_status status = emily_checkpoint_get(w->checkpoint, stored, &data);
  if (status != EMILY_OK) emily__weights_fail(w, status);
  else *out = (emily__weight){.data = emily__weights_adopt(w, data), .packing = &emily__packing_blocks, .mode = type};
  return true;
}
