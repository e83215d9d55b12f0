/* cosine.h: how alike two vectors are. */
#ifndef EMILY_CLI_COSINE_H
#define EMILY_CLI_COSINE_H

#include <stddef.h>

/* a·b / (|a| |b|), summed in double; 0 where one is zero. */
double cli_cosine(const float *a, const float *b, size_t count);

#endif
