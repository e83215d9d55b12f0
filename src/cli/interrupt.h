/* interrupt.h: Ctrl-C as a flag that the library's long calls look at. */
#ifndef EMILY_CLI_INTERRUPT_H
#define EMILY_CLI_INTERRUPT_H

#include <stdint.h>

/* From now on the first Ctrl-C sets the flag, and a second one ends the process. The flag: what options.cancel takes. */
const int32_t *cli_interrupt_catch(void);

#endif
