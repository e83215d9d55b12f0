/* interrupt.c: see interrupt.h. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static int32_t interrupted;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  __atomic_store_n(&interrupted, 1, __ATOMIC_RELAXED);
}

const int32_t *cli_interrupt_catch(void) {
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  return &interrupted;
}
