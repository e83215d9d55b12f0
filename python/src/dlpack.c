/* dlpack.c: DLPack (dmlc/dlpack 1.1) both ways, with plain and versioned capsules.
 *
 * Out: the capsule's manager holds an array; whoever consumes the capsule renames it and calls the deleter, on any thread; a capsule
 * that nobody consumed deletes it itself. In: the producer's deleter runs when the last array over its memory goes. */
#include "binding.h"

#include <stdlib.h>

typedef struct dl_device {
  int32_t type, id; /* type 1: cpu */
} dl_device;
typedef struct dl_dtype {
  uint8_t code, bits;
  uint16_t lanes;
} dl_dtype;
typedef struct dl_tensor {
  void *data;
  dl_device device;
  int32_t ndim;
  dl_dtype dtype;
  int64_t *shape, *strides; /* strides in elements; NULL: row-major */
  uint64_t byte_offset;
} dl_tensor;
typedef struct dl_managed {
  dl_tensor tensor;
  void *context;
  void (*deleter)(struct dl_managed *self);
} dl_managed;
typedef struct dl_versioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(struct dl_versioned *self);
  uint64_t flags; /* 1: read-only, 2: a copy */
  dl_tensor tensor;
} dl_versioned;

enum { DL_CPU = 1, DL_CUDA_HOST = 3, DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_BFLOAT = 4, DL_COMPLEX = 5, DL_BOOL = 6,
       DL_FLOAT8_E4M3FN = 10, DL_FLOAT8_E5M2 = 12 };

static dl_dtype dl_dtype_of(emily_dtype dtype) {
  uint8_t code = dtype == EMILY_BOOL ? DL_BOOL : dtype == EMILY_BFLOAT16 ? DL_BFLOAT : dtype == EMILY_COMPLEX64 ? DL_COMPLEX
               : dtype == EMILY_FLOAT8_E4M3FN ? DL_FLOAT8_E4M3FN : dtype == EMILY_FLOAT8_E5M2 ? DL_FLOAT8_E5M2
               : dtype == EMILY_INT2 || dtype == EMILY_INT4 ? DL_INT /* a byte each holds their value */
               : emily_dtype_is_float(dtype) ? DL_FLOAT : emily_dtype_is_signed(dtype) ? DL_INT : DL_UINT;
  return (dl_dtype){code, (uint8_t)(emily_dtype_size(dtype) * 8), 1};
}

static emily_dtype dtype_from_dl(dl_dtype d) {
  for (emily_dtype dtype = 0; dtype < EMILY_DTYPE_COUNT; dtype++) {
    dl_dtype ours = dl_dtype_of(dtype);
    if (ours.code == d.code && ours.bits == d.bits && d.lanes == 1) return dtype;
  }
  return -1;
}

/* ---- out ---- */

/* One block behind either form of the manager. */
typedef struct out_block {
  union {
    dl_managed plain;
    dl_versioned versioned;
  } manager;
  emily_array *value;
  int64_t shape_and_strides[];
} out_block;

static void delete_plain(dl_managed *self) {
  out_block *block = self->context;
  emily_array_release(block->value);
  free(block);
}

static void delete_versioned(dl_versioned *self) {
  out_block *block = self->context;
  emily_array_release(block->value);
  free(block);
}

static void drop_capsule(PyObject *capsule) {
  if (PyCapsule_IsValid(capsule, "dltensor")) {
    dl_managed *m = PyCapsule_GetPointer(capsule, "dltensor");
    if (m->deleter) m->deleter(m);
  } else if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    dl_versioned *m = PyCapsule_GetPointer(capsule, "dltensor_versioned");
    if (m->deleter) m->deleter(m);
  }
}

PyObject *to_dlpack(emily_array *value, int versioned, int copied) {
  const void *data;
  if (evaluate(value) < 0 || raise_status(emily_array_data(value, false, &data)) < 0) return NULL;
  int32_t ndim = emily_array_ndim(value);
  out_block *block = malloc(sizeof *block + 2 * (size_t)ndim * sizeof(int64_t));
  if (!block) return PyErr_NoMemory();
  if (ndim) {
    memcpy(block->shape_and_strides, emily_array_shape(value), (size_t)ndim * sizeof(int64_t));
    memcpy(block->shape_and_strides + ndim, emily_array_strides(value), (size_t)ndim * sizeof(int64_t));
  }
  dl_tensor tensor = {.data = (void *)data, .device = {DL_CPU, 0}, .ndim = ndim, .dtype = dl_dtype_of(emily_array_dtype(value)),
                      .shape = block->shape_and_strides, .strides = block->shape_and_strides + ndim};
  if (versioned)
    block->manager.versioned = (dl_versioned){1, 1, block, delete_versioned, copied ? 2 : 1, tensor};
  else
    block->manager.plain = (dl_managed){tensor, block, delete_plain};
  block->value = emily_array_retain(value);
  PyObject *capsule = PyCapsule_New(&block->manager, versioned ? "dltensor_versioned" : "dltensor", drop_capsule);
  if (!capsule) {
    emily_array_release(value);
    free(block);
  }
  return capsule;
}

/* ---- in ---- */

typedef struct dl_owner {
  owner base;
  dl_managed *plain;
  dl_versioned *versioned;
} dl_owner;

static void give_back_dl(owner *base) {
  dl_owner *o = (dl_owner *)base;
  if (o->plain && o->plain->deleter) o->plain->deleter(o->plain);
  if (o->versioned && o->versioned->deleter) o->versioned->deleter(o->versioned);
  free(o);
}

static int is_dense(const dl_tensor *t) {
  int64_t step = 1;
  for (int32_t i = t->ndim - 1; t->strides && i >= 0; i--) {
    if (t->shape[i] == 0) return 1;
    if (t->shape[i] != 1 && t->strides[i] != step) return 0;
    step *= t->shape[i];
  }
  return 1;
}

static void gather_rows(const dl_tensor *t, int32_t axis, const char *from, char **to, size_t item) {
  for (int64_t i = 0; axis < t->ndim && i < t->shape[axis]; i++)
    gather_rows(t, axis + 1, from + i * t->strides[axis] * (int64_t)item, to, item);
  if (axis < t->ndim) return;
  memcpy(*to, from, item);
  *to += item;
}

static emily_array *copy_tensor(const dl_tensor *t, const char *data, emily_dtype dtype) {
  if (is_dense(t)) return emily_array_from_data(data, t->shape, t->ndim, dtype);
  size_t item = emily_dtype_size(dtype), bytes = item;
  for (int32_t i = 0; i < t->ndim; i++) bytes *= (size_t)t->shape[i];
  char *own = PyMem_Malloc(bytes), *to = own;
  if (!own) return PyErr_NoMemory(), NULL;
  gather_rows(t, 0, data, &to, item);
  emily_array *value = emily_array_from_data(own, t->shape, t->ndim, dtype);
  PyMem_Free(own);
  return value;
}

/* The array, and whether it took the owner. */
static emily_array *from_tensor(const dl_tensor *t, int share, dl_owner *o, int *taken) {
  *taken = 0;
  emily_dtype dtype = dtype_from_dl(t->dtype);
  if (t->device.type != DL_CPU && t->device.type != DL_CUDA_HOST)
    return PyErr_Format(PyExc_ValueError, "[convert] DLPack device %d is not supported.", (int)t->device.type), NULL;
  if (dtype < 0 || t->ndim < 0 || t->ndim > EMILY_MAX_NDIM)
    return PyErr_SetString(PyExc_ValueError, "[convert] The DLPack tensor has a dtype or rank that emily does not take."), NULL;
  const char *data = (const char *)t->data + t->byte_offset;
  size_t align = dtype == EMILY_COMPLEX64 ? 4 : emily_dtype_size(dtype);
  int fits = t->data && is_dense(t) && ((uintptr_t)data & (align - 1)) == 0;
  emily_array *value;
  if (share == SHARE_OR_FAIL && !fits)
    return PyErr_SetString(PyExc_ValueError, "Unable to avoid copy while creating an array as requested."), NULL;
  if (fits && share != SHARE_NEVER)
    *taken = (value = emily_array_wrap(data, t->shape, t->ndim, dtype, owner_release, o)) != NULL;
  else
    value = copy_tensor(t, data, dtype);
  return value ? value : (raise_last_error(), NULL);
}

emily_array *from_dlpack_capsule(PyObject *capsule, int share) {
  int versioned = PyCapsule_IsValid(capsule, "dltensor_versioned");
  if (!versioned && !PyCapsule_IsValid(capsule, "dltensor"))
    return PyErr_SetString(PyExc_TypeError, "__dlpack__ gave no DLPack capsule, or one that was used"), NULL;
  dl_owner *o = calloc(1, sizeof *o);
  if (!o) return PyErr_NoMemory(), NULL;
  o->base.give_back = give_back_dl;
  if (versioned)
    o->versioned = PyCapsule_GetPointer(capsule, "dltensor_versioned");
  else
    o->plain = PyCapsule_GetPointer(capsule, "dltensor");
  if (versioned && o->versioned->major != 1) {
    free(o);
    return PyErr_SetString(PyExc_BufferError, "a DLPack tensor of another major version than 1"), NULL;
  }
  int taken;
  emily_array *value = from_tensor(versioned ? &o->versioned->tensor : &o->plain->tensor, share, o, &taken);
  PyCapsule_SetName(capsule, versioned ? "used_dltensor_versioned" : "used_dltensor");
  if (!taken) give_back_dl(&o->base);
  return value;
}
