/* utf8.c: see utf8.h. */
#include "base/utf8.h"

#include <string.h>

/* Bytes of the sequence that `lead` begins, 0 when it begins none (a continuation, C0, C1, F5 and above). */
static size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

/* Whether `byte` may be second after `lead`: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool second_fits(unsigned char lead, unsigned char byte) {
  switch (lead) {
    case 0xE0: return byte >= 0xA0 && byte <= 0xBF;
    case 0xED: return byte >= 0x80 && byte <= 0x9F;
    case 0xF0: return byte >= 0x90 && byte <= 0xBF;
    case 0xF4: return byte >= 0x80 && byte <= 0x8F;
    default: return (byte & 0xC0) == 0x80;
  }
}

/* How many of the first `need` bytes fit together, up to `length`. */
static size_t fitting_prefix(const unsigned char *bytes, size_t length, size_t need) {
  size_t fit = 1;
  while (fit < need && fit < length) {
    bool fits = fit == 1 ? second_fits(bytes[0], bytes[1]) : (bytes[fit] & 0xC0) == 0x80;
    if (!fits) break;
    fit++;
  }
  return fit;
}

int32_t emily__utf8_decode(const char *text, size_t length, size_t *used) {
  const unsigned char *bytes = (const unsigned char *)text;
  size_t need = sequence_length(bytes[0]);
  *used = need ? fitting_prefix(bytes, length, need) : 1;
  return need && *used == need ? emily__utf8_next(text, used) : -1;
}

int32_t emily__utf8_next(const char *text, size_t *used) {
  const unsigned char *b = (const unsigned char *)text;
  if (b[0] < 0x80) return *used = 1, b[0];
  if (b[0] < 0xE0) return *used = 2, (b[0] & 0x1F) << 6 | (b[1] & 0x3F);
  if (b[0] < 0xF0) return *used = 3, (b[0] & 0x0F) << 12 | (b[1] & 0x3F) << 6 | (b[2] & 0x3F);
  return *used = 4, (b[0] & 0x07) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 | (b[3] & 0x3F);
}

size_t emily__utf8_back(const char *text, size_t end) {
  do end--;
  while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80);
  return end;
}

size_t emily__utf8_encode(int32_t code, char *out) {
  uint32_t c = (uint32_t)code;
  if (c < 0x80) return out[0] = (char)c, 1;
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

/* The bytes from the start that are valid UTF-8. */
static size_t valid_prefix(const char *text, size_t length) {
  size_t at = 0, used;
  while (at < length) {
    if ((unsigned char)text[at] < 0x80) {
      at++;
      continue;
    }
    if (emily__utf8_decode(text + at, length - at, &used) < 0) break;
    at += used;
  }
  return at;
}

bool emily__utf8_valid(const char *text, size_t length) { return valid_prefix(text, length) == length; }

size_t emily__utf8_incomplete_tail(const char *text, size_t length) {
  for (size_t back = 1; back <= 3 && back <= length; back++) {
    const unsigned char *bytes = (const unsigned char *)text + length - back;
    if ((bytes[0] & 0xC0) == 0x80) continue;
    size_t need = sequence_length(bytes[0]);
    return need > back && fitting_prefix(bytes, back, need) == back ? back : 0;
  }
  return 0;
}

bool emily__utf8_append_repaired(emily__str *out, const char *text, size_t length) {
  if (!length) return emily__str_append(out, "", 0); /* text may be NULL */
  size_t at = 0, used;
  for (;;) {
    size_t good = valid_prefix(text + at, length - at);
    if (!emily__str_append(out, text + at, good)) return false;
    at += good;
    if (at == length) return true;
    emily__utf8_decode(text + at, length - at, &used);
    if (!emily__str_append(out, "\xEF\xBF\xBD", 3)) return false;
    at += used;
  }
}
