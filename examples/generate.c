/* generate.c: text from a causal language model, as it comes.
 *
 *     generate MODEL PROMPT
 */
#include <emily/generate.h>

#include <stdio.h>
#include <string.h>

static int32_t show(const emily_generation_piece *piece, void *context) {
  (void)context;
  fwrite(piece->text, 1, piece->length, stdout);
  return fflush(stdout); /* anything but 0 stops the generation */
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: generate MODEL PROMPT\n"), 2;
  emily_model *model = NULL;
  emily_tokenizer *tokenizer = NULL;
  emily_encoding *prompt = NULL;
  emily_generation *result = NULL;
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  options.max_new_tokens = 64;
  options.callback = show;

  emily_status status = emily_model_load(argv[1], NULL, &model);
  if (!status) status = emily_tokenizer_load(argv[1], &tokenizer);
  if (!status) status = emily_tokenizer_encode(tokenizer, argv[2], strlen(argv[2]), NULL, 0, NULL, &prompt);
  if (!status)
    status = emily_generate(model, tokenizer, emily_encoding_ids(prompt), emily_encoding_count(prompt), &options, &result);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  else printf("\n(%zu tokens, %s)\n", result->token_count, emily_finish_name(result->finish_reason));

  emily_generation_free(result);
  emily_encoding_free(prompt);
  emily_tokenizer_release(tokenizer);
  emily_model_release(model);
  return status ? 1 : 0;
}
