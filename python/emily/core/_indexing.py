"""Indexing that needs more than slices: arrays of integers, boolean masks, and both mixed with the rest, placed as NumPy places them.

The extension does integers, slices, Ellipsis, None, and one array of integers (python/src/index.c); the rest comes here.
"""
from .. import _emily
from .._emily import array
from ._interop import NEVER
from ._table import OPS

FULL = slice(None)


def positions(mask):
    """Where a mask holds: one array for each of its axes. Evaluates the mask: the number of hits is a shape."""
    return list(OPS["nonzero"](mask))


def _is_whole(part):
    return hasattr(part, "__index__") and not isinstance(part, (bool, array)) and getattr(part, "ndim", 0) == 0


def normal(key):
    """The key as a tuple of integers, slices, None, Ellipsis and arrays; masks become arrays of positions."""
    parts = []
    for part in key if isinstance(key, tuple) else (key,):
        if part is None or part is Ellipsis or isinstance(part, slice) or _is_whole(part):
            parts.append(part)
            continue
        if isinstance(part, (bool, float, str)):
            raise TypeError(f"an array can not be indexed by {part!r}")
        if not isinstance(part, array):
            part = _emily.convert(part, None, NEVER)
            part = part if part.size else OPS["astype"](part, _emily.int32)
        if part.dtype.name[0] not in "iub" or part.dtype is _emily.bfloat16:
            raise TypeError(f"an array can not be indexed by an array of {part.dtype.name}")
        parts.append(part)
    return parts


def width(part):
    """How many axes of x a part stands for."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, array) and part.dtype is _emily.bool_ else 1


def expand(x, parts):
    """Ellipsis and what is left out become full slices; masks become arrays, after a look at their shape."""
    used = sum(width(p) for p in parts)
    if sum(p is Ellipsis for p in parts) > 1:
        raise IndexError("an index can only have a single ellipsis (...)")
    if used > x.ndim:
        raise IndexError(f"too many indices for array with {x.ndim} dimensions")
    if not any(p is Ellipsis for p in parts):
        parts = [*parts, Ellipsis]
    out, axis = [], 0
    for part in parts:
        if part is Ellipsis:
            out += [FULL] * (x.ndim - used)
            axis += x.ndim - used
        elif isinstance(part, array) and part.dtype is _emily.bool_:
            if part.shape != x.shape[axis:axis + part.ndim]:
                raise IndexError(f"a mask of shape {part.shape} does not fit axes {axis} to {axis + part.ndim} of {x.shape}")
            out += positions(part) if part.ndim else [part]
            axis += part.ndim
        else:
            out.append(part)
            axis += part is not None
    return out


class Plan:
    """x[key] taken apart.

    arrays: (axis, index) of each array; an integer beside arrays is a 0-d array. slices: (axis, slice) of the others. order: the axes of
    the result without those of the arrays; None is a new axis. front: how many of these stand before the axes of the arrays, which stay
    in place where the arrays stand side by side, and else come first. box: the broadcast shape of the arrays.
    """

    def __init__(self, x, key):
        self.x, self.arrays, self.slices, self.order = x, [], [], []
        blocks, inside, axis, self.front = 0, False, 0, 0
        for part in expand(x, normal(key)):
            if part is not None and not isinstance(part, slice):
                if not inside:
                    blocks, inside, self.front = blocks + 1, True, len(self.order)
                self.arrays.append((axis, part if isinstance(part, array) else whole(part, x.shape[axis], axis)))
            else:
                inside = False
                self.order.append(None if part is None else axis)
                if part is not None:
                    self.slices.append((axis, part))
            axis += part is not None
        self.front = self.front if blocks == 1 else 0
        indices = [index for _, index in self.arrays]
        if len(indices) > 1:
            indices = OPS["broadcast_arrays"](*indices)
            self.arrays = [(axis, index) for (axis, _), index in zip(self.arrays, indices)]
        self.box = indices[0].shape

    def kept(self):
        """Axes of x that are not the arrays'."""
        return [axis for axis in self.order if axis is not None]

    def leading(self):
        """How many of those stand before the arrays'."""
        return sum(axis is not None for axis in self.order[:self.front])

    def shape(self, extents):
        """The result's shape from the extents of the kept axes."""
        left = iter(extents)
        dims = [1 if axis is None else next(left) for axis in self.order]
        return [*dims[:self.front], *self.box, *dims[self.front:]]


def whole(value, extent, axis):
    value = value.__index__()
    if not -extent <= value < extent:
        raise IndexError(f"index {value} is out of bounds for axis {axis} with size {extent}")
    return _emily.convert(value + extent * (value < 0), _emily.int32, NEVER)


def mask_of(x, key):
    """The one mask that a key is, or None."""
    if isinstance(key, tuple) or key is None or key is Ellipsis or isinstance(key, slice):
        return None
    part = normal(key)[0]
    if not isinstance(part, array) or part.dtype is not _emily.bool_ or part.ndim > x.ndim or part.ndim == 0:
        return None
    return part if part.shape == x.shape[:part.ndim] else None


def getitem(x, key):
    mask = mask_of(x, key)
    if mask is not None:
        return OPS["masked_select"](x, mask)
    plan = Plan(x, key)
    cuts = [FULL] * x.ndim
    for axis, part in plan.slices:
        cuts[axis] = part
    x = x[tuple(cuts)]
    axes, rank, before = [axis for axis, _ in plan.arrays], len(plan.box), plan.leading()
    extents = [x.shape[axis] for axis in plan.kept()]
    if len(axes) == 1:
        out = OPS["take"](x, plan.arrays[0][1], axes[0])
    else:
        window = [1 if axis in axes else extent for axis, extent in enumerate(x.shape)]
        out = OPS["gather"](x, [index for _, index in plan.arrays], axes, window)
        out = OPS["reshape"](out, [*plan.box, *extents])
        if before and rank:
            box = list(range(rank))
            out = out.transpose([*range(rank, rank + before), *box, *range(rank + before, rank + len(extents))])
    return out if None not in plan.order else OPS["reshape"](out, plan.shape(extents))


# ---- writing ----


def fit(value, shape):
    """A value in a shape: leading axes of 1 that are too many dropped, then broadcast."""
    drop = 0
    while value.ndim - drop > len(shape) and value.shape[drop] == 1:
        drop += 1
    if drop:
        value = OPS["reshape"](value, value.shape[drop:])
    return value if list(value.shape) == list(shape) else OPS["broadcast_to"](value, shape)


def scatter(op, x, key, value):
    """x with values put, added, … where a key with arrays points.

    The axes of arrays and of slices that are not whole are indexed; the others are the windows that scatter takes whole.
    """
    plan = Plan(x, key)
    ranges = {axis: range(*part.indices(x.shape[axis])) for axis, part in plan.slices}
    kept, rank, before = plan.kept(), len(plan.box), plan.leading()
    value = fit(value, plan.shape([len(ranges[axis]) for axis in kept]))
    value = OPS["reshape"](value, [n for n, axis in zip(value.shape, [*plan.order[:plan.front], *[0] * rank, *plan.order[plan.front:]])
                                   if axis is not None])
    parted = [axis for axis in kept if len(ranges[axis]) != x.shape[axis] or ranges[axis].step < 0]
    at = {axis: (i if i < before else i + rank) for i, axis in enumerate(kept)}  # where each kept axis lies in value
    windows = [axis for axis in kept if axis not in parted]
    value = value.transpose([*range(before, before + rank), *[at[a] for a in parted], *[at[a] for a in windows]]) if value.ndim else value
    box = [*plan.box, *[len(ranges[axis]) for axis in parted]]
    indices = [(axis, OPS["reshape"](index, [*plan.box, *[1] * len(parted)])) for axis, index in plan.arrays]
    for i, axis in enumerate(parted):
        shape = [1] * len(box)
        shape[rank + i] = len(ranges[axis])
        numbers = _emily.convert(list(ranges[axis]), _emily.int32, NEVER)
        indices.append((axis, OPS["reshape"](numbers, shape)))
    indices.sort(key=lambda pair: pair[0])
    arrays = OPS["broadcast_arrays"](*[index for _, index in indices]) if len(indices) > 1 else [indices[0][1]]
    axes = [axis for axis, _ in indices]
    updates = OPS["reshape"](value, [*box, *[1 if axis in axes else n for axis, n in enumerate(x.shape)]])
    return OPS[op](x, updates, arrays, axes)


def setitem(x, key, value):
    """x with x[key] = value; a new array."""
    value = OPS["astype"](_emily.weak(value, x), x.dtype)
    mask = mask_of(x, key)
    if mask is not None and value.size == 1:  # no look at the mask is needed
        mask = OPS["reshape"](mask, [*mask.shape, *[1] * (x.ndim - mask.ndim)])
        return OPS["where"](mask, OPS["reshape"](value, []), x)
    return scatter("scatter", x, key, value)


class ArrayAt:
    """x.at: x.at[index].add(value) and others."""

    def __init__(self, x, key=None, chosen=False):
        self._x, self._key, self._chosen = x, key, chosen

    def __getitem__(self, key):
        return ArrayAt(self._x, key, True)

    def _update(self, op, scatter_op, value, prepare=None):
        if not self._chosen:
            raise ValueError("x.at wants an index: x.at[index].add(value)")
        x, key = self._x, self._key
        value = OPS["astype"](_emily.weak(value, x), x.dtype)
        if any(isinstance(p, (array, list)) or hasattr(p, "dtype") and p.ndim for p in (key if isinstance(key, tuple) else (key,))):
            return scatter(scatter_op, x, key, prepare(value) if prepare else value)
        out = OPS["copy"](x)
        out[key] = OPS[op](x[key], fit(value, x[key].shape))
        return out

    def add(self, value):
        return self._update("add", "scatter_add", value)

    def subtract(self, value):
        return self._update("subtract", "scatter_add", value, OPS["negative"])

    def multiply(self, value):
        return self._update("multiply", "scatter_prod", value)

    def divide(self, value):
        return self._update("divide", "scatter_prod", value, OPS["reciprocal"])

    def maximum(self, value):
        return self._update("maximum", "scatter_max", value)

    def minimum(self, value):
        return self._update("minimum", "scatter_min", value)
