/* call.c: the op table as data, and any op by its name.
 *
 * ops.def is expanded four times: into prototypes (which the compiler compares with the headers), into the descriptions of the
 * arguments, into one wrapper an op that reads its arguments from the call in statements of their own (so that their order is
 * fixed) and passes them on, and into the table. */
#include "emily/call.h"
#include "op/common.h"
#include "op/each.h"

#include "base/alloc.h"

#include <pthread.h>

/* Defaults are shown as the table spells them: "true", not the 1 that a macro makes of it. */
#undef true
#undef false
#undef INFINITY
#undef NAN
enum { false = 0, true = 1 };

/* ---- the prototypes of ops.h, once more ---- */

#define PROTO_ARRAY(n) , emily_array *n
#define PROTO_OPTIONAL(n) , emily_array *n
#define PROTO_ARRAYS(n) , emily_array *const *n, int32_t n##_count
#define PROTO_INT(n) , int64_t n
#define PROTO_REAL(n) , double n
#define PROTO_FLAG(n) , bool n
#define PROTO_DTYPE(n) , emily_dtype n
#define PROTO_INTS(n) , const int64_t *n, int32_t n##_count
#define PROTO_AXES(n) , const int64_t *n, int32_t n##_count
#define PROTO_PER_AXIS(n) , const int64_t *n
#define PROTO_TEXT(n) , const char *n
#define PROTO(kind, name, value) PROTO_##kind(name)
#define DECLARE_ONE(name, ...) emily_array *emily_##name(emily_scope *scope EACH(PROTO, __VA_ARGS__));
#define DECLARE_TWO(name, ...) emily_status emily_##name(emily_scope *scope EACH(PROTO, __VA_ARGS__), emily_array *out[2]);
#define DECLARE_THREE(name, ...) emily_status emily_##name(emily_scope *scope EACH(PROTO, __VA_ARGS__), emily_array *out[3]);
#define DECLARE_MANY(name, ...) \
  emily_status emily_##name(emily_scope *scope EACH(PROTO, __VA_ARGS__), emily_array **out, size_t capacity, size_t *count);
#define OP(name, group, results, summary, ...) DECLARE_##results(name, __VA_ARGS__)
#include "op/ops.def"
#undef OP

/* ---- descriptions ---- */

/* Values of defaults as ops.def spells them; a required argument never uses its own. A constant, not a macro: NEEDED reads the name. */
enum { REQUIRED = 0 };
/* Defaults are shown as the table spells them; those of TEXT, which are strings already, without quotes. */
#define NEEDED(value) (__builtin_strcmp(#value, "REQUIRED") == 0) /* a constant expression for the compilers */
#define SHOWN(value) #value
#define SHOWN_ARRAY SHOWN
#define SHOWN_OPTIONAL SHOWN
#define SHOWN_ARRAYS SHOWN
#define SHOWN_INT SHOWN
#define SHOWN_REAL SHOWN
#define SHOWN_FLAG SHOWN
#define SHOWN_DTYPE SHOWN
#define SHOWN_INTS SHOWN
#define SHOWN_AXES SHOWN
#define SHOWN_PER_AXIS SHOWN
#define SHOWN_TEXT(value) (const char *)(value)
#define INFO(kind, name, value) {EMILY_ARG_##kind, NEEDED(value), #name, NEEDED(value) ? "" : SHOWN_##kind(value)},
#define OP(name, group, results, summary, ...) static const emily_arg_info args_of_##name[] = {EACH(INFO, __VA_ARGS__)};
#include "op/ops.def"
#undef OP

/* ---- reading a call's arguments ---- */

typedef struct call {
  const emily__op *op;
  emily_array *const *operands;
  size_t operand_count, next_operand;
  const emily_attr *attrs;
  size_t attr_count, attrs_read;
  bool failed;
} call;

static void call_fail(call *c, const char *what, const char *name) {
  if (!c->failed) emily__op_fail(c->op, EMILY_INVALID_ARGUMENT, "argument %s %s", name, what);
  c->failed = true;
}

static emily_array *read_ARRAY(call *c, const char *name) {
  emily_array *x = c->next_operand < c->operand_count ? c->operands[c->next_operand++] : NULL;
  if (!x) call_fail(c, "is missing: it is an array", name);
  return x;
}

static emily_array *read_OPTIONAL(call *c) {
  return c->next_operand < c->operand_count ? c->operands[c->next_operand++] : NULL;
}

static const emily_attr *find(call *c, const char *name, bool required, emily_arg_kind kind, emily_arg_kind also) {
  for (size_t i = 0; i < c->attr_count; i++) {
    if (!c->attrs[i].name || strcmp(c->attrs[i].name, name) != 0) continue;
    c->attrs_read++;
    if (c->attrs[i].kind == kind || c->attrs[i].kind == also) return &c->attrs[i];
    call_fail(c, "has another kind", name);
    return NULL;
  }
  if (required) call_fail(c, "is missing", name);
  return NULL;
}

static int64_t read_INT(call *c, const char *name, bool required, int64_t otherwise) {
  const emily_attr *a = find(c, name, required, EMILY_ARG_INT, EMILY_ARG_INT);
  return a ? a->i : otherwise;
}

static double read_REAL(call *c, const char *name, bool required, double otherwise) {
  const emily_attr *a = find(c, name, required, EMILY_ARG_REAL, EMILY_ARG_INT);
  return !a ? otherwise : a->kind == EMILY_ARG_INT ? (double)a->i : a->f;
}

static bool read_FLAG(call *c, const char *name, bool required, bool otherwise) {
  const emily_attr *a = find(c, name, required, EMILY_ARG_FLAG, EMILY_ARG_INT);
  return a ? a->i != 0 : otherwise;
}

static emily_dtype read_DTYPE(call *c, const char *name, bool required, emily_dtype otherwise) {
  emily_dtype dtype;
  const emily_attr *a = find(c, name, required, EMILY_ARG_DTYPE, EMILY_ARG_TEXT);
  if (!a) return otherwise;
  if (!a->text) return a->i < 0 || a->i > EMILY_DTYPE_COUNT ? -1 : (emily_dtype)a->i;
  if (emily_dtype_from_name(a->text, &dtype) == EMILY_OK) return dtype;
  call_fail(c, "is no dtype", name);
  return otherwise;
}

typedef struct ints {
  const int64_t *values;
  int32_t count;
} ints;

static ints read_list(call *c, const char *name, bool required, emily_arg_kind kind, emily_arg_kind also) {
  static const int64_t none[1];
  const emily_attr *a = find(c, name, required, kind, also);
  if (!a || (a->count < 0 && kind == EMILY_ARG_AXES)) return (ints){NULL, 0};
  if (a->count < 0 || (a->count > 0 && !a->ints)) call_fail(c, "is a list without values", name);
  return (ints){a->count > 0 ? a->ints : none, a->count};
}

static const char *read_TEXT(call *c, const char *name, bool required, const char *otherwise) {
  const emily_attr *a = find(c, name, required, EMILY_ARG_TEXT, EMILY_ARG_TEXT);
  if (a && !a->text) call_fail(c, "is a text without characters", name);
  return a ? a->text : otherwise;
}

static const int64_t *read_PER_AXIS(call *c, const char *name, bool required) {
  ints list = read_list(c, name, required, EMILY_ARG_PER_AXIS, EMILY_ARG_INTS);
  if (list.values && c->operand_count && c->operands[0] && list.count != c->operands[0]->ndim)
    call_fail(c, "wants one number for each axis of the first operand", name);
  return list.values;
}

/* ---- one wrapper an op ---- */

#define NO_AXIS EMILY_NO_AXIS
#define INFINITY __builtin_inf()
#define NAN __builtin_nan("")
#define READ_ARRAY(n, v, q) emily_array *n = read_ARRAY(&in, #n);
#define READ_OPTIONAL(n, v, q) emily_array *n = read_OPTIONAL(&in);
#define READ_ARRAYS(n, v, q)                                                              \
  emily_array *const *n = in.operands + in.next_operand;                                    \
  int32_t n##_count = (int32_t)(in.operand_count - in.next_operand);                        \
  in.next_operand = in.operand_count;
#define READ_INT(n, v, q) int64_t n = read_INT(&in, #n, q, v);
#define READ_REAL(n, v, q) double n = read_REAL(&in, #n, q, v);
#define READ_FLAG(n, v, q) bool n = read_FLAG(&in, #n, q, v);
#define READ_DTYPE(n, v, q) emily_dtype n = read_DTYPE(&in, #n, q, v);
#define READ_INTS(n, v, q)                                               \
  ints n##_list = read_list(&in, #n, q, EMILY_ARG_INTS, EMILY_ARG_AXES);  \
  const int64_t *n = n##_list.values;                                    \
  int32_t n##_count = n##_list.count;
#define READ_AXES(n, v, q)                                               \
  ints n##_list = read_list(&in, #n, q, EMILY_ARG_AXES, EMILY_ARG_INTS);  \
  const int64_t *n = n##_list.values;                                    \
  int32_t n##_count = n##_list.count;
#define READ_PER_AXIS(n, v, q) const int64_t *n = read_PER_AXIS(&in, #n, q);
#define READ_TEXT(n, v, q) const char *n = read_TEXT(&in, #n, q, (const char *)(v));
#define READ(kind, name, value) READ_##kind(name, value, NEEDED(value))

#define PASS_ARRAY(n) , n
#define PASS_OPTIONAL(n) , n
#define PASS_ARRAYS(n) , n, n##_count
#define PASS_INT(n) , n
#define PASS_REAL(n) , n
#define PASS_FLAG(n) , n
#define PASS_DTYPE(n) , n
#define PASS_INTS(n) , n, n##_count
#define PASS_AXES(n) , n, n##_count
#define PASS_PER_AXIS(n) , n
#define PASS_TEXT(n) , n
#define PASS(kind, name, value) PASS_##kind(name)

/* All operands and attributes given were wanted. */
static bool all_read(call *c) {
  if (!c->failed && c->next_operand < c->operand_count) {
    emily__op_fail(c->op, EMILY_INVALID_ARGUMENT, "%zu operands were given, the op takes %zu", c->operand_count, c->next_operand);
    c->failed = true;
  }
  if (!c->failed && c->attrs_read < c->attr_count) {
    emily__op_fail(c->op, EMILY_INVALID_ARGUMENT, "an attribute was given that the op does not take, or twice");
    c->failed = true;
  }
  return !c->failed;
}

static emily_status give_one(const emily__op *op, emily_array *y, emily_array **out, size_t capacity, size_t *count) {
  return y ? emily__give(op, &y, 1, out, capacity, count) : emily_scope_status(op->scope);
}

static emily_status give_some(const emily__op *op, emily_status status, emily_array *const *results, size_t n, emily_array **out,
                              size_t capacity, size_t *count) {
  return status ? status : emily__give(op, results, n, out, capacity, count);
}

typedef emily_status wrapper(call in, emily_array **out, size_t capacity, size_t *count);
#define FORWARD_ONE(name, ...) \
  return give_one(in.op, emily_##name(in.op->scope EACH(PASS, __VA_ARGS__)), out, capacity, count)
#define FORWARD_SOME(n, name, ...) \
  emily_array *results[n];         \
  return give_some(in.op, emily_##name(in.op->scope EACH(PASS, __VA_ARGS__), results), results, n, out, capacity, count)
#define FORWARD_TWO(name, ...) FORWARD_SOME(2, name, __VA_ARGS__)
#define FORWARD_THREE(name, ...) FORWARD_SOME(3, name, __VA_ARGS__)
#define FORWARD_MANY(name, ...) return emily_##name(in.op->scope EACH(PASS, __VA_ARGS__), out, capacity, count)
#define OP(name, group, results, summary, ...)                                                        \
  static emily_status call_##name(call in, emily_array **out, size_t capacity, size_t *count) {       \
    EACH(READ, __VA_ARGS__)                                                                           \
    if (!all_read(&in)) return emily_scope_status(in.op->scope);                                      \
    FORWARD_##results(name, __VA_ARGS__);                                                             \
  }
#include "op/ops.def"
#undef OP

/* ---- the table ---- */

enum { RESULTS_MANY = 0, RESULTS_ONE = 1, RESULTS_TWO = 2, RESULTS_THREE = 3 };
#define OP(name, group, results, summary, ...) \
  {#name, #group, summary, RESULTS_##results, sizeof args_of_##name / sizeof *args_of_##name, args_of_##name},
static const emily_op_info table[] = {
#include "op/ops.def"
};
#undef OP
#define OP(name, group, results, summary, ...) call_##name,
static wrapper *const wrappers[] = {
#include "op/ops.def"
};
#undef OP
enum { OP_COUNT = sizeof table / sizeof *table };

int32_t emily_op_count(void) { return OP_COUNT; }
const emily_op_info *emily_op_at(int32_t index) { return index >= 0 && index < OP_COUNT ? &table[index] : NULL; }

/* Names hashed (FNV-1a) into a table of twice their number or more; open addressing, made once. An entry is an index + 1. */
enum { SLOTS = 2048 };
_Static_assert(SLOTS >= 2 * OP_COUNT, "the table of names is half empty");
static int16_t slots[SLOTS];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static uint32_t hash(const char *name) {
  uint32_t h = 2166136261u;
  for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
  return h;
}

static void fill_slots(void) {
  for (int32_t i = 0; i < OP_COUNT; i++) {
    uint32_t at = hash(table[i].name) % SLOTS;
    while (slots[at]) at = (at + 1) % SLOTS;
    slots[at] = (int16_t)(i + 1);
  }
}

const emily_op_info *emily_op_find(const char *name) {
  if (!name) return NULL;
  pthread_once(&slots_once, fill_slots);
  for (uint32_t at = hash(name) % SLOTS; slots[at]; at = (at + 1) % SLOTS)
    if (strcmp(table[slots[at] - 1].name, name) == 0) return &table[slots[at] - 1];
  return NULL;
}

emily_status emily_call_op(emily_scope *scope, const emily_op_info *info, emily_array *const *operands, size_t operand_count,
                           const emily_attr *attrs, size_t attr_count, emily_array **out, size_t capacity, size_t *count) {
  emily__op op = {scope, "emily_call", NULL, 0};
  if (!emily__scope_ok(scope)) return emily_scope_status(scope);
  if (info < table || info >= table + OP_COUNT) {
    emily__op_fail(&op, EMILY_INVALID_ARGUMENT, "the op is not of this library's table");
    return EMILY_INVALID_ARGUMENT;
  }
  if (operand_count > INT32_MAX || (operand_count && !operands) || (attr_count && !attrs)) {
    emily__op_fail(&op, EMILY_INVALID_ARGUMENT, "operands or attributes are NULL or too many");
    return EMILY_INVALID_ARGUMENT;
  }
  op.name = info->name;
  op.operands = operands;
  op.count = (int32_t)operand_count;
  call c = {.op = &op, .operands = operands, .operand_count = operand_count, .attrs = attrs, .attr_count = attr_count};
  return wrappers[info - table](c, out, capacity, count);
}

emily_status emily_call(emily_scope *scope, const char *name, emily_array *const *operands, size_t operand_count,
                        const emily_attr *attrs, size_t attr_count, emily_array **out, size_t capacity, size_t *count) {
  if (!emily__scope_ok(scope)) return emily_scope_status(scope);
  const emily_op_info *info = emily_op_find(name);
  if (info) return emily_call_op(scope, info, operands, operand_count, attrs, attr_count, out, capacity, count);
  emily__op op = {scope, "emily_call", NULL, 0};
  emily__op_fail(&op, EMILY_NOT_FOUND, "there is no op \"%s\"", name ? name : "(null)");
  return EMILY_NOT_FOUND;
}
