/* parts.h: parts of a tokenizer.json, written out in a test with single quotes for double ones. */
#ifndef EMILY_TESTS_PARTS_H
#define EMILY_TESTS_PARTS_H

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* json_decref gives it back. null is NULL, as emily__json_at has it. */
__attribute__((unused)) static json_t *quoted(const char *json) {
  char *text = strdup(json);
  for (char *c = text; *c; c++)
    if (*c == '\'') *c = '"';
  json_t *value = NULL;
  emily_status status = emily__json_parse(text, strlen(text), "test", &value);
  free(text);
  if (status != EMILY_OK) print_message("%s\n", emily_last_error()->message);
  assert_int_equal(status, EMILY_OK);
  return json_is_null(value) ? NULL : value;
}

/* What loading a part gives; the part is freed. LOAD and FREE are the functions of that part. */
#define STATUS_OF(type, load, free_part, json)                                                                      \
  __extension__({                                                                                                  \
    json_t *document = quoted(json);                                                                                \
    type part = {0};                                                                                                \
    emily_status loaded = load(document, "test.json", &part);                                                       \
    if (loaded != EMILY_OK) assert_non_null(strstr(emily_last_error()->message, "test.json"));                      \
    free_part(&part);                                                                                               \
    json_decref(document);                                                                                          \
    loaded;                                                                                                         \
  })

#endif
