/* emily/files.h: arrays in the files of NumPy. Safetensors: emily/array_map.h.
 *
 * Files appear whole, replacing what was there, or not at all. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT and EMILY_UNSUPPORTED (a
 * dtype that one side lacks) come with a message that names the file. bfloat16 is kept as two raw bytes (NumPy's kind V), as MLX does. */
#ifndef EMILY_FILES_H
#define EMILY_FILES_H

#include "emily/array_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The array of an .npy file, versions 1 to 3 of the format. It points into the mapped file where its bytes are aligned and little-endian.
 * The caller owns it. */
EMILY_API emily_status emily_npy_load(const char *path, emily_array **out);
/* Evaluate an array and write it, row-major. */
EMILY_API emily_status emily_npy_save(const char *path, emily_array *array);

/* All arrays of an .npz file (a zip of .npy files), named without ".npy", stored or deflated. The caller owns the map. */
EMILY_API emily_status emily_npz_load(const char *path, emily_array_map **out);
/* Evaluate the arrays and write them as an .npz file; compressed: deflated. */
EMILY_API emily_status emily_npz_save(const char *path, const emily_array_map *map, bool compressed);

#ifdef __cplusplus
}
#endif
#endif
