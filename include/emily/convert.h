/* emily/convert.h: a model's checkpoint written anew: quantized, or in another dtype.
 *
 *     emily_quantize_options options = EMILY_QUANTIZE_OPTIONS_INIT;
 *     options.bits = 4;
 *     emily_rewrite_totals totals = EMILY_REWRITE_TOTALS_INIT;
 *     emily_status status = emily_model_quantize("Qwen3-0.6B", "Qwen3-0.6B-4bit", &options, &totals);
 *
 * A folder is written that did not exist, or was empty: weights (in shards where they are large), config.json, and the other files of
 * the model. Tensors are worked on a few megabytes at a time: memory does not grow with the model. On failure what was written is taken away.
 */
#ifndef EMILY_CONVERT_H
#define EMILY_CONVERT_H

#include "emily/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A layer's matrix (or all experts of one, stacked), or a tensor that belongs to none, before or after it is written. */
typedef struct emily_rewrite_tensor {
  const char *name;  /* of a layer ("model.layers.0.mlp.up_proj") or of a tensor ("model.norm.weight"), as it is written */
  const char *mode;  /* how it is packed; NULL: it is not */
  const char *kept;  /* why a layer's matrix is not packed; NULL where that is no question */
  int64_t group_size, bits;
  emily_dtype from, to;               /* not packed: the dtypes; -1: packed */
  uint64_t bytes_before, bytes_after; /* with scales and biases */
  double error; /* root mean square of the difference over that of the matrix; below 0: not measured */
  uint64_t done, total; /* bytes of the source that are dealt with, this one's included, and all */
} emily_rewrite_tensor;

typedef struct emily_rewrite_totals {
  size_t struct_size;
  uint64_t bytes_before, bytes_after; /* of all tensors */
  uint64_t parameters;
  size_t tensors, packed; /* entries, and those of them that are packed */
  size_t files;           /* of weights */
} emily_rewrite_totals;
#define EMILY_REWRITE_TOTALS_INIT {sizeof(emily_rewrite_totals), 0, 0, 0, 0, 0, 0}

/* Called after each entry; false: stop, with EMILY_CANCELLED. */
typedef bool emily_rewrite_each(void *context, const emily_rewrite_tensor *tensor);

typedef struct emily_quantize_options {
  size_t struct_size;
  const char *mode;         /* of emily_quantize (quantize.h): "affine", "mxfp4", "mxfp8", "nvfp4"; NULL: affine */
  int64_t group_size, bits; /* 0: the mode's own */
  emily_dtype dtype;        /* floats are cast to it first (float32, float16, bfloat16); -1: as they are */
  int32_t dry_run;          /* 1: nothing is written, and `out` may be NULL */
  int32_t measure;          /* 1: errors are computed */
  int32_t reserved;
  uint64_t shard_bytes;     /* of a file of weights at most (one tensor may be larger); 0: 5 GB */
  emily_rewrite_each *each; /* NULL: none */
  void *context;
} emily_quantize_options;
#define EMILY_QUANTIZE_OPTIONS_INIT {sizeof(emily_quantize_options), NULL, 0, 0, -1, 0, 0, 0, 0, NULL, NULL}

typedef struct emily_convert_options {
  size_t struct_size;
  emily_dtype dtype;        /* float32, float16 or bfloat16 */
  int32_t dry_run;          /* 1: nothing is written, and `out` may be NULL */
  uint64_t shard_bytes;     /* as above */
  emily_rewrite_each *each; /* NULL: none */
  void *context;
  const char *blocks;       /* emily_model_to_gguf: "Q8_0" or "Q4_0": matrices are packed so; NULL: they are not */
} emily_convert_options;
#define EMILY_CONVERT_OPTIONS_INIT {sizeof(emily_convert_options), EMILY_BFLOAT16, 0, 0, NULL, NULL, NULL}

/* Pack the matrices of linear layers, embeddings and experts (which are stacked) whose rows are whole groups, in MLX's layout: for the same weights the bits
 * of mlx.core.quantize, under the names that mlx-lm reads. A router of experts ("mlp.gate") is packed to 8 bits in groups of 64, as mlx-lm
 * does it. All else stays as it is. EMILY_UNSUPPORTED: a model that is quantized already, a family that emily does not know. totals may be NULL. */
EMILY_API emily_status emily_model_quantize(const char *path, const char *out, const emily_quantize_options *options,
                                            emily_rewrite_totals *totals);

/* All floats in another dtype. Packed and 8-bit weights become dense. EMILY_INVALID_ARGUMENT where a number is too large for
 * float16. totals may be NULL. */
EMILY_API emily_status emily_model_convert(const char *path, const char *out, const emily_convert_options *options,
                                           emily_rewrite_totals *totals);

/* A GGUF file of a model in a folder, as llama.cpp loads it: its names, metadata and order of rows; config, tokenizer and chat template
 * are in it, and the pooling of an embedding model (not that its vectors are brought to length 1, which the format cannot say); BERT's
 * pooler is left out. The options' dtype is that of matrices, -1: as they are; tensors of one axis become float32. out appears whole or not at all.
 * EMILY_UNSUPPORTED: a family that GGUF has no architecture for, a setting that it has no word for. totals may be NULL. */
EMILY_API emily_status emily_model_to_gguf(const char *path, const char *out, const emily_convert_options *options,
                                           emily_rewrite_totals *totals);

#ifdef __cplusplus
}
#endif
#endif
