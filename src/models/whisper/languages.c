/* languages.c: see languages.h. */
#include "models/whisper/languages.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
  const char *code, *name;
} table[] = {
#define LANGUAGE(code, name) {code, name},
#include "models/whisper/languages.def"
};

/* "<|de|>" */
static int is_token(const char *text, const char *code) {
  size_t length = strlen(code);
  return strncmp(text, "<|", 2) == 0 && strncasecmp(text + 2, code, length) == 0 && strcmp(text + 2 + length, "|>") == 0;
}

const char *emily__whisper_language(const char *name) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcasecmp(name, table[i].code) == 0 || strcasecmp(name, table[i].name) == 0 || is_token(name, table[i].code))
      return table[i].code;
  return NULL;
}
