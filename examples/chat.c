/* chat.c: talk with a language model: each line of standard input is a message, the answer comes as it is made.
 *
 *     chat MODEL [SYSTEM-MESSAGE]
 *
 * The model remembers what was said: a turn reads only what is new. Ctrl-C stops an answer. */
#include <emily/chat.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

static int32_t stop; /* another thread may set it as well */

static void on_interrupt(int number) { __atomic_store_n(&stop, number, __ATOMIC_RELAXED); }

static int32_t show(const emily_generation_piece *piece, void *context) {
  fwrite(piece->text, 1, piece->length, context);
  return fflush(context);
}

static emily_status talk(emily_chat *chat) {
  emily_generate_options options = EMILY_GENERATE_OPTIONS_INIT;
  emily_generation *answer;
  char line[4096];
  options.max_new_tokens = 500;
  options.callback = show;
  options.context = stdout;
  options.cancel = &stop;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    stop = 0;
    emily_status status = emily_chat_say(chat, line, &options, &answer);
    if (status) return status;
    printf("\n(%zu tokens, %zu of the conversation remembered)\n", answer->token_count, answer->reused_count);
    emily_generation_free(answer);
  }
  return EMILY_OK;
}

int main(int argc, char **argv) {
  emily_model *model = NULL;
  emily_tokenizer *tokenizer = NULL;
  emily_chat_template *chat_template = NULL;
  emily_chat *chat = NULL;
  if (argc < 2) return puts("usage: chat MODEL [SYSTEM-MESSAGE]"), 2;
  signal(SIGINT, on_interrupt);
  emily_status status = emily_model_load(argv[1], NULL, &model);
  if (!status) status = emily_tokenizer_load(argv[1], &tokenizer);
  if (!status) status = emily_chat_template_load(argv[1], &chat_template);
  if (!status) status = emily_chat_new(model, tokenizer, chat_template, &chat);
  if (!status && argc > 2) status = emily_chat_set_system(chat, argv[2]);
  if (!status) status = talk(chat);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  emily_chat_free(chat);
  emily_chat_template_release(chat_template);
  emily_tokenizer_release(tokenizer);
  emily_model_release(model);
  return status != EMILY_OK;
}
