/* text_tools.c: see text_tools.h. */
#include "template/text_tools.h"

#include "base/utf8.h"
#include "template/builtin.h"
#include "template/operate.h"

#include <string.h>

emily_status emily__t_cased(emily__trun *run, emily__tval text, emily__tcase to, emily__tval *out) {
  emily__str sink = {0};
  EMILY__TRY(emily__t_spend(run, text.string->text.count / 8 + 1));
  bool room = emily__t_change_case(&sink, text.string->text, to);
  EMILY__TRY(emily__t_finish(run, room ? EMILY_OK : EMILY_OUT_OF_MEMORY, &sink, out));
  out->markup = text.markup;
  return EMILY_OK;
}

static bool among(emily__ttext chars, const char *c, size_t count) {
  return chars.count && memmem(chars.data, chars.count, c, count);
}

static bool goes(const char *at, bool spaces, emily__ttext chars) {
  size_t used;
  int32_t c = emily__utf8_next(at, &used);
  return spaces ? emily__t_is_space(c) : among(chars, at, used);
}

emily_status emily__t_stripped(emily__trun *run, emily__tval text, emily__tval chars, int sides, emily__tval *out) {
  emily__ttext set = {0}, all = text.string->text;
  size_t begin = 0, end = all.count, used;
  bool spaces = !emily__t_given(chars);
  if (!spaces) EMILY__TRY(emily__t_arg_text(run, chars, "the characters to strip", &set));
  EMILY__TRY(emily__t_spend(run, (all.count / 64 + 1) * (set.count / 64 + 1)));
  while (sides & EMILY__T_LEFT && begin < end && goes(all.data + begin, spaces, set)) {
    emily__utf8_next(all.data + begin, &used);
    begin += used;
  }
  while (sides & EMILY__T_RIGHT && end > begin) {
    size_t last = emily__utf8_back(all.data, end);
    if (!goes(all.data + last, spaces, set)) break;
    end = last;
  }
  EMILY__TRY(emily__t_new_text(run, all.data + begin, end - begin, out));
  out->markup = text.markup;
  return EMILY_OK;
}

/* Between all characters, and at both ends. */
static emily_status put_between(emily__trun *run, emily__str *sink, emily__ttext text, emily__ttext fresh,
                                int64_t most) {
  size_t at = 0, used;
  for (; most != 0 && at <= text.count; most--, at += used) {
    EMILY__TRY(emily__t_put(run, sink, fresh.data, fresh.count));
    used = 1;
    if (at == text.count) continue;
    emily__utf8_next(text.data + at, &used);
    EMILY__TRY(emily__t_put(run, sink, text.data + at, used));
  }
  return at < text.count ? emily__t_put(run, sink, text.data + at, text.count - at) : EMILY_OK;
}

static emily_status put_replaced(emily__trun *run, emily__str *sink, emily__ttext text, emily__ttext old,
                                 emily__ttext fresh, int64_t most) {
  if (!old.count) return put_between(run, sink, text, fresh, most);
  const char *at = text.data, *end = text.data + text.count, *found;
  while (most != 0 && at < end && (found = memmem(at, (size_t)(end - at), old.data, old.count))) {
    EMILY__TRY(emily__t_put(run, sink, at, (size_t)(found - at)));
    EMILY__TRY(emily__t_put(run, sink, fresh.data, fresh.count));
    at = found + old.count;
    if (most > 0) most--;
  }
  return emily__t_put(run, sink, at, (size_t)(end - at));
}

emily_status emily__t_replaced(emily__trun *run, emily__ttext text, emily__ttext old, emily__ttext fresh,
                               int64_t most, emily__tval *out) {
  emily__str sink = {0};
  return emily__t_finish(run, put_replaced(run, &sink, text, old, fresh, most), &sink, out);
}

static emily_status put_padded(emily__trun *run, emily__str *sink, emily__ttext text, int64_t left, int64_t right,
                               emily__ttext fill) {
  for (; left > 0; left--) EMILY__TRY(emily__t_put(run, sink, fill.data, fill.count));
  EMILY__TRY(emily__t_put(run, sink, text.data, text.count));
  for (; right > 0; right--) EMILY__TRY(emily__t_put(run, sink, fill.data, fill.count));
  return EMILY_OK;
}

emily_status emily__t_padded(emily__trun *run, emily__tval text, int64_t width, char side, emily__ttext fill,
                             emily__tval *out) {
  emily__str sink = {0};
  int64_t length = (int64_t)text.string->chars, room = width > length ? width - length : 0;
  /* str.center: the odd one goes to the left where the width is odd. */
  int64_t left = side == '<' ? 0 : side == '>' ? room : room / 2 + (room & width & 1);
  EMILY__TRY(emily__t_finish(run, put_padded(run, &sink, text.string->text, left, room - left, fill), &sink, out));
  out->markup = text.markup;
  return EMILY_OK;
}

static emily_status put_joined(emily__trun *run, emily__str *sink, emily__ttext glue, emily__titer *it, bool texts) {
  for (bool first = true, done;; first = false) {
    emily__tval item;
    EMILY__TRY(emily__t_next(run, it, &item, &done));
    if (done) return EMILY_OK;
    if (texts && item.kind != EMILY__T_TEXT)
      return emily__t_fail(run, "join: an item is %s and not a text", emily__t_type_name(item));
    if (!first) EMILY__TRY(emily__t_put(run, sink, glue.data, glue.count));
    EMILY__TRY(emily__t_put_str(run, sink, item));
  }
}

emily_status emily__t_joined(emily__trun *run, emily__ttext glue, emily__tval items, bool texts, emily__tval *out) {
  emily__str sink = {0};
  emily__titer *it;
  EMILY__TRY(emily__t_iterate(run, items, &it));
  return emily__t_finish(run, put_joined(run, &sink, glue, it, texts), &sink, out);
}

static bool ends_line(int32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

emily_status emily__t_lines(emily__trun *run, emily__ttext text, bool keep_ends, emily__tval *out) {
  size_t begin = 0, used;
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  EMILY__TRY(emily__t_spend(run, text.count / 8 + 1));
  for (size_t at = 0; at < text.count;) {
    size_t end = at;
    emily__tval line;
    int32_t c = emily__utf8_next(text.data + at, &used);
    at += used;
    if (c == '\r' && at < text.count && text.data[at] == '\n') at++;
    if (!ends_line(c) && at < text.count) continue;
    if (!ends_line(c) || keep_ends) end = at;
    EMILY__TRY(emily__t_new_text(run, text.data + begin, end - begin, &line));
    EMILY__TRY(emily__t_push(run, out->list, line));
    begin = at;
  }
  return EMILY_OK;
}
