/* op.c: a Python function an op of the table.
 *
 * A function knows its op and its parameters: which name and place of Python's stand for which argument of the table. The default is the
 * table's order; the Python part gives others where MLX's differ (emily/core/_signatures.py). A call is read into one slot an argument,
 * then turned into operands and attributes for emily_call_op. */
#include "binding.h"

enum { MAX_PARAMS = 20, MAX_INTS = 512, FEW = 64 };

typedef struct param {
  PyObject *name, *also; /* interned; also: a second name, or NULL */
  int32_t arg;           /* index of the table's argument */
  bool keyword_only, star;
} param;

typedef struct op_object {
  PyObject_HEAD
  const emily_op_info *info;
  int32_t param_count, positional;
  int as_list; /* several results: a list, else a tuple */
  param params[MAX_PARAMS];
  PyMethodDef def;
  char *doc;
  PyObject *name;
} op_object;

PyTypeObject *op_type;
static PyObject *stream_name;

#define DEFINE_KNOWN(name) const emily_op_info *op_##name;
KNOWN_OPS(DEFINE_KNOWN)
#undef DEFINE_KNOWN

int find_known_ops(void) {
#define FIND_KNOWN(name) \
  if (!(op_##name = emily_op_find(#name))) return PyErr_SetString(PyExc_ImportError, "libemily has no op " #name), -1;
  KNOWN_OPS(FIND_KNOWN)
#undef FIND_KNOWN
  return 0;
}

/* ---- a call ---- */

typedef struct call {
  const op_object *op;
  PyObject *values[MAX_PARAMS]; /* borrowed, by the table's index; NULL where not given */
  PyObject *const *rest;        /* the arguments that a starred parameter took */
  Py_ssize_t rest_count;
  emily_stream *stream;
  emily_array **operands, *few[FEW];
  size_t operand_count, operand_capacity;
  emily_attr attrs[MAX_PARAMS];
  size_t attr_count;
  int64_t ints[MAX_INTS];
  int ints_used;
  emily_dtype weak;
} call;

static int match(const op_object *op, PyObject *name) {
  for (int32_t i = 0; i < op->param_count; i++)
    if (op->params[i].name == name || op->params[i].also == name) return i;
  for (int32_t i = 0; i < op->param_count; i++) /* a name that is not interned */
    if (PyUnicode_Compare(op->params[i].name, name) == 0 || (op->params[i].also && PyUnicode_Compare(op->params[i].also, name) == 0))
      return i;
  return -1;
}

static int bind_keyword(call *c, PyObject *name, PyObject *value) {
  if (name == stream_name || PyUnicode_Compare(name, stream_name) == 0) {
    int ok;
    c->stream = stream_of(value, &ok);
    return ok ? 0 : -1;
  }
  int i = match(c->op, name);
  if (i < 0) return PyErr_Format(PyExc_TypeError, "%U() got an unexpected keyword argument '%U'", c->op->name, name), -1;
  PyObject **slot = &c->values[c->op->params[i].arg];
  if (*slot) return PyErr_Format(PyExc_TypeError, "%U() got multiple values for argument '%U'", c->op->name, name), -1;
  *slot = value;
  return 0;
}

static int bind(call *c, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  const op_object *op = c->op;
  for (Py_ssize_t i = 0; i < count; i++) {
    if (i == op->positional && i + 1 == count && !PyLong_Check(args[i])) { /* the stream, as MLX takes it behind the others */
      int ok;
      c->stream = stream_of(args[i], &ok);
      if (!ok) return -1;
      break;
    }
    if (i >= op->positional)
      return PyErr_Format(PyExc_TypeError, "%U() takes at most %d positional arguments (%zd given)", op->name, (int)op->positional,
                          count), -1;
    const param *p = &op->params[i];
    if (p->star) {
      c->rest = args + i;
      c->rest_count = count - i;
      break;
    }
    c->values[p->arg] = args[i];
  }
  Py_ssize_t named = names ? PyTuple_Size(names) : 0;
  for (Py_ssize_t i = 0; i < named; i++)
    if (bind_keyword(c, PyTuple_GetItem(names, i), args[count + i]) < 0) return -1;
  return 0;
}

/* ---- operands ---- */

static int add_operand(call *c, emily_array *value) { /* takes the reference */
  if (c->operand_count == c->operand_capacity) {
    emily_array **more = PyMem_Malloc(2 * c->operand_capacity * sizeof *more);
    if (!more) {
      emily_array_release(value);
      return PyErr_NoMemory(), -1;
    }
    memcpy(more, c->operands, c->operand_count * sizeof *more);
    if (c->operands != c->few) PyMem_Free(c->operands);
    c->operands = more;
    c->operand_capacity *= 2;
  }
  c->operands[c->operand_count++] = value;
  return 0;
}

static int add_object(call *c, PyObject *object, emily_dtype weak) {
  emily_array *value = is_array(object) ? emily_array_retain(value_of(object)) : from_operand(object, weak);
  return value ? add_operand(c, value) : -1;
}

static int add_list(call *c, PyObject *list) {
  Py_ssize_t count = PySequence_Size(list);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PySequence_GetItem(list, i);
    int result = item ? add_object(c, item, -1) : -1;
    Py_XDECREF(item);
    if (result < 0) return -1;
  }
  return count < 0 ? -1 : 0;
}

/* A list or tuple of operands; starred: those of the call itself, or one list in their place. */
static int add_operands(call *c, int32_t arg) {
  PyObject *list = c->values[arg];
  if (c->rest_count == 1 && (PyList_Check(c->rest[0]) || PyTuple_Check(c->rest[0]))) list = c->rest[0];
  if (list && (PyList_Check(list) || PyTuple_Check(list))) return add_list(c, list);
  if (list && is_array(list)) return add_list(c, list);
  if (list) return PyErr_Format(PyExc_TypeError, "%U(): a list of arrays is wanted", c->op->name), -1;
  for (Py_ssize_t i = 0; i < c->rest_count; i++)
    if (add_object(c, c->rest[i], -1) < 0) return -1;
  return 0;
}

/* Python scalars take the dtype of the first operand that is an array; a condition's says nothing about values. */
static emily_dtype weak_dtype(const call *c) {
  const emily_op_info *info = c->op->info;
  for (int32_t i = 0; i < info->arg_count; i++) {
    emily_arg_kind kind = info->args[i].kind;
    if (kind != EMILY_ARG_ARRAY && kind != EMILY_ARG_OPTIONAL) continue;
    if (c->values[i] && is_array(c->values[i]) && strcmp(info->args[i].name, "condition") != 0)
      return emily_array_dtype(value_of(c->values[i]));
  }
  return -1;
}

/* ---- attributes ---- */

int read_ints(PyObject *object, int64_t *out, int capacity, const char *what) {
  if (PyLong_Check(object) || !PySequence_Check(object) || (is_array(object) && emily_array_ndim(value_of(object)) == 0)) {
    PyObject *number = PyNumber_Index(object);
    if (!number) return -1;
    if (capacity > 0) out[0] = PyLong_AsLongLong(number);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 1;
  }
  Py_ssize_t count = PySequence_Size(object);
  if (count < 0) return -1;
  if (count > capacity) return PyErr_Format(PyExc_ValueError, "%s: %zd numbers are too many", what, count), -1;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *item = PySequence_GetItem(object, i);
    PyObject *number = item ? PyNumber_Index(item) : NULL;
    Py_XDECREF(item);
    if (!number) return -1;
    out[i] = PyLong_AsLongLong(number);
    Py_DECREF(number);
    if (PyErr_Occurred()) return -1;
  }
  return (int)count;
}

static int set_ints(call *c, emily_attr *attr, PyObject *value) {
  attr->ints = c->ints + c->ints_used;
  attr->count = read_ints(value, c->ints + c->ints_used, MAX_INTS - c->ints_used, attr->name);
  if (attr->count < 0) return -1;
  c->ints_used += attr->count;
  return 0;
}

static int set_int(emily_attr *attr, PyObject *value) {
  PyObject *number = PyNumber_Index(value);
  if (!number) return -1;
  attr->i = PyLong_AsLongLong(number);
  Py_DECREF(number);
  return PyErr_Occurred() ? -1 : 0;
}

static int set_attribute(call *c, emily_attr *attr, PyObject *value) {
  switch (attr->kind) {
    case EMILY_ARG_INT: return set_int(attr, value);
    case EMILY_ARG_REAL: return attr->f = PyFloat_AsDouble(value), PyErr_Occurred() ? -1 : 0;
    case EMILY_ARG_FLAG: return attr->i = PyObject_IsTrue(value), attr->i < 0 ? -1 : 0;
    case EMILY_ARG_DTYPE: return attr->i = dtype_of(value), attr->i < 0 ? -1 : 0;
    case EMILY_ARG_TEXT: return attr->text = PyUnicode_AsUTF8AndSize(value, NULL), attr->text ? 0 : -1;
    default: return set_ints(c, attr, value);
  }
}

/* None stands for the default; for an axis it is the flattened array. */
static int add_attribute(call *c, const emily_arg_info *arg, PyObject *value) {
  int flat = value == Py_None && arg->kind == EMILY_ARG_INT && strcmp(arg->name, "axis") == 0;
  if (value == Py_None && !flat && !arg->required) return 0;
  emily_attr *attr = &c->attrs[c->attr_count++];
  *attr = (emily_attr){.name = arg->name, .kind = arg->kind};
  if (flat) return attr->i = EMILY_NO_AXIS, 0;
  if (set_attribute(c, attr, value) == 0) return 0;
  if (PyErr_ExceptionMatches(PyExc_TypeError)) {
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%U(): argument '%s' can not be %R", c->op->name, arg->name, value);
  }
  return -1;
}

static int missing(const call *c, const char *name) {
  PyErr_Format(PyExc_TypeError, "%U() missing required argument '%s'", c->op->name, name);
  return -1;
}

/* Every argument of the table in its order. */
static int convert(call *c) {
  const emily_op_info *info = c->op->info;
  c->weak = weak_dtype(c);
  for (int32_t i = 0; i < info->arg_count; i++) {
    const emily_arg_info *arg = &info->args[i];
    PyObject *value = c->values[i];
    int result = 0;
    if (arg->kind == EMILY_ARG_ARRAYS) {
      result = value || c->rest ? add_operands(c, i) : missing(c, arg->name);
    } else if (arg->kind == EMILY_ARG_ARRAY || arg->kind == EMILY_ARG_OPTIONAL) {
      if (!value && arg->required) return missing(c, arg->name);
      if (value && (value != Py_None || arg->required))
        result = add_object(c, value, c->weak);
      else
        result = add_operand(c, NULL);
    } else if (value) {
      result = add_attribute(c, arg, value);
    } else if (arg->required) {
      result = missing(c, arg->name);
    }
    if (result < 0) return -1;
  }
  return 0;
}

/* ---- results ---- */

/* No list is longer than the operands, their extents, and the numbers that are given say. */
static size_t room_for_many(const call *c) {
  int64_t most = (int64_t)c->operand_count + MAX_INTS;
  for (size_t i = 0; i < c->operand_count; i++)
    for (int32_t k = 0; c->operands[i] && k < emily_array_ndim(c->operands[i]); k++)
      if (emily_array_dim(c->operands[i], k) > most) most = emily_array_dim(c->operands[i], k);
  for (int k = 0; k < c->ints_used; k++)
    if (c->ints[k] > most && c->ints[k] < 1 << 20) most = c->ints[k];
  return (size_t)most < (size_t)1 << 24 ? (size_t)most : (size_t)1 << 24;
}

static PyObject *wrap_results(emily_array *const *out, size_t count, int as_list) {
  PyObject *all = as_list ? PyList_New((Py_ssize_t)count) : PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; all && i < count; i++) {
    PyObject *one = wrap_array(emily_array_retain(out[i]));
    if (!one) Py_CLEAR(all);
    if (one && !as_list) PyTuple_SetItem(all, (Py_ssize_t)i, one);
    if (one && as_list) PyList_SetItem(all, (Py_ssize_t)i, one);
  }
  return all;
}

static PyObject *call_many(call *c, emily_scope *scope) {
  emily_array *few[4], **out = few;
  size_t capacity = 4, count = 0;
  if (c->op->info->results == 0) {
    capacity = room_for_many(c);
    out = PyMem_Malloc(capacity * sizeof *out);
    if (!out) return PyErr_NoMemory();
  }
  emily_status status = emily_call_op(scope, c->op->info, c->operands, c->operand_count, c->attrs, c->attr_count, out, capacity, &count);
  PyObject *all = status == EMILY_OK ? wrap_results(out, count, c->op->as_list) : raise_last_error();
  if (out != few) PyMem_Free(out);
  return all;
}

static PyObject *run(call *c) {
  emily_scope *scope = emily_scope_open(c->stream);
  if (!scope) return raise_last_error();
  PyObject *result = NULL;
  if (c->op->info->results == 1) {
    emily_array *out = NULL;
    size_t count;
    if (emily_call_op(scope, c->op->info, c->operands, c->operand_count, c->attrs, c->attr_count, &out, 1, &count) == EMILY_OK)
      result = wrap_array(emily_array_retain(out));
    else
      raise_last_error();
  } else {
    result = call_many(c, scope);
  }
  emily_scope_close(scope);
  return result;
}

static PyObject *call_op(const op_object *op, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  call c;
  c.op = op;
  c.stream = NULL;
  c.rest = NULL;
  c.rest_count = 0;
  c.operands = c.few;
  c.operand_count = c.attr_count = 0;
  c.operand_capacity = FEW;
  c.ints_used = 0;
  memset(c.values, 0, sizeof(PyObject *) * (size_t)op->info->arg_count);
  PyObject *result = NULL;
  if (bind(&c, args, count, names) == 0) {
    if (!c.stream) c.stream = current_stream();
    if (convert(&c) == 0) result = run(&c);
  }
  for (size_t i = 0; i < c.operand_count; i++) emily_array_release(c.operands[i]);
  if (c.operands != c.few) PyMem_Free(c.operands);
  give_back_owners();
  return result;
}

static PyObject *op_function(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  return call_op((op_object *)self, args, count, names);
}

/* ---- calls from C ---- */

emily_array *apply(const emily_op_info *op, emily_array *const *operands, size_t operand_count, const emily_attr *attrs,
                   size_t attr_count) {
  emily_array *out = NULL;
  size_t count;
  emily_scope *scope = emily_scope_open(current_stream());
  if (!scope) return raise_last_error(), NULL;
  if (emily_call_op(scope, op, operands, operand_count, attrs, attr_count, &out, 1, &count) == EMILY_OK)
    emily_array_retain(out);
  else
    out = NULL;
  emily_scope_close(scope);
  if (!out) raise_last_error();
  return out;
}

PyObject *apply_wrapped(const emily_op_info *op, emily_array *const *operands, size_t operand_count, const emily_attr *attrs,
                        size_t attr_count) {
  emily_array *out = apply(op, operands, operand_count, attrs, attr_count);
  return out ? wrap_array(out) : NULL;
}

/* ---- making a function ---- */

static void op_dealloc(PyObject *self) {
  op_object *op = (op_object *)self;
  PyTypeObject *type = Py_TYPE(self);
  for (int32_t i = 0; i < op->param_count; i++) {
    Py_XDECREF(op->params[i].name);
    Py_XDECREF(op->params[i].also);
  }
  Py_XDECREF(op->name);
  PyMem_Free(op->doc);
  PyObject_Free(self);
  Py_DECREF(type);
}

static int32_t find_arg(const emily_op_info *info, const char *name) {
  for (int32_t i = 0; i < info->arg_count; i++)
    if (strcmp(info->args[i].name, name) == 0) return i;
  return -1;
}

/* One parameter from (name, argument, keyword_only, star, also or None). */
static int read_param(op_object *op, PyObject *row) {
  const char *name, *argument, *also = NULL;
  int keyword_only, star;
  param *p = &op->params[op->param_count];
  if (!PyArg_ParseTuple(row, "ssppz", &name, &argument, &keyword_only, &star, &also)) return -1;
  *p = (param){.name = PyUnicode_InternFromString(name), .also = also ? PyUnicode_InternFromString(also) : NULL,
               .arg = find_arg(op->info, argument), .keyword_only = keyword_only, .star = star};
  op->param_count++;
  if (p->arg < 0) return PyErr_Format(PyExc_ValueError, "op %s has no argument %s", op->info->name, argument), -1;
  if (!keyword_only) op->positional = op->param_count + (star ? 1 << 30 : 0);
  return p->name ? 0 : -1;
}

/* function(op, name, module, doc, params, as_list): a function of the op. */
PyObject *make_function(PyObject *module, PyObject *args) {
  (void)module;
  const char *op_name, *name, *home, *doc;
  PyObject *params;
  int as_list;
  if (!PyArg_ParseTuple(args, "ssssO!p", &op_name, &name, &home, &doc, &PyTuple_Type, &params, &as_list)) return NULL;
  const emily_op_info *info = emily_op_find(op_name);
  if (!info || info->arg_count > MAX_PARAMS || PyTuple_Size(params) > MAX_PARAMS)
    return PyErr_Format(PyExc_ValueError, "there is no op %s, or it has too many arguments", op_name);
  op_object *op = (op_object *)PyType_GenericAlloc(op_type, 0);
  if (!op) return NULL;
  op->info = info;
  op->as_list = as_list;
  op->name = PyUnicode_InternFromString(name);
  size_t length = strlen(doc) + 1;
  op->doc = PyMem_Malloc(length);
  PyObject *function = NULL, *at = NULL;
  if (!op->doc || !op->name) goto done;
  memcpy(op->doc, doc, length);
  for (Py_ssize_t i = 0; i < PyTuple_Size(params); i++)
    if (read_param(op, PyTuple_GetItem(params, i)) < 0) goto done;
  op->def = (PyMethodDef){PyUnicode_AsUTF8AndSize(op->name, NULL), (PyCFunction)(void (*)(void))op_function,
                          METH_FASTCALL | METH_KEYWORDS, op->doc};
  at = PyUnicode_FromString(home);
  function = at ? PyCFunction_NewEx(&op->def, (PyObject *)op, at) : NULL;
done:
  Py_XDECREF(at);
  Py_DECREF(op); /* the function keeps it */
  return function;
}

/* table(): (name, group, summary, results, ((argument, kind, required, default), …)) of every op. */
PyObject *table(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  PyObject *all = PyList_New(0);
  for (int32_t i = 0; all && i < emily_op_count(); i++) {
    const emily_op_info *info = emily_op_at(i);
    PyObject *arguments = PyTuple_New(info->arg_count);
    for (int32_t k = 0; arguments && k < info->arg_count; k++) {
      const emily_arg_info *a = &info->args[k];
      PyObject *one = Py_BuildValue("(siOs)", a->name, (int)a->kind, a->required ? Py_True : Py_False, a->default_text);
      if (!one) Py_CLEAR(arguments);
      else PyTuple_SetItem(arguments, k, one);
    }
    PyObject *row = arguments ? Py_BuildValue("(sssiN)", info->name, info->group, info->summary, (int)info->results, arguments) : NULL;
    if (!row || PyList_Append(all, row) < 0) Py_CLEAR(all);
    Py_XDECREF(row);
  }
  return all;
}

static PyType_Slot op_slots[] = {{Py_tp_dealloc, op_dealloc}, {0, NULL}};
static PyType_Spec op_spec = {"emily._emily.Op", sizeof(op_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, op_slots};

int make_op_type(PyObject *module) {
  (void)module;
  stream_name = PyUnicode_InternFromString("stream");
  op_type = (PyTypeObject *)PyType_FromSpec(&op_spec);
  return op_type && stream_name ? 0 : -1;
}

/* ---- methods ---- */

static int is_op_function(PyObject *function) {
  return PyCFunction_CheckExact(function) && PyCFunction_GetSelf(function) && Py_TYPE(PyCFunction_GetSelf(function)) == op_type;
}

/* A function of the Python part. */
static PyObject *call_generic(PyObject *function, PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  PyObject *all = PyTuple_New(count + 1), *named = PyDict_New(), *result = NULL;
  for (Py_ssize_t i = 0; all && i <= count; i++) PyTuple_SetItem(all, i, Py_NewRef(i ? args[i - 1] : self));
  for (Py_ssize_t i = 0; named && names && i < PyTuple_Size(names); i++)
    if (PyDict_SetItem(named, PyTuple_GetItem(names, i), args[count + i]) < 0) Py_CLEAR(named);
  if (all && named) result = PyObject_Call(function, all, named);
  Py_XDECREF(all);
  Py_XDECREF(named);
  return result;
}

/* A method is the function of that name with the array put before the arguments. The functions are those of "methods". */
PyObject *op_method(PyObject **cache, const char *name, PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
  PyObject *few[16];
  if (!*cache) *cache = PyDict_GetItemString(hook("methods"), name);
  if (!*cache) return PyErr_Format(PyExc_AttributeError, "this libemily has no op for the method %s", name);
  if (!is_op_function(*cache)) return call_generic(*cache, self, args, count, names);
  Py_ssize_t all = count + (names ? PyTuple_Size(names) : 0);
  if (all > 15) return PyErr_Format(PyExc_TypeError, "%s() got too many arguments", name);
  few[0] = self;
  memcpy(few + 1, args, (size_t)all * sizeof *few);
  return call_op((op_object *)PyCFunction_GetSelf(*cache), few, count + 1, names);
}
