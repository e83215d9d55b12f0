/* chat_input.c: see chat_input.h. */
#include "cli/chat_input.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char QUOTES[] = "\"\"\"";

bool cli_chat_input_open(cli_chat_input *input) {
  *input = (cli_chat_input){.interactive = cli_editor_can(STDIN_FILENO, STDERR_FILENO)};
  if (input->interactive) cli_editor_open(&input->editor, STDIN_FILENO, STDERR_FILENO);
  else cli_input_open(&input->lines, "-");
  return input->interactive;
}

void cli_chat_input_close(cli_chat_input *input) {
  if (input->interactive) cli_editor_close(&input->editor);
  else cli_input_close(&input->lines);
  emily__str_free(&input->message);
}

void cli_chat_input_stopped(cli_chat_input *input, bool stopped) { input->warned = stopped; }

typedef enum got { GOT_LINE, GOT_NOTHING, GOT_END } got;

/* A line at the terminal. Ctrl-C takes away what is typed, and the second one at an empty line leaves. */
static emily_status typed_line(cli_chat_input *input, const char *prompt, const char **line, got *out) {
  cli_edited edited = cli_editor_line(&input->editor, prompt);
  if (input->editor.failed) return EMILY_OUT_OF_MEMORY;
  *line = input->editor.line.data;
  *out = edited == CLI_EDITED_LINE ? GOT_LINE : edited == CLI_EDITED_END ? GOT_END : GOT_NOTHING;
  if (edited != CLI_EDITED_INTERRUPT) return input->warned = false, EMILY_OK;
  bool empty = !input->editor.line.count && !input->message.count;
  if (empty && input->warned) *out = GOT_END;
  else if (empty) fputs("(Ctrl-C once more, or /exit, leaves)\n", stderr);
  input->warned = empty;
  return EMILY_OK;
}

static emily_status next_line(cli_chat_input *input, const char *prompt, const char **line, got *out) {
  char *read = NULL;
  size_t length;
  if (input->interactive) return typed_line(input, prompt, line, out);
  EMILY__TRY(cli_input_line(&input->lines, &read, &length));
  *out = read ? GOT_LINE : GOT_END;
  return *line = read, EMILY_OK;
}

static bool add(cli_chat_input *input, const char *text, size_t length) {
  return emily__str_append(&input->message, text, length);
}

/* Adds a line; *more says that another one belongs to the message. */
static bool add_line(cli_chat_input *input, const char *line, bool *quoted, bool *more) {
  size_t length = strlen(line), trimmed = length;
  bool first = !input->message.count && !*quoted;
  while (trimmed > 0 && strchr(" \t\r", line[trimmed - 1])) trimmed--;
  if (first && !strncmp(line, QUOTES, 3))
    *quoted = true, line += 3, length -= 3, trimmed = trimmed > 3 ? trimmed - 3 : 0;
  if (*quoted) {
    *more = trimmed < 3 || strcmp(line + trimmed - 3, QUOTES) != 0;
    bool opens = *more && first && !length; /* """ alone on its line */
    return add(input, line, *more ? length : trimmed - 3) && (opens || !*more || add(input, "\n", 1));
  }
  *more = length > 0 && line[length - 1] == '\\';
  return add(input, line, *more ? length - 1 : length) && (!*more || add(input, "\n", 1));
}

/* A newline before the closing """ is not part of the message. */
static void drop_last_newline(cli_chat_input *input) {
  if (input->message.count && input->message.data[input->message.count - 1] == '\n')
    input->message.data[--input->message.count] = '\0';
}

emily_status cli_chat_input_next(cli_chat_input *input, const char **message) {
  bool quoted = false, more = true;
  emily__str_clear(&input->message);
  *message = NULL;
  while (more) {
    const char *line;
    got result;
    EMILY__TRY(next_line(input, input->message.count || quoted ? "... " : ">>> ", &line, &result));
    if (result == GOT_END && !input->message.count) return EMILY_OK;
    if (result == GOT_END) break;
    if (result == GOT_LINE && !add_line(input, line, &quoted, &more)) return EMILY_OUT_OF_MEMORY;
    if (result == GOT_NOTHING) emily__str_clear(&input->message), quoted = false;
  }
  if (quoted) drop_last_newline(input);
  if (!add(input, "", 0)) return EMILY_OUT_OF_MEMORY;
  if (input->interactive) cli_editor_remember(&input->editor, input->message.data);
  return *message = input->message.data, EMILY_OK;
}
