/* index.c: x[key] and x[key] = value, for what needs no gather: integers, slices, Ellipsis, None, and one array of integers.
 *
 * Such a key is read into one (start, stop, step) an axis and the shape that the result has; reading is a slice and a reshape (views), writing a
 * slice_update. Everything else goes to the Python part (emily/core/_indexing.py). */
#include "binding.h"

typedef struct basic_index {
  int64_t start[EMILY_MAX_NDIM], stop[EMILY_MAX_NDIM], step[EMILY_MAX_NDIM], extent[EMILY_MAX_NDIM];
  int64_t shape[2 * EMILY_MAX_NDIM]; /* of the result */
  int32_t axes, ndim;                /* axes of x that were read; axes of the result */
  int cuts, reshapes;                /* a slice does something; the result's shape is not the slice's */
} basic_index;

enum { OTHER = 1 }; /* not a basic key */

/* NumPy's arrays have __index__ too: only those of no axes are numbers. */
static int is_foreign_scalar(PyObject *key) {
  if (is_array(key) || !PyIndex_Check(key)) return 0;
  PyObject *ndim = PyObject_GetAttrString(key, "ndim");
  long axes = ndim ? PyLong_AsLong(ndim) : 0;
  Py_XDECREF(ndim);
  PyErr_Clear();
  return axes == 0;
}

static int whole_number(PyObject *key) { return PyLong_Check(key) ? !PyBool_Check(key) : is_foreign_scalar(key); }

static int read_integer(basic_index *b, emily_array *x, PyObject *key) {
  int64_t n = emily_array_dim(x, b->axes);
  Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError);
  if (i == -1 && PyErr_Occurred()) return -1;
  if (i < -n || i >= n)
    return PyErr_Format(PyExc_IndexError, "index %zd is out of bounds for axis %d with size %lld", i, (int)b->axes, (long long)n), -1;
  int32_t a = b->axes++;
  b->start[a] = i < 0 ? i + n : i;
  b->stop[a] = b->start[a] + 1;
  b->step[a] = b->extent[a] = 1;
  b->cuts = b->reshapes = 1;
  return 0;
}

static int read_slice(basic_index *b, emily_array *x, PyObject *key) {
  Py_ssize_t n = (Py_ssize_t)emily_array_dim(x, b->axes), start, stop, step;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return -1;
  Py_ssize_t count = PySlice_AdjustIndices(n, &start, &stop, step);
  int32_t a = b->axes++;
  b->step[a] = count > 1 ? step : 1;
  b->start[a] = count ? start : 0;
  b->stop[a] = count > 1 ? (stop < 0 ? -n - 1 : stop) : b->start[a] + count;
  b->extent[a] = b->shape[b->ndim++] = count;
  b->cuts |= count != n || b->step[a] != 1;
  return 0;
}

static void read_all(basic_index *b, emily_array *x, int32_t axes) {
  for (; axes > 0; axes--) {
    int32_t a = b->axes++;
    b->start[a] = 0;
    b->step[a] = 1;
    b->stop[a] = b->extent[a] = b->shape[b->ndim++] = emily_array_dim(x, a);
  }
}

/* How many axes of x a key names; -1 where one of its parts is not basic. */
static int32_t count_axes(PyObject *const *parts, Py_ssize_t count, int *ellipses) {
  int32_t axes = 0;
  for (Py_ssize_t i = 0; i < count; i++) {
    if (parts[i] == Py_Ellipsis) ++*ellipses;
    else if (PySlice_Check(parts[i]) || whole_number(parts[i])) axes++;
    else if (parts[i] != Py_None) return -1;
  }
  return axes;
}

static int read_parts(basic_index *b, emily_array *x, PyObject *const *parts, Py_ssize_t count) {
  int ellipses = 0;
  int32_t named = count_axes(parts, count, &ellipses), ndim = emily_array_ndim(x);
  if (named < 0) return OTHER;
  if (ellipses > 1) return PyErr_SetString(PyExc_IndexError, "an index can only have a single ellipsis (...)"), -1;
  if (named > ndim) return PyErr_Format(PyExc_IndexError, "too many indices for array with %d dimensions", (int)ndim), -1;
  b->axes = b->ndim = 0;
  b->cuts = b->reshapes = 0;
  for (Py_ssize_t i = 0; i < count; i++) {
    int result = 0;
    if (parts[i] == Py_Ellipsis) read_all(b, x, ndim - named);
    else if (parts[i] == Py_None) b->shape[b->ndim++] = b->reshapes = 1;
    else if (PySlice_Check(parts[i])) result = read_slice(b, x, parts[i]);
    else result = read_integer(b, x, parts[i]);
    if (result < 0) return -1;
  }
  read_all(b, x, ndim - b->axes);
  return 0;
}

/* 0: read; OTHER; -1 with an exception. */
static int read_key(basic_index *b, emily_array *x, PyObject *key) {
  PyObject *parts[2 * EMILY_MAX_NDIM];
  if (!PyTuple_Check(key)) return read_parts(b, x, &key, 1);
  Py_ssize_t count = PyTuple_Size(key);
  int32_t nones = 0;
  if (count > EMILY_MAX_NDIM) return PyErr_SetString(PyExc_IndexError, "too many indices"), -1;
  for (Py_ssize_t i = 0; i < count; i++) nones += (parts[i] = PyTuple_GetItem(key, i)) == Py_None;
  if (nones + emily_array_ndim(x) > EMILY_MAX_NDIM) return PyErr_SetString(PyExc_IndexError, "too many axes"), -1;
  return read_parts(b, x, parts, count);
}

static void slice_attrs(const basic_index *b, emily_attr out[3]) {
  out[0] = (emily_attr){.name = "start", .kind = EMILY_ARG_PER_AXIS, .count = b->axes, .ints = b->start};
  out[1] = (emily_attr){.name = "stop", .kind = EMILY_ARG_PER_AXIS, .count = b->axes, .ints = b->stop};
  out[2] = (emily_attr){.name = "strides", .kind = EMILY_ARG_PER_AXIS, .count = b->axes, .ints = b->step};
}

static emily_array *reshape(emily_array *x, const int64_t *shape, int32_t ndim) { /* takes the reference */
  emily_attr attr = {.name = "shape", .kind = EMILY_ARG_INTS, .count = ndim, .ints = shape};
  emily_array *y = x ? apply(op_reshape, &x, 1, &attr, 1) : NULL;
  emily_array_release(x);
  return y;
}

static emily_array *read_basic(emily_array *x, const basic_index *b) {
  emily_attr attrs[3];
  slice_attrs(b, attrs);
  emily_array *y = b->cuts ? apply(op_slice, &x, 1, attrs, 3) : emily_array_retain(x);
  return b->reshapes ? reshape(y, b->shape, b->ndim) : y;
}

PyObject *get_item(PyObject *self, PyObject *key) {
  emily_array *x = value_of(self);
  if (is_array(key) && emily_dtype_is_integer(emily_array_dtype(value_of(key))) && emily_array_ndim(x)) {
    emily_attr axis = {.name = "axis", .kind = EMILY_ARG_INT, .i = 0};
    emily_array *operands[2] = {x, value_of(key)};
    return apply_wrapped(op_take, operands, 2, &axis, 1);
  }
  basic_index b;
  int how = read_key(&b, x, key);
  if (how == OTHER) return PyObject_CallFunctionObjArgs(hook("getitem"), self, key, NULL);
  emily_array *y = how == 0 ? read_basic(x, &b) : NULL;
  return y ? wrap_array(y) : NULL;
}

/* ---- writing ---- */

/* The value in the slice's shape: leading axes of 1 that are too many dropped, broadcast to the result's shape, then the axes of
 * integers put back. Takes the reference. */
static emily_array *fit(emily_array *value, const basic_index *b) {
  int32_t ndim = emily_array_ndim(value), drop = 0;
  const int64_t *shape = emily_array_shape(value);
  while (ndim - drop > b->ndim && shape[drop] == 1) drop++;
  if (drop) value = reshape(value, shape + drop, ndim - drop);
  if (!value || !b->reshapes || emily_array_ndim(value) == 0) return value;
  emily_attr attr = {.name = "shape", .kind = EMILY_ARG_INTS, .count = b->ndim, .ints = b->shape};
  emily_array *wide = apply(op_broadcast_to, &value, 1, &attr, 1);
  emily_array_release(value);
  return reshape(wide, b->extent, b->axes);
}

static emily_array *write_basic(emily_array *x, const basic_index *b, PyObject *object) {
  emily_array *value = from_operand(object, emily_array_dtype(x));
  value = value ? fit(value, b) : NULL;
  if (!value) return NULL;
  emily_attr attrs[3];
  slice_attrs(b, attrs);
  emily_array *operands[2] = {x, value};
  emily_array *y = apply(op_slice_update, operands, 2, attrs, 3);
  emily_array_release(value);
  return y;
}

int set_item(PyObject *self, PyObject *key, PyObject *object) {
  if (!object) return PyErr_SetString(PyExc_TypeError, "elements of an array can not be deleted"), -1;
  basic_index b;
  emily_array *x = value_of(self), *y = NULL;
  int how = read_key(&b, x, key);
  if (how == OTHER) {
    PyObject *made = PyObject_CallFunctionObjArgs(hook("setitem"), self, key, object, NULL);
    if (made && is_array(made)) y = emily_array_retain(value_of(made));
    Py_XDECREF(made);
  } else if (how == 0) {
    y = write_basic(x, &b, object);
  }
  if (!y) return -1;
  ((array_object *)self)->value = y;
  release_array(x);
  return 0;
}

/* ---- iteration: the rows ---- */

PyObject *iterate(PyObject *self) {
  if (emily_array_ndim(value_of(self)) == 0) return PyErr_Format(PyExc_TypeError, "iteration over a 0-d array");
  return PySeqIter_New(self);
}
