/* text_batch.c: see text_batch.h. */
#include "cli/text_batch.h"

#include "base/status.h"

emily_status cli_text_batch_add(cli_text_batch *batch, const char *text, size_t length, uint64_t line) {
  bool added = emily__vec_reserve(&batch->lengths, 1) && emily__vec_reserve(&batch->lines, 1) &&
               emily__vec_push(&batch->starts, batch->bytes.count);
  if (!added) return EMILY_OUT_OF_MEMORY;
  if (!emily__str_append(&batch->bytes, text, length) || !emily__str_append(&batch->bytes, "", 1))
    return batch->starts.count--, EMILY_OUT_OF_MEMORY;
  emily__vec_push(&batch->lengths, length);
  emily__vec_push(&batch->lines, line);
  return EMILY_OK;
}

bool cli_text_batch_full(const cli_text_batch *batch) {
  return batch->starts.count >= CLI_BATCH_TEXTS || batch->bytes.count >= CLI_BATCH_BYTES;
}

const char *cli_text_batch_text(const cli_text_batch *batch, size_t index) {
  return batch->bytes.data + batch->starts.data[index];
}

emily_status cli_text_batch_embed(cli_text_batch *batch, emily_embedder *embedder, const char *prompt_name) {
  size_t count = batch->starts.count, size = (size_t)emily_embedder_size(embedder);
  emily_embed_options options = EMILY_EMBED_OPTIONS_INIT;
  options.prompt_name = prompt_name;
  batch->texts.count = batch->vectors.count = 0;
  if (!emily__vec_reserve(&batch->texts, count) || !emily__vec_reserve(&batch->vectors, count * size))
    return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) emily__vec_push(&batch->texts, cli_text_batch_text(batch, i));
  EMILY__TRY(emily_embed(embedder, batch->texts.data, batch->lengths.data, count, &options, batch->vectors.data));
  batch->vectors.count = count * size;
  return EMILY_OK;
}

void cli_text_batch_clear(cli_text_batch *batch) {
  emily__str_clear(&batch->bytes);
  batch->starts.count = batch->lengths.count = batch->lines.count = 0;
}

void cli_text_batch_free(cli_text_batch *batch) {
  emily__str_free(&batch->bytes);
  emily__vec_free(&batch->starts);
  emily__vec_free(&batch->lengths);
  emily__vec_free(&batch->lines);
  emily__vec_free(&batch->texts);
  emily__vec_free(&batch->vectors);
}
