/* npy.c: see npy.h. */
#include "io/npy.h"

#include "dtype/dtype.h"
#include "emily/ops.h"

#include <stdio.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "data are used in place as little-endian: this host would need to swap them"
#endif

static const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* ---- reading: a dict literal with the keys descr, fortran_order and shape, in any order ---- */

typedef struct text {
  const char *at, *end, *path;
} text;

static emily_status bad(const char *path, const char *what) {
  return emily__fail(EMILY_BAD_FORMAT, "npy", "%s is not an .npy file: %s", path, what);
}

static void skip_space(text *t) {
  while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t')) t->at++;
}

static bool take(text *t, char c) {
  skip_space(t);
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

static bool take_word(text *t, const char *word) {
  skip_space(t);
  const size_t n = strlen(word);
  if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
  t->at += n;
  return true;
}

/* A string in either kind of quotes, without escapes, into room. */
static bool take_string(text *t, char *room, size_t capacity) {
  const char quote = take(t, '\'') ? '\'' : take(t, '"') ? '"' : 0;
  size_t n = 0;
  for (; quote && t->at < t->end && *t->at != quote; t->at++) {
    if (n + 1 == capacity || *t->at == '\\') return false;
    room[n++] = *t->at;
  }
  room[n] = '\0';
  return quote && take(t, quote);
}

static bool take_extent(text *t, int64_t *out) {
  skip_space(t);
  if (t->at == t->end || *t->at < '0' || *t->at > '9') return false;
  *out = 0;
  for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
    if (!emily__mul_i64(*out, 10, out) || !emily__add_i64(*out, *t->at - '0', out)) return false;
  if (t->at < t->end && *t->at == 'L') t->at++; /* as Python 2 wrote them */
  return true;
}

static emily_status take_shape(text *t, emily__npy *out) {
  if (!take(t, '(')) return bad(t->path, "its shape is no tuple");
  for (out->ndim = 0; !take(t, ')');) {
    if (out->ndim == EMILY_MAX_NDIM) return bad(t->path, "it has more than 64 axes");
    if (!take_extent(t, &out->shape[out->ndim])) return bad(t->path, "its shape has something that is no extent");
    out->ndim++;
    if (!take(t, ',') && !(skip_space(t), t->at < t->end && *t->at == ')')) return bad(t->path, "its shape does not end");
  }
  return EMILY_OK;
}

static const struct {
  char kind[4];
  emily_dtype dtype;
} kinds[] = {{"b1", EMILY_BOOL},   {"u1", EMILY_UINT8},   {"u2", EMILY_UINT16},  {"u4", EMILY_UINT32},   {"u8", EMILY_UINT64},
             {"i1", EMILY_INT8},   {"i2", EMILY_INT16},   {"i4", EMILY_INT32},   {"i8", EMILY_INT64},    {"f2", EMILY_FLOAT16},
             {"V2", EMILY_BFLOAT16}, {"f4", EMILY_FLOAT32}, {"f8", EMILY_FLOAT64}, {"c8", EMILY_COMPLEX64}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static emily_status read_descr(const char *descr, const char *path, emily__npy *out) {
  const bool order = *descr == '<' || *descr == '>' || *descr == '|' || *descr == '=';
  for (int32_t i = 0; i < KINDS; i++)
    if (!strcmp(descr + order, kinds[i].kind)) {
      out->dtype = kinds[i].dtype;
      out->swapped = *descr == '>' && emily_dtype_size(out->dtype) > 1;
      return EMILY_OK;
    }
  return emily__fail(EMILY_UNSUPPORTED, "npy", "%s holds elements of NumPy's dtype '%s', which emily does not have", path, descr);
}

static emily_status read_dict(text *t, emily__npy *out) {
  char key[16], descr[16];
  uint32_t seen = 0, entry;
  if (!take(t, '{')) return bad(t->path, "its header is no dict");
  for (; !take(t, '}'); seen |= entry) {
    if (!take_string(t, key, sizeof key) || !take(t, ':')) return bad(t->path, "its header has something that is no key");
    if (!strcmp(key, "descr")) {
      entry = 1;
      skip_space(t);
      if (t->at < t->end && *t->at == '[') return emily__fail(EMILY_UNSUPPORTED, "npy", "%s holds records, which emily does not have", t->path);
      if (!take_string(t, descr, sizeof descr)) return bad(t->path, "its dtype is no string");
      EMILY__TRY(read_descr(descr, t->path, out));
    } else if (!strcmp(key, "fortran_order")) {
      entry = 2;
      out->fortran = take_word(t, "True");
      if (!out->fortran && !take_word(t, "False")) return bad(t->path, "its order is neither True nor False");
    } else if (!strcmp(key, "shape")) {
      entry = 4;
      EMILY__TRY(take_shape(t, out));
    } else return bad(t->path, "its header has an unknown key");
    if (seen & entry) return bad(t->path, "its header has a key twice");
    take(t, ',');
  }
  skip_space(t);
  return seen != 7 ? bad(t->path, "its header lacks a key") : t->at != t->end ? bad(t->path, "its header goes on behind the dict") : EMILY_OK;
}

emily_status emily__npy_parse(const uint8_t *data, size_t there, size_t size, const char *path, emily__npy *out) {
  size_t length, start;
  int64_t elements = 1, bytes;
  *out = (emily__npy){0};
  if (there < 12 || memcmp(data, magic, sizeof magic) != 0) return bad(path, "it does not begin as one");
  if (data[6] < 1 || data[6] > 3) return emily__fail(EMILY_UNSUPPORTED, "npy", "%s has version %d of the format; 1 to 3 are known", path, data[6]);
  start = data[6] == 1 ? 10 : 12;
  length = data[8] | (size_t)data[9] << 8;
  if (data[6] > 1) length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
  if (length > there - start) return bad(path, "it ends within its header");
  text t = {(const char *)data + start, (const char *)data + start + length, path};
  EMILY__TRY(read_dict(&t, out));
  for (int32_t i = 0; i < out->ndim; i++)
    if (!emily__mul_i64(elements, out->shape[i], &elements)) return bad(path, "its shape has more than 2^63 elements");
  out->offset = start + length;
  if (!emily__mul_i64(elements, (int64_t)emily_dtype_size(out->dtype), &bytes)) return bad(path, "its shape has more than 2^63 bytes");
  out->bytes = (size_t)bytes;
  if (out->bytes > size - out->offset)
    return emily__fail(EMILY_BAD_FORMAT, "npy", "%s is cut short: %zu bytes of data, and its shape needs %zu", path, size - out->offset, out->bytes);
  return EMILY_OK;
}

/* ---- arrays ---- */

static void release_map(void *map) { emily__file_map_release(map); }

static emily_array *swap_bytes(const emily__npy *npy, const uint8_t *data, const int64_t *shape) {
  const size_t unit = npy->dtype == EMILY_COMPLEX64 ? 4 : emily_dtype_size(npy->dtype);
  uint8_t *copy = emily__malloc(npy->bytes ? npy->bytes : 1);
  if (!copy) return NULL;
  for (size_t i = 0; i < npy->bytes; i++) copy[i] = data[i - i % unit + unit - 1 - i % unit];
  emily_array *array = emily_array_from_data(copy, shape, npy->ndim, npy->dtype);
  emily__free(copy);
  return array;
}

/* In the order of the file: a Fortran array is the transpose of a row-major one of the reversed shape. */
static emily_array *stored(const emily__npy *npy, const uint8_t *data, emily__file_map *map, const int64_t *shape) {
  if (npy->swapped) return swap_bytes(npy, data, shape);
  const size_t align = npy->dtype == EMILY_COMPLEX64 ? 4 : emily_dtype_size(npy->dtype);
  if (!map || (uintptr_t)data % align) return emily_array_from_data(data, shape, npy->ndim, npy->dtype);
  emily_array *array = emily_array_wrap(data, shape, npy->ndim, npy->dtype, release_map, emily__file_map_retain(map));
  if (!array) emily__file_map_release(map);
  return array;
}

static emily_status transposed(emily_array **array) {
  emily_scope *scope = emily_scope_open(NULL);
  emily_array *view = emily_scope_keep(scope, emily_transpose(scope, *array, NULL, 0));
  emily_status status = emily_scope_close(scope);
  if (status) return status;
  emily_array_release(*array);
  *array = view;
  return EMILY_OK;
}

static emily_status check_bools(const emily__npy *npy, const uint8_t *data, const char *path) {
  uint8_t all = 0;
  for (size_t i = 0; i < npy->bytes; i++) all |= data[i];
  return all <= 1 ? EMILY_OK : emily__fail(EMILY_BAD_FORMAT, "npy", "%s has a bool that is neither 0 nor 1", path);
}

emily_status emily__npy_array(const emily__npy *npy, const uint8_t *file, emily__file_map *map, const char *path, emily_array **out) {
  int64_t shape[EMILY_MAX_NDIM];
  const uint8_t *data = file + npy->offset;
  const bool turned = npy->fortran && npy->ndim > 1;
  if (npy->dtype == EMILY_BOOL) EMILY__TRY(check_bools(npy, data, path));
  for (int32_t i = 0; i < npy->ndim; i++) shape[i] = npy->shape[turned ? npy->ndim - 1 - i : i];
  emily_array *array = stored(npy, data, map, shape);
  if (!array) return emily__fail_context("%s", path);
  emily_status status = turned ? transposed(&array) : EMILY_OK;
  if (status) emily_array_release(array);
  else *out = array;
  return status;
}

/* ---- writing ---- */

emily_status emily__npy_header(const emily_array *array, emily__str *out) {
  const emily_dtype dtype = emily_array_dtype(array);
  const char *kind = NULL;
  emily__str dict = {0};
  for (int32_t i = 0; i < KINDS; i++)
    if (kinds[i].dtype == dtype) kind = kinds[i].kind;
  if (!kind)
    return emily__fail(EMILY_UNSUPPORTED, "npy", "an .npy file has no dtype for %s: cast it first, or write safetensors", emily_dtype_name(dtype));
  bool ok = emily__str_printf(&dict, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", emily_dtype_size(dtype) > 1 ? '<' : '|', kind);
  for (int32_t i = 0; i < emily_array_ndim(array); i++)
    ok = ok && emily__str_printf(&dict, i ? ", %lld" : "%lld", (long long)emily_array_dim(array, i));
  ok = ok && emily__str_puts(&dict, emily_array_ndim(array) == 1 ? ",), }" : "), }");
  while (ok && (10 + dict.count + 1) % 64) ok = emily__str_puts(&dict, " ");
  ok = ok && emily__str_puts(&dict, "\n");
  const uint8_t head[] = {magic[0], magic[1], magic[2], magic[3], magic[4], magic[5], 1, 0, (uint8_t)(dict.count & 255), (uint8_t)(dict.count >> 8)};
  ok = ok && emily__str_append(out, head, sizeof head) && emily__str_append(out, dict.data, dict.count);
  emily__str_free(&dict);
  return ok ? EMILY_OK : EMILY_OUT_OF_MEMORY;
}
