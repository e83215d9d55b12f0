/* exif.c: the one tag of EXIF that changes what a picture shows. */
#include "media/codecs.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12, UPRIGHT = 1 };

typedef struct tiff {
  const uint8_t *data;
  size_t size;
  bool little;
} tiff;

static uint32_t number(const tiff *t, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++) value |= (uint32_t)t->data[at + (size_t)i] << 8 * (t->little ? i : bytes - 1 - i);
  return value;
}

int emily__exif_orientation(const uint8_t *data, size_t size) {
  if (size < 8 || data[0] != data[1] || (data[0] != 'I' && data[0] != 'M')) return UPRIGHT;
  const tiff t = {data, size, data[0] == 'I'};
  size_t at = number(&t, 4, 4);
  if (number(&t, 2, 2) != 42 || at > size || size - at < 2) return UPRIGHT;
  const size_t room = (size - at - 2) / ENTRY_BYTES;
  size_t count = number(&t, at, 2);
  if (count > room) count = room;
  for (at += 2; count > 0; count--, at += ENTRY_BYTES) {
    if (number(&t, at, 2) != TAG_ORIENTATION || number(&t, at + 2, 2) != TYPE_SHORT) continue;
    const uint32_t value = number(&t, at + 8, 2);
    return value >= 1 && value <= 8 ? (int)value : UPRIGHT;
  }
  return UPRIGHT;
}
