"""Random shapes, values and layouts: what goes wrong at borders is drawn often."""
import numpy as np

from native import DTYPES, STORAGE, Value, narrow

INTEGERS = DTYPES[1:9]
SIGNED = DTYPES[5:9]
FLOATS = DTYPES[9:13]
SHORT_FLOATS = ["float16", "bfloat16", "float32"]
REALS = DTYPES[:13]
# Around the widths of vectors and the tails they leave.
TAILS = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130]
LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38,
           "float64": 1.7976931348623157e308}
SMALLEST = {"float16": 2.0 ** -24, "bfloat16": 2.0 ** -133, "float32": 2.0 ** -149, "float64": 5e-324}
NORMAL = {"float16": 2.0 ** -14, "bfloat16": 2.0 ** -126, "float32": 2.0 ** -126, "float64": 2.0 ** -1022}


class Draw:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def chance(self, p):
        return bool(self.rng.random() < p)

    def int(self, low, high):
        """low ≤ n ≤ high."""
        return int(self.rng.integers(low, high + 1))

    def shape(self, low=0, high=5, empty=True):
        """Of low to high axes; now and then an extent of 0 or 1; a last axis with a tail."""
        ndim = self.int(low, high) if self.chance(0.7) else self.int(low, min(high, max(low, 2)))
        shape = [self.pick([1, 2, 3, 4, 5]) for _ in range(ndim)]
        if ndim and self.chance(0.7):
            shape[-1] = self.pick(TAILS)
        if ndim > 1 and self.chance(0.2):
            shape[0] = self.pick(TAILS[:14])
        if ndim and empty and self.chance(0.06):
            shape[self.int(0, ndim - 1)] = 0
        return tuple(shape)

    def broadcastable(self, shape):
        """A shape that broadcasts with (and to) this one."""
        shape = [1 if self.chance(0.3) else n for n in shape]
        return tuple(shape[self.int(0, len(shape)):] if shape and self.chance(0.3) else shape)

    def pair(self):
        """Two shapes that broadcast together."""
        shape = self.shape()
        if self.chance(0.5):
            return shape, shape
        a, b = self.broadcastable(shape), self.broadcastable(shape)
        return (shape, b) if self.chance(0.5) else (a, b)

    def axis(self, ndim):
        return self.int(-ndim, ndim - 1)

    def axes(self, ndim, none=0.3):
        """Distinct axes, some from the end; None: all."""
        if self.chance(none):
            return None
        chosen = self.rng.permutation(ndim)[:self.int(0, ndim) if self.chance(0.3) else min(1, ndim)]
        return [int(a) - ndim if self.chance(0.3) else int(a) for a in chosen]

    # ---- values ----

    def floats(self, shape, dtype, low=None, high=None, special=0.12):
        """Numbers of every size; with bounds, uniform between them. A part are NaN, infinities, zeros, denormals, extremes."""
        n = int(np.prod(shape))
        if low is not None:
            x = self.rng.uniform(low, high, n)
        elif self.chance(0.25):
            x = self.rng.standard_normal(n) * 10.0 ** self.rng.uniform(-30, 30, n)
        elif self.chance(0.2):
            x = np.round(self.rng.standard_normal(n) * 4) / 2
        else:
            x = self.rng.standard_normal(n) * 10.0 ** self.rng.uniform(-2, 2)
        if special and self.chance(0.6):
            border = [np.nan, np.inf, -np.inf, 0.0, -0.0, SMALLEST[dtype], -SMALLEST[dtype], NORMAL[dtype], LARGEST[dtype],
                      -LARGEST[dtype], 1.0, -1.0, 0.5, -0.5, 2.5]
            where = self.rng.random(n) < special
            x = np.where(where, self.rng.choice(border, n), x)
        return Value(narrow(x.reshape(shape), dtype), dtype)

    def integers(self, shape, dtype, low=None, high=None):
        info = np.iinfo(STORAGE[dtype])
        extremes = low is None and self.chance(0.5)
        if low is None:
            low, high = self.pick([(-5, 5), (-100, 100), (info.min, info.max)])
        low, high = max(int(low), info.min), min(int(high), info.max)
        x = self.rng.integers(low, high, shape, dtype=STORAGE[dtype], endpoint=True)
        if extremes:
            x = np.where(self.rng.random(shape) < 0.1, self.rng.choice(np.array([info.min, info.max], x.dtype), shape), x)
        return Value(x, dtype)

    def complexes(self, shape, special=0.0):
        x = (self.rng.standard_normal(shape) + 1j * self.rng.standard_normal(shape)) * 10.0 ** self.rng.uniform(-1, 1)
        if special:
            x = np.where(self.rng.random(shape) < special, self.rng.choice([0, 1, -1, 1j, -1j, 2], shape), x)
        return Value(x, "complex64")

    def value(self, shape, dtype, **bounds):
        if dtype == "bool":
            return Value(self.rng.random(shape) < 0.5, "bool")
        if dtype == "complex64":
            return self.complexes(shape)
        return (self.floats if dtype in FLOATS else self.integers)(shape, dtype, **bounds)

    # ---- layouts: the same logical value as a view of another array ----

    def layout(self, value, broadcast=True):
        """(value, base, steps): `value` is what `base` looks like after the steps (op, arguments as Emily.call takes them)."""
        x, ndim = value.data, value.data.ndim
        kind = self.pick(["plain", "plain", "reversed", "transposed", "broadcast", "offset", "row"])
        if ndim == 0 or kind == "plain":
            return value, value, []
        axis = self.int(0, ndim - 1)
        if kind == "reversed":
            base = np.flip(x, axis)
            return value, Value(base, value.dtype), [("flip", {"axes": [axis]})]
        if kind == "transposed":
            order = [int(i) for i in self.rng.permutation(ndim)]
            return value, Value(x.transpose(order), value.dtype), [("transpose", {"axes": [int(i) for i in np.argsort(order)]})]
        if kind == "broadcast" and not broadcast:
            return value, value, []
        if kind == "broadcast":
            column = np.take(x, range(min(1, x.shape[axis])), axis)
            wide = np.ascontiguousarray(np.broadcast_to(column, x.shape))
            return Value(wide, value.dtype), Value(column, value.dtype), [("broadcast_to", {"shape": list(x.shape)})]
        if kind == "offset":  # every other element of a larger array, from 1
            shape = [2 * n + 1 for n in x.shape]
            steps = {"start": [1] * ndim, "stop": shape, "strides": [2] * ndim}
        else:  # a block of a larger array: rows with padding between
            shape = [n + 3 for n in x.shape]
            steps = {"start": [2] * ndim, "stop": [n + 2 for n in x.shape], "strides": [1] * ndim}
        base = np.ones(shape, x.dtype)
        base[tuple(slice(a, b, c) for a, b, c in zip(steps["start"], steps["stop"], steps["strides"]))] = x
        return value, Value(base, value.dtype), [("slice", steps)]
