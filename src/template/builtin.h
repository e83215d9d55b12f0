/* builtin.h: the filters, tests, functions and methods that templates may use: tables of rows, and how one is called.
 *
 * A row's parameters are names with spaces between them, "?" behind those that may be left out. Filters, tests and
 * methods have what they are applied to as the first one. A row without parameters takes any arguments as they come.
 */
#ifndef EMILY_TEMPLATE_BUILTIN_H
#define EMILY_TEMPLATE_BUILTIN_H

#include "template/run.h"

enum { EMILY__T_PARAMETERS_MAX = 6 };

typedef struct emily__targs {
  const emily__tval *positional;
  size_t count;
  const emily__tval *names; /* texts */
  const emily__tval *named;
  size_t named_count;
} emily__targs;

typedef struct emily__tcall {
  emily__tval in[EMILY__T_PARAMETERS_MAX]; /* in[0]: what it is applied to; what was not given is MISSING */
  const emily__targs *args;
} emily__tcall;

typedef emily_status emily__tfn(emily__trun *run, const emily__tcall *call, emily__tval *out);

struct emily__tbuiltin {
  const char *name, *parameters;
  emily__tfn *run;
};

/* NULL where there is none. */
const emily__tbuiltin *emily__t_find_filter(emily__ttext name);
const emily__tbuiltin *emily__t_find_test(emily__ttext name);
const emily__tbuiltin *emily__t_find_function(emily__ttext name); /* range, dict, namespace … */
const emily__tbuiltin *emily__t_find_method(emily__tval object, emily__ttext name);

/* self: MISSING for a function. */
emily_status emily__t_invoke(emily__trun *run, const emily__tbuiltin *builtin, emily__tval self,
                             const emily__targs *args, emily__tval *out);

/* Any value that can be called. */
emily_status emily__t_call(emily__trun *run, emily__tval callee, const emily__targs *args, emily__tval *out);

/* A filter or test by the value of its name, as map and select do. */
emily_status emily__t_apply_filter(emily__trun *run, emily__tval name, emily__tval value, const emily__targs *args,
                                   emily__tval *out);
emily_status emily__t_apply_test(emily__trun *run, emily__tval name, emily__tval value, const emily__targs *args,
                                 bool *out);

/* Arguments, with what stands for one that was not given. A failure names the argument. */
emily_status emily__t_arg_int(emily__trun *run, emily__tval value, const char *what, int64_t missing, int64_t *out);
emily_status emily__t_arg_text(emily__trun *run, emily__tval value, const char *what, emily__ttext *out); /* a text */
bool emily__t_given(emily__tval value); /* neither MISSING nor None */

/* The tables, each ending with a row without a name. */
extern const emily__tbuiltin emily__t_text_filters[];
extern const emily__tbuiltin emily__t_sequence_filters[];
extern const emily__tbuiltin emily__t_lazy_filters[];
extern const emily__tbuiltin emily__t_number_filters[];
extern const emily__tbuiltin emily__t_tests[];
extern const emily__tbuiltin emily__t_functions[];
extern const emily__tbuiltin emily__t_text_methods[];
extern const emily__tbuiltin emily__t_text_split_methods[];
extern const emily__tbuiltin emily__t_list_methods[];
extern const emily__tbuiltin emily__t_dict_methods[];
extern const emily__tbuiltin emily__t_loop_methods[];

#endif
