/* emily/random.h: random numbers from keys.
 *
 * Equal keys give the samples that MLX gives.
 *
 * The rules of emily/ops.h hold: scope, lazy results, promotion, broadcasting, negative axes. */
#ifndef EMILY_RANDOM_H
#define EMILY_RANDOM_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* a key from a seed. uint32 [2]: the high and the low half of the seed. */
EMILY_API emily_array *emily_random_key(emily_scope *scope, int64_t seed);
/* Num keys from one. uint32 [num, 2]. */
EMILY_API emily_array *emily_random_split(emily_scope *scope, emily_array *key, int64_t num);
/* Uniform bits. uint8, uint16 or uint32 for width 1, 2, 4. The bits of threefry2x32 (Salmon et al. 2011) as MLX lays
 * them out; key uint32 [..., 2]. */
EMILY_API emily_array *emily_random_bits(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                         shape_count, int64_t width);
/* Uniform in [low, high). Float32, float16 or bfloat16. */
EMILY_API emily_array *emily_random_uniform(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                            const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* Normally distributed, mean loc, deviation scale. sqrt(2) erfinv(u) of u uniform in (-1, 1). */
EMILY_API emily_array *emily_random_normal(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                           shape_count, emily_dtype dtype, emily_array *loc, emily_array *scale);
/* Integers in [low, high). Floor of a float32 uniform, as MLX: wide ranges are coarse. */
EMILY_API emily_array *emily_random_randint(emily_scope *scope, emily_array *key, emily_array *low, emily_array *high,
                                            const int64_t *shape, int32_t shape_count, emily_dtype dtype);
/* True with probability p. Bool; p is a float, broadcast to shape. */
EMILY_API emily_array *emily_random_bernoulli(emily_scope *scope, emily_array *key, emily_array *p, const int64_t
                                              *shape, int32_t shape_count);
/* Standard Gumbel distributed. -log(-log(u)). */
EMILY_API emily_array *emily_random_gumbel(emily_scope *scope, emily_array *key, const int64_t *shape, int32_t
                                           shape_count, emily_dtype dtype);
/* Indices drawn with probabilities softmax(logits). uint32, by the Gumbel-max rule. shape NULL: the logits' shape
 * without axis; otherwise it must be broadcastable from that. */
EMILY_API emily_array *emily_random_categorical(emily_scope *scope, emily_array *key, emily_array *logits, int64_t
                                                axis, const int64_t *shape, int32_t shape_count);

#ifdef __cplusplus
}
#endif
#endif
