/* safetensors_write.c: see safetensors_write.h. The header is made whole in memory, since it names every offset. */
#include "io/safetensors_write.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "io/replace.h"
#include "io/safetensors.h"

#include <string.h>

static const char WHERE[] = "safetensors";

struct emily__st_writer {
  emily__replacement file;
  uint64_t expected, put; /* bytes of data */
};

/* A JSON string. What JSON must have escaped is; all else stays as it is. */
static bool put_string(emily__str *out, const char *text) {
  bool ok = emily__str_puts(out, "\"");
  for (const char *p = text; ok && *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '"' || c == '\\') ok = emily__str_printf(out, "\\%c", c);
    else if (c < 0x20) ok = emily__str_printf(out, "\\u%04x", c);
    else ok = emily__str_append(out, p, 1);
  }
  return ok && emily__str_puts(out, "\"");
}

static emily_status check_text(const char *text) {
  if (emily__utf8_valid(text, strlen(text))) return EMILY_OK;
  return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "a name or a piece of metadata is not UTF-8");
}

static emily_status put_metadata(emily__str *out, const char *const *metadata, size_t pairs) {
  if (!emily__str_puts(out, "\"__metadata__\":{")) return EMILY_OUT_OF_MEMORY;
  for (size_t i = 0; i < 2 * pairs; i++) {
    EMILY__TRY(check_text(metadata[i]));
    if (!put_string(out, metadata[i])) return EMILY_OUT_OF_MEMORY;
    const char *after = i % 2 == 0 ? ":" : i + 1 < 2 * pairs ? "," : "}";
    if (!emily__str_puts(out, after)) return EMILY_OUT_OF_MEMORY;
  }
  return EMILY_OK;
}

/* Bytes of the tensor; negative dimensions and products that wrap are refused. */
static emily_status tensor_bytes(const emily__st_tensor *tensor, const emily__st_dtype *dtype, int64_t *out) {
  int64_t bytes = dtype->size;
  for (int32_t i = 0; i < tensor->rank; i++)
    if (!emily__mul_i64(bytes, tensor->shape[i], &bytes))
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "tensor '%.200s': its shape makes no size", tensor->name);
  *out = bytes;
  return EMILY_OK;
}

static emily_status put_tensor(emily__str *out, const emily__st_tensor *tensor, uint64_t *offset) {
  const emily__st_dtype *dtype = emily__st_dtype_of(tensor->dtype);
  int64_t bytes = 0;
  if (!dtype || strcmp(tensor->name, "__metadata__") == 0)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "tensor '%.200s' cannot be written: its %s", tensor->name,
                       dtype ? "name is kept for metadata" : "dtype is none of the format's");
  EMILY__TRY(check_text(tensor->name));
  EMILY__TRY(tensor_bytes(tensor, dtype, &bytes));
  bool ok = put_string(out, tensor->name) && emily__str_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtype->name);
  for (int32_t i = 0; ok && i < tensor->rank; i++)
    ok = emily__str_printf(out, "%s%lld", i ? "," : "", (long long)tensor->shape[i]);
  uint64_t end = *offset + (uint64_t)bytes;
  ok = ok && emily__str_printf(out, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)*offset,
                               (unsigned long long)end);
  *offset = end;
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

/* The header with its padding, and the bytes of data that it promises. */
static emily_status make_header(emily__str *out, const emily__st_tensor *tensors, size_t count,
                                const char *const *metadata, size_t pairs, uint64_t *bytes) {
  *bytes = 0;
  if (!emily__str_puts(out, "{")) return EMILY_OUT_OF_MEMORY;
  if (pairs > 0) EMILY__TRY(put_metadata(out, metadata, pairs));
  for (size_t i = 0; i < count; i++) {
    if ((i > 0 || pairs > 0) && !emily__str_puts(out, ",")) return EMILY_OUT_OF_MEMORY;
    EMILY__TRY(put_tensor(out, &tensors[i], bytes));
    if (*bytes > INT64_MAX)
      return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "the tensors' sizes do not fit 63 bits");
  }
  bool ok = emily__str_puts(out, "}");
  while (ok && out->count % 8 != 0) ok = emily__str_puts(out, " ");
  if (ok && out->count > EMILY__ST_HEADER_MAX)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "the header would have %zu bytes, more than the format's %d",
                       out->count, EMILY__ST_HEADER_MAX);
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}

static emily_status begin_file(emily__st_writer *writer, const char *path, const emily__str *header) {
  uint8_t length[8];
  for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)header->count >> 8 * i);
  EMILY__TRY(emily__replace_begin(path, &writer->file));
  emily_status status = emily__replace_write(&writer->file, length, sizeof length);
  if (status == EMILY_OK) status = emily__replace_write(&writer->file, header->data, header->count);
  if (status != EMILY_OK) emily__replace_abort(&writer->file);
  return status;
}

emily_status emily__st_writer_open(const char *path, const emily__st_tensor *tensors, size_t count,
                                   const char *const *metadata, size_t pairs, emily__st_writer **out) {
  emily__str header = {0};
  emily__st_writer *writer = emily__calloc(1, sizeof *writer);
  if (!writer) return EMILY_OUT_OF_MEMORY;
  emily_status status = make_header(&header, tensors, count, metadata, pairs, &writer->expected);
  if (status == EMILY_OK) status = begin_file(writer, path, &header);
  emily__str_free(&header);
  if (status == EMILY_OK) *out = writer;
  else emily__free(writer);
  return status;
}

emily_status emily__st_writer_put(emily__st_writer *writer, const void *bytes, size_t count) {
  if (count > writer->expected - writer->put)
    return emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s: more data than the tensors of its header take",
                       writer->file.path);
  EMILY__TRY(emily__replace_write(&writer->file, bytes, count));
  writer->put += count;
  return EMILY_OK;
}

emily_status emily__st_writer_commit(emily__st_writer *writer) {
  emily_status status;
  if (writer->put == writer->expected) {
    status = emily__replace_commit(&writer->file);
  } else {
    status = emily__fail(EMILY_INVALID_ARGUMENT, WHERE, "%s: %llu bytes of data came where its tensors take %llu",
                         writer->file.path, (unsigned long long)writer->put, (unsigned long long)writer->expected);
    emily__replace_abort(&writer->file);
  }
  emily__free(writer);
  return status;
}

void emily__st_writer_abort(emily__st_writer *writer) {
  if (!writer) return;
  emily__replace_abort(&writer->file);
  emily__free(writer);
}
