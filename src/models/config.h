/* config.h: a checkpoint's config.json, read so that nothing in it is passed over.
 *
 * A family reads the keys it knows through typed getters, and each getter marks its key as read. At the end
 * emily__config_done refuses every key that is neither read, nor null, nor on a short list of names that cannot change
 * an answer: a setting that emily does not know is an error that names it, never a different
 * answer.
 *
 *     emily__config config;
 *     EMILY__TRY(emily__config_parse(&config, text, length, "config.json"));
 *     int64_t hidden = 768;                                    the family's default, kept when the key is absent
 *     emily__config_size(&config, "hidden_size", &hidden);
 *     …
 *     emily_status status = emily__config_done(&config, "bert", emily__config_harmless);
 *     emily__config_free(&config);
 *
 * The first error sticks (config.status), so that getters need no checks between them: values read after it are the
 * defaults. Getters other than emily__config_null take a null for an absent key.
 */
#ifndef EMILY_MODELS_CONFIG_H
#define EMILY_MODELS_CONFIG_H

#include "base/json.h"

#include <stdbool.h>

typedef struct emily__config {
  json_t *root;        /* owned */
  json_t *unread;      /* a shallow copy from which each read key is taken out; owned */
  const char *name;    /* the file, for messages; borrowed */
  const char *within;  /* "rope_scaling." for a nested object, "" at the top */
  emily_status status; /* the first error */
} emily__config;

/* The document at `text`; `name` must stay as long as the config. The root must be an object. */
emily_status emily__config_parse(emily__config *config, const char *text, size_t length, const char *name);
emily_status emily__config_load(emily__config *config, const char *path); /* the same from a file */
void emily__config_free(emily__config *config);

/* Record the first error: EMILY_BAD_FORMAT or EMILY_UNSUPPORTED with a message that begins with the file. Returns the
 * config's status. */
emily_status emily__config_fail(emily__config *config, emily_status status, const char *format, ...)
    EMILY_PRINTF(3, 4);

bool emily__config_has(const emily__config *config, const char *key);  /* there, and not null */
bool emily__config_null(const emily__config *config, const char *key); /* there, and null: marks nothing */

/* Optional keys; *out stays as it was where the key is absent or null. */
void emily__config_bool(emily__config *config, const char *key, bool *out);
void emily__config_text(emily__config *config, const char *key, const char **out); /* belongs to the config */
void emily__config_real(emily__config *config, const char *key, double low, double high, double *out);
void emily__config_int(emily__config *config, const char *key, int64_t low, int64_t high, int64_t *out);
void emily__config_size(emily__config *config, const char *key, int64_t *out); /* an extent or a count: 1 … 2^24 */
void emily__config_array(emily__config *config, const char *key, json_t **out); /* borrowed */

/* The object under `key` as a config of its own, with its own keys to be read to the end (emily__config_done_nested); false where it is
 * absent or null. Its errors are carried to `config` by emily__config_done_nested, which also frees it. */
bool emily__config_nested(emily__config *config, const char *key, const char *within, emily__config *out);
void emily__config_done_nested(emily__config *config, emily__config *nested, const char *what);

/* A switch that only one value of is supported; another one is EMILY_UNSUPPORTED and named. */
void emily__config_only_bool(emily__config *config, const char *key, bool value);
void emily__config_only_text(emily__config *config, const char *key, const char *value);

void emily__config_only_empty(emily__config *config, const char *key); /* an object or a list */

/* Mark a key as known without a look at it. */
void emily__config_skip(emily__config *config, const char *key);

/* EMILY_UNSUPPORTED for the keys that nobody read and that are not on the list (NULL-terminated; NULL: none), by name; or the first
 * error; or EMILY_OK. */
emily_status emily__config_done(emily__config *config, const char *family, const char *const *harmless);

/* The names that no forward pass depends on: training, bookkeeping, generation. NULL-terminated. */
extern const char *const emily__config_harmless[];

#endif
