/* runtime.h: debug flags and telemetry, as the graph uses them. */
#ifndef EMILY_GRAPH_RUNTIME_H
#define EMILY_GRAPH_RUNTIME_H

#include "emily/runtime.h"

/* The current time in ns where somebody listens, else 0. */
uint64_t emily__telemetry_begin(void);
/* Report a span that began at `begin`; nothing where begin is 0. */
void emily__telemetry_end(int32_t kind, const char *name, uint64_t begin, uint64_t count);

#endif
