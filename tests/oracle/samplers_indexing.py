"""Samplers of gathers, scatters and their kin: where indices point."""
import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, INTEGERS
from judge import Case
from native import Value
from samplers import MX, NO_AXIS, sampler


def indices(draw, shape, n, window=1):
    """In range, in any integer dtype, some from the end."""
    dtype = draw.pick(INTEGERS)
    low = 0 if dtype.startswith("u") else -n
    high = n - window
    if low < 0 and window > 1:
        low = 0  # a window from the end may leave its axis
    return draw.integers(shape, dtype, max(low, -128), min(high, 127))


def positions(index, n, window=1):
    """Where wide indices point; -1 out of range."""
    i = index.astype(object) if index.dtype == np.uint64 else index.astype(np.int64)
    i = np.where(i < 0, i + n, i)
    return np.where((i >= 0) & (i + window <= n), i, -1).astype(np.int64)


def index_arrays(draw, shape, window, dup=False):
    """Axes, some of them from the end, and an index array for each."""
    ndim = len(shape)
    count = draw.int(1, ndim)
    axes = [int(a) for a in draw.rng.permutation(ndim)[:count]]
    common = draw.shape(0, 2)
    arrays = [indices(draw, draw.broadcastable(common) if draw.chance(0.3) else common, shape[a], window[a]) for a in axes]
    common = np.broadcast_shapes(*(a.shape for a in arrays))
    if draw.chance(0.2) and all(not a.dtype.startswith("u") for a in arrays):  # out of range, in an element or two
        for a in arrays:
            if a.data.size:
                a.data.reshape(-1)[draw.int(0, a.data.size - 1)] = 127
    return axes, [a - ndim if draw.chance(0.3) else a for a in axes], arrays, common


def windows(axes, arrays, window, shape, common):
    """(tuple of the indices, where the window begins) in row-major order, None for one out of range."""
    places = [np.broadcast_to(positions(a, shape[k], window[k]), common) for k, a in zip(axes, arrays)]
    for at in np.ndindex(*common):
        start = [0] * len(shape)
        for k, p in zip(axes, places):
            start[k] = int(p[at])
        yield at, None if min(start, default=0) < 0 else tuple(slice(s, s + n) for s, n in zip(start, window))


def basic_window(draw, shape):
    return [min(n, draw.pick([1, 1, n, draw.int(min(1, n), n)])) for n in shape]


def plain(draw, shape):
    """What MLX's Python can say: x[i, j, …] on leading axes, all indices in range."""
    count = draw.int(1, len(shape))
    common = draw.shape(0, 2)
    arrays = [indices(draw, common, n) for n in shape[:count]]
    if len({a.dtype for a in arrays}) > 1:  # MLX promotes uint64 beside signed integers to floats
        arrays = [Value(a.data, "int32") for a in arrays]
    return list(range(count)), [1] * count + list(shape[count:]), arrays, common


@sampler("gather")
def gather(draw, name):
    if draw.chance(0.2):
        x = draw.value(draw.shape(1, 4, empty=False), draw.pick(DTYPES))
        axes, window, arrays, common = plain(draw, x.shape)
        return Case([x] + arrays, {"axes": axes, "slice_sizes": window},
                    mlx=lambda v, *at: mx.reshape(v[tuple(at)], common + tuple(window)))
    x = draw.value(draw.shape(1, 3, empty=False), draw.pick(DTYPES))
    window = basic_window(draw, x.shape)
    axes, given, arrays, common = index_arrays(draw, x.shape, window)

    def truth(v, *at):
        out = np.zeros(common + tuple(window), v.dtype)
        for i, place in windows(axes, at, window, x.shape, common):
            if place is not None:
                out[i] = v[place]
        return out

    return Case([x] + arrays, {"axes": given, "slice_sizes": window}, truth=truth, dtype=x.dtype)


def combine(update, dtype):
    """Of two wide numbers, rounded to the dtype each time."""
    if dtype == "bool":
        return {"add": np.logical_or, "prod": np.logical_and, "max": np.logical_or, "min": np.logical_and}[update]
    if dtype == "complex64":
        key = lambda z: (z.real, z.imag)
        pick = lambda take: np.vectorize(lambda a, b: (a if np.isnan(a) or (not np.isnan(b) and take(key(a), key(b))) else b),
                                         otypes=[np.complex64])
        return {"add": np.add, "prod": np.multiply, "max": pick(lambda a, b: b < a), "min": pick(lambda a, b: a < b)}[update]
    return {"add": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}[update]


def rounded(wide, dtype):
    from native import narrow
    with np.errstate(all="ignore"):
        return Value(narrow(wide, dtype), dtype).wide() if dtype in FLOATS else np.asarray(wide)


def updated(v, place, u, update, dtype):
    """One window after another; floats in their own precision, so that sums have one rounding each."""
    with np.errstate(all="ignore"):
        if update == "put":
            v[place] = u
        elif dtype == "complex64":
            v[place] = combine(update, dtype)(v[place].astype(np.complex64), u.astype(np.complex64))
        else:
            v[place] = rounded(combine(update, dtype)(v[place], u), dtype)


def update_value(draw, shape, dtype):
    if draw.chance(0.2):
        return draw.value(shape, "bool")  # cast to x's dtype
    if dtype in FLOATS:
        return draw.floats(shape, dtype, special=0.05)
    if dtype == "complex64":  # products of these are exact: NumPy's have roundings of their own
        return Value(draw.rng.choice([1, -1, 1j, -1j], shape), dtype)
    return draw.value(shape, dtype)


def wide_cast(u, dtype):
    return u if u.dtype != np.bool_ or dtype == "bool" else u.astype(Value(np.zeros(()), dtype).wide().dtype)


def lost(v, w, update):
    """MLX's scatter drops a NaN that meets a max or min; complex ones are ordered by emily lexicographically."""
    return np.array(update in ("max", "min") and bool(np.isnan(v).any() or np.isnan(w).any()))


@sampler("scatter", "scatter_add", "scatter_prod", "scatter_max", "scatter_min")
def scatter(draw, name):
    update = name[8:] or "put"
    if update != "put" and draw.chance(0.2):
        x = draw.value(draw.shape(1, 4, empty=False), draw.pick(DTYPES))
        axes, window, arrays, common = plain(draw, x.shape)
        u = update_value(draw, common + tuple(window), x.dtype)
        method = {"add": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}[update]
        rest = x.shape[len(axes):]
        return Case([x, u] + arrays, {"axes": axes}, deliberate=lambda v, w, *at: lost(v, w, update),
                    mlx=lambda v, w, *at: getattr(v.at[tuple(at)], method)(mx.reshape(w, common + rest)))
    x = draw.value(draw.shape(1, 3, empty=False), draw.pick(DTYPES))
    window = basic_window(draw, x.shape)
    axes, given, arrays, common = index_arrays(draw, x.shape, window)
    lead = tuple(1 if draw.chance(0.15) else n for n in common)
    u = update_value(draw, lead + tuple(window), x.dtype)

    def truth(v, w, *at):
        out = np.array(v)
        w = np.broadcast_to(wide_cast(w, x.dtype), common + tuple(window))
        for i, place in windows(axes, at, window, x.shape, common):
            if place is not None:
                updated(out, place, w[i], update, x.dtype)
        return out

    return Case([x, u] + arrays, {"axes": given}, truth=truth, dtype=x.dtype)


@sampler("put_along_axis", "scatter_add_axis")
def along(draw, name):
    update = "put" if name[0] == "p" else "add"
    x = draw.value(draw.shape(1, 3, empty=False), draw.pick(DTYPES))
    axis = None if draw.chance(0.2) else draw.axis(x.data.ndim)
    flat = (x.data.size,) if axis is None else x.shape
    at = 0 if axis is None else axis
    shape = [1 if draw.chance(0.2) else n for n in flat]
    shape[at] = draw.pick([0, 1, 3, 9, 17])
    i = indices(draw, tuple(shape), flat[at])
    u = update_value(draw, tuple(1 if draw.chance(0.2) else n for n in shape) if draw.chance(0.7) else (), x.dtype)

    def truth(v, w, values):
        out = np.array(v).reshape(flat)
        full = list(flat)
        full[at] = shape[at]
        place = np.broadcast_to(positions(w, flat[at]), full)
        values = np.broadcast_to(wide_cast(values, x.dtype), full)
        for k in np.ndindex(*full):
            to = list(k)
            to[at] = place[k]
            updated(out, tuple(to), values[k], update, x.dtype)
        return out.reshape(v.shape)

    call = {"axis": NO_AXIS if axis is None else axis}
    mlx = (lambda v, w, values: mx.put_along_axis(v, w, values, axis)) if update == "put" and i.data.size <= 1 and x.dtype != "bool" else None  # MLX does not say which of several puts stays
    return Case([x, i, u], call, truth=truth, mlx=mlx, dtype=x.dtype)



# ---- slices ----

def window_of(draw, shape):
    from samplers_moves import window
    start, stop, strides = window(draw, shape)
    return {"start": start, "stop": stop, "strides": strides}, tuple(slice(*t) for t in zip(start, stop, strides))


@sampler("slice_update_add", "slice_update_prod", "slice_update_max", "slice_update_min")
def slice_update(draw, name):
    update = name[13:]
    x = draw.value(draw.shape(1), draw.pick(DTYPES))
    call, at = window_of(draw, x.shape)
    u = update_value(draw, draw.broadcastable(x.data[at].shape), x.dtype)

    def truth(v, w):
        out = np.array(v)
        updated(out, at, np.broadcast_to(wide_cast(w, x.dtype), out[at].shape), update, x.dtype)
        return out

    return Case([x, u], call, truth=truth, dtype=x.dtype)


def start_array(draw, shape, window, axes):
    """In range, or not (MLX reads other memory then)."""
    inside = draw.chance(0.5)
    high = [max(0, shape[a] - window[a]) if inside else 100 for a in axes]
    dtype = draw.pick(INTEGERS)
    low = 0 if inside or dtype.startswith("u") else -100
    start = Value([draw.int(low, h) for h in high], dtype)
    return (Value(start.data[0], dtype) if len(axes) == 1 and draw.chance(0.5) else start), inside


def clamped(start, shape, window, axes):
    begin = [0] * len(shape)
    for a, s in zip(axes, np.reshape(start, -1)):
        begin[a] = min(max(int(s), 0), shape[a] - window[a])
    return tuple(slice(b, b + n) for b, n in zip(begin, window))


def some_axes(draw, ndim):
    axes = [int(a) for a in draw.rng.permutation(ndim)[:draw.int(1, ndim)]]
    return axes, [a - ndim if draw.chance(0.3) else a for a in axes]


@sampler("dynamic_slice")
def dynamic_slice(draw, name):
    x = draw.value(draw.shape(1), draw.pick(DTYPES))
    window = basic_window(draw, x.shape)
    axes, given = some_axes(draw, x.data.ndim)
    start, inside = start_array(draw, x.shape, window, axes)
    call = {"axes": given, "slice_size": window}
    if inside and x.data.size:
        # a layout may change what start says, and MLX then leaves the array
        return Case([x, start], call, mlx=lambda v, s: mx.slice(v, s, given, window), layouts=False)
    return Case([x, start], call, truth=lambda v, s: v[clamped(s, x.shape, window, axes)], dtype=x.dtype)


@sampler("dynamic_slice_update")
def dynamic_slice_update(draw, name):
    x = draw.value(draw.shape(1), draw.pick(DTYPES))
    axes, given = some_axes(draw, x.data.ndim)
    window = basic_window(draw, x.shape)
    short = draw.int(0, x.data.ndim) if draw.chance(0.3) else 0
    u = update_value(draw, tuple(window[short:]), x.dtype)
    window = [(min(1, n) if a in axes else n) if a < short else w for a, (n, w) in enumerate(zip(x.shape, window))]
    start, inside = start_array(draw, x.shape, window, axes)

    def truth(v, w, s):
        out = np.array(v)
        out[clamped(s, x.shape, window, axes)] = w
        return out

    if inside and x.data.size:
        return Case([x, u, start], {"axes": given}, mlx=lambda v, w, s: mx.slice_update(v, w, s, given), layouts=False)
    return Case([x, u, start], {"axes": given}, truth=truth, dtype=x.dtype)


@sampler("diagonal", "trace")
def diagonal(draw, name):
    x = draw.value(draw.shape(2, 4, empty=name != "trace"), draw.pick(DTYPES))
    if name == "trace":
        x = Value(np.round(np.clip(np.nan_to_num(x.wide()), -100, 100)), x.dtype) if x.dtype in ("float32", "float64") else \
            draw.value(x.shape, draw.pick([d for d in INTEGERS] + ["bool"]))
    first, second = (int(a) for a in draw.rng.permutation(x.data.ndim)[:2])
    call = {"offset": draw.int(-4, 4), "axis1": first, "axis2": second - x.data.ndim}
    if name == "trace":  # MLX does not come back from the sum of some empty diagonals
        call["offset"] = draw.int(1 - x.shape[first], x.shape[second] - 1)
        kind = draw.pick([None, "float32", "int32"])
        # whole numbers that are large: a float32 sum of them is off by roundings of its terms, in whatever order they come
        scale = (lambda v: np.abs(np.diagonal(v, *call.values()).astype(np.float64)).sum(-1)) if kind == "float32" else None
        return Case([x], call | ({"dtype": kind} if kind else {}), ulp=4, scale=scale,
                    mlx=lambda v: mx.trace(v, *call.values(), **({"dtype": MX[kind]} if kind else {})))
    return Case([x], call, mlx=lambda v: mx.diagonal(v, *call.values()))
