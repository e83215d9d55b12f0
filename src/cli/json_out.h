/* json_out.h: JSON on standard output, one value after another, with the commas put where they belong.
 *
 *     cli_json json = {0};
 *     cli_json_begin(&json, '{');
 *     cli_json_key(&json, "ids");
 *     cli_json_begin(&json, '[');
 *     for (…) cli_json_int(&json, ids[i]);
 *     cli_json_end(&json, ']');
 *     cli_json_end(&json, '}');        the outermost end also ends the line
 *
 * Numbers that JSON lacks (NaN, infinities) become null. Malformed UTF-8 becomes U+FFFD.
 */
#ifndef EMILY_CLI_JSON_OUT_H
#define EMILY_CLI_JSON_OUT_H

#include "emily/base.h"

enum { CLI_JSON_DEPTH_MAX = 31 };

typedef struct cli_json {
  uint32_t filled; /* bit d: the container at depth d has a value already */
  int depth;
  bool after_key;
} cli_json;

void cli_json_begin(cli_json *json, char bracket); /* '{' or '[' */
void cli_json_end(cli_json *json, char bracket);   /* '}' or ']' */
void cli_json_key(cli_json *json, const char *key);
void cli_json_text(cli_json *json, const char *text); /* NULL: null */
void cli_json_bytes(cli_json *json, const char *text, size_t length);
void cli_json_int(cli_json *json, int64_t value);
void cli_json_unsigned(cli_json *json, uint64_t value);
void cli_json_real(cli_json *json, double value); /* 17 digits: a double reads back */
void cli_json_float(cli_json *json, float value); /* 9 digits: a float32 reads back */
void cli_json_bool(cli_json *json, bool value);
void cli_json_null(cli_json *json);

/* Key and value. */
void cli_json_put_text(cli_json *json, const char *key, const char *text);
void cli_json_put_int(cli_json *json, const char *key, int64_t value);
void cli_json_put_unsigned(cli_json *json, const char *key, uint64_t value);
void cli_json_put_real(cli_json *json, const char *key, double value);
void cli_json_put_bool(cli_json *json, const char *key, bool value);

#endif
