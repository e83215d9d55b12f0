/* pipelines.h: checkpoints of tasks over texts (tests/data/tasks/<case>) with what Transformers' pipelines answer. Every
 * function asserts that it worked. */
#ifndef EMILY_TESTS_PIPELINES_H
#define EMILY_TESTS_PIPELINES_H

#include "emily/base.h"

#include <jansson.h>

/* A temporary folder with the case's files and a tokenizer of tests/data/tokenizers. For folder_remove. */
char *pipeline_folder(const char *name, const char *tokenizer);

/* Puts tiny_tokenizer's in place of the folder's. */
void pipeline_small_tokenizer(const char *folder);

/* Sets a text of the folder's config.json; NULL takes the key out. */
void pipeline_config(const char *folder, const char *key, const char *text);

/* What was asked and answered, one object each; json_decref. */
json_t *pipeline_answers(const char *name);

/* The text of a key, which must be there; a number, or `preset` where it is not. */
const char *pipeline_text(const json_t *object, const char *key);
int64_t pipeline_int(const json_t *object, const char *key, int64_t preset);

/* The object's "score" but for what float32 arithmetic in another order makes of it. */
void pipeline_score(float got, const json_t *object);

/* attempt(context) with each allocation failing once: EMILY_OUT_OF_MEMORY or success, and nothing is left behind. Returns
 * how often it failed. */
int pipeline_failing(emily_status (*attempt)(void *context), void *context);

#endif
