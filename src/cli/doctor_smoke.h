/* doctor_smoke.h: a small computation whose result is known. */
#ifndef EMILY_CLI_DOCTOR_SMOKE_H
#define EMILY_CLI_DOCTOR_SMOKE_H

#include "emily/base.h"

typedef struct cli_smoke {
  bool passed, failed; /* neither: not run */
  char message[512];   /* why it failed */
} cli_smoke;

void cli_smoke_run(cli_smoke *out);

#endif
