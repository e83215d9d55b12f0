"""Samplers of scans, medians, counts and other reductions."""
import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, INTEGERS, REALS
from judge import Case
from native import Value, narrow
from samplers import HALVES, MX, NO_AXIS, as_dtype, inexact, kept, rounding, sampler


# ---- scans ----

def scan_value(draw, dtype):
    """Long axes now and then: chunks, segments and parts have borders of their own."""
    shape = draw.shape(1, 4)
    if draw.chance(0.15):
        shape = draw.pick([(300,), (2049,), (70001,), (3, 517), (600, 17), (2, 300, 5), (2100, 16)])
    if dtype in FLOATS:
        return draw.floats(shape, dtype, *draw.pick([(-1, 1), (0, 3), (-100, 100)]), special=draw.pick([0, 0, 0.02]) if dtype != "float64" else 0)
    return draw.value(shape, dtype)


def along(function, v, axis, reverse, inclusive, first):
    """A scan of NumPy's made reversed or exclusive."""
    v, axis = (v.reshape(-1), 0) if axis is None else (v, axis)
    v = np.flip(v, axis) if reverse else v
    y = function(v, axis)
    if not inclusive and y.shape[axis]:
        y = np.concatenate([np.full_like(np.take(y, [0], axis), first), np.delete(y, -1, axis)], axis)
    return np.flip(y, axis) if reverse else y


def scan_call(draw, x):
    axis = None if draw.chance(0.3) else draw.axis(x.data.ndim)
    reverse, inclusive = draw.chance(0.5), draw.chance(0.5)
    return axis, reverse, inclusive, {"axis": NO_AXIS if axis is None else axis, "reverse": reverse, "inclusive": inclusive}


@sampler("cumsum", "cumprod")
def running(draw, name):
    dtype = draw.pick(DTYPES)
    x = scan_value(draw, dtype)
    if name == "cumprod" and dtype in FLOATS:
        x = draw.floats(x.shape, dtype, 0.99, 1.01, special=0)
        if x.data.size and draw.chance(0.3):
            x.data.reshape(-1)[draw.int(0, x.data.size - 1)] = narrow(draw.pick([np.nan, np.inf, 0.0, -1.0]), dtype)
    if name == "cumprod" and dtype == "complex64":
        x = Value(x.data / np.abs(x.data), dtype)
    axis, reverse, inclusive, call = scan_call(draw, x)
    to = draw.pick(DTYPES[:-1]) if draw.chance(0.2) and dtype not in FLOATS + ["complex64"] else None
    if to:
        call["dtype"] = to
    case = Case([x], call, mlx=lambda v: getattr(mx, name)(v, axis, reverse=reverse, inclusive=inclusive, dtype=MX[to] if to else None))
    result = to or dtype
    if result not in FLOATS + ["complex64"]:
        return case
    # MLX adds 16-bit floats in 16 bits, and float32 one by one
    wide = lambda v: as_dtype(v, result) if result in FLOATS else v
    scan = np.cumsum if name == "cumsum" else np.cumprod
    case.truth = lambda v: along(scan, wide(v), axis, reverse, inclusive, 0 if name == "cumsum" else 1)
    case.scale = lambda v: np.abs(case.truth(v)) if name == "cumprod" else along(scan, np.abs(wide(v)), axis, reverse, inclusive, 0)
    case.ulp, case.epsilons = rounding(2, result), 2 if result != "float64" else 8 + x.data.size
    case.deliberate = lambda v: np.array(result in HALVES or x.data.size > 500)
    return case


@sampler("cummax", "cummin")
def running_extreme(draw, name):
    dtype = draw.pick(REALS)
    x = scan_value(draw, dtype)
    axis, reverse, inclusive, call = scan_call(draw, x)
    case = Case([x], call, mlx=lambda v: getattr(mx, name)(v, axis, reverse=reverse, inclusive=inclusive), zeros=False)
    if dtype in HALVES and np.isnan(x.wide()).any():  # MLX lets go of NaN in 16 bits
        scan = np.maximum.accumulate if name == "cummax" else np.minimum.accumulate
        case.truth = lambda v: along(scan, v, axis, reverse, inclusive, -np.inf if name == "cummax" else np.inf)
        case.deliberate = lambda v: np.array(True)
        case.ulp = 0.5
    return case


@sampler("logcumsumexp")
def running_log_sum(draw, name):
    dtype = draw.pick(FLOATS + ["int8", "bool"])
    x = scan_value(draw, dtype)
    axis, reverse, inclusive, call = scan_call(draw, x)
    to = inexact(dtype)
    case = Case([x], call, dtype=to)
    if to == dtype:  # integers stay integers in MLX
        case.mlx = lambda v: mx.logcumsumexp(v, axis, reverse=reverse, inclusive=inclusive)
    case.truth = lambda v: along(np.logaddexp.accumulate, as_dtype(v, to), axis, reverse, inclusive, -np.inf)
    case.scale = lambda v: 1 + np.abs(np.nan_to_num(case.truth(v), posinf=0, neginf=0)) + along(
        np.maximum.accumulate, np.abs(np.nan_to_num(as_dtype(v, to), posinf=0, neginf=0)), axis, reverse, inclusive, 0)
    case.ulp, case.epsilons = rounding(4, to), 4 if to != "float64" else 4 + x.data.size
    case.deliberate = lambda v: np.array(to in HALVES or to == "float64" or x.data.size > 100)  # one rounding after the other
    return case


@sampler("diff")
def diff(draw, name):
    dtype = draw.pick(REALS)
    x = draw.value(draw.shape(1), dtype)
    axis = draw.axis(x.data.ndim)
    n = draw.int(0, max(0, min(4, x.shape[axis] - 1)))
    return Case([x], {"n": n, "axis": axis}, mlx=lambda v: mx.diff(v, n, axis))


# ---- reductions ----

@sampler("minmax")
def minmax(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    return Case([x], {"axes": axes, "keepdims": keepdims}, mlx=lambda v: mx.minmax(v, axis=axes, keepdims=keepdims), zeros=False)


@sampler("median")
def median(draw, name):
    x = draw.value(draw.shape(), draw.pick(REALS))
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    # MLX adds the two in the middle in their dtype, emily 16 bits in float32: they may leave the range there
    return Case([x], {"axes": axes, "keepdims": keepdims}, mlx=lambda v: mx.median(v, axis=axes, keepdims=keepdims), zeros=False,
                extension="over no axes each element is its own median" if axes == [] else None, dtype=inexact(x.dtype),
                truth=(lambda v: as_dtype(v, inexact(x.dtype))) if axes == [] else None,
                deliberate=(lambda v: np.isinf(np.median(np.nan_to_num(np.abs(v) * 2, posinf=0), axis=kept(axes), keepdims=keepdims))
                            | np.array(np.nanmax(np.abs(v), initial=0) > 30000 and x.dtype in HALVES)))


@sampler("count_nonzero")
def count_nonzero(draw, name):
    x = draw.value(draw.shape(), draw.pick(DTYPES))
    axes, keepdims = draw.axes(x.data.ndim), draw.chance(0.5)
    return Case([x], {"axes": axes, "keepdims": keepdims}, mlx=lambda v: mx.count_nonzero(v, axis=axes, keepdims=keepdims))


# ---- positions and counts ----

@sampler("searchsorted")
def searchsorted(draw, name):
    dtype = draw.pick(REALS)
    sequence = draw.value((draw.pick([0, 1, 2, 3, 17, 100, 1000]),), dtype)
    sequence = Value(np.sort(sequence.data) if dtype != "bfloat16" else narrow(np.sort(sequence.wide()), dtype), dtype)
    values = draw.value(draw.shape(), dtype if draw.chance(0.7) else draw.pick(REALS))
    if sequence.data.size and values.data.size and values.dtype == dtype and draw.chance(0.5):
        values = Value(draw.rng.choice(sequence.data, values.shape), dtype)
    side = draw.pick(["left", "right"])
    return Case([sequence, values], {"side": side}, mlx=lambda s, v: mx.searchsorted(s, v, side), layouts=False)


@sampler("histogram")
def histogram(draw, name):
    """Exact on numbers whose edges are exact: a difference in the last place would move an element to the bin beside."""
    dtype = draw.pick(["float32", "float64", "int8", "uint16", "int32", "bool"])
    shape = draw.shape(1, 3)
    x = draw.value(shape, dtype, low=0, high=64, special=0) if dtype[0] == "f" else draw.integers(shape, dtype, 0, 64) if dtype != "bool" else draw.value(shape, dtype)
    if dtype[0] == "f":
        x = Value(np.round(x.data), dtype)
    edges = weights = None
    to = "float64" if dtype in ("float64", "int32") else "float32"
    if draw.chance(0.5):
        edges = Value(np.sort(draw.rng.choice(np.arange(-5, 70), draw.int(2, 12), replace=False)), to)
    if draw.chance(0.4):
        weights = Value(draw.rng.integers(-8, 9, shape), draw.pick(["float32", "int32"]))
    bins = draw.pick([1, 2, 4, 8, 16, 32])

    def truth(v, e, w):
        if e is None and v.size:  # a width that is exact in binary
            low, high = float(v.min()), float(v.max())
            low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
            e = low + np.arange(bins + 1) * np.dtype(to).type((high - low) / bins)
            e[-1] = high
        elif e is None:
            e = np.linspace(0, 1, bins + 1)
        counts = np.histogram(v.astype(np.float64), e, weights=None if w is None else w.reshape(v.shape))[0]
        return [counts, e]

    def accept(got, reference, *operands):
        counts, e = truth(*operands)
        wrong = [] if got[0].dtype == (weights.dtype if weights else "int32") and got[1].dtype == to else [f"{got[0].dtype}, {got[1].dtype}"]
        if not np.array_equal(got[0].wide(), counts):
            wrong.append(f"counts {got[0].data} instead of {counts}")
        return wrong + ([] if np.allclose(got[1].wide(), e, rtol=1e-6, atol=1e-6) else [f"edges {got[1].data} instead of {e}"])
    return Case([x, edges, weights], {"bins": bins}, accept=accept, dtype="int32")


@sampler("bincount")
def bincount(draw, name):
    x = draw.integers(draw.shape(), draw.pick(INTEGERS), -3, 20)
    length = draw.pick([0, 1, 5, 20, 30])
    weights = Value(draw.rng.integers(-8, 9, x.shape), draw.pick(["float32", "int8"])) if draw.chance(0.5) else None

    def truth(v, w):
        fits = (v >= 0) & (v < length)
        counts = np.bincount(v[fits].astype(np.int64), None if w is None else w[fits], length)
        return counts[:length]
    return Case([x, weights], {"length": length}, truth=truth, dtype="int32" if weights is None or weights.dtype == "int8" else "float32")
