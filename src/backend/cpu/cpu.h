/* cpu.h: the CPU backend's kernels, one a primitive, and what its files share. See table.def. */
#ifndef EMILY_BACKEND_CPU_CPU_H
#define EMILY_BACKEND_CPU_CPU_H

#include "backend/backend.h"

/* The kernels. The dtype has been checked against table.def, shapes and attributes by the graph. */
#define KERNEL(name, dtypes) emily_status emily__cpu_##name(const emily__node_view *node);
#define VIEW(name)
#define ABSENT(name)
#include "backend/cpu/table.def"
#undef KERNEL
#undef VIEW
#undef ABSENT

extern const emily__backend emily__cpu_backend;

/* memory.c: the backend's members. */
emily_status emily__cpu_allocate(size_t bytes, void **data);
void emily__cpu_release(void *data, size_t bytes);
void emily__cpu_memory_stats(emily__memory_stats *out);
void emily__cpu_memory_reset_peak(void);
void emily__cpu_memory_set_limit(uint64_t bytes);
void emily__cpu_memory_set_cache_limit(uint64_t bytes);
void emily__cpu_memory_clear_cache(void);

/* finite.c */
bool emily__cpu_all_finite(const emily__tensor *tensor);

#endif
