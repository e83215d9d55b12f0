"""Samplers of convolutions and windows."""
import itertools
import math

import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, REALS
from judge import Case
from native import Value, narrow
from samplers import HALVES, promote, rounding, sampler


# ---- convolutions ----

def correlate(x, w, stride, low, high, dilation, spread, groups, flip):
    """The formula: the input spread and padded (cropped where padding is negative), a sum of products a tap."""
    axes = range(1, x.ndim - 1)
    if flip:
        w = np.flip(w, tuple(axes))
    spreaded = np.zeros([x.shape[0]] + [(x.shape[i] - 1) * spread[i - 1] + 1 if x.shape[i] else 0 for i in axes] + [x.shape[-1]], x.dtype)
    spreaded[(slice(None),) + tuple(slice(None, None, s) for s in spread)] = x
    x = np.pad(spreaded, [(0, 0)] + [(max(a, 0), max(b, 0)) for a, b in zip(low, high)] + [(0, 0)])
    x = x[(slice(None),) + tuple(slice(max(-a, 0), n - max(-b, 0)) for a, b, n in zip(low, high, x.shape[1:]))]
    out = [(x.shape[i] - 1 - dilation[i - 1] * (w.shape[i] - 1)) // stride[i - 1] + 1 for i in axes]
    y = np.zeros([x.shape[0]] + out + [w.shape[0]], np.result_type(x, w))
    filters, channels = w.shape[0] // groups, w.shape[-1]
    for tap in itertools.product(*(range(w.shape[i]) for i in axes)):
        at = tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, n, s in zip(tap, dilation, out, stride))
        part = x[(slice(None),) + at]
        for g in range(groups):
            y[..., g * filters:(g + 1) * filters] += (part[..., g * channels:(g + 1) * channels]
                                                      @ w[(slice(g * filters, (g + 1) * filters),) + tap].T)
    return y


def one_or_all(draw, values):
    """A list; one number where all are alike."""
    return values[:1] if len(set(values)) == 1 and draw.chance(0.5) else values


class Geometry:
    """A convolution whose result is not empty, but for a batch or filters of 0."""

    def __init__(self, draw, axes, transposed=False, general=False):
        few = draw.chance(0.5)
        spatial = {1: [1, 2, 5, 9, 17, 40], 2: [1, 2, 5, 9, 14], 3: [1, 2, 4, 6]}[axes]
        self.axes = axes
        self.groups = draw.pick([1, 1, 1, 2, 3, 8, 17, 33])
        channels = draw.pick([1, 1, 2, 3, 4, 16, 17, 50]) if self.groups < 4 else draw.pick([1, 1, 1, 2, 4])
        filters = draw.pick([1, 2, 3, 8, 13, 17, 32, 33, 65]) if self.groups < 4 else draw.pick([1, 1, 1, 2, 5])
        if axes == 1 and draw.chance(0.1):
            channels = draw.pick([180, 513, 1030])  # several blocks of k
        self.kernel = [draw.pick([1, 1, 2, 3, 3, 4, 5]) for _ in range(axes)]
        self.extent = [draw.pick(spatial) for _ in range(axes)]
        self.stride = [draw.pick([1, 1, 2, 3]) for _ in range(axes)] if not few else [1] * axes
        self.dilation = [draw.pick([1, 1, 2, 3]) for _ in range(axes)] if not few else [1] * axes
        self.spread = [draw.pick([1, 2, 3, 4]) if general and draw.chance(0.4) else 1 for _ in range(axes)]
        self.padding = [draw.pick([0, 0, 1, 2, 3]) for _ in range(axes)]
        self.high = [draw.pick([p, p, 0, 2]) for p in self.padding]
        self.more = [draw.int(0, s - 1) if draw.chance(0.5) else 0 for s in self.stride]
        if general and draw.chance(0.2):
            self.padding[0] = -draw.int(1, 2)
        if general and draw.chance(0.2):
            self.high[-1] = -draw.int(1, 2)
        if not general:
            self.high = self.padding
        for i in range(axes):
            if transposed:
                while (self.extent[i] - 1) * self.stride[i] - 2 * self.padding[i] + self.dilation[i] * (self.kernel[i] - 1) + self.more[i] < 0:
                    self.extent[i] += 1
            else:
                while (self.extent[i] - 1) * self.spread[i] + self.padding[i] + self.high[i] < self.dilation[i] * (self.kernel[i] - 1):
                    self.extent[i] += 1
        self.batch = draw.pick([1, 1, 2, 3, 0]) if draw.chance(0.5) else 1
        self.x = (self.batch, *self.extent, channels * self.groups)
        self.w = (filters * self.groups, *self.kernel, channels)
        self.terms = channels * math.prod(self.kernel)


def conv_case(draw, g, attrs, mlx, formula, batch=None):
    dtype = draw.pick(FLOATS + ["float32", "float32", "complex64"])
    other = dtype if draw.chance(0.8) else draw.pick(FLOATS)
    result = promote(dtype, other)

    def operand(shape, kind):
        return draw.complexes(shape) if kind == "complex64" else draw.floats(shape, kind, -2, 2, special=0)
    # MLX rounds each tap of 16-bit floats on the way, and has no float64 or complex64
    refused = result in ("float64", "complex64") or mlx is None
    return Case([operand(batch or g.x, dtype), operand(g.w, other)], attrs, mlx=None if refused else mlx, truth=formula,
                scale=lambda x, w: formula(np.abs(x), np.abs(w)), epsilons=4 + g.terms / 8, dtype=result,
                ulp=rounding(2, result) + 2 * (result == "complex64"), deliberate=(lambda *v: np.array(result in HALVES)))


@sampler("conv1d", "conv2d", "conv3d")
def conv(draw, name):
    axes = int(name[4])
    g = Geometry(draw, axes)
    if axes == 1:
        attrs = {"stride": g.stride[0], "padding": g.padding[0], "dilation": g.dilation[0], "groups": g.groups}
    else:
        attrs = {"stride": one_or_all(draw, g.stride), "padding": one_or_all(draw, g.padding),
                 "dilation": one_or_all(draw, g.dilation), "groups": g.groups}
    three = (lambda v: v[0]) if axes == 1 else tuple
    mlx = getattr(mx, name)
    takes = g.batch and (g.groups == 1 or axes < 3)
    return conv_case(draw, g, attrs, takes and (lambda x, w: mlx(x, w, three(g.stride), three(g.padding), three(g.dilation), g.groups)) or None,
                     lambda x, w: correlate(x, w, g.stride, g.padding, g.padding, g.dilation, g.spread, g.groups, False))


@sampler("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def conv_transpose(draw, name):
    axes = int(name[14])
    g = Geometry(draw, axes, transposed=True)
    if axes == 1:
        attrs = {"stride": g.stride[0], "padding": g.padding[0], "dilation": g.dilation[0], "output_padding": g.more[0], "groups": g.groups}
    else:
        attrs = {"stride": one_or_all(draw, g.stride), "padding": one_or_all(draw, g.padding), "dilation": one_or_all(draw, g.dilation),
                 "output_padding": one_or_all(draw, g.more), "groups": g.groups}
    three = (lambda v: v[0]) if axes == 1 else tuple
    mlx = getattr(mx, name)
    low = [d * (k - 1) - p for d, k, p in zip(g.dilation, g.kernel, g.padding)]
    high = [a + m for a, m in zip(low, g.more)]
    # MLX crops the input before it spreads it, which is another result, where a padding is more than the kernel's reach
    takes = g.batch and (g.groups == 1 or axes < 3) and all(min(a, b) >= 0 or s == 1 for a, b, s in zip(low, high, g.stride))
    return conv_case(draw, g, attrs,
                     takes and (lambda x, w: mlx(x, w, three(g.stride), three(g.padding), three(g.dilation), three(g.more), g.groups)) or None,
                     lambda x, w: correlate(x, w, [1] * axes, low, high, g.dilation, g.stride, g.groups, True))


@sampler("conv_general")
def conv_general(draw, name):
    axes = draw.pick([1, 2, 2, 3])
    g = Geometry(draw, axes, general=True)
    flip = draw.chance(0.3)
    attrs = {"stride": one_or_all(draw, g.stride), "padding_lo": one_or_all(draw, g.padding), "padding_hi": one_or_all(draw, g.high),
             "kernel_dilation": one_or_all(draw, g.dilation), "input_dilation": one_or_all(draw, g.spread), "groups": g.groups, "flip": flip}

    def formula(x, w):
        return correlate(x, w, g.stride, g.padding, g.high, g.dilation, g.spread, g.groups, flip)
    if g.groups > 1 and draw.chance(0.3):  # the same groups, of the batch
        attrs["batch_groups"], attrs["groups"] = g.groups, 1
        shape = (g.batch * g.groups, *g.extent, g.w[-1])
        return conv_case(draw, g, attrs, None, lambda x, w: formula(np.concatenate(np.split(x, g.groups), -1), w), shape)
    # MLX crops the input before it is spread, and no more than there is
    crops = any(min(a, b) < 0 and (s > 1 or min(a, 0) + min(b, 0) <= -n) for a, b, s, n in zip(g.padding, g.high, g.spread, g.extent))
    takes = g.batch and (g.groups == 1 or axes < 3) and not crops
    return conv_case(draw, g, attrs, takes and (lambda x, w: mx.conv_general(
        x, w, g.stride, (g.padding, g.high), g.dilation, g.spread, g.groups, flip)) or None, formula)


@sampler("convolve")
def convolve(draw, name):
    n, m = draw.pick([1, 2, 3, 7, 40, 200]), draw.pick([1, 2, 3, 6, 17, 130])
    mode = draw.pick(["full", "same", "valid"])
    dtype = draw.pick(FLOATS + ["float32", "complex64"])
    operands = [draw.value((n,), dtype, **({} if dtype == "complex64" else {"low": -2, "high": 2, "special": 0})) for n in (n, m)]

    def formula(a, v):  # NumPy puts the middle of an even one elsewhere
        a, v = (v, a) if len(a) < len(v) else (a, v)
        full, first = np.convolve(a, v), {"full": 0, "same": len(v) - 1 - len(v) // 2, "valid": len(v) - 1}[mode]
        return full[first:first + {"full": len(full), "same": len(a), "valid": len(a) - len(v) + 1}[mode]]
    takes = dtype not in ("float64", "complex64")
    return Case(operands, {"mode": mode}, mlx=(lambda a, v: mx.convolve(a, v, mode)) if takes else None, truth=formula,
                scale=lambda a, v: formula(np.abs(a), np.abs(v)), epsilons=4 + min(n, m) / 8, dtype=dtype,
                ulp=rounding(2, dtype) + 2 * (dtype == "complex64"), deliberate=lambda *v: np.array(dtype in HALVES))


# ---- windows: NumPy's sliding_window_view is the judge ----

class Window:
    def __init__(self, draw, dilated=True, most=4):
        shape = list(draw.shape(0, most))
        self.shape = tuple(min(n, 40) for n in shape)
        long = draw.chance(0.2)
        n = len(shape)
        self.window = [draw.pick([1, 1, 2, 3, 4] if not long else [1, 16, 17, 23, 40]) for _ in range(n)]
        self.strides = [draw.pick([1, 1, 2, 3]) for _ in range(n)]
        self.dilations = [draw.pick([1, 1, 2, 3]) if dilated else 1 for _ in range(n)]
        self.low, self.high = ([draw.pick([0, 0, 1, 2, -1]) for _ in range(n)] for _ in range(2))
        for i in range(n):
            while self.shape[i] + self.low[i] + self.high[i] < 1 + (self.window[i] - 1) * self.dilations[i]:
                self.low[i] += 1
        self.out = tuple((self.shape[i] + self.low[i] + self.high[i] - 1 - (self.window[i] - 1) * self.dilations[i]) // self.strides[i] + 1
                         for i in range(n))

    def attrs(self, draw, dilated=True):
        lists = {"window": self.window, "strides": self.strides, "padding_lo": self.low, "padding_hi": self.high}
        if dilated:
            lists["dilations"] = self.dilations
        idle = {"strides": 1, "dilations": 1, "padding_lo": 0, "padding_hi": 0}
        return {k: v for k, v in lists.items() if not (k in idle and all(n == idle[k] for n in v) and draw.chance(0.7))}

    def view(self, x, fill):
        """[places…, taps…]"""
        n = x.ndim
        if n == 0:
            return x
        x = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in zip(self.low, self.high)], constant_values=fill)
        x = x[tuple(slice(max(-a, 0), m - max(-b, 0)) for a, b, m in zip(self.low, self.high, x.shape))]
        reach = [(w - 1) * d + 1 for w, d in zip(self.window, self.dilations)]
        x = np.lib.stride_tricks.sliding_window_view(x, reach)
        return x[tuple(slice(None, None, s) for s in self.strides) + tuple(slice(None, None, d) for d in self.dilations)]


@sampler("window_sum", "window_prod", "window_max", "window_min")
def window_reduce(draw, name):
    fold = name.removeprefix("window_")
    dtype = draw.pick(DTYPES if fold in ("sum", "prod") else REALS)
    w = Window(draw)
    inexact = dtype in FLOATS + ["complex64"]
    if fold == "sum" and dtype in FLOATS:
        x = draw.floats(w.shape, dtype, -2, 2, special=0)
    elif fold == "prod" and dtype in FLOATS:
        x = draw.floats(w.shape, dtype, 0.5, 1.5, special=0)
    elif fold == "prod" and dtype == "complex64":
        angle = draw.rng.uniform(0, 6, w.shape)
        x = Value(np.cos(angle) + 1j * np.sin(angle), dtype)
    else:
        x = draw.value(w.shape, dtype)

    def truth(v, size=False):
        wide = v.dtype
        low, high = (-np.inf, np.inf) if wide.kind == "f" else (False, True) if wide == bool else (
            (np.iinfo(wide).min, np.iinfo(wide).max) if wide.kind != "c" else (0, 0))
        view = w.view(v, {"sum": 0, "prod": 1, "max": low, "min": high}[fold])
        axes = tuple(range(v.ndim, view.ndim))
        with np.errstate(all="ignore"):
            if wide == bool:
                return (np.any if fold in ("sum", "max") else np.all)(view, axes)
            return getattr(np, fold)(view, axes, **({"dtype": wide} if fold in ("sum", "prod") else {}))
    exact = fold in ("max", "min") or not inexact
    taps = math.prod(w.window)
    return Case([x], w.attrs(draw), truth=truth, dtype=dtype, ulp=0 if exact else rounding(2, dtype) + 2 * (dtype == "complex64"), zeros=False,
                scale=None if exact else (lambda v: truth(np.abs(v))), epsilons=4 + taps * (0.25 if fold == "sum" else 2))


@sampler("window_scatter_max", "window_scatter_min")
def window_scatter(draw, name):
    w = Window(draw, dilated=False, most=3)
    dtype, kind = draw.pick(REALS), draw.pick([d for d in DTYPES if d != "bool"])
    ties = draw.chance(0.5)
    x = draw.integers(w.shape, dtype, 0, 3) if ties and dtype in DTYPES[1:9] else draw.value(w.shape, dtype)

    def number(shape):
        return draw.floats(shape, kind, -2, 2, special=0) if kind in FLOATS else draw.value(shape, kind)
    source, init = number(w.out), number(())
    better = np.greater_equal if name.endswith("max") else np.less_equal

    def truth(v, s, start):
        out = np.full(v.shape, start, s.dtype)
        with np.errstate(all="ignore"):
            for at in itertools.product(*(range(n) for n in w.out)):
                first = [a * s - low for a, s, low in zip(at, w.strides, w.low)]
                chosen = None
                for tap in itertools.product(*(range(n) for n in w.window)):
                    place = tuple(f + t for f, t in zip(first, tap))
                    if all(0 <= p < n for p, n in zip(place, v.shape)) and (chosen is None or better(v[place], v[chosen])):
                        chosen = place
                if chosen is not None:
                    out[chosen] += s[at]
        return out
    exact = kind not in FLOATS + ["complex64"]
    terms = math.prod(w.window)
    return Case([x, source, init], w.attrs(draw, dilated=False), truth=truth, dtype=kind, zeros=False,
                ulp=0 if exact else rounding(2, kind) + 2 * (kind == "complex64"),
                scale=None if exact else (lambda v, s, i: np.abs(i) + (np.abs(s).max() if s.size else 0) * terms), epsilons=terms)
