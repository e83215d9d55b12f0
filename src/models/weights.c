/* weights.c: see weights.h. */
#include "models/weights.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = EMILY__WEIGHT_NAME_MAX, MOST_PROBLEMS = 6 };

static bool begins(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

void emily__weights_open(emily__weights *weights, emily_checkpoint *checkpoint, const char *path, const char *prefix,
                         const emily__quantization *quantization) {
  *weights = (emily__weights){.checkpoint = checkpoint, .path = path, .prefix = prefix, .bare = true, .quantization = quantization};
  size_t count = emily_checkpoint_count(checkpoint);
  for (size_t i = 0; i < count && weights->bare; i++)
    if (begins(emily_checkpoint_name(checkpoint, i), prefix)) weights->bare = false;
}

void emily__weights_free(emily__weights *weights) {
  for (size_t i = 0; i < weights->arrays.count; i++) emily_array_release(weights->arrays.data[i]);
  for (size_t i = 0; i < weights->blocks.count; i++) emily__free(weights->blocks.data[i]);
  for (size_t i = 0; i < weights->uses.count; i++) {
    emily__free(weights->uses.data[i].name);
    emily__free(weights->uses.data[i].stack);
    emily__free(weights->uses.data[i].source);
  }
  emily__vec_free(&weights->uses);
  emily__vec_free(&weights->arrays);
  emily__vec_free(&weights->blocks);
  emily__str_free(&weights->problems);
}

void emily__weights_fail(emily__weights *weights, emily_status status) {
  if (weights->status == EMILY_OK) weights->status = status;
}

void emily__weights_record(emily__weights *weights, const char *name, const emily__weight *weight, const int64_t *shape, int32_t ndim,
                           emily__across across, const char *stack, const char *source) {
  if (!weights->record || !weight->data) return;
  emily__weight_use use = {.name = emily__strdup(emily__weights_stored(weights, name)), .weight = *weight, .ndim = ndim, .across = across};
  memcpy(use.shape, shape, (size_t)ndim * sizeof *shape);
  if (stack) use.stack = emily__strdup(emily__weights_stored(weights, stack));
  if (source) use.source = emily__strdup(emily__weights_stored(weights, source));
  if (use.name && (use.stack || !stack) && (use.source || !source) && emily__vec_push(&weights->uses, use)) return;
  emily__free(use.name);
  emily__free(use.stack);
  emily__free(use.source);
  emily__weights_fail(weights, EMILY_OUT_OF_MEMORY);
}

void *emily__weights_alloc(emily__weights *weights, int64_t count, size_t size) {
  void *block = emily__calloc((size_t)count, size);
  if (block && emily__vec_push(&weights->blocks, block)) return block;
  emily__free(block);
  emily__weights_fail(weights, EMILY_OUT_OF_MEMORY);
  return NULL;
}

emily_array *emily__weights_adopt(emily__weights *weights, emily_array *array) {
  if (!array) {
    emily__weights_fail(weights, emily_last_error()->status);
    return NULL;
  }
  if (emily__vec_push(&weights->arrays, array)) return array;
  emily_array_release(array);
  emily__weights_fail(weights, EMILY_OUT_OF_MEMORY);
  return NULL;
}

emily_array *emily__weights_settle(emily__weights *weights, emily_scope *scope, emily_array *array) {
  array = emily_scope_keep(scope, array);
  emily_scope_close(scope);
  if (array && emily_eval(&array, 1) != EMILY_OK) {
    emily_array_release(array);
    array = NULL;
  }
  return emily__weights_adopt(weights, array);
}

/* Write one problem down; the first few are kept as text, the others counted. */
void emily__weights_problem(emily__weights *weights, const char *format, ...) {
  if (weights->problem_count++ >= MOST_PROBLEMS) return;
  char text[NAME_MAX_BYTES * 2];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!emily__str_printf(&weights->problems, "%s%s", weights->problem_count > 1 ? "; " : "", text))
    emily__weights_fail(weights, EMILY_OUT_OF_MEMORY);
}

const char *emily__weights_stored(const emily__weights *weights, const char *name) {
  return weights->bare && begins(name, weights->prefix) ? name + strlen(weights->prefix) : name;
}

static bool find(const emily__weights *weights, const char *name, size_t *index) {
  return emily_checkpoint_find(weights->checkpoint, emily__weights_stored(weights, name), index) == EMILY_OK;
}

bool emily__weights_has(const emily__weights *weights, const char *format, ...) {
  char name[NAME_MAX_BYTES];
  va_list args;
  va_start(args, format);
  vsnprintf(name, sizeof name, format, args);
  va_end(args);
  size_t index;
  return find(weights, name, &index);
}

/* "[3, 4]" */
static void write_shape(char *out, size_t room, const int64_t *shape, int32_t ndim) {
  size_t used = (size_t)snprintf(out, room, "[");
  for (int32_t i = 0; i < ndim && used < room; i++)
    used += (size_t)snprintf(out + used, room - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
  if (used < room) snprintf(out + used, room - used, "]");
}

static bool shape_is(const emily__weights *weights, size_t index, const int64_t *shape, int32_t ndim) {
  const int64_t *found = emily_checkpoint_shape(weights->checkpoint, index);
  if (ndim < 0) return true;
  return emily_checkpoint_ndim(weights->checkpoint, index) == ndim &&
         (ndim == 0 || memcmp(found, shape, (size_t)ndim * sizeof *shape) == 0);
}

static void report_shape(emily__weights *weights, size_t index, const int64_t *shape, int32_t ndim, const char *name) {
  char wanted[96], found[96];
  write_shape(wanted, sizeof wanted, shape, ndim);
  write_shape(found, sizeof found, emily_checkpoint_shape(weights->checkpoint, index),
              emily_checkpoint_ndim(weights->checkpoint, index));
  emily__weights_problem(weights, "\"%s\" has shape %s where the config asks for %s", name, found, wanted);
}

emily_array *emily__weights_take(emily__weights *weights, uint32_t dtypes, const char *wanted, const int64_t *shape, int32_t ndim,
                                 const char *name) {
  size_t index;
  const char *stored = emily__weights_stored(weights, name);
  if (!find(weights, name, &index)) {
    emily__weights_problem(weights, "\"%s\" is missing", stored);
    return NULL;
  }
  /* Got even when it does not serve: it is then used, and not reported a second time as unused. */
  emily_array *array = NULL;
  emily_status status = emily_checkpoint_get(weights->checkpoint, stored, &array);
  emily_dtype dtype = emily_checkpoint_dtype(weights->checkpoint, index);
  if (dtype < 0 || dtype > 31 || !(dtypes >> dtype & 1)) {
    emily__weights_problem(weights, "\"%s\" is %s; it must be %s", stored, emily_checkpoint_dtype_name(weights->checkpoint, index), wanted);
  } else if (!shape_is(weights, index, shape, ndim)) {
    report_shape(weights, index, shape, ndim, stored);
  } else if (status != EMILY_OK) {
    emily__weights_fail(weights, status);
  } else {
    return emily__weights_adopt(weights, array);
  }
  emily_array_release(array);
  return NULL;
}

/* float64 has no products with float32 that stay float32: such a weight is narrowed, in memory. */
static emily_array *narrowed(emily__weights *weights, emily_array *array) {
  if (!array || emily_array_dtype(array) != EMILY_FLOAT64 || weights->record) return array;
  emily_scope *scope = emily_scope_open(NULL);
  return emily__weights_settle(weights, scope, emily_astype(scope, array, EMILY_FLOAT32));
}

static emily_array *get(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *name) {
  static const uint32_t floats = 1u << EMILY_FLOAT32 | 1u << EMILY_FLOAT16 | 1u << EMILY_BFLOAT16 | 1u << EMILY_FLOAT64;
  return narrowed(weights, emily__weights_take(weights, floats, "F32, F16, BF16 or F64", shape, ndim, name));
}

#define FORMAT_NAME(name, format)                                                                                 \
  char name[NAME_MAX_BYTES];                                                                                      \
  do {                                                                                                            \
    va_list args_;                                                                                                \
    va_start(args_, format);                                                                                      \
    vsnprintf(name, sizeof name, format, args_);                                                                  \
    va_end(args_);                                                                                                \
  } while (0)

emily_array *emily__weights_get(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *format, ...) {
  FORMAT_NAME(name, format);
  return get(weights, shape, ndim, name);
}

emily_array *emily__weights_vector(emily__weights *weights, int64_t size, const char *format, ...) {
  FORMAT_NAME(name, format);
  return get(weights, &size, 1, name);
}

emily_array *emily__weights_matrix(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...) {
  FORMAT_NAME(name, format);
  return get(weights, (const int64_t[]){rows, columns}, 2, name);
}

/* One star stands for any text. */
static bool matches(const char *pattern, const char *name) {
  const char *star = strchr(pattern, '*');
  if (!star) return strcmp(pattern, name) == 0;
  size_t head = (size_t)(star - pattern), tail = strlen(star + 1), length = strlen(name);
  return length >= head + tail && strncmp(pattern, name, head) == 0 && strcmp(star + 1, name + length - tail) == 0;
}

static bool is_ignorable(const char *name, const char *const *ignorable) {
  for (; *ignorable; ignorable++)
    if (matches(*ignorable, name)) return true;
  return false;
}

emily_status emily__weights_finish(emily__weights *weights, const char *const *ignorable) {
  size_t count = emily_checkpoint_count(weights->checkpoint);
  for (size_t i = 0; i < count; i++) {
    const char *name = emily_checkpoint_name(weights->checkpoint, i);
    if (!emily_checkpoint_used(weights->checkpoint, i) && !is_ignorable(name, ignorable))
      emily__weights_problem(weights, "\"%s\" is not used by this model", name);
  }
  weights->checkpoint = NULL;
  weights->quantization = NULL;
  if (weights->status != EMILY_OK) return weights->status;
  if (!weights->problem_count) return EMILY_OK;
  char more[48] = "";
  if (weights->problem_count > MOST_PROBLEMS)
    snprintf(more, sizeof more, "; and %d more", weights->problem_count - MOST_PROBLEMS);
  return emily__fail(EMILY_BAD_FORMAT, "weights", "%s does not fit its config: %s%s", weights->path,
                     weights->problems.data, more);
}
