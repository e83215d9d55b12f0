/* tensor_array.c: see tensor_array.h. */
#include "io/tensor_array.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors data are little-endian and are used in place: this host would need to swap them"
#endif

static emily_status check_bools(const emily__safetensors *file, const emily__st_entry *entry) {
  uint8_t all = 0;
  for (uint64_t i = 0; i < entry->bytes; i++) all |= file->data[entry->offset + i];
  if (all <= 1) return EMILY_OK;
  return emily__fail(EMILY_BAD_FORMAT, "safetensors", "%s: tensor '%.200s' has a bool that is neither 0 nor 1",
                     file->path, entry->name);
}

static void release_map(void *map) { emily__file_map_release(map); }

static emily_array *wrap(const emily__safetensors *file, const emily__st_entry *entry) {
  emily__file_map *map = emily__file_map_retain(file->map);
  emily_array *array =
      emily_array_wrap(file->data + entry->offset, entry->shape, entry->rank, entry->dtype->dtype, release_map, map);
  if (!array) emily__file_map_release(map);
  return array;
}

emily_status emily__st_array(const emily__safetensors *file, const emily__st_entry *entry, emily_array **out) {
  if (entry->dtype->dtype < 0)
    return emily__fail(
        EMILY_UNSUPPORTED, "safetensors",
        "%s: tensor '%.200s' has the dtype %s, which emily cannot compute with; convert it to BF16 first", file->path,
        entry->name, entry->dtype->name);
  if (entry->dtype->dtype == EMILY_BOOL) EMILY__TRY(check_bools(file, entry));
  emily_array *array =
      file->map && emily__st_aligned(entry)
          ? wrap(file, entry)
          : emily_array_from_data(file->data + entry->offset, entry->shape, entry->rank, entry->dtype->dtype);
  if (!array) return emily__fail_context("%s: tensor '%.200s'", file->path, entry->name);
  *out = array;
  return EMILY_OK;
}
