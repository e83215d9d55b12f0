/* model.h: the inside of an emily_model, for the parts of this room that build on it. */
#ifndef EMILY_MODELS_MODEL_H
#define EMILY_MODELS_MODEL_H

#include "emily/model.h"
#include "models/decoder.h"

/* The decoder of a model that generates. EMILY_UNSUPPORTED where it does not. */
emily_status emily__model_decoder(const emily_model *model, const emily__decoder **out);

/* The struct of the model's family, where that is `family` and the checkpoint has the head of `task`; NULL otherwise. */
const void *emily__model_self(const emily_model *model, const emily__family *family, emily__task task);

#endif
