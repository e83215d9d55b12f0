/* passages.h: the lines or paragraphs of a text, one after another, of an input of any size. */
#ifndef EMILY_CLI_PASSAGES_H
#define EMILY_CLI_PASSAGES_H

#include "cli/input.h"

typedef struct cli_passages {
  cli_input *input;
  bool paragraphs; /* lines between blank lines are one passage */
  emily__str text; /* a paragraph being gathered */
} cli_passages;

/* The next passage that is not blank, without the end of its last line, and the number of its first line; *text is
 * NULL at the end. Valid until the next call. */
emily_status cli_passages_next(cli_passages *passages, const char **text, size_t *length, uint64_t *line);
void cli_passages_free(cli_passages *passages);

#endif
