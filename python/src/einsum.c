/* einsum.c: the order of contraction that einsum takes, as MLX's einsum_path gives it. */
#include "binding.h"

enum { MAX_OPERANDS = 64, REPORT = 4096 };

/* The number of positions of each contraction, then these: a list of tuples. */
static PyObject *path_list(const int32_t *path, size_t count) {
  PyObject *steps = PyList_New(0);
  for (size_t at = 0; steps && at < count; at += (size_t)path[at] + 1) {
    PyObject *step = PyTuple_New(path[at]);
    for (int32_t i = 0; step && i < path[at]; i++) PyTuple_SetItem(step, i, PyLong_FromLong(path[at + 1 + (size_t)i]));
    if (!step || PyList_Append(steps, step) < 0) Py_CLEAR(steps);
    Py_XDECREF(step);
  }
  return steps;
}

/* einsum_path(subscripts, arrays): (path, report). */
PyObject *py_einsum_path(PyObject *module, PyObject *args) {
  (void)module;
  const char *subscripts;
  PyObject *list;
  emily_array *operands[MAX_OPERANDS];
  int32_t path[3 * MAX_OPERANDS];
  size_t count = 0;
  char report[REPORT];
  if (!PyArg_ParseTuple(args, "sO!", &subscripts, &PyList_Type, &list)) return NULL;
  Py_ssize_t number = PyList_Size(list);
  if (number > MAX_OPERANDS) return PyErr_Format(PyExc_ValueError, "einsum_path: %zd operands are too many", number);
  for (Py_ssize_t i = 0; i < number; i++) {
    PyObject *item = PyList_GetItem(list, i);
    if (!is_array(item)) return PyErr_Format(PyExc_TypeError, "einsum_path: operands are arrays");
    operands[i] = value_of(item);
  }
  if (raise_status(emily_einsum_path(subscripts, operands, (int32_t)number, path, 3 * MAX_OPERANDS, &count, report, REPORT)) < 0) return NULL;
  PyObject *steps = path_list(path, count);
  return steps ? Py_BuildValue("(Ns)", steps, report) : NULL;
}
