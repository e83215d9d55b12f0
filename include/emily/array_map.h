/* emily/array_map.h: arrays by name, and the safetensors files that hold them. */
#ifndef EMILY_ARRAY_MAP_H
#define EMILY_ARRAY_MAP_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A map from names to arrays that keeps the order in which names were first set. Used by one thread at a time. */
typedef struct emily_array_map emily_array_map;

EMILY_API emily_array_map *emily_array_map_new(void);         /* empty; NULL when memory is out */
EMILY_API void emily_array_map_release(emily_array_map *map); /* and its references; NULL does nothing */

/* The map takes its own reference to the array, and gives back the one it had under that name. */
EMILY_API emily_status emily_array_map_set(emily_array_map *map, const char *name, emily_array *array);

/* Borrowed: valid as long as the map holds it. NULL where there is none. */
EMILY_API emily_array *emily_array_map_get(const emily_array_map *map, const char *name);

/* Entries 0 … count-1 in their order; NULL out of range. */
EMILY_API size_t emily_array_map_count(const emily_array_map *map);
EMILY_API const char *emily_array_map_name(const emily_array_map *map, size_t index);
EMILY_API emily_array *emily_array_map_at(const emily_array_map *map, size_t index); /* borrowed */

/* All tensors of a safetensors file. The arrays point into the mapped file where their bytes are aligned. The errors
 * of emily_checkpoint_open and emily_checkpoint_get. The caller owns the map. */
EMILY_API emily_status emily_safetensors_load(const char *path, emily_array_map **out);

/* Evaluate the arrays and write them; the file appears whole, replacing one that is there, or not at all. Wide dtypes
 * come first, so that every tensor is aligned. metadata: key, value, key, value, …, NULL; or NULL for none. */
EMILY_API emily_status emily_safetensors_save(const char *path, const emily_array_map *map,
                                              const char *const *metadata);

#ifdef __cplusplus
}
#endif
#endif
