/* postprocessor_load.c: from tokenizer.json's post-processors to templates. */
#include "text/normalizer.h"
#include "text/postprocessor.h"

#include <string.h>

static emily_status push_piece(emily__template *template, int32_t sequence, int32_t type_id, size_t first,
                               size_t count) {
  emily__template_piece piece = {sequence, type_id, first, count};
  return emily__vec_push(&template->pieces, piece) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status push_id(emily__postprocessor *out, const json_t *id, const char *name) {
  if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > INT32_MAX)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: a special token's id in the post-processor must be an "
                       "integer of 31 bits", name);
  return emily__vec_push(&out->ids, (int32_t)json_integer_value(id)) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status read_type_id(const json_t *json, const char *name, int32_t *out) {
  int64_t type_id = 0;
  EMILY__TRY(emily__json_i64(json, "type_id", name, &type_id));
  if (type_id < 0 || type_id > INT32_MAX)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"type_id\" must not be negative", name);
  *out = (int32_t)type_id;
  return EMILY_OK;
}

static emily_status malformed_template(const char *name) {
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: a template's piece must be {\"Sequence\": {\"id\": \"A\" or "
                     "\"B\", …}} or {\"SpecialToken\": {\"id\": one of \"special_tokens\", …}}", name);
}

static emily_status read_special(const json_t *json, const json_t *specials, const char *name, int32_t type_id,
                                 emily__postprocessor *out, emily__template *template) {
  const char *key = "";
  EMILY__TRY(emily__json_string(json, "id", name, &key));
  json_t *ids = NULL, *id;
  EMILY__TRY(emily__json_array(json_object_get(specials, key), "ids", name, &ids));
  if (!ids) return malformed_template(name);
  size_t first = out->ids.count, i;
  json_array_foreach(ids, i, id) EMILY__TRY(push_id(out, id, name));
  return push_piece(template, -1, type_id, first, out->ids.count - first);
}

static emily_status read_piece(const json_t *json, const json_t *specials, const char *name,
                               emily__postprocessor *out, emily__template *template) {
  const json_t *sequence = json_object_get(json, "Sequence"), *special = json_object_get(json, "SpecialToken");
  const char *which = "";
  int32_t type_id = 0;
  EMILY__TRY(read_type_id(sequence ? sequence : special, name, &type_id));
  if (special) return read_special(special, specials, name, type_id, out, template);
  EMILY__TRY(emily__json_string(sequence, "id", name, &which));
  if (strcmp(which, "A") && strcmp(which, "B")) return malformed_template(name);
  return push_piece(template, which[0] - 'A', type_id, 0, 0);
}

static emily_status read_template(const json_t *json, const char *key, const char *name, emily__postprocessor *out,
                                  emily__template *template) {
  json_t *list = NULL, *item, *specials = NULL;
  size_t i;
  EMILY__TRY(emily__json_require(json, key, name));
  EMILY__TRY(emily__json_array(json, key, name, &list));
  EMILY__TRY(emily__json_object(json, "special_tokens", name, &specials));
  json_array_foreach(list, i, item) EMILY__TRY(read_piece(item, specials, name, out, template));
  return EMILY_OK;
}

static emily_status load_template(const json_t *json, const char *name, emily__postprocessor *out,
                                  emily__post_step *step) {
  step->has_template = true;
  EMILY__TRY(read_template(json, "single", name, out, &step->single));
  return read_template(json, "pair", name, out, &step->pair);
}

/* ["[CLS]", 101] */
static emily_status read_named_id(const json_t *json, const char *key, const char *name, emily__postprocessor *out) {
  json_t *pair = NULL;
  EMILY__TRY(emily__json_require(json, key, name));
  EMILY__TRY(emily__json_array(json, key, name, &pair));
  return push_id(out, json_array_get(pair, 1), name);
}

/* BERT: [CLS] A [SEP] and B [SEP] of type 1. RoBERTa: <s> A </s> and </s> B </s>, all of type 0. */
static emily_status load_cls_sep(const json_t *json, const char *name, bool roberta, emily__postprocessor *out,
                                 emily__post_step *step) {
  size_t cls = out->ids.count, sep = cls + 1;
  int32_t second = roberta ? 0 : 1;
  EMILY__TRY(read_named_id(json, "cls", name, out));
  EMILY__TRY(read_named_id(json, "sep", name, out));
  step->has_template = step->keep_without_special = true;
  step->type_ids_zero = roberta;
  emily__template *both[2] = {&step->single, &step->pair};
  for (int i = 0; i < 2; i++) {
    EMILY__TRY(push_piece(both[i], -1, 0, cls, 1));
    EMILY__TRY(push_piece(both[i], 0, 0, 0, 0));
    EMILY__TRY(push_piece(both[i], -1, 0, sep, 1));
  }
  if (roberta) EMILY__TRY(push_piece(&step->pair, -1, 0, sep, 1));
  EMILY__TRY(push_piece(&step->pair, 1, second, 0, 0));
  return push_piece(&step->pair, -1, second, sep, 1);
}

static emily_status load_bert(const json_t *json, const char *name, emily__postprocessor *out,
                              emily__post_step *step) {
  return load_cls_sep(json, name, false, out, step);
}

static emily_status read_trimming(const json_t *json, const char *name, emily__post_step *step) {
  step->trim_offsets = step->prefix_space = true;
  EMILY__TRY(emily__json_bool(json, "add_prefix_space", name, &step->prefix_space));
  return emily__json_bool(json, "trim_offsets", name, &step->trim_offsets);
}

static emily_status load_roberta(const json_t *json, const char *name, emily__postprocessor *out,
                                 emily__post_step *step) {
  EMILY__TRY(read_trimming(json, name, step));
  return load_cls_sep(json, name, true, out, step);
}

static emily_status load_byte_level(const json_t *json, const char *name, emily__postprocessor *out,
                                    emily__post_step *step) {
  (void)out;
  return read_trimming(json, name, step);
}

static const struct {
  const char *type;
  emily_status (*load)(const json_t *json, const char *name, emily__postprocessor *out, emily__post_step *step);
} types[] = {
    {"BertProcessing", load_bert},
    {"ByteLevel", load_byte_level},
    {"RobertaProcessing", load_roberta},
    {"TemplateProcessing", load_template},
};

static emily_status load_step(const json_t *json, const char *name, const char *type, emily__postprocessor *out) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i].type, type)) continue;
    if (!emily__vec_push(&out->steps, (emily__post_step){0})) return EMILY_OUT_OF_MEMORY;
    return types[i].load(json, name, out, &out->steps.data[out->steps.count - 1]);
  }
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: the post-processor \"%s\" is not supported", name, type);
}

static emily_status load_at(const json_t *json, const char *name, int depth, emily__postprocessor *out) {
  const char *type = "";
  EMILY__TRY(emily__json_string(json, "type", name, &type));
  if (strcmp(type, "Sequence")) return load_step(json, name, type, out);
  if (depth == EMILY__NESTING_MAX)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: post-processors are nested too deeply", name);
  json_t *list = NULL, *item;
  size_t i;
  EMILY__TRY(emily__json_array(json, "processors", name, &list));
  json_array_foreach(list, i, item) EMILY__TRY(load_at(item, name, depth + 1, out));
  return EMILY_OK;
}

emily_status emily__postprocessor_load(const json_t *json, const char *name, emily__postprocessor *out) {
  return json ? load_at(json, name, 0, out) : EMILY_OK;
}
