"""Samplers of the elementwise functions that MLX lacks (Nx has them, and NumPy), and of predicates."""
import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, INTEGERS, REALS
from judge import Case
from native import STORAGE, Value
from samplers import as_dtype, erfc, inexact, pair, promote, rounding, sampler, unary_case


@sampler("erfc", "cbrt")
def float_function(draw, name):
    dtype = draw.pick(REALS)
    case = unary_case(draw, dtype, {"erfc": erfc, "cbrt": np.cbrt}[name], None, 4, {"erfc": (-10, 28), "cbrt": None}[name])
    case.dtype = inexact(dtype)
    return case


@sampler("round_half_away")
def round_half_away(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    return Case([x], dtype=x.dtype,
                truth=lambda v: np.where(np.abs(v) >= 2.0 ** 52, v, np.copysign(np.floor(np.abs(v) + 0.5 - (np.abs(v) == 0.49999999999999994)), v))
                if v.dtype.kind == "f" else v)


@sampler("positive", "stop_gradient")
def identity(draw, name):
    return Case([draw.value(draw.shape(), draw.pick(DTYPES))], mlx=mx.stop_gradient)


@sampler("count_leading_zeros", "population_count")
def bits(draw, name):
    x = draw.value(draw.shape(), draw.pick(INTEGERS))
    width = STORAGE[x.dtype].itemsize * 8
    if name == "population_count":
        truth = lambda v: np.bitwise_count(v.view(f"uint{width}")).astype(v.dtype)
    else:
        truth = lambda v: np.vectorize(lambda n: width - int(n).bit_length(), otypes=[v.dtype])(v.view(f"uint{width}"))
    return Case([x], dtype=x.dtype, truth=lambda v: truth(np.ascontiguousarray(v)).reshape(v.shape))


@sampler("signbit")
def signbit(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    return Case([x], dtype="bool", truth=lambda v: v < 0 if v.dtype.kind != "f" else np.signbit(v))


@sampler("isposinf", "isneginf")
def infinite(draw, name):
    return Case([draw.value(draw.shape(), draw.pick(DTYPES))], mlx=getattr(mx, name))


@sampler("nan_to_num")
def nan_to_num(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    more = {k: draw.pick([0.0, 1.5, -7.0]) for k in ("nan", "posinf", "neginf") if draw.chance(0.4)}
    if x.dtype == "float64":  # MLX refuses it
        return Case([x], more, dtype="float64", truth=lambda v: np.nan_to_num(v, **more))
    return Case([x], more, mlx=lambda v: mx.nan_to_num(v, **more))


@sampler("quotient", "fmod")
def truncated(draw, name):
    a, b = pair(draw, REALS)
    dtype = promote(a.dtype, b.dtype)

    def truth(x, y):
        if dtype not in INTEGERS + ["bool"]:
            x, y = as_dtype(x, dtype), as_dtype(y, dtype)
            kind = np.float64 if dtype == "float64" else np.float32
            return (np.trunc(x.astype(kind) / y.astype(kind)) if name == "quotient" else np.fmod(x, y)).astype(np.float64)
        kind = np.uint8 if dtype == "bool" else STORAGE[dtype]
        x, y = np.broadcast_arrays(x.astype(kind), y.astype(kind))
        one = lambda p, q: 0 if q == 0 else abs(p) // abs(q) * (1 if (p < 0) == (q < 0) else -1)
        cut = lambda p, q: one(p, q) if name == "quotient" else 0 if q == 0 else p - q * one(p, q)
        info = np.iinfo(kind)
        wrapped = [(cut(int(p), int(q)) - info.min) % (info.max - info.min + 1) + info.min for p, q in zip(x.flat, y.flat)]
        return np.array(wrapped, STORAGE[dtype]).reshape(x.shape)
    return Case([a, b], dtype=dtype, truth=truth, ulp=1 if name == "quotient" and dtype in ("float16", "bfloat16") else 0)


@sampler("copysign")
def copysign(draw, name):
    a, b = pair(draw, REALS)
    dtype = inexact(promote(a.dtype, b.dtype))
    return Case([a, b], dtype=dtype, truth=lambda x, y: np.copysign(as_dtype(x, dtype), as_dtype(y, dtype)))
