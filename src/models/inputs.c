/* inputs.c: see inputs.h. */
#include "models/inputs.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/vec.h"

#include <string.h>

static const char WHERE[] = "emily_model_forward";

static const char *const names[EMILY__INPUT_COUNT] = {"input_ids", "attention_mask", "token_type_ids",
                                                      "position_ids"};

static int index_of(const char *name) {
  for (int i = 0; i < EMILY__INPUT_COUNT; i++)
    if (strcmp(names[i], name) == 0) return i;
  return -1;
}

static emily_status not_taken(const char *name, uint32_t accepted) {
  char list[128] = "";
  for (int i = 0; i < EMILY__INPUT_COUNT; i++) {
    if (!(accepted & (1u << i))) continue;
    if (list[0]) strcat(list, ", ");
    strcat(list, names[i]);
  }
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is not an input of this model (%s are)", name, list);
}

/* Each entry of the map must be one that the family takes. */
static emily_status check_names(const emily_array_map *map, uint32_t accepted) {
  for (size_t i = 0; i < emily_array_map_count(map); i++) {
    const char *name = emily_array_map_name(map, i);
    int index = index_of(name);
    if (index < 0 || !(accepted & (1u << index))) return not_taken(name, accepted);
  }
  return EMILY_OK;
}

/* name must be integers (or bools) [B, T]. */
static emily_status check_shape(const char *name, const emily_array *array, int64_t batch, int64_t length) {
  emily_dtype dtype = emily_array_dtype(array);
  if (!emily_dtype_is_integer(dtype) && dtype != EMILY_BOOL)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is %s; int32 or int64 is needed", name,
                       emily_dtype_name(dtype));
  if (emily_array_ndim(array) != 2)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" has %d axes; [batch, length] is needed", name,
                       (int)emily_array_ndim(array));
  int64_t b = emily_array_dim(array, 0), t = emily_array_dim(array, 1);
  if (b == batch && t == length) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is [%lld, %lld] and input_ids [%lld, %lld]", name,
                     (long long)b, (long long)t, (long long)batch, (long long)length);
}

static emily_status read_values(emily_array *array, void **out) {
  void *values = emily__malloc(emily_array_nbytes(array));
  if (!values) return EMILY_OUT_OF_MEMORY;
  emily_status status = emily_array_read(array, values, emily_array_nbytes(array));
  if (status != EMILY_OK) emily__free(values);
  else *out = values;
  return status;
}

/* Values must lie in [0, limit). They are read as int64: no value wraps into range. */
static emily_status check_values(emily_scope *scope, const char *name, emily_array *array, int64_t limit,
                                 const char *limit_name) {
  void *block = NULL;
  emily_array *wide = emily_astype(scope, array, EMILY_INT64);
  EMILY__TRY(wide ? read_values(wide, &block) : emily_scope_status(scope));
  const int64_t *values = block;
  emily_status status = EMILY_OK;
  int64_t count = emily_array_size(array);
  for (int64_t i = 0; i < count && status == EMILY_OK; i++)
    if (values[i] < 0 || values[i] >= limit)
      status = emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" holds %lld; %s is %lld", name,
                           (long long)values[i], limit_name, (long long)limit);
  emily__free(block);
  return status;
}

/* The input as int32, checked; NULL where it is not given. */
static emily_status take_ids(emily_scope *scope, const emily_array_map *map, const char *name, int64_t limit,
                             const char *limit_name, const emily__inputs *in, emily_array **out) {
  emily_array *given = emily_array_map_get(map, name);
  *out = NULL;
  if (!given) return EMILY_OK;
  EMILY__TRY(check_shape(name, given, in->batch, in->length));
  if (limit > 0 && emily_array_is_evaluated(given)) EMILY__TRY(check_values(scope, name, given, limit, limit_name));
  *out = emily_astype(scope, given, EMILY_INT32);
  return *out ? EMILY_OK : emily_scope_status(scope);
}

static emily_status take_mask(emily_scope *scope, const emily_array_map *map, emily__inputs *in) {
  emily_array *given = emily_array_map_get(map, "attention_mask");
  if (!given) return EMILY_OK;
  EMILY__TRY(check_shape("attention_mask", given, in->batch, in->length));
  in->mask = emily_astype(scope, given, EMILY_BOOL);
  return in->mask ? EMILY_OK : emily_scope_status(scope);
}

emily_status emily__inputs_take(emily_scope *scope, const emily_array_map *map, uint32_t accepted,
                                const emily__model_sizes *sizes, emily__inputs *out) {
  emily__inputs in = {0};
  EMILY__TRY(check_names(map, accepted));
  emily_array *ids = emily_array_map_get(map, "input_ids");
  if (!ids) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"input_ids\" is missing");
  EMILY__TRY(check_shape("input_ids", ids, emily_array_dim(ids, 0), emily_array_dim(ids, 1)));
  in.batch = emily_array_dim(ids, 0), in.length = emily_array_dim(ids, 1);
  if (in.batch < 1 || in.length < 1)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"input_ids\" is empty: [%lld, %lld]", (long long)in.batch,
                       (long long)in.length);
  if (sizes->positions && !emily_array_map_get(map, "position_ids") && in.length > sizes->positions)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"input_ids\" has %lld tokens a row; max_position_embeddings is %lld",
                       (long long)in.length, (long long)sizes->positions);
  EMILY__TRY(take_ids(scope, map, "input_ids", sizes->vocab, "vocab_size", &in, &in.ids));
  EMILY__TRY(take_ids(scope, map, "token_type_ids", sizes->types, "type_vocab_size", &in, &in.types));
  EMILY__TRY(take_ids(scope, map, "position_ids", sizes->positions ? sizes->positions : INT32_MAX,
                      "the limit (max_position_embeddings)", &in, &in.positions));
  EMILY__TRY(take_mask(scope, map, &in));
  *out = in;
  return EMILY_OK;
}

emily_status emily__largest_value(emily_array *array, int64_t *out) {
  void *block = NULL;
  EMILY__TRY(read_values(array, &block));
  const int32_t *values = block;
  *out = 0;
  for (int64_t i = 0; i < emily_array_size(array); i++)
    if (values[i] > *out) *out = values[i];
  emily__free(block);
  return EMILY_OK;
}
