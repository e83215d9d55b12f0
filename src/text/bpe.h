/* bpe.h: byte-pair encoding, between bpe.c (merging) and bpe_load.c (reading). */
#ifndef EMILY_TEXT_BPE_H
#define EMILY_TEXT_BPE_H

#include "text/byte_tokens.h"
#include "text/model.h"

/* A merge rule: parts `left` and `right` become new_id; of two that apply, the lower rank goes first. */
typedef struct emily__bpe_rule {
  int32_t left, right, new_id;
  uint32_t rank;
} emily__bpe_rule;

enum { EMILY__BPE_NO_UNKNOWN = -2, EMILY__BPE_NEIGHBOUR_BITS = 1 << 18 };
enum { EMILY__BPE_DIRECT = 0x180 }; /* characters below this (GPT-2's alphabet is) are looked up in a table */

typedef struct emily__bpe_model {
  emily__model base;
  char *prefix, *suffix; /* continuing_subword_prefix, end_of_word_suffix; "" for none */
  int32_t unknown;       /* EMILY__BPE_NO_UNKNOWN: characters that are no token are dropped; -1: an error */
  bool fuse_unknown, ignore_merges, byte_fallback;
  emily__byte_tokens bytes; /* byte_fallback */
  emily__bpe_rule *rules; /* open addressing by the pair; new_id is -1 in a free slot */
  size_t rule_slots;      /* a power of two */
  uint64_t *neighbours;   /* a bit a pair of characters, hashed: clear where no rule's left part ends with the one and its
                             right part begins with the other; NULL: any two parts may be joined */
  int32_t direct[EMILY__BPE_DIRECT];
} emily__bpe_model;

const emily__bpe_rule *emily__bpe_find_rule(const emily__bpe_model *model, int32_t left, int32_t right);
size_t emily__bpe_neighbour_bit(int32_t first, int32_t second); /* code points */
size_t emily__bpe_rule_slot(const emily__bpe_model *model, int32_t left, int32_t right);

emily_status emily__bpe_load(const json_t *json, const char *name, emily__model **out);
void emily__bpe_free(emily__model *model);

#endif
