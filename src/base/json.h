/* json.h: thin helpers over jansson: parsing with messages that name the file, and typed reads that name the key.
 *
 *     json_t *config;
 *     EMILY__TRY(emily__json_load(path, &config));
 *     int64_t layers = 12;                                     the default, kept when the key is absent or null
 *     emily_status status = emily__json_i64(config, "num_hidden_layers", path, &layers);
 *     json_decref(config);
 *
 * A key that is there with another type is EMILY_BAD_FORMAT: nothing is guessed. `name` is the file (or the part of
 * it) for messages. Strings belong to the document. Objects iterate in the file's order; of a repeated key the last
 * value holds. Nesting is bounded by jansson (2048 levels); a NUL in a string is kept (use the length).
 */
#ifndef EMILY_BASE_JSON_H
#define EMILY_BASE_JSON_H

#include "base/status.h"

#include <jansson.h>

/* *out is a new reference: json_decref gives it back. */
emily_status emily__json_parse(const char *text, size_t length, const char *name, json_t **out);
emily_status emily__json_load(const char *path, json_t **out); /* EMILY_NOT_FOUND when there is no such file */

/* The value of a key; NULL when the key is absent, its value is null, or `object` is no object. */
json_t *emily__json_at(const json_t *object, const char *key);

/* Optional keys: *out stays as it was when the key is absent or null. */
emily_status emily__json_bool(const json_t *object, const char *key, const char *name, bool *out);
emily_status emily__json_i64(const json_t *object, const char *key, const char *name, int64_t *out);
emily_status emily__json_f64(const json_t *object, const char *key, const char *name, double *out); /* or an integer */
emily_status emily__json_string(const json_t *object, const char *key, const char *name, const char **out);
emily_status emily__json_array(const json_t *object, const char *key, const char *name, json_t **out);  /* borrowed */
emily_status emily__json_object(const json_t *object, const char *key, const char *name, json_t **out); /* borrowed */

/* EMILY_BAD_FORMAT when the key is absent or null: put it before the read of a key that has no default. */
emily_status emily__json_require(const json_t *object, const char *key, const char *name);

/* "an object", "a string", …: for messages. */
const char *emily__json_type_name(const json_t *value);

#endif
