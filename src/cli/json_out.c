/* json_out.c: see json_out.h. */
#include "cli/json_out.h"

#include "base/utf8.h"
#include "cli/output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void before_value(cli_json *json) {
  if (!json->after_key && (json->filled >> json->depth & 1)) cli_out_bytes(",", 1);
  json->filled |= 1u << json->depth;
  json->after_key = false;
}

void cli_json_begin(cli_json *json, char bracket) {
  before_value(json);
  cli_out_bytes(&bracket, 1);
  json->depth++; /* at most CLI_JSON_DEPTH_MAX: the nesting is this program's own */
  json->filled &= ~(1u << json->depth);
}

void cli_json_end(cli_json *json, char bracket) {
  cli_out_bytes(&bracket, 1);
  if (--json->depth == 0) {
    cli_out_bytes("\n", 1);
    json->filled = 0;
  }
}

static void put_escaped(const char *text, size_t length) {
  for (size_t at = 0, used; at < length; at += used) {
    int32_t code = emily__utf8_decode(text + at, length - at, &used);
    if (code < 0) cli_out("\xEF\xBF\xBD");
    else if (code == '"' || code == '\\') cli_outf("\\%c", (char)code);
    else if (code == '\n') cli_out("\\n");
    else if (code == '\t') cli_out("\\t");
    /* The two separators are line ends in JavaScript and to Python's splitlines: a line of JSON holds none. */
    else if (code < 0x20 || code == 0x7F || code == 0x85 || code == 0x2028 || code == 0x2029)
      cli_outf("\\u%04x", (unsigned)code);
    else cli_out_bytes(text + at, used);
  }
}

void cli_json_bytes(cli_json *json, const char *text, size_t length) {
  before_value(json);
  cli_out_bytes("\"", 1);
  put_escaped(text, length);
  cli_out_bytes("\"", 1);
}

void cli_json_text(cli_json *json, const char *text) {
  if (text) cli_json_bytes(json, text, strlen(text));
  else cli_json_null(json);
}

void cli_json_key(cli_json *json, const char *key) {
  cli_json_text(json, key);
  cli_out_bytes(":", 1);
  json->after_key = true;
}

void cli_json_int(cli_json *json, int64_t value) {
  before_value(json);
  cli_outf("%lld", (long long)value);
}

void cli_json_unsigned(cli_json *json, uint64_t value) {
  before_value(json);
  cli_outf("%llu", (unsigned long long)value);
}

/* With a point or an exponent, so that readers keep it a float, and the sign of -0.0. */
static void put_real(cli_json *json, double value, int digits) {
  if (!isfinite(value)) {
    cli_json_null(json);
    return;
  }
  char text[40];
  before_value(json);
  int length = snprintf(text, sizeof text, "%.*g", digits, value);
  cli_out_bytes(text, (size_t)length);
  if (!strpbrk(text, ".e")) cli_out_bytes(".0", 2);
}

void cli_json_real(cli_json *json, double value) { put_real(json, value, 17); }

void cli_json_float(cli_json *json, float value) { put_real(json, (double)value, 9); }

void cli_json_bool(cli_json *json, bool value) {
  before_value(json);
  cli_out(value ? "true" : "false");
}

void cli_json_null(cli_json *json) {
  before_value(json);
  cli_out("null");
}

void cli_json_put_text(cli_json *json, const char *key, const char *text) {
  cli_json_key(json, key);
  cli_json_text(json, text);
}

void cli_json_put_int(cli_json *json, const char *key, int64_t value) {
  cli_json_key(json, key);
  cli_json_int(json, value);
}

void cli_json_put_unsigned(cli_json *json, const char *key, uint64_t value) {
  cli_json_key(json, key);
  cli_json_unsigned(json, value);
}

void cli_json_put_real(cli_json *json, const char *key, double value) {
  cli_json_key(json, key);
  cli_json_real(json, value);
}

void cli_json_put_bool(cli_json *json, const char *key, bool value) {
  cli_json_key(json, key);
  cli_json_bool(json, value);
}
