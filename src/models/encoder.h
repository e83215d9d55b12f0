/* encoder.h: what every encoder family has in common: embedding, attention both ways, heads, and the outputs of a pass.
 *
 * An encoder family's struct begins with an emily__encoder that its configure and bind fill; its row in the table says
 * .forward = emily__encoder_forward, .sizes = emily__encoder_sizes. What it adds is `hidden`: from the embedded tokens to
 * the last hidden state. Families that are BERT but for names have that too.
 */
#ifndef EMILY_MODELS_ENCODER_H
#define EMILY_MODELS_ENCODER_H

#include "models/family.h"
#include "models/labels.h"
#include "nn/pooling.h"
#include "nn/rope.h"

enum { EMILY__ENCODER_LAYERS = 1024 }; /* at most */
enum { EMILY__ENCODER_TASKS = 1u << EMILY__TASK_BODY | 1u << EMILY__TASK_MASKED_LM | 1u << EMILY__TASK_SEQUENCE |
                              1u << EMILY__TASK_TOKEN | 1u << EMILY__TASK_QUESTION };

typedef struct emily__encoder_attention {
  emily__linear query, key, value; /* [D, D] each */
  emily__linear fused;             /* or all three, one after another, [3 D, D] */
  emily__linear out;               /* [D, D] */
} emily__encoder_attention;

/* h = attention_norm(h + attention(h));  h = mlp_norm(h + mlp(h)) */
typedef struct emily__bert_layer {
  emily__encoder_attention attention;
  emily__norm attention_norm;
  emily__mlp mlp; /* [inner, D], [D, inner] */
  emily__norm mlp_norm;
} emily__bert_layer;

/* out(norm(act(dense(x)))), where x is a vector a token or, pooled, one a row. What is absent is left out. */
typedef struct emily__encoder_head {
  emily__pooling *pool; /* NULL: a vector a token */
  emily__linear dense;  /* [D, D] */
  emily__activation *act;
  emily__norm norm;
  emily__linear out;    /* [labels, D], or [V, D] */
} emily__encoder_head;

/* One pass: what layers need beside the hidden state. */
typedef struct emily__encoder_pass {
  emily_scope *scope;
  const emily__inputs *in;
  emily_array *mask;  /* bool [B, 1, 1, T], or [B, 1, T, T]; NULL: every token sees every other */
  const emily__rope_params *rope; /* NULL: positions are not rotated in */
  emily_array *freqs; /* float32 [dims / 2] */
} emily__encoder_pass;

typedef struct emily__encoder {
  int64_t vocab, hidden_size, layer_count, heads, inner, labels;
  int64_t max_positions; /* rows of `positions`, or how far rotation was trained */
  int64_t types;         /* token types; 0: the family has none */
  int64_t position_pad;  /* >= 0: this id stands at the position of its number, and the other tokens are counted from the next one;
                            -1: all tokens are counted, from 0 */
  double eps;
  bool tie;
  emily__activation *act;

  emily__embedding words, positions, token_types; /* [V, D]; [P, D] and [types, D], or absent */
  emily__norm norm;                             /* of the embedding */
  emily__bert_layer *layers;
  emily__encoder_head head;
  /* h [B, T, D], embedded: the last hidden state. states (NULL or layer_count + 1 places): the input of each layer, and the
   * result. */
  emily_array *(*hidden)(const struct emily__encoder *self, emily_scope *scope, const emily__inputs *in, emily_array *h,
                         emily_array **states);
} emily__encoder;

/* The settings by BERT's names, checked: what bert, roberta and nomic_bert share. Defaults stand in `encoder`, that of
 * the activation in `act`. */
void emily__encoder_configure(emily__config *config, emily__task task, const char *act, emily__encoder *encoder);

/* What every encoder's configure ends with: labels, the activation under `act_key`, and whether heads divide the size,
 * whose keys the last two are. */
void emily__encoder_finish(emily__config *config, emily__task task, const char *act_key, const char *act,
                           const char *size_key, const char *heads_key, emily__encoder *encoder);

/* The word embedding, and for masked words the head's matrix, to which it may be tied, with its bias under `bias` or,
 * where the checkpoint has it, beside the matrix ("<decoder>.bias"); NULL: no bias. */
void emily__encoder_bind_words(emily__weights *weights, emily__task task, const char *words, const char *decoder,
                               const char *bias, emily__encoder *encoder);

/* The pooler: optional for the body. name: "bert.pooler.dense". */
void emily__encoder_bind_pooler(emily__weights *weights, emily__task task, const char *name, emily__encoder *encoder);

/* What the parts of a BERT-like body are called, after its prefix ("bert."). */
typedef struct emily__bert_names {
  const char *layers; /* "encoder.layer.": what follows stands after a layer's number */
  const char *query, *key, *value, *out, *attention_norm, *mlp_in, *mlp_out, *mlp_norm;
} emily__bert_names;
extern const emily__bert_names emily__bert_own_names;

/* All but words and heads: the embedding's other parts (no token types where types is 0) and the layers. */
void emily__bert_bind(emily__weights *weights, const char *prefix, const emily__bert_names *names,
                      emily__encoder *encoder);
emily_array *emily__bert_hidden(const emily__encoder *self, emily_scope *scope, const emily__inputs *in, emily_array *h,
                                emily_array **states);

/* Attention over h [B, T, D]: [B, T, D], projected. */
emily_array *emily__encoder_attend(const emily__encoder *encoder, const emily__encoder_attention *attention,
                                   const emily__encoder_pass *pass, emily_array *h);

emily__model_sizes emily__encoder_sizes(const void *self);
void emily__encoder_forward(const void *self, emily__task task, emily_scope *scope, const emily__inputs *inputs,
                            emily__outputs *outputs);

#endif
