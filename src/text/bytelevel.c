/* bytelevel.c: see bytelevel.h. */
#include "text/bytelevel.h"

/* The bytes that do not stand for themselves are 0–0x20, 0x7F–0xA0 and 0xAD: 33, 34 and 1 of them. */
enum { FIRST_HOLE = 0x7F, LAST_HOLE = 0xA0, SOFT_HYPHEN = 0xAD, CONTROLS = 0x21 };

int32_t emily__byte_to_char(uint8_t byte) {
  if (byte < CONTROLS) return 0x100 + byte;
  if (byte >= FIRST_HOLE && byte <= LAST_HOLE) return 0x100 + CONTROLS + (byte - FIRST_HOLE);
  return byte == SOFT_HYPHEN ? EMILY__BYTE_CHAR_COUNT - 1 : byte;
}

int emily__char_to_byte(int32_t code) {
  if (code < CONTROLS || code >= EMILY__BYTE_CHAR_COUNT) return -1;
  if (code < 0x100) return (code >= FIRST_HOLE && code <= LAST_HOLE) || code == SOFT_HYPHEN ? -1 : code;
  int32_t index = code - 0x100;
  if (index < CONTROLS) return index;
  return code == EMILY__BYTE_CHAR_COUNT - 1 ? SOFT_HYPHEN : FIRST_HOLE + index - CONTROLS;
}
