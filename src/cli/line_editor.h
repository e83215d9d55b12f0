/* line_editor.h: a line typed at a terminal: moving and deleting, earlier lines, pasted text of several lines.
 *
 * The terminal is in raw mode while a line is edited, and as it was before at all other times. A line is shown on one
 * row, and scrolls sideways where it is longer. Text that is pasted keeps its newlines (shown as ↵): Enter alone ends
 * a line.
 *
 * Keys: left, right, Home, End, Ctrl-A, Ctrl-E; Backspace, Delete, Ctrl-D, Ctrl-W, Ctrl-U, Ctrl-K; up, down; Ctrl-L.
 */
#ifndef EMILY_CLI_LINE_EDITOR_H
#define EMILY_CLI_LINE_EDITOR_H

#include "base/vec.h"

#include <termios.h>

typedef enum cli_edited {
  CLI_EDITED_LINE,      /* editor->line is it */
  CLI_EDITED_INTERRUPT, /* Ctrl-C; editor->line is what stood there */
  CLI_EDITED_END        /* Ctrl-D on an empty line, or the terminal went away */
} cli_edited;

typedef struct cli_editor {
  int in, out; /* the terminal */
  emily__str line;
  size_t cursor; /* a byte of it */
  EMILY__VEC(char *) history;
  size_t shown;         /* the entry of history that stands in the line; count: none */
  bool pasting, failed; /* failed: memory is out */
  struct termios before;
} cli_editor;

/* Whether lines can be edited there: both are terminals, and not a "dumb" one. */
bool cli_editor_can(int in, int out);
void cli_editor_open(cli_editor *editor, int in, int out);
void cli_editor_close(cli_editor *editor);

/* prompt: one row, of plain characters. */
cli_edited cli_editor_line(cli_editor *editor, const char *prompt);

/* The line's text, that up gives again. */
void cli_editor_remember(cli_editor *editor, const char *text);

#endif
