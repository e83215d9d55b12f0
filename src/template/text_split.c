/* text_split.c: the methods of Python's str that cut a text into parts. */
#include "base/utf8.h"
#include "template/builtin.h"
#include "template/letters.h"
#include "template/operate.h"
#include "template/text_tools.h"

#include <string.h>

static emily_status push_part(emily__trun *run, emily__tlist *list, const char *begin, const char *end) {
  emily__tval part;
  EMILY__TRY(emily__t_new_text(run, begin, (size_t)(end - begin), &part));
  return emily__t_push(run, list, part);
}

/* Parts of markup are markup. */
static emily_status mark_parts(emily__tval text, emily__tlist *list) {
  for (size_t i = 0; i < list->count; i++) list->items[i].markup = text.markup;
  return EMILY_OK;
}

/* ---- at a separator ---- */

static emily_status split_left(emily__trun *run, emily__ttext text, emily__ttext separator, int64_t most,
                               emily__tlist *list) {
  const char *at = text.data, *end = text.data + text.count, *found;
  for (; most != 0 && at < end && (found = memmem(at, (size_t)(end - at), separator.data, separator.count)); most--) {
    EMILY__TRY(push_part(run, list, at, found));
    at = found + separator.count;
  }
  return push_part(run, list, at, end);
}

static const char *find_back(const char *begin, const char *end, emily__ttext part) {
  for (const char *at = end - part.count; at >= begin && (size_t)(end - begin) >= part.count; at--) {
    if (!memcmp(at, part.data, part.count)) return at;
    if (at == begin) break;
  }
  return NULL;
}

/* The parts come last first. */
static emily_status split_right(emily__trun *run, emily__ttext text, emily__ttext separator, int64_t most,
                                emily__tlist *list) {
  const char *end = text.data + text.count, *found;
  for (; most != 0 && (found = find_back(text.data, end, separator)); most--) {
    EMILY__TRY(push_part(run, list, found + separator.count, end));
    end = found;
  }
  return push_part(run, list, text.data, end);
}

/* ---- at white space ---- */

static size_t space_at(const char *at, const char *end) {
  size_t used;
  return at < end && emily__t_is_space(emily__utf8_next(at, &used)) ? used : 0;
}

static size_t char_length(const char *at) {
  size_t used;
  emily__utf8_next(at, &used);
  return used;
}

static size_t space_before(const char *begin, const char *end) {
  if (end == begin) return 0;
  size_t last = emily__utf8_back(begin, (size_t)(end - begin)), used;
  return emily__t_is_space(emily__utf8_next(begin + last, &used)) ? used : 0;
}

static emily_status split_words(emily__trun *run, emily__ttext text, int64_t most, emily__tlist *list) {
  const char *at = text.data, *end = text.data + text.count;
  for (size_t space;;) {
    while ((space = space_at(at, end))) at += space;
    const char *begin = at;
    if (at >= end) return EMILY_OK;
    if (most-- == 0) return push_part(run, list, begin, end);
    while (at < end && !space_at(at, end)) at += char_length(at);
    EMILY__TRY(push_part(run, list, begin, at));
  }
}

static emily_status split_words_right(emily__trun *run, emily__ttext text, int64_t most, emily__tlist *list) {
  const char *begin = text.data, *at = text.data + text.count;
  for (size_t space;;) {
    while ((space = space_before(begin, at))) at -= space;
    const char *end = at;
    if (at <= begin) return EMILY_OK;
    if (most-- == 0) return push_part(run, list, begin, end);
    while (at > begin && !space_before(begin, at)) at = begin + emily__utf8_back(begin, (size_t)(at - begin));
    EMILY__TRY(push_part(run, list, at, end));
  }
}

static void turn_around(emily__tlist *list) {
  for (size_t i = 0; i < list->count / 2; i++) {
    emily__tval item = list->items[i];
    list->items[i] = list->items[list->count - 1 - i];
    list->items[list->count - 1 - i] = item;
  }
}

static emily_status split_any(emily__trun *run, const emily__tcall *call, bool right, emily__tval *out) {
  emily__ttext text = call->in[0].string->text, separator = {0};
  bool words = !emily__t_given(call->in[1]);
  int64_t most;
  EMILY__TRY(emily__t_arg_int(run, call->in[2], "maxsplit", -1, &most));
  if (!words) EMILY__TRY(emily__t_arg_text(run, call->in[1], "the separator", &separator));
  if (!words && !separator.count) return emily__t_fail(run, "the separator is empty");
  EMILY__TRY(emily__t_spend(run, text.count / 16 + 1));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 4, out));
  if (right)
    EMILY__TRY(words ? split_words_right(run, text, most, out->list)
                     : split_right(run, text, separator, most, out->list));
  else
    EMILY__TRY(words ? split_words(run, text, most, out->list) : split_left(run, text, separator, most, out->list));
  if (right) turn_around(out->list);
  return mark_parts(call->in[0], out->list);
}

static emily_status split(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  return split_any(run, call, false, out);
}
static emily_status rsplit(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  return split_any(run, call, true, out);
}

static emily_status splitlines(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  bool keep = call->in[1].kind != EMILY__T_MISSING && emily__t_truth(call->in[1]);
  EMILY__TRY(emily__t_lines(run, call->in[0].string->text, keep, out));
  return mark_parts(call->in[0], out->list);
}

/* ---- in three ---- */

static emily_status partition_any(emily__trun *run, const emily__tcall *call, bool right, emily__tval *out) {
  emily__ttext text = call->in[0].string->text, part;
  const char *begin = text.data, *end = text.data + text.count;
  EMILY__TRY(emily__t_arg_text(run, call->in[1], "the separator", &part));
  if (!part.count) return emily__t_fail(run, "the separator is empty");
  EMILY__TRY(emily__t_spend(run, text.count / 16 + 1));
  EMILY__TRY(emily__t_new_list(run, EMILY__T_TUPLE, 3, out));
  const char *found = right        ? find_back(begin, end, part)
                      : text.count ? memmem(begin, text.count, part.data, part.count)
                                   : NULL;
  const char *first = found ? found : right ? begin : end, *last = found ? found + part.count : right ? begin : end;
  EMILY__TRY(push_part(run, out->list, begin, first));
  EMILY__TRY(push_part(run, out->list, first, last));
  EMILY__TRY(push_part(run, out->list, last, end));
  return mark_parts(call->in[0], out->list);
}

static emily_status partition(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  return partition_any(run, call, false, out);
}

static emily_status rpartition(emily__trun *run, const emily__tcall *call, emily__tval *out) {
  return partition_any(run, call, true, out);
}

const emily__tbuiltin emily__t_text_split_methods[] = {
    {"split", "self sep? maxsplit?", split},      {"rsplit", "self sep? maxsplit?", rsplit},
    {"splitlines", "self keepends?", splitlines}, {"partition", "self sep", partition},
    {"rpartition", "self sep", rpartition},       {0},
};
