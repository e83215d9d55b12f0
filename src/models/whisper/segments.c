/* segments.c: see segments.h. */
#include "models/whisper/segments.h"

static bool is_time(const int32_t *tokens, size_t i, int32_t times) { return tokens[i] >= times; }

/* One segment of everything, up to its last time where it has one that is not 0. */
static size_t whole(const int32_t *tokens, size_t count, int32_t times, int64_t steps, emily__whisper_segment *out) {
  *out = (emily__whisper_segment){.to = count, .end = steps, .open = true};
  for (size_t i = count; i-- > 0;) {
    if (!is_time(tokens, i, times)) continue;
    if (tokens[i] != times) out->end = tokens[i] - times, out->open = false;
    break;
  }
  return 1;
}

size_t emily__whisper_segments(const int32_t *tokens, size_t count, int32_t times, int64_t steps,
                               emily__whisper_segment *out, int64_t *seek) {
  bool last = count >= 1 && is_time(tokens, count - 1, times), before = count >= 2 && is_time(tokens, count - 2, times);
  bool single = last && count >= 2 && !before;
  size_t made = 0, from = 0;
  *seek = 0;
  for (size_t i = 1; i < count; i++) { /* a cut between two times */
    if (!is_time(tokens, i - 1, times) || !is_time(tokens, i, times)) continue;
    out[made++] = (emily__whisper_segment){from, i, tokens[from] - times, tokens[i - 1] - times, false};
    from = i;
  }
  if (!made) return whole(tokens, count, times, steps, out);
  if (single) {
    out[made++] = (emily__whisper_segment){from, count, tokens[from] - times, tokens[count - 1] - times, false};
  } else {
    *seek = tokens[from - 1] - times;
    out[made - 1].to++; /* the last segment keeps the time that would begin the next one */
  }
  return made;
}
