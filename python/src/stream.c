/* stream.c: Stream: a queue of work on a device. Devices and defaults are the Python part's (emily/core/_device.py). */
#include "binding.h"

PyTypeObject *stream_type;
static long made_streams;

static PyObject *wrap_stream(emily_stream *stream, long index) { /* takes the reference */
  if (!stream) return raise_last_error();
  stream_object *self = (stream_object *)PyType_GenericAlloc(stream_type, 0);
  if (!self) {
    emily_stream_release(stream);
    return NULL;
  }
  self->stream = stream;
  self->index = index;
  return (PyObject *)self;
}

/* Stream(device=None): a new one; Stream.default(): the process's. */
static PyObject *stream_new(PyTypeObject *type, PyObject *args, PyObject *names) {
  (void)type;
  static char *keywords[] = {"device", NULL};
  const char *device = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, names, "|z", keywords, &device)) return NULL;
  return wrap_stream(emily_stream_new(device), ++made_streams);
}

static PyObject *stream_default(PyObject *type, PyObject *unused) {
  (void)type, (void)unused;
  return wrap_stream(emily_stream_retain(emily_stream_default()), 0);
}

static void stream_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  emily_stream_release(((stream_object *)self)->stream);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyObject *stream_synchronize(PyObject *self, PyObject *unused) {
  (void)unused;
  emily_status status;
  Py_BEGIN_ALLOW_THREADS
  status = emily_stream_synchronize(((stream_object *)self)->stream);
  Py_END_ALLOW_THREADS
  return raise_status(status) ? NULL : Py_NewRef(Py_None);
}

static PyObject *stream_get_device(PyObject *self, void *unused) {
  (void)unused;
  return PyObject_CallFunction(hook("device"), "s", emily_stream_device(((stream_object *)self)->stream));
}

static PyObject *stream_get_index(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromLong(((stream_object *)self)->index);
}

static PyObject *stream_repr(PyObject *self) {
  PyObject *device = stream_get_device(self, NULL);
  PyObject *text = device ? PyUnicode_FromFormat("Stream(%R, %ld)", device, ((stream_object *)self)->index) : NULL;
  Py_XDECREF(device);
  return text;
}

static Py_hash_t stream_hash(PyObject *self) { return (Py_hash_t)((uintptr_t)((stream_object *)self)->stream >> 4); }

static PyObject *stream_compare(PyObject *a, PyObject *b, int how) {
  if (Py_TYPE(b) != stream_type || (how != Py_EQ && how != Py_NE)) return Py_NewRef(Py_NotImplemented);
  int same = ((stream_object *)a)->stream == ((stream_object *)b)->stream;
  return PyBool_FromLong(same == (how == Py_EQ));
}

static PyMethodDef stream_methods[] = {{"default", stream_default, METH_NOARGS | METH_STATIC, "The process's default stream."},
                                       {"synchronize", stream_synchronize, METH_NOARGS, "Wait for all that is queued."},
                                       {NULL}};
static PyGetSetDef stream_getset[] = {{"device", stream_get_device, NULL, "The device that it runs on.", NULL},
                                      {"index", stream_get_index, NULL, "A number of its own.", NULL},
                                      {NULL}};
static PyType_Slot stream_slots[] = {{Py_tp_doc, "A queue of work on a device."},
                                     {Py_tp_new, stream_new},
                                     {Py_tp_dealloc, stream_dealloc},
                                     {Py_tp_repr, stream_repr},
                                     {Py_tp_hash, stream_hash},
                                     {Py_tp_richcompare, stream_compare},
                                     {Py_tp_methods, stream_methods},
                                     {Py_tp_getset, stream_getset},
                                     {0, NULL}};
static PyType_Spec stream_spec = {"emily.core.Stream", sizeof(stream_object), 0, Py_TPFLAGS_DEFAULT, stream_slots};

int make_stream_type(PyObject *module) {
  stream_type = (PyTypeObject *)PyType_FromSpec(&stream_spec);
  return stream_type ? PyModule_AddObjectRef(module, "Stream", (PyObject *)stream_type) : -1;
}

emily_stream *stream_of(PyObject *object, int *ok) {
  *ok = 1;
  if (!object || object == Py_None) return NULL;
  if (Py_TYPE(object) == stream_type) return ((stream_object *)object)->stream;
  PyObject *stream = PyObject_CallFunctionObjArgs(hook("stream"), object, NULL); /* of a device: the Python part keeps it alive */
  *ok = stream && Py_TYPE(stream) == stream_type;
  emily_stream *found = *ok ? ((stream_object *)stream)->stream : NULL;
  if (stream && !*ok) PyErr_SetString(PyExc_TypeError, "stream is a Stream, a Device or None");
  Py_XDECREF(stream);
  return found;
}
