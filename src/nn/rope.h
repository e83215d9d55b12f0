/* rope.h: rotary position embedding (Su et al. 2021) and the ways its frequencies are stretched for longer texts.
 *
 * The definitions, the float32 arithmetic included, are those of Hugging Face Transformers 5 (modeling_rope_utils):
 *   default   inv_freq[i] = theta^(-2i / dims), i in [0, dims/2)
 *   linear    inv_freq / factor
 *   dynamic   past max_positions: theta * (factor * length / max_positions - (factor - 1))^(dims / (dims - 2))
 *   yarn      a ramp over i from inv_freq to inv_freq / factor; cos and sin times attention_factor (Peng et al. 2023)
 *   llama3    long waves / factor, short ones kept, a ramp by wave length between
 */
#ifndef EMILY_NN_ROPE_H
#define EMILY_NN_ROPE_H

#include "emily/ops.h"

typedef enum emily__rope_kind {
  EMILY__ROPE_DEFAULT,
  EMILY__ROPE_LINEAR,
  EMILY__ROPE_DYNAMIC,
  EMILY__ROPE_YARN,
  EMILY__ROPE_LLAMA3
} emily__rope_kind;

typedef struct emily__rope_params {
  emily__rope_kind kind;
  int64_t dims;                 /* how much of a head is rotated: even; for dynamic more than 2 */
  int64_t max_positions;        /* the config's max_position_embeddings */
  int64_t original_positions;   /* yarn, llama3: what the model was first trained on */
  double theta;
  double factor;                /* all but default */
  double beta_fast, beta_slow;  /* yarn: rotations that bound the ramp */
  bool truncate;                /* yarn: the ramp's bounds made whole */
  double attention_factor;      /* on cos and sin; 1 for all but yarn */
  bool interleaved;             /* pairs are neighbours, and not halves apart */
  double low_freq, high_freq;   /* llama3: original_positions over the wave lengths that bound the ramp; low < high */
} emily__rope_params;

/* yarn's attention_factor where the config gives none; mscale and mscale_all_dim are 0 where it gives none. */
double emily__rope_yarn_factor(double factor, double mscale, double mscale_all_dim);

/* inv_freq: dims/2 values for a pass whose last position is length - 1 (only dynamic looks at it). */
void emily__rope_inverse_frequencies(const emily__rope_params *params, int64_t length, float *inv_freq);

/* True where a pass of this length needs frequencies of its own instead of those for max_positions. */
bool emily__rope_depends_on(const emily__rope_params *params, int64_t length);

/* 1 / inv_freq as a float32 [dims/2] array, as emily_rope takes it. NULL on failure; the caller owns it. */
emily_array *emily__rope_frequencies(const emily__rope_params *params, int64_t length);

/* Positions up to which the model can be used. */
int64_t emily__rope_context(const emily__rope_params *params);

/* x [B, H, T, D]: the first dims of D rotated, halves paired (or neighbours, see interleaved). Row t of the batch stands at past + t, or at
 * positions[b, t] (int32 [B, T]) where positions are given. */
emily_array *emily__rope_apply(emily_scope *scope, emily_array *x, const emily__rope_params *params,
                               emily_array *freqs, int64_t past, emily_array *positions);

#endif
