/* input.c: see input.h. */
#include "cli/input.h"

#include "base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };

emily_status cli_input_open(cli_input *input, const char *path) {
  struct stat info;
  bool standard = !strcmp(path, "-");
  *input = (cli_input){.fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
                       .name = standard ? "standard input" : path};
  if (input->fd < 0)
    return emily__fail(errno == ENOENT ? EMILY_NOT_FOUND : EMILY_IO_ERROR, "input", "cannot open %s: %s", path,
                       strerror(errno));
  if (!fstat(input->fd, &info) && S_ISREG(info.st_mode)) input->size = (uint64_t)info.st_size;
  return EMILY_OK;
}

void cli_input_close(cli_input *input) {
  emily__str_free(&input->buffer);
  if (input->fd > STDIN_FILENO) close(input->fd);
}

/* What was handed out makes room for what comes. */
static void drop_taken(cli_input *input) {
  emily__str *buffer = &input->buffer;
  if (!input->start) return;
  memmove(buffer->data, buffer->data + input->start, buffer->count - input->start + 1); /* with the NUL at the end */
  buffer->count -= input->start;
  input->scanned -= input->start;
  input->start = 0;
}

static emily_status read_block(cli_input *input) {
  char block[BLOCK];
  ssize_t got;
  do got = read(input->fd, block, sizeof block);
  while (got < 0 && errno == EINTR);
  if (got < 0) return emily__fail(EMILY_IO_ERROR, "input", "cannot read %s: %s", input->name, strerror(errno));
  if (!got) input->ended = true;
  drop_taken(input);
  return emily__str_append(&input->buffer, block, (size_t)got) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The end of a whole line in the buffer, NULL where more must be read. */
static char *find_newline(cli_input *input) {
  if (!input->buffer.data) return NULL;
  char *newline = memchr(input->buffer.data + input->scanned, '\n', input->buffer.count - input->scanned);
  input->scanned = newline ? (size_t)(newline - input->buffer.data) : input->buffer.count;
  return newline;
}

emily_status cli_input_line(cli_input *input, char **line, size_t *length) {
  char *newline;
  while (!(newline = find_newline(input)) && !input->ended) EMILY__TRY(read_block(input));
  *line = NULL;
  *length = 0;
  if (!newline && input->start == input->buffer.count) return EMILY_OK;
  char *begin = input->buffer.data + input->start;
  char *end = newline ? newline : input->buffer.data + input->buffer.count;
  size_t taken = (size_t)(end - begin) + (newline ? 1 : 0);
  input->start += taken;
  input->taken += taken;
  input->scanned = input->start;
  input->line++;
  if (newline && end > begin && end[-1] == '\r') end--;
  *end = '\0'; /* over the line's end, or the NUL that every emily__str ends with */
  *line = begin;
  *length = (size_t)(end - begin);
  return EMILY_OK;
}

bool cli_input_ready(cli_input *input) {
  struct pollfd poller = {.fd = input->fd, .events = POLLIN};
  if (input->ended || find_newline(input)) return true;
  return poll(&poller, 1, 0) > 0;
}

emily_status cli_input_rest(cli_input *input, char **text, size_t *length) {
  while (!input->ended) EMILY__TRY(read_block(input));
  drop_taken(input);
  input->taken += input->buffer.count;
  input->start = input->scanned = input->buffer.count;
  *text = input->buffer.data;
  *length = input->buffer.count;
  return EMILY_OK;
}

emily_status cli_input_text(cli_input *input, char **text, size_t *length) {
  EMILY__TRY(cli_input_rest(input, text, length));
  if (*length && (*text)[*length - 1] == '\n') (*text)[--*length] = '\0';
  return EMILY_OK;
}
