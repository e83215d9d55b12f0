/* run.h: one rendering: its memory, its bounds, the names in scope, and how a failure is said. */
#ifndef EMILY_TEMPLATE_RUN_H
#define EMILY_TEMPLATE_RUN_H

#include "base/status.h"
#include "template/syntax.h"

#include <time.h>

enum {
  EMILY__T_DEPTH_MAX = 800,  /* expressions, statements and macros within each other */
  EMILY__T_VALUE_DEPTH = 500 /* lists and dicts within each other, where they are walked through */
};

typedef struct emily__tbinding {
  emily__ttext name;
  emily__tval value;
} emily__tbinding;

typedef struct emily__tscope emily__tscope;
struct emily__tscope {
  emily__tscope *parent;
  emily__tbinding *bindings;
  size_t count, room;
  bool held; /* a macro or a lazy test lives in it: it cannot serve again */
};

typedef struct emily__trun {
  const char *name; /* of the template, for messages */
  int32_t line;     /* of what is being done */
  emily__arena arena;
  uint64_t steps;     /* that are left */
  size_t output_most; /* bytes that a text may have while it is put together */
  int depth;
  emily__tscope *scope;
  emily__str *out; /* where statements write */
  uint8_t leave;   /* BREAK or CONTINUE on its way to its loop; 0 otherwise */
  struct tm now;
} emily__trun;

struct emily__tmacro {
  emily__tval name; /* a text, or MISSING: a caller */
  const emily__tsignature *signature;
  const emily__tnodes *body;
  emily__tscope *scope; /* that it was defined in */
};

/* EMILY_INVALID_ARGUMENT, "NAME, line N: …". */
emily_status emily__t_fail(const emily__trun *run, const char *format, ...) EMILY_PRINTF(2, 3);
emily_status emily__t_memory(const emily__trun *run); /* the arena refused, or malloc did */
emily_status emily__t_undefined_used(const emily__trun *run, emily__tval undefined); /* says what is not there */

/* Work of so many steps is about to be done; EMILY_UNSUPPORTED where the bound is reached. */
emily_status emily__t_spend(emily__trun *run, uint64_t steps);

/* Appends to a text that is put together. */
emily_status emily__t_put(emily__trun *run, emily__str *sink, const char *data, size_t count);
emily_status emily__t_puts(emily__trun *run, emily__str *sink, const char *text);

/* A value of the text that was put together; `sink` is freed either way. */
emily_status emily__t_finish(emily__trun *run, emily_status status, emily__str *sink, emily__tval *out);

emily_status emily__t_new_text(emily__trun *run, const char *data, size_t count, emily__tval *out);
emily_status emily__t_new_list(emily__trun *run, emily__tkind kind, size_t room, emily__tval *out);
emily_status emily__t_push(emily__trun *run, emily__tlist *list, emily__tval item);
emily_status emily__t_new_dict(emily__trun *run, size_t room, emily__tval *out);

/* An undefined value: of a hint (static or in the arena), or of an object that lacks `name`. */
emily_status emily__t_new_undefined(emily__trun *run, const char *hint, emily__tval object, emily__tval name,
                                    emily__tval *out);

/* A scope within the present one, which becomes the present one; give the old one back by run->scope = old. */
emily_status emily__t_enter(emily__trun *run, emily__tscope *parent);
void emily__t_hold(emily__tscope *scope);                                           /* with those around it */
emily_status emily__t_bind(emily__trun *run, emily__ttext name, emily__tval value); /* in the present scope */
const emily__tval *emily__t_lookup(emily__trun *run, emily__ttext name);            /* NULL: no scope has it */

#endif
