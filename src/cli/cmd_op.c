/* cmd_op.c: `emily op`: one tensor op on the tensors of files. */
#include "base/status.h"
#include "cli/commands.h"
#include "cli/message.h"
#include "cli/op_args.h"

#include "emily/files.h"

#include <stdio.h>
#include <string.h>

#define NPY ".npy"
enum { RESULTS_MAX = 1024 };

typedef struct settings {
  cli_texts attrs;
  const char *out;
} settings;

static const cli_option options[] = {
    {"attr", 'a', CLI_TEXTS, "NAME=VALUE", NULL, "an attribute; may be repeated",
     .offset = offsetof(settings, attrs)},
    {"out", 'o', CLI_TEXT, "FILE", NULL, "the .safetensors file to write (required)",
     .offset = offsetof(settings, out)},
};

static emily_status save(const char *path, const emily_op_info *op, emily_array **results, size_t count) {
  emily_array_map *map = emily_array_map_new();
  emily_status status = map ? EMILY_OK : EMILY_OUT_OF_MEMORY;
  char name[32] = "out";
  for (size_t i = 0; i < count && !status; i++) {
    if (op->results != 1) snprintf(name, sizeof name, "out.%zu", i);
    status = emily_array_map_set(map, name, results[i]);
  }
  if (!status) status = emily_safetensors_save(path, map, NULL);
  emily_array_map_release(map);
  return status;
}

static emily_status compute(const emily_op_info *op, const cli_op_args *args, const char *device, const char *out) {
  static emily_array *results[RESULTS_MAX];
  size_t count = 0;
  emily_stream *stream = emily_stream_new(device);
  if (!stream) return emily_last_error()->status;
  emily_scope *scope = emily_scope_open(stream);
  emily_status status = emily_call(scope, op->name, args->operands.data, args->operands.count, args->attrs.data,
                                   args->attrs.count, results, RESULTS_MAX, &count);
  if (!status) status = save(out, op, results, count);
  emily_status closed = emily_scope_close(scope);
  emily_stream_release(stream);
  return status ? status : closed;
}

/* The array of an .npy file, named as the file is. */
static emily_status load_npy(const char *path, emily_array_map **out) {
  emily_array *array = NULL;
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  char name[256];
  EMILY__TRY(emily_npy_load(path, &array));
  snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - strlen(NPY)), base);
  emily_array_map *map = emily_array_map_new();
  emily_status status = map ? emily_array_map_set(map, name, array) : EMILY_OUT_OF_MEMORY;
  emily_array_release(array);
  if (status == EMILY_OK) *out = map;
  else emily_array_map_release(map);
  return status;
}

static bool is_npy(const char *path) {
  size_t length = strlen(path), tail = strlen(NPY);
  return length > tail && !strcmp(path + length - tail, NPY);
}

/* Adds the tensors of a file to those of the files before it: what has a name twice would be two operands in one. */
static emily_status add_file(const char *op, const char *path, emily_array_map *map) {
  emily_array_map *more = NULL;
  emily_status status = is_npy(path) ? load_npy(path, &more) : emily_safetensors_load(path, &more);
  for (size_t i = 0; i < emily_array_map_count(more) && !status; i++) {
    const char *name = emily_array_map_name(more, i);
    if (emily_array_map_get(map, name))
      status = emily__fail(EMILY_INVALID_ARGUMENT, op, "%s: the tensor '%s' is in a file before it too", path, name);
    else status = emily_array_map_set(map, name, emily_array_map_at(more, i));
  }
  emily_array_map_release(more);
  return status;
}

static emily_status read_files(const char *op, const cli_call *call, emily_array_map **out) {
  if (call->operand_count == 1) return EMILY_OK;
  if (!(*out = emily_array_map_new())) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 1; i < call->operand_count; i++) EMILY__TRY(add_file(op, call->operands[i], *out));
  return EMILY_OK;
}

static emily_status call_op(const emily_op_info *op, const cli_call *call, cli_op_args *args) {
  const settings *wanted = call->settings;
  emily_array_map *map = NULL;
  for (size_t i = 0; i < wanted->attrs.count; i++) EMILY__TRY(cli_op_args_attr(args, op, wanted->attrs.items[i]));
  emily_status status = read_files(op->name, call, &map);
  if (!status) status = cli_op_args_operands(args, op, map);
  if (!status) status = compute(op, args, call->common.device, wanted->out);
  emily_array_map_release(map);
  return status;
}

static int run(const cli_call *call) {
  const emily_op_info *op = emily_op_find(call->operands[0]);
  cli_op_args args = {0};
  if (!op) return cli_unknown_op(call->operands[0]);
  if (!((const settings *)call->settings)->out)
    return cli_error(CLI_USAGE, "op: where should the result go? Give -o OUT.safetensors");
  int code = call_op(op, call, &args) ? cli_library_error() : CLI_OK;
  cli_op_args_free(&args);
  return code;
}

static const char *const examples[] = {
    "emily op softmax in.safetensors -o out.safetensors --attr axes=-1",
    "emily op matmul a.safetensors b.safetensors -o out.safetensors",
    "emily op add a.npy b.npy -o out.safetensors",
    "emily op linalg_qr in.safetensors -o out.safetensors -a mode=complete",
    "emily op arange -o out.safetensors -a start=0 -a stop=10 -a dtype=int32",
    NULL,
};

const cli_command cli_op_command = {
    .name = "op",
    .synopsis = "NAME [IN.safetensors | IN.npy]... -o OUT.safetensors",
    .summary = "Run one tensor op on the tensors of files",
    .details =
        "The operands are tensors of the files with the names that 'emily ops NAME' tells;\n"
        "those of a list are NAME.0, NAME.1 and so on. NAME.npy, a file of NumPy, holds the\n"
        "tensor NAME. No two files may hold the same name.\n"
        "Where the op takes one operand and there is one tensor, its name does not matter.\n"
        "The result is written as 'out', or, of an op with several results, out.0, out.1 and\n"
        "so on. Lists are written with commas between, words as they are: mode=complete.\n",
    .examples = examples,
    CLI_OPTIONS(options),
    .settings_size = sizeof(settings),
    .least_operands = 1,
    .most_operands = SIZE_MAX,
    .computes = true,
    .run = run,
};
