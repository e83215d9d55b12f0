/* byte_trie.c: see byte_trie.h. */
#include "text/byte_trie.h"

#include <stdlib.h>
#include <string.h>

typedef struct key {
  const char *bytes;
  uint32_t length;
  int32_t id;
} key;

static int compare(const void *left, const void *right) {
  const key *a = left, *b = right;
  int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
  if (order) return order;
  if (a->length != b->length) return a->length < b->length ? -1 : 1;
  return a->id < b->id ? -1 : a->id > b->id;
}

/* The keys of a node: those in [start, end), all with its first `depth` bytes. */
typedef struct range {
  uint32_t start, end, depth;
} range;

typedef struct builder {
  key *keys;
  EMILY__VEC(range) ranges; /* of node i */
  emily__byte_trie *trie;
} builder;

static bool push_node(builder *b, uint8_t byte, range keys) {
  return emily__vec_push(&b->ranges, keys) && emily__vec_push(&b->trie->nodes, (emily__byte_node){0, -1, 0, byte});
}

/* Takes the keys that end at the node, and makes a child of each run of keys with one next byte. */
static emily_status expand(builder *b, uint32_t index) {
  range keys = b->ranges.data[index];
  uint32_t at = keys.start, first = (uint32_t)b->trie->nodes.count;
  for (; at < keys.end && b->keys[at].length == keys.depth; at++) b->trie->nodes.data[index].id = b->keys[at].id;
  while (at < keys.end) {
    uint32_t start = at;
    uint8_t byte = (uint8_t)b->keys[at].bytes[keys.depth];
    while (at < keys.end && (uint8_t)b->keys[at].bytes[keys.depth] == byte) at++;
    if (!push_node(b, byte, (range){start, at, keys.depth + 1})) return EMILY_OUT_OF_MEMORY;
  }
  b->trie->nodes.data[index].first = first;
  b->trie->nodes.data[index].count = (uint16_t)(b->trie->nodes.count - first);
  return EMILY_OK;
}

static emily_status build(builder *b, uint32_t count) {
  if (!push_node(b, 0, (range){0, count, 0})) return EMILY_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < b->trie->nodes.count; i++) EMILY__TRY(expand(b, i));
  const emily__byte_node *root = b->trie->nodes.data;
  for (uint32_t i = 0; i < root->count; i++) b->trie->roots[b->trie->nodes.data[root->first + i].byte] = root->first + i;
  return EMILY_OK;
}

emily_status emily__byte_trie_build(const emily__vocab *vocab, emily__byte_trie *out) {
  uint32_t count = 0;
  builder b = {.keys = emily__alloc_array(vocab->tokens.count, sizeof(key)), .trie = out};
  if (!b.keys) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < vocab->tokens.count; i++) {
    const emily__token *token = &vocab->tokens.data[i];
    if (token->length) b.keys[count++] = (key){vocab->bytes.data + token->offset, token->length, token->id};
  }
  qsort(b.keys, count, sizeof *b.keys, compare);
  emily_status status = build(&b, count);
  emily__free(b.keys);
  emily__vec_free(&b.ranges);
  return status;
}

void emily__byte_trie_free(emily__byte_trie *trie) { emily__vec_free(&trie->nodes); }

uint32_t emily__byte_trie_next(const emily__byte_trie *trie, uint32_t node, uint8_t byte) {
  if (!node) return trie->roots[byte];
  const emily__byte_node *nodes = trie->nodes.data;
  uint32_t low = nodes[node].first, high = low + nodes[node].count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (nodes[middle].byte == byte) return middle;
    if (nodes[middle].byte < byte) low = middle + 1;
    else high = middle;
  }
  return 0;
}
