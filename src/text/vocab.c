/* vocab.c: see vocab.h. */
#include "text/vocab.h"

#include <string.h>

/* Eight bytes at a time, multiplied and folded (as in wyhash); tokens are short, so the tail matters most. */
uint32_t emily__hash_bytes(const char *bytes, size_t length) {
  uint64_t hash = 0x9E3779B97F4A7C15u ^ length;
  while (length) {
    uint64_t word = 0;
    size_t take = length < 8 ? length : 8;
    memcpy(&word, bytes, take);
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 32;
    bytes += take;
    length -= take;
  }
  return (uint32_t)(hash ^ hash >> 29);
}

static bool same(const emily__vocab *vocab, const emily__token *token, uint32_t hash, const char *bytes,
                 size_t length) {
  return token->hash == hash && token->length == length &&
         !memcmp(vocab->bytes.data + token->offset, bytes, length);
}

int32_t emily__vocab_find(const emily__vocab *vocab, const char *bytes, size_t length) {
  if (!vocab->slot_count) return -1;
  uint32_t hash = emily__hash_bytes(bytes, length);
  for (size_t slot = hash & (vocab->slot_count - 1);; slot = (slot + 1) & (vocab->slot_count - 1)) {
    if (!vocab->slots[slot]) return -1;
    const emily__token *token = &vocab->tokens.data[vocab->slots[slot] - 1];
    if (same(vocab, token, hash, bytes, length)) return token->id;
  }
}

const char *emily__vocab_token(const emily__vocab *vocab, int32_t id, size_t *length) {
  if (id < 0 || (size_t)id >= vocab->id_count || vocab->by_id[id] < 0) return NULL;
  const emily__token *token = &vocab->tokens.data[vocab->by_id[id]];
  *length = token->length;
  return vocab->bytes.data + token->offset;
}

static emily_status add(emily__vocab *vocab, const char *text, size_t length, int32_t id, const char *name) {
  emily__token token = {(uint32_t)vocab->bytes.count, (uint32_t)length, emily__hash_bytes(text, length), id};
  if (!emily__str_append(&vocab->bytes, text, length)) return EMILY_OUT_OF_MEMORY;
  if (vocab->bytes.count > UINT32_MAX / 2)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the vocabulary is too large", name);
  if (!emily__vec_push(&vocab->tokens, token)) return EMILY_OUT_OF_MEMORY;
  if ((size_t)id >= vocab->id_count) vocab->id_count = (size_t)id + 1;
  return EMILY_OK;
}

static emily_status add_keyed(emily__vocab *vocab, const char *text, size_t length, const json_t *id,
                              const char *name) {
  json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
  if (value < 0 || value > EMILY__TOKEN_ID_MAX)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the id of the token \"%s\" must be an integer from 0 to %d",
                       name, text, EMILY__TOKEN_ID_MAX);
  return add(vocab, text, length, (int32_t)value, name);
}

/* Where a token goes: a free slot, or that of the token that is equal to it. */
static size_t place_of(const emily__vocab *vocab, const emily__token *token) {
  size_t mask = vocab->slot_count - 1, slot = token->hash & mask;
  for (; vocab->slots[slot]; slot = (slot + 1) & mask) {
    const emily__token *other = &vocab->tokens.data[vocab->slots[slot] - 1];
    if (same(vocab, other, token->hash, vocab->bytes.data + token->offset, token->length)) break;
  }
  return slot;
}

static emily_status build_tables(emily__vocab *vocab) {
  size_t count = vocab->tokens.count;
  vocab->slot_count = 16;
  while (vocab->slot_count < 2 * count) vocab->slot_count *= 2;
  vocab->slots = emily__calloc(vocab->slot_count, sizeof *vocab->slots);
  vocab->by_id = emily__alloc_array(vocab->id_count, sizeof *vocab->by_id);
  if (!vocab->slots || !vocab->by_id) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < vocab->id_count; i++) vocab->by_id[i] = -1;
  for (size_t i = 0; i < count; i++) {
    const emily__token *token = &vocab->tokens.data[i];
    vocab->slots[place_of(vocab, token)] = (uint32_t)i + 1;
    if (vocab->by_id[token->id] < 0) vocab->by_id[token->id] = (int32_t)i;
  }
  return EMILY_OK;
}

static emily_status load_object(const json_t *json, const char *name, emily__vocab *out) {
  if (!json_is_object(json))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the model's \"vocab\" must be an object, and is %s", name,
                       emily__json_type_name(json));
  if (!emily__vec_reserve(&out->tokens, json_object_size(json))) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_puts(&out->bytes, "")) return EMILY_OUT_OF_MEMORY;
  json_t *object = (json_t *)json;
  for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
    const char *key = json_object_iter_key(at);
    EMILY__TRY(add_keyed(out, key, json_object_iter_key_len(at), json_object_iter_value(at), name));
  }
  return build_tables(out);
}

static emily_status load_list(const json_t *json, const char *name, emily__vocab *out) {
  size_t i;
  json_t *entry;
  if (json_array_size(json) > EMILY__TOKEN_ID_MAX)
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the vocabulary is too large", name);
  if (!emily__vec_reserve(&out->tokens, json_array_size(json))) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_puts(&out->bytes, "")) return EMILY_OUT_OF_MEMORY;
  json_array_foreach(json, i, entry) {
    const json_t *token = json_array_get(entry, 0);
    if (!json_is_string(token))
      return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: entry %zu of the model's \"vocab\" must begin with a token",
                         name, i);
    EMILY__TRY(add(out, json_string_value(token), json_string_length(token), (int32_t)i, name));
  }
  return build_tables(out);
}

static emily_status finish(emily_status status, emily__vocab *vocab, emily__vocab *out) {
  if (status != EMILY_OK) return emily__vocab_free(vocab), status;
  *out = *vocab;
  return EMILY_OK;
}

emily_status emily__vocab_load(const json_t *json, const char *name, emily__vocab *out) {
  emily__vocab vocab = {0};
  return finish(load_object(json, name, &vocab), &vocab, out);
}

emily_status emily__vocab_load_list(const json_t *json, const char *name, emily__vocab *out) {
  emily__vocab vocab = {0};
  return finish(load_list(json, name, &vocab), &vocab, out);
}

void emily__vocab_free(emily__vocab *vocab) {
  emily__str_free(&vocab->bytes);
  emily__vec_free(&vocab->tokens);
  emily__free(vocab->slots);
  emily__free(vocab->by_id);
  *vocab = (emily__vocab){0};
}
