/* session.c: conversations: emily_generate with a cache that stays from turn to turn. */
#include "models/generate.h"

#include "base/alloc.h"
#include "base/status.h"

struct emily_session {
  emily_model *model;
  emily__memory memory;
};

emily_status emily_session_new(emily_model *model, emily_session **out) {
  const emily__decoder *decoder;
  if (!model || !out) return emily__fail(EMILY_INVALID_ARGUMENT, "emily_session_new", "model and out must not be NULL");
  EMILY__TRY(emily__model_decoder(model, &decoder));
  emily_session *session = emily__calloc(1, sizeof *session);
  if (!session) return EMILY_OUT_OF_MEMORY;
  session->model = emily_model_retain(model);
  *out = session;
  return EMILY_OK;
}

void emily_session_free(emily_session *session) {
  if (!session) return;
  emily__memory_clear(&session->memory);
  emily_model_release(session->model);
  emily__free(session);
}

emily_status emily_session_generate(emily_session *session, emily_tokenizer *tokenizer, const int32_t *prompt, size_t prompt_count,
                                    const emily_generate_options *options, emily_generation **out) {
  if (!session || (!prompt && prompt_count) || !out)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_session_generate", "session, prompt and out must not be NULL");
  const emily_prompt one = {prompt, prompt_count};
  const emily__generate_call call = {session->model, tokenizer, &one, 1, &session->memory, false, out};
  return emily__generate_run(&call, options);
}

void emily_session_clear(emily_session *session) { emily__memory_clear(&session->memory); }
size_t emily_session_length(const emily_session *session) { return session->memory.ids.count; }

uint64_t emily_session_bytes(const emily_session *session) {
  return session->memory.cache ? emily__kv_cache_bytes(session->memory.cache) : 0;
}
