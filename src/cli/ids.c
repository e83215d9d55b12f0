/* ids.c: see ids.h. */
#include "cli/ids.h"

#include "base/status.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static emily_status push(cli_ids *ids, int64_t id) {
  if (id < 0 || id > INT32_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, "ids", "%lld is no token id: they run from 0 to %d", (long long)id,
                       INT32_MAX);
  return emily__vec_push(ids, (int32_t)id) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

emily_status cli_ids_from_text(cli_ids *ids, const char *text) {
  static const char between[] = ", \t\r\n";
  char number[32];
  for (text += strspn(text, between); *text; text += strspn(text, between)) {
    int length = (int)strcspn(text, between);
    int64_t id;
    snprintf(number, sizeof number, "%.*s", length, text);
    if (length >= (int)sizeof number || !cli_parse_int(number, &id))
      return emily__fail(EMILY_INVALID_ARGUMENT, "ids", "'%.*s' is no token id", length > 40 ? 40 : length, text);
    EMILY__TRY(push(ids, id));
    text += length;
  }
  return EMILY_OK;
}

emily_status cli_ids_from_json(cli_ids *ids, const json_t *object, const char *key) {
  json_t *array = NULL;
  EMILY__TRY(emily__json_require(object, key, "the line"));
  EMILY__TRY(emily__json_array(object, key, "the line", &array));
  for (size_t i = 0; i < json_array_size(array); i++) {
    const json_t *value = json_array_get(array, i);
    if (!json_is_integer(value))
      return emily__fail(EMILY_BAD_FORMAT, "ids", "\"%s\" holds %s where a token id should be", key,
                         emily__json_type_name(value));
    EMILY__TRY(push(ids, json_integer_value(value)));
  }
  return EMILY_OK;
}
