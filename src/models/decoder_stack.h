/* decoder_stack.h: the decoder that most families are: layers of attention and a gated MLP, each on a normed copy of the stream.
 *
 *     h = words[ids], scaled or not
 *     each layer:  h = h + [norm](o(attention(norm(h))));  h = h + [norm](mlp(norm(h)))
 *     h = norm(h)
 *
 * Heads of k and v are shared by groups of q. What families choose between stands in the settings: biases, norms of the heads of q
 * and k, norms of what attention and MLP give (the brackets), how a norm's weight counts, which layers have experts in place of
 * the MLP, rotate by which rope, or see through a window (decoder.h). A family's row has .size = sizeof(emily__stack), .bind = emily__stack_bind,
 * and its configure sets the family's defaults, calls emily__stack_configure for the keys that all share, and reads its own.
 */
#ifndef EMILY_MODELS_DECODER_STACK_H
#define EMILY_MODELS_DECODER_STACK_H

#include "models/decoder.h"
#include "nn/moe.h"

typedef struct emily__stack_layer {
  emily__norm input_norm, mlp_norm;
  emily__norm attention_out_norm, mlp_out_norm; /* with out_norms */
  emily__linear q, k, v, o;   /* [H * hd, D], [Hk * hd, D] twice, [D, H * hd] */
  emily__norm q_norm, k_norm; /* [hd], with head_norms */
  emily__gated_mlp mlp;       /* [inner, D] twice, [D, inner]; of layers that are not sparse */
  emily__moe moe;             /* of those that are */
} emily__stack_layer;

typedef struct emily__stack {
  emily__decoder decoder; /* the first member */

  int64_t heads, kv_heads, head_dim, inner, max_positions; /* kv_heads, head_dim 0: heads, hidden_size / heads */
  double eps;
  bool qkv_bias, o_bias, mlp_bias; /* which projections have a bias */
  bool head_norms, out_norms;
  bool weight_plus_one; /* norms multiply by 1 + weight */
  bool scale_embeddings; /* by sqrt(hidden_size), rounded to the embedding's dtype */
  bool tie;             /* the head is the embedding */
  bool sparse[EMILY__MAX_LAYERS]; /* layers with experts in place of the MLP */
  int64_t experts, top_k, expert_inner;
  bool normalize; /* the weights of the chosen experts sum to 1 */
  const char *act_name;
  emily__activation *act;

  emily__embedding words; /* [V, D] */
  emily__stack_layer *layers;
  emily__norm norm;
} emily__stack;

/* Read what every such family has: sizes, heads, rms_norm_eps, tie_word_embeddings. The activation is read from
 * `act_key`. The stack holds the family's defaults. */
void emily__stack_configure(emily__config *config, emily__task task, const char *act_key, emily__stack *stack);

/* attention_bias and mlp_bias, of all four and all three projections. */
void emily__stack_biases(emily__config *config, emily__stack *stack);

/* The one rope that every layer rotates by, theta being the family's default; and how many tokens it carries. */
void emily__stack_rope(emily__config *config, double theta, emily__stack *stack);

void emily__stack_bind(emily__weights *weights, emily__task task, void *self);

/* What every row has in common: what may be left unused in a checkpoint, the tensors of heads; and the tasks of most. */
extern const char *const emily__stack_ignorable[];
extern const char *const emily__stack_heads[];

#define EMILY__STACK_ROW                                                                                              \
  .prefix = "model.", .ignorable = emily__stack_ignorable, .heads = emily__stack_heads,                               \
  .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_POSITIONS, .size = sizeof(emily__stack),              \
  .bind = emily__stack_bind, .sizes = emily__decoder_sizes, .forward = emily__decoder_forward, .generates = true,     \
  .default_task = EMILY__TASK_CAUSAL_LM
#define EMILY__STACK_TASKS                                                                                            \
  .tasks = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_CAUSAL_LM | 1u << EMILY__TASK_SEQUENCE | 1u << EMILY__TASK_TOKEN

#endif
