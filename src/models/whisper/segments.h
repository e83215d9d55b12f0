/* segments.h: the tokens of a window cut at their times, as Transformers' long-form generation cuts them. */
#ifndef EMILY_MODELS_WHISPER_SEGMENTS_H
#define EMILY_MODELS_WHISPER_SEGMENTS_H

#include "base/status.h"

#include <stddef.h>

/* tokens[from … to) of the window; start and end in steps of the times, from the window's begin. */
typedef struct emily__whisper_segment {
  size_t from, to;
  int64_t start, end;
  bool open; /* no time says where it ends: end is the window's */
} emily__whisper_segment;

/* tokens: without the end token. steps: the window's length in steps of the times. The segments go to out, which has
 * room for count + 1; how many there are is returned. *seek: after how many steps the next window begins, where the last
 * time says that more follows it; 0: after all of this one. */
size_t emily__whisper_segments(const int32_t *tokens, size_t count, int32_t times, int64_t steps,
                               emily__whisper_segment *out, int64_t *seek);

#endif
