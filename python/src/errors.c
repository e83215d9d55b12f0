/* errors.c: failures of emily as Python exceptions, and buffers of others that go back to Python. */
#include "binding.h"

#include <stdatomic.h>

static PyObject *exception_for(emily_status status) {
  switch (status) {
    case EMILY_INVALID_ARGUMENT: return PyExc_ValueError;
    case EMILY_OUT_OF_MEMORY: return PyExc_MemoryError;
    case EMILY_IO_ERROR: return PyExc_OSError;
    case EMILY_NOT_FOUND: return PyExc_LookupError;
    case EMILY_UNSUPPORTED: return PyExc_NotImplementedError;
    case EMILY_DEBUG_CHECK: return PyExc_IndexError;
    default: return PyExc_RuntimeError;
  }
}

PyObject *raise_last_error(void) {
  if (PyErr_Occurred()) return NULL;
  const emily_error *error = emily_last_error();
  const char *where = strncmp(error->where, "emily_", 6) == 0 ? error->where + 6 : error->where;
  if (*where) return PyErr_Format(exception_for(error->status), "[%s] %s", where, error->message);
  PyErr_SetString(exception_for(error->status), error->message);
  return NULL;
}

int raise_status(emily_status status) {
  if (status == EMILY_OK) return 0;
  raise_last_error();
  return -1;
}

/* ---- owners ----
 *
 * An array may die on a thread of emily's, in the middle of an evaluation, while another thread holds the GIL and waits for emily:
 * taking the GIL there could wait forever. So what it held is put on a list, and a thread that has the GIL empties it: the next one
 * that drops or makes an array, or Python's own loop. */

static _Atomic(owner *) waiting;

static int give_back_pending(void *unused) {
  (void)unused;
  give_back_owners();
  return 0;
}

void owner_release(void *object) {
  owner *o = object;
  o->next = atomic_load(&waiting);
  while (!atomic_compare_exchange_weak(&waiting, &o->next, o)) continue;
  if (!o->next) Py_AddPendingCall(give_back_pending, NULL); /* the first of the list; a full queue is no harm */
}

void give_back_owners(void) {
  if (!atomic_load_explicit(&waiting, memory_order_relaxed)) return;
  owner *o = atomic_exchange(&waiting, NULL);
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace); /* deallocation must not lose the exception that is on its way */
  while (o) {
    owner *next = o->next;
    o->give_back(o);
    o = next;
  }
  PyErr_Restore(type, value, trace);
}

void release_array(emily_array *value) {
  emily_array_release(value);
  give_back_owners();
}
