/* tones.c: see tones.h. */
#include "tones.h"

#include "folder.h"

#include <stdlib.h>
#include <string.h>

int16_t *tones_new(uint32_t seed, size_t count) {
  int16_t *out = malloc(count * sizeof *out + 1);
  uint32_t state = seed, phase = 0, step = 0;
  int32_t loud = 0;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    if (i % 1600 == 0) {
      step = 268435u * (80 + (state >> 24) * 5);
      loud = (int32_t)((state >> 16) & 127);
      if (loud < 32) loud = 0;
    }
    phase += step;
    step += 97;
    int32_t tone = ((int32_t)(phase >> 16) - 32768) * loud / 256, noise = ((int32_t)(state >> 20) - 2048) / 16;
    out[i] = (int16_t)(tone + noise);
  }
  return out;
}

static uint8_t *put_number(uint8_t *at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> (8 * i));
  return at;
}

static uint8_t *put_text(uint8_t *at, const char *text) {
  memcpy(at, text, strlen(text));
  return at + strlen(text);
}

uint8_t *tones_wav(uint32_t seed, size_t count, uint32_t rate, size_t *size) {
  int16_t *samples = tones_new(seed, count);
  uint32_t bytes = (uint32_t)count * 2;
  uint8_t *file = malloc(44 + bytes), *at = put_text(file, "RIFF");
  at = put_text(put_number(at, 36 + bytes, 4), "WAVEfmt ");
  at = put_number(put_number(put_number(at, 16, 4), 1, 2), 1, 2);
  at = put_number(put_number(put_number(put_number(at, rate, 4), rate * 2, 4), 2, 2), 16, 2);
  at = put_number(put_text(at, "data"), bytes, 4);
  for (size_t i = 0; i < count; i++) at = put_number(at, (uint16_t)samples[i], 2);
  *size = 44 + bytes;
  free(samples);
  return file;
}

void tones_put(const char *folder, const char *name, uint32_t seed, size_t count, uint32_t rate) {
  size_t size;
  uint8_t *file = tones_wav(seed, count, rate, &size);
  folder_put(folder, name, file, size);
  free(file);
}
