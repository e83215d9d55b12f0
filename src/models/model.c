/* model.c: loading a checkpoint, sharing it, one forward pass. */
#include "models/model.h"

#include "base/alloc.h"
#include "base/status.h"
#include "io/file.h"

#include <stdatomic.h>
#include <string.h>

struct emily_model {
  atomic_int references;
  const emily__family *family;
  emily__task task;
  void *self; /* the family's struct; its arrays belong to weights */
  emily__quantization quantization; /* how weights are packed */
  emily__weights weights;
  bool record; /* emily__model_record */
  emily_stream *stream;
  emily__labels labels;
  char *path;
};

/* ---- loading ---- */

static emily_status configure(emily_model *model, emily__config *config, bool body_only) {
  EMILY__TRY(emily__family_find(config, &model->family, &model->task));
  if (body_only) model->task = EMILY__TASK_BODY;
  model->self = emily__calloc(1, model->family->size);
  if (!model->self) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(emily__family_configure(model->family, model->task, config, model->self, &model->quantization));
  emily__labels_read(config, emily__task_labelled(model->task), &model->labels);
  return config->status;
}

static emily_status load_config(emily_model *model, bool body_only) {
  char *path = emily__path_join(model->path, "config.json");
  if (!path) return EMILY_OUT_OF_MEMORY;
  emily__config config;
  emily_status status = emily__config_load(&config, path);
  if (status == EMILY_OK) {
    status = configure(model, &config, body_only);
    emily__config_free(&config);
  }
  emily__free(path);
  return status;
}

/* The tensors that may stay unused: the family's, and for the body alone those of heads. NULL-terminated, emily__free. */
static const char **ignorable_names(const emily_model *model) {
  const char *const *lists[] = {model->family->ignorable, model->family->heads};
  int list_count = model->task == EMILY__TASK_BODY ? 2 : 1;
  size_t count = 0;
  for (int i = 0; i < list_count; i++)
    for (const char *const *name = lists[i]; *name; name++) count++;
  const char **all = emily__calloc(count + 1, sizeof *all);
  if (!all) return NULL;
  count = 0;
  for (int i = 0; i < list_count; i++)
    for (const char *const *name = lists[i]; *name; name++) all[count++] = *name;
  return all;
}

static emily_status load_weights(emily_model *model) {
  emily_checkpoint *checkpoint = NULL;
  EMILY__TRY(emily_checkpoint_open(model->path, &checkpoint));
  const char **ignorable = ignorable_names(model);
  emily_status status = ignorable ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  if (status == EMILY_OK) {
    emily__weights_open(&model->weights, checkpoint, model->path, model->family->prefix, &model->quantization);
    model->weights.record = model->record;
    model->family->bind(&model->weights, model->task, model->self);
    status = emily__weights_finish(&model->weights, ignorable);
  }
  emily__free(ignorable);
  emily_checkpoint_release(checkpoint);
  return status;
}

static void destroy(emily_model *model) {
  emily__labels_free(&model->labels);
  emily__weights_free(&model->weights);
  emily__quantization_free(&model->quantization);
  emily_stream_release(model->stream);
  emily__free(model->self);
  emily__free(model->path);
  emily__free(model);
}

static emily_status load(emily_model *model, const char *path, const emily_model_options *options, bool record) {
  model->record = record;
  model->path = emily__strdup(path);
  if (!model->path) return EMILY_OUT_OF_MEMORY;
  model->stream = emily_stream_new(options->device);
  if (!model->stream) return emily_last_error()->status;
  EMILY__TRY(load_config(model, options->body_only == 1));
  EMILY__TRY(load_weights(model));
  return emily__labels_number(&model->labels);
}

static emily_status load_new(const char *path, const emily_model_options *options, bool record, emily_model **out) {
  emily_model *model = emily__calloc(1, sizeof *model);
  if (!model) return EMILY_OUT_OF_MEMORY;
  atomic_init(&model->references, 1);
  emily_status status = load(model, path, options, record);
  if (status == EMILY_OK) *out = model;
  else destroy(model);
  return status;
}

static const emily_model_options defaults = EMILY_MODEL_OPTIONS_INIT;

emily_status emily_model_load(const char *path, const emily_model_options *options, emily_model **out) {
  if (!path || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_model_load", "path and out must not be NULL");
  if (!options) options = &defaults;
  if (options->struct_size < sizeof *options)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_model_load", "options must begin as EMILY_MODEL_OPTIONS_INIT");
  return load_new(path, options, false, out);
}

emily_status emily__model_record(const char *path, emily_model **out) { return load_new(path, &defaults, true, out); }
const emily__weights *emily__model_weights(const emily_model *model) { return &model->weights; }
const emily__quantization *emily__model_quantization(const emily_model *model) { return &model->quantization; }

emily_model *emily_model_retain(emily_model *model) {
  if (model) atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
  return model;
}

void emily_model_release(emily_model *model) {
  if (model && atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) == 1) destroy(model);
}

/* ---- what it is ---- */

const char *emily_model_path(const emily_model *model) { return model->path; }
const char *emily_model_family(const emily_model *model) { return model->family->model_type; }
const char *emily_model_task(const emily_model *model) { return emily__task_name(model->task); }
emily_stream *emily_model_stream(const emily_model *model) { return model->stream; }

static emily__model_sizes sizes(const emily_model *model) { return model->family->sizes(model->self); }

int64_t emily_model_vocab_size(const emily_model *model) { return sizes(model).vocab; }
int64_t emily_model_hidden_size(const emily_model *model) { return sizes(model).hidden; }
int64_t emily_model_context_length(const emily_model *model) { return sizes(model).context; }

int64_t emily_model_label_count(const emily_model *model) { return model->labels.count; }

const char *emily_model_label(const emily_model *model, int64_t index) {
  return index >= 0 && index < model->labels.count ? model->labels.names[index] : NULL;
}

const emily__labels *emily__model_labels(const emily_model *model) { return &model->labels; }
uint32_t emily__model_inputs(const emily_model *model) { return model->family->inputs; }
emily__task emily__model_task(const emily_model *model) { return model->task; }

bool emily__model_pads(const emily_model *model) {
  return !model->family->generates || model->task != EMILY__TASK_SEQUENCE || model->labels.pad_token >= 0;
}

bool emily_model_generates(const emily_model *model) {
  return model->family->generates && model->task == EMILY__TASK_CAUSAL_LM;
}

emily_status emily__model_decoder(const emily_model *model, const emily__decoder **out) {
  char name[EMILY__CLASS_ROOM];
  emily__family_class(model->family, model->task, name);
  if (!emily_model_generates(model))
    return emily__fail(EMILY_UNSUPPORTED, "emily_generate",
                       "%s is a %s, which does not generate text; a causal language model does", model->path, name);
  *out = model->self;
  return EMILY_OK;
}

const void *emily__model_self(const emily_model *model, const emily__family *family, emily__task task) {
  return model->family == family && model->task == task ? model->self : NULL;
}

/* ---- the forward pass ---- */

/* Every name that was wanted must have been given. */
static emily_status check_given(const emily_model *model, const char *const *names, size_t count,
                                const emily_array_map *outputs) {
  char name[EMILY__CLASS_ROOM];
  emily__family_class(model->family, model->task, name);
  for (size_t i = 0; names && i < count; i++)
    if (!emily_array_map_get(outputs, names[i]))
      return emily__fail(EMILY_NOT_FOUND, "emily_model_forward", "\"%s\" is not an output of %s (%s)", names[i],
                         model->path, name);
  return EMILY_OK;
}

emily_status emily_model_forward(emily_model *model, emily_scope *scope, const emily_array_map *inputs,
                                 const char *const *names, size_t name_count, emily_array_map *outputs) {
  if (!model || !inputs || !outputs)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_model_forward", "model, inputs and outputs must not be NULL");
  EMILY__TRY(emily_scope_status(scope));
  emily__inputs in;
  const emily__family *family = model->family;
  emily__model_sizes limits = sizes(model);
  EMILY__TRY(emily__inputs_take(scope, inputs, family->inputs, &limits, &in));
  emily__outputs out = {.scope = scope, .map = outputs, .wanted = names, .wanted_count = name_count};
  family->forward(model->self, model->task, scope, &in, &out);
  EMILY__TRY(emily_scope_status(scope));
  EMILY__TRY(out.status);
  return check_given(model, names, name_count, outputs);
}
