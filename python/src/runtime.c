/* runtime.c: memory, threads, debugging, the current stream. */
#include "binding.h"

/* ---- the current stream: a thread's own ---- */

static _Thread_local PyObject *current; /* a Stream, or NULL: the process's default */

emily_stream *current_stream(void) { return current ? ((stream_object *)current)->stream : NULL; }

static PyObject *set_stream(PyObject *module, PyObject *stream) {
  (void)module;
  if (stream != Py_None && Py_TYPE(stream) != stream_type) return PyErr_Format(PyExc_TypeError, "a Stream or None is wanted");
  PyObject *old = current;
  current = stream == Py_None ? NULL : Py_NewRef(stream);
  return old ? old : Py_NewRef(Py_None);
}

static PyObject *get_stream(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  return Py_NewRef(current ? current : Py_None);
}

/* ---- memory ---- */

static PyObject *memory(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  emily_memory_info info = EMILY_MEMORY_INFO_INIT;
  if (raise_status(emily_memory_stats(NULL, &info)) < 0) return NULL;
  return Py_BuildValue("(KKKKK)", (unsigned long long)info.active, (unsigned long long)info.peak, (unsigned long long)info.cache,
                       (unsigned long long)info.limit, (unsigned long long)info.cache_limit);
}

static PyObject *done(emily_status status) { return raise_status(status) < 0 ? NULL : Py_NewRef(Py_None); }

static PyObject *with_bytes(PyObject *number, emily_status (*set)(const char *device, uint64_t bytes)) {
  unsigned long long bytes = PyLong_AsUnsignedLongLong(number);
  return PyErr_Occurred() ? NULL : done(set(NULL, bytes));
}

static PyObject *reset_peak(PyObject *module, PyObject *unused) { return (void)module, (void)unused, done(emily_memory_reset_peak(NULL)); }
static PyObject *clear_cache(PyObject *module, PyObject *unused) { return (void)module, (void)unused, done(emily_memory_clear_cache(NULL)); }
static PyObject *set_limit(PyObject *module, PyObject *n) { return (void)module, with_bytes(n, emily_memory_set_limit); }
static PyObject *set_cache_limit(PyObject *module, PyObject *n) { return (void)module, with_bytes(n, emily_memory_set_cache_limit); }

/* ---- threads, debugging ---- */

static PyObject *threads(PyObject *module, PyObject *args) {
  (void)module;
  int count = 0;
  if (!PyArg_ParseTuple(args, "|i", &count)) return NULL;
  if (PyTuple_Size(args)) emily_set_threads(count);
  return PyLong_FromLong(emily_threads());
}

static PyObject *debug(PyObject *module, PyObject *args) {
  (void)module;
  unsigned int flags = 0;
  if (!PyArg_ParseTuple(args, "|I", &flags)) return NULL;
  if (PyTuple_Size(args)) emily_set_debug(flags);
  return PyLong_FromUnsignedLong(emily_debug());
}

PyMethodDef runtime_functions[] = {
    {"set_stream", set_stream, METH_O, NULL},
    {"get_stream", get_stream, METH_NOARGS, NULL},
    {"memory", memory, METH_NOARGS, NULL},
    {"reset_peak", reset_peak, METH_NOARGS, NULL},
    {"clear_cache", clear_cache, METH_NOARGS, NULL},
    {"set_limit", set_limit, METH_O, NULL},
    {"set_cache_limit", set_cache_limit, METH_O, NULL},
    {"threads", threads, METH_VARARGS, NULL},
    {"debug", debug, METH_VARARGS, NULL},
    {NULL},
};
