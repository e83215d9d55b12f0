/* text_methods.c: the methods of Python's str, but those that split (text_split.c). */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/format.h"
#include "template/letters.h"
#include "template/operate.h"
#include "template/text_tools.h"

#include <string.h>

#define METHOD(name) static emily_status name(emily__trun *run, const emily__tcall *call, emily__tval *out)

/* ---- case ---- */

static emily_status change(emily__trun *run, const emily__tcall *call, emily__tcase to, emily__tval *out) {
  return emily__t_cased(run, call->in[0], to, out);
}

METHOD(lower) { return change(run, call, EMILY__T_LOWER, out); }
METHOD(upper) { return change(run, call, EMILY__T_UPPER, out); }
METHOD(casefold) { return change(run, call, EMILY__T_FOLD, out); }

typedef bool changer(emily__str *out, emily__ttext text);

static emily_status rewrite(emily__trun *run, const emily__tcall *call, changer *changes, emily__tval *out) {
  emily__str sink = {0};
  emily__ttext text = call->in[0].string->text;
  EMILY__TRY(emily__t_spend(run, text.count / 8 + 1));
  EMILY__TRY(emily__t_finish(run, changes(&sink, text) ? EMILY_OK : EMILY_OUT_OF_MEMORY, &sink, out));
  out->markup = call->in[0].markup;
  return EMILY_OK;
}

METHOD(capitalize) { return rewrite(run, call, emily__t_capitalize, out); }
METHOD(title) { return rewrite(run, call, emily__t_title, out); }
METHOD(swapcase) { return rewrite(run, call, emily__t_swap_case, out); }

/* ---- ends ---- */

static emily_status strip(emily__trun *run, const emily__tcall *call, int sides, emily__tval *out) {
  return emily__t_stripped(run, call->in[0], call->in[1], sides, out);
}

METHOD(strip_both) { return strip(run, call, EMILY__T_LEFT | EMILY__T_RIGHT, out); }
METHOD(strip_left) { return strip(run, call, EMILY__T_LEFT, out); }
METHOD(strip_right) { return strip(run, call, EMILY__T_RIGHT, out); }

static bool begins(emily__ttext text, emily__ttext part) {
  return part.count <= text.count && (!part.count || !memcmp(text.data, part.data, part.count));
}

static bool ends(emily__ttext text, emily__ttext part) {
  return part.count <= text.count &&
         (!part.count || !memcmp(text.data + text.count - part.count, part.data, part.count));
}

/* The part of a text that start and end (in[2], in[3]) leave; false where start lies behind its end. */
static emily_status window(emily__trun *run, const emily__tcall *call, emily__ttext *out, bool *inside,
                           int64_t *start) {
  const emily__tstring *string = call->in[0].string;
  int64_t length = (int64_t)string->chars, stop;
  EMILY__TRY(emily__t_spend(run, string->text.count / 64 + 1));
  EMILY__TRY(emily__t_arg_int(run, emily__t_given(call->in[2]) ? call->in[2] : (emily__tval){0}, "start", 0, start));
  EMILY__TRY(
      emily__t_arg_int(run, emily__t_given(call->in[3]) ? call->in[3] : (emily__tval){0}, "end", length, &stop));
  if (*start < 0) *start = *start < -length ? 0 : *start + length;
  if (stop < 0) stop = stop < -length ? 0 : stop + length;
  if (stop > length) stop = length;
  *inside = *start <= stop;
  if (!*inside) return EMILY_OK;
  size_t begin = emily__t_char_offset(string, (size_t)*start), end = emily__t_char_offset(string, (size_t)stop);
  return *out = (emily__ttext){string->text.data + begin, end - begin}, EMILY_OK;
}

static emily_status has_end(emily__trun *run, const emily__tcall *call, bool (*has)(emily__ttext, emily__ttext),
                            emily__tval *out) {
  emily__tval parts = call->in[1];
  emily__ttext text, part;
  bool inside, found = false;
  int64_t start;
  EMILY__TRY(window(run, call, &text, &inside, &start));
  if (parts.kind != EMILY__T_TUPLE) {
    EMILY__TRY(emily__t_arg_text(run, parts, "what a text begins or ends with", &part));
    return *out = emily__t_bool(inside && has(text, part)), EMILY_OK;
  }
  for (size_t i = 0; i < parts.list->count && !found; i++) {
    EMILY__TRY(emily__t_arg_text(run, parts.list->items[i], "what a text begins or ends with", &part));
    found = inside && has(text, part);
  }
  return *out = emily__t_bool(found), EMILY_OK;
}

METHOD(startswith) { return has_end(run, call, begins, out); }
METHOD(endswith) { return has_end(run, call, ends, out); }

METHOD(removeprefix) {
  emily__ttext text = call->in[0].string->text, part;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "the prefix", &part));
  if (!begins(text, part)) return *out = call->in[0], EMILY_OK;
  EMILY__TRY(emily__t_new_text(run, text.data + part.count, text.count - part.count, out));
  return out->markup = call->in[0].markup, EMILY_OK;
}

METHOD(removesuffix) {
  emily__ttext text = call->in[0].string->text, part;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "the suffix", &part));
  if (!ends(text, part)) return *out = call->in[0], EMILY_OK;
  EMILY__TRY(emily__t_new_text(run, text.data, text.count - part.count, out));
  return out->markup = call->in[0].markup, EMILY_OK;
}

/* ---- searching ---- */

static const char *find_last(emily__ttext text, emily__ttext part) {
  if (part.count > text.count) return NULL;
  for (size_t at = text.count - part.count + 1; at-- > 0;)
    if (!part.count || !memcmp(text.data + at, part.data, part.count)) return text.data + at;
  return NULL;
}

/* The index in characters, or -1. */
static emily_status search(emily__trun *run, const emily__tcall *call, bool last, int64_t *out) {
  emily__ttext text = {0}, part;
  bool inside;
  int64_t start;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "what is looked for", &part));
  EMILY__TRY(window(run, call, &text, &inside, &start));
  *out = -1;
  if (!inside) return EMILY_OK;
  const char *found = last         ? find_last(text, part)
                      : part.count ? memmem(text.data, text.count, part.data, part.count)
                                   : text.data;
  if (found || !part.count)
    *out = start + (int64_t)emily__t_count_chars(text.data, found ? (size_t)(found - text.data) : 0);
  return EMILY_OK;
}

static emily_status index_of(emily__trun *run, const emily__tcall *call, bool last, bool must, emily__tval *out) {
  int64_t index;
  EMILY__TRY(search(run, call, last, &index));
  if (index < 0 && must) return emily__t_fail(run, "substring not found");
  return *out = emily__t_int(index), EMILY_OK;
}

METHOD(find) { return index_of(run, call, false, false, out); }
METHOD(rfind) { return index_of(run, call, true, false, out); }
METHOD(index_first) { return index_of(run, call, false, true, out); }
METHOD(index_last) { return index_of(run, call, true, true, out); }

METHOD(count) {
  emily__ttext text = {0}, part;
  bool inside;
  int64_t start, found = 0;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "what is counted", &part));
  EMILY__TRY(window(run, call, &text, &inside, &start));
  if (inside && !part.count) found = (int64_t)emily__t_count_chars(text.data, text.count) + 1;
  for (const char *at = text.data;
       inside && part.count && (at = memmem(at, text.count - (size_t)(at - text.data), part.data, part.count));
       at += part.count)
    found++;
  return *out = emily__t_int(found), EMILY_OK;
}

METHOD(replace) {
  int64_t most;
  emily__ttext old, fresh;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "what is replaced", &old));
  EMILY__TRY(emily__t_arg_text(run, call->in[2], "what replaces it", &fresh));
  EMILY__TRY(emily__t_arg_int(run, call->in[3], "the count", -1, &most));
  EMILY__TRY(emily__t_replaced(run, call->in[0].string->text, old, fresh, most, out));
  out->markup = call->in[0].markup;
  return EMILY_OK;
}

/* ---- width ---- */

static emily_status pad(emily__trun *run, const emily__tcall *call, char side, emily__tval *out) {
  int64_t width;
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the width", 0, &width));
  emily__ttext fill = EMILY__T_LITERAL(" ");
  if (call->in[2].kind != EMILY__T_MISSING) EMILY__TRY(emily__t_arg_text(run, call->in[2], "what fills", &fill));
  if (emily__t_count_chars(fill.data, fill.count) != 1) return emily__t_fail(run, "what fills must be one character");
  return emily__t_padded(run, call->in[0], width, side, fill, out);
}

METHOD(ljust) { return pad(run, call, '<', out); }
METHOD(rjust) { return pad(run, call, '>', out); }
METHOD(center) { return pad(run, call, '^', out); }

METHOD(zfill) {
  emily__tval text = call->in[0], sign, rest;
  int64_t width;
  EMILY__TRY(emily__t_arg_int(run, call->in[1], "the width", 0, &width));
  emily__ttext all = text.string->text;
  bool has_sign = all.count && (all.data[0] == '-' || all.data[0] == '+');
  EMILY__TRY(emily__t_new_text(run, all.data, has_sign, &sign));
  EMILY__TRY(emily__t_new_text(run, all.data + has_sign, all.count - has_sign, &rest));
  EMILY__TRY(emily__t_padded(run, rest, width - has_sign, '>', EMILY__T_LITERAL("0"), &rest));
  EMILY__TRY(emily__t_add(run, sign, rest, out));
  return out->markup = text.markup, EMILY_OK;
}

/* ---- what a text is made of ---- */

static bool is_alnum(int32_t c) { return emily__t_is_alpha(c) || emily__t_is_numeric(c); }
static bool is_ascii(int32_t c) { return c < 0x80; }

/* All characters, and at least one (where `some`). */
static emily_status all(const emily__tcall *call, bool (*is)(int32_t), bool some, emily__tval *out) {
  emily__ttext text = call->in[0].string->text;
  bool good = text.count || !some;
  size_t used;
  for (size_t at = 0; good && at < text.count; at += used) good = is(emily__utf8_next(text.data + at, &used));
  return *out = emily__t_bool(good), EMILY_OK;
}

#define ALL(name, is, some)                                                  \
  METHOD(name) {                                                             \
    EMILY__TRY(emily__t_spend(run, call->in[0].string->text.count / 8 + 1)); \
    return all(call, is, some, out);                                         \
  }
ALL(text_isalpha, emily__t_is_alpha, true)
ALL(text_isalnum, is_alnum, true)
ALL(text_isdecimal, emily__t_is_decimal, true)
ALL(text_isdigit, emily__t_is_digit, true)
ALL(text_isnumeric, emily__t_is_numeric, true)
ALL(text_isspace, emily__t_is_space, true)
ALL(text_isprintable, emily__t_is_printable, false)
ALL(text_isascii, is_ascii, false)

static emily_status one_case(const emily__tcall *call, bool (*right)(int32_t), bool (*wrong)(int32_t),
                             emily__tval *out) {
  emily__ttext text = call->in[0].string->text;
  bool any = false, good = true;
  size_t used;
  for (size_t at = 0; good && at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    good = !wrong(c) && !emily__t_is_title(c);
    any |= right(c);
  }
  return *out = emily__t_bool(good && any), EMILY_OK;
}

METHOD(text_islower) {
  EMILY__TRY(emily__t_spend(run, call->in[0].string->text.count / 8 + 1));
  return one_case(call, emily__t_is_lower, emily__t_is_upper, out);
}

METHOD(text_isupper) {
  EMILY__TRY(emily__t_spend(run, call->in[0].string->text.count / 8 + 1));
  return one_case(call, emily__t_is_upper, emily__t_is_lower, out);
}

METHOD(text_istitle) {
  emily__ttext text = call->in[0].string->text;
  bool any = false, good = true, inside = false;
  size_t used;
  EMILY__TRY(emily__t_spend(run, text.count / 8 + 1));
  for (size_t at = 0; good && at < text.count; at += used) {
    int32_t c = emily__utf8_next(text.data + at, &used);
    bool high = emily__t_is_upper(c) || emily__t_is_title(c), low = emily__t_is_lower(c);
    good = high ? !inside : low ? inside : true;
    inside = high || low;
    any |= inside;
  }
  return *out = emily__t_bool(good && any), EMILY_OK;
}

METHOD(join) {
  EMILY__TRY(emily__t_joined(run, call->in[0].string->text, call->in[1], true, out));
  return out->markup = call->in[0].markup, EMILY_OK;
}

METHOD(format) {
  EMILY__TRY(emily__t_brace_format(run, call->in[0].string->text, call->args, out));
  return out->markup = call->in[0].markup, EMILY_OK;
}

const emily__tbuiltin emily__t_text_methods[] = {
    {"lower", "self", lower},
    {"upper", "self", upper},
    {"strip", "self chars?", strip_both},
    {"lstrip", "self chars?", strip_left},
    {"rstrip", "self chars?", strip_right},
    {"startswith", "self prefix start? end?", startswith},
    {"endswith", "self suffix start? end?", endswith},
    {"replace", "self old new count?", replace},
    {"join", "self iterable", join},
    {"format", NULL, format},
    {"title", "self", title},
    {"capitalize", "self", capitalize},
    {"casefold", "self", casefold},
    {"swapcase", "self", swapcase},
    {"find", "self sub start? end?", find},
    {"rfind", "self sub start? end?", rfind},
    {"index", "self sub start? end?", index_first},
    {"rindex", "self sub start? end?", index_last},
    {"count", "self sub start? end?", count},
    {"removeprefix", "self prefix", removeprefix},
    {"removesuffix", "self suffix", removesuffix},
    {"ljust", "self width fillchar?", ljust},
    {"rjust", "self width fillchar?", rjust},
    {"center", "self width fillchar?", center},
    {"zfill", "self width", zfill},
    {"isalpha", "self", text_isalpha},
    {"isalnum", "self", text_isalnum},
    {"isdecimal", "self", text_isdecimal},
    {"isdigit", "self", text_isdigit},
    {"isnumeric", "self", text_isnumeric},
    {"isspace", "self", text_isspace},
    {"isprintable", "self", text_isprintable},
    {"isascii", "self", text_isascii},
    {"islower", "self", text_islower},
    {"isupper", "self", text_isupper},
    {"istitle", "self", text_istitle},
    {0},
};
