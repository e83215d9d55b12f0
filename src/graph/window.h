/* window.h: how many places a window has that slides over a padded axis; for convolutions and window reductions. */
#ifndef EMILY_GRAPH_WINDOW_H
#define EMILY_GRAPH_WINDOW_H

#include <stdint.h>

/* The axis has `extent` elements, `dilation` apart, with low and high around them (negative ones crop it); the window has `taps`,
 * `tap_dilation` apart, and moves by `stride`. */
typedef struct emily__window {
  int64_t extent, dilation, low, high;
  int64_t taps, tap_dilation, stride;
} emily__window;

/* Writes the number of places, 1 at least, and returns NULL; or says what is wrong. Every number may be hostile. What passes has
 * positions (place · stride + tap · tap_dilation - low) within 63 bits. */
const char *emily__window_places(const emily__window *w, int64_t *places);

#endif
