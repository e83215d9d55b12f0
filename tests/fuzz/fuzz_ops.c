/* fuzz_ops.c: any op of the table with any operands and attributes, hostile ones among them: an error with a message, or results
 * that can be evaluated and read; afterwards all tensor memory is given back.
 *
 * The input is read as a stream of choices: an op, then for each of its arguments what its kind allows. Extents are small, so that
 * work is; numbers are small ones or those at which arithmetic wraps. Memory is limited, so a huge result is an error. */
#include "emily/call.h"
#include "emily/ops.h"
#include "emily/runtime.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { OPERANDS = 12, ATTRS = 16, LIST = 8, RESULTS = 64, WORK = 1 << 20 };

typedef struct input {
  const uint8_t *data;
  size_t size;
  emily_scope *scope;
  emily_array *operands[OPERANDS];
  size_t operand_count;
  emily_attr attrs[ATTRS];
  size_t attr_count;
  int64_t lists[ATTRS][LIST];
  char words[ATTRS][16];
} input;

static void check(bool ok) {
  if (!ok) abort();
}

static uint8_t byte(input *in) {
  if (!in->size) return 0;
  in->size--;
  return *in->data++;
}

/* Mostly small; one in eight at a border of int32 or int64. */
static int64_t number(input *in) {
  static const int64_t borders[] = {INT64_MIN, INT64_MAX, INT32_MIN, INT32_MAX, 1ll << 32, -(1ll << 32), 1ll << 62, 65536};
  uint8_t b = byte(in);
  return b >= 224 ? borders[b % 8] : (int64_t)(b % 16) - 4;
}

static double real(input *in) {
  static const double menu[] = {0, 1, -1, 0.5, 2, 1e-5, NAN, INFINITY, -INFINITY, 1e300, -0.0, 1e-300, 3, 10, 1e9, -7.5};
  return menu[byte(in) % (sizeof menu / sizeof *menu)];
}

static const char *word(input *in, char *room) {
  static const char *const menu[] = {"",       "constant", "edge",  "reflect", "symmetric", "fro",   "nuc",      "inf",      "-inf",    "2",     "affine",
                                     "mxfp4",  "mxfp8",    "nvfp4", "L",       "U",         "left",  "right",    "full",     "same",    "valid", "xy",
                                     "ij",     "ortho",    "high",  "low",     "forward",   "reduced", "complete", "backward", "ij,jk->ik", "...i,i->...", "ii->i", "ab,ab"};
  uint8_t b = byte(in);
  if (b < 224) return menu[b % (sizeof menu / sizeof *menu)];
  for (int32_t i = 0; i < 15; i++) room[i] = (char)byte(in);
  room[15] = '\0';
  return room;
}

static int32_t list(input *in, int64_t *room) {
  int32_t ndim = in->operand_count && in->operands[0] ? emily_array_ndim(in->operands[0]) : 2;
  uint8_t b = byte(in);
  int32_t count = b < 160 ? ndim : b % LIST;
  for (int32_t i = 0; i < count; i++) room[i] = number(in);
  return count;
}

/* ---- operands ---- */

/* A shape of its own, or the one before, perhaps with its last two axes exchanged: products and gathers need related shapes. */
static int32_t shape_of(input *in, int64_t *shape) {
  static const int64_t extents[] = {0, 1, 2, 3, 4, 5, 8, 17};
  const emily_array *last = in->operand_count ? in->operands[in->operand_count - 1] : NULL;
  uint8_t how = byte(in);
  if (last && how % 4 < 3) {
    int32_t ndim = emily_array_ndim(last);
    if (ndim) memcpy(shape, emily_array_shape(last), (size_t)ndim * sizeof *shape);
    if (how % 4 == 1 && ndim >= 2) {
      int64_t other = shape[ndim - 1];
      shape[ndim - 1] = shape[ndim - 2];
      shape[ndim - 2] = other;
    }
    return how % 4 == 2 && ndim ? ndim - 1 : ndim;
  }
  int32_t ndim = how / 4 % 5;
  for (int32_t i = 0; i < ndim; i++) shape[i] = how >= 192 && i == ndim - 1 ? 32 * (1 + byte(in) % 4) : extents[byte(in) % 8];
  return ndim;
}

/* Bytes of any pattern, or small numbers. */
static emily_array *fresh(input *in, const int64_t *shape, int32_t ndim, emily_dtype dtype, int64_t count) {
  size_t itemsize = emily_dtype_size(dtype);
  uint8_t *bytes = malloc((size_t)count * itemsize + 1), kind = byte(in);
  uint32_t state = kind * 2654435761u + 1;
  check(bytes != NULL);
  for (size_t i = 0; i < (size_t)count * itemsize; i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = dtype == EMILY_BOOL ? state >> 31 : kind % 2 ? (uint8_t)(state >> 24) : i % itemsize ? 0 : (uint8_t)(state >> 24) % 5;
  }
  emily_array *x = emily_array_from_data(bytes, shape, ndim, dtype);
  free(bytes);
  if (x) x = emily_scope_adopt(in->scope, x);
  return x && kind >= 200 ? emily_flip(in->scope, x, NULL, 0) : x;
}

static emily_array *operand(input *in) {
  int64_t shape[8], count = 1;
  int32_t ndim = shape_of(in, shape);
  emily_dtype dtype = (emily_dtype)(byte(in) % EMILY_DTYPE_COUNT);
  if (in->operand_count && in->operands[0] && byte(in) % 2) dtype = emily_array_dtype(in->operands[0]);
  for (int32_t i = 0; i < ndim; i++) count *= shape[i];
  if (count > 1 << 16) return NULL;
  return fresh(in, shape, ndim, dtype, count);
}

static void push_operand(input *in, emily_array *x) {
  if (in->operand_count < OPERANDS) in->operands[in->operand_count++] = x;
}

/* ---- arguments ---- */

static void attribute(input *in, const emily_arg_info *arg) {
  if (!arg->required && byte(in) % 2) return;
  emily_attr *a = &in->attrs[in->attr_count];
  *a = (emily_attr){.name = arg->name, .kind = arg->kind};
  switch (arg->kind) {
    case EMILY_ARG_INT: a->i = number(in); break;
    case EMILY_ARG_REAL: a->f = real(in); break;
    case EMILY_ARG_FLAG: a->i = byte(in) % 2; break;
    case EMILY_ARG_DTYPE: a->i = byte(in) % (EMILY_DTYPE_COUNT + 2) - 1; break;
    case EMILY_ARG_TEXT: a->text = word(in, in->words[in->attr_count]); break;
    default:
      a->ints = in->lists[in->attr_count];
      a->count = arg->kind == EMILY_ARG_AXES && byte(in) % 4 == 0 ? -1 : list(in, in->lists[in->attr_count]);
  }
  in->attr_count++;
}

static void argument(input *in, const emily_arg_info *arg) {
  switch (arg->kind) {
    case EMILY_ARG_ARRAY: push_operand(in, operand(in)); break;
    case EMILY_ARG_OPTIONAL: push_operand(in, byte(in) % 2 ? operand(in) : NULL); break;
    case EMILY_ARG_ARRAYS:
      for (int32_t n = byte(in) % 5; n > 0; n--) push_operand(in, operand(in));
      break;
    default: attribute(in, arg);
  }
}

static void evaluate(emily_array **results, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int64_t bytes = emily_array_size(results[i]) * (int64_t)emily_dtype_size(emily_array_dtype(results[i]));
    if (emily_array_size(results[i]) > WORK) continue;
    if (emily_eval(&results[i], 1) != EMILY_OK) {
      check(emily_last_error()->message[0] != '\0');
      continue;
    }
    void *host = malloc((size_t)bytes + 1);
    check(host && emily_array_read(results[i], host, (size_t)bytes) == EMILY_OK);
    free(host);
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  emily_set_threads(1);
  check(emily_memory_set_limit(NULL, 256u << 20) == EMILY_OK && emily_memory_set_cache_limit(NULL, 0) == EMILY_OK);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  input in = {.data = data, .size = size};
  uint32_t which = byte(&in);
  which = which << 8 | byte(&in);
  const emily_op_info *op = emily_op_at((int32_t)(which % (uint32_t)emily_op_count()));
  emily_set_debug(byte(&in) % 4 == 0 ? EMILY_DEBUG_INDICES : 0);
  in.scope = emily_scope_open(NULL);
  for (int32_t i = 0; i < op->arg_count; i++) argument(&in, &op->args[i]);
  if (emily_scope_status(in.scope) == EMILY_OK) {
    emily_array *results[RESULTS] = {NULL};
    size_t count = 0;
    emily_status status = emily_call_op(in.scope, op, in.operands, in.operand_count, in.attrs, in.attr_count, results, RESULTS, &count);
    if (status == EMILY_OK) evaluate(results, count);
    else check(emily_scope_message(in.scope)[0] != '\0' && emily_scope_status(in.scope) == status);
  }
  emily_scope_close(in.scope);
  emily_memory_info memory = EMILY_MEMORY_INFO_INIT;
  check(emily_memory_stats(NULL, &memory) == EMILY_OK && memory.active == 0);
  return 0;
}
