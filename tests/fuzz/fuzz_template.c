/* fuzz_template.c: any bytes as a chat template and its variables: JSON behind the first NUL, or a conversation. What
 * is accepted renders or says why not, within the bounds, and the text is UTF-8. */
#include "template/template.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "emily/base.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CONVERSATION[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be \\u00fc.\"},{\"role\":\"user\",\"content\":\"a\\nb\"},"
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"123456789\",\"function\":{\"name\":\"f\","
    "\"arguments\":{\"x\":[1,2.5,true]}}}]}],"
    "\"tools\":[{\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}],\"bos_token\":\"<s>\",\"x\":3,"
    "\"l\":[3,\"b\",1],\"d\":{\"k\":\"v\"}}";

static void check(bool ok) {
  if (!ok) abort();
}

static json_t *variables_of(const char *text, size_t length) {
  json_t *json = NULL;
  if (text && emily__json_parse(text, length, "fuzz", &json) == EMILY_OK && json_is_object(json)) return json;
  json_decref(json);
  check(emily__json_parse(CONVERSATION, sizeof CONVERSATION - 1, "fuzz", &json) == EMILY_OK);
  return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const emily__template_options bounds = {.steps = 200000, .memory = 8 << 20, .output = 1 << 20};
  const char *nul = size ? memchr(data, 0, size) : NULL, *end = (const char *)data + size;
  size_t length = nul ? (size_t)(nul - (const char *)data) : size;
  emily__template *template = NULL;
  if (emily__template_parse("fuzz", (const char *)data, length, &template) != EMILY_OK) {
    check(emily_last_error()->message[0]);
    return 0;
  }
  json_t *variables = variables_of(nul ? nul + 1 : NULL, nul ? (size_t)(end - nul - 1) : 0);
  const json_t *const all[] = {variables};
  char *text = NULL;
  size_t count = 0;
  if (emily__template_render(template, all, 1, &bounds, &text, &count) == EMILY_OK)
    check(emily__utf8_valid(text, count));
  else check(emily_last_error()->message[0]);
  emily__free(text);
  json_decref(variables);
  emily__template_free(template);
  return 0;
}
