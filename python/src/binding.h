/* binding.h: what the files of the extension share.
 *
 * The extension is written for Python's stable ABI (3.11 and later) over the public headers of emily: one binary for all versions.
 * Functions follow Python's convention: NULL or -1 with an exception set. An `emily_array *` that a function here returns is a
 * reference of the caller's. */
#ifndef EMILY_PYTHON_BINDING_H
#define EMILY_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <structmember.h>

#include "emily/emily.h"

#include <string.h>

/* ---- types (one of each a process: the module has no second instance) ---- */

typedef struct array_object {
  PyObject_HEAD
  emily_array *value; /* never NULL once made; assignment by index and in-place operators put another one here */
  PyObject *weakrefs;
} array_object;

typedef struct dtype_object {
  PyObject_HEAD
  emily_dtype code;
} dtype_object;

typedef struct stream_object {
  PyObject_HEAD
  emily_stream *stream;
  long index;
} stream_object;

extern PyTypeObject *array_type, *dtype_type, *stream_type, *op_type;

int make_array_type(PyObject *module);
int make_dtype_type(PyObject *module);
int make_stream_type(PyObject *module);
int make_op_type(PyObject *module);

static inline int is_array(PyObject *object) { return Py_TYPE(object) == array_type; } /* it has no subclasses */
static inline emily_array *value_of(PyObject *array) { return ((array_object *)array)->value; }

/* ---- errors ---- */

/* The exception for the calling thread's latest failure of emily. Always NULL. */
PyObject *raise_last_error(void);
int raise_status(emily_status status); /* 0 for EMILY_OK, else -1 with the exception */

/* ---- arrays ---- */

PyObject *wrap_array(emily_array *value);  /* takes the reference, on failure too; NULL: raises emily's error */
int evaluate(emily_array *value);          /* with the GIL released where there is work */
void release_array(emily_array *value);
/* Call from a release callback of emily_array_wrap, on any thread: the owner is given back soon, by a thread that has the GIL. */
typedef struct owner {
  struct owner *next;
  void (*give_back)(struct owner *owner);
} owner;
void owner_release(void *owner);
void give_back_owners(void);

/* ---- conversion (convert.c, buffer.c, dlpack.c) ---- */

enum { SHARE_NEVER, SHARE_IF_POSSIBLE, SHARE_OR_FAIL };

/* A Python scalar as a 0-d array. weak >= 0: in that dtype where the kind allows, as MLX does; -1: its own. NULL without an exception
 * where the object is none. */
emily_array *from_scalar(PyObject *object, emily_dtype weak);
/* Whatever mx.array takes. dtype -1: the object's own. */
emily_array *from_object(PyObject *object, emily_dtype dtype, int share);
/* An operand: an array (retained), or what can become one. weak as above. */
emily_array *from_operand(PyObject *object, emily_dtype weak);
emily_array *from_sequence(PyObject *object, emily_dtype dtype);
emily_array *from_buffer(PyObject *object, emily_dtype dtype, emily_dtype reads_as, int share);
emily_array *from_dlpack_capsule(PyObject *capsule, int share);
PyObject *to_dlpack(emily_array *value, int versioned, int copied);
PyObject *to_list(emily_array *value);
PyObject *to_scalar(emily_array *value);
int get_buffer(PyObject *self, Py_buffer *view, int flags);
void release_buffer(PyObject *self, Py_buffer *view);
emily_array *cast_owned(emily_array *value, emily_dtype dtype); /* takes the reference */

/* ---- dtypes, streams ---- */

PyObject *dtype_from_code(emily_dtype code); /* a new reference */
/* A Dtype or a dtype's name. -1 with an exception. */
emily_dtype dtype_of(PyObject *object);
emily_dtype same_or_float32(emily_dtype dtype); /* float64 data become float32 unless asked otherwise */
emily_stream *stream_of(PyObject *object, int *ok); /* borrowed; NULL for None: the default */

emily_stream *current_stream(void); /* of this thread; NULL: the process default */

/* ---- ops ---- */

PyObject *make_function(PyObject *module, PyObject *args);
PyObject *table(PyObject *module, PyObject *unused);

/* The ops that slots and methods name are found once, at import. */
#define KNOWN_OPS(X)                                                                                                                 \
  X(add) X(subtract) X(multiply) X(divide) X(floor_divide) X(remainder) X(power) X(matmul) X(negative) X(abs) X(bitwise_invert)     \
  X(bitwise_and) X(bitwise_or) X(bitwise_xor) X(left_shift) X(right_shift) X(equal) X(not_equal) X(less) X(less_equal) X(greater)   \
  X(greater_equal) X(astype) X(stack) X(transpose) X(slice) X(take) X(reshape) X(contiguous) X(copy) X(slice_update) X(broadcast_to)
#define DECLARE_KNOWN(name) extern const emily_op_info *op_##name;
KNOWN_OPS(DECLARE_KNOWN)
#undef DECLARE_KNOWN
int find_known_ops(void);

emily_array *apply(const emily_op_info *op, emily_array *const *operands, size_t operand_count, const emily_attr *attrs,
                   size_t attr_count); /* on the current stream */
PyObject *apply_wrapped(const emily_op_info *op, emily_array *const *operands, size_t operand_count, const emily_attr *attrs,
                        size_t attr_count);
PyObject *op_method(PyObject **cache, const char *name, PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names);

/* A sequence of integers, or one integer, into `out`; their number, or -1 with an exception. */
int read_ints(PyObject *object, int64_t *out, int capacity, const char *what);

extern PyType_Slot operator_slots[]; /* operators.c; ends with {0, NULL} */
extern PyMethodDef array_methods[];  /* methods.c */
PyObject *get_item(PyObject *self, PyObject *key);                  /* index.c */
int set_item(PyObject *self, PyObject *key, PyObject *value);
PyObject *iterate(PyObject *self);
/* A function of the Python part that the extension calls, by its name: "getitem", "setitem", "repr", … Borrowed. */
PyObject *hook(const char *name);

PyObject *py_einsum_path(PyObject *module, PyObject *args); /* einsum.c */
PyObject *py_eval(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *py_async_eval(PyObject *module, PyObject *const *args, Py_ssize_t count);
extern PyMethodDef runtime_functions[]; /* runtime.c: memory, threads */
extern PyMethodDef file_functions[];    /* files.c: safetensors, .npy, .npz */
extern PyMethodDef gguf_functions[];    /* gguf.c */
PyObject *dict_of(const emily_array_map *map);
emily_array_map *map_of(PyObject *arrays);

#endif
