/* operators.c: + - * / and the others. An operand that is no array is a weak scalar, or becomes one (a list, NumPy's); what can't is left
 * to its own class. In-place operators put the new value into the object. */
#include "binding.h"

/* Both operands as arrays, one reference each; 0: done, 1: not for us, -1: an exception. */
static int both(PyObject *a, PyObject *b, emily_array *out[2]) {
  int left = is_array(a), right = is_array(b);
  out[0] = left ? emily_array_retain(value_of(a)) : from_operand(a, emily_array_dtype(value_of(b)));
  out[1] = !out[0] ? NULL : right ? emily_array_retain(value_of(b)) : from_operand(b, emily_array_dtype(value_of(a)));
  if (out[0] && out[1]) return 0;
  emily_array_release(out[0]);
  if (!PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
  PyErr_Clear();
  return 1;
}

static PyObject *binary(const emily_op_info *op, PyObject *a, PyObject *b) {
  emily_array *operands[2];
  if (is_array(a) && is_array(b)) {
    operands[0] = value_of(a);
    operands[1] = value_of(b);
    return apply_wrapped(op, operands, 2, NULL, 0);
  }
  int how = both(a, b, operands);
  if (how) return how > 0 ? Py_NewRef(Py_NotImplemented) : NULL;
  PyObject *result = apply_wrapped(op, operands, 2, NULL, 0);
  emily_array_release(operands[0]);
  emily_array_release(operands[1]);
  return result;
}

static PyObject *in_place(const emily_op_info *op, PyObject *self, PyObject *other) {
  PyObject *result = binary(op, self, other);
  if (!result || result == Py_NotImplemented) return result;
  array_object *mine = (array_object *)self, *made = (array_object *)result;
  emily_array *old = mine->value;
  mine->value = made->value;
  made->value = old;
  Py_DECREF(result);
  return Py_NewRef(self);
}

#define BINARY(name)                                                                          \
  static PyObject *do_##name(PyObject *a, PyObject *b) { return binary(op_##name, a, b); }    \
  static PyObject *inplace_##name(PyObject *a, PyObject *b) { return in_place(op_##name, a, b); }
BINARY(add)
BINARY(subtract)
BINARY(multiply)
BINARY(divide)
BINARY(floor_divide)
BINARY(remainder)
BINARY(matmul)
BINARY(bitwise_and)
BINARY(bitwise_or)
BINARY(bitwise_xor)
BINARY(left_shift)
BINARY(right_shift)

static PyObject *do_power(PyObject *a, PyObject *b, PyObject *modulus) {
  if (modulus != Py_None) return Py_NewRef(Py_NotImplemented);
  return binary(op_power, a, b);
}

static PyObject *inplace_power(PyObject *a, PyObject *b, PyObject *modulus) {
  if (modulus != Py_None) return Py_NewRef(Py_NotImplemented);
  return in_place(op_power, a, b);
}

static PyObject *unary(const emily_op_info *op, PyObject *self) {
  emily_array *operand = value_of(self);
  return apply_wrapped(op, &operand, 1, NULL, 0);
}

static PyObject *do_negative(PyObject *self) { return unary(op_negative, self); }
static PyObject *do_abs(PyObject *self) { return unary(op_abs, self); }
static PyObject *do_invert(PyObject *self) { return unary(op_bitwise_invert, self); }
static PyObject *do_positive(PyObject *self) { return Py_NewRef(self); }

/* What can't be compared is unequal; an order is refused. */
static PyObject *compare(PyObject *a, PyObject *b, int how) {
  const emily_op_info *const ops[] = {op_less, op_less_equal, op_equal, op_not_equal, op_greater, op_greater_equal};
  return binary(ops[how], a, b);
}

/* ---- numbers ---- */

static int as_bool(PyObject *self) {
  PyObject *value = to_scalar(value_of(self));
  int result = value ? PyObject_IsTrue(value) : -1;
  Py_XDECREF(value);
  return result;
}

static PyObject *as_int(PyObject *self) {
  PyObject *value = to_scalar(value_of(self));
  PyObject *result = value ? PyNumber_Long(value) : NULL;
  Py_XDECREF(value);
  return result;
}

static PyObject *as_float(PyObject *self) {
  PyObject *value = to_scalar(value_of(self));
  PyObject *result = value ? PyNumber_Float(value) : NULL;
  Py_XDECREF(value);
  return result;
}

static PyObject *as_index(PyObject *self) {
  if (!emily_dtype_is_integer(emily_array_dtype(value_of(self))) || emily_array_size(value_of(self)) != 1)
    return PyErr_Format(PyExc_TypeError, "only integer arrays with one element can be converted to an index");
  return to_scalar(value_of(self));
}

PyType_Slot operator_slots[] = {
    {Py_nb_add, do_add},
    {Py_nb_subtract, do_subtract},
    {Py_nb_multiply, do_multiply},
    {Py_nb_true_divide, do_divide},
    {Py_nb_floor_divide, do_floor_divide},
    {Py_nb_remainder, do_remainder},
    {Py_nb_power, do_power},
    {Py_nb_matrix_multiply, do_matmul},
    {Py_nb_and, do_bitwise_and},
    {Py_nb_or, do_bitwise_or},
    {Py_nb_xor, do_bitwise_xor},
    {Py_nb_lshift, do_left_shift},
    {Py_nb_rshift, do_right_shift},
    {Py_nb_inplace_add, inplace_add},
    {Py_nb_inplace_subtract, inplace_subtract},
    {Py_nb_inplace_multiply, inplace_multiply},
    {Py_nb_inplace_true_divide, inplace_divide},
    {Py_nb_inplace_floor_divide, inplace_floor_divide},
    {Py_nb_inplace_remainder, inplace_remainder},
    {Py_nb_inplace_power, inplace_power},
    {Py_nb_inplace_matrix_multiply, inplace_matmul},
    {Py_nb_inplace_and, inplace_bitwise_and},
    {Py_nb_inplace_or, inplace_bitwise_or},
    {Py_nb_inplace_xor, inplace_bitwise_xor},
    {Py_nb_inplace_lshift, inplace_left_shift},
    {Py_nb_inplace_rshift, inplace_right_shift},
    {Py_nb_negative, do_negative},
    {Py_nb_positive, do_positive},
    {Py_nb_absolute, do_abs},
    {Py_nb_invert, do_invert},
    {Py_nb_bool, as_bool},
    {Py_nb_int, as_int},
    {Py_nb_float, as_float},
    {Py_nb_index, as_index},
    {Py_tp_richcompare, compare},
    {0, NULL},
};
