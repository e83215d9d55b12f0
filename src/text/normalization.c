/* normalization.c: Unicode normalization forms (UAX 15) that keep origins, over utf8proc's data.
 *
 * Most text is left alone quickly: below a form's first changing code point nothing happens, and such a character is
 * also a boundary that nothing after it can reach across. What lies between goes through the three steps of the
 * standard: decompose, order the marks by class (stably, and in linear time for long runs), compose.
 */
#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

typedef struct piece {
  int32_t code;
  uint8_t class; /* canonical combining class */
  bool inert;
  emily__span origin;
} piece;

typedef struct pieces {
  EMILY__VEC(piece) list, sorted;
} pieces;

enum { LONGEST_DECOMPOSITION = 32, INSERTION_SORT_MAX = 16 };

static bool composes(emily__form form) { return form == EMILY__NFC || form == EMILY__NFKC; }
static bool is_compatibility(emily__form form) { return form == EMILY__NFKC || form == EMILY__NFKD; }

/* Below this, a character is its own normal form, has class 0 and composes with nothing before it. */
static int32_t first_changing(emily__form form) {
  return is_compatibility(form) ? 0xA0 : form == EMILY__NFC ? 0x300 : 0xC0;
}

static emily_status decompose(emily__form form, int32_t code, emily__span origin, pieces *out) {
  if (emily__is_inert(code)) {
    bool pushed = emily__vec_push(&out->list, (piece){code, 0, true, origin});
    return pushed ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  }
  utf8proc_int32_t parts[LONGEST_DECOMPOSITION];
  utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (is_compatibility(form) ? UTF8PROC_COMPAT : 0);
  utf8proc_ssize_t count = utf8proc_decompose_char(code, parts, LONGEST_DECOMPOSITION, options, NULL);
  if (count < 0 || count > LONGEST_DECOMPOSITION)
    return emily__fail(EMILY_INTERNAL, "normalize", "U+%04X does not decompose", (unsigned)code);
  for (utf8proc_ssize_t i = 0; i < count; i++) {
    uint8_t class = (uint8_t)utf8proc_get_property(parts[i])->combining_class;
    if (!emily__vec_push(&out->list, (piece){parts[i], class, false, origin})) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static void insertion_sort(piece *run, size_t count) {
  for (size_t i = 1; i < count; i++) {
    piece moving = run[i];
    size_t to = i;
    for (; to > 0 && run[to - 1].class > moving.class; to--) run[to] = run[to - 1];
    run[to] = moving;
  }
}

static emily_status counting_sort(pieces *work, piece *run, size_t count) {
  size_t starts[257] = {0};
  work->sorted.count = 0;
  if (!emily__vec_reserve(&work->sorted, count)) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < count; i++) starts[run[i].class + 1]++;
  for (int class = 0; class < 256; class ++) starts[class + 1] += starts[class];
  for (size_t i = 0; i < count; i++) work->sorted.data[starts[run[i].class]++] = run[i];
  memcpy(run, work->sorted.data, count * sizeof *run);
  return EMILY_OK;
}

/* Canonical ordering: each run of marks (class above 0), by class. */
static emily_status order_marks(pieces *work) {
  for (size_t start = 0, end; start < work->list.count; start = end + 1) {
    for (end = start; end < work->list.count && work->list.data[end].class; end++) continue;
    if (end - start <= INSERTION_SORT_MAX) insertion_sort(work->list.data + start, end - start);
    else EMILY__TRY(counting_sort(work, work->list.data + start, end - start));
  }
  return EMILY_OK;
}

/* The primary composite of two characters, or -1. */
static int32_t composite(const piece *first, const piece *second) {
  if (first->inert || second->inert) return -1;
  utf8proc_int32_t pair[2] = {first->code, second->code};
  utf8proc_ssize_t count = utf8proc_normalize_utf32(pair, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  return count == 1 ? pair[0] : -1;
}

static void compose(pieces *work) {
  piece *list = work->list.data;
  size_t out = 0, starter = SIZE_MAX;
  int last_class = -1; /* of what was kept since the starter; -1: nothing */
  for (size_t i = 0; i < work->list.count; i++) {
    if (starter != SIZE_MAX && last_class < (int)list[i].class) {
      int32_t code = composite(&list[starter], &list[i]);
      if (code >= 0) {
        list[starter].code = code;
        if (list[i].origin.end > list[starter].origin.end) list[starter].origin.end = list[i].origin.end;
        continue;
      }
    }
    last_class = list[i].class;
    if (list[i].class == 0) {
      starter = out;
      last_class = -1;
    }
    list[out++] = list[i];
  }
  work->list.count = out;
}

/* Normalizes the stretch [start, end), which nothing outside reaches into. */
static emily_status normalize_stretch(emily__form form, const emily__text *in, size_t start, size_t end, pieces *work,
                                      emily__text *out) {
  work->list.count = 0;
  for (size_t at = start, used; at < end; at += used) {
    int32_t code = emily__utf8_next(in->bytes.data + at, &used);
    EMILY__TRY(decompose(form, code, emily__text_origin(in, at, at + used), work));
  }
  EMILY__TRY(order_marks(work));
  if (composes(form)) compose(work);
  for (size_t i = 0; i < work->list.count; i++)
    EMILY__TRY(emily__text_put(out, work->list.data[i].code, work->list.data[i].origin));
  return EMILY_OK;
}

static emily_status normalize(emily__form form, const emily__text *in, pieces *work, emily__text *out) {
  const char *bytes = in->bytes.data;
  size_t length = in->bytes.count, clean = 0, used;
  int32_t limit = first_changing(form);
  for (size_t at = 0, before = 0; at < length; before = at, at += used) {
    if (emily__utf8_next(bytes + at, &used) < limit) continue;
    size_t end = at;
    while (end < length && emily__utf8_next(bytes + end, &used) >= limit) end += used;
    EMILY__TRY(emily__text_copy(out, in, clean, before));
    EMILY__TRY(normalize_stretch(form, in, before, end, work, out));
    clean = at = end;
    used = 0;
  }
  return emily__text_copy(out, in, clean, length);
}

emily_status emily__normalize(emily__form form, const emily__text *in, emily__text *out) {
  pieces work = {0};
  emily_status status = normalize(form, in, &work, out);
  emily__vec_free(&work.list);
  emily__vec_free(&work.sorted);
  return status;
}
