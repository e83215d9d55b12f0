/* passages.c: see passages.h. */
#include "cli/passages.h"

#include "base/status.h"

#include <string.h>

static bool blank(const char *line, size_t length) {
  size_t i = 0;
  while (i < length && memchr(" \t\r\f\v", line[i], 5)) i++;
  return i == length;
}

static emily_status next_filled(cli_passages *passages, char **line, size_t *length) {
  do EMILY__TRY(cli_input_line(passages->input, line, length));
  while (*line && blank(*line, *length));
  return EMILY_OK;
}

static emily_status gather(cli_passages *passages, char *line, size_t length) {
  emily__str_clear(&passages->text);
  while (line && !blank(line, length)) {
    bool first = passages->text.count == 0;
    if (!(first || emily__str_puts(&passages->text, "\n")) || !emily__str_append(&passages->text, line, length))
      return EMILY_OUT_OF_MEMORY;
    EMILY__TRY(cli_input_line(passages->input, &line, &length));
  }
  return EMILY_OK;
}

emily_status cli_passages_next(cli_passages *passages, const char **text, size_t *length, uint64_t *line) {
  char *first;
  EMILY__TRY(next_filled(passages, &first, length));
  *line = passages->input->line;
  *text = first;
  if (!first || !passages->paragraphs) return EMILY_OK;
  EMILY__TRY(gather(passages, first, *length));
  *text = passages->text.data;
  *length = passages->text.count;
  return EMILY_OK;
}

void cli_passages_free(cli_passages *passages) { emily__str_free(&passages->text); }
