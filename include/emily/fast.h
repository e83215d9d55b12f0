/* emily/fast.h: the fused ops of transformers.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion, broadcasting, negative axes. */
#ifndef EMILY_FAST_H
#define EMILY_FAST_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x / sqrt(mean(x^2) + eps) * weight along the last axis. In float32 inside (float64 for that dtype); dtype of x and
 * weight promoted. weight [D]. */
EMILY_API emily_array *emily_rms_norm(emily_scope *scope, emily_array *x, emily_array *weight, double eps);
/* (x - mean) / sqrt(var + eps) * weight + bias along the last axis. As rms_norm; weight and bias [D]. */
EMILY_API emily_array *emily_layer_norm(emily_scope *scope, emily_array *x, emily_array *weight, emily_array *bias,
                                        double eps);
/* Rotary position embedding of the last axis; positions run along the axis before it. x [B, ..., T, D], D >= dims,
 * the rest is passed through. The angle of pair i at position p is p * scale * base^(-2i/dims), or p * scale /
 * freqs[i] with freqs float32 [dims/2]. p = offset + t, or offsets (int32: [] or [B]: + t; [B, T]: the positions
 * themselves). traditional pairs are neighbours, otherwise halves. Su et al. 2021. */
EMILY_API emily_array *emily_rope(emily_scope *scope, emily_array *x, int64_t dims, bool traditional, double base,
                                  double scale, int64_t offset, emily_array *offsets, emily_array *freqs);
/* Softmax(q k^T * scale + mask) v, heads of k and v shared by groups of q. q [B, H, Tq, D], k [B, Hk, Tk, D], v [B,
 * Hk, Tk, Dv], H a multiple of Hk: [B, H, Tq, Dv]. mask: bool (true keeps) or additive, broadcastable to [B, H, Tq,
 * Tk]. causal: query i sees key j <= i + Tk - Tq. window w > 0 (with causal): and j > i + Tk - Tq - w. sinks [H] join
 * the softmax and are dropped (Xiao et al. 2023). A row that sees nothing gives zeros. Softmax in float32. */
EMILY_API emily_array *emily_scaled_dot_product_attention(emily_scope *scope, emily_array *q, emily_array *k,
                                                          emily_array *v, double scale, emily_array *mask, bool
                                                          causal, int64_t window, emily_array *sinks);
/* The gated delta rule (Yang, Kautz, Hatamizadeh, "Gated Delta Networks", 2024) over T tokens. q, k [B, T, Hk, Dk], v [B, T, Hv, Dv]
 * with Hv a multiple of Hk, gamma (the decay itself, not its logarithm) [B, T, Hv] or [B, T, Hv, Dk], beta [B, T, Hv], initial_state [B, Hv,
 * Dv, Dk] (NULL: zeros), mask [B, T] (NULL: all; where false the state stays and the answer is zero). For each token of a head, with state S:
 * S = gamma S, S += beta (v - S k) k^T, answer S q. out[0]: the answers [B, T, Hv, Dv] in the dtype of q and k; out[1]: the last state, in
 * float32 (float64 for that dtype), as are all sums. */
EMILY_API emily_status emily_gated_delta_update(emily_scope *scope, emily_array *q, emily_array *k, emily_array *v,
                                                emily_array *gamma, emily_array *beta, emily_array *initial_state,
                                                emily_array *mask, emily_array *out[2]);

/* Logsumexp(logits) - logits[target] along the last axis. logits [..., C] of floats, targets [...] of integers in
 * [0, C): float32 [...] (float64 for that dtype), computed in it. Of a target outside, the logit counts as 0. */
EMILY_API emily_array *emily_cross_entropy(emily_scope *scope, emily_array *logits, emily_array *targets);

#ifdef __cplusplus
}
#endif
#endif
