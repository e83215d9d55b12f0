/* jsonl.h: JSON lines in, a line of JSON out for each.
 *
 * A line that cannot be answered (it is not JSON, not UTF-8, lacks a key, has half a surrogate pair) gets
 * {"error": "line 3: …"} in its place and the message on standard error; the other lines are answered all the same,
 * and the exit code is CLI_FAILED. So the n-th line out belongs to the n-th line in. Lines of white space alone are
 * passed over.
 */
#ifndef EMILY_CLI_JSONL_H
#define EMILY_CLI_JSONL_H

#include "base/json.h"
#include "cli/input.h"

/* Answers one line: writes one line of JSON, or fails without having written anything. */
typedef emily_status cli_jsonl_answer(const json_t *object, void *context);

/* With --jsonl (NULL: without it) a command takes no operands behind MODEL, as its `items` come from the lines. CLI_OK, or CLI_USAGE, which has
 * been said. */
int cli_jsonl_alone(const char *command, const char *jsonl, const char *items, size_t operand_count);

/* All lines of `path` ("-": standard input), one after another; an exit code. */
int cli_jsonl_each(const char *path, cli_jsonl_answer *answer, void *context);

/* The next object of the input, a new reference; *end says that there is none. After a failure *object is untouched,
 * and where the failure is not fatal it is the line's alone: cli_jsonl_reject it and go on. */
emily_status cli_jsonl_next(cli_input *input, json_t **object, bool *end);
bool cli_jsonl_fatal(
    emily_status status); /* the input's own failure, or memory: the lines that follow are lost too */

/* Say the thread's latest failure as that of the line, and write the object that stands for its answer. */
void cli_jsonl_reject(uint64_t line);

/* The string of a key that must be there. It belongs to the object. */
emily_status cli_jsonl_text(const json_t *object, const char *key, const char **text, size_t *length);

#endif
