"""libemily through ctypes, by the generic entry alone: what the op table says is what can be called.

A Value is what both sides are fed and what both answer: NumPy storage and a dtype's name (bfloat16 is stored as uint16).
"""
import ctypes
import os

import numpy as np

DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
          "float64", "complex64"]
STORAGE = {name: np.dtype({"bool": "?", "bfloat16": "uint16"}.get(name, name)) for name in DTYPES}
ARRAY, OPTIONAL, ARRAYS, INT, REAL, FLAG, DTYPE, INTS, AXES, TEXT, PER_AXIS = range(1, 12)


def narrow(wide, dtype):
    """float64 (or complex, or integers) to the storage of a dtype; bfloat16 by round to nearest even through float32."""
    if dtype != "bfloat16":
        with np.errstate(all="ignore"):
            return np.asarray(wide).astype(STORAGE[dtype])
    with np.errstate(all="ignore"):
        bits = np.asarray(wide).astype(np.float32).view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return np.where((bits & 0x7FFFFFFF) > 0x7F800000, np.uint16(0x7FC0), rounded).astype(np.uint16)


class Value:
    def __init__(self, data, dtype):
        self.data, self.dtype = np.asarray(data, STORAGE[dtype]), dtype

    @property
    def shape(self):
        return self.data.shape

    def wide(self):
        """float64 for floats, complex128 for complex, the storage itself for integers and bools."""
        if self.dtype == "bfloat16":
            return (self.data.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        return self.data.astype({"f": np.float64, "c": np.complex128}.get(self.data.dtype.kind, self.data.dtype))


class Error(Exception):
    """What emily refused, with its message."""


class ArgInfo(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("required", ctypes.c_int32), ("name", ctypes.c_char_p), ("default", ctypes.c_char_p)]


class OpInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("group", ctypes.c_char_p), ("summary", ctypes.c_char_p), ("results", ctypes.c_int32),
                ("arg_count", ctypes.c_int32), ("args", ctypes.POINTER(ArgInfo))]


class Attr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("kind", ctypes.c_int32), ("count", ctypes.c_int32), ("i", ctypes.c_int64),
                ("f", ctypes.c_double), ("ints", ctypes.POINTER(ctypes.c_int64)), ("text", ctypes.c_char_p)]


class Failure(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("where", ctypes.c_char_p), ("message", ctypes.c_char_p)]


def int64s(values):
    return (ctypes.c_int64 * max(1, len(values)))(*values)


class Emily:
    def __init__(self, build):
        self.lib = lib = ctypes.CDLL(os.path.join(os.path.abspath(build), "libemily.so"))
        for name in ("emily_array_from_data", "emily_scope_open", "emily_array_shape", "emily_op_find"):
            getattr(lib, name).restype = ctypes.c_void_p
        lib.emily_array_size.restype = ctypes.c_int64
        lib.emily_op_at.restype = ctypes.POINTER(OpInfo)
        lib.emily_last_error.restype = ctypes.POINTER(Failure)
        self.ops = {}
        for i in range(lib.emily_op_count()):
            info = lib.emily_op_at(i).contents
            self.ops[info.name.decode()] = [(a.name.decode(), a.kind) for a in info.args[:info.arg_count]]

    core = None  # the module emily.core, where there is one to check names in

    def level(self):
        """Which kernels run: "plain", "avx2", "avx512"."""
        return os.environ.get("EMILY_CPU", "best")

    def __enter__(self):
        """One scope a case: everything made in it goes with it."""
        self.scope = ctypes.c_void_p(self.lib.emily_scope_open(None))
        return self

    def __exit__(self, *unused):
        self.lib.emily_scope_close(self.scope)

    def array(self, value):
        data = np.array(value.data, order="C")
        made = self.lib.emily_array_from_data(data.ctypes.data_as(ctypes.c_void_p), int64s(value.shape),
                                              ctypes.c_int32(data.ndim), DTYPES.index(value.dtype))
        self.lib.emily_scope_adopt(self.scope, ctypes.c_void_p(made))
        return made

    @staticmethod
    def attribute(name, kind, value):
        attr = Attr(name=name.encode(), kind=kind)
        if kind in (INT, FLAG):
            attr.i = int(value)
        elif kind == REAL:
            attr.f = float(value)
        elif kind in (DTYPE, TEXT):
            attr.text = value.encode()
        elif value is None:
            attr.count = -1
        else:
            attr.count, attr.ints = len(value), int64s([int(v) for v in value])
        return attr

    def call(self, op, operands, **attributes):
        """Addresses of the results. Attributes by name; a missing one takes its default."""
        kinds = dict(self.ops[op])
        attrs = [self.attribute(name, kinds[name], value) for name, value in attributes.items()]
        out, count = (ctypes.c_void_p * 64)(), ctypes.c_size_t()
        status = self.lib.emily_call(self.scope, op.encode(), (ctypes.c_void_p * max(1, len(operands)))(*operands),
                                     ctypes.c_size_t(len(operands)), (Attr * max(1, len(attrs)))(*attrs),
                                     ctypes.c_size_t(len(attrs)), out, ctypes.c_size_t(64), ctypes.byref(count))
        if status:
            raise Error(self.message())
        return list(out[:count.value])

    def timed(self, op, operands, attributes):
        """A function that calls the op, evaluates and drops the results, with its arguments made once."""
        kinds, lib = dict(self.ops[op]), self.lib
        attrs = [self.attribute(name, kinds[name], value) for name, value in attributes.items()]
        out, count = (ctypes.c_void_p * 64)(), ctypes.c_size_t()
        operands = (ctypes.c_void_p * max(1, len(operands)))(*operands)
        given = (ctypes.c_size_t(len(operands)), (Attr * max(1, len(attrs)))(*attrs), ctypes.c_size_t(len(attrs)), out,
                 ctypes.c_size_t(64), ctypes.byref(count))
        info = ctypes.c_void_p(lib.emily_op_find(op.encode()))

        def run():
            scope = ctypes.c_void_p(lib.emily_scope_open(None))
            if lib.emily_call_op(scope, info, operands, *given) or lib.emily_eval(out, count):
                raise Error(self.message())
            lib.emily_scope_close(scope)
        return run

    def message(self):
        return self.lib.emily_last_error().contents.message.decode()

    def read(self, address):
        array = ctypes.c_void_p(address)
        ndim = self.lib.emily_array_ndim(array)
        shape = ctypes.cast(self.lib.emily_array_shape(array), ctypes.POINTER(ctypes.c_int64))[:ndim] if ndim else []
        dtype = DTYPES[self.lib.emily_array_dtype(array)]
        out = np.empty(shape, STORAGE[dtype])
        if self.lib.emily_array_read(array, out.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(out.nbytes)):
            raise Error(self.message())
        return Value(out, dtype)
