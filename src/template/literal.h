/* literal.h: numbers and strings as templates write them: Jinja's grammar, Python's escapes. */
#ifndef EMILY_TEMPLATE_LITERAL_H
#define EMILY_TEMPLATE_LITERAL_H

#include "template/value.h"

/* The number at text[0], a digit. fraction: whether "1.5" and "1e5" may be read (not behind a dot, as in `a.0.1`).
 * *length: its bytes; *real: it is a floating-point number. False where it does not fit. */
bool emily__t_number(const char *text, size_t count, bool fraction, emily__tval *out, size_t *length, bool *real);

/* A string's inside, escapes resolved. False with *problem set where an escape is broken; with *problem NULL where
 * the arena is out. */
bool emily__t_unescape(emily__arena *arena, emily__ttext in, emily__ttext *out, const char **problem);

#endif
