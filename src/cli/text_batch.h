/* text_batch.h: texts gathered from somewhere, and their vectors: what embed and search hand to the embedder at a
 * time. */
#ifndef EMILY_CLI_TEXT_BATCH_H
#define EMILY_CLI_TEXT_BATCH_H

#include "base/vec.h"
#include "emily/embed.h"

/* Enough texts for the embedder to sort by length and fill its passes; few enough to answer soon and to stay small.
 */
enum { CLI_BATCH_TEXTS = 512, CLI_BATCH_BYTES = 4 << 20 };

typedef struct cli_text_batch {
  emily__str bytes;          /* all texts, one after another */
  EMILY__VEC(size_t) starts; /* of each text in them */
  EMILY__VEC(size_t) lengths;
  EMILY__VEC(uint64_t) lines;     /* where each began, for messages and answers */
  EMILY__VEC(const char *) texts; /* pointers to them while they are embedded */
  EMILY__VEC(float) vectors;      /* [count, size] after cli_text_batch_embed */
} cli_text_batch;

emily_status cli_text_batch_add(cli_text_batch *batch, const char *text, size_t length, uint64_t line);
bool cli_text_batch_full(const cli_text_batch *batch);

/* Text i, and a NUL behind it. */
const char *cli_text_batch_text(const cli_text_batch *batch, size_t index);
emily_status cli_text_batch_embed(cli_text_batch *batch, emily_embedder *embedder, const char *prompt_name);
void cli_text_batch_clear(cli_text_batch *batch); /* keeps the room */
void cli_text_batch_free(cli_text_batch *batch);

#endif
