/* generation_out.c: see generation_out.h. */
#include "cli/generation_out.h"

#include "cli/json_out.h"
#include "cli/message.h"

double cli_per_second(size_t count, double seconds) { return seconds > 0 ? (double)count / seconds : 0; }

/* The prompt's pass makes the first token; each of the others is a pass of its own. */
static size_t decode_passes(const emily_generation *g) { return g->token_count ? g->token_count - 1 : 0; }

void cli_generation_json(const emily_generation *g) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_key(&json, "tokens");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < g->token_count; i++) cli_json_int(&json, g->tokens[i]);
  cli_json_end(&json, ']');
  cli_json_key(&json, "text");
  if (g->text) cli_json_bytes(&json, g->text, g->text_length);
  else cli_json_null(&json);
  cli_json_put_text(&json, "finish_reason", emily_finish_name(g->finish_reason));
  cli_json_put_unsigned(&json, "prompt_tokens", g->prompt_count);
  cli_json_put_unsigned(&json, "new_tokens", g->token_count);
  cli_json_put_bool(&json, "sampled", g->sampled);
  cli_json_key(&json, "seed");
  if (g->sampled) cli_json_unsigned(&json, g->seed);
  else cli_json_null(&json);
  cli_json_put_real(&json, "prompt_seconds", g->prompt_seconds);
  cli_json_put_real(&json, "decode_seconds", g->decode_seconds);
  cli_json_put_real(&json, "prompt_tokens_per_second", cli_per_second(g->prompt_count, g->prompt_seconds));
  cli_json_put_real(&json, "decode_tokens_per_second", cli_per_second(decode_passes(g), g->decode_seconds));
  cli_json_end(&json, '}');
}

void cli_generation_note(const emily_generation *g) {
  cli_note("prompt: %zu tokens, %.1f tokens/s; decode: %zu tokens, %.1f tokens/s; %s", g->prompt_count,
           cli_per_second(g->prompt_count, g->prompt_seconds), g->token_count,
           cli_per_second(decode_passes(g), g->decode_seconds), emily_finish_name(g->finish_reason));
}
