"""Samplers of the dtypes that are stored and not computed with. NumPy and ml_dtypes judge; MLX has only the bits of float8_e4m3fn."""
import ml_dtypes
import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, INTEGERS
from judge import Case
from native import STORAGE, STORED, Value, narrow
from samplers import MX, SAMPLERS, as_dtype, sampler

BITS = {"int2": 2, "int4": 4, "uint2": 2, "uint4": 4}


def stored(draw, shape, dtype):
    """Every byte of a float, every number of a narrow integer."""
    if dtype not in BITS:
        return Value(draw.rng.integers(0, 256, shape), dtype)
    low = -(1 << BITS[dtype] - 1) if dtype.startswith("int") else 0
    return Value(draw.rng.integers(low, low + (1 << BITS[dtype]), shape), dtype)


def wrap(x, dtype):
    """The low bits of integers, with their sign."""
    low = x.astype(np.int64) & (1 << BITS[dtype]) - 1
    return (low - (low >> BITS[dtype] - 1 << BITS[dtype]) if dtype.startswith("int") else low).astype(STORAGE[dtype])


def to_stored(x, dtype):
    """What a cast gives, as Value.wide has it."""
    if dtype in BITS:
        return wrap(np.trunc(np.nan_to_num(x.real)) if x.dtype.kind in "fc" else x, dtype)
    with np.errstate(all="ignore"):
        wide = x.real if x.dtype.kind == "c" else x
        return wide.astype(np.float64).astype(getattr(ml_dtypes, dtype)).astype(np.float64)


plain_astype = SAMPLERS["astype"]


@sampler("astype")
def astype(draw, name):
    if draw.chance(0.6):
        return plain_astype(draw)
    a, b = draw.pick(STORED), draw.pick(STORED + DTYPES)
    if draw.chance(0.5) and b not in STORED:
        a, b = b, a
    if a in STORED:
        x = stored(draw, draw.shape(), a)
    elif b in BITS and a in FLOATS:
        x = draw.value(draw.shape(), a, low=-300, high=300, special=0)
    else:
        x = draw.value(draw.shape(), a)

    def truth(v):
        if b in STORED:
            return to_stored(v, b)
        if b in FLOATS:
            return as_dtype(v, b)
        if b == "bool":
            return v != 0
        return np.nan_to_num(v).astype(np.int64).astype(STORAGE[b]) if b in INTEGERS else v.astype(STORAGE[b])
    if a == "float8_e5m2" and (b in INTEGERS or b in BITS):  # infinities go to the nearest end: the C tests look at those
        x = Value(np.where(np.isinf(x.wide()), 0, x.data), a)
    return Case([x], {"dtype": b}, dtype=b, truth=truth)


@sampler("pack")
def pack(draw, name):
    dtype = draw.pick(list(BITS))
    each = 8 // BITS[dtype]
    shape = draw.shape(1)
    x = stored(draw, shape[:-1] + (shape[-1] * each,), dtype)

    def truth(v):
        parts = v.astype(np.uint8).reshape(v.shape[:-1] + (-1 if v.size else shape[-1], each)) & (1 << BITS[dtype]) - 1
        return sum(parts[..., i] << np.uint8(i * BITS[dtype]) for i in range(each)).astype(np.uint8)
    return Case([x], dtype="uint8", truth=truth)


@sampler("unpack")
def unpack(draw, name):
    dtype = draw.pick(list(BITS))
    each = 8 // BITS[dtype]
    x = draw.value(draw.shape(1), "uint8")

    def truth(v):
        parts = np.stack([v >> np.uint8(i * BITS[dtype]) for i in range(each)], -1)
        return wrap(parts.reshape(v.shape[:-1] + (v.shape[-1] * each,)), dtype)
    return Case([x], {"dtype": dtype}, dtype=dtype, truth=truth)


@sampler("to_fp8")
def to_fp8(draw, name):
    dtype = draw.pick(FLOATS)
    if dtype == "float64":  # MLX has no kernel for it
        x = draw.value(draw.shape(), dtype, low=-500, high=500, special=0)
        return Case([x], dtype="uint8", truth=lambda v: np.clip(v, -448, 448).astype(ml_dtypes.float8_e4m3fn).view(np.uint8))
    if dtype in ("float16", "bfloat16") and draw.chance(0.3):  # all of them
        x = Value(np.arange(65536, dtype=np.uint16).view(STORAGE[dtype]), dtype)
    else:
        x = draw.value(draw.shape(), dtype, **draw.pick([{}, {"low": -500, "high": 500}, {"low": -0.02, "high": 0.02}]))
    return Case([x], mlx=mx.to_fp8)


@sampler("from_fp8")
def from_fp8(draw, name):
    dtype = draw.pick(FLOATS)
    x = Value(np.arange(256), "uint8") if draw.chance(0.5) else draw.value(draw.shape(), "uint8")
    if dtype == "float64":
        return Case([x], {"dtype": dtype}, dtype=dtype, truth=lambda v: v.view(ml_dtypes.float8_e4m3fn).astype(np.float64))
    return Case([x], {"dtype": dtype}, mlx=lambda v: mx.from_fp8(v, MX[dtype]), deliberate=lambda v: (v & 127) == 127)
