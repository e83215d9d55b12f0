/* prompt.h: the tokens that stand before a window's text: <|startoftranscript|>, the language, the task,
 * <|notimestamps|>. */
#ifndef EMILY_MODELS_WHISPER_PROMPT_H
#define EMILY_MODELS_WHISPER_PROMPT_H

#include "models/whisper/generation.h"

/* language: "de" or "german"; task: "transcribe" or "translate"; NULL: what the checkpoint chooses. out gets the tokens,
 * the start first. *detect: place 1 holds -1, and the language's token belongs there. EMILY_INVALID_ARGUMENT: a language
 * or a task that the model does not have; out is the caller's to free then too. */
emily_status emily__whisper_prompt(const emily__whisper_generation *generation, const char *language, const char *task,
                                   bool timestamps, emily__ids *out, bool *detect);

/* The code of the language whose token stands at place 1; NULL where none does. Static. */
const char *emily__whisper_prompt_language(const emily__whisper_generation *generation, const emily__ids *prompt);

#endif
