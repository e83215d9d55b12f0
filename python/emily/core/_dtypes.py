"""Dtypes: categories, limits, promotion."""
import enum

from .. import _emily
from .._emily import Dtype, array, promote_types

NAMES = ["bool_", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
         "float64", "complex64", "int2", "int4", "uint2", "uint4", "float8_e4m3fn", "float8_e5m2"]
STORED = NAMES[14:]  # moved and cast, not computed with: of no category but the last
ALL = {name: getattr(_emily, name) for name in NAMES}
globals().update(ALL)


def dtype(name):
    """The Dtype of a name, "float32"."""
    return ALL["bool_" if name == "bool" else name]


class DtypeCategory(enum.Enum):
    complexfloating = 0
    floating = 1
    inexact = 2
    signedinteger = 3
    unsignedinteger = 4
    integer = 5
    number = 6
    generic = 7

    def __repr__(self):
        return f"DtypeCategory.{self.name}"


globals().update({c.name: c for c in DtypeCategory})

_PARENTS = {
    DtypeCategory.complexfloating: DtypeCategory.inexact, DtypeCategory.floating: DtypeCategory.inexact,
    DtypeCategory.inexact: DtypeCategory.number, DtypeCategory.signedinteger: DtypeCategory.integer,
    DtypeCategory.unsignedinteger: DtypeCategory.integer, DtypeCategory.integer: DtypeCategory.number,
    DtypeCategory.number: DtypeCategory.generic, DtypeCategory.generic: None,
}


def category(of):
    if of.name == "bool" or of.name in STORED:
        return DtypeCategory.generic
    if of.name == "complex64":
        return DtypeCategory.complexfloating
    if "float" in of.name:
        return DtypeCategory.floating
    return DtypeCategory.unsignedinteger if of.name.startswith("u") else DtypeCategory.signedinteger


def issubdtype(arg1, arg2):
    """Whether a dtype or category is arg2 or below it."""
    if isinstance(arg2, Dtype):
        return isinstance(arg1, Dtype) and arg1 is arg2
    at = category(arg1) if isinstance(arg1, Dtype) else arg1
    while at is not None and at is not arg2:
        at = _PARENTS[at]
    return at is arg2


_KINDS = {
    "bool": lambda d: d.name == "bool",
    "signed integer": lambda d: issubdtype(d, DtypeCategory.signedinteger),
    "unsigned integer": lambda d: issubdtype(d, DtypeCategory.unsignedinteger),
    "integral": lambda d: issubdtype(d, DtypeCategory.integer),
    "real floating": lambda d: issubdtype(d, DtypeCategory.floating),
    "complex floating": lambda d: issubdtype(d, DtypeCategory.complexfloating),
    "numeric": lambda d: issubdtype(d, DtypeCategory.number),
}


def isdtype(dtype, kind):
    """Whether a dtype is of a kind: a dtype, a kind of the array API ("integral", …), or a tuple of these."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, Dtype):
        return dtype is kind
    if kind not in _KINDS:
        raise ValueError(f"isdtype: unknown kind {kind!r}")
    return _KINDS[kind](dtype)


def result_type(*arrays_and_dtypes):
    """The dtype that all of these promote to."""
    result = _emily.bool_
    for one in arrays_and_dtypes:
        result = promote_types(result, one.dtype if isinstance(one, array) else one)
    return result


def can_cast(from_, to):
    """Whether promotion alone leads from one dtype to the other."""
    source = from_.dtype if isinstance(from_, array) else from_
    return promote_types(source, to) is to


def _short(value):
    return f"{value:g}"


class finfo:
    """Limits of a floating-point dtype: bits, min, max, eps, smallest_normal."""

    _LIMITS = {
        "float16": (16, 65504.0, 2.0**-10, 2.0**-14), "bfloat16": (16, (2 - 2.0**-7) * 2.0**127, 2.0**-7, 2.0**-126),
        "float32": (32, (2 - 2.0**-23) * 2.0**127, 2.0**-23, 2.0**-126),
        "float64": (64, (2 - 2.0**-52) * 2.0**1023, 2.0**-52, 2.0**-1022),
    }

    def __init__(self, dtype):
        self.dtype = _emily.float32 if dtype is _emily.complex64 else dtype
        if not isinstance(dtype, Dtype) or self.dtype.name not in self._LIMITS:
            raise ValueError(f"[finfo] dtype {dtype} is not inexact.")
        self.bits, self.max, self.eps, self.smallest_normal = self._LIMITS[self.dtype.name]
        self.min = -self.max

    def __repr__(self):
        return f"finfo(min={_short(self.min)}, max={_short(self.max)}, dtype={self.dtype.name})"


class iinfo:
    """Limits of an integer dtype: bits, min, max."""

    def __init__(self, dtype):
        if not isinstance(dtype, Dtype) or not issubdtype(dtype, DtypeCategory.integer):
            raise ValueError(f"[iinfo] dtype {dtype} is no integer.")
        self.dtype, self.bits = dtype, 8 * dtype.size
        signed = dtype.name.startswith("i")
        self.min = -(1 << (self.bits - 1)) if signed else 0
        self.max = (1 << (self.bits - signed)) - 1

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype.name})"
