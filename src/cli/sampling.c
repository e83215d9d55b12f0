/* sampling.c: see sampling.h. */
#include "cli/sampling.h"

void cli_sampling_apply(const cli_sampling *s, emily_generate_options *o) {
  if (s->temperature.given) o->temperature = s->temperature.value;
  if (s->top_k.given) o->top_k = s->top_k.value;
  if (s->top_p.given) o->top_p = s->top_p.value;
  if (s->min_p.given) o->min_p = s->min_p.value;
  if (s->repetition_penalty.given) o->repetition_penalty = s->repetition_penalty.value;
  if (s->seed.given) o->seed = s->seed.value;
}
