/* module.c: emily._emily: the types, the table, and what the Python part is built from. */
#include "binding.h"

static PyObject *hooks;

PyObject *hook(const char *name) {
  PyObject *found = PyDict_GetItemString(hooks, name);
  return found ? found : Py_None; /* calling None says so */
}

/* set_hooks(dict): the functions of the Python part. */
static PyObject *set_hooks(PyObject *module, PyObject *dict) {
  (void)module;
  if (!PyDict_Check(dict)) return PyErr_Format(PyExc_TypeError, "a dict is wanted");
  return PyDict_Update(hooks, dict) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *wrapped_or_null(emily_array *value) { return value ? wrap_array(value) : NULL; }

/* convert(object, dtype or None, share): what mx.asarray does. */
static PyObject *convert(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *object, *dtype;
  int share;
  if (!PyArg_ParseTuple(args, "OOi", &object, &dtype, &share)) return NULL;
  emily_dtype code = dtype == Py_None ? -1 : dtype_of(dtype);
  return dtype != Py_None && code < 0 ? NULL : wrapped_or_null(from_object(object, code, share));
}

static PyObject *from_capsule(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *capsule;
  int share;
  return PyArg_ParseTuple(args, "Oi", &capsule, &share) ? wrapped_or_null(from_dlpack_capsule(capsule, share)) : NULL;
}

/* weak(object, array or None): an operand as the operators take it. */
static PyObject *weak(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *object, *like;
  if (!PyArg_ParseTuple(args, "OO", &object, &like)) return NULL;
  if (is_array(object)) return Py_NewRef(object);
  return wrapped_or_null(from_operand(object, is_array(like) ? emily_array_dtype(value_of(like)) : -1));
}

static PyObject *dlpack(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *array;
  int versioned, copied;
  if (!PyArg_ParseTuple(args, "O!pp", array_type, &array, &versioned, &copied)) return NULL;
  return to_dlpack(value_of(array), versioned, copied);
}

/* from_bytes(bytes, shape, dtype): for pickles. */
static PyObject *from_bytes(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer data;
  PyObject *shape_object, *dtype;
  int64_t shape[EMILY_MAX_NDIM];
  if (!PyArg_ParseTuple(args, "y*OO", &data, &shape_object, &dtype)) return NULL;
  emily_dtype code = dtype_of(dtype);
  int ndim = code < 0 ? -1 : read_ints(shape_object, shape, EMILY_MAX_NDIM, "shape");
  PyObject *result = NULL;
  double bytes = (double)emily_dtype_size(code < 0 ? 0 : code);
  for (int i = 0; i < ndim; i++) bytes *= (double)shape[i];
  if (ndim >= 0 && bytes != (double)data.len)
    PyErr_SetString(PyExc_ValueError, "the bytes do not fit the shape");
  else if (ndim >= 0)
    result = wrap_array(emily_array_from_data(data.buf, shape, ndim, code));
  PyBuffer_Release(&data);
  return result;
}

static PyObject *promote(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *a, *b;
  if (!PyArg_ParseTuple(args, "OO", &a, &b)) return NULL;
  emily_dtype left = dtype_of(a), right = left < 0 ? -1 : dtype_of(b);
  return right < 0 ? NULL : dtype_from_code(emily_promote_types(left, right));
}

static PyObject *is_evaluated(PyObject *module, PyObject *array) {
  (void)module;
  return PyBool_FromLong(is_array(array) && emily_array_is_evaluated(value_of(array)));
}

static PyObject *version(PyObject *module, PyObject *unused) { return (void)module, (void)unused, PyUnicode_FromString(emily_version()); }

#define FAST(function) (PyCFunction)(void (*)(void))function
static PyMethodDef functions[] = {
    {"set_hooks", set_hooks, METH_O, NULL},
    {"table", table, METH_NOARGS, NULL},
    {"function", make_function, METH_VARARGS, NULL},
    {"convert", convert, METH_VARARGS, NULL},
    {"from_capsule", from_capsule, METH_VARARGS, NULL},
    {"weak", weak, METH_VARARGS, NULL},
    {"dlpack", dlpack, METH_VARARGS, NULL},
    {"from_bytes", from_bytes, METH_VARARGS, NULL},
    {"promote_types", promote, METH_VARARGS, NULL},
    {"is_evaluated", is_evaluated, METH_O, NULL},
    {"version", version, METH_NOARGS, NULL},
    {"einsum_path", py_einsum_path, METH_VARARGS, NULL},
    {"eval", FAST(py_eval), METH_FASTCALL, "eval(*args)\n--\n\nCompute the arrays of trees (lists, tuples, dicts) and wait."},
    {"async_eval", FAST(py_async_eval), METH_FASTCALL, "async_eval(*args)\n--\n\nStart to compute the arrays of trees and return."},
    {NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "emily._emily", "The tensors of emily.", -1, functions,
                                        NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__emily(void);
PyMODINIT_FUNC PyInit__emily(void) {
  PyObject *module = PyModule_Create(&definition);
  hooks = PyDict_New();
  if (module && hooks && find_known_ops() == 0 && make_dtype_type(module) == 0 && make_stream_type(module) == 0 &&
      make_array_type(module) == 0 && make_op_type(module) == 0 && PyModule_AddFunctions(module, runtime_functions) == 0 &&
      PyModule_AddFunctions(module, file_functions) == 0 &&
      PyModule_AddFunctions(module, gguf_functions) == 0)
    return module;
  Py_XDECREF(module);
  return NULL;
}
