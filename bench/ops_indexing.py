"""Reads and writes where indices point, masks, and what is found in arrays."""
import mlx.core as mx
import numpy as np

from native import Value
from ops import Call, bench

ROWS = {"small": (16, 8, 4), "cache": (256, 128, 256), "large": (8192, 1024, 8192)}
ELEMENTS = {"small": (64, 16), "cache": (16384, 16384), "large": (1 << 22, 1 << 22)}


def rows_at(x, i):
    return np.take(x, i, axis=0)


@bench("take rows", **ROWS)
def take_rows(make, size):
    n, width, count = size
    x, i = make((n, width)), make.integers((count,), "int32", 0, n)
    return Call("take", [x, i], {"axis": 0}, mlx=lambda v, i: mx.take(v, i, 0), numpy=rows_at, bytes=8 * count * width)


@bench("take last axis", **ROWS)
def take_last(make, size):
    n, width, count = size
    x, i = make((count, n)), make.integers((width,), "int32", 0, n)
    return Call("take", [x, i], {"axis": 1}, mlx=lambda v, i: mx.take(v, i, 1), numpy=lambda v, i: np.take(v, i, axis=1),
                bytes=8 * count * width)


@bench("take_along_axis last", **ROWS)
def along_last(make, size):
    n, width, count = size
    x, i = make((count, n)), make.integers((count, width), "int32", 0, n)
    return Call("take_along_axis", [x, i], {"axis": 1}, mlx=lambda v, i: mx.take_along_axis(v, i, 1),
                numpy=lambda v, i: np.take_along_axis(v, i, 1), bytes=12 * count * width)


@bench("gather elements x[i, j]", **ELEMENTS)
def gather(make, size):
    n, count = size
    x = make((n // 8, 8))
    i, j = make.integers((count,), "int32", 0, n // 8), make.integers((count,), "int32", 0, 8)
    return Call("gather", [x, i, j], {"axes": [0, 1], "slice_sizes": [1, 1]}, mlx=lambda v, i, j: v[i, j],
                numpy=lambda v, i, j: v[i, j], bytes=16 * count)


def numpy_add(x, u, i):
    x = x.copy()
    np.add.at(x, i, u.reshape(len(i), -1) if x.ndim > 1 else u.reshape(-1))
    return x


@bench("scatter_add rows", **ROWS)
def scatter_add(make, size):
    n, width, count = size
    x, u, i = make((n, width)), make((count, 1, width)), make.integers((count,), "int32", 0, n)
    return Call("scatter_add", [x, u, i], {"axes": [0]}, mlx=lambda v, u, i: v.at[i].add(mx.squeeze(u, 1)), numpy=numpy_add,
                bytes=8 * n * width + 12 * count * width)


@bench("scatter elements", **ELEMENTS)
def scatter(make, size):
    n, count = size
    x, u, i = make((n,)), make((count, 1)), make.permutation(n)

    def peer(v, u, i):
        v = mx.array(v) if isinstance(v, mx.array) else v.copy()
        v[i] = u.reshape(-1)
        return v
    i = Value(i.data[:count], "uint32")
    return Call("scatter", [x, u, i], {"axes": [0]}, mlx=peer, numpy=peer, bytes=8 * n + 12 * count)


@bench("put_along_axis last", **ROWS)
def put_along(make, size):
    n, width, count = size
    x, u, i = make((count, n)), make((count, width)), make.integers((count, width), "int32", 0, n)

    def numpy(v, i, u):
        v = v.copy()
        np.put_along_axis(v, i, u, 1)
        return v
    return Call("put_along_axis", [x, i, u], {"axis": 1}, mlx=lambda v, i, u: mx.put_along_axis(v, i, u, 1), numpy=numpy,
                bytes=8 * n * count + 12 * count * width)


@bench("slice_update_add", **ROWS)
def slice_update(make, size):
    n, width, _ = size
    x, u = make((n, width)), make((n // 2, width // 2))

    def numpy(v, u):
        v = v.copy()
        v[:n // 2, width // 4:width // 4 + width // 2] += u
        return v
    call = {"start": [0, width // 4], "stop": [n // 2, width // 4 + width // 2]}
    return Call("slice_update_add", [x, u], call, mlx=lambda v, u: v.at[:n // 2, width // 4:width // 4 + width // 2].add(u),
                numpy=numpy, bytes=8 * n * width)


@bench("masked_select half", **ELEMENTS)
def masked_select(make, size):
    x, m = make((size[0],)), make((size[0],), "bool")
    return Call("masked_select", [x, m], numpy=lambda v, m: v[m], bytes=7 * size[0])


@bench("masked_scatter half", **ELEMENTS)
def masked_scatter(make, size):
    x, m, u = make((size[0],)), make((size[0],), "bool"), make((size[0],))

    def numpy(v, m, u):
        v = v.copy()
        v[m] = u[:np.count_nonzero(m)]
        return v
    return Call("masked_scatter", [x, m, u], numpy=numpy, bytes=13 * size[0])


@bench("nonzero half, 2-d", **ELEMENTS)
def nonzero(make, size):
    m = make((size[0] // 8, 8), "bool")
    return Call("nonzero", [m], numpy=np.nonzero, bytes=9 * size[0])


@bench("unique int32", **{k: (min(n, 1 << 20),) for k, (n, _) in ELEMENTS.items()})
def unique(make, size):
    x = make.integers(size, "int32", 0, 1000)
    return Call("unique", [x], {"size": 1000}, mlx=lambda v: mx.unique(v, 1000), numpy=np.unique, bytes=4 * size[0])
