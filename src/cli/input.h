/* input.h: lines of standard input or of a file, of any length and with any bytes in them.
 *
 * Reading goes ahead of what is asked for, so `cli_input_ready` tells whether a line can be had without waiting: a
 * command that answers line by line writes out what it has before it waits, so that another program can talk with it.
 */
#ifndef EMILY_CLI_INPUT_H
#define EMILY_CLI_INPUT_H

#include "base/vec.h"
#include "emily/base.h"

typedef struct cli_input {
  int fd;
  const char *name;      /* for messages: the path, or "standard input" */
  emily__str buffer;     /* read and not yet handed out: from `start` on */
  size_t start, scanned; /* buffer[start … scanned) holds no newline */
  uint64_t line;         /* number of the line handed out last, from 1 */
  uint64_t size, taken;  /* bytes of a regular file (0: unknown), and handed out so far */
  bool ended;
} cli_input;

/* path: "-" for standard input. cli_input_close also after a failure. */
emily_status cli_input_open(cli_input *input, const char *path);
void cli_input_close(cli_input *input);

/* The next line without its end ("\n" or "\r\n"), followed by a NUL; valid until the next call. *line is NULL at the
 * end of the input. */
emily_status cli_input_line(cli_input *input, char **line, size_t *length);
bool cli_input_ready(cli_input *input);

/* All that is left, followed by a NUL. */
emily_status cli_input_rest(cli_input *input, char **text, size_t *length);

/* The same, less one newline at the end: what a shell's $(…) would take. */
emily_status cli_input_text(cli_input *input, char **text, size_t *length);

#endif
