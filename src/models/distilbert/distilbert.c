/* distilbert.c: DistilBERT (Sanh et al. 2019): BERT with half its layers, without token types and without a pooler. */
#include "models/encoder.h"

static const emily__bert_names names = {
    .layers = "transformer.layer.",
    .query = "attention.q_lin", .key = "attention.k_lin", .value = "attention.v_lin", .out = "attention.out_lin",
    .attention_norm = "sa_layer_norm", .mlp_in = "ffn.lin1", .mlp_out = "ffn.lin2", .mlp_norm = "output_layer_norm",
};

/* What no forward pass depends on: training, how positions were first filled, and a key of old files that no model reads. */
static const char *const passed_over[] = {"dropout", "qa_dropout", "seq_classif_dropout", "sinusoidal_pos_embds", "tie_weights_"};

/* A size under the family's own name, or under the name that other families give it. */
static void read_size(emily__config *c, const char *own, const char *common, int64_t *out) {
  emily__config_size(c, common, out);
  emily__config_size(c, own, out);
}

static void configure(emily__config *c, emily__task task, void *self) {
  emily__encoder *e = self;
  const char *act = "gelu";
  *e = (emily__encoder){.vocab = 30522, .hidden_size = 768, .layer_count = 6, .heads = 12, .inner = 3072,
                        .max_positions = 512, .position_pad = -1, .eps = 1e-12, .tie = true,
                        .hidden = emily__bert_hidden};
  emily__config_size(c, "vocab_size", &e->vocab);
  read_size(c, "dim", "hidden_size", &e->hidden_size);
  read_size(c, "n_layers", "num_hidden_layers", &e->layer_count);
  read_size(c, "n_heads", "num_attention_heads", &e->heads);
  emily__config_size(c, "hidden_dim", &e->inner);
  emily__config_size(c, "max_position_embeddings", &e->max_positions);
  emily__config_text(c, "activation", &act);
  for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++) emily__config_skip(c, passed_over[i]);
  emily__encoder_finish(c, task, "activation", act, "dim", "n_heads", e);
}

static void bind_head(emily__weights *w, emily__task task, emily__encoder *e) {
  int64_t d = e->hidden_size;
  if (task == EMILY__TASK_MASKED_LM) {
    e->head.dense = emily__weights_linear(w, d, d, true, "vocab_transform");
    e->head.act = e->act;
    e->head.norm = emily__weights_norm(w, d, e->eps, true, "vocab_layer_norm");
    return;
  }
  if (task == EMILY__TASK_SEQUENCE) {
    e->head.pool = emily__pool_cls;
    e->head.dense = emily__weights_linear(w, d, d, true, "pre_classifier");
    e->head.act = emily_relu;
  }
  e->head.out = emily__weights_linear(w, d, e->labels, true, "%s", task == EMILY__TASK_QUESTION ? "qa_outputs" : "classifier");
}

static void bind(emily__weights *w, emily__task task, void *self) {
  emily__encoder *e = self;
  emily__encoder_bind_words(w, task, "distilbert.embeddings.word_embeddings", "vocab_projector",
                            "vocab_projector.bias", e);
  if (task != EMILY__TASK_BODY) bind_head(w, task, e);
  emily__bert_bind(w, "distilbert.", &names, e);
}

const emily__family emily__family_distilbert = {
    .title = "DistilBERT",
    .checked = "Transformers in float64: every head, both forms of the config",
    .limits = "No multiple-choice head.",
    .model_type = "distilbert",
    .class_name = "DistilBert",
    .tasks = EMILY__ENCODER_TASKS,
    .default_task = EMILY__TASK_BODY,
    .prefix = "distilbert.",
    .ignorable = (const char *const[]){"*embeddings.position_ids", NULL}, /* a buffer that old checkpoints carry */
    .heads = (const char *const[]){"vocab_*", "pre_classifier.*", "classifier.*", "qa_outputs.*", NULL},
    .inputs = EMILY__INPUT_IDS | EMILY__INPUT_MASK | EMILY__INPUT_POSITIONS,
    .size = sizeof(emily__encoder),
    .configure = configure,
    .bind = bind,
    .sizes = emily__encoder_sizes,
    .forward = emily__encoder_forward,
};
