/* family.c: the table of families, and how a config finds its row. */
#include "models/family.h"

#include "base/alloc.h"
#include "emily/model.h"
#include "models/labels.h"

#include <stdio.h>
#include <string.h>

static const emily__family *const families[] = {
    &emily__family_bert,
    &emily__family_roberta,
    &emily__family_xlm_roberta,
    &emily__family_camembert,
    &emily__family_distilbert,
    &emily__family_modernbert,
    &emily__family_nomic_bert,
    &emily__family_gemma3_text,
    &emily__family_gpt2,
    &emily__family_llama,
    &emily__family_mistral,
    &emily__family_qwen2,
    &emily__family_qwen3,
    &emily__family_qwen3_moe,
    &emily__family_smollm3,
    &emily__family_vit,
    &emily__family_deit,
    &emily__family_whisper,
};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

static const char *const task_names[EMILY__TASK_COUNT] = {
    [EMILY__TASK_BODY] = "Model",
    [EMILY__TASK_CAUSAL_LM] = "ForCausalLM",
    [EMILY__TASK_MASKED_LM] = "ForMaskedLM",
    [EMILY__TASK_SEQUENCE] = "ForSequenceClassification",
    [EMILY__TASK_TOKEN] = "ForTokenClassification",
    [EMILY__TASK_CONDITIONAL] = "ForConditionalGeneration",
    [EMILY__TASK_QUESTION] = "ForQuestionAnswering",
    [EMILY__TASK_IMAGE] = "ForImageClassification",
    [EMILY__TASK_IMAGE_TEACHER] = "ForImageClassificationWithTeacher",
};

const char *emily__task_name(emily__task task) { return task_names[task]; }

bool emily__task_labelled(emily__task task) { 
  return task == EMILY__TASK_SEQUENCE || task == EMILY__TASK_TOKEN || task == EMILY__TASK_IMAGE || task == EMILY__TASK_IMAGE_TEACHER;
}

bool emily_family_at(size_t index, emily_family_info *out) {
  if (index >= FAMILY_COUNT || out->struct_size < sizeof *out) return false;
  const emily__family *family = families[index];
  *out = (emily_family_info){.struct_size = sizeof *out, .model_type = family->model_type, .class_name = family->class_name,
                             .title = family->title, .checked = family->checked, .limits = family->limits};
  for (int i = 0; i < EMILY__TASK_COUNT; i++)
    if (family->tasks & (1u << i)) out->tasks[out->task_count++] = task_names[i];
  return true;
}

void emily__family_class(const emily__family *family, emily__task task, char out[EMILY__CLASS_ROOM]) {
  const char *name = family->classes[task];
  if (name) snprintf(out, EMILY__CLASS_ROOM, "%s", name);
  else snprintf(out, EMILY__CLASS_ROOM, "%s%s", family->class_name, task_names[task]);
}

/* The task that a class name of the family says; false where it is not one of the family's. */
static bool task_of(const emily__family *family, const char *architecture, emily__task *task) {
  char name[EMILY__CLASS_ROOM];
  for (int i = 0; i < EMILY__TASK_COUNT; i++) {
    if (!(family->tasks & (1u << i))) continue;
    emily__family_class(family, (emily__task)i, name);
    if (strcmp(architecture, name) != 0) continue;
    *task = (emily__task)i;
    return true;
  }
  return false;
}

static emily_status unknown_type(emily__config *config, const char *type) {
  emily__str known = {0};
  bool room = true;
  for (int i = 0; i < FAMILY_COUNT; i++)
    room = room && emily__str_printf(&known, "%s%s", i ? ", " : "", families[i]->model_type);
  emily_status status =
      !room ? EMILY_OUT_OF_MEMORY
            : emily__config_fail(config, EMILY_UNSUPPORTED, "\"model_type\": \"%s\" is no family that emily knows (%s)",
                                 type, known.data);
  emily__str_free(&known);
  return status;
}

static emily_status unknown_architecture(emily__config *config, const emily__family *family, const char *name) {
  emily__str known = {0};
  char one[EMILY__CLASS_ROOM];
  bool room = true;
  for (int i = 0; i < EMILY__TASK_COUNT; i++) {
    if (!(family->tasks & (1u << i))) continue;
    emily__family_class(family, (emily__task)i, one);
    room = room && emily__str_printf(&known, "%s%s", known.count ? ", " : "", one);
  }
  emily_status status =
      !room ? EMILY_OUT_OF_MEMORY
            : emily__config_fail(config, EMILY_UNSUPPORTED, "\"architectures\": \"%s\" is not supported (%s are)", name,
                                 known.data);
  emily__str_free(&known);
  return status;
}

/* The first architecture; NULL where there is none. */
static const char *read_architecture(emily__config *config) {
  json_t *list = NULL;
  emily__config_array(config, "architectures", &list);
  if (!list || json_array_size(list) == 0) return NULL;
  const char *name = json_string_value(json_array_get(list, 0));
  if (!name) emily__config_fail(config, EMILY_BAD_FORMAT, "\"architectures\" must be a list of strings");
  return name;
}

emily_status emily__family_find(emily__config *config, const emily__family **family, emily__task *task) {
  const char *type = NULL, *architecture = read_architecture(config);
  emily__config_text(config, "model_type", &type);
  if (config->status != EMILY_OK) return config->status;
  if (!type) return emily__config_fail(config, EMILY_BAD_FORMAT, "\"model_type\" is missing");
  for (int i = 0; i < FAMILY_COUNT; i++) {
    if (strcmp(families[i]->model_type, type) != 0) continue;
    *family = families[i];
    *task = families[i]->default_task;
    if (architecture && !task_of(families[i], architecture, task))
      return unknown_architecture(config, families[i], architecture);
    return EMILY_OK;
  }
  return unknown_type(config, type);
}

emily_status emily__family_configure(const emily__family *family, emily__task task, emily__config *config,
                                     void *self, emily__quantization *quantization) {
  family->configure(config, task, self);
  emily__quantization_read(config, quantization);
  emily__config_only_empty(config, "pruned_heads");
  return emily__config_done(config, family->model_type, emily__config_harmless);
}

emily_status emily__model_config_check(const char *text, size_t length, const char *name) {
  emily__config config;
  EMILY__TRY(emily__config_parse(&config, text, length, name));
  const emily__family *family = NULL;
  emily__task task;
  emily_status status = emily__family_find(&config, &family, &task);
  if (status == EMILY_OK) {
    void *self = emily__calloc(1, family->size);
    emily__quantization quantization = {0};
    emily__labels labels = {0};
    status = self ? emily__family_configure(family, task, &config, self, &quantization) : EMILY_OUT_OF_MEMORY;
    if (status == EMILY_OK) emily__labels_read(&config, emily__task_labelled(task), &labels), status = config.status;
    emily__labels_free(&labels);
    emily__quantization_free(&quantization);
    emily__free(self);
  }
  emily__config_free(&config);
  return status;
}

bool emily__outputs_want(const emily__outputs *outputs, const char *name) {
  if (!outputs->wanted) return true;
  for (size_t i = 0; i < outputs->wanted_count; i++)
    if (strcmp(outputs->wanted[i], name) == 0) return true;
  return false;
}

void emily__outputs_add(emily__outputs *outputs, const char *name, emily_array *array) {
  if (outputs->status != EMILY_OK || !emily__outputs_want(outputs, name)) return;
  array = emily_astype(outputs->scope, array, EMILY_FLOAT32);
  outputs->status = array ? emily_array_map_set(outputs->map, name, array) : emily_scope_status(outputs->scope);
}

emily_array **emily__states_begin_as(emily__outputs *outputs, const char *name, int64_t count) {
  if (outputs->status != EMILY_OK || !emily__outputs_want(outputs, name)) return NULL;
  emily_array **states = emily__calloc((size_t)count, sizeof *states);
  if (!states) outputs->status = EMILY_OUT_OF_MEMORY;
  return states;
}

void emily__states_end_as(emily__outputs *outputs, const char *name, emily_array **states, int64_t count) {
  if (!states) return;
  emily__outputs_add(outputs, name, emily_stack(outputs->scope, states, (int32_t)count, 0));
  emily__free(states);
}

emily_array **emily__states_begin(emily__outputs *outputs, int64_t count) {
  return emily__states_begin_as(outputs, "hidden_states", count);
}

void emily__states_end(emily__outputs *outputs, emily_array **states, int64_t count) {
  emily__states_end_as(outputs, "hidden_states", states, count);
}
