/* added.h: added tokens ("<mask>", "<|im_start|>"): found in the text before the model sees it.
 *
 * Those with `normalized` false are looked for in the text as it came, the others in the normalized text (and are
 * themselves normalized first). Of several that match at one place the longest is taken, and places are taken from the
 * left: a trie over the tokens' bytes for each of the two groups.
 *
 * Ids are given as tokenizers gives them: a token that the model has keeps the model's id, any other gets the next one
 * after the model's tokens, in the file's order (the "id" in the file is not asked). A token given twice is as it was
 * given last.
 */
#ifndef EMILY_TEXT_ADDED_H
#define EMILY_TEXT_ADDED_H

#include "text/model.h"
#include "text/normalizer.h"
#include "text/pretokenizer.h"

typedef struct emily__added_token {
  int32_t id;
  char *content;    /* as the file has it */
  char *normalized; /* as it is matched, and decoded; may be content itself */
  size_t content_length, normalized_length;
  bool single_word, lstrip, rstrip, is_normalized, special;
} emily__added_token;

/* A node's children are a list linked by `sibling`; the root is node 0. */
typedef struct emily__trie_node {
  uint8_t byte;
  int32_t child, sibling, token; /* -1: none; token is an index into the tokens */
} emily__trie_node;

typedef struct emily__trie {
  EMILY__VEC(emily__trie_node) nodes;
  int32_t first[256]; /* children of the root by byte, -1 for none */
} emily__trie;

typedef struct emily__added {
  EMILY__VEC(emily__added_token) tokens;
  emily__trie contents, raw, normalized; /* all by content; what is matched in either text */
  int32_t *by_id; /* index of a token, -1; id_count of them */
  size_t id_count;
} emily__added;

/* json: "added_tokens", NULL for none. */
emily_status emily__added_load(const json_t *json, const char *name, const emily__model *model,
                               const emily__normalizer *normalizer, emily__added *out);
void emily__added_free(emily__added *added);

const emily__added_token *emily__added_by_id(const emily__added *added, int32_t id);
const emily__added_token *emily__added_by_content(const emily__added *added, const char *content, size_t length);

/* Whether `text` is the content of a special token. */
bool emily__added_is_special(const emily__added *added, const char *text, size_t length);

/* Appends [start, end) of `in` to out->text, cut at the tokens of `trie`; each token becomes a piece. */
emily_status emily__added_cut(const emily__added *added, const emily__trie *trie, const emily__text *in, size_t start,
                              size_t end, emily__cut_text *out);

#endif
