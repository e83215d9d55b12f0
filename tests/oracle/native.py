"""emily through its Python package, by the op table alone: what the table says is what can be called, in its order and by its names.

A Value is what both sides are fed and what both answer: NumPy storage and a dtype's name (bfloat16 is stored as uint16).
"""
import os
import pathlib
import subprocess
import sys

import ml_dtypes
import numpy as np

DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
          "float64", "complex64"]
STORED = ["int2", "int4", "uint2", "uint4", "float8_e4m3fn", "float8_e5m2"]  # moved and cast only: not among DTYPES
STORAGE = {name: np.dtype({"bool": "?", "bfloat16": "uint16"}.get(name, name)) for name in DTYPES}
STORAGE |= {name: np.dtype("int8" if name.startswith("int") else "uint8") for name in STORED}
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
        if self.dtype.startswith("float8"):
            return self.data.view(getattr(ml_dtypes, self.dtype)).astype(np.float64)
        if self.dtype == "bfloat16":
            return (self.data.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        return self.data.astype({"f": np.float64, "c": np.complex128}.get(self.data.dtype.kind, self.data.dtype))


class Error(Exception):
    """What emily refused, with its message."""


def build_package(build):
    """The package of this build, made where it is missing or older than the library."""
    root = pathlib.Path(__file__).resolve().parents[2]
    subprocess.run(["make", "-s", f"BUILD={build}", f"PYTHON={sys.executable}", "python"], cwd=root, check=True,
                   stdout=subprocess.DEVNULL)
    sys.path.insert(0, str((root / build / "python").resolve()))


class Emily:
    """Ops by name. Operands and results are arrays of the package; None is an optional operand that is absent."""

    def __init__(self, build):
        build_package(build)
        import emily.core
        from emily import _emily

        self.core, self.package, self.ops, self.functions = emily.core, _emily, {}, {}
        self.failures = (ValueError, TypeError, LookupError, RuntimeError, MemoryError, OSError, OverflowError)
        for op, _, _, _, arguments in _emily.table():
            self.ops[op] = [(name, kind) for name, kind, _, _ in arguments]
            params = tuple((name, name, False, False, None) for name, _, _, _ in arguments)
            self.functions[op] = _emily.function(op, op, "emily", op, params, True)

    def level(self):
        """Which kernels run: "plain", "avx2", "avx512"."""
        return os.environ.get("EMILY_CPU", "best")

    def set_threads(self, n):
        self.package.threads(n)

    def __enter__(self):
        """One case."""
        return self

    def __exit__(self, *unused):
        pass

    def array(self, value):
        return self.package.from_bytes(np.array(value.data, order="C").tobytes(), value.shape, value.dtype)

    def arguments(self, op, operands, attributes):
        """Positions and names of a call: operands in the table's order, a list of them for all that are left."""
        operands, given = list(operands), dict(attributes)
        for name, kind in self.ops[op]:
            if kind == ARRAYS:
                given[name], operands = operands, []
            elif kind in (ARRAY, OPTIONAL) and operands:
                given[name] = operands.pop(0)
        if operands:
            raise Error(f"{op}: {len(operands)} operands are too many")
        return {name: int(v) if isinstance(v, np.integer) else v for name, v in given.items()}

    def call(self, op, operands, **attributes):
        """The results, in a list. Attributes by name; a missing one takes its default."""
        try:
            out = self.functions[op](**self.arguments(op, operands, attributes))
        except self.failures as error:
            raise Error(str(error)) from None
        return out if isinstance(out, list) else [out]

    def timed(self, op, operands, attributes):
        """A function that calls the op, evaluates and drops the results, with its arguments made once."""
        function, given, evaluate = self.functions[op], self.arguments(op, operands, attributes), self.package.eval
        return lambda: evaluate(function(**given))

    def read(self, array):
        dtype = array.dtype.name
        try:
            data = np.frombuffer(bytearray(bytes(array)), STORAGE[dtype]).reshape(array.shape)
        except self.failures as error:
            raise Error(str(error)) from None
        return Value(data, dtype)
