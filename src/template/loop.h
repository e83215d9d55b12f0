/* loop.h: the variable `loop` of a for statement. */
#ifndef EMILY_TEMPLATE_LOOP_H
#define EMILY_TEMPLATE_LOOP_H

#include "template/operate.h"

struct emily__tloop {
  emily__titer *it;
  emily__tval iterable;
  int64_t index0, length; /* length -1: not known yet */
  bool has_after;         /* one item was looked at ahead */
  emily__tval before, current, after;
  emily__tval changed; /* what loop.changed was asked last, a tuple; MISSING before */
};

/* over: the values; test: a walk that picks some of them, or NULL. */
emily_status emily__t_new_loop(emily__trun *run, emily__tval over, emily__titer *test, emily__tloop **out);
emily_status emily__t_loop_next(emily__trun *run, emily__tloop *loop, bool *done); /* loop->current */

/* loop.name; *found is false where it has no such part. */
emily_status emily__t_loop_part(emily__trun *run, emily__tloop *loop, emily__ttext name, bool *found,
                                emily__tval *out);

#endif
