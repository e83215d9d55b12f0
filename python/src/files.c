/* files.c: safetensors, .npy and .npz files. The GIL is released while they are read and written. */
#include "binding.h"

static PyObject *none_or_raise(emily_status status) { return raise_status(status) < 0 ? NULL : Py_NewRef(Py_None); }

/* ---- maps and dicts ---- */

PyObject *dict_of(const emily_array_map *map) {
  PyObject *all = PyDict_New();
  for (size_t i = 0; all && i < emily_array_map_count(map); i++) {
    PyObject *one = wrap_array(emily_array_retain(emily_array_map_at(map, i)));
    if (!one || PyDict_SetItemString(all, emily_array_map_name(map, i), one) < 0) Py_CLEAR(all);
    Py_XDECREF(one);
  }
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

emily_array_map *map_of(PyObject *arrays) {
  emily_array_map *map = emily_array_map_new();
  if (!map) return raise_last_error(), NULL;
  if (fill_map(map, arrays) == 0) return map;
  emily_array_map_release(map);
  return NULL;
}

static PyObject *load_map(PyObject *args, emily_status (*load)(const char *path, emily_array_map **out)) {
  PyObject *path;
  emily_array_map *map = NULL;
  emily_status status;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) return NULL;
  const char *bytes = PyBytes_AsString(path);
  Py_BEGIN_ALLOW_THREADS
  status = load(bytes, &map);
  Py_END_ALLOW_THREADS
  PyObject *all = raise_status(status) < 0 ? NULL : dict_of(map);
  emily_array_map_release(map);
  Py_DECREF(path);
  return all;
}

/* ---- safetensors ---- */

static PyObject *load_safetensors(PyObject *module, PyObject *args) { return (void)module, load_map(args, emily_safetensors_load); }

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
  emily_array_map *map = map_of(arrays);
  const char **list = map ? metadata_list(metadata) : NULL;
  PyObject *result = NULL;
  if (list) {
    emily_status status;
    const char *bytes = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS
    status = emily_safetensors_save(bytes, map, list);
    Py_END_ALLOW_THREADS
    result = none_or_raise(status);
  }
  PyMem_Free(list);
  emily_array_map_release(map);
  Py_DECREF(path);
  return result;
}

/* ---- NumPy's files ---- */

static PyObject *load_npz(PyObject *module, PyObject *args) { return (void)module, load_map(args, emily_npz_load); }

static PyObject *load_npy(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path;
  emily_array *value = NULL;
  emily_status status;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) return NULL;
  const char *bytes = PyBytes_AsString(path);
  Py_BEGIN_ALLOW_THREADS
  status = emily_npy_load(bytes, &value);
  Py_END_ALLOW_THREADS
  Py_DECREF(path);
  return raise_status(status) < 0 ? NULL : wrap_array(value);
}

static PyObject *save_npy(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path, *array;
  emily_status status;
  if (!PyArg_ParseTuple(args, "O&O!", PyUnicode_FSConverter, &path, array_type, &array)) return NULL;
  const char *bytes = PyBytes_AsString(path);
  emily_array *value = emily_array_retain(value_of(array)); /* another thread may assign to the object meanwhile */
  Py_BEGIN_ALLOW_THREADS
  status = emily_npy_save(bytes, value);
  Py_END_ALLOW_THREADS
  release_array(value);
  Py_DECREF(path);
  return none_or_raise(status);
}

static PyObject *save_npz(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path, *arrays, *result = NULL;
  int compressed;
  if (!PyArg_ParseTuple(args, "O&O!p", PyUnicode_FSConverter, &path, &PyDict_Type, &arrays, &compressed)) return NULL;
  emily_array_map *map = map_of(arrays);
  if (map) {
    emily_status status;
    const char *bytes = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS
    status = emily_npz_save(bytes, map, compressed);
    Py_END_ALLOW_THREADS
    result = none_or_raise(status);
  }
  emily_array_map_release(map);
  Py_DECREF(path);
  return result;
}

PyMethodDef file_functions[] = {
    {"load_safetensors", load_safetensors, METH_VARARGS, NULL},
    {"save_safetensors", save_safetensors, METH_VARARGS, NULL},
    {"load_npy", load_npy, METH_VARARGS, NULL},
    {"save_npy", save_npy, METH_VARARGS, NULL},
    {"load_npz", load_npz, METH_VARARGS, NULL},
    {"save_npz", save_npz, METH_VARARGS, NULL},
    {NULL},
};
