/* fuzz_gguf_model.c: any bytes as a GGUF file of a model: its metadata as config, tokenizer and the other files of a folder, each read as loading
 * the model would read it. */
#include "base/status.h"
#include "emily/tokenizer.h"
#include "io/gguf_arch.h"
#include "io/gguf_files.h"
#include "models/family.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static bool is_refusal(emily_status status) { return status == EMILY_BAD_FORMAT || status == EMILY_UNSUPPORTED; }

/* What a maker gives, as text; NULL where it gives nothing. */
static char *made(const emily_gguf *file, emily_status (*make)(const emily_gguf *, json_t **)) {
  json_t *json = NULL;
  emily_status status = make(file, &json);
  check(status == EMILY_OK || is_refusal(status));
  char *text = status == EMILY_OK && json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
  json_decref(json);
  return text;
}

static void read_config(const emily_gguf *file) {
  char *text = made(file, emily__gguf_config);
  emily_status status = text ? emily__model_config_check(text, strlen(text), "fuzz") : EMILY_OK;
  check(status == EMILY_OK || is_refusal(status));
  free(text);
}

static void read_tokenizer(const emily_gguf *file) {
  emily_tokenizer *tokenizer = NULL;
  emily_encoding *encoding = NULL;
  char *text = made(file, emily__gguf_tokenizer);
  if (text && emily_tokenizer_load_json(text, strlen(text), "fuzz", &tokenizer) == EMILY_OK) {
    if (emily_tokenizer_encode(tokenizer, "a b\xC3\xA9 <s>1", 10, NULL, 0, NULL, &encoding) == EMILY_OK) emily_encoding_free(encoding);
    emily_tokenizer_release(tokenizer);
  }
  free(text);
}

static void name_tensors(const emily_gguf *file) {
  char name[256], back[256];
  for (size_t i = 0; i < emily_gguf_count(file); i++)
    for (size_t a = 0; emily__gguf_arch_at(a); a++)
      if (emily__gguf_tensor_to_hf(emily__gguf_arch_at(a), emily_gguf_name(file, i), name, sizeof name))
        check(emily__gguf_tensor_from_hf(emily__gguf_arch_at(a), name, back, sizeof back) && !strcmp(back, emily_gguf_name(file, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  emily_gguf *file = NULL;
  if (emily__gguf_parse(data, size, "fuzz", &file) != EMILY_OK) return 0;
  read_config(file);
  read_tokenizer(file);
  free(made(file, emily__gguf_generation_config));
  free(made(file, emily__gguf_tokenizer_config));
  free(made(file, emily__gguf_modules));
  free(made(file, emily__gguf_pooling));
  name_tensors(file);
  emily_gguf_close(file);
  return 0;
}
