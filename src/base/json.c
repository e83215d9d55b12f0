/* json.c: see json.h. */
#include "base/json.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

emily_status emily__json_parse(const char *text, size_t length, const char *name, json_t **out) {
  json_error_t error;
  json_t *value = json_loadb(text, length, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
  if (!value) {
    /* jansson leaves the text empty where one of its own allocations failed. */
    if (!error.text[0] || json_error_code(&error) == json_error_out_of_memory)
      return emily__fail_memory("json", length, 0);
    return emily__fail(EMILY_BAD_FORMAT, "json", "%s is not JSON: %s (line %d, column %d)", name, error.text, error.line,
                       error.column);
  }
  *out = value;
  return EMILY_OK;
}

static emily_status open_failed(const char *path) {
  return emily__fail(errno == ENOENT || errno == ENOTDIR ? EMILY_NOT_FOUND : EMILY_IO_ERROR, "json", "cannot open %s: %s", path,
                     strerror(errno));
}

/* The file's bytes, not NUL-terminated; emily__free. */
static emily_status read_file(const char *path, char **text, size_t *length) {
  FILE *file = fopen(path, "rbe");
  if (!file) return open_failed(path);
  emily_status status = EMILY_OK;
  char *bytes = NULL;
  size_t count = 0, room = 0, got;
  do {
    if (count == room) {
      room = room ? room * 2 : 64 * 1024;
      char *moved = emily__realloc(bytes, room);
      if (!moved) {
        status = EMILY_OUT_OF_MEMORY;
        break;
      }
      bytes = moved;
    }
    got = fread(bytes + count, 1, room - count, file);
    count += got;
  } while (got > 0);
  if (status == EMILY_OK && ferror(file))
    status = emily__fail(EMILY_IO_ERROR, "json", "cannot read %s: %s", path, strerror(errno));
  fclose(file);
  if (status != EMILY_OK) return emily__free(bytes), status;
  *text = bytes;
  *length = count;
  return EMILY_OK;
}

emily_status emily__json_load(const char *path, json_t **out) {
  char *text = NULL;
  size_t length = 0;
  EMILY__TRY(read_file(path, &text, &length));
  emily_status status = emily__json_parse(text, length, path, out);
  emily__free(text);
  return status;
}

json_t *emily__json_at(const json_t *object, const char *key) {
  json_t *value = json_object_get(object, key);
  return json_is_null(value) ? NULL : value;
}

const char *emily__json_type_name(const json_t *value) {
  if (!value) return "nothing";
  switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a real number";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    default: return "null";
  }
}

static emily_status wrong_type(const char *key, const char *name, const char *wanted, const json_t *found) {
  return emily__fail(EMILY_BAD_FORMAT, "json", "%s: \"%s\" must be %s, and is %s", name, key, wanted,
                     emily__json_type_name(found));
}

emily_status emily__json_bool(const json_t *object, const char *key, const char *name, bool *out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_boolean(value)) return wrong_type(key, name, "true or false", value);
  *out = json_is_true(value);
  return EMILY_OK;
}

emily_status emily__json_i64(const json_t *object, const char *key, const char *name, int64_t *out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_integer(value)) return wrong_type(key, name, "an integer", value);
  *out = json_integer_value(value);
  return EMILY_OK;
}

emily_status emily__json_f64(const json_t *object, const char *key, const char *name, double *out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_number(value)) return wrong_type(key, name, "a number", value);
  *out = json_number_value(value);
  return EMILY_OK;
}

emily_status emily__json_string(const json_t *object, const char *key, const char *name, const char **out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_string(value)) return wrong_type(key, name, "a string", value);
  *out = json_string_value(value);
  return EMILY_OK;
}

emily_status emily__json_array(const json_t *object, const char *key, const char *name, json_t **out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_array(value)) return wrong_type(key, name, "an array", value);
  *out = value;
  return EMILY_OK;
}

emily_status emily__json_object(const json_t *object, const char *key, const char *name, json_t **out) {
  json_t *value = emily__json_at(object, key);
  if (!value) return EMILY_OK;
  if (!json_is_object(value)) return wrong_type(key, name, "an object", value);
  *out = value;
  return EMILY_OK;
}

emily_status emily__json_require(const json_t *object, const char *key, const char *name) {
  if (emily__json_at(object, key)) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "json", "%s: \"%s\" is missing", name, key);
}
