/* jsonl.c: see jsonl.h. */
#include "cli/jsonl.h"

#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/output.h"

#include <stdio.h>
#include <string.h>

static bool blank(const char *line, size_t length) { return strspn(line, " \t\r\n\f\v") == length; }

emily_status cli_jsonl_next(cli_input *input, json_t **object, bool *end) {
  char *line;
  size_t length;
  do EMILY__TRY(cli_input_line(input, &line, &length));
  while (line && blank(line, length));
  *end = !line;
  if (!line) return EMILY_OK;
  json_t *value;
  EMILY__TRY(emily__json_parse(line, length, "the line", &value));
  if (json_is_object(value)) return *object = value, EMILY_OK;
  emily_status status =
      emily__fail(EMILY_BAD_FORMAT, "jsonl", "the line holds %s and not an object", emily__json_type_name(value));
  json_decref(value);
  return status;
}

bool cli_jsonl_fatal(emily_status status) { return status == EMILY_IO_ERROR || status == EMILY_OUT_OF_MEMORY; }

void cli_jsonl_reject(uint64_t line) {
  char text[1200];
  cli_json json = {0};
  snprintf(text, sizeof text, "line %llu: %s", (unsigned long long)line, emily_last_error()->message);
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "error", text);
  cli_json_end(&json, '}');
  cli_note("%s", text);
}

emily_status cli_jsonl_text(const json_t *object, const char *key, const char **text, size_t *length) {
  const json_t *value = emily__json_at(object, key);
  if (!value) return emily__fail(EMILY_BAD_FORMAT, "jsonl", "the line has no \"%s\"", key);
  if (!json_is_string(value))
    return emily__fail(EMILY_BAD_FORMAT, "jsonl", "\"%s\" is %s and not a string", key, emily__json_type_name(value));
  *text = json_string_value(value);
  *length = json_string_length(value);
  return EMILY_OK;
}

static int answer_all(cli_input *input, cli_jsonl_answer *answer, void *context) {
  int code = CLI_OK;
  for (;;) {
    json_t *object = NULL;
    bool end = false;
    if (!cli_input_ready(input)) cli_out_flush();
    emily_status status = cli_jsonl_next(input, &object, &end);
    if (cli_jsonl_fatal(status)) return cli_library_error();
    if (end) return code;
    if (status == EMILY_OK) status = answer(object, context);
    if (object) json_decref(object);
    if (status != EMILY_OK) code = CLI_FAILED, cli_jsonl_reject(input->line);
  }
}

int cli_jsonl_each(const char *path, cli_jsonl_answer *answer, void *context) {
  cli_input input;
  int code = cli_input_open(&input, path) == EMILY_OK ? answer_all(&input, answer, context) : cli_library_error();
  cli_input_close(&input);
  return code;
}

int cli_jsonl_alone(const char *command, const char *jsonl, const char *items, size_t operand_count) {
  if (!jsonl || operand_count <= 1) return CLI_OK;
  return cli_error(CLI_USAGE, "%s: with --jsonl, %s come from its lines: give none beside it", command, items);
}
