/* bert.c: BERT (Devlin et al. 2018): config, weights, forward pass.
 *
 *     h = norm(words[ids] + types[type_ids] + positions[0 … T))
 *     each layer:  h = norm(h + out(attention(h)));  h = norm(h + mlp(h))
 *
 * Attention goes both ways over the real tokens. Heads: masked words, sequences, tokens, question answering.
 */
#include "models/encoder.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__encoder *e = self;
  *e = (emily__encoder){.vocab = 30522, .hidden_size = 768, .layer_count = 12, .heads = 12, .inner = 3072,
                        .max_positions = 512, .types = 2, .position_pad = -1, .eps = 1e-12, .tie = true,
                        .hidden = emily__bert_hidden};
  emily__encoder_configure(c, task, "gelu", e);
}

static void bind_masked_lm(emily__weights *w, emily__encoder *e) {
  e->head.dense = emily__weights_linear(w, e->hidden_size, e->hidden_size, true, "cls.predictions.transform.dense");
  e->head.act = e->act;
  e->head.norm = emily__weights_norm(w, e->hidden_size, e->eps, true, "cls.predictions.transform.LayerNorm");
}

static void bind(emily__weights *w, emily__task task, void *self) {
  emily__encoder *e = self;
  emily__encoder_bind_words(w, task, "bert.embeddings.word_embeddings", "cls.predictions.decoder",
                            "cls.predictions.bias", e);
  emily__encoder_bind_pooler(w, task, "bert.pooler.dense", e);
  if (task == EMILY__TASK_MASKED_LM) bind_masked_lm(w, e);
  else if (task != EMILY__TASK_BODY)
    e->head.out = emily__weights_linear(w, e->hidden_size, e->labels, true, "%s",
                                        task == EMILY__TASK_QUESTION ? "qa_outputs" : "classifier");
  emily__bert_bind(w, "bert.", &emily__bert_own_names, e);
}

const emily__family emily__family_bert = {
    .title = "BERT",
    .checked = "Transformers in float64: every head, both forms of the config, 15 activations; MiniLM's vectors against "
               "sentence-transformers",
    .limits = "Absolute positions only; no decoder, no cross-attention, no next-sentence or multiple-choice head.",
    .model_type = "bert",
    .class_name = "Bert",
    .tasks = EMILY__ENCODER_TASKS,
    .default_task = EMILY__TASK_BODY,
    .prefix = "bert.",
    /* A buffer that old checkpoints carry; what pretraining leaves beside the head that is used; its bias's other name. */
    .ignorable = (const char *const[]){"*embeddings.position_ids", "bert.pooler.*", "cls.seq_relationship.*",
                                       "cls.predictions.bias", NULL},
    .heads = (const char *const[]){"cls.*", "classifier.*", "qa_outputs.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS,
    .size = sizeof(emily__encoder),
    .configure = configure,
    .bind = bind,
    .sizes = emily__encoder_sizes,
    .forward = emily__encoder_forward,
};
