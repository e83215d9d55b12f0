/* gguf.c: GGUF files: arrays and metadata, both ways. */
#include "binding.h"
#include "emily/gguf.h"

#include <string.h>

/* ---- reading ---- */

static PyObject *text_of(const emily_gguf *file, size_t index, uint64_t item) {
  size_t length = 0;
  const char *text = emily_gguf_metadata_text(file, index, item, &length);
  return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, "replace") : PyUnicode_FromString("");
}

static PyObject *texts_of(const emily_gguf *file, size_t index) {
  uint64_t count = emily_gguf_metadata_length(file, index);
  PyObject *texts = PyList_New((Py_ssize_t)count);
  for (uint64_t i = 0; texts && i < count; i++) {
    PyObject *text = text_of(file, index, i);
    if (!text) Py_CLEAR(texts);
    else PyList_SetItem(texts, (Py_ssize_t)i, text);
  }
  return texts;
}

/* A value of the metadata: str, a list of them, or an array; None for what has no such form. */
static PyObject *value_at(const emily_gguf *file, size_t index) {
  emily_gguf_kind kind = emily_gguf_metadata_kind(file, index), item = emily_gguf_metadata_item_kind(file, index);
  if (kind == EMILY_GGUF_STRING) return text_of(file, index, 0);
  if (item == EMILY_GGUF_STRING) return texts_of(file, index);
  if (item == EMILY_GGUF_ARRAY) return Py_NewRef(Py_None);
  emily_array *numbers = NULL;
  if (raise_status(emily_gguf_metadata_array(file, index, &numbers)) < 0) return NULL;
  return wrap_array(numbers);
}

static PyObject *metadata_of(const emily_gguf *file) {
  PyObject *all = PyDict_New();
  for (size_t i = 0; all && i < emily_gguf_metadata_count(file); i++) {
    PyObject *value = value_at(file, i);
    if (!value || PyDict_SetItemString(all, emily_gguf_metadata_key(file, i), value) < 0) Py_CLEAR(all);
    Py_XDECREF(value);
  }
  return all;
}

/* load_gguf(path): (arrays, metadata), two dicts. */
static PyObject *load_gguf(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path, *arrays = NULL, *metadata = NULL;
  emily_gguf *file = NULL;
  emily_array_map *map = NULL;
  emily_status status;
  if (!PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path)) return NULL;
  const char *bytes = PyBytes_AsString(path);
  Py_BEGIN_ALLOW_THREADS
  status = emily_gguf_open(bytes, &file);
  if (status == EMILY_OK) status = emily_gguf_arrays(file, &map);
  Py_END_ALLOW_THREADS
  if (raise_status(status) == 0 && (arrays = dict_of(map))) metadata = metadata_of(file);
  emily_array_map_release(map);
  emily_gguf_close(file);
  Py_DECREF(path);
  PyObject *both = metadata ? PyTuple_Pack(2, arrays, metadata) : NULL;
  Py_XDECREF(arrays);
  Py_XDECREF(metadata);
  return both;
}

/* ---- writing ---- */

/* Borrowed. GGUF counts bytes, emily's C interface ends a text with NUL: one that holds a NUL would be cut. */
static const char *utf8_of(PyObject *text) {
  Py_ssize_t length = 0;
  if (!PyUnicode_Check(text)) return PyErr_SetString(PyExc_TypeError, "metadata are arrays, str and lists of str, under names that are str"), NULL;
  const char *bytes = PyUnicode_AsUTF8AndSize(text, &length);
  if (!bytes || strlen(bytes) == (size_t)length) return bytes;
  return PyErr_SetString(PyExc_ValueError, "a text of the metadata holds a NUL"), NULL;
}

static int set_texts(emily_gguf_pair *pair, PyObject *list) {
  Py_ssize_t count = PyList_Size(list);
  const char **texts = PyMem_Malloc((size_t)(count + 1) * sizeof *texts);
  if (!texts) return PyErr_NoMemory(), -1;
  pair->texts = texts;
  pair->text_count = count;
  for (Py_ssize_t i = 0; i < count; i++)
    if (!(texts[i] = utf8_of(PyList_GetItem(list, i)))) return -1;
  return 0;
}

/* From an array, a str, or a list of str. Texts are borrowed; the number's reference is the pair's: another thread may assign to the object. */
static int set_pair(emily_gguf_pair *pair, PyObject *key, PyObject *value) {
  if (!(pair->key = utf8_of(key))) return -1;
  if (is_array(value)) return pair->numbers = emily_array_retain(value_of(value)), 0;
  if (PyList_Check(value)) return set_texts(pair, value);
  const char *text = utf8_of(value);
  const char **one = text ? PyMem_Malloc(sizeof *one) : NULL;
  if (!text) return -1;
  if (!one) return PyErr_NoMemory(), -1;
  one[0] = text;
  pair->texts = one;
  pair->text_count = -1;
  return 0;
}

static void free_pairs(emily_gguf_pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    PyMem_Free((void *)pairs[i].texts);
    if (pairs[i].numbers) release_array(pairs[i].numbers);
  }
  PyMem_Free(pairs);
}

static PyObject *write_file(const char *path, PyObject *arrays, const emily_gguf_pair *pairs, size_t count) {
  emily_array_map *map = map_of(arrays);
  emily_status status;
  if (!map) return NULL;
  Py_BEGIN_ALLOW_THREADS
  status = emily_gguf_save(path, map, pairs, count);
  Py_END_ALLOW_THREADS
  emily_array_map_release(map);
  return raise_status(status) < 0 ? NULL : Py_NewRef(Py_None);
}

/* save_gguf(path, arrays, metadata). */
static PyObject *save_gguf(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *path, *arrays, *metadata, *key, *value, *result = NULL;
  Py_ssize_t at = 0;
  size_t count = 0;
  if (!PyArg_ParseTuple(args, "O&O!O!", PyUnicode_FSConverter, &path, &PyDict_Type, &arrays, &PyDict_Type, &metadata)) return NULL;
  emily_gguf_pair *pairs = PyMem_Calloc((size_t)PyDict_Size(metadata) + 1, sizeof *pairs);
  int ok = pairs ? 0 : (PyErr_NoMemory(), -1);
  while (ok == 0 && PyDict_Next(metadata, &at, &key, &value)) ok = set_pair(&pairs[count++], key, value);
  if (ok == 0) result = write_file(PyBytes_AsString(path), arrays, pairs, count);
  free_pairs(pairs, count);
  Py_DECREF(path);
  return result;
}

PyMethodDef gguf_functions[] = {
    {"load_gguf", load_gguf, METH_VARARGS, NULL},
    {"save_gguf", save_gguf, METH_VARARGS, NULL},
    {NULL},
};
