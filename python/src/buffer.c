/* buffer.c: Python's buffer protocol, both ways.
 *
 * In: memory that is row-major and of a dtype of ours can be shared; its owner is held until the last array over it goes. Anything
 * else is copied. Out: the array's own memory, read-only, held by the view. bfloat16 has no format letter: it is exported as bytes
 * to those who do not ask for a format, and through __array__ to the others. */
#include "binding.h"

#include <stdlib.h>

/* ---- in ---- */

static emily_dtype integer_of(Py_ssize_t size, int is_signed) {
  switch (size) {
    case 1: return is_signed ? EMILY_INT8 : EMILY_UINT8;
    case 2: return is_signed ? EMILY_INT16 : EMILY_UINT16;
    case 4: return is_signed ? EMILY_INT32 : EMILY_UINT32;
    case 8: return is_signed ? EMILY_INT64 : EMILY_UINT64;
    default: return -1;
  }
}

/* -2: complex128, which becomes complex64. -1: none of ours. */
static emily_dtype dtype_of_format(const char *format, Py_ssize_t size) {
  if (!format) return EMILY_UINT8;
  if (*format == '@' || *format == '=' || *format == '<' || *format == '|') format++;
  if (strcmp(format, "Zf") == 0) return EMILY_COMPLEX64;
  if (strcmp(format, "Zd") == 0) return -2;
  if (!*format || format[1]) return -1;
  switch (*format) {
    case '?': return EMILY_BOOL;
    case 'c': return EMILY_UINT8;
    case 'e': return EMILY_FLOAT16;
    case 'f': return EMILY_FLOAT32;
    case 'd': return EMILY_FLOAT64;
    case 'b': case 'h': case 'i': case 'l': case 'q': case 'n': return integer_of(size, 1);
    case 'B': case 'H': case 'I': case 'L': case 'Q': case 'N': return integer_of(size, 0);
    default: return -1;
  }
}

typedef struct buffer_owner {
  owner base;
  Py_buffer view;
} buffer_owner;

static void give_back_buffer(owner *base) {
  PyBuffer_Release(&((buffer_owner *)base)->view);
  free(base);
}

static emily_array *share_view(Py_buffer *view, const int64_t *shape, emily_dtype dtype) {
  buffer_owner *o = malloc(sizeof *o);
  if (!o) return PyErr_NoMemory(), NULL;
  o->base.give_back = give_back_buffer;
  o->view = *view;
  emily_array *value = emily_array_wrap(view->buf, shape, view->ndim, dtype, owner_release, o);
  if (!value) {
    free(o);
    raise_last_error();
  } else {
    memset(view, 0, sizeof *view); /* the owner has it now */
  }
  return value;
}

static void narrow_complex(const void *from, void *to, size_t count) {
  for (size_t i = 0; i < 2 * count; i++) {
    double wide;
    memcpy(&wide, (const char *)from + i * sizeof wide, sizeof wide);
    float narrow = (float)wide;
    memcpy((char *)to + i * sizeof narrow, &narrow, sizeof narrow);
  }
}

/* Row-major bytes of a view, in memory of their own. */
static emily_array *copy_view(Py_buffer *view, const int64_t *shape, emily_dtype dtype) {
  if (dtype != -2 && PyBuffer_IsContiguous(view, 'C'))
    return emily_array_from_data(view->buf, shape, view->ndim, dtype);
  char *data = PyMem_Malloc(view->len ? (size_t)view->len : 1);
  if (!data) return PyErr_NoMemory(), NULL;
  emily_array *value = NULL;
  if (PyBuffer_ToContiguous(data, view, view->len, 'C') == 0) {
    if (dtype == -2) narrow_complex(data, data, (size_t)view->len / 16); /* in place: writes stay behind reads */
    value = emily_array_from_data(data, shape, view->ndim, dtype == -2 ? EMILY_COMPLEX64 : dtype);
  }
  PyMem_Free(data);
  return value;
}

static emily_array *from_view(Py_buffer *view, emily_dtype source, emily_dtype dtype, int share) {
  int64_t shape[EMILY_MAX_NDIM];
  if (view->ndim > EMILY_MAX_NDIM) return PyErr_Format(PyExc_ValueError, "%d axes are too many", view->ndim), NULL;
  for (int i = 0; i < view->ndim; i++) shape[i] = view->shape ? view->shape[i] : view->len / view->itemsize;
  emily_dtype target = dtype >= 0 ? dtype : source == -2 ? EMILY_COMPLEX64 : same_or_float32(source);
  size_t align = source == -2 ? 4 : source == EMILY_COMPLEX64 ? 4 : emily_dtype_size(source);
  int fits = source == target && PyBuffer_IsContiguous(view, 'C') && ((uintptr_t)view->buf & (align - 1)) == 0 && view->buf;
  if (share == SHARE_OR_FAIL && !fits)
    return PyErr_SetString(PyExc_ValueError, "Unable to avoid copy while creating an array as requested."), NULL;
  if (share != SHARE_NEVER && fits) return share_view(view, shape, source);
  emily_array *value = copy_view(view, shape, source);
  return value ? cast_owned(value, target) : (raise_last_error(), NULL);
}

emily_array *from_buffer(PyObject *object, emily_dtype dtype, emily_dtype reads_as, int share) {
  Py_buffer view;
  if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) return NULL;
  emily_dtype source = reads_as >= 0 ? reads_as : dtype_of_format(view.format, view.itemsize);
  emily_array *value = NULL;
  if (source == -1)
    PyErr_Format(PyExc_ValueError, "[convert] Cannot convert a buffer of format '%s' to an array.", view.format);
  else
    value = from_view(&view, source, dtype, share);
  PyBuffer_Release(&view); /* does nothing where the array took it */
  return value;
}

/* ---- out ---- */

typedef struct exported {
  emily_array *value; /* the object may get another one while the view lives */
  Py_ssize_t shape_and_strides[];
} exported;

static const char *format_of(emily_dtype dtype) {
  static const char *const formats[EMILY_DTYPE_COUNT] = {"?", "B", "H", "I", "Q", "b", "h", "i", "q", "e", NULL, "f", "d", "Zf"};
  return formats[dtype];
}

static emily_array *contiguous(emily_array *value) {
  emily_array *dense = apply(op_contiguous, &value, 1, NULL, 0);
  if (dense && evaluate(dense) == 0) return dense;
  emily_array_release(dense);
  return NULL;
}

/* One reference to an evaluated array with a layout that the consumer takes. */
static emily_array *exportable(emily_array *value, int flags) {
  const void *data;
  if (evaluate(value) < 0) return NULL;
  int strided = emily_array_data(value, true, &data) != EMILY_OK;
  int wants_dense = (flags & PyBUF_STRIDES) != PyBUF_STRIDES || (flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS ||
                    (flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS;
  return strided && wants_dense ? contiguous(value) : emily_array_retain(value);
}

int get_buffer(PyObject *self, Py_buffer *view, int flags) {
  view->obj = NULL;
  emily_dtype dtype = emily_array_dtype(value_of(self));
  if (flags & PyBUF_WRITABLE) return PyErr_SetString(PyExc_BufferError, "arrays are read-only: copy first"), -1;
  if (!format_of(dtype) && (flags & PyBUF_FORMAT)) return PyErr_SetString(PyExc_BufferError, "bfloat16 has no buffer format"), -1;
  if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && (flags & PyBUF_C_CONTIGUOUS) != PyBUF_C_CONTIGUOUS)
    return PyErr_SetString(PyExc_BufferError, "the array is not column-major"), -1;
  emily_array *value = exportable(value_of(self), flags);
  if (!value) return -1;
  int32_t ndim = emily_array_ndim(value);
  exported *e = PyMem_Malloc(sizeof *e + 2 * (size_t)ndim * sizeof(Py_ssize_t));
  const void *data;
  if (!e || emily_array_data(value, false, &data) != EMILY_OK) {
    PyMem_Free(e);
    emily_array_release(value);
    return PyErr_NoMemory(), -1;
  }
  e->value = value;
  size_t item = emily_dtype_size(dtype);
  for (int32_t i = 0; i < ndim; i++) {
    e->shape_and_strides[i] = (Py_ssize_t)emily_array_dim(value, i);
    e->shape_and_strides[ndim + i] = (Py_ssize_t)(emily_array_strides(value)[i] * (int64_t)item);
  }
  *view = (Py_buffer){.buf = (void *)data, .obj = Py_NewRef(self), .len = (Py_ssize_t)emily_array_nbytes(value),
                      .itemsize = (Py_ssize_t)item, .readonly = 1, .ndim = (int)ndim, .internal = e};
  if (flags & PyBUF_FORMAT) view->format = (char *)format_of(dtype);
  if ((flags & PyBUF_ND) == PyBUF_ND) view->shape = e->shape_and_strides;
  if ((flags & PyBUF_STRIDES) == PyBUF_STRIDES) view->strides = e->shape_and_strides + ndim;
  if (!(flags & PyBUF_ND)) view->ndim = 1; /* plain bytes */
  return 0;
}

void release_buffer(PyObject *self, Py_buffer *view) {
  (void)self;
  exported *e = view->internal;
  emily_array *value = e->value;
  PyMem_Free(e);
  release_array(value);
}
