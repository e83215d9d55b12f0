/* npy.h: NumPy's array files: a magic, a version, a header that is a Python dict, the data (NEP 1, versions 1.0 to 3.0).
 *
 * bfloat16 is written as MLX does, as the raw kind V of two bytes, and read back from it. */
#ifndef EMILY_IO_NPY_H
#define EMILY_IO_NPY_H

#include "base/vec.h"
#include "emily/array.h"
#include "io/file.h"

typedef struct emily__npy {
  emily_dtype dtype;
  bool swapped; /* big-endian */
  bool fortran; /* the first axis runs fastest */
  int32_t ndim;
  int64_t shape[EMILY_MAX_NDIM];
  size_t offset, bytes; /* of the data, from the start of the file */
} emily__npy;

/* Read and check the header of a file of `size` bytes, of which data holds the first `there` ones. EMILY_BAD_FORMAT, EMILY_UNSUPPORTED (a
 * dtype that emily lacks). `path` is for messages. */
emily_status emily__npy_parse(const uint8_t *data, size_t there, size_t size, const char *path, emily__npy *out);

/* The array of a file in memory. With a map the array reads it in place where it can, and holds it. The caller owns *out. */
emily_status emily__npy_array(const emily__npy *npy, const uint8_t *file, emily__file_map *map, const char *path, emily_array **out);

/* Append magic, version and header for a row-major array, so that the data behind it are aligned to 64 bytes. */
emily_status emily__npy_header(const emily_array *array, emily__str *out);

#endif
