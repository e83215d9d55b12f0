/* op_args.c: see op_args.h. */
#include "cli/op_args.h"

#include "base/status.h"
#include "cli/message.h"
#include "cli/options.h"
#include "emily/ops.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each kind is called, and what its value looks like. */
static const struct {
  const char *name, *wanted;
} kinds[] = {
    [EMILY_ARG_ARRAY] = {"array", NULL},
    [EMILY_ARG_OPTIONAL] = {"array or none", NULL},
    [EMILY_ARG_ARRAYS] = {"arrays", NULL},
    [EMILY_ARG_INT] = {"int", "a whole number"},
    [EMILY_ARG_REAL] = {"real", "a number"},
    [EMILY_ARG_FLAG] = {"flag", "true or false"},
    [EMILY_ARG_DTYPE] = {"dtype", "a dtype such as float32"},
    [EMILY_ARG_INTS] = {"ints", "whole numbers with commas between"},
    [EMILY_ARG_AXES] = {"axes", "axes with commas between, or all"},
    [EMILY_ARG_TEXT] = {"text", "a word"},
    [EMILY_ARG_PER_AXIS] = {"int an axis", "whole numbers with commas between, one for each axis"},
};

static bool is_operand(emily_arg_kind kind) {
  return kind == EMILY_ARG_ARRAY || kind == EMILY_ARG_OPTIONAL || kind == EMILY_ARG_ARRAYS;
}

const char *cli_arg_kind_name(emily_arg_kind kind) {
  bool known = kind >= EMILY_ARG_ARRAY && kind <= EMILY_ARG_PER_AXIS;
  return known ? kinds[kind].name : "?";
}

/* The table writes C: EMILY_FLOAT32, ALL, ABSENT, NO_AXIS, INFINITY, NAN, and a bool as the number that its macro stands for. */
const char *cli_arg_default(const emily_arg_info *arg) {
  const char *text = arg->default_text;
  emily_dtype dtype;
  if (!strcmp(text, "ALL")) return "all";
  if (!strcmp(text, "INFINITY")) return "inf";
  if (!strcmp(text, "-INFINITY")) return "-inf";
  if (!strcmp(text, "NAN")) return "nan";
  if (!strcmp(text, "ABSENT") || !strcmp(text, "NO_AXIS")) return "none";
  if (arg->kind == EMILY_ARG_FLAG) return !strcmp(text, "1") || !strcmp(text, "true") ? "true" : "false";
  if (arg->kind == EMILY_ARG_DTYPE && !strcmp(text, "-1")) return "none";
  if (arg->kind == EMILY_ARG_DTYPE && !strncmp(text, "EMILY_", 6)) {
    char name[32] = "";
    for (size_t i = 0; text[6 + i] && i < sizeof name - 1; i++) name[i] = (char)(text[6 + i] | 0x20);
    for (dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++)
      if (!strcmp(name, emily_dtype_name(dtype))) return emily_dtype_name(dtype);
  }
  return text;
}

int cli_unknown_op(const char *name) {
  int32_t count = emily_op_count();
  const char **names = calloc((size_t)count + 1, sizeof *names);
  for (int32_t i = 0; names && i < count; i++) names[i] = emily_op_at(i)->name;
  const char *nearest = names ? cli_nearest(name, names, (size_t)count) : NULL;
  free(names);
  if (nearest) return cli_error(CLI_NOT_FOUND, "there is no op '%s': did you mean '%s'?", name, nearest);
  return cli_error(CLI_NOT_FOUND, "there is no op '%s' ('emily ops' lists them)", name);
}

static const emily_arg_info *find_arg(const emily_op_info *op, const char *name, size_t length) {
  for (int32_t i = 0; i < op->arg_count; i++)
    if (strlen(op->args[i].name) == length && !strncmp(op->args[i].name, name, length)) return &op->args[i];
  return NULL;
}

static bool read_flag(const char *text, int64_t *out) {
  bool yes = !strcmp(text, "true") || !strcmp(text, "1"), no = !strcmp(text, "false") || !strcmp(text, "0");
  *out = yes;
  return yes || no;
}

static bool read_dtype(const char *text, int64_t *out) {
  emily_dtype dtype;
  if (emily_dtype_from_name(text, &dtype)) return false;
  *out = dtype;
  return true;
}

/* An op, unlike a command's option, may take what is not finite. */
static bool read_real(const char *text, double *out) {
  static const struct {
    const char *name;
    double value;
  } others[] = {{"inf", INFINITY}, {"-inf", -INFINITY}, {"nan", NAN}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strcmp(text, others[i].name)) return *out = others[i].value, true;
  return cli_parse_real(text, out);
}

static bool read_list(cli_op_args *args, emily_attr *attr, const char *text) {
  int64_t *list;
  size_t count;
  if (!cli_parse_ints(text, &list, &count)) return false;
  if (count > EMILY_MAX_NDIM * 4 || !emily__vec_push(&args->lists, list)) return free(list), false;
  attr->ints = list;
  attr->count = (int32_t)count;
  return true;
}

static bool read_value(cli_op_args *args, const emily_arg_info *arg, emily_attr *attr, const char *text) {
  bool none_axis = !strcmp(arg->default_text, "NO_AXIS") && !strcmp(text, "none");
  switch (arg->kind) {
    case EMILY_ARG_INT: return none_axis ? attr->i = EMILY_NO_AXIS, true : cli_parse_int(text, &attr->i);
    case EMILY_ARG_REAL: return read_real(text, &attr->f);
    case EMILY_ARG_FLAG: return read_flag(text, &attr->i);
    case EMILY_ARG_DTYPE: return read_dtype(text, &attr->i);
    case EMILY_ARG_TEXT: attr->text = text; return true;
    case EMILY_ARG_AXES: return !strcmp(text, "all") ? attr->count = -1, true : read_list(args, attr, text);
    default: return read_list(args, attr, text);
  }
}

emily_status cli_op_args_attr(cli_op_args *args, const emily_op_info *op, const char *text) {
  const char *equals = strchr(text, '=');
  if (!equals) return emily__fail(EMILY_INVALID_ARGUMENT, op->name, "'%s' is not of the form NAME=VALUE", text);
  const emily_arg_info *arg = find_arg(op, text, (size_t)(equals - text));
  if (!arg || is_operand(arg->kind))
    return emily__fail(EMILY_NOT_FOUND, op->name, "%s has no attribute '%.*s' ('emily ops %s' tells what it takes)",
                       op->name, (int)(equals - text), text, op->name);
  emily_attr attr = {.name = arg->name, .kind = arg->kind};
  if (!read_value(args, arg, &attr, equals + 1))
    return emily__fail(EMILY_INVALID_ARGUMENT, op->name, "'%s' takes %s, and '%s' is not", arg->name,
                       kinds[arg->kind].wanted, equals + 1);
  return emily__vec_push(&args->attrs, attr) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static int32_t operand_args(const emily_op_info *op) {
  int32_t count = 0;
  for (int32_t i = 0; i < op->arg_count; i++) count += is_operand(op->args[i].kind);
  return count;
}

static emily_array *map_get(const emily_array_map *map, const char *name) {
  return map ? emily_array_map_get(map, name) : NULL;
}

static emily_status take_list(cli_op_args *args, const emily_arg_info *arg, const emily_array_map *map,
                              size_t *taken) {
  char name[128];
  for (size_t i = 0;; i++, ++*taken) {
    snprintf(name, sizeof name, "%s.%zu", arg->name, i);
    emily_array *array = map_get(map, name);
    if (!array) return EMILY_OK;
    if (!emily__vec_push(&args->operands, array)) return EMILY_OUT_OF_MEMORY;
  }
}

static emily_status take_operand(cli_op_args *args, const emily_op_info *op, const emily_arg_info *arg,
                                 const emily_array_map *map, size_t *taken) {
  if (arg->kind == EMILY_ARG_ARRAYS) return take_list(args, arg, map, taken);
  emily_array *array = map_get(map, arg->name);
  if (!array && map && operand_args(op) == 1 && emily_array_map_count(map) == 1) array = emily_array_map_at(map, 0);
  if (!array && arg->kind == EMILY_ARG_ARRAY)
    return emily__fail(EMILY_NOT_FOUND, op->name,
                       "the operand '%s' of %s is not among the input's tensors ('emily ops %s' "
                       "tells what it takes)",
                       arg->name, op->name, op->name);
  *taken += array != NULL;
  return emily__vec_push(&args->operands, array) ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status refuse_strangers(const emily_op_info *op, const emily_array_map *map) {
  for (size_t i = 0; i < emily_array_map_count(map); i++) {
    const char *name = emily_array_map_name(map, i);
    const char *dot = strrchr(name, '.');
    const emily_arg_info *arg = find_arg(op, name, dot ? (size_t)(dot - name) : strlen(name));
    if (!arg || !is_operand(arg->kind))
      return emily__fail(EMILY_INVALID_ARGUMENT, op->name,
                         "the tensor '%s' of the input is no operand of %s ('emily ops "
                         "%s' tells what it takes)",
                         name, op->name, op->name);
  }
  return emily__fail(EMILY_INVALID_ARGUMENT, op->name,
                     "%s does not take all of the input's tensors: those of a list are "
                     "named NAME.0, NAME.1 and so on",
                     op->name);
}

emily_status cli_op_args_operands(cli_op_args *args, const emily_op_info *op, const emily_array_map *map) {
  size_t taken = 0;
  for (int32_t i = 0; i < op->arg_count; i++)
    if (is_operand(op->args[i].kind)) EMILY__TRY(take_operand(args, op, &op->args[i], map, &taken));
  return map && taken != emily_array_map_count(map) ? refuse_strangers(op, map) : EMILY_OK;
}

void cli_op_args_free(cli_op_args *args) {
  for (size_t i = 0; i < args->lists.count; i++) free(args->lists.data[i]);
  emily__vec_free(&args->lists);
  emily__vec_free(&args->attrs);
  emily__vec_free(&args->operands);
}
