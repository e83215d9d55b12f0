/* family.h: a model family is one row of a table.
 *
 * A family's file holds its config, its weights' names and its forward pass; everything else (finding the family, reading files, checking
 * inputs, sharing, generation) is common. To add one: write its file, declare its row below, put it in family.c's table.
 */
#ifndef EMILY_MODELS_FAMILY_H
#define EMILY_MODELS_FAMILY_H

#include "emily/array_map.h"
#include "models/config.h"
#include "models/inputs.h"
#include "models/weights.h"

/* What stands on a body, by the last word of the class name in "architectures". */
typedef enum emily__task {
  EMILY__TASK_BODY,      /* <Class>Model */
  EMILY__TASK_CAUSAL_LM, /* <Class>ForCausalLM */
  EMILY__TASK_MASKED_LM, /* <Class>ForMaskedLM */
  EMILY__TASK_SEQUENCE,  /* <Class>ForSequenceClassification */
  EMILY__TASK_TOKEN,     /* <Class>ForTokenClassification */
  EMILY__TASK_CONDITIONAL, /* <Class>ForConditionalGeneration: text from what an encoder saw */
  EMILY__TASK_QUESTION,  /* <Class>ForQuestionAnswering */
  EMILY__TASK_IMAGE,         /* <Class>ForImageClassification */
  EMILY__TASK_IMAGE_TEACHER, /* <Class>ForImageClassificationWithTeacher: two heads, whose mean is the answer */
  EMILY__TASK_COUNT
} emily__task;

/* Where a forward pass puts what it computes: only names that are wanted are kept. */
typedef struct emily__outputs {
  emily_scope *scope;
  emily_array_map *map;
  const char *const *wanted; /* NULL: all */
  size_t wanted_count;
  emily_status status;
} emily__outputs;

bool emily__outputs_want(const emily__outputs *outputs, const char *name);
void emily__outputs_add(emily__outputs *outputs, const char *name, emily_array *array); /* as float32 */

/* Room for the hidden states of `count` points of the body, where they are wanted; NULL otherwise, or on failure. What is put there
 * is given to emily__states_end, which adds them as one array [count, B, T, D] and takes the room back. */
emily_array **emily__states_begin(emily__outputs *outputs, int64_t count);
void emily__states_end(emily__outputs *outputs, emily_array **states, int64_t count);

/* The same under another name than "hidden_states". */
emily_array **emily__states_begin_as(emily__outputs *outputs, const char *name, int64_t count);
void emily__states_end_as(emily__outputs *outputs, const char *name, emily_array **states, int64_t count);

typedef struct emily__family {
  const char *title;          /* as people write it, "Qwen3" */
  const char *checked;        /* what its results are checked against: a phrase for docs/MODELS.md */
  const char *limits;         /* what of the family is refused: the same; NULL: nothing is known */
  const char *model_type;     /* config.json's, "qwen3" */
  const char *class_name;     /* how class names in "architectures" begin, "Qwen3" */
  const char *classes[EMILY__TASK_COUNT]; /* those that are not class_name and the task's name: "GPT2LMHeadModel" */
  uint32_t tasks;             /* 1u << task for each that there is */
  emily__task default_task;   /* where the config names no architecture */
  const char *prefix;         /* of the body's tensors in a checkpoint with a head: "model." */
  const char *const *ignorable; /* tensors that may lie in a checkpoint without being used (weights.h) */
  const char *const *heads;   /* the same for the body alone: the tensors of heads */
  uint32_t inputs;            /* which inputs it takes: EMILY__INPUT_… */
  size_t size;                /* bytes of the family's own struct, which the functions get as `self`, zeroed at first */

  /* Fill self's settings. Errors stick in the config. */
  void (*configure)(emily__config *config, emily__task task, void *self);
  /* Ask for every tensor. Errors stick in the weights. */
  void (*bind)(emily__weights *weights, emily__task task, void *self);
  emily__model_sizes (*sizes)(const void *self);
  /* The outputs, lazily. Errors stick in the scope and in the outputs. */
  void (*forward)(const void *self, emily__task task, emily_scope *scope, const emily__inputs *inputs,
                  emily__outputs *outputs);
  /* Whether self begins with an emily__decoder (decoder.h), which generation drives when the task is EMILY__TASK_CAUSAL_LM. */
  bool generates;
} emily__family;

extern const emily__family emily__family_bert;
extern const emily__family emily__family_gemma3_text;
extern const emily__family emily__family_gpt2;
extern const emily__family emily__family_llama;
extern const emily__family emily__family_roberta;
extern const emily__family emily__family_xlm_roberta;
extern const emily__family emily__family_camembert;
extern const emily__family emily__family_distilbert;
extern const emily__family emily__family_modernbert;
extern const emily__family emily__family_nomic_bert;
extern const emily__family emily__family_mistral;
extern const emily__family emily__family_qwen2;
extern const emily__family emily__family_qwen3;
extern const emily__family emily__family_qwen3_moe;
extern const emily__family emily__family_smollm3;
extern const emily__family emily__family_vit;
extern const emily__family emily__family_deit;
extern const emily__family emily__family_whisper;

/* "ForMaskedLM"; "Model" for the body. */
const char *emily__task_name(emily__task task);

/* Whether the task's answers are labels, which the config names. */
bool emily__task_labelled(emily__task task);

/* The class of a family and a task, as "architectures" names it. */
enum { EMILY__CLASS_ROOM = 96 };
void emily__family_class(const emily__family *family, emily__task task, char out[EMILY__CLASS_ROOM]);

/* The family and the task that a config names. EMILY_UNSUPPORTED names what is not known and lists what is. */
emily_status emily__family_find(emily__config *config, const emily__family **family, emily__task *task);

/* Read a whole config for a family into `self` (family->size bytes) and `quantization` (zeroed before; to be freed even on failure). */
emily_status emily__family_configure(const emily__family *family, emily__task task, emily__config *config,
                                     void *self, emily__quantization *quantization);

/* Check the text of a config.json as loading it would, and nothing else: what fuzzers and `emily info` call. */
emily_status emily__model_config_check(const char *text, size_t length, const char *name);

#endif
