"""What each op of the table is tried with: SAMPLERS[op](draw) → Case. Other families are in samplers_<family>.py."""
import importlib
import math
import pathlib
from statistics import NormalDist

import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, INTEGERS, REALS, SIGNED
from judge import Case
from native import STORAGE, Value, narrow

MX = {name: getattr(mx, {"bool": "bool_"}.get(name, name)) for name in DTYPES}
NO_AXIS = -2 ** 63
HALVES = ("float16", "bfloat16")
SAMPLERS = {}


def sampler(*names):
    def register(function):
        for name in names:
            SAMPLERS[name] = lambda draw, name=name: function(draw, name)
        return function
    return register


def inexact(dtype):
    return dtype if dtype in FLOATS + ["complex64"] else "float32"


def promote(*dtypes):
    kind = mx.zeros((1,), MX[dtypes[0]])
    for dtype in dtypes[1:]:
        kind = mx.zeros((1,), mx.result_type(kind, mx.zeros((1,), MX[dtype])))
    return {v: k for k, v in MX.items()}[kind.dtype]


def as_dtype(wide, dtype):
    """What a cast to a float dtype leaves of a number, as float64."""
    return wide if wide.dtype == np.complex128 else Value(narrow(wide, dtype), dtype).wide()


def rounding(bound, dtype):
    """16-bit results come from float32: one rounding, and a tie that a float32 error may turn."""
    return min(bound, 1.0) if dtype in HALVES else bound


# ---- unary ----

def erfinv(x):
    def one(v):
        if math.isnan(v) or abs(v) > 1:
            return math.nan
        if abs(v) == 1:
            return math.copysign(math.inf, v)
        if abs(v) > 0.5:  # (1 - |v|) / 2 is exact for float32: the small tail keeps its digits
            return math.copysign(-NormalDist().inv_cdf((1 - abs(v)) / 2) / math.sqrt(2), v)
        y = v * math.sqrt(math.pi) / 2
        for _ in range(60):
            y -= (math.erf(y) - v) * math.sqrt(math.pi) / 2 * math.exp(y * y)
        return y
    return np.vectorize(one, otypes=[float])(x)


erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


def gelu_exact(x):
    return 0.5 * x * erfc(-x / math.sqrt(2))


def gelu_tanh(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)
    return x / (1 + np.exp(-2 * inner))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def mlx_gelu(x):
    return x * (1 + mx.erf(x / math.sqrt(2))) / 2


# Transcendental functions: (float64, MLX, ulp). The bound is what float32 libraries promise: 4 in the last place; more
# beside the reason.
TRANSCENDENTAL = {
    "exp": (np.exp, mx.exp, 4), "expm1": (np.expm1, mx.expm1, 4), "log": (np.log, mx.log, 4), "log2": (np.log2, mx.log2, 4),
    "log10": (np.log10, mx.log10, 4), "log1p": (np.log1p, mx.log1p, 4), "sqrt": (np.sqrt, mx.sqrt, 0.5),
    "rsqrt": (lambda x: 1 / np.sqrt(x), mx.rsqrt, 2), "reciprocal": (lambda x: 1 / x, mx.reciprocal, 0.5),
    "sin": (np.sin, mx.sin, 4), "cos": (np.cos, mx.cos, 4), "tan": (np.tan, mx.tan, 4), "arcsin": (np.arcsin, mx.arcsin, 4),
    "arccos": (np.arccos, mx.arccos, 4), "arctan": (np.arctan, mx.arctan, 4), "sinh": (np.sinh, mx.sinh, 4),
    "cosh": (np.cosh, mx.cosh, 4), "tanh": (np.tanh, mx.tanh, 4), "arcsinh": (np.arcsinh, mx.arcsinh, 4),
    "arccosh": (np.arccosh, mx.arccosh, 4), "arctanh": (np.arctanh, mx.arctanh, 4), "sigmoid": (sigmoid, mx.sigmoid, 4),
    "erf": (erf, mx.erf, 4),
    "erfinv": (erfinv, mx.erfinv, 8),  # a polynomial in log(1 - x²), where errors of the logarithm add
    "silu": (lambda x: x * sigmoid(x), lambda x: x * mx.sigmoid(x), 4),
    "degrees": (lambda x: x * (180 / np.pi), mx.degrees, 1), "radians": (lambda x: x * (np.pi / 180), mx.radians, 1),
}
# Complex functions are judged by the size of the whole; formulas of products and logarithms lose a few bits.
COMPLEX_ULP = 32
NO_COMPLEX = ("expm1", "sigmoid", "erf", "erfinv", "silu")
DOMAIN = {"arcsin": (-1, 1), "arccos": (-1, 1), "arctanh": (-1, 1), "erfinv": (-1, 1), "arccosh": (1, 50), "sin": (-100, 100),
          "cos": (-100, 100), "tan": (-100, 100), "exp": (-90, 90), "sinh": (-90, 90), "cosh": (-90, 90), "log1p": (-1, 2),
          "erf": (-5, 5), "tanh": (-6, 6), "expm1": (-2, 2), "sigmoid": (-20, 20), "silu": (-20, 20)}


def unary_case(draw, dtype, truth, reference, ulp, domain=None, **more):
    bounds = {}
    if domain and dtype in FLOATS and draw.chance(0.6):
        bounds = {"low": domain[0], "high": domain[1]}
    elif dtype in INTEGERS and draw.chance(0.7):
        bounds = {"low": -20, "high": 20}
    x = draw.value(draw.shape(), dtype, **bounds)
    if dtype == "complex64":
        return Case([x], mlx=reference, truth=truth, ulp=COMPLEX_ULP)
    return Case([x], mlx=reference, truth=lambda v: truth(as_dtype(v, inexact(dtype))), ulp=rounding(ulp, inexact(dtype)), **more)


@sampler(*TRANSCENDENTAL)
def transcendental(draw, name):
    truth, reference, ulp = TRANSCENDENTAL[name]
    dtype, more = draw.pick(DTYPES), {}
    if name in ("sin", "cos", "tan"):  # MLX reduces large arguments in the argument's precision
        more["deliberate"] = lambda x: (np.abs(x) > 1e4) | (dtype == "float64")
    if name in ("exp", "sigmoid", "silu"):  # MLX's exp ends at e^88, also in float64
        more["deliberate"] = lambda x: (np.abs(x) > 87) | (dtype == "float64")
    if name in ("sigmoid", "silu"):  # e^-x is infinite in float32 from 88.7 on, where the result is still a denormal
        more["scale"] = lambda x: np.float64(2.0 ** -96)
    if name == "erf":  # MLX's approximation gives 0 near 0
        more["deliberate"] = lambda x: np.abs(x) < 1e-4
    case = unary_case(draw, dtype, truth, reference, ulp, DOMAIN.get(name), **more)
    if name in ("degrees", "radians") and dtype in HALVES:  # the factor is rounded to 16 bits too
        case.ulp = 2
    return case


@sampler("gelu")
def gelu(draw, name):
    approximate, dtype = draw.chance(0.5), draw.pick(REALS)
    case = unary_case(draw, dtype, gelu_tanh if approximate else gelu_exact, None, 4, (-6, 6),
                      scale=lambda x: np.abs(x.astype(np.float64)), epsilons=2)  # 1 + erf cancels: an error of x, not of the result
    case.attrs, case.dtype = {"approximate": approximate}, inexact(dtype)
    return case


EXACT_UNARY = {
    "abs": mx.abs, "negative": mx.negative, "sign": mx.sign, "floor": mx.floor, "ceil": mx.ceil, "trunc": mx.trunc,
    "square": mx.square, "relu": lambda x: mx.maximum(x, mx.array(0, x.dtype)), "logical_not": mx.logical_not,
    "bitwise_invert": mx.bitwise_invert, "isnan": mx.isnan, "isinf": mx.isinf, "isfinite": mx.isfinite, "conjugate": mx.conjugate,
    "real": mx.real, "imag": mx.imag, "contiguous": mx.contiguous, "copy": mx.array, "zeros_like": mx.zeros_like,
    "ones_like": mx.ones_like}


@sampler(*EXACT_UNARY)
def exact_unary(draw, name):
    dtype = draw.pick(DTYPES)
    rounds = 4 if dtype == "complex64" and name in ("abs", "sign", "square") else 0  # products and a root
    return Case([draw.value(draw.shape(), dtype)], mlx=EXACT_UNARY[name], ulp=rounds)


@sampler("round")
def round_(draw, name):
    decimals = draw.pick([0, 0, 1, 2, 3, -1, -2])
    dtype = draw.pick(DTYPES)
    x = draw.value(draw.shape(), dtype, **({"low": -300, "high": 300} if dtype in FLOATS + INTEGERS else {}))
    if dtype == "complex64":
        return Case([x], {"decimals": decimals}, mlx=lambda v: mx.round(v, decimals), refusal="complex numbers have no order to round by")
    if decimals == 0 or dtype not in FLOATS:
        return Case([x], {"decimals": decimals}, mlx=lambda v: mx.round(v, decimals))
    inner, step = "float64" if dtype == "float64" else "float32", 10.0 ** -decimals

    def scale(v):  # what rounding does to v / step may carry it over a half
        near = np.abs(v / step % 1 - 0.5) < 1e-6 + 4 * 2.0 ** -23 * np.abs(v / step)
        return np.abs(v) / 8 + np.where(near, step / 8 * (2.0 ** 52 if dtype == "float64" else 2.0 ** 23), 0)
    # MLX multiplies by 1 / 10^decimals, rounded, at the end and works in 16 bits
    return Case([x], {"decimals": decimals}, mlx=lambda v: mx.round(v, decimals), deliberate=lambda v: np.array(True), ulp=1,
                truth=lambda v: np.round(as_dtype(v, dtype).astype(inner), decimals).astype(np.float64), scale=scale)


# ---- casts ----

def cast_undefined(dtype):
    """MLX casts as C does: floats out of the range of an integer, and NaN, are undefined there."""
    def mask(x):
        if dtype not in INTEGERS or x.dtype.kind not in "fc":
            return np.zeros(x.shape, bool)
        info = np.iinfo(dtype)
        with np.errstate(all="ignore"):
            return ~((x.real > float(info.min) - 1) & (x.real < float(info.max)))
    return mask


@sampler("astype")
def astype(draw, name):
    a, b = draw.pick(DTYPES), draw.pick(DTYPES)
    bounds = {"low": -300, "high": 300} if a in FLOATS and draw.chance(0.5) else {}
    return Case([draw.value(draw.shape(), a, **bounds)], {"dtype": b}, mlx=lambda x: x.astype(MX[b]),
                deliberate=cast_undefined(b))


@sampler("view")
def view(draw, name):
    a, b = draw.pick(DTYPES[1:]), draw.pick(DTYPES[1:])
    shape = draw.shape(1)
    return Case([draw.value(shape[:-1] + (shape[-1] * 8,), a)], {"dtype": b}, mlx=lambda x: mx.view(x, MX[b]))


# ---- creation ----

@sampler("arange")
def arange(draw, name):
    dtype = draw.pick(DTYPES[1:13])
    start, stop, step = draw.pick([(0, draw.int(0, 70), 1), (draw.int(-50, 50), draw.int(-50, 50), draw.pick([-3, -1, 1, 2])),
                                   (draw.int(0, 9) / 2, draw.int(0, 60) / 4, 0.25), (0.5, 40.0, 1.5)])
    if dtype.startswith("uint"):
        start, stop, step = abs(start), abs(stop), abs(step)
    return Case([], {"start": start, "stop": stop, "step": step, "dtype": dtype},
                mlx=lambda: mx.arange(start, stop, step, dtype=MX[dtype]))


@sampler("linspace")
def linspace(draw, name):
    dtype = draw.pick(REALS[1:])
    start, stop, num, end = draw.int(-9, 9) / 2, draw.int(-9, 99) / 2, draw.pick([0, 1, 2, 3, 7, 16, 33, 50]), draw.chance(0.5)
    if dtype.startswith("uint"):
        start, stop = abs(start), abs(stop)
    return Case([], {"start": start, "stop": stop, "num": num, "endpoint": end, "dtype": dtype},
                mlx=lambda: mx.linspace(start, stop, num, endpoint=end, dtype=MX[dtype]), ulp=2)


@sampler("full")
def full(draw, name):
    shape, dtype = draw.shape(), draw.pick(DTYPES)
    return Case([draw.value(draw.broadcastable(shape), dtype)], {"shape": shape}, mlx=lambda v: mx.full(shape, v, dtype=v.dtype))


@sampler("full_like")
def full_like(draw, name):
    shape, dtype = draw.shape(), draw.pick(DTYPES)
    value = draw.value(draw.broadcastable(shape), draw.pick(DTYPES))
    return Case([draw.value(shape, dtype), value], mlx=lambda x, v: mx.full_like(x, v, dtype=x.dtype),
                deliberate=lambda x, v: np.broadcast_to(cast_undefined(dtype)(v), shape))


@sampler("zeros", "ones")
def constants(draw, name):
    shape, dtype = draw.shape(), draw.pick(DTYPES)
    return Case([], {"shape": shape, "dtype": dtype}, mlx=lambda: getattr(mx, name)(shape, MX[dtype]))


@sampler("eye", "tri")
def diagonal(draw, name):
    n, m, k, dtype = draw.int(0, 20), draw.pick([-1, draw.int(0, 20)]), draw.int(-25, 25), draw.pick(DTYPES)
    return Case([], {"n": n, "m": m, "k": k, "dtype": dtype}, mlx=lambda: getattr(mx, name)(n, None if m < 0 else m, k, dtype=MX[dtype]))


@sampler("tril", "triu")
def triangle(draw, name):
    k = draw.int(-6, 6)
    return Case([draw.value(draw.shape(2), draw.pick(DTYPES))], {"k": k}, mlx=lambda x: getattr(mx, name)(x, k))


# ---- binary ----

def pair(draw, dtypes=DTYPES, **bounds):
    a, b = draw.pair()
    first = draw.pick(dtypes)
    second = first if draw.chance(0.6) else draw.pick(dtypes)
    return (draw.value(a, first, **(bounds if first in FLOATS + INTEGERS else {})),
            draw.value(b, second, **(bounds if second in FLOATS + INTEGERS else {})))


EXACT_BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "equal", "not_equal", "less", "less_equal", "greater",
                "greater_equal", "logical_and", "logical_or", "bitwise_and", "bitwise_or", "bitwise_xor"]


@sampler(*EXACT_BINARY)
def exact_binary(draw, name):
    a, b = pair(draw)
    whole = "complex64" in (a.dtype, b.dtype) and name == "multiply"
    return Case([a, b], mlx=getattr(mx, name), ulp=8 if whole else 0)


@sampler("logical_xor")
def logical_xor(draw, name):
    a, b = pair(draw)
    return Case([a, b], mlx=lambda x, y: mx.not_equal(x.astype(mx.bool_), y.astype(mx.bool_)))


@sampler("divide")
def divide(draw, name):
    a, b = pair(draw)
    return Case([a, b], mlx=mx.divide, ulp=8 if "complex64" in (a.dtype, b.dtype) else 0)


def without_zero(draw, b, dtype):
    """No integer divisor is 0 or -1: MLX would end with a signal."""
    if dtype in FLOATS:
        return b
    data = np.where((b.data == 0) | (b.data.astype(np.float64) == -1), np.array(3, b.data.dtype), b.data)
    return Value(data, b.dtype) if b.dtype != "bool" else Value(np.ones(b.shape, bool), "bool")


@sampler("floor_divide", "remainder", "divmod")
def quotient(draw, name):
    a, b = pair(draw, REALS)
    dtype = promote(a.dtype, b.dtype)
    return Case([a, without_zero(draw, b, dtype)], mlx=getattr(mx, name))


@sampler("power")
def power(draw, name):
    a, b = pair(draw, DTYPES, low=-4, high=6) if draw.chance(0.7) else pair(draw, FLOATS)
    dtype = promote(a.dtype, b.dtype)
    if dtype in INTEGERS:
        b = Value(np.abs(b.data), b.dtype)  # MLX's loop over a negative integer exponent does not say what it gives
        return Case([a, b], mlx=mx.power)
    if dtype == "complex64":
        return Case([a, b], mlx=mx.power, ulp=256)  # exp(b log a): the error of the logarithm is multiplied
    if dtype == "bool":
        return Case([a, b], mlx=mx.power)
    return Case([a, b], mlx=mx.power, truth=lambda x, y: np.power(as_dtype(x, dtype), as_dtype(y, dtype)), ulp=rounding(4, dtype))


@sampler("arctan2", "logaddexp")
def two_argument(draw, name):
    dtypes = REALS if name == "arctan2" else DTYPES
    a, b = pair(draw, dtypes, low=-30, high=30) if draw.chance(0.5) else pair(draw, dtypes)
    dtype = inexact(promote(a.dtype, b.dtype))
    if dtype == "complex64":
        return Case([a, b], mlx=getattr(mx, name), ulp=64)
    truth = {"arctan2": np.arctan2, "logaddexp": np.logaddexp}[name]
    grows = name == "logaddexp"  # close to a result of 0 the larger operand and log1p cancel
    return Case([a, b], mlx=getattr(mx, name), truth=lambda x, y: truth(as_dtype(x, dtype), as_dtype(y, dtype)),
                ulp=rounding(4, dtype), epsilons=4,
                scale=(lambda x, y: np.maximum(np.abs(as_dtype(x, dtype)), np.abs(as_dtype(y, dtype)))) if grows else None)


@sampler("left_shift", "right_shift")
def shift(draw, name):
    a, b = pair(draw, ["bool"] + INTEGERS)
    bits = 8 * STORAGE[promote(a.dtype, b.dtype)].itemsize
    if b.dtype != "bool":
        b = Value(draw.rng.integers(0, bits, b.shape).astype(b.data.dtype), b.dtype)  # by more bits than there are: undefined in C
    return Case([a, b], mlx=getattr(mx, name))


@sampler("isclose", "allclose")
def close(draw, name):
    a, b = pair(draw)
    shape = np.broadcast_shapes(a.shape, b.shape)
    if (a.dtype in INTEGERS) != (b.dtype in INTEGERS):  # whole numbers that the other dtype has
        a, b = (draw.integers(v.shape, v.dtype, -100, 100) if v.dtype in INTEGERS else v for v in (a, b))
    if a.dtype in FLOATS and draw.chance(0.6):  # neighbours of a
        nudge = draw.rng.choice([0, 1e-9, 3e-6, 1e-3, 0.1], shape)
        with np.errstate(all="ignore"):
            b = Value(narrow(np.broadcast_to(a.wide(), shape) * (1 + nudge), a.dtype), a.dtype)
    rtol, atol, equal_nan = draw.pick([1e-5, 1e-2, 0.0]), draw.pick([1e-8, 1e-4, 1.0]), draw.chance(0.5)
    case = Case([a, b], {"rtol": rtol, "atol": atol, "equal_nan": equal_nan}, dtype="bool",
                mlx=lambda x, y: getattr(mx, name)(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan))
    if promote(a.dtype, b.dtype) in INTEGERS + ["bool"]:  # MLX subtracts integers as such, which wraps

        def truth(x, y):
            x, y = x.astype(np.float32), y.astype(np.float32)
            near = np.abs(x - y) <= np.float32(atol) + np.float32(rtol) * np.abs(y)
            return near.all() if name == "allclose" else near
        case.mlx, case.truth = None, truth
    return case


@sampler("array_equal")
def array_equal(draw, name):
    a, b = pair(draw)
    if draw.chance(0.6):
        b = Value(a.data.copy(), a.dtype)
    equal_nan = draw.chance(0.5)
    return Case([a, b], {"equal_nan": equal_nan}, mlx=lambda x, y: mx.array_equal(x, y, equal_nan=equal_nan))


@sampler("where")
def where(draw, name):
    a, b = pair(draw)
    shape = np.broadcast_shapes(a.shape, b.shape)
    return Case([draw.value(draw.broadcastable(shape), draw.pick(DTYPES)), a, b], mlx=mx.where)


@sampler("clip")
def clip(draw, name):
    shape, dtype = draw.shape(), draw.pick(REALS)
    x, low, high = (draw.value(s, draw.pick([dtype, draw.pick(REALS)]) if i else dtype)
                    for i, s in enumerate((shape, draw.broadcastable(shape), draw.broadcastable(shape))))
    absent = draw.pick(["", "", "low", "high"])
    return Case([x, None if absent == "low" else low, None if absent == "high" else high], mlx=mx.clip)


# ---- reductions ----

def kept(axes):
    return None if axes is None else tuple(axes)


def total(x, axes, keepdims):
    return np.sum(np.abs(x), axis=kept(axes), keepdims=keepdims)


def reduction_value(draw, dtype, finite=None, **bounds):
    shape = draw.shape()
    if dtype in FLOATS and not bounds:
        return draw.floats(shape, dtype, *draw.pick([(-1, 1), (0, 3), (-100, 100)]), special=draw.pick([0, 0, 0.02]) if finite is None else 0)
    return draw.value(shape, dtype, **(bounds if dtype in FLOATS + INTEGERS else {}))


@sampler("sum", "mean")
def sums(draw, name):
    dtype = draw.pick(DTYPES)
    x = reduction_value(draw, dtype)
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    call = {"axes": axes, "keepdims": keepdims}
    # MLX leaves the dtype of a 0-d operand as it is: there are no axes; emily's result has one dtype for every rank
    reference = lambda v: getattr(mx, name)(mx.reshape(v, (1,)) if v.ndim == 0 and axes is None else v, axis=axes,
                                            keepdims=keepdims and v.ndim > 0)
    if name == "sum" and dtype not in FLOATS + ["complex64"]:
        return Case([x], call, mlx=reference)
    to = inexact(dtype)
    share = lambda v: total(as_dtype(v, to), axes, keepdims) / (1 if name == "sum" else max(1, v.size // max(1, total(v, axes, False).size)))
    return Case([x], call, mlx=reference, truth=lambda v: getattr(np, name)(as_dtype(v, to), axis=kept(axes), keepdims=keepdims),
                # float64 adds in its own precision, and so does the truth: roundings of some thousand additions meet
                ulp=rounding(2, to) + 2 * (to == "complex64"), scale=share, epsilons=64 if to == "float64" else 4,
                deliberate=lambda v: np.array(to in HALVES or to != dtype))  # MLX adds 16-bit floats in 16 bits, integers in 32


@sampler("var", "std")
def spread(draw, name):
    dtype = draw.pick(REALS)
    x = reduction_value(draw, dtype, finite=True) if dtype in FLOATS else draw.value(draw.shape(), dtype, **{"low": -1000, "high": 1000} if dtype != "bool" else {})
    axes, keepdims, ddof = draw.axes(x.data.ndim), draw.chance(0.5), draw.pick([0, 0, 1, 3])
    to = inexact(dtype)

    def truth(v):
        return getattr(np, name)(as_dtype(v, to), axis=kept(axes), keepdims=keepdims, ddof=ddof)

    def scale(v):  # the mean's own rounding, squared away, and the sum's
        v = as_dtype(v, to)
        largest = np.max(np.abs(v), axis=kept(axes), keepdims=keepdims) if v.size else truth(v)
        return largest ** 2 if name == "var" else largest

    return Case([x], {"axes": axes, "keepdims": keepdims, "ddof": ddof}, truth=truth, ulp=rounding(4, to), scale=scale, epsilons=16,
                mlx=lambda v: getattr(mx, name)(v, axis=axes, keepdims=keepdims, ddof=ddof),
                deliberate=lambda v: np.array(to in HALVES or to != dtype))


@sampler("prod")
def prod(draw, name):
    dtype = draw.pick(DTYPES)
    x = draw.floats(draw.shape(), dtype, 0.7, 1.4, special=0) if dtype in FLOATS else draw.value(draw.shape(), dtype)
    if dtype == "complex64":
        x = Value(x.data / np.abs(x.data), dtype)
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    case = Case([x], {"axes": axes, "keepdims": keepdims}, 
                mlx=lambda v: mx.prod(mx.reshape(v, (1,)) if v.ndim == 0 and axes is None else v, axis=axes, keepdims=keepdims and v.ndim > 0))
    if dtype in FLOATS:  # one rounding a factor
        case.truth = lambda v: np.prod(v, axis=kept(axes), keepdims=keepdims)
        case.ulp, case.deliberate = 2.0 + x.data.size, lambda v: np.array(dtype in HALVES)
    elif dtype == "complex64":
        case.ulp = 4.0 + 4 * x.data.size
    return case


@sampler("max", "min", "all", "any")
def extreme(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS if name in ("max", "min") else DTYPES))
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    return Case([x], {"axes": axes, "keepdims": keepdims}, mlx=lambda v: getattr(mx, name)(v, axis=axes, keepdims=keepdims),
                zeros=False)  # of zeros of both signs either is the largest


@sampler("argmax", "argmin")
def position(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    axis, keepdims = (None if x.data.ndim == 0 or draw.chance(0.3) else draw.axis(x.data.ndim)), draw.chance(0.5)
    if x.data.ndim and x.data.size and draw.chance(0.3):  # the last of equals: MLX has the first alone

        def last(v):
            v, along = (v.reshape(-1), 0) if axis is None else (v, axis)
            best = getattr(np, name[3:])(v, axis=along, keepdims=True)
            at = v.shape[along] - 1 - np.argmax(np.flip((v == best) | (np.isnan(v) if v.dtype.kind == "f" else False), along), axis=along, keepdims=True)
            return at.reshape((1,) * x.data.ndim if keepdims else ()) if axis is None else at if keepdims else np.squeeze(at, axis)
        return Case([x], {"axis": NO_AXIS if axis is None else axis, "keepdims": keepdims, "tie": "high"}, truth=last, dtype="uint32")
    return Case([x], {"axis": NO_AXIS if axis is None else axis, "keepdims": keepdims},
                extension="in a number it is 0; empty rows that are none need no element" if x.data.ndim == 0 or not x.data.size else None,
                dtype="uint32", truth=(lambda v: np.argmax(v, axis=axis, keepdims=keepdims)) if x.data.ndim == 0 or (
                    axis is not None and not x.data.size and x.shape[axis]) else None,
                mlx=lambda v: getattr(mx, name)(v, axis=axis, keepdims=keepdims))


@sampler("logsumexp", "softmax")
def exponentials(draw, name):
    dtype = draw.pick(REALS)
    x = reduction_value(draw, dtype)
    axes = draw.axes(x.data.ndim)
    to = inexact(dtype)
    call = {"axes": axes}
    if name == "logsumexp":
        call["keepdims"] = keepdims = draw.chance(0.5)

    def log_sum(v, keep):
        top = np.max(v, axis=kept(axes), keepdims=True)
        if name == "softmax":  # infinity less infinity, and over it
            v = np.where(top == np.inf, np.nan, v)
        safe = np.where(np.isfinite(top), top, 0)
        s = np.log(np.sum(np.exp(v - safe), axis=kept(axes), keepdims=True)) + safe
        return s if keep else np.squeeze(s, axis=kept(axes)) if axes is not None else s.reshape(())

    def truth(v):
        v = as_dtype(v, to)
        if v.size == 0:
            return v if name == "softmax" else np.sum(v, axis=kept(axes), keepdims=keepdims)
        return log_sum(v, keepdims) if name == "logsumexp" else np.exp(v - log_sum(v, True))

    def scale(v):  # exp multiplies the rounding of its argument by it
        v = as_dtype(v, to)
        if v.size == 0:
            return v
        if name == "softmax":
            terms = v.size // max(1, np.sum(v, axis=kept(axes)).size)
            long = terms if dtype == "float64" else 0  # added one by one there
            return truth(v) * (1 + long + np.max(np.abs(np.where(np.isfinite(v), v, 0)), axis=kept(axes), keepdims=True))
        return 1 + np.abs(truth(v))

    # MLX keeps integers as they are but for a softmax or sum along the last axis
    last = axes is not None and len(axes) == 1 and axes[0] % x.data.ndim == x.data.ndim - 1
    reference = lambda v: mx.softmax(v, axis=axes, precise=to == dtype) if name == "softmax" else mx.logsumexp(v, axis=axes, keepdims=keepdims)
    return Case([x], call, truth=truth, ulp=rounding(4, to), scale=scale, epsilons=6, dtype=to,
                deliberate=lambda v: np.array(dtype == "float64"),  # MLX's exp has float32's range there
                mlx=reference if to == dtype or (last and x.data.size) else None,
                extension="an empty list of axes reduces nothing" if name == "logsumexp" and not x.data.size else None,
                refusal="nothing has no sum to take the logarithm of" if name == "logsumexp" and not x.data.size else None)


for path in sorted(pathlib.Path(__file__).parent.glob("samplers_*.py")):  # they register the rest
    importlib.import_module(path.stem)
