/* sizes.h: numbers as people read them. */
#ifndef EMILY_CLI_SIZES_H
#define EMILY_CLI_SIZES_H

#include <stdint.h>

/* "86.6 MiB", "612 B"; in one of eight rotating buffers, for use within one statement. */
const char *cli_bytes_text(uint64_t bytes);

#endif
