/* generate.h: what the calls that generate have in common: options over the checkpoint's settings, and then the driver. */
#ifndef EMILY_MODELS_GENERATE_H
#define EMILY_MODELS_GENERATE_H

#include "generate/driver.h"
#include "models/model.h"

typedef struct emily__generate_call {
  const emily_model *model;
  emily_tokenizer *tokenizer; /* NULL: ids alone */
  const emily_prompt *prompts;
  size_t count;
  emily__memory *memory; /* of a session; NULL: none */
  bool batch;            /* texts may step together; else count is 1 */
  emily_generation **out; /* [count] */
} emily__generate_call;

/* options: NULL for the defaults. */
emily_status emily__generate_run(const emily__generate_call *call, const emily_generate_options *options);

#endif
