/* array.c: the type array: making, attributes, slots. Operators, methods and indexing are in files of their own. */
#include "binding.h"

PyTypeObject *array_type;

PyObject *wrap_array(emily_array *value) {
  if (!value) return raise_last_error();
  array_object *self = (array_object *)PyType_GenericAlloc(array_type, 0);
  if (!self) {
    emily_array_release(value);
    return NULL;
  }
  self->value = value;
  return (PyObject *)self;
}

static PyObject *array_new(PyTypeObject *type, PyObject *args, PyObject *names) {
  (void)type;
  static char *keywords[] = {"val", "dtype", NULL};
  PyObject *object, *dtype = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, names, "O|O:array", keywords, &object, &dtype)) return NULL;
  emily_dtype code = dtype == Py_None ? -1 : dtype_of(dtype);
  if (dtype != Py_None && code < 0) return NULL;
  emily_array *value = from_object(object, code, SHARE_NEVER);
  return value ? wrap_array(value) : NULL;
}

static void array_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  array_object *array = (array_object *)self;
  if (array->weakrefs) PyObject_ClearWeakRefs(self);
  if (array->value) release_array(array->value);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyObject *array_repr(PyObject *self) { return PyObject_CallFunctionObjArgs(hook("repr"), self, NULL); }
static Py_hash_t array_hash(PyObject *self) { return (Py_hash_t)((uintptr_t)self >> 4); }

static Py_ssize_t array_length(PyObject *self) {
  if (emily_array_ndim(value_of(self))) return (Py_ssize_t)emily_array_dim(value_of(self), 0);
  PyErr_SetString(PyExc_TypeError, "len() 0-dimensional array.");
  return -1;
}

static PyObject *array_row(PyObject *self, Py_ssize_t i) {
  PyObject *key = PyLong_FromSsize_t(i);
  PyObject *row = key ? get_item(self, key) : NULL;
  Py_XDECREF(key);
  return row;
}

/* ---- attributes ---- */

#define GETTER(name) static PyObject *get_##name(PyObject *self, void *unused)
GETTER(shape) {
  (void)unused;
  int32_t ndim = emily_array_ndim(value_of(self));
  PyObject *shape = PyTuple_New(ndim);
  for (int32_t i = 0; shape && i < ndim; i++) {
    PyObject *extent = PyLong_FromLongLong(emily_array_dim(value_of(self), i));
    if (!extent) Py_CLEAR(shape);
    else PyTuple_SetItem(shape, i, extent);
  }
  return shape;
}
GETTER(ndim) { return (void)unused, PyLong_FromLong(emily_array_ndim(value_of(self))); }
GETTER(size) { return (void)unused, PyLong_FromLongLong(emily_array_size(value_of(self))); }
GETTER(nbytes) { return (void)unused, PyLong_FromSize_t(emily_array_nbytes(value_of(self))); }
GETTER(itemsize) { return (void)unused, PyLong_FromSize_t(emily_dtype_size(emily_array_dtype(value_of(self)))); }
GETTER(dtype) { return (void)unused, dtype_from_code(emily_array_dtype(value_of(self))); }
GETTER(at) { return (void)unused, PyObject_CallFunctionObjArgs(hook("at"), self, NULL); }
GETTER(T) {
  (void)unused;
  emily_array *operand = value_of(self);
  return apply_wrapped(op_transpose, &operand, 1, NULL, 0);
}
GETTER(mT) { return (void)unused, PyObject_CallFunctionObjArgs(hook("matrix_transpose"), self, NULL); }
GETTER(real) { return (void)unused, PyObject_CallFunctionObjArgs(hook("real"), self, NULL); }
GETTER(imag) { return (void)unused, PyObject_CallFunctionObjArgs(hook("imag"), self, NULL); }

static PyGetSetDef array_getset[] = {
    {"shape", get_shape, NULL, "The extents, a tuple.", NULL},
    {"ndim", get_ndim, NULL, "The number of axes.", NULL},
    {"size", get_size, NULL, "The number of elements.", NULL},
    {"nbytes", get_nbytes, NULL, "Bytes of all elements.", NULL},
    {"itemsize", get_itemsize, NULL, "Bytes an element takes.", NULL},
    {"dtype", get_dtype, NULL, "The element type.", NULL},
    {"T", get_T, NULL, "The axes reversed.", NULL},
    {"mT", get_mT, NULL, "The last two axes exchanged.", NULL},
    {"real", get_real, NULL, "The real part.", NULL},
    {"imag", get_imag, NULL, "The imaginary part.", NULL},
    {"at", get_at, NULL, "x.at[index].add(value) and others: a new array with elements updated; repeated indices all count.", NULL},
    {NULL},
};
static PyMemberDef array_members[] = {{"__weaklistoffset__", T_PYSSIZET, offsetof(array_object, weakrefs), READONLY, NULL}, {NULL}};

static const PyType_Slot array_slots[] = {
    {Py_tp_doc, "array(val, dtype=None)\n--\n\nAn n-dimensional array: from a scalar, nested lists, NumPy's arrays or any buffer; copied."},
    {Py_tp_new, array_new},
    {Py_tp_dealloc, array_dealloc},
    {Py_tp_repr, array_repr},
    {Py_tp_hash, array_hash},
    {Py_tp_iter, iterate},
    {Py_tp_methods, array_methods},
    {Py_tp_getset, array_getset},
    {Py_tp_members, array_members},
    {Py_mp_length, array_length},
    {Py_mp_subscript, get_item},
    {Py_mp_ass_subscript, set_item},
    {Py_sq_item, array_row},
    {Py_bf_getbuffer, get_buffer},
    {Py_bf_releasebuffer, release_buffer},
    {0, NULL},
};

int make_array_type(PyObject *module) {
  enum { MOST = 96 };
  PyType_Slot slots[MOST];
  int count = 0;
  for (const PyType_Slot *s = array_slots; s->slot; s++) slots[count++] = *s;
  for (const PyType_Slot *s = operator_slots; s->slot; s++) slots[count++] = *s;
  slots[count] = (PyType_Slot){0, NULL};
  PyType_Spec spec = {"emily.core.array", sizeof(array_object), 0, Py_TPFLAGS_DEFAULT, slots};
  array_type = (PyTypeObject *)PyType_FromSpec(&spec);
  return array_type ? PyModule_AddObjectRef(module, "array", (PyObject *)array_type) : -1;
}
