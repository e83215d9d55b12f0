/* array_map.c: see emily/array_map.h. Entries stand in a list; a table with open addressing, at most half full, finds
 * them by name (FNV-1a). */
#include "emily/array_map.h"

#include "base/status.h"
#include "base/vec.h"

#include <string.h>

typedef struct entry {
  char *name;
  emily_array *array;
} entry;

struct emily_array_map {
  EMILY__VEC(entry) entries;
  uint32_t *slots;   /* index + 1 of an entry; 0: free */
  size_t slot_count; /* a power of two, or 0 */
};

static uint64_t hash(const char *name) {
  uint64_t h = 0xCBF29CE484222325u;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 0x100000001B3u;
  return h ^ h >> 32;
}

/* The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const emily_array_map *map, const char *name) {
  size_t mask = map->slot_count - 1, slot = (size_t)hash(name) & mask;
  while (map->slots[slot] && strcmp(map->entries.data[map->slots[slot] - 1].name, name) != 0)
    slot = (slot + 1) & mask;
  return slot;
}

static bool grow_table(emily_array_map *map) {
  size_t count = map->slot_count ? 2 * map->slot_count : 16;
  uint32_t *slots = emily__calloc(count, sizeof *slots);
  if (!slots) return false;
  emily__free(map->slots);
  map->slots = slots;
  map->slot_count = count;
  for (size_t i = 0; i < map->entries.count; i++)
    map->slots[find_slot(map, map->entries.data[i].name)] = (uint32_t)(i + 1);
  return true;
}

emily_array_map *emily_array_map_new(void) {
  emily_array_map *map = emily__calloc(1, sizeof *map);
  if (map && grow_table(map)) return map;
  emily__free(map);
  return NULL;
}

void emily_array_map_release(emily_array_map *map) {
  if (!map) return;
  for (size_t i = 0; i < map->entries.count; i++) {
    emily__free(map->entries.data[i].name);
    emily_array_release(map->entries.data[i].array);
  }
  emily__vec_free(&map->entries);
  emily__free(map->slots);
  emily__free(map);
}

static emily_status append(emily_array_map *map, const char *name, emily_array *array) {
  if (map->entries.count >= UINT32_MAX - 1) return emily__fail_memory("emily_array_map_set", SIZE_MAX, 0);
  if (2 * (map->entries.count + 1) > map->slot_count && !grow_table(map)) return EMILY_OUT_OF_MEMORY;
  char *kept = emily__strdup(name);
  if (!kept) return EMILY_OUT_OF_MEMORY;
  size_t slot = find_slot(map, name);
  if (!emily__vec_push(&map->entries, ((entry){kept, array}))) {
    emily__free(kept);
    return EMILY_OUT_OF_MEMORY;
  }
  map->slots[slot] = (uint32_t)map->entries.count;
  emily_array_retain(array);
  return EMILY_OK;
}

emily_status emily_array_map_set(emily_array_map *map, const char *name, emily_array *array) {
  if (!map || !name || !array)
    return emily__fail(EMILY_INVALID_ARGUMENT, "emily_array_map_set", "the map, the name or the array is NULL");
  uint32_t found = map->slots[find_slot(map, name)];
  if (!found) return append(map, name, array);
  emily_array **held = &map->entries.data[found - 1].array, *before = *held;
  *held = emily_array_retain(array); /* first: it may be the same */
  emily_array_release(before);
  return EMILY_OK;
}

emily_array *emily_array_map_get(const emily_array_map *map, const char *name) {
  uint32_t found = map && name ? map->slots[find_slot(map, name)] : 0;
  return found ? map->entries.data[found - 1].array : NULL;
}

size_t emily_array_map_count(const emily_array_map *map) { return map ? map->entries.count : 0; }

const char *emily_array_map_name(const emily_array_map *map, size_t index) {
  return index < emily_array_map_count(map) ? map->entries.data[index].name : NULL;
}

emily_array *emily_array_map_at(const emily_array_map *map, size_t index) {
  return index < emily_array_map_count(map) ? map->entries.data[index].array : NULL;
}
