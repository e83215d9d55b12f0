/* convert.c: Python's values as arrays and back.
 *
 * Scalars are weak: beside an array they take its dtype where their kind allows. Nested lists are measured, then written
 * straight into memory of one of a few storage types; other dtypes are a cast of that. */
#include "binding.h"

enum { KIND_BOOL, KIND_INT, KIND_FLOAT, KIND_COMPLEX };

/* ---- scalars ---- */

static emily_array *checked(emily_array *value) { return value ? value : (raise_last_error(), NULL); }

static emily_array *from_complex(PyObject *object) {
  float pair[2] = {(float)PyComplex_RealAsDouble(object), (float)PyComplex_ImagAsDouble(object)};
  return PyErr_Occurred() ? NULL : checked(emily_array_from_data(pair, NULL, 0, EMILY_COMPLEX64));
}

static emily_array *from_python_int(PyObject *object, emily_dtype dtype, int check) {
  int overflow;
  int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow > 0 && (dtype == EMILY_UINT64 || dtype < 0)) { /* above int64: the bits of a uint64 */
    value = (int64_t)PyLong_AsUnsignedLongLong(object);
    overflow = 0;
    dtype = EMILY_UINT64;
  }
  if (overflow) return PyErr_Format(PyExc_OverflowError, "%R does not fit in 64 bits", object), NULL;
  if (PyErr_Occurred()) return NULL;
  if (dtype < 0) dtype = value > INT32_MAX || value < INT32_MIN ? EMILY_INT64 : EMILY_INT32;
  size_t bits = emily_dtype_size(dtype) * 8;
  if (check && emily_dtype_is_integer(dtype) && bits < 64) {
    int64_t low = emily_dtype_is_signed(dtype) ? -(1LL << (bits - 1)) : 0;
    int64_t high = emily_dtype_is_signed(dtype) ? (1LL << (bits - 1)) - 1 : (1LL << bits) - 1;
    if (value < low || value > high)
      return PyErr_Format(PyExc_ValueError, "Converting %R to %s would result in overflow.", object, emily_dtype_name(dtype)), NULL;
  }
  return checked(emily_array_from_int(value, dtype));
}

emily_array *from_scalar(PyObject *object, emily_dtype weak) {
  if (PyBool_Check(object)) return checked(emily_array_from_int(object == Py_True, weak >= 0 ? weak : EMILY_BOOL));
  if (PyLong_Check(object)) return from_python_int(object, weak == EMILY_BOOL ? EMILY_INT32 : weak, weak >= 0);
  if (PyFloat_Check(object))
    return checked(emily_array_from_float(PyFloat_AsDouble(object), weak >= 0 && emily_dtype_is_float(weak) ? weak : EMILY_FLOAT32));
  if (PyComplex_Check(object)) return from_complex(object);
  return NULL;
}

/* ---- constants that come again ----
 *
 * A loop says x + 1 or x * 0.5 again and again: the latest arrays of such numbers are kept, one in each slot of a table. The GIL guards it. */

enum { CONSTANT_SLOTS = 256 };

typedef struct constant {
  emily_array *value; /* NULL: an empty slot */
  uint64_t bits;
  emily_dtype weak;
  int kind; /* KIND_INT or KIND_FLOAT */
} constant;

static constant constants[CONSTANT_SLOTS];

static int constant_key(PyObject *object, uint64_t *bits, int *kind) {
  if (PyFloat_CheckExact(object)) {
    double value = PyFloat_AsDouble(object);
    memcpy(bits, &value, sizeof value);
    return *kind = KIND_FLOAT, 1;
  }
  if (!PyLong_CheckExact(object)) return 0;
  int overflow;
  *bits = (uint64_t)PyLong_AsLongLongAndOverflow(object, &overflow);
  return *kind = KIND_INT, !overflow;
}

/* from_scalar, with the array of the last time where it is still there. */
static emily_array *from_constant(PyObject *object, emily_dtype weak) {
  uint64_t bits;
  int kind;
  if (!constant_key(object, &bits, &kind)) return from_scalar(object, weak);
  uint64_t mixed = (bits ^ (uint64_t)(weak + 1) << 5 ^ (uint64_t)kind << 4) * 0x9E3779B97F4A7C15u;
  constant *slot = &constants[mixed >> 56];
  if (slot->value && slot->bits == bits && slot->weak == weak && slot->kind == kind) return emily_array_retain(slot->value);
  emily_array *value = from_scalar(object, weak);
  if (!value) return NULL;
  emily_array_release(slot->value);
  *slot = (constant){emily_array_retain(value), bits, weak, kind};
  return value;
}

/* A scalar in exactly this dtype. */
static emily_array *from_scalar_exact(PyObject *object, emily_dtype dtype) {
  if (PyLong_Check(object) && !PyBool_Check(object)) return from_python_int(object, dtype, 0);
  if (PyFloat_Check(object)) return checked(emily_array_from_float(PyFloat_AsDouble(object), dtype));
  emily_array *value = from_scalar(object, -1);
  return value ? cast_owned(value, dtype) : NULL;
}

emily_array *cast_owned(emily_array *value, emily_dtype dtype) {
  if (!value || dtype < 0 || emily_array_dtype(value) == dtype) return value;
  emily_attr attr = {.name = "dtype", .kind = EMILY_ARG_DTYPE, .i = dtype};
  emily_array *cast = apply(op_astype, &value, 1, &attr, 1);
  emily_array_release(value);
  return cast;
}

/* ---- nested lists ---- */

typedef struct layout {
  int64_t shape[EMILY_MAX_NDIM];
  int32_t ndim;
  int kind, wide, objects; /* objects: something in it is an array */
} layout;

static int is_list(PyObject *object) { return PyList_Check(object) || PyTuple_Check(object); }
static Py_ssize_t list_size(PyObject *list) { return PyList_Check(list) ? PyList_Size(list) : PyTuple_Size(list); }
static PyObject *list_item(PyObject *list, Py_ssize_t i) { /* borrowed */
  return PyList_Check(list) ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i);
}

static int uneven(void) {
  PyErr_SetString(PyExc_ValueError, "Initialization encountered non-uniform length.");
  return -1;
}

/* The kind of an element that is no list; what is neither number nor array is refused. */
static int note_element(layout *l, PyObject *item) {
  int kind = KIND_BOOL;
  if (PyBool_Check(item)) {
    kind = KIND_BOOL;
  } else if (PyLong_Check(item)) {
    int overflow;
    int64_t value = PyLong_AsLongLongAndOverflow(item, &overflow);
    if (overflow || value > INT32_MAX || value < INT32_MIN) l->wide = 1;
    kind = KIND_INT;
  } else if (PyFloat_Check(item)) {
    kind = KIND_FLOAT;
  } else if (PyComplex_Check(item)) {
    kind = KIND_COMPLEX;
  } else if (is_array(item) || PyObject_CheckBuffer(item) || PyObject_HasAttrString(item, "__mlx_array__")) {
    l->objects = 1;
  } else {
    return PyErr_Format(PyExc_ValueError, "Invalid type %R received in array initialization.", Py_TYPE(item)), -1;
  }
  if (kind > l->kind) l->kind = kind;
  return 0;
}

static int measure(layout *l, PyObject *list, int32_t depth) {
  if (depth >= EMILY_MAX_NDIM) return PyErr_SetString(PyExc_ValueError, "lists are nested too deeply"), -1;
  Py_ssize_t size = list_size(list);
  if (depth == l->ndim)
    l->shape[l->ndim++] = size;
  else if (l->shape[depth] != size)
    return uneven();
  if (size == 0 && l->kind < KIND_FLOAT) l->kind = KIND_FLOAT;
  for (Py_ssize_t i = 0; i < size; i++) {
    PyObject *item = list_item(list, i);
    if (is_list(item)) {
      if (i > 0 && depth + 1 == l->ndim) return uneven(); /* a number stood before it */
      if (measure(l, item, depth + 1) < 0) return -1;
    } else {
      if (note_element(l, item) < 0) return -1;
      if (depth + 1 != l->ndim && !l->objects) return uneven();
    }
  }
  return 0;
}

static int write_element(PyObject *item, char **to, emily_dtype storage) {
  switch (storage) {
    case EMILY_BOOL: *(*to)++ = item == Py_True; return 0;
    case EMILY_INT32: {
      long value = PyLong_AsLong(item);
      if (value > INT32_MAX || value < INT32_MIN) return PyErr_SetString(PyExc_OverflowError, "an integer does not fit in 32 bits"), -1;
      int32_t narrow = (int32_t)value;
      memcpy(*to, &narrow, 4);
      *to += 4;
      break;
    }
    case EMILY_INT64: {
      int64_t value = PyLong_AsLongLong(item);
      memcpy(*to, &value, 8);
      *to += 8;
      break;
    }
    case EMILY_UINT64: {
      uint64_t value = PyLong_AsUnsignedLongLongMask(item);
      memcpy(*to, &value, 8);
      *to += 8;
      break;
    }
    case EMILY_FLOAT32: {
      float value = (float)PyFloat_AsDouble(item);
      memcpy(*to, &value, 4);
      *to += 4;
      break;
    }
    case EMILY_FLOAT64: {
      double value = PyFloat_AsDouble(item);
      memcpy(*to, &value, 8);
      *to += 8;
      break;
    }
    default: {
      float pair[2] = {(float)PyComplex_RealAsDouble(item), (float)PyComplex_ImagAsDouble(item)};
      memcpy(*to, pair, 8);
      *to += 8;
    }
  }
  return PyErr_Occurred() ? -1 : 0;
}

/* The lists may have been changed by what ran meanwhile: sizes are checked again. */
static int write_list(const layout *l, PyObject *list, int32_t depth, char **to, emily_dtype storage) {
  if (!is_list(list) || list_size(list) != l->shape[depth]) return uneven();
  for (Py_ssize_t i = 0; i < l->shape[depth]; i++) {
    PyObject *item = list_item(list, i);
    if (!item) return -1;
    if ((depth + 1 < l->ndim ? write_list(l, item, depth + 1, to, storage) : write_element(item, to, storage)) < 0) return -1;
  }
  return 0;
}

/* What the numbers are written as: wide enough for the dtype that they become. */
static emily_dtype storage_for(const layout *l, emily_dtype dtype) {
  switch (l->kind) {
    case KIND_BOOL: return EMILY_BOOL;
    case KIND_INT:
      if (dtype < 0) return l->wide ? EMILY_INT64 : EMILY_INT32;
      if (dtype == EMILY_UINT64) return EMILY_UINT64;
      if (emily_dtype_is_inexact(dtype)) return dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32;
      return EMILY_INT64;
    case KIND_FLOAT: return dtype == EMILY_FLOAT64 ? EMILY_FLOAT64 : EMILY_FLOAT32;
    default: return EMILY_COMPLEX64;
  }
}

static emily_array *stack_objects(PyObject *list, emily_dtype dtype) {
  Py_ssize_t count = list_size(list), made = 0;
  emily_array **parts = PyMem_Malloc((size_t)count * sizeof *parts), *all = NULL;
  if (!parts) return PyErr_NoMemory(), NULL;
  for (; made < count; made++)
    if (!(parts[made] = from_object(list_item(list, made), dtype, SHARE_NEVER))) break;
  emily_attr axis = {.name = "axis", .kind = EMILY_ARG_INT, .i = 0};
  if (made == count) all = apply(op_stack, parts, (size_t)count, &axis, 1);
  while (made) emily_array_release(parts[--made]);
  PyMem_Free(parts);
  return all;
}

emily_array *from_sequence(PyObject *list, emily_dtype dtype) {
  layout l = {.ndim = 0};
  if (measure(&l, list, 0) < 0) return NULL;
  if (l.objects) return stack_objects(list, dtype);
  emily_dtype storage = storage_for(&l, dtype);
  size_t bytes = emily_dtype_size(storage);
  for (int32_t i = 0; i < l.ndim; i++) bytes *= (size_t)l.shape[i]; /* lists in memory: no wrap */
  char *data = PyMem_Malloc(bytes ? bytes : 1), *to = data;
  if (!data) return PyErr_NoMemory(), NULL;
  emily_array *value = NULL;
  if (write_list(&l, list, 0, &to, storage) == 0) value = checked(emily_array_from_data(data, l.shape, l.ndim, storage));
  PyMem_Free(data);
  return cast_owned(value, dtype);
}

/* ---- any object ---- */

static emily_array *from_accessor(PyObject *object) {
  PyObject *made = PyObject_CallMethod(object, "__mlx_array__", NULL);
  if (!made) return NULL;
  emily_array *value = is_array(made) ? emily_array_retain(value_of(made)) : NULL;
  if (!value) PyErr_SetString(PyExc_TypeError, "__mlx_array__ did not return an array");
  Py_DECREF(made);
  return value;
}

/* NumPy's arrays of ml_dtypes.bfloat16 export no buffer that says so: their bits are read. */
static emily_array *from_bfloat16(PyObject *object, emily_dtype dtype, int share) {
  PyObject *bits = PyObject_CallMethod(object, "view", "s", "uint16");
  if (!bits) return NULL;
  emily_array *value = from_buffer(bits, dtype, EMILY_BFLOAT16, share);
  Py_DECREF(bits);
  return value;
}

static int is_bfloat16(PyObject *object) {
  PyObject *dtype = PyObject_GetAttrString(object, "dtype");
  PyObject *name = dtype ? PyObject_Str(dtype) : NULL;
  int is = name && PyUnicode_CompareWithASCIIString(name, "bfloat16") == 0;
  Py_XDECREF(dtype);
  Py_XDECREF(name);
  PyErr_Clear();
  return is;
}

static emily_array *from_exporter(PyObject *object, emily_dtype dtype, int share) {
  if (PyObject_CheckBuffer(object)) {
    if (PyObject_HasAttrString(object, "__array_interface__") && is_bfloat16(object)) return from_bfloat16(object, dtype, share);
    return from_buffer(object, dtype, -1, share);
  }
  if (PyObject_HasAttrString(object, "__mlx_array__")) return cast_owned(from_accessor(object), dtype);
  if (PyObject_HasAttrString(object, "__dlpack__")) {
    PyObject *capsule = PyObject_CallFunctionObjArgs(hook("dlpack_of"), object, NULL);
    emily_array *value = capsule ? from_dlpack_capsule(capsule, share) : NULL;
    Py_XDECREF(capsule);
    return value ? cast_owned(value, dtype >= 0 ? dtype : same_or_float32(emily_array_dtype(value))) : NULL;
  }
  return PyErr_Format(PyExc_TypeError, "Invalid type %R received in array initialization.", Py_TYPE(object)), NULL;
}

emily_array *from_object(PyObject *object, emily_dtype dtype, int share) {
  if (is_array(object)) return cast_owned(emily_array_retain(value_of(object)), dtype);
  if (is_list(object)) return from_sequence(object, dtype);
  emily_array *value = dtype >= 0 ? from_scalar_exact(object, dtype) : from_scalar(object, -1);
  return value || PyErr_Occurred() ? value : from_exporter(object, dtype, share);
}

/* A 0-d buffer (NumPy's scalars) is as weak as a number of Python's. */
emily_array *from_operand(PyObject *object, emily_dtype weak) {
  if (is_array(object)) return emily_array_retain(value_of(object));
  emily_array *value = from_constant(object, weak);
  if (value || PyErr_Occurred()) return value;
  if (is_list(object)) return from_sequence(object, -1);
  value = from_exporter(object, -1, SHARE_NEVER);
  if (!value || weak < 0 || emily_array_ndim(value) || !PyObject_CheckBuffer(object)) return value;
  PyObject *number = to_scalar(value);
  emily_array_release(value);
  value = number ? from_scalar(number, weak) : NULL;
  Py_XDECREF(number);
  return value;
}

/* ---- back ---- */

static PyObject *element(const char *at, emily_dtype dtype) {
  switch (dtype) {
    case EMILY_BOOL: return PyBool_FromLong(*at != 0);
    case EMILY_UINT8: return PyLong_FromLong(*(const uint8_t *)at);
    case EMILY_UINT16: return PyLong_FromLong(*(const uint16_t *)at);
    case EMILY_UINT32: return PyLong_FromUnsignedLong(*(const uint32_t *)at);
    case EMILY_UINT64: return PyLong_FromUnsignedLongLong(*(const uint64_t *)at);
    case EMILY_INT8: return PyLong_FromLong(*(const int8_t *)at);
    case EMILY_INT16: return PyLong_FromLong(*(const int16_t *)at);
    case EMILY_INT32: return PyLong_FromLong(*(const int32_t *)at);
    case EMILY_INT64: return PyLong_FromLongLong(*(const int64_t *)at);
    case EMILY_FLOAT32: return PyFloat_FromDouble(*(const float *)at);
    case EMILY_FLOAT64: return PyFloat_FromDouble(*(const double *)at);
    case EMILY_COMPLEX64: return PyComplex_FromDoubles(((const float *)at)[0], ((const float *)at)[1]);
    default: return PyErr_Format(PyExc_TypeError, "%s has no Python form", emily_dtype_name(dtype));
  }
}

PyObject *to_scalar(emily_array *value) {
  const void *data;
  double wide;
  if (emily_array_size(value) != 1)
    return PyErr_Format(PyExc_ValueError, "[convert] Only length-1 arrays can be converted to Python scalars.");
  if (evaluate(value) < 0) return NULL;
  emily_dtype dtype = emily_array_dtype(value);
  if (dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16)
    return raise_status(emily_array_item_float(value, &wide)) ? NULL : PyFloat_FromDouble(wide);
  return raise_status(emily_array_data(value, false, &data)) ? NULL : element(data, dtype);
}

static PyObject *list_of(emily_array *value, int32_t axis, const char **at) {
  int64_t extent = emily_array_dim(value, axis);
  int last = axis == emily_array_ndim(value) - 1;
  PyObject *list = PyList_New((Py_ssize_t)extent);
  for (int64_t i = 0; list && i < extent; i++) {
    PyObject *item = last ? element(*at, emily_array_dtype(value)) : list_of(value, axis + 1, at);
    if (last) *at += emily_dtype_size(emily_array_dtype(value));
    if (!item) Py_CLEAR(list);
    else PyList_SetItem(list, (Py_ssize_t)i, item);
  }
  return list;
}

PyObject *to_list(emily_array *value) {
  if (emily_array_ndim(value) == 0) return to_scalar(value);
  emily_dtype dtype = emily_array_dtype(value);
  emily_array_retain(value);
  if (dtype == EMILY_FLOAT16 || dtype == EMILY_BFLOAT16) value = cast_owned(value, EMILY_FLOAT32);
  if (!value) return NULL;
  size_t bytes = emily_array_nbytes(value);
  char *data = PyMem_Malloc(bytes ? bytes : 1);
  const char *at = data;
  PyObject *list = NULL;
  if (!data) PyErr_NoMemory();
  else if (evaluate(value) == 0 && raise_status(emily_array_read(value, data, bytes)) == 0) list = list_of(value, 0, &at);
  PyMem_Free(data);
  release_array(value);
  return list;
}
