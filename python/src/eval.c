/* eval.c: evaluation of arrays and of trees of them. The GIL is released while work runs. */
#include "binding.h"

int evaluate(emily_array *value) {
  emily_status status;
  if (emily_array_is_evaluated(value)) return 0;
  emily_array_retain(value); /* another thread may assign to the Python object meanwhile */
  Py_BEGIN_ALLOW_THREADS
  status = emily_eval(&value, 1);
  Py_END_ALLOW_THREADS
  int result = raise_status(status);
  release_array(value);
  return result;
}

/* Arrays of a tree, one reference each. */
typedef struct leaves {
  emily_array **arrays;
  size_t count, capacity;
  emily_array *few[16];
} leaves;

static int add_leaf(leaves *all, emily_array *value) {
  if (all->count == all->capacity) {
    size_t capacity = all->capacity * 2;
    emily_array **more = PyMem_Malloc(capacity * sizeof *more);
    if (!more) return PyErr_NoMemory(), -1;
    memcpy(more, all->arrays, all->count * sizeof *more);
    if (all->arrays != all->few) PyMem_Free(all->arrays);
    all->arrays = more;
    all->capacity = capacity;
  }
  all->arrays[all->count++] = emily_array_retain(value);
  return 0;
}

static int collect(leaves *all, PyObject *tree);

static int collect_dict(leaves *all, PyObject *tree) {
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(tree, &at, &key, &value))
    if (collect(all, value) < 0) return -1;
  return 0;
}

/* Lists, tuples and dicts are walked; what is none of these and no array is passed over, as MLX does. */
static int collect(leaves *all, PyObject *tree) {
  if (is_array(tree)) return emily_array_is_evaluated(value_of(tree)) ? 0 : add_leaf(all, value_of(tree));
  int list = PyList_Check(tree);
  if (!list && !PyTuple_Check(tree) && !PyDict_Check(tree)) return 0;
  if (Py_EnterRecursiveCall(" in a tree of arrays")) return -1;
  int result = 0;
  if (PyDict_Check(tree))
    result = collect_dict(all, tree);
  else
    for (Py_ssize_t i = 0; result == 0 && i < (list ? PyList_Size(tree) : PyTuple_Size(tree)); i++)
      result = collect(all, list ? PyList_GetItem(tree, i) : PyTuple_GetItem(tree, i));
  Py_LeaveRecursiveCall();
  return result;
}

static PyObject *evaluate_trees(PyObject *const *args, Py_ssize_t count,
                                emily_status (*how)(emily_array *const *arrays, size_t count)) {
  leaves all = {.capacity = sizeof all.few / sizeof *all.few};
  all.arrays = all.few;
  int result = 0;
  for (Py_ssize_t i = 0; result == 0 && i < count; i++) result = collect(&all, args[i]);
  if (result == 0 && all.count) {
    emily_status status;
    Py_BEGIN_ALLOW_THREADS
    status = how(all.arrays, all.count);
    Py_END_ALLOW_THREADS
    result = raise_status(status);
  }
  for (size_t i = 0; i < all.count; i++) emily_array_release(all.arrays[i]);
  if (all.arrays != all.few) PyMem_Free(all.arrays);
  give_back_owners();
  return result ? NULL : Py_NewRef(Py_None);
}

PyObject *py_eval(PyObject *module, PyObject *const *args, Py_ssize_t count) {
  (void)module;
  return evaluate_trees(args, count, emily_eval);
}

PyObject *py_async_eval(PyObject *module, PyObject *const *args, Py_ssize_t count) {
  (void)module;
  return evaluate_trees(args, count, emily_async_eval);
}
