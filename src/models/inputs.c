/* inputs.c: see inputs.h. */
#include "models/inputs.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

static const char WHERE[] = "emily_model_forward";

/* How an input is checked. Ids and floats must be there where the family takes them, the rest may be. */
typedef enum kind { KIND_IDS, KIND_OF_TOKENS, KIND_FLOATS } kind;

/* A row an input, in the order of the EMILY__INPUT_… bits. */
static const struct row {
  const char *name;
  kind kind;
  int32_t ndim;
  const char *room; /* of ids: the config's key that says how many a row may have */
  size_t offset;    /* of floats: where the array goes */
} table[EMILY__INPUT_COUNT] = {
    {"input_ids", KIND_IDS, 2, "max_position_embeddings", 0},
    {"attention_mask", KIND_OF_TOKENS, 2, NULL, 0},
    {"token_type_ids", KIND_OF_TOKENS, 2, NULL, 0},
    {"position_ids", KIND_OF_TOKENS, 2, NULL, 0},
    {"input_features", KIND_FLOATS, 3, NULL, offsetof(emily__inputs, features)},
    {"decoder_input_ids", KIND_IDS, 2, "max_target_positions", 0},
    {"pixel_values", KIND_FLOATS, 4, NULL, offsetof(emily__inputs, pixels)},
};

static int index_of(const char *name) {
  for (int i = 0; i < EMILY__INPUT_COUNT; i++)
    if (strcmp(table[i].name, name) == 0) return i;
  return -1;
}

static emily_status not_taken(const char *name, uint32_t accepted) {
  char list[128] = "";
  for (int i = 0; i < EMILY__INPUT_COUNT; i++) {
    if (!(accepted & (1u << i))) continue;
    if (list[0]) strcat(list, ", ");
    strcat(list, table[i].name);
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

/* name must be integers (or bools) [B, T], as `ids` are. */
static emily_status check_shape(const char *name, const emily_array *array, const char *ids, int64_t batch, int64_t length) {
  emily_dtype dtype = emily_array_dtype(array);
  if (!emily_dtype_is_integer(dtype) && dtype != EMILY_BOOL)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is %s; int32 or int64 is needed", name,
                       emily_dtype_name(dtype));
  if (emily_array_ndim(array) != 2)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" has %d axes; [batch, length] is needed", name,
                       (int)emily_array_ndim(array));
  int64_t b = emily_array_dim(array, 0), t = emily_array_dim(array, 1);
  if (b == batch && t == length) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is [%lld, %lld] and %s [%lld, %lld]", name,
                     (long long)b, (long long)t, ids, (long long)batch, (long long)length);
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
  EMILY__TRY(check_shape(name, given, "input_ids", in->batch, in->length));
  if (limit > 0 && emily_array_is_evaluated(given)) EMILY__TRY(check_values(scope, name, given, limit, limit_name));
  *out = emily_astype(scope, given, EMILY_INT32);
  return *out ? EMILY_OK : emily_scope_status(scope);
}

static emily_status take_mask(emily_scope *scope, const emily_array_map *map, emily__inputs *in) {
  emily_array *given = emily_array_map_get(map, "attention_mask");
  if (!given) return EMILY_OK;
  EMILY__TRY(check_shape("attention_mask", given, "input_ids", in->batch, in->length));
  in->mask = emily_astype(scope, given, EMILY_BOOL);
  return in->mask ? EMILY_OK : emily_scope_status(scope);
}

/* The tokens, which say what batch and length are; then what is said of each of them. */
static emily_status take_tokens(emily_scope *scope, const emily_array_map *map, const struct row *row,
                                const emily__model_sizes *sizes, emily__inputs *in) {
  emily_array *ids = emily_array_map_get(map, row->name);
  if (!ids) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is missing", row->name);
  in->batch = emily_array_dim(ids, 0), in->length = emily_array_dim(ids, 1);
  EMILY__TRY(check_shape(row->name, ids, row->name, in->batch, in->length));
  if (in->batch < 1 || in->length < 1)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is empty: [%lld, %lld]", row->name, (long long)in->batch,
                       (long long)in->length);
  int64_t most = sizes->context ? sizes->context : sizes->positions;
  if (sizes->positions && !emily_array_map_get(map, "position_ids") && in->length > most)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" has %lld tokens a row; the most is %lld (%s is %lld)", row->name,
                       (long long)in->length, (long long)most, row->room, (long long)sizes->positions);
  EMILY__TRY(take_ids(scope, map, row->name, sizes->vocab, "vocab_size", in, &in->ids));
  EMILY__TRY(take_ids(scope, map, "token_type_ids", sizes->types, "type_vocab_size", in, &in->types));
  EMILY__TRY(take_ids(scope, map, "position_ids", sizes->positions ? sizes->positions : INT32_MAX,
                      "the limit (max_position_embeddings)", in, &in->positions));
  return take_mask(scope, map, in);
}

/* "[batch, 80, 3000]" */
static void write_extents(char *out, size_t room, const int64_t *extents, int32_t count) {
  size_t used = (size_t)snprintf(out, room, "[batch");
  for (int32_t i = 0; i < count; i++)
    used += (size_t)(extents[i] ? snprintf(out + used, room - used, ", %lld", (long long)extents[i])
                                : snprintf(out + used, room - used, ", any"));
  snprintf(out + used, room - used, "]");
}

/* The shape must be the one that the config asks for, and the rows as many as those of the tokens, where there are some. */
static emily_status check_floats(const struct row *row, const emily_array *array, const emily__model_sizes *sizes,
                                 const emily__inputs *in) {
  char wanted[128];
  bool fits = emily_array_ndim(array) == row->ndim && emily_array_dim(array, 0) > 0;
  for (int32_t i = 1; fits && i < row->ndim; i++) {
    int64_t extent = sizes->extents[i - 1], found = emily_array_dim(array, i);
    fits = extent ? found == extent : found > 0;
  }
  if (!emily_dtype_is_float(emily_array_dtype(array)))
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is %s; floats are needed", row->name,
                       emily_dtype_name(emily_array_dtype(array)));
  write_extents(wanted, sizeof wanted, sizes->extents, row->ndim - 1);
  if (!fits)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" has not the shape that the model takes, %s", row->name,
                       wanted);
  if (in->batch && emily_array_dim(array, 0) != in->batch)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" has %lld rows and the token ids %lld", row->name,
                       (long long)emily_array_dim(array, 0), (long long)in->batch);
  return EMILY_OK;
}

static emily_status take_floats(emily_scope *scope, const emily_array_map *map, const struct row *row,
                                const emily__model_sizes *sizes, emily__inputs *in) {
  emily_array *given = emily_array_map_get(map, row->name);
  if (!given) return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "\"%s\" is missing", row->name);
  EMILY__TRY(check_floats(row, given, sizes, in));
  emily_array **place = (emily_array **)(void *)((char *)in + row->offset);
  in->batch = emily_array_dim(given, 0);
  *place = emily_astype(scope, given, EMILY_FLOAT32);
  return *place ? EMILY_OK : emily_scope_status(scope);
}

emily_status emily__inputs_take(emily_scope *scope, const emily_array_map *map, uint32_t accepted,
                                const emily__model_sizes *sizes, emily__inputs *out) {
  emily__inputs in = {0};
  EMILY__TRY(check_names(map, accepted));
  for (int i = 0; i < EMILY__INPUT_COUNT; i++)
    if (accepted & (1u << i) && table[i].kind == KIND_IDS) EMILY__TRY(take_tokens(scope, map, &table[i], sizes, &in));
  for (int i = 0; i < EMILY__INPUT_COUNT; i++)
    if (accepted & (1u << i) && table[i].kind == KIND_FLOATS) EMILY__TRY(take_floats(scope, map, &table[i], sizes, &in));
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
