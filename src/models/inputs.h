/* inputs.h: the named inputs of a forward pass, checked and brought to the types that the families compute with. */
#ifndef EMILY_MODELS_INPUTS_H
#define EMILY_MODELS_INPUTS_H

#include "emily/array_map.h"
#include "emily/ops.h"

enum {
  EMILY__INPUT_IDS = 1,       /* input_ids */
  EMILY__INPUT_MASK = 2,      /* attention_mask */
  EMILY__INPUT_TYPES = 4,     /* token_type_ids */
  EMILY__INPUT_POSITIONS = 8, /* position_ids */
  EMILY__INPUT_FEATURES = 16, /* input_features */
  EMILY__INPUT_DECODER_IDS = 32, /* decoder_input_ids: the tokens of a family that has an encoder beside them */
  EMILY__INPUT_PIXELS = 64, /* pixel_values */
  EMILY__INPUT_COUNT = 7
};

typedef struct emily__inputs {
  int64_t batch, length;  /* length: tokens a row; 0 where the family takes none */
  emily_array *ids;       /* int32 [B, T] */
  emily_array *mask;      /* bool [B, T], true: a real token; NULL: all are */
  emily_array *types;     /* int32 [B, T]; NULL: zeros */
  emily_array *positions; /* int32 [B, T]; NULL: 0, 1, 2 … */
  emily_array *features;  /* float32 [B, mels, frames] */
  emily_array *pixels;    /* float32 [B, channels, height, width] */
} emily__inputs;

enum { EMILY__INPUT_EXTENTS = 3 };

/* What a model's config says of its sizes, and so of its inputs. */
typedef struct emily__model_sizes {
  int64_t vocab;     /* input_ids lie below */
  int64_t types;     /* token_type_ids lie below */
  int64_t positions; /* position_ids lie below, and a row has no more tokens (than `context`, where that is less); 0: no such limit */
  int64_t hidden;    /* the hidden state's size */
  int64_t context;   /* how many tokens a text may have */
  int64_t extents[EMILY__INPUT_EXTENTS]; /* of the family's float input, behind the batch's axis; 0: any */
} emily__model_sizes;

/* Take `accepted` of the inputs (EMILY__INPUT_… bits) from `map`: token ids and float inputs must be there. EMILY_INVALID_ARGUMENT names an input that the family does not
 * take, that is missing, or of a wrong shape or dtype. Values are checked where they are known without computing;
 * those of a lazy array are not (an id out of range then reads zeros, see emily_take). The arrays belong to the scope. */
emily_status emily__inputs_take(emily_scope *scope, const emily_array_map *map, uint32_t accepted,
                                const emily__model_sizes *sizes, emily__inputs *out);

/* The largest value of an int32 array, evaluated where needed; 0 for an empty one. */
emily_status emily__largest_value(emily_array *array, int64_t *out);

#endif
