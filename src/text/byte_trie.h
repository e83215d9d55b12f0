/* byte_trie.h: the tokens that begin at a place of a text, shortest first.
 *
 * A trie over bytes, made once from sorted tokens. A node's children lie side by side, ordered by byte; below the root,
 * which has a table, the child of a byte is found by bisection.
 */
#ifndef EMILY_TEXT_BYTE_TRIE_H
#define EMILY_TEXT_BYTE_TRIE_H

#include "text/vocab.h"

typedef struct emily__byte_node {
  uint32_t first; /* of its children */
  int32_t id;     /* of the token that ends here, -1 for none */
  uint16_t count; /* of its children */
  uint8_t byte;   /* that leads here */
} emily__byte_node;

typedef struct emily__byte_trie {
  EMILY__VEC(emily__byte_node) nodes; /* the root is node 0 */
  uint32_t roots[256];                /* the root's child of a byte, 0 for none */
} emily__byte_trie;

/* Over the vocabulary's tokens, the empty one left out; of equal ones the last counts. */
emily_status emily__byte_trie_build(const emily__vocab *vocab, emily__byte_trie *out);
void emily__byte_trie_free(emily__byte_trie *trie);

/* The node after `node` and the byte; 0 when there is none. */
uint32_t emily__byte_trie_next(const emily__byte_trie *trie, uint32_t node, uint8_t byte);

#endif
