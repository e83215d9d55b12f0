/* rope_config.h: the rotary settings of a config.json, as Transformers 5 writes them (rope_parameters) and as the hub's
 * files have them (rope_theta, rope_scaling). */
#ifndef EMILY_MODELS_ROPE_CONFIG_H
#define EMILY_MODELS_ROPE_CONFIG_H

#include "models/config.h"
#include "nn/rope.h"

/* Read every rotary key. theta: the family's default. partial: whether the family rotates only a part of a head where
 * partial_rotary_factor asks for it; a family that does not refuses the key. */
void emily__config_rope(emily__config *config, int64_t head_dim, int64_t max_positions, double theta, bool partial,
                        emily__rope_params *out);

/* The same for a family with a rope for layers that see all (out[0]) and one for those that slide (out[1]): one object each in
 * rope_parameters; or rope_theta and rope_scaling for the first, rope_local_base_freq for the second. thetas: the
 * family's defaults. */
void emily__config_rope_pair(emily__config *config, int64_t head_dim, int64_t max_positions, const double thetas[2],
                             emily__rope_params out[2]);

#endif
