/* roberta.c: RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2019) and CamemBERT (Martin et al. 2019): one model
 * under three names.
 *
 * It is BERT but for two things: padding has a position of its own and tokens are counted from the next one, so that a
 * table of 514 positions is for 512 tokens; and the heads have other names and, for sequences, a projection of their own
 * instead of the pooler.
 */
#include "models/encoder.h"

static void configure(emily__config *c, emily__task task, void *self) {
  emily__encoder *e = self;
  *e = (emily__encoder){.vocab = 50265, .hidden_size = 768, .layer_count = 12, .heads = 12, .inner = 3072,
                        .max_positions = 512, .types = 2, .position_pad = 1, .eps = 1e-12, .tie = true,
                        .hidden = emily__bert_hidden};
  emily__encoder_configure(c, task, "gelu", e);
  emily__config_int(c, "pad_token_id", 0, e->max_positions - 2, &e->position_pad);
}

static void bind_head(emily__weights *w, emily__task task, emily__encoder *e) {
  int64_t d = e->hidden_size;
  const char *out = "classifier";
  if (task == EMILY__TASK_MASKED_LM) {
    e->head.dense = emily__weights_linear(w, d, d, true, "lm_head.dense");
    e->head.act = emily__activation_find("gelu"); /* whatever the layers use */
    e->head.norm = emily__weights_norm(w, d, e->eps, true, "lm_head.layer_norm");
    return;
  }
  if (task == EMILY__TASK_SEQUENCE) {
    e->head.pool = emily__pool_cls;
    e->head.dense = emily__weights_linear(w, d, d, true, "classifier.dense");
    e->head.act = emily_tanh;
    out = "classifier.out_proj";
  }
  e->head.out = emily__weights_linear(w, d, e->labels, true, "%s", task == EMILY__TASK_QUESTION ? "qa_outputs" : out);
}

static void bind(emily__weights *w, emily__task task, void *self) {
  emily__encoder *e = self;
  emily__encoder_bind_words(w, task, "roberta.embeddings.word_embeddings", "lm_head.decoder", "lm_head.bias", e);
  if (task == EMILY__TASK_BODY) emily__encoder_bind_pooler(w, task, "roberta.pooler.dense", e);
  else bind_head(w, task, e);
  emily__bert_bind(w, "roberta.", &emily__bert_own_names, e);
}

/* A buffer that old checkpoints carry; what pretraining leaves beside the head that is used; the masked words' bias's
 * other name. */
#define ROBERTA(type, class, name, judged)                                                                        \
  {.title = name,                                                                                                 \
   .checked = "Transformers in float64: " judged,                                                                 \
   .limits = "Absolute positions only; no decoder, no multiple-choice head.",                                     \
   .model_type = type,                                                                                            \
   .class_name = class,                                                                                           \
   .tasks = EMILY__ENCODER_TASKS,                                                                                 \
   .default_task = EMILY__TASK_BODY,                                                                              \
   .prefix = "roberta.",                                                                                          \
   .ignorable = (const char *const[]){"*embeddings.position_ids", "roberta.pooler.*", "lm_head.bias", NULL},      \
   .heads = (const char *const[]){"lm_head.*", "classifier.*", "qa_outputs.*", NULL},                             \
   .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_TYPES | EMILY__INPUT_POSITIONS,                  \
   .size = sizeof(emily__encoder),                                                                                \
   .configure = configure,                                                                                        \
   .bind = bind,                                                                                                  \
   .sizes = emily__encoder_sizes,                                                                                 \
   .forward = emily__encoder_forward}

const emily__family emily__family_roberta = ROBERTA("roberta", "Roberta", "RoBERTa", "every head, padding at either side");
const emily__family emily__family_xlm_roberta =
    ROBERTA("xlm-roberta", "XLMRoberta", "XLM-RoBERTa", "masked words; the rest is RoBERTa");
const emily__family emily__family_camembert = ROBERTA("camembert", "Camembert", "CamemBERT", "tokens; the rest is RoBERTa");
