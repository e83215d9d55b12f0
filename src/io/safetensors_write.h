/* safetensors_write.h: writing a safetensors file of known tensors, their data streamed.
 *
 *     emily__st_writer *writer;
 *     EMILY__TRY(emily__st_writer_open(path, tensors, count, metadata, pairs, &writer));
 *     for each tensor, in order: emily__st_writer_put(writer, bytes, size)      in pieces as you like
 *     return emily__st_writer_commit(writer);
 *
 * Keys and data stand in the order given; put wide dtypes first and every tensor stays aligned. The header is padded
 * with spaces so that the data begin at a multiple of 8. The file appears whole or not at all (replace.h).
 */
#ifndef EMILY_IO_SAFETENSORS_WRITE_H
#define EMILY_IO_SAFETENSORS_WRITE_H

#include "emily/dtype.h"

typedef struct emily__st_tensor {
  const char *name; /* UTF-8; each its own */
  emily_dtype dtype;
  int32_t rank;
  const int64_t *shape;
} emily__st_tensor;

typedef struct emily__st_writer emily__st_writer;

/* metadata: 2 * pairs strings, key, value, …. Nothing given is needed after the call. */
emily_status emily__st_writer_open(const char *path, const emily__st_tensor *tensors, size_t count,
                                   const char *const *metadata, size_t pairs, emily__st_writer **out);

/* The next bytes. A failure leaves the writer open: abort it. */
emily_status emily__st_writer_put(emily__st_writer *writer, const void *bytes, size_t count);

/* Finish and release: EMILY_INVALID_ARGUMENT (and no file) where fewer bytes came than the tensors take. */
emily_status emily__st_writer_commit(emily__st_writer *writer);
void emily__st_writer_abort(emily__st_writer *writer); /* release, and no file; NULL does nothing */

#endif
