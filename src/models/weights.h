/* weights.h: the tensors of a checkpoint, by name and with their shapes checked.
 *
 * A family asks for each tensor it uses; what is missing, of a wrong shape or of a wrong dtype is written down, and
 * emily__weights_finish makes one error of all of it, together with the tensors that nobody asked for. Names are those
 * of the checkpoint of a whole model ("model.layers.0.mlp.up_proj.weight"): where a checkpoint holds the bare body
 * ("layers.0.mlp.up_proj.weight"), the prefix is dropped from them.
 *
 * Arrays stay where they are, mapped, in the file's dtype. A store owns the arrays and the blocks that were handed
 * out, and lives as long as the model.
 */
#ifndef EMILY_MODELS_WEIGHTS_H
#define EMILY_MODELS_WEIGHTS_H

#include "base/vec.h"
#include "emily/checkpoint.h"
#include "models/quantization.h"
#include "nn/layers.h"

enum { EMILY__WEIGHT_NAME_MAX = 256 };

/* GPT-2's dense matrices are [in, out] in a file. */
typedef enum emily__across {
  EMILY__ALONG,  /* [out, in] in every file */
  EMILY__ACROSS, /* this file has it as [in, out] */
  EMILY__TURNED  /* a file of dense weights has it as [in, out], and this one (packed, or GGUF) as [out, in] */
} emily__across;

/* A matrix that a layer was made of: what rewriting a checkpoint (rewrite.h) goes by. */
typedef struct emily__weight_use {
  char *name; /* as the checkpoint has it, without ".weight" */
  emily__weight weight;
  int32_t ndim; /* 2; 3 for a stack of experts */
  int64_t shape[3];
  emily__across across;
  char *stack;  /* one of several experts: the name of their stack in MLX's layout; else NULL */
  char *source; /* the tensor that it is a part of; NULL: it is not */
  emily_array *twin; /* a head beside the table that it is tied to: the table; else NULL */
} emily__weight_use;

typedef struct emily__weights {
  emily_checkpoint *checkpoint; /* borrowed; only while loading */
  const char *path;             /* for messages; borrowed */
  const char *prefix;           /* "model.": what names of the body begin with; borrowed */
  bool bare;                    /* the checkpoint's names lack it */
  const emily__quantization *quantization; /* how layers are packed; NULL: none is; borrowed, only while loading */
  EMILY__VEC(emily_array *) arrays;
  EMILY__VEC(void *) blocks;
  bool record;                  /* keep `uses`, and make nothing that takes memory: the layers are not for products then */
  EMILY__VEC(emily__weight_use) uses;
  emily__str problems;          /* what is wrong so far, "a; b" */
  int problem_count;
  emily_status status;          /* what failed for another reason: memory, a damaged file */
} emily__weights;

/* Begin to load. prefix: the body's ("model."). quantization: NULL where no layer is packed. */
void emily__weights_open(emily__weights *weights, emily_checkpoint *checkpoint, const char *path, const char *prefix,
                         const emily__quantization *quantization);
void emily__weights_free(emily__weights *weights); /* all arrays and blocks */

/* Zeroed memory that lives as long as the weights; NULL on failure, which is remembered. */
void *emily__weights_alloc(emily__weights *weights, int64_t count, size_t size);

/* Whether the checkpoint has a tensor of that name. */
bool emily__weights_has(const emily__weights *weights, const char *format, ...) EMILY_PRINTF(2, 3);

/* The tensor of a name (printf's format), which must have that shape and a float dtype of 16 bits or more (float64 is taken to
 * float32). Borrowed; NULL, and written down, where something is wrong. */
emily_array *emily__weights_get(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *format, ...)
    EMILY_PRINTF(4, 5);
emily_array *emily__weights_vector(emily__weights *weights, int64_t size, const char *format, ...)
    EMILY_PRINTF(3, 4);
emily_array *emily__weights_matrix(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...)
    EMILY_PRINTF(4, 5);

/* The same for a tensor of one of the dtypes in a set (1u << dtype); `wanted` names them. ndim -1: of any shape. */
emily_array *emily__weights_take(emily__weights *weights, uint32_t dtypes, const char *wanted, const int64_t *shape, int32_t ndim,
                                 const char *name);

/* A matrix (experts: a stack of them) "<name>.weight" of a shape, dense or packed as the checkpoint has it. */
emily__weight emily__weights_weight(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *name);
emily__weight emily__weights_find(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *name); /* records nothing */

/* The same where it lies in a GGUF file in ggml's blocks; false: it does not, or has another shape. */
bool emily__weights_blocks(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *name, emily__weight *out);

/* "<name>.weight" [out, in] and, where bias is true, "<name>.bias" [out]. */
emily__linear emily__weights_linear(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format,
                                    ...) EMILY_PRINTF(5, 6);

/* The same where the file has the dense matrix the other way round, [in, out] (GPT-2's Conv1D); a GGUF file has it as [out, in]. */
emily__linear emily__weights_linear_across(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format,
                                           ...) EMILY_PRINTF(5, 6);

/* "<name>.weight" [rows, columns] */
emily__embedding emily__weights_embedding(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...)
    EMILY_PRINTF(4, 5);

/* The layers `part` ("gate_proj") of `count` experts, without biases: "<base>.switch_mlp.<part>.weight" [count, out, in], as MLX has them, or
 * "<base>.experts.0.<part>.weight" [out, in] and so on, as Transformers has them. */
emily__experts emily__weights_experts(emily__weights *weights, int64_t count, int64_t in, int64_t out, const char *base, const char *part);

/* A table and a head (without bias) that are one where `tie` is true and the checkpoint holds only one of them; it may hold either,
 * or both (which are then used as they are). Names without ".weight". */
void emily__weights_tied(emily__weights *weights, bool tie, int64_t rows, int64_t columns, const char *table_name,
                         const char *head_name, emily__embedding *table, emily__linear *head);

/* "<name>.weight" [size] and, where bias is true, "<name>.bias" [size]; old checkpoints call them gamma and beta. */
emily__norm emily__weights_norm(emily__weights *weights, int64_t size, double eps, bool bias, const char *format, ...)
    EMILY_PRINTF(5, 6);

/* Write a problem down, as one of those that emily__weights_finish lists. */
void emily__weights_problem(emily__weights *weights, const char *format, ...) EMILY_PRINTF(2, 3);

/* Remember a failure for another reason. */
void emily__weights_fail(emily__weights *weights, emily_status status);

/* The name as the checkpoint has it: without the prefix where that is bare. */
const char *emily__weights_stored(const emily__weights *weights, const char *name);

/* Note a matrix, where that is asked for; stack and source: as above. */
void emily__weights_record(emily__weights *weights, const char *name, const emily__weight *weight, const int64_t *shape, int32_t ndim,
                           emily__across across, const char *stack, const char *source);

/* Put an array of the loader's own making under the weights' care: takes the caller's reference and returns it. NULL in, NULL
 * out, and the latest failure is remembered. */
emily_array *emily__weights_adopt(emily__weights *weights, emily_array *array);

/* The same for an expression of a scope: evaluates it, and closes the scope. */
emily_array *emily__weights_settle(emily__weights *weights, emily_scope *scope, emily_array *array);

/* EMILY_OK when everything asked for was there and every tensor was asked for. ignorable: patterns of names that need not
 * be ("cls.*", "*.rotary_emb.inv_freq": one star, which stands for anything), ended by NULL. Otherwise
 * EMILY_BAD_FORMAT with the names. */
emily_status emily__weights_finish(emily__weights *weights, const char *const *ignorable);

#endif
