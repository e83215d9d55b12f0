/* chat_input.h: messages typed at a terminal, or read from standard input: one or several lines each.
 *
 * A message that begins with """ goes on to the """ that ends a line; a backslash at a line's end goes on with the
 * next line.
 */
#ifndef EMILY_CLI_CHAT_INPUT_H
#define EMILY_CLI_CHAT_INPUT_H

#include "cli/input.h"
#include "cli/line_editor.h"

typedef struct cli_chat_input {
  bool interactive;
  cli_editor editor; /* where interactive */
  cli_input lines;   /* otherwise */
  emily__str message;
  bool warned; /* the next Ctrl-C at an empty line leaves */
} cli_chat_input;

/* Whether there is a terminal to type at. */
bool cli_chat_input_open(cli_chat_input *input);
void cli_chat_input_close(cli_chat_input *input);

/* The next message, valid until the next call; *message is NULL at the end, or where the user leaves. */
emily_status cli_chat_input_next(cli_chat_input *input, const char **message);

/* Whether Ctrl-C stopped the answer to the last one. */
void cli_chat_input_stopped(cli_chat_input *input, bool stopped);

#endif
