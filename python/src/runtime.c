/* runtime.c: memory, threads, debugging, the current stream, safetensors files. */
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

/* ---- safetensors ---- */

static PyObject *dict_of(const emily_array_map *map) {
  PyObject *all = PyDict_New();
  for (size_t i = 0; all && i < emily_array_map_count(map); i++) {
    PyObject *one = wrap_array(emily_array_retain(emily_array_map_at(map, i)));
    if (!one || PyDict_SetItemString(all, emily_array_map_name(map, i), one) < 0) Py_CLEAR(all);
    Py_XDECREF(one);
  }
  return all;
}

static PyObject *load_safetensors(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path;
  emily_array_map *map = NULL;
  emily_status status;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) return NULL;
  const char *bytes = PyBytes_AsString(path);
  Py_BEGIN_ALLOW_THREADS
  status = emily_safetensors_load(bytes, &map);
  Py_END_ALLOW_THREADS
  PyObject *all = raise_status(status) < 0 ? NULL : dict_of(map);
  emily_array_map_release(map);
  Py_DECREF(path);
  return all;
}

static int fill_map(emily_array_map *map, PyObject *arrays) {
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(arrays, &at, &key, &value)) {
    const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, NULL) : NULL;
    if (!name || !is_array(value)) return PyErr_SetString(PyExc_TypeError, "a dict from names to arrays is wanted"), -1;
    if (raise_status(emily_array_map_set(map, name, value_of(value))) < 0) return -1;
  }
  return 0;
}

/* key, value, …, NULL; borrowed strings. */
static const char **metadata_list(PyObject *metadata) {
  PyObject *key, *value;
  Py_ssize_t at = 0, n = 0;
  const char **list = PyMem_Malloc((2 * (size_t)PyDict_Size(metadata) + 1) * sizeof *list);
  if (!list) return (void)PyErr_NoMemory(), NULL;
  while (PyDict_Next(metadata, &at, &key, &value)) {
    list[n] = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, NULL) : NULL;
    list[n + 1] = PyUnicode_Check(value) ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;
    if (!list[n] || !list[n + 1]) {
      PyErr_SetString(PyExc_TypeError, "metadata is a dict from str to str");
      PyMem_Free(list);
      return NULL;
    }
    n += 2;
  }
  list[n] = NULL;
  return list;
}

static PyObject *save_safetensors(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path, *arrays, *metadata;
  if (!PyArg_ParseTuple(args, "O&O!O!", PyUnicode_FSConverter, &path, &PyDict_Type, &arrays, &PyDict_Type, &metadata)) return NULL;
  emily_array_map *map = emily_array_map_new();
  const char **list = metadata_list(metadata);
  PyObject *result = NULL;
  if (!map) raise_last_error();
  if (map && list && fill_map(map, arrays) == 0) {
    emily_status status;
    const char *bytes = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS
    status = emily_safetensors_save(bytes, map, list);
    Py_END_ALLOW_THREADS
    result = done(status);
  }
  PyMem_Free(list);
  emily_array_map_release(map);
  Py_DECREF(path);
  return result;
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
    {"load_safetensors", load_safetensors, METH_VARARGS, NULL},
    {"save_safetensors", save_safetensors, METH_VARARGS, NULL},
    {NULL},
};
