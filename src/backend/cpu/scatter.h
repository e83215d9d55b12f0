/* scatter.h: windows combined into an array, for the kernels that know where they go. */
#ifndef EMILY_BACKEND_CPU_SCATTER_H
#define EMILY_BACKEND_CPU_SCATTER_H

#include "backend/cpu/places.h"

/* updates [places…, window of out's rank] into out, each where its tuple of indices points; `count` tuples. */
void emily__scatter_windows(const emily__tensor *out, const emily__tensor *updates, int64_t update, const emily__index *indices,
                            int32_t index_count, int64_t count);

#endif
