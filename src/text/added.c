/* added.c: see added.h. */
#include "text/added.h"

#include "text/unicode.h"

#include <string.h>

static emily_status push_node(emily__trie *trie, uint8_t byte, int32_t sibling, int32_t *index) {
  *index = (int32_t)trie->nodes.count;
  return emily__vec_push(&trie->nodes, (emily__trie_node){byte, -1, sibling, -1}) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static int32_t find_child(const emily__trie *trie, int32_t node, uint8_t byte) {
  int32_t child = trie->nodes.data[node].child;
  while (child >= 0 && trie->nodes.data[child].byte != byte) child = trie->nodes.data[child].sibling;
  return child;
}

static emily_status trie_add(emily__trie *trie, const char *bytes, size_t length, int32_t token) {
  int32_t node = 0;
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = (uint8_t)bytes[i];
    int32_t child = i ? find_child(trie, node, byte) : trie->first[byte];
    if (child < 0) {
      EMILY__TRY(push_node(trie, byte, i ? trie->nodes.data[node].child : -1, &child));
      if (i) trie->nodes.data[node].child = child;
      else trie->first[byte] = child;
    }
    node = child;
  }
  if (length) trie->nodes.data[node].token = token;
  return EMILY_OK;
}

static emily_status trie_begin(emily__trie *trie) {
  int32_t root;
  memset(trie->first, 0xFF, sizeof trie->first);
  return push_node(trie, 0, -1, &root);
}

/* The longest token that begins at text[at]; -1 when none does. */
static int32_t longest_at(const emily__trie *trie, const char *text, size_t length, size_t at, size_t *end) {
  int32_t node = trie->first[(uint8_t)text[at]], token = -1;
  while (node >= 0) {
    at++;
    if (trie->nodes.data[node].token >= 0) {
      token = trie->nodes.data[node].token;
      *end = at;
    }
    if (at == length) break;
    node = find_child(trie, node, (uint8_t)text[at]);
  }
  return token;
}

static bool word_before(const char *text, size_t at) {
  size_t used;
  return at > 0 && emily__is_word(emily__utf8_next(text + emily__utf8_back(text, at), &used));
}

static bool word_after(const char *text, size_t length, size_t at) {
  size_t used;
  return at < length && emily__is_word(emily__utf8_next(text + at, &used));
}

static size_t skip_spaces_back(const char *text, size_t at, size_t low) {
  size_t used;
  while (at > low) {
    size_t last = emily__utf8_back(text, at);
    if (last < low || !emily__is_space(emily__utf8_next(text + last, &used))) break;
    at = last;
  }
  return at;
}

static size_t skip_spaces(const char *text, size_t length, size_t at) {
  size_t used;
  while (at < length && emily__is_space(emily__utf8_next(text + at, &used))) at += used;
  return at;
}

static emily_status push_text(const emily__text *in, size_t start, size_t end, emily__cut_text *out) {
  if (start >= end) return EMILY_OK;
  size_t at = out->text.bytes.count;
  EMILY__TRY(emily__text_copy(&out->text, in, start, end));
  emily__piece piece = {at, out->text.bytes.count, -1, {0, 0}};
  return emily__vec_push(&out->pieces, piece) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status push_token(const emily__text *in, size_t start, size_t end, int32_t id, emily__cut_text *out) {
  emily__piece piece = {0, 0, id, emily__text_origin(in, start, end)};
  return emily__vec_push(&out->pieces, piece) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status emily__added_cut(const emily__added *added, const emily__trie *trie, const emily__text *in, size_t start,
                              size_t end, emily__cut_text *out) {
  if (start == end) return EMILY_OK;
  const char *text = in->bytes.data + start;
  size_t length = end - start, done = 0;
  /* A match may begin in the spaces that the one before stripped: what is left of it counts, as in tokenizers. */
  for (size_t at = 0, stop = 0; at < length;) {
    int32_t index = longest_at(trie, text, length, at, &stop);
    if (index < 0) {
      at++;
      continue;
    }
    const emily__added_token *token = &added->tokens.data[index];
    size_t from = at, to = stop;
    at = stop;
    if (token->single_word && (word_before(text, from) || word_after(text, length, to))) continue;
    if (token->lstrip) from = from > done ? skip_spaces_back(text, from, done) : done;
    if (token->rstrip) to = skip_spaces(text, length, to);
    EMILY__TRY(push_text(in, start + done, start + from, out));
    if (from < to) EMILY__TRY(push_token(in, start + from, start + to, token->id, out));
    done = to;
  }
  return push_text(in, start + done, end, out);
}

const emily__added_token *emily__added_by_id(const emily__added *added, int32_t id) {
  if (id < 0 || (size_t)id >= added->id_count || added->by_id[id] < 0) return NULL;
  return &added->tokens.data[added->by_id[id]];
}

const emily__added_token *emily__added_by_content(const emily__added *added, const char *content, size_t length) {
  size_t end = 0;
  int32_t index = length ? longest_at(&added->contents, content, length, 0, &end) : -1;
  return index >= 0 && end == length ? &added->tokens.data[index] : NULL;
}

bool emily__added_is_special(const emily__added *added, const char *text, size_t length) {
  const emily__added_token *token = emily__added_by_content(added, text, length);
  return token && token->special;
}

static void free_token(emily__added_token *token) {
  if (token->normalized != token->content) emily__free(token->normalized);
  emily__free(token->content);
}

static emily_status normalize_content(const emily__normalizer *normalizer, emily__added_token *token) {
  if (!token->is_normalized || !normalizer->steps.count) return EMILY_OK;
  emily__text text = {0}, spare = {0};
  emily_status status = emily__text_begin(&text, token->content, token->content_length);
  if (status == EMILY_OK) status = emily__normalizer_run(normalizer, &text, &spare);
  size_t length = text.bytes.count;
  bool same = length == token->content_length && !memcmp(text.bytes.data, token->content, length);
  if (status == EMILY_OK && !same) {
    token->normalized = emily__strndup(length ? text.bytes.data : "", length);
    token->normalized_length = length;
    if (!token->normalized) status = EMILY_OUT_OF_MEMORY;
  }
  emily__text_free(&text);
  emily__text_free(&spare);
  return status;
}

static emily_status read_token(const json_t *json, const char *name, emily__added_token *token) {
  json_t *content = json_object_get(json, "content");
  if (!json_is_string(content))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: an added token's \"content\" must be a string", name);
  EMILY__TRY(emily__json_bool(json, "special", name, &token->special));
  token->is_normalized = !token->special;
  EMILY__TRY(emily__json_bool(json, "single_word", name, &token->single_word));
  EMILY__TRY(emily__json_bool(json, "lstrip", name, &token->lstrip));
  EMILY__TRY(emily__json_bool(json, "rstrip", name, &token->rstrip));
  EMILY__TRY(emily__json_bool(json, "normalized", name, &token->is_normalized));
  token->content_length = json_string_length(content);
  token->normalized_length = token->content_length;
  token->normalized = token->content = emily__strndup(json_string_value(content), token->content_length);
  return token->content ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status fill_token(const json_t *json, const char *name, const emily__model *model,
                               const emily__normalizer *normalizer, emily__added_token *token) {
  EMILY__TRY(read_token(json, name, token));
  token->id = emily__vocab_find(&model->vocab, token->content, token->content_length);
  return normalize_content(normalizer, token);
}

/* Takes the token over: as a new one, or in the place of the one with its content. */
static emily_status put_token(emily__added_token token, int32_t *next, emily__added *out) {
  const emily__added_token *known = emily__added_by_content(out, token.content, token.content_length);
  if (known) {
    emily__added_token *place = &out->tokens.data[known - out->tokens.data];
    token.id = place->id;
    free_token(place);
    *place = token;
    return EMILY_OK;
  }
  if (token.id < 0) token.id = (*next)++;
  if (!emily__vec_push(&out->tokens, token)) return free_token(&token), EMILY_OUT_OF_MEMORY;
  return trie_add(&out->contents, token.content, token.content_length, (int32_t)out->tokens.count - 1);
}

static emily_status add_token(const json_t *json, const char *name, const emily__model *model,
                              const emily__normalizer *normalizer, int32_t *next, emily__added *out) {
  emily__added_token token = {0};
  emily_status status = fill_token(json, name, model, normalizer, &token);
  if (status != EMILY_OK || !token.content_length) return free_token(&token), status;
  return put_token(token, next, out);
}

static emily_status build_tries(emily__added *out) {
  for (size_t i = 0; i < out->tokens.count; i++) {
    const emily__added_token *token = &out->tokens.data[i];
    emily__trie *trie = token->is_normalized ? &out->normalized : &out->raw;
    EMILY__TRY(trie_add(trie, token->normalized, token->normalized_length, (int32_t)i));
  }
  return EMILY_OK;
}

static emily_status index_ids(emily__added *out) {
  for (size_t i = 0; i < out->tokens.count; i++)
    if ((size_t)out->tokens.data[i].id >= out->id_count) out->id_count = (size_t)out->tokens.data[i].id + 1;
  out->by_id = emily__alloc_array(out->id_count, sizeof *out->by_id);
  if (!out->by_id) return EMILY_OUT_OF_MEMORY;
  memset(out->by_id, 0xFF, out->id_count * sizeof *out->by_id);
  for (size_t i = 0; i < out->tokens.count; i++) out->by_id[out->tokens.data[i].id] = (int32_t)i;
  return EMILY_OK;
}

emily_status emily__added_load(const json_t *json, const char *name, const emily__model *model,
                               const emily__normalizer *normalizer, emily__added *out) {
  if (json && !json_is_array(json))
    return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: \"added_tokens\" must be an array", name);
  EMILY__TRY(trie_begin(&out->contents));
  EMILY__TRY(trie_begin(&out->raw));
  EMILY__TRY(trie_begin(&out->normalized));
  int32_t next = (int32_t)model->vocab.tokens.count;
  size_t i;
  json_t *item;
  json_array_foreach(json, i, item) EMILY__TRY(add_token(item, name, model, normalizer, &next, out));
  EMILY__TRY(build_tries(out));
  return index_ids(out);
}

void emily__added_free(emily__added *added) {
  for (size_t i = 0; i < added->tokens.count; i++) free_token(&added->tokens.data[i]);
  emily__vec_free(&added->tokens);
  emily__vec_free(&added->contents.nodes);
  emily__vec_free(&added->raw.nodes);
  emily__vec_free(&added->normalized.nodes);
  emily__free(added->by_id);
}
