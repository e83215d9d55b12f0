/* tiny.h: small checkpoints made on the spot, with random weights that are the same each time. */
#ifndef EMILY_TESTS_TINY_H
#define EMILY_TESTS_TINY_H

enum { TINY_VOCAB = 64, TINY_WIDTH = 16 };

/* A WordPiece tokenizer of letters, digits and some marks: every token is one character. Ids: [PAD] 0, [UNK] 1, [CLS]
 * 2, [SEP] 3, then a … z, 0 … 9, "." "," "!" "?". */
void tiny_tokenizer(const char *folder);
void tiny_bert(const char *folder);  /* config.json, model.safetensors and the tokenizer: an encoder of two layers */
void tiny_qwen3(const char *folder); /* the same of a causal language model */

#endif
