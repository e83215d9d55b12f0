/* attribute.c: see attribute.h. */
#include "template/attribute.h"

#include "base/utf8.h"
#include "template/builtin.h"
#include "template/letters.h"
#include "template/operate.h"
#include "template/text_tools.h"

#include <string.h>

/* A part that consists of digits is a number, as in Python's isdigit and int. */
static emily_status part_key(emily__trun *run, emily__ttext part, emily__tval *out) {
  int64_t number = 0;
  bool digits = part.count > 0 && part.count < 18;
  for (size_t i = 0; digits && i < part.count; i++) {
    digits = part.data[i] >= '0' && part.data[i] <= '9';
    number = number * 10 + (part.data[i] - '0');
  }
  return digits ? (*out = emily__t_int(number), EMILY_OK) : emily__t_new_text(run, part.data, part.count, out);
}

static emily_status walk(emily__trun *run, emily__tval *item, emily__tval key, emily__tval missing) {
  EMILY__TRY(emily__t_getitem(run, *item, key, item));
  if (item->kind == EMILY__T_UNDEFINED && missing.kind != EMILY__T_MISSING) *item = missing;
  return EMILY_OK;
}

static emily_status follow(emily__trun *run, emily__tval *item, emily__ttext path, emily__tval missing) {
  for (size_t begin = 0; begin <= path.count;) {
    const char *dot = begin < path.count ? memchr(path.data + begin, '.', path.count - begin) : NULL;
    size_t end = dot ? (size_t)(dot - path.data) : path.count;
    emily__tval key;
    EMILY__TRY(part_key(run, (emily__ttext){path.data + begin, end - begin}, &key));
    EMILY__TRY(walk(run, item, key, missing));
    begin = end + 1;
  }
  return EMILY_OK;
}

emily_status emily__t_attribute_of(emily__trun *run, emily__tval item, emily__tval path, emily__tval missing,
                                   bool folded, emily__tval *out) {
  if (path.kind == EMILY__T_TEXT) EMILY__TRY(follow(run, &item, path.string->text, missing));
  else if (emily__t_given(path)) EMILY__TRY(walk(run, &item, path, missing));
  if (folded && item.kind == EMILY__T_TEXT) return emily__t_cased(run, item, EMILY__T_LOWER, out);
  return *out = item, EMILY_OK;
}

emily_status emily__t_sort_key(emily__trun *run, emily__tval item, emily__tval paths, bool case_sensitive,
                               emily__tval *out) {
  emily__tval value, path;
  emily__ttext all = paths.kind == EMILY__T_TEXT ? paths.string->text : (emily__ttext){0};
  EMILY__TRY(emily__t_new_list(run, EMILY__T_LIST, 1, out));
  if (paths.kind != EMILY__T_TEXT) {
    EMILY__TRY(emily__t_attribute_of(run, item, paths, (emily__tval){0}, !case_sensitive, &value));
    return emily__t_push(run, out->list, value);
  }
  for (size_t begin = 0; begin <= all.count;) {
    const char *comma = begin < all.count ? memchr(all.data + begin, ',', all.count - begin) : NULL;
    size_t end = comma ? (size_t)(comma - all.data) : all.count;
    EMILY__TRY(emily__t_new_text(run, all.data + begin, end - begin, &path));
    EMILY__TRY(emily__t_attribute_of(run, item, path, (emily__tval){0}, !case_sensitive, &value));
    EMILY__TRY(emily__t_push(run, out->list, value));
    begin = end + 1;
  }
  return EMILY_OK;
}

static emily_status next_attribute(emily__trun *run, emily__titer *it, emily__tval *out, bool *done) {
  EMILY__TRY(emily__t_next(run, it->inner, out, done));
  return *done ? EMILY_OK : emily__t_attribute_of(run, *out, it->source, (emily__tval){0}, false, out);
}

emily_status emily__t_attributes_of(emily__trun *run, emily__tval items, emily__tval path, emily__tval *out) {
  emily__titer *inner;
  EMILY__TRY(emily__t_iterate(run, items, &inner));
  EMILY__TRY(emily__t_new_iterator(run, next_attribute, inner, NULL, out));
  return out->iterator->source = path, EMILY_OK;
}
