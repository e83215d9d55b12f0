/* op_args.h: the arguments of an op as the shell writes them: attributes as NAME=VALUE, operands as named tensors. */
#ifndef EMILY_CLI_OP_ARGS_H
#define EMILY_CLI_OP_ARGS_H

#include "base/vec.h"
#include "cli/command.h"
#include "emily/array_map.h"
#include "emily/call.h"

const char *cli_arg_kind_name(emily_arg_kind kind);     /* "array", "int", … */
const char *cli_arg_default(const emily_arg_info *arg); /* as a user would write it: "float32", "all", "none" */
int cli_unknown_op(const char *name);                   /* names what was meant; CLI_NOT_FOUND */

typedef struct cli_op_args {
  EMILY__VEC(emily_attr) attrs;
  EMILY__VEC(int64_t *) lists;        /* what attrs point into; free() */
  EMILY__VEC(emily_array *) operands; /* borrowed; NULL where an optional one is absent */
} cli_op_args;

/* Adds one attribute, "axis=-1". EMILY_INVALID_ARGUMENT or EMILY_NOT_FOUND say what the op takes. */
emily_status cli_op_args_attr(cli_op_args *args, const emily_op_info *op, const char *text);

/* Finds the operands in the map: by their names; those of a list as NAME.0, NAME.1, …; and where both op and map have
 * only one, that one. A tensor that is no operand is an error. map: NULL for none. */
emily_status cli_op_args_operands(cli_op_args *args, const emily_op_info *op, const emily_array_map *map);
void cli_op_args_free(cli_op_args *args);

#endif
