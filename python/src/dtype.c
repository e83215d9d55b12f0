/* dtype.c: Dtype: one object a dtype, made at import. */
#include "binding.h"

PyTypeObject *dtype_type;
static PyObject *dtypes[EMILY_DTYPE_COUNT];

static const char *name_of(PyObject *self) { return emily_dtype_name(((dtype_object *)self)->code); }

static PyObject *dtype_repr(PyObject *self) { return PyUnicode_FromFormat("emily.core.%s", name_of(self)); }

static PyObject *dtype_get_size(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromSize_t(emily_dtype_size(((dtype_object *)self)->code));
}

static PyObject *dtype_get_name(PyObject *self, void *unused) {
  (void)unused;
  return PyUnicode_FromString(name_of(self));
}

/* Pickled and copied by name: there is one object a dtype. */
static PyObject *dtype_reduce(PyObject *self, PyObject *unused) {
  (void)unused;
  return Py_BuildValue("N(s)", PyObject_GetAttrString(hook("module"), "dtype"), name_of(self));
}

static PyGetSetDef dtype_getset[] = {{"size", dtype_get_size, NULL, "Bytes an element takes.", NULL},
                                     {"name", dtype_get_name, NULL, "\"float32\", …", NULL},
                                     {NULL}};
static PyMethodDef dtype_methods[] = {{"__reduce__", dtype_reduce, METH_NOARGS, NULL}, {NULL}};
static PyType_Slot dtype_slots[] = {{Py_tp_doc, "An element type: emily.core.float32 and the others."},
                                    {Py_tp_repr, dtype_repr},
                                    {Py_tp_getset, dtype_getset},
                                    {Py_tp_methods, dtype_methods},
                                    {0, NULL}};
static PyType_Spec dtype_spec = {"emily.core.Dtype", sizeof(dtype_object), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, dtype_slots};

int make_dtype_type(PyObject *module) {
  dtype_type = (PyTypeObject *)PyType_FromSpec(&dtype_spec);
  if (!dtype_type || PyModule_AddObjectRef(module, "Dtype", (PyObject *)dtype_type) < 0) return -1;
  for (emily_dtype code = 0; code < EMILY_DTYPE_COUNT; code++) {
    dtype_object *made = (dtype_object *)PyType_GenericAlloc(dtype_type, 0);
    if (!made) return -1;
    made->code = code;
    dtypes[code] = (PyObject *)made;
    const char *name = code == EMILY_BOOL ? "bool_" : emily_dtype_name(code);
    if (PyModule_AddObjectRef(module, name, dtypes[code]) < 0) return -1;
  }
  return 0;
}

PyObject *dtype_from_code(emily_dtype code) {
  if (code < 0 || code >= EMILY_DTYPE_COUNT) return PyErr_Format(PyExc_ValueError, "%d is no dtype", (int)code);
  return Py_NewRef(dtypes[code]);
}

emily_dtype dtype_of(PyObject *object) {
  emily_dtype code;
  if (Py_TYPE(object) == dtype_type) return ((dtype_object *)object)->code;
  const char *name = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, NULL) : NULL;
  if (name && emily_dtype_from_name(name, &code) == EMILY_OK) return code;
  if (!PyErr_Occurred()) PyErr_Format(PyExc_TypeError, "a Dtype is wanted, not %R", object);
  return -1;
}

emily_dtype same_or_float32(emily_dtype dtype) { return dtype == EMILY_FLOAT64 ? EMILY_FLOAT32 : dtype; }
