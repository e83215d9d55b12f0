/* prompt_lines.h: prompts as JSON lines, their texts as JSON lines: `generate --jsonl`. */
#ifndef EMILY_CLI_PROMPT_LINES_H
#define EMILY_CLI_PROMPT_LINES_H

#include "cli/ids.h"

#include "emily/generate.h"

/* Answers every line of `path` ("-": standard input), {"text": "…"} or {"tokens": […]}, in its order, options->batch_size of them at a time. tokenizer:
 * NULL where there is none; then a line must have tokens. An exit code. */
int cli_prompt_lines(const char *path, emily_model *model, emily_tokenizer *tokenizer, const emily_generate_options *options);

/* The ids of a text, added; a prompt is never cut silently. */
emily_status cli_prompt_encode(emily_tokenizer *tokenizer, const char *text, size_t length, cli_ids *ids);

#endif
