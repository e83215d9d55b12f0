/* emily/checkpoint.h: the weights of a model, in a folder as Hugging Face lays it out, or in a GGUF file.
 *
 * A folder holds model.safetensors, or model.safetensors.index.json and the files (shards) that it names. Opening
 * maps the files and checks their headers; weights are not read, and an array of one points into the file: loading
 * costs no memory of the process's own, and dtypes stay as they are in the file. While a file is mapped no other
 * program may shorten it (replacing it is safe): the system would answer with SIGBUS.
 *
 *     emily_checkpoint *checkpoint;
 *     emily_status status = emily_checkpoint_open("MiniLM", &checkpoint);
 *     emily_array *w;
 *     if (!status) status = emily_checkpoint_get(checkpoint, "embeddings.word_embeddings.weight", &w);
 *     …
 *     emily_checkpoint_release(checkpoint);      // w stays valid until it is released
 *
 * A GGUF file (or a folder that holds one model as GGUF; split files are one checkpoint) is a checkpoint too. Its tensors have the
 * names that a Hugging Face checkpoint has for them, where emily knows the architecture, and else the file's. Types in blocks (Q4_K)
 * are no dtypes of emily's: their shape is that of the elements, their array the bytes of the blocks (emily_gguf_blocks).
 *
 * A checkpoint may be used from several threads at once.
 */
#ifndef EMILY_CHECKPOINT_H
#define EMILY_CHECKPOINT_H

#include "emily/array.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct emily_checkpoint emily_checkpoint;

/* Open a folder, or a single .safetensors or GGUF file. EMILY_NOT_FOUND (no such folder, no weights in it, a shard that is
 * not there), EMILY_IO_ERROR, EMILY_BAD_FORMAT (a file that breaks its format, a shard without a tensor that the
 * index promises), EMILY_UNSUPPORTED (PyTorch's pickled weights alone, unknown dtypes). The caller owns one
 * reference. */
EMILY_API emily_status emily_checkpoint_open(const char *path, emily_checkpoint **out);
EMILY_API emily_checkpoint *emily_checkpoint_retain(emily_checkpoint *checkpoint);
EMILY_API void emily_checkpoint_release(emily_checkpoint *checkpoint); /* NULL does nothing */

/* Tensors 0 … count-1 stand in the byte order of their names. Out of range: NULL, -1, 0 or false. Strings and shapes
 * are valid as long as the checkpoint. */
EMILY_API size_t emily_checkpoint_count(const emily_checkpoint *checkpoint);
EMILY_API const char *emily_checkpoint_name(const emily_checkpoint *checkpoint, size_t index);
EMILY_API int32_t emily_checkpoint_ndim(const emily_checkpoint *checkpoint, size_t index);
EMILY_API const int64_t *emily_checkpoint_shape(const emily_checkpoint *checkpoint, size_t index);
EMILY_API uint64_t emily_checkpoint_nbytes(const emily_checkpoint *checkpoint, size_t index);

/* As the file spells it ("BF16"), and as emily's (-1 where it is not one of those: the 8-bit floats, GGUF's types in blocks). */
EMILY_API const char *emily_checkpoint_dtype_name(const emily_checkpoint *checkpoint, size_t index);
EMILY_API emily_dtype emily_checkpoint_dtype(const emily_checkpoint *checkpoint, size_t index);

/* The path of the file that the tensor lies in. */
EMILY_API const char *emily_checkpoint_file(const emily_checkpoint *checkpoint, size_t index);

/* The index of a name. EMILY_NOT_FOUND names tensor and checkpoint. Logarithmic. */
EMILY_API emily_status emily_checkpoint_find(const emily_checkpoint *checkpoint, const char *name, size_t *out);

/* The tensor as an array, and mark it used. It points into the file, except where its bytes are not aligned to the
 * element: that tensor is copied. EMILY_NOT_FOUND, EMILY_UNSUPPORTED (an 8-bit float), EMILY_BAD_FORMAT (a bool that
 * is neither 0 nor 1). The caller owns the array. */
EMILY_API emily_status emily_checkpoint_get(emily_checkpoint *checkpoint, const char *name, emily_array **out);

/* Whether a tensor was asked for with emily_checkpoint_get: what stays unused tells of a wrong config. */
EMILY_API bool emily_checkpoint_used(const emily_checkpoint *checkpoint, size_t index);

/* Tensors that lie in a shard and that the index does not place there: they cannot be asked for. */
EMILY_API size_t emily_checkpoint_unlisted_count(const emily_checkpoint *checkpoint);
EMILY_API const char *emily_checkpoint_unlisted_name(const emily_checkpoint *checkpoint, size_t index);

/* What a file's header says under __metadata__ ("format": "pt"); the first file that has the key. Of a GGUF file, a text of its
 * metadata. NULL where none. */
EMILY_API const char *emily_checkpoint_metadata(const emily_checkpoint *checkpoint, const char *key);

#ifdef __cplusplus
}
#endif
#endif
