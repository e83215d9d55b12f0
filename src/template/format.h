/* format.h: Python's two ways to put values into a text: "%5.2f" % x (percent_format.c) and "{:>5.2f}".format(x)
 * (brace_format.c). */
#ifndef EMILY_TEMPLATE_FORMAT_H
#define EMILY_TEMPLATE_FORMAT_H

#include "template/builtin.h"

emily_status emily__t_brace_format(emily__trun *run, emily__ttext format, const emily__targs *args, emily__tval *out);

enum { EMILY__T_FIELD_MAX = 100000 }; /* the widest field, and the most digits behind a point */

/* The digits of a number by kind: d, x, X, o, b for whole numbers, e E f F g G for reals, without a sign. precision
 * below 0: none given. alternate: "0x" and its like, a point always. *negative: it has a minus. */
emily_status emily__t_put_digits(emily__trun *run, emily__str *sink, emily__tval number, char kind, int64_t precision,
                                 bool alternate, bool *negative);

#endif
