/* model.c: the list of designs. */
#include "text/model.h"

#include "text/bpe.h"

#include <string.h>

static const emily__model_ops *const designs[] = {&emily__bpe, &emily__unigram, &emily__wordlevel, &emily__wordpiece};

/* Files from before the "type" key are told by what only one design has. */
static const char *guess_type(const json_t *json) {
  if (json_object_get(json, "merges")) return "BPE";
  if (json_object_get(json, "max_input_chars_per_word")) return "WordPiece";
  return json_is_array(json_object_get(json, "vocab")) ? "Unigram" : "";
}

emily_status emily__model_load(const json_t *json, const char *name, emily__model **out) {
  if (!json_is_object(json))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"model\" must be an object, and is %s", name,
                       emily__json_type_name(json));
  const char *type = guess_type(json);
  EMILY__TRY(emily__json_string(json, "type", name, &type));
  for (size_t i = 0; i < sizeof designs / sizeof designs[0]; i++)
    if (!strcmp(designs[i]->type, type)) return designs[i]->load(json, name, out);
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the tokenizer model \"%s\" is not supported (BPE, "
                     "Unigram, WordLevel and WordPiece are)", name, type);
}

bool emily__model_continues(const emily__model *model) {
  if (model->ops == &emily__wordpiece) return emily__wordpiece_continues(model);
  return model->ops == &emily__bpe && ((const emily__bpe_model *)model)->prefix[0];
}

void emily__model_free(emily__model *model) {
  if (!model) return;
  emily__vocab_free(&model->vocab);
  model->ops->free(model);
}

void emily__model_room_free(emily__model_room *room) {
  emily__str_free(&room->word);
  emily__vec_free(&room->symbols);
  emily__vec_free(&room->queue);
  emily__vec_free(&room->path);
}
