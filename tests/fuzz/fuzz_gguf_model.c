/* fuzz_gguf_model.c: any bytes as a GGUF file of a model: its metadata as config, tokenizer and the other files of a folder, each read as loading
 * the model would read it; and the model itself, which gives the logits of two tokens where it loads. */
#include "base/status.h"
#include "emily/model.h"
#include "emily/ops.h"
#include "emily/tokenizer.h"
#include "io/gguf_arch.h"
#include "io/gguf_files.h"
#include "models/family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void run_model(emily_model *model) {
  emily_array_map *inputs = emily_array_map_new(), *outputs = emily_array_map_new();
  emily_array *ids = emily_array_from_data((const int32_t[]){1, 0}, (const int64_t[]){1, 2}, 2, EMILY_INT32);
  check(emily_array_map_set(inputs, "input_ids", ids) == EMILY_OK);
  emily_scope *scope = emily_scope_open(NULL);
  if (emily_model_vocab_size(model) > 1 && emily_model_forward(model, scope, inputs, NULL, 0, outputs) == EMILY_OK)
    for (size_t i = 0; i < emily_array_map_count(outputs); i++) {
      emily_array *output = emily_array_map_at(outputs, i);
      emily_eval(&output, 1);
    }
  emily_scope_close(scope);
  emily_array_release(ids);
  emily_array_map_release(inputs);
  emily_array_map_release(outputs);
}

/* A file that has a path and no name. */
static void load_model(const uint8_t *data, size_t size) {
  char path[64];
  emily_model *model = NULL;
  int fd = memfd_create("gguf", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (emily_model_load(path, NULL, &model) == EMILY_OK) run_model(model);
  emily_model_release(model);
  close(fd);
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
  load_model(data, size);
  return 0;
}
