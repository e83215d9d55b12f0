/* model.h: the inside of an emily_model, for the parts of this room that build on it. */
#ifndef EMILY_MODELS_MODEL_H
#define EMILY_MODELS_MODEL_H

#include "emily/model.h"
#include "models/decoder.h"

/* What the config says to tasks, and which inputs the model takes (EMILY__INPUT_… bits). */
const emily__labels *emily__model_labels(const emily_model *model);
uint32_t emily__model_inputs(const emily_model *model);
emily__task emily__model_task(const emily_model *model);

/* Whether rows of one batch may differ in length without the config saying what pads them: true but for decoders that classify. */
bool emily__model_pads(const emily_model *model);

/* Load a model to look at its weights (`uses` of weights.h), not to run it. */
emily_status emily__model_record(const char *path, emily_model **out);
const emily__weights *emily__model_weights(const emily_model *model);
const emily__quantization *emily__model_quantization(const emily_model *model);

/* The decoder of a model that generates. EMILY_UNSUPPORTED where it does not. */
emily_status emily__model_decoder(const emily_model *model, const emily__decoder **out);

/* The struct of the model's family, where that is `family` and the checkpoint has the head of `task`; NULL otherwise. */
const void *emily__model_self(const emily_model *model, const emily__family *family, emily__task task);

#endif
