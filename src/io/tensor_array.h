/* tensor_array.h: a tensor of a safetensors file as an array. */
#ifndef EMILY_IO_TENSOR_ARRAY_H
#define EMILY_IO_TENSOR_ARRAY_H

#include "emily/array.h"
#include "io/safetensors.h"

/* The array reads the mapped file, and holds it, where the bytes are aligned to the element; else (and for a file
 * that was parsed from memory) it is a copy. EMILY_UNSUPPORTED for dtypes that emily lacks, EMILY_BAD_FORMAT for
 * bools that are neither 0 nor 1 (kernels take them for what C calls a bool). The caller owns *out. */
emily_status emily__st_array(const emily__safetensors *file, const emily__st_entry *entry, emily_array **out);

#endif
