/* tones.h: a made-up sound, the same numbers in C and in tests/oracle/tones.py: gliding tones, pauses and a little
 * noise, by integers alone. */
#ifndef EMILY_TESTS_TONES_H
#define EMILY_TESTS_TONES_H

#include <stddef.h>
#include <stdint.h>

/* 16-bit samples of the sound with that seed; the first ones of a longer sound are those of a shorter one. */
int16_t *tones_new(uint32_t seed, size_t count); /* free() */

/* The same as a WAV file of one channel in memory; free(). */
uint8_t *tones_wav(uint32_t seed, size_t count, uint32_t rate, size_t *size);

/* The file folder/name. */
void tones_put(const char *folder, const char *name, uint32_t seed, size_t count, uint32_t rate);

#endif
