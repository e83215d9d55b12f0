/* filters_text.c: the filters that give texts. */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/format.h"
#include "template/letters.h"
#include "template/operate.h"
#include "template/text_tools.h"
#include "template/to_json.h"

#include <string.h>

#define FILTER(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

FILTER(string) { return emily__t_str(run, call->in[0], out); }
FILTER(escape) { return emily__t_escape(run, call->in[0], out); }

FILTER(forceescape) {
  emily__tval plain;
  EMILY__TRY(emily__t_str(run, call->in[0], &plain));
  plain.markup = false;
  return emily__t_escape(run, plain, out);
}

FILTER(safe) {
  EMILY__TRY(emily__t_str(run, call->in[0], out));
  return out->markup = true, EMILY_OK;
}

static emily_status cased(emily__trun *run, const emily__tcall *call, emily__tcase to, emily__tval *out) {
  emily__tval text;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  return emily__t_cased(run, text, to, out);
}

FILTER(lower) { return cased(run, call, EMILY__T_LOWER, out); }
FILTER(upper) { return cased(run, call, EMILY__T_UPPER, out); }

FILTER(capitalize) {
  emily__str sink = {0};
  emily__tval text;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  bool room = emily__t_capitalize(&sink, text.string->text);
  EMILY__TRY(emily__t_finish(run, room ? EMILY_OK : EMILY_OUT_OF_MEMORY, &sink, out));
  return out->markup = text.markup, EMILY_OK;
}

static bool begins_word(int32_t c) {
  return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || emily__t_is_space(c);
}

/* The filter's own rule: a word begins behind white space, "-" and opening brackets alone; its first character is put
 * into upper case (not title case), the rest into lower case, word by word. */
FILTER(title) {
  emily__str sink = {0};
  emily__tval text;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  emily__ttext all = text.string->text;
  size_t used;
  bool room = true;
  EMILY__TRY(emily__t_spend(run, all.count / 8 + 1));
  for (size_t at = 0; room && at < all.count;) {
    emily__utf8_next(all.data + at, &used);
    size_t end = at + used;
    bool between = begins_word(emily__utf8_next(all.data + at, &used));
    while (end < all.count && begins_word(emily__utf8_next(all.data + end, &used)) == between) end += used;
    emily__utf8_next(all.data + at, &used);
    room = emily__t_change_case(&sink, (emily__ttext){all.data + at, used}, EMILY__T_UPPER) &&
           emily__t_change_case(&sink, (emily__ttext){all.data + at + used, end - at - used}, EMILY__T_LOWER);
    at = end;
  }
  return emily__t_finish(run, room ? EMILY_OK : EMILY_OUT_OF_MEMORY, &sink, out);
}

FILTER(trim) {
  emily__tval text;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  return emily__t_stripped(run, text, call->in[1], EMILY__T_LEFT | EMILY__T_RIGHT, out);
}

FILTER(replace) {
  emily__tval text[3];
  int64_t most;
  for (int i = 0; i < 3; i++) EMILY__TRY(emily__t_str(run, call->in[i], &text[i]));
  EMILY__TRY(
      emily__t_arg_int(run, emily__t_given(call->in[3]) ? call->in[3] : (emily__tval){0}, "the count", -1, &most));
  return emily__t_replaced(run, text[0].string->text, text[1].string->text, text[2].string->text, most, out);
}

FILTER(center) {
  emily__tval text;
  int64_t width;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the width", 80, &width));
  return emily__t_padded(run, text, width, '^', EMILY__T_LITERAL(" "), out);
}

FILTER(format) {
  emily__tval text, values;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  if (call->args->count && call->args->named_count)
    return emily__t_fail(run, "format takes either positional arguments or named ones");
  if (call->args->named_count) {
    EMILY__TRY(emily__t_new_dict(run, call->args->named_count, &values));
    for (size_t i = 0; i < call->args->named_count; i++)
      EMILY__TRY(emily__t_set_key(run, values.dict, call->args->names[i], call->args->named[i]));
  } else {
    EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, call->args->count, &values));
    for (size_t i = 0; i < call->args->count; i++)
      EMILY__TRY(emily__t_push(run, values.list, call->args->positional[i]));
  }
  EMILY__TRY(emily__t_percent(run, text.string->text, values, out));
  return out->markup = text.markup, EMILY_OK;
}

/* ---- lines ---- */

static emily_status put_indented(emily__trun *run, emily__str *sink, const emily__tlist *lines,
                                 emily__ttext indention, bool first, bool blank) {
  for (size_t i = 0; i < lines->count; i++) {
    emily__ttext line = lines->items[i].string->text;
    if (i) EMILY__TRY(emily__t_puts(run, sink, "\n"));
    if (i ? blank || line.count : first) EMILY__TRY(emily__t_put(run, sink, indention.data, indention.count));
    EMILY__TRY(emily__t_put(run, sink, line.data, line.count));
  }
  return EMILY_OK;
}

/* The width as a text: itself, or so many blanks. */
static emily_status indention_of(emily__trun *run, emily__tval width, emily__tval *out) {
  int64_t count;
  emily__tval blank;
  if (width.kind == EMILY__T_TEXT) return *out = width, EMILY_OK;
  EMILY__TRY(emily__t_arg_int(run, width, "the width", 4, &count));
  EMILY__TRY(emily__t_new_text(run, " ", 1, &blank));
  return emily__t_binary(run, EMILY__TK_MUL, blank, emily__t_int(count), out);
}

FILTER(indent) {
  emily__str sink = {0};
  emily__tval text = call->in[0], indention, newline, lines;
  bool first = call->in[2].kind != EMILY__T_MISSING && emily__t_truth(call->in[2]);
  bool blank = call->in[3].kind != EMILY__T_MISSING && emily__t_truth(call->in[3]);
  EMILY__TRY(indention_of(run, call->in[1], &indention));
  EMILY__TRY(emily__t_new_text(run, "\n", 1, &newline));
  EMILY__TRY(emily__t_add(run, text, newline, &text)); /* as Jinja does; a failure where it is no text */
  EMILY__TRY(emily__t_lines(run, text.string->text, false, &lines));
  EMILY__TRY(
      emily__t_finish(run, put_indented(run, &sink, lines.list, indention.string->text, first, blank), &sink, out));
  return out->markup = call->in[0].kind == EMILY__T_TEXT && call->in[0].markup, EMILY_OK;
}

FILTER(wordcount) {
  emily__tval text;
  size_t used;
  int64_t words = 0;
  bool inside = false;
  EMILY__TRY(emily__t_str(run, call->in[0], &text));
  emily__ttext all = text.string->text;
  EMILY__TRY(emily__t_spend(run, all.count / 8 + 1));
  for (size_t at = 0; at < all.count; at += used) {
    int32_t c = emily__utf8_next(all.data + at, &used);
    bool word = c == '_' || emily__t_is_alpha(c) || emily__t_is_numeric(c);
    words += word && !inside;
    inside = word;
  }
  return *out = emily__t_int(words), EMILY_OK;
}

FILTER(truncate) {
  emily__ttext end = EMILY__T_LITERAL("..."), text;
  int64_t length, leeway;
  bool cuts_words = call->in[2].kind != EMILY__T_MISSING && emily__t_truth(call->in[2]);
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the length", 255, &length));
  if (call->in[3].kind != EMILY__T_MISSING) EMILY__TRY(emily__t_arg_text(run, call->in[3], "the end", &end));
  EMILY__TRY(
      emily__t_arg_int(run, emily__t_given(call->in[4]) ? call->in[4] : (emily__tval){0}, "the leeway", 5, &leeway));
  int64_t end_chars = (int64_t)emily__t_count_chars(end.data, end.count);
  if (length < end_chars || leeway < 0)
    return emily__t_fail(run, "truncate: the length is too small, or the leeway negative");
  int64_t most, count;
  bool fits = __builtin_add_overflow(length, leeway, &most);
  if (!emily__t_length(call->in[0], &count))
    return emily__t_fail(run, "truncate: a value of type '%s' has no length", emily__t_type_name(call->in[0]));
  if (fits || count <= most) return *out = call->in[0], EMILY_OK;
  EMILY__TRY(emily__t_arg_text(run, call->in[0], "what is truncated", &text));
  size_t kept = emily__t_char_offset(call->in[0].string, (size_t)(length - end_chars));
  const char *blank = cuts_words || !kept ? NULL : memrchr(text.data, ' ', kept);
  if (blank) kept = (size_t)(blank - text.data);
  emily__str sink = {0};
  emily_status status = emily__t_put(run, &sink, text.data, kept);
  if (status == EMILY_OK) status = emily__t_put(run, &sink, end.data, end.count);
  return emily__t_finish(run, status, &sink, out);
}

FILTER(tojson) {
  emily__tjson_style style = {.ensure_ascii = call->in[1].kind != EMILY__T_MISSING && emily__t_truth(call->in[1]),
                              .indent = call->in[2],
                              .separators = call->in[3],
                              .sort_keys = call->in[4].kind != EMILY__T_MISSING && emily__t_truth(call->in[4])};
  return emily__t_to_json(run, call->in[0], &style, out);
}

const emily__tbuiltin emily__t_text_filters[] = {
    {"string", "value", string},
    {"safe", "value", safe},
    {"e", "value", escape},
    {"escape", "value", escape},
    {"forceescape", "value", forceescape},
    {"lower", "s", lower},
    {"upper", "s", upper},
    {"capitalize", "s", capitalize},
    {"title", "s", title},
    {"trim", "value chars?", trim},
    {"replace", "s old new count?", replace},
    {"center", "value width?", center},
    {"format", NULL, format},
    {"indent", "s width? first? blank?", indent},
    {"wordcount", "s", wordcount},
    {"truncate", "s length? killwords? end? leeway?", truncate},
    {"tojson", "x ensure_ascii? indent? separators? sort_keys?", tojson},
    {0},
};
