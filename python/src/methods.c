/* methods.c: the methods of arrays. Most are functions of the table (methods.def). */
#include "binding.h"

#define METHOD(name)                                                                                              \
  static PyObject *method_##name(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {      \
    static PyObject *cache;                                                                                       \
    return op_method(&cache, #name, self, args, count, names);                                                    \
  }
#include "methods.def"
#undef METHOD

static int no_names_but_stream(PyObject *names) {
  if (!names || PyTuple_Size(names) == 0) return 0;
  if (PyTuple_Size(names) == 1 && PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "stream") == 0) return 0;
  PyErr_SetString(PyExc_TypeError, "got an unexpected keyword argument");
  return -1;
}

/* x.reshape(2, 3), x.reshape((2, 3)), x.reshape(shape=(2, 3)). */
static int numbers_of(PyObject *const *args, Py_ssize_t count, int64_t *out, const char *what) {
  if (count == 1) return read_ints(args[0], out, EMILY_MAX_NDIM, what);
  if (count > EMILY_MAX_NDIM) return PyErr_Format(PyExc_ValueError, "%s: too many numbers", what), -1;
  for (Py_ssize_t i = 0; i < count; i++)
    if (read_ints(args[i], out + i, 1, what) != 1) return PyErr_Occurred() ? -1 : (PyErr_SetString(PyExc_TypeError, what), -1);
  return (int)count;
}

static PyObject *method_reshape(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  static PyObject *cache;
  if (count == 0 || no_names_but_stream(names) < 0) {
    PyErr_Clear();
    return op_method(&cache, "reshape", self, args, count, names);
  }
  int64_t shape[EMILY_MAX_NDIM];
  emily_attr attr = {.name = "shape", .kind = EMILY_ARG_INTS, .ints = shape};
  attr.count = numbers_of(args, count, shape, "shape");
  emily_array *operand = value_of(self);
  return attr.count < 0 ? NULL : apply_wrapped(op_reshape, &operand, 1, &attr, 1);
}

static PyObject *method_transpose(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  int64_t axes[EMILY_MAX_NDIM];
  emily_attr attr = {.name = "axes", .kind = EMILY_ARG_AXES, .ints = axes, .count = -1};
  if (no_names_but_stream(names) < 0) {
    static PyObject *cache;
    PyErr_Clear();
    return op_method(&cache, "transpose", self, args, count, names);
  }
  if (count > 0 && !(count == 1 && args[0] == Py_None) && (attr.count = numbers_of(args, count, axes, "axes")) < 0) return NULL;
  emily_array *operand = value_of(self);
  return apply_wrapped(op_transpose, &operand, 1, &attr, 1);
}

static PyObject *method_item(PyObject *self, PyObject *unused) {
  (void)unused;
  return to_scalar(value_of(self));
}

static PyObject *method_tolist(PyObject *self, PyObject *unused) {
  (void)unused;
  return to_list(value_of(self));
}

static PyObject *method_copy(PyObject *self, PyObject *unused) {
  (void)unused;
  return wrap_array(emily_array_retain(value_of(self)));
}

static PyObject *method_bytes(PyObject *self, PyObject *unused) {
  (void)unused;
  emily_array *value = emily_array_retain(value_of(self));
  size_t bytes = emily_array_nbytes(value);
  PyObject *result = evaluate(value) == 0 ? PyBytes_FromStringAndSize(NULL, (Py_ssize_t)bytes) : NULL;
  if (result && raise_status(emily_array_read(value, PyBytes_AsString(result), bytes)) < 0) Py_CLEAR(result);
  release_array(value);
  return result;
}

static PyObject *method_dlpack_device(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  return Py_BuildValue("(ii)", 1, 0);
}

/* Methods that the Python part has: the hook of their name, with the array first. */
static PyObject *call_hook(const char *name, PyObject *self, PyObject *args, PyObject *names) {
  PyObject *all = PyTuple_New(PyTuple_Size(args) + 1), *result = NULL;
  if (!all) return NULL;
  PyTuple_SetItem(all, 0, Py_NewRef(self));
  for (Py_ssize_t i = 0; i < PyTuple_Size(args); i++) PyTuple_SetItem(all, i + 1, Py_NewRef(PyTuple_GetItem(args, i)));
  result = PyObject_Call(hook(name), all, names);
  Py_DECREF(all);
  return result;
}
#define HOOKED(name) \
  static PyObject *hooked_##name(PyObject *self, PyObject *args, PyObject *names) { return call_hook(#name, self, args, names); }
HOOKED(format)
HOOKED(reduce)
HOOKED(to_numpy)
HOOKED(to_dlpack)
HOOKED(namespace)
HOOKED(complex)
#undef HOOKED

#define FAST(function) (PyCFunction)(void (*)(void))function
#define METHOD(name) {#name, FAST(method_##name), METH_FASTCALL | METH_KEYWORDS, "The function " #name " with this array first."},
PyMethodDef array_methods[] = {
#include "methods.def"
    {"reshape", FAST(method_reshape), METH_FASTCALL | METH_KEYWORDS, "The same elements in another shape: reshape(2, 3), reshape((2, 3))."},
    {"transpose", FAST(method_transpose), METH_FASTCALL | METH_KEYWORDS, "Axes in another order; by default reversed."},
    {"item", method_item, METH_NOARGS, "The only element, as a Python scalar."},
    {"tolist", method_tolist, METH_NOARGS, "The elements as nested lists."},
    {"__copy__", method_copy, METH_NOARGS, NULL},
    {"__deepcopy__", method_copy, METH_O, NULL},
    {"__bytes__", method_bytes, METH_NOARGS, NULL},
    {"__dlpack_device__", method_dlpack_device, METH_NOARGS, NULL},
    {"__dlpack__", FAST(hooked_to_dlpack), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__array__", FAST(hooked_to_numpy), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__array_namespace__", FAST(hooked_namespace), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__format__", FAST(hooked_format), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__reduce__", FAST(hooked_reduce), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__complex__", FAST(hooked_complex), METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL},
};
