/* sizes.c: see sizes.h. */
#include "cli/sizes.h"

#include <stdio.h>

const char *cli_bytes_text(uint64_t bytes) {
  static char texts[8][32];
  static unsigned next;
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  char *text = texts[next++ % 8];
  double value = (double)bytes;
  int unit = 0;
  while (value >= 1023.95 && unit < 6) value /= 1024, unit++;
  snprintf(text, sizeof texts[0], unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}
