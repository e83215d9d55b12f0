/* bpe_load.c: a BPE model from tokenizer.json, with merges as "a b" or as ["a", "b"]. */
#include "text/bpe.h"

#include "base/utf8.h"

#include <string.h>

typedef struct slice {
  const char *data;
  size_t length;
} slice;

static size_t hash_pair(int32_t left, int32_t right) {
  uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
  pair *= 0x9E3779B97F4A7C15u;
  return (size_t)(pair ^ pair >> 32);
}

/* Where the pair's rule is, or would be. */
size_t emily__bpe_rule_slot(const emily__bpe_model *model, int32_t left, int32_t right) {
  size_t mask = model->rule_slots - 1, slot = hash_pair(left, right) & mask;
  while (model->rules[slot].new_id >= 0 && (model->rules[slot].left != left || model->rules[slot].right != right))
    slot = (slot + 1) & mask;
  return slot;
}

const emily__bpe_rule *emily__bpe_find_rule(const emily__bpe_model *model, int32_t left, int32_t right) {
  const emily__bpe_rule *rule = &model->rules[emily__bpe_rule_slot(model, left, right)];
  return rule->new_id >= 0 ? rule : NULL;
}

static emily_status malformed(const char *name, size_t rank) {
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: merge %zu must be \"left right\" or [\"left\", \"right\"]", name,
                     rank);
}

static emily_status read_merge(const json_t *json, const char *name, size_t rank, slice *left, slice *right) {
  if (json_is_array(json) && json_array_size(json) == 2) {
    const json_t *a = json_array_get(json, 0), *b = json_array_get(json, 1);
    if (!json_is_string(a) || !json_is_string(b)) return malformed(name, rank);
    *left = (slice){json_string_value(a), json_string_length(a)};
    *right = (slice){json_string_value(b), json_string_length(b)};
    return EMILY_OK;
  }
  if (!json_is_string(json)) return malformed(name, rank);
  const char *text = json_string_value(json), *end = text + json_string_length(json);
  const char *space = memchr(text, ' ', (size_t)(end - text));
  if (!space || memchr(space + 1, ' ', (size_t)(end - space - 1))) return malformed(name, rank);
  *left = (slice){text, (size_t)(space - text)};
  *right = (slice){space + 1, (size_t)(end - space - 1)};
  return EMILY_OK;
}

static emily_status find_token(const emily__bpe_model *model, const char *name, size_t rank, slice token,
                               int32_t *id) {
  *id = emily__vocab_find(&model->base.vocab, token.data, token.length);
  if (*id >= 0) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: merge %zu needs the token \"%.*s\", which is not in the "
                     "vocabulary", name, rank, (int)(token.length < 200 ? token.length : 200), token.data);
}

size_t emily__bpe_neighbour_bit(int32_t first, int32_t second) {
  return hash_pair(first, second) & (EMILY__BPE_NEIGHBOUR_BITS - 1);
}

/* Notes that a rule joins what ends as `left` does to what begins as `right` does. */
static void note_neighbours(emily__bpe_model *model, slice left, slice right) {
  size_t used;
  if (!model->neighbours || !left.length || !right.length) return;
  int32_t last = emily__utf8_next(left.data + emily__utf8_back(left.data, left.length), &used);
  size_t bit = emily__bpe_neighbour_bit(last, emily__utf8_next(right.data, &used));
  model->neighbours[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* Whether a part of a rule may stand for other text than its own. */
static bool is_stand_in(const emily__bpe_model *model, slice token, int32_t id) {
  return id == model->unknown || emily__byte_of_token(token.data, token.length) >= 0;
}

static emily_status add_merge(emily__bpe_model *model, const json_t *json, const char *name, uint32_t rank,
                              emily__str *joined) {
  slice left = {0}, right = {0};
  EMILY__TRY(read_merge(json, name, rank, &left, &right));
  emily__bpe_rule rule = {.rank = rank};
  EMILY__TRY(find_token(model, name, rank, left, &rule.left));
  EMILY__TRY(find_token(model, name, rank, right, &rule.right));
  size_t prefix = strlen(model->prefix);
  if (right.length < prefix) return malformed(name, rank);
  emily__str_clear(joined);
  if (!emily__str_append(joined, left.data, left.length)) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(joined, right.data + prefix, right.length - prefix)) return EMILY_OUT_OF_MEMORY;
  EMILY__TRY(find_token(model, name, rank, (slice){joined->data, joined->count}, &rule.new_id));
  if (is_stand_in(model, left, rule.left) || is_stand_in(model, right, rule.right)) {
    emily__free(model->neighbours);
    model->neighbours = NULL;
  }
  note_neighbours(model, left, right);
  model->rules[emily__bpe_rule_slot(model, rule.left, rule.right)] = rule; /* of equal pairs the last holds */
  return EMILY_OK;
}

static emily_status load_merges(emily__bpe_model *model, const json_t *merges, const char *name) {
  size_t count = json_array_size(merges), i;
  json_t *merge;
  model->rule_slots = 16;
  while (model->rule_slots < 2 * count) model->rule_slots *= 2;
  model->rules = emily__alloc_array(model->rule_slots, sizeof *model->rules);
  if (!model->rules) return EMILY_OUT_OF_MEMORY;
  for (i = 0; i < model->rule_slots; i++) model->rules[i].new_id = -1;
  if (!*model->prefix && !*model->suffix) {
    model->neighbours = emily__calloc(EMILY__BPE_NEIGHBOUR_BITS / 64, sizeof *model->neighbours);
    if (!model->neighbours) return EMILY_OUT_OF_MEMORY;
  }
  emily__str joined = {0};
  emily_status status = EMILY_OK;
  uint32_t rank = 0;
  json_array_foreach(merges, i, merge) {
    const char *text = json_string_value(merge);
    if (text && !strncmp(text, "#version", 8)) continue; /* the header line of merges.txt */
    if ((status = add_merge(model, merge, name, rank++, &joined)) != EMILY_OK) break;
  }
  emily__str_free(&joined);
  return status;
}

/* What each character below EMILY__BPE_DIRECT is inside a word, where neither prefix nor suffix is in use. */
static void fill_direct(emily__bpe_model *model) {
  for (int32_t code = 0; code < EMILY__BPE_DIRECT; code++) {
    char bytes[4];
    model->direct[code] = emily__vocab_find(&model->base.vocab, bytes, emily__utf8_encode(code, bytes));
  }
}

static emily_status copy_affix(const json_t *json, const char *key, const char *name, char **out) {
  const char *affix = "";
  EMILY__TRY(emily__json_string(json, key, name, &affix));
  *out = emily__strdup(affix);
  return *out ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status refuse_dropout(const json_t *json, const char *name) {
  double dropout = 0;
  EMILY__TRY(emily__json_f64(json, "dropout", name, &dropout));
  if (dropout == 0) return EMILY_OK;
  return emily__fail(EMILY_UNSUPPORTED, "tokenizer", "%s: BPE dropout is not supported (it makes encoding random): "
                     "set \"dropout\" to null", name);
}

static emily_status load(const json_t *json, const char *name, emily__bpe_model *model) {
  const char *unknown = NULL;
  json_t *merges = NULL;
  EMILY__TRY(refuse_dropout(json, name));
  EMILY__TRY(emily__json_bool(json, "fuse_unk", name, &model->fuse_unknown));
  EMILY__TRY(emily__json_bool(json, "ignore_merges", name, &model->ignore_merges));
  EMILY__TRY(emily__json_bool(json, "byte_fallback", name, &model->byte_fallback));
  EMILY__TRY(copy_affix(json, "continuing_subword_prefix", name, &model->prefix));
  EMILY__TRY(copy_affix(json, "end_of_word_suffix", name, &model->suffix));
  EMILY__TRY(emily__vocab_load(emily__json_at(json, "vocab"), name, &model->base.vocab));
  EMILY__TRY(emily__json_string(json, "unk_token", name, &unknown));
  model->unknown = EMILY__BPE_NO_UNKNOWN;
  if (unknown) model->unknown = emily__vocab_find(&model->base.vocab, unknown, strlen(unknown));
  EMILY__TRY(emily__json_require(json, "merges", name));
  EMILY__TRY(emily__json_array(json, "merges", name, &merges));
  emily__byte_tokens_find(&model->base.vocab, &model->bytes);
  fill_direct(model);
  return load_merges(model, merges, name);
}

emily_status emily__bpe_load(const json_t *json, const char *name, emily__model **out) {
  emily__bpe_model *model = emily__calloc(1, sizeof *model);
  if (!model) return EMILY_OUT_OF_MEMORY;
  model->base.ops = &emily__bpe;
  emily_status status = load(json, name, model);
  if (status != EMILY_OK) return emily__model_free(&model->base), status;
  *out = &model->base;
  return EMILY_OK;
}

void emily__bpe_free(emily__model *base) {
  emily__bpe_model *model = (emily__bpe_model *)base;
  emily__free(model->prefix);
  emily__free(model->suffix);
  emily__free(model->rules);
  emily__free(model->neighbours);
  emily__free(model);
}
