/* generation.h: how a Whisper checkpoint wants to transcribe: generation_config.json, or, in folders of the first days,
 * the same keys of config.json. */
#ifndef EMILY_MODELS_WHISPER_GENERATION_H
#define EMILY_MODELS_WHISPER_GENERATION_H

#include "base/vec.h"
#include "models/config.h"

typedef EMILY__VEC(int32_t) emily__ids;

/* "<|de|>" or "translate" with its token. */
typedef struct emily__named_id {
  char *name;
  int32_t id;
} emily__named_id;
typedef EMILY__VEC(emily__named_id) emily__named_ids;

typedef struct emily__whisper_generation {
  int32_t start, eos;          /* decoder_start_token_id, eos_token_id */
  int32_t no_timestamps;       /* the token before the first time; -1: not said */
  int32_t previous;            /* <|startofprev|>; -1: none */
  emily__ids suppress, begin_suppress;
  emily__ids forced;           /* what old files put after the start, from place 1 on; -1: open */
  emily__named_ids languages, tasks;
  char *language, *task;       /* what the file chooses; NULL: nothing */
  bool english_only;           /* is_multilingual is false */
  bool timestamps;             /* return_timestamps */
  bool condition_on_previous;
  int64_t max_initial;         /* the last time that may come first, in steps; -1: any */
  int64_t max_length;          /* prompt and new tokens of a window; -1: not said */
  int64_t max_new_tokens;      /* -1: not said */
  int64_t top_k;               /* 0: all */
  double top_p, repetition_penalty;
  double compression_ratio, logprob, no_speech; /* thresholds; NAN: none */
} emily__whisper_generation;

/* folder: the checkpoint's. vocab: the model's; a token outside is EMILY_BAD_FORMAT. What would change the answer and is
 * not done is EMILY_UNSUPPORTED. */
emily_status emily__whisper_generation_load(const char *folder, int64_t vocab, emily__whisper_generation *out);

/* The same from the text of a generation_config.json alone. */
emily_status emily__whisper_generation_parse(const char *text, size_t length, const char *name, int64_t vocab,
                                             emily__whisper_generation *out);
void emily__whisper_generation_free(emily__whisper_generation *generation);

/* The token of a name; -1 where there is none. */
int32_t emily__named_id_find(const emily__named_ids *list, const char *name);

/* Whether the list holds the token. */
bool emily__named_id_has(const emily__named_ids *list, int32_t id);

#endif
