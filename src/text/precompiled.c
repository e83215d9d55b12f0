/* precompiled.c: see precompiled.h. */
#include "text/precompiled.h"

#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

/* No character becomes more than a few dozen bytes (NFKC's longest is 18 characters); a blob that says so would only
 * make short texts huge. */
enum { REPLACEMENT_MAX = 1024, CLUSTER_MAX = 5 };

struct emily__charsmap {
  emily__str blob;
  size_t unit_count;
  const char *strings; /* in the blob */
  size_t strings_length;
};

static int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static emily_status malformed(const char *name, const char *what) {
  return emily__fail(EMILY_BAD_FORMAT, "tokenizer", "%s: the normalizer's \"precompiled_charsmap\" %s", name, what);
}

/* Four letters to three bytes; the last group may end with one or two '='. */
static emily_status decode_base64(const char *text, size_t length, const char *name, emily__str *out) {
  size_t padding = length && text[length - 1] == '=' ? 1 + (length > 1 && text[length - 2] == '=') : 0;
  if (length % 4) return malformed(name, "is not base64: its length is no multiple of 4");
  for (size_t at = 0; at < length; at += 4) {
    uint32_t group = 0;
    size_t take = at + 4 == length ? 4 - padding : 4;
    for (size_t i = 0; i < 4; i++) {
      int value = i < take ? sextet(text[at + i]) : 0;
      if (value < 0) return malformed(name, "is not base64");
      group = group << 6 | (uint32_t)value;
    }
    char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
    if (!emily__str_append(out, bytes, take - 1)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

static uint32_t read_u32(const char *bytes) {
  const unsigned char *b = (const unsigned char *)bytes;
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static size_t longest_string(const char *strings, size_t length) {
  size_t longest = 0, run = 0;
  for (size_t i = 0; i < length; i++) {
    run = strings[i] ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

static emily_status open_blob(emily__charsmap *map, const char *name) {
  size_t length = map->blob.count;
  if (length < 4) return malformed(name, "is empty");
  size_t trie = read_u32(map->blob.data);
  if (trie == 0 || trie % 4 || trie > length - 4) return malformed(name, "has a trie that is larger than the blob");
  map->unit_count = trie / 4;
  map->strings = map->blob.data + 4 + trie;
  map->strings_length = length - 4 - trie;
  if (!emily__utf8_valid(map->strings, map->strings_length)) return malformed(name, "has replacements that are not UTF-8");
  if (longest_string(map->strings, map->strings_length) > REPLACEMENT_MAX)
    return malformed(name, "has a replacement of more than 1024 bytes");
  return EMILY_OK;
}

emily_status emily__charsmap_load(const char *base64, size_t length, const char *name, emily__charsmap **out) {
  emily__charsmap *map = emily__calloc(1, sizeof *map);
  if (!map) return EMILY_OUT_OF_MEMORY;
  emily_status status = decode_base64(base64, length, name, &map->blob);
  if (status == EMILY_OK) status = open_blob(map, name);
  if (status != EMILY_OK) return emily__charsmap_free(map), status;
  *out = map;
  return EMILY_OK;
}

void emily__charsmap_free(emily__charsmap *map) {
  if (!map) return;
  emily__str_free(&map->blob);
  emily__free(map);
}

/* The unit at `position`, into *unit; false where that lies outside. */
static bool unit_at(const emily__charsmap *map, size_t position, uint32_t *unit) {
  if (position >= map->unit_count) return false;
  *unit = read_u32(map->blob.data + 4 + 4 * position);
  return true;
}

/* Darts-clone's units: bits 0–7 the label (31 set: a value), 8 whether a leaf follows, 9 and 10–31 the offset. */
static size_t offset_of(uint32_t unit) { return (size_t)(unit >> 10) << ((unit & (1u << 9)) >> 6); }

static const char *string_at(const emily__charsmap *map, size_t at, size_t *length) {
  if (at > map->strings_length || (at < map->strings_length && ((unsigned char)map->strings[at] & 0xC0) == 0x80))
    return NULL;
  const char *nul = memchr(map->strings + at, 0, map->strings_length - at);
  *length = nul ? (size_t)(nul - map->strings) - at : map->strings_length - at;
  return map->strings + at;
}

const char *emily__charsmap_find(const emily__charsmap *map, const char *text, size_t length, size_t *found_length) {
  uint32_t unit;
  if (!unit_at(map, 0, &unit)) return NULL;
  size_t position = offset_of(unit);
  for (size_t i = 0; i < length && text[i]; i++) {
    position ^= (unsigned char)text[i];
    if (!unit_at(map, position, &unit) || (unit & (1u << 31 | 0xFF)) != (unsigned char)text[i]) return NULL;
    position ^= offset_of(unit);
    if (!(unit >> 8 & 1)) continue;
    if (!unit_at(map, position, &unit)) return NULL;
    return string_at(map, unit & 0x7FFFFFFF, found_length);
  }
  return NULL;
}

/* The bytes [start, end) by what the map has for them, where it has something. */
static emily_status put_mapped(const emily__charsmap *map, const emily__text *in, size_t start, size_t end,
                               emily__text *out, bool *mapped) {
  size_t length;
  const char *string = emily__charsmap_find(map, in->bytes.data + start, end - start, &length);
  *mapped = string != NULL;
  return string ? emily__text_puts(out, string, length, emily__text_origin(in, start, end)) : EMILY_OK;
}

static emily_status put_cluster(const emily__charsmap *map, const emily__text *in, size_t start, size_t end,
                                emily__text *out) {
  bool mapped = false;
  if (end - start <= CLUSTER_MAX) EMILY__TRY(put_mapped(map, in, start, end, out, &mapped));
  for (size_t at = start, used; at < end && !mapped; at += used) {
    bool character;
    emily__utf8_next(in->bytes.data + at, &used);
    EMILY__TRY(put_mapped(map, in, at, at + used, out, &character));
    if (!character) EMILY__TRY(emily__text_copy(out, in, at, at + used));
  }
  return EMILY_OK;
}

emily_status emily__charsmap_run(const emily__charsmap *map, const emily__text *in, emily__text *out) {
  utf8proc_int32_t state = 0;
  size_t start = 0, used;
  int32_t before = 0;
  for (size_t at = 0; at < in->bytes.count; at += used) {
    int32_t code = emily__utf8_next(in->bytes.data + at, &used);
    bool begins = at && utf8proc_grapheme_break_stateful(before, code, &state) && !emily__is_later_mark(code);
    before = code;
    if (!begins) continue;
    EMILY__TRY(put_cluster(map, in, start, at, out));
    start = at;
    if (out->bytes.count > 4 * EMILY__TEXT_MAX)
      return emily__fail(EMILY_INVALID_ARGUMENT, "emily_tokenizer_encode", "the text grew too long when normalized");
  }
  return start < in->bytes.count ? put_cluster(map, in, start, in->bytes.count, out) : EMILY_OK;
}
