/* quantization.h: what a config.json says about packed weights.
 *
 *     "quantization": {"group_size": 64, "bits": 4, "mode": "affine", "model.layers.0.mlp.down_proj": {"bits": 6, "group_size": 64}, "lm_head": false}
 *
 * as MLX writes it (a copy of it may stand under "quantization_config"); or Transformers' "quantization_config" with "quant_method": "fp8".
 * Every other method is refused by its name. A layer is packed where the checkpoint has scales for it; the config says how.
 */
#ifndef EMILY_MODELS_QUANTIZATION_H
#define EMILY_MODELS_QUANTIZATION_H

#include "base/vec.h"
#include "models/config.h"

typedef struct emily__pack_settings {
  const char *mode; /* static: "affine", "mxfp4", "mxfp8", "nvfp4" */
  int64_t group_size, bits;
} emily__pack_settings;

/* A mode with its group size and bits, 0 for the mode's own. EMILY_INVALID_ARGUMENT where they do not go together. */
emily_status emily__pack_settings_make(const char *mode, int64_t group_size, int64_t bits, emily__pack_settings *out);

typedef struct emily__packed_layer {
  char *name;
  bool packed; /* false: the config says that it is not */
  emily__pack_settings settings;
} emily__packed_layer;

typedef struct emily__quantization {
  bool groups; /* MLX's layout: packing is in base and layers */
  bool float8; /* 8-bit floats with scales, blocks as below */
  emily__pack_settings base;
  EMILY__VEC(emily__packed_layer) layers;
  int64_t block_rows, block_columns; /* float8: 0: a scale a matrix */
} emily__quantization;

/* Read both sections; errors stick in the config. Zeroed before; to be freed even then. */
void emily__quantization_read(emily__config *config, emily__quantization *out);
void emily__quantization_free(emily__quantization *quantization);

/* How a layer ("model.layers.0.mlp.down_proj") is packed; false where the config says that it is not. */
bool emily__quantization_of(const emily__quantization *quantization, const char *name, emily__pack_settings *out);

#endif
