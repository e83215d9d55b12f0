/* emily/gguf.h: GGUF files: tensors of llama.cpp and ggml, with metadata, read and written.
 *
 * Opening maps a file and checks all of its head: what is malformed is EMILY_BAD_FORMAT, versions other than 2 and 3, big-endian files and
 * unknown types are EMILY_UNSUPPORTED. Arrays are those that MLX makes of a file:
 *
 *     F32 F16 BF16 F64 I8 I16 I32 I64       their own dtype, in the mapped file where its bytes are aligned
 *     Q4_0 Q4_1 Q8_0                        packed for emily_dequantize, mode "affine", groups of 32: weight, scales, biases
 *     Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K     dequantized to float16
 *
 * Other types are listed, and refused by name when their array is asked for. A file may be used from several threads at once.
 */
#ifndef EMILY_GGUF_H
#define EMILY_GGUF_H

#include "emily/array_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a value of the metadata is; the numbers are the file's. */
typedef int32_t emily_gguf_kind;
enum {
  EMILY_GGUF_UINT8 = 0,
  EMILY_GGUF_INT8 = 1,
  EMILY_GGUF_UINT16 = 2,
  EMILY_GGUF_INT16 = 3,
  EMILY_GGUF_UINT32 = 4,
  EMILY_GGUF_INT32 = 5,
  EMILY_GGUF_FLOAT32 = 6,
  EMILY_GGUF_BOOL = 7,
  EMILY_GGUF_STRING = 8,
  EMILY_GGUF_ARRAY = 9,
  EMILY_GGUF_UINT64 = 10,
  EMILY_GGUF_INT64 = 11,
  EMILY_GGUF_FLOAT64 = 12
};

typedef struct emily_gguf emily_gguf;

/* Open a file. EMILY_NOT_FOUND, EMILY_IO_ERROR, EMILY_BAD_FORMAT, EMILY_UNSUPPORTED. The caller owns it. */
EMILY_API emily_status emily_gguf_open(const char *path, emily_gguf **out);
/* Arrays of it stay valid. NULL does nothing. */
EMILY_API void emily_gguf_close(emily_gguf *file);

/* ---- metadata ---- */

/* Values 0 … count-1, in the order of the file. Out of range: NULL, -1, 0. Strings are valid as long as the file is open. */
EMILY_API size_t emily_gguf_metadata_count(const emily_gguf *file);
EMILY_API const char *emily_gguf_metadata_key(const emily_gguf *file, size_t index);
EMILY_API emily_gguf_kind emily_gguf_metadata_kind(const emily_gguf *file, size_t index);
/* What an array is of, and how many; of another value its kind, and 1. */
EMILY_API emily_gguf_kind emily_gguf_metadata_item_kind(const emily_gguf *file, size_t index);
EMILY_API uint64_t emily_gguf_metadata_length(const emily_gguf *file, size_t index);

/* The index of a key. EMILY_NOT_FOUND. Logarithmic. */
EMILY_API emily_status emily_gguf_metadata_find(const emily_gguf *file, const char *key, size_t *out);

/* A string, or string `item` of an array of them; NULL where it is none. It ends with NUL and may hold others, and bytes that are not
 * UTF-8: length (may be NULL) tells its bytes. */
EMILY_API const char *emily_gguf_metadata_text(const emily_gguf *file, size_t index, uint64_t item, size_t *length);

/* Numbers and bools as an array of their dtype: 0-d, or 1-d of an array. EMILY_UNSUPPORTED of strings and of arrays of arrays. The caller
 * owns it. */
EMILY_API emily_status emily_gguf_metadata_array(const emily_gguf *file, size_t index, emily_array **out);

/* ---- tensors ---- */

/* Tensors 0 … count-1, in the order of the file. Out of range: NULL, -1, 0. The shape is row-major: the file's extents reversed. */
EMILY_API size_t emily_gguf_count(const emily_gguf *file);
EMILY_API const char *emily_gguf_name(const emily_gguf *file, size_t index);
EMILY_API int32_t emily_gguf_ndim(const emily_gguf *file, size_t index);
EMILY_API const int64_t *emily_gguf_shape(const emily_gguf *file, size_t index);
EMILY_API const char *emily_gguf_type_name(const emily_gguf *file, size_t index); /* "Q4_K" */
EMILY_API uint64_t emily_gguf_nbytes(const emily_gguf *file, size_t index);       /* in the file */

/* The index of a tensor's name. EMILY_NOT_FOUND. Logarithmic. */
EMILY_API emily_status emily_gguf_find(const emily_gguf *file, const char *name, size_t *out);

/* The tensor: out[0] its array, or, of Q4_0, Q4_1 and Q8_0, the packed weight (uint32 [..., elements * bits / 32]), out[1] scales and
 * out[2] biases (float16 [..., elements / 32]); else those are NULL. EMILY_UNSUPPORTED: a type that emily does not dequantize. The caller
 * owns them. */
EMILY_API emily_status emily_gguf_array(const emily_gguf *file, size_t index, emily_array *out[3]);

/* The tensor as it stands in the file, without a copy where its bytes are aligned: of plain types an array of their dtype, of types in
 * blocks (Q8_0, Q4_K, …, also those that emily does not dequantize) the bytes of the blocks, uint8 [..., bytes of a row], which
 * emily_block_matmul and emily_block_dequantize take with the type's name. The caller owns it. */
EMILY_API emily_status emily_gguf_blocks(const emily_gguf *file, size_t index, emily_array **out);

/* ---- whole files ---- */

/* All arrays of a file by name; scales and biases of "x.weight" are "x.scales" and "x.biases". The caller owns the map. */
EMILY_API emily_status emily_gguf_load(const char *path, emily_array_map **out);

/* The arrays of an open file. */
EMILY_API emily_status emily_gguf_arrays(const emily_gguf *file, emily_array_map **out);

/* A value of metadata to write: numbers (an array of 0 or 1 axes, of integers, float32, float64 or bools), or texts. */
typedef struct emily_gguf_pair {
  const char *key;
  emily_array *numbers;      /* NULL: the texts are the value */
  const char *const *texts;
  int64_t text_count;        /* -1: one string; else an array of so many */
} emily_gguf_pair;

/* Evaluate the arrays and write them, as version 3; the file appears whole, replacing one that is there, or not at all. Dtypes float32,
 * float16, bfloat16, float64 and the signed integers, up to 8 axes; others are EMILY_UNSUPPORTED: cast them. "general.alignment" in the
 * metadata is respected. */
EMILY_API emily_status emily_gguf_save(const char *path, const emily_array_map *map, const emily_gguf_pair *metadata,
                                       size_t metadata_count);

#ifdef __cplusplus
}
#endif
#endif
