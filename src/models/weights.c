/* weights.c: see weights.h. */
#include "models/weights.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, MOST_PROBLEMS = 6 };

static bool begins(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

void emily__weights_open(emily__weights *weights, emily_checkpoint *checkpoint, const char *path, const char *prefix) {
  *weights = (emily__weights){.checkpoint = checkpoint, .path = path, .prefix = prefix, .bare = true};
  size_t count = emily_checkpoint_count(checkpoint);
  for (size_t i = 0; i < count && weights->bare; i++)
    if (begins(emily_checkpoint_name(checkpoint, i), prefix)) weights->bare = false;
}

void emily__weights_free(emily__weights *weights) {
  for (size_t i = 0; i < weights->arrays.count; i++) emily_array_release(weights->arrays.data[i]);
  for (size_t i = 0; i < weights->blocks.count; i++) emily__free(weights->blocks.data[i]);
  emily__vec_free(&weights->arrays);
  emily__vec_free(&weights->blocks);
  emily__str_free(&weights->problems);
}

static void fail(emily__weights *weights, emily_status status) {
  if (weights->status == EMILY_OK) weights->status = status;
}

void *emily__weights_alloc(emily__weights *weights, int64_t count, size_t size) {
  void *block = emily__calloc((size_t)count, size);
  if (block && emily__vec_push(&weights->blocks, block)) return block;
  emily__free(block);
  fail(weights, EMILY_OUT_OF_MEMORY);
  return NULL;
}

emily_array *emily__weights_adopt(emily__weights *weights, emily_array *array) {
  if (!array) {
    fail(weights, emily_last_error()->status);
    return NULL;
  }
  if (emily__vec_push(&weights->arrays, array)) return array;
  emily_array_release(array);
  fail(weights, EMILY_OUT_OF_MEMORY);
  return NULL;
}

/* Write one problem down; the first few are kept as text, the others counted. */
static void problem(emily__weights *weights, const char *format, ...) EMILY_PRINTF(2, 3);
static void problem(emily__weights *weights, const char *format, ...) {
  if (weights->problem_count++ >= MOST_PROBLEMS) return;
  char text[NAME_MAX_BYTES * 2];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!emily__str_printf(&weights->problems, "%s%s", weights->problem_count > 1 ? "; " : "", text))
    fail(weights, EMILY_OUT_OF_MEMORY);
}

static const char *stored_name(const emily__weights *weights, const char *name) {
  return weights->bare && begins(name, weights->prefix) ? name + strlen(weights->prefix) : name;
}

static bool find(const emily__weights *weights, const char *name, size_t *index) {
  return emily_checkpoint_find(weights->checkpoint, stored_name(weights, name), index) == EMILY_OK;
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
  return emily_checkpoint_ndim(weights->checkpoint, index) == ndim &&
         (ndim == 0 || memcmp(found, shape, (size_t)ndim * sizeof *shape) == 0);
}

static void report_shape(emily__weights *weights, size_t index, const int64_t *shape, int32_t ndim, const char *name) {
  char wanted[96], found[96];
  write_shape(wanted, sizeof wanted, shape, ndim);
  write_shape(found, sizeof found, emily_checkpoint_shape(weights->checkpoint, index),
              emily_checkpoint_ndim(weights->checkpoint, index));
  problem(weights, "\"%s\" has shape %s where the config asks for %s", name, found, wanted);
}

static bool dtype_serves(emily_dtype dtype) {
  return dtype == EMILY_FLOAT32 || dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16;
}

static emily_array *get(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *name) {
  size_t index;
  const char *stored = stored_name(weights, name);
  if (!find(weights, name, &index)) {
    problem(weights, "\"%s\" is missing", stored);
    return NULL;
  }
  /* Got even when it does not serve: it is then used, and not reported a second time as unused. */
  emily_array *array = NULL;
  emily_status status = emily_checkpoint_get(weights->checkpoint, stored, &array);
  if (!dtype_serves(emily_checkpoint_dtype(weights->checkpoint, index))) {
    problem(weights, "\"%s\" is %s; weights are F32, F16 or BF16", stored,
            emily_checkpoint_dtype_name(weights->checkpoint, index));
  } else if (!shape_is(weights, index, shape, ndim)) {
    report_shape(weights, index, shape, ndim, stored);
  } else if (status != EMILY_OK) {
    fail(weights, status);
  } else {
    return emily__weights_adopt(weights, array);
  }
  emily_array_release(array);
  return NULL;
}

/* The name that a format and its arguments make, and `tail`. */
#define FORMAT_NAME(name, format, tail)                                                                           \
  char name[NAME_MAX_BYTES];                                                                                      \
  do {                                                                                                            \
    va_list args_;                                                                                                \
    va_start(args_, format);                                                                                      \
    vsnprintf(name, sizeof name - sizeof tail, format, args_);                                                    \
    va_end(args_);                                                                                                \
  } while (0)

emily_array *emily__weights_get(emily__weights *weights, const int64_t *shape, int32_t ndim, const char *format, ...) {
  FORMAT_NAME(name, format, "");
  return get(weights, shape, ndim, name);
}

emily_array *emily__weights_vector(emily__weights *weights, int64_t size, const char *format, ...) {
  FORMAT_NAME(name, format, "");
  return get(weights, &size, 1, name);
}

emily_array *emily__weights_matrix(emily__weights *weights, int64_t rows, int64_t columns, const char *format, ...) {
  FORMAT_NAME(name, format, "");
  return get(weights, (const int64_t[]){rows, columns}, 2, name);
}

emily__linear emily__weights_linear(emily__weights *weights, int64_t in, int64_t out, bool bias, const char *format,
                                    ...) {
  FORMAT_NAME(name, format, ".weight");
  emily__linear linear = {0};
  size_t end = strlen(name);
  strcpy(name + end, ".weight");
  linear.weight = get(weights, (const int64_t[]){out, in}, 2, name);
  strcpy(name + end, ".bias");
  if (bias) linear.bias = get(weights, &out, 1, name);
  return linear;
}

emily__norm emily__weights_norm(emily__weights *weights, int64_t size, double eps, bool bias, const char *format,
                                ...) {
  FORMAT_NAME(name, format, ".weight");
  emily__norm norm = {.eps = eps};
  size_t end = strlen(name), index;
  strcpy(name + end, ".gamma");
  bool old = find(weights, name, &index);
  strcpy(name + end, old ? ".gamma" : ".weight");
  norm.weight = get(weights, &size, 1, name);
  strcpy(name + end, old ? ".beta" : ".bias");
  if (bias) norm.bias = get(weights, &size, 1, name);
  return norm;
}

void emily__weights_tied(emily__weights *weights, bool tie, int64_t rows, int64_t columns, const char *source_name,
                         const char *target_name, emily_array **source, emily_array **target) {
  const int64_t shape[] = {rows, columns};
  size_t index;
  bool has_source = find(weights, source_name, &index), has_target = find(weights, target_name, &index);
  *source = has_source || !tie || !has_target ? get(weights, shape, 2, source_name) : NULL;
  *target = has_target || !tie ? get(weights, shape, 2, target_name) : *source;
  if (!has_source && tie && has_target) *source = *target;
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
      problem(weights, "\"%s\" is not used by this model", name);
  }
  weights->checkpoint = NULL;
  if (weights->status != EMILY_OK) return weights->status;
  if (!weights->problem_count) return EMILY_OK;
  char more[48] = "";
  if (weights->problem_count > MOST_PROBLEMS)
    snprintf(more, sizeof more, "; and %d more", weights->problem_count - MOST_PROBLEMS);
  return emily__fail(EMILY_BAD_FORMAT, "weights", "%s does not fit its config: %s%s", weights->path,
                     weights->problems.data, more);
}
