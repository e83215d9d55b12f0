/* wordlevel.c: the model whose tokens are whole pieces; any other piece is the unknown token. */
#include "text/model.h"

#include <string.h>

typedef struct wordlevel {
  emily__model base;
  int32_t unknown; /* -1: not in the vocabulary */
} wordlevel;

static emily_status encode(const emily__model *base, const char *piece, size_t length, emily__model_room *room,
                           emily__model_tokens *out) {
  (void)room;
  int32_t id = emily__vocab_find(&base->vocab, piece, length);
  if (id < 0) id = ((const wordlevel *)base)->unknown;
  if (id < 0)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "the text has \"%.*s\", which is no token, and the tokenizer's "
                       "unknown token is not in its vocabulary", (int)(length < 100 ? length : 100), piece);
  emily__model_token token = {id, 0, (uint32_t)length};
  return emily__vec_push(&out->list, token) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status read_settings(const json_t *json, const char *name, wordlevel *model) {
  const char *unknown = "<unk>";
  EMILY__TRY(emily__json_string(json, "unk_token", name, &unknown));
  EMILY__TRY(emily__vocab_load(emily__json_at(json, "vocab"), name, &model->base.vocab));
  model->unknown = emily__vocab_find(&model->base.vocab, unknown, strlen(unknown));
  return EMILY_OK;
}

static void free_wordlevel(emily__model *base) { emily__free(base); }

static emily_status load(const json_t *json, const char *name, emily__model **out) {
  wordlevel *model = emily__calloc(1, sizeof *model);
  if (!model) return EMILY_OUT_OF_MEMORY;
  model->base.ops = &emily__wordlevel;
  emily_status status = read_settings(json, name, model);
  if (status != EMILY_OK) return emily__model_free(&model->base), status;
  *out = &model->base;
  return EMILY_OK;
}

const emily__model_ops emily__wordlevel = {"WordLevel", load, encode, free_wordlevel};
