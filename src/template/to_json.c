/* to_json.c: see to_json.h. */
#include "template/to_json.h"

#include "base/utf8.h"
#include "template/builtin.h"
#include "template/operate.h"

#include <math.h>
#include <stdio.h>

typedef struct writer {
  emily__trun *run;
  emily__str *sink;
  bool ensure_ascii, sort_keys, lines;
  emily__ttext indent, item_separator, key_separator;
} writer;

static emily_status write_value(writer *w, emily__tval value, int depth);

static emily_status write_raw(writer *w, const char *text) { return emily__t_puts(w->run, w->sink, text); }

static emily_status write_escape(writer *w, int32_t c) {
  char text[16];
  const char *simple = c == '"'    ? "\\\""
                       : c == '\\' ? "\\\\"
                       : c == '\n' ? "\\n"
                       : c == '\r' ? "\\r"
                       : c == '\t' ? "\\t"
                       : c == '\b' ? "\\b"
                       : c == '\f' ? "\\f"
                                   : NULL;
  if (simple) return write_raw(w, simple);
  if (c < 0x10000) snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
  else
    snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xD800 + (unsigned)((c - 0x10000) >> 10),
             0xDC00 + ((unsigned)c & 0x3FF));
  return write_raw(w, text);
}

static emily_status write_text(writer *w, emily__ttext text) {
  size_t used, begin = 0;
  EMILY__TRY(write_raw(w, "\""));
  for (size_t at = 0; at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    if (c >= 0x20 && c != '"' && c != '\\' && !(w->ensure_ascii && c > 0x7E)) continue;
    EMILY__TRY(emily__t_put(w->run, w->sink, text.data + begin, at - begin));
    EMILY__TRY(write_escape(w, c));
    begin = at + used;
  }
  EMILY__TRY(emily__t_put(w->run, w->sink, text.data + begin, text.count - begin));
  return write_raw(w, "\"");
}

static emily_status write_real(writer *w, double real) {
  char text[32];
  if (isnan(real)) return write_raw(w, "NaN");
  if (isinf(real)) return write_raw(w, real < 0 ? "-Infinity" : "Infinity");
  return emily__t_put(w->run, w->sink, text, emily__t_format_real(real, text));
}

static emily_status write_integer(writer *w, int64_t integer) {
  char text[32];
  return emily__t_put(w->run, w->sink, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)integer));
}

static emily_status write_line(writer *w, int depth) {
  if (!w->lines) return EMILY_OK;
  EMILY__TRY(write_raw(w, "\n"));
  for (int i = 0; i < depth; i++) EMILY__TRY(emily__t_put(w->run, w->sink, w->indent.data, w->indent.count));
  return EMILY_OK;
}

static emily_status write_gap(writer *w, size_t index, int depth) {
  if (index) EMILY__TRY(emily__t_put(w->run, w->sink, w->item_separator.data, w->item_separator.count));
  return write_line(w, depth);
}

static emily_status write_list(writer *w, const emily__tlist *list, int depth) {
  if (!list->count) return write_raw(w, "[]");
  EMILY__TRY(write_raw(w, "["));
  for (size_t i = 0; i < list->count; i++) {
    EMILY__TRY(write_gap(w, i, depth + 1));
    EMILY__TRY(write_value(w, list->items[i], depth + 1));
  }
  EMILY__TRY(write_line(w, depth));
  return write_raw(w, "]");
}

static emily_status write_key(writer *w, emily__tval key) {
  bool text = key.kind == EMILY__T_TEXT;
  if (text) return write_text(w, key.string->text);
  if (key.kind != EMILY__T_NONE && !emily__t_is_number(key))
    return emily__t_fail(w->run, "tojson: keys must be str, int, float, bool or None, not %s",
                         emily__t_type_name(key));
  EMILY__TRY(write_raw(w, "\""));
  EMILY__TRY(write_value(w, key, 0));
  return write_raw(w, "\"");
}

static emily_status sorted_entries(writer *w, const emily__tdict *dict, emily__tentry **out) {
  emily__tval keys, indices;
  emily__tentry *entries = emily__arena_array(&w->run->arena, dict->count, sizeof *entries);
  if (!entries) return emily__t_memory(w->run);
  EMILY__TRY(emily__t_new_list(w->run, EMILY__T_LIST, dict->count, &keys));
  EMILY__TRY(emily__t_new_list(w->run, EMILY__T_LIST, dict->count, &indices));
  for (size_t i = 0; i < dict->count; i++) {
    EMILY__TRY(emily__t_push(w->run, keys.list, dict->entries[i].key));
    EMILY__TRY(emily__t_push(w->run, indices.list, emily__t_int((int64_t)i)));
  }
  EMILY__TRY(emily__t_sort(w->run, indices.list->items, keys.list->items, dict->count, false));
  for (size_t i = 0; i < dict->count; i++) entries[i] = dict->entries[indices.list->items[i].integer];
  return *out = entries, EMILY_OK;
}

static emily_status write_dict(writer *w, const emily__tdict *dict, int depth) {
  emily__tentry *entries = dict->entries;
  if (!dict->count) return write_raw(w, "{}");
  if (w->sort_keys) EMILY__TRY(sorted_entries(w, dict, &entries));
  EMILY__TRY(write_raw(w, "{"));
  for (size_t i = 0; i < dict->count; i++) {
    EMILY__TRY(write_gap(w, i, depth + 1));
    EMILY__TRY(write_key(w, entries[i].key));
    EMILY__TRY(emily__t_put(w->run, w->sink, w->key_separator.data, w->key_separator.count));
    EMILY__TRY(write_value(w, entries[i].value, depth + 1));
  }
  EMILY__TRY(write_line(w, depth));
  return write_raw(w, "}");
}

static emily_status write_value(writer *w, emily__tval value, int depth) {
  if (depth > EMILY__T_VALUE_DEPTH) return emily__t_fail(w->run, "tojson: a value is nested too deep");
  switch (value.kind) {
    case EMILY__T_NONE: return write_raw(w, "null");
    case EMILY__T_BOOL: return write_raw(w, value.truth ? "true" : "false");
    case EMILY__T_INT: return write_integer(w, value.integer);
    case EMILY__T_FLOAT: return write_real(w, value.real);
    case EMILY__T_TEXT: return write_text(w, value.string->text);
    case EMILY__T_LIST:
    case EMILY__T_TUPLE: return write_list(w, value.list, depth);
    case EMILY__T_DICT: return write_dict(w, value.dict, depth);
    default:
      return emily__t_fail(w->run, "tojson: an object of type %s is not JSON serializable",
                           emily__t_type_name(value));
  }
}

/* The indent: a text, or so many blanks (none for a number below 1); the lines are broken either way. */
static emily_status set_indent(writer *w, emily__tval indent) {
  emily__tval blank, blanks;
  w->lines = emily__t_given(indent);
  if (!w->lines) return EMILY_OK;
  if (indent.kind == EMILY__T_TEXT) return w->indent = indent.string->text, EMILY_OK;
  if (!emily__t_is_integer(indent)) return emily__t_fail(w->run, "tojson: indent must be a whole number or a text");
  EMILY__TRY(emily__t_new_text(w->run, " ", 1, &blank));
  EMILY__TRY(emily__t_binary(w->run, EMILY__TK_MUL, blank, indent, &blanks));
  return w->indent = blanks.string->text, EMILY_OK;
}

static emily_status set_separators(writer *w, emily__tval separators) {
  w->item_separator = w->lines ? EMILY__T_LITERAL(",") : EMILY__T_LITERAL(", ");
  w->key_separator = EMILY__T_LITERAL(": ");
  if (!emily__t_given(separators)) return EMILY_OK;
  if ((separators.kind != EMILY__T_LIST && separators.kind != EMILY__T_TUPLE) || separators.list->count != 2)
    return emily__t_fail(w->run, "tojson: separators must be two texts");
  EMILY__TRY(
      emily__t_arg_text(w->run, separators.list->items[0], "tojson: the separator of items", &w->item_separator));
  return emily__t_arg_text(w->run, separators.list->items[1], "tojson: the separator of keys", &w->key_separator);
}

emily_status emily__t_to_json(emily__trun *run, emily__tval value, const emily__tjson_style *style,
                              emily__tval *out) {
  emily__str sink = {0};
  writer w = {.run = run, .sink = &sink, .ensure_ascii = style->ensure_ascii, .sort_keys = style->sort_keys};
  EMILY__TRY(set_indent(&w, style->indent));
  EMILY__TRY(set_separators(&w, style->separators));
  return emily__t_finish(run, write_value(&w, value, 0), &sink, out);
}
