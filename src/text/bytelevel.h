/* bytelevel.h: GPT-2's alphabet: each of the 256 bytes as one visible character.
 *
 * Printable Latin-1 bytes stand for themselves; the other 68 are U+0100 and on, in order.
 */
#ifndef EMILY_TEXT_BYTELEVEL_H
#define EMILY_TEXT_BYTELEVEL_H

#include <stdbool.h>
#include <stdint.h>

enum { EMILY__BYTE_CHAR_COUNT = 0x144 }; /* characters of the alphabet are below this */

int32_t emily__byte_to_char(uint8_t byte);
int emily__char_to_byte(int32_t code); /* -1: not of the alphabet */

#endif
