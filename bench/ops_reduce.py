"""Scans, reductions, order and random numbers."""
import mlx.core as mx
import numpy as np

from ops import Call, bench

ROWS = {"small": (16,), "cache": (64, 1024), "large": (4096, 4096)}


def scan(name, numpy, axis, dtype="float32", **sizes):
    @bench(f"{name} {dtype} axis {axis}", **sizes)
    def one(make, shape):
        x = make(shape, dtype)
        return Call(name, [x], {"axis": axis}, mlx=lambda v: getattr(mx, name)(v, axis),
                    numpy=(lambda v: numpy(v, axis)) if numpy and dtype != "bfloat16" else None, bytes=2 * x.data.nbytes)
    one.__module__ = __name__


for dtype in ("float32", "int32", "bfloat16"):
    scan("cumsum", np.cumsum, -1, dtype, **ROWS)
scan("cumsum", np.cumsum, 0, cache=(64, 1024), large=(4096, 4096))
scan("cumsum", np.cumsum, -1, "float64", large=(1 << 24,))
scan("cumsum", np.cumsum, 0, "int64", large=(1 << 20, 4))
scan("cumprod", np.cumprod, -1, "int32", **ROWS)
scan("cummax", np.maximum.accumulate, -1, **ROWS)
scan("cummax", np.maximum.accumulate, 0, cache=(64, 1024), large=(4096, 4096))
scan("logcumsumexp", np.logaddexp.accumulate, -1, cache=(64, 1024), large=(1024, 1024))


def reduce(name, axis, dtype="float32", transposed=False, argument="axes", peer=None, **sizes):
    @bench(f"{name} {dtype} axis {axis}{' transposed' if transposed else ''}", **sizes)
    def one(make, shape):
        x = make(shape, dtype)
        given = axis if argument == "axis" or axis is None else [axis]
        numpy = getattr(np, peer or name)
        return Call(name, [x], {argument: given}, mlx=lambda v: getattr(mx, name)(v, axis=axis),
                    numpy=(lambda v: numpy(v, axis=axis)) if dtype != "bfloat16" else None, bytes=x.data.nbytes,
                    transposed=(0,) if transposed else ())
    one.__module__ = __name__


LARGER = {"cache": (64, 1024), "large": (4096, 4096)}
for name in ("sum", "max"):
    reduce(name, None, **ROWS)
    reduce(name, -1, **ROWS)
    reduce(name, 0, **LARGER)
    for axis in (0, 1):
        reduce(name, axis, transposed=True, **LARGER)
    reduce(name, 1, cache=(16, 64, 64), large=(256, 256, 256))
    reduce(name, 0, cache=(16, 64, 64), large=(256, 256, 256))
    reduce(name, -1, "bfloat16", **LARGER)
    reduce(name, 0, "int32", **LARGER)
    reduce(name, -1, "int8", **LARGER)
reduce("min", -1, **LARGER)
reduce("sum", -1, "float64", **LARGER)
reduce("mean", -1, **ROWS)
reduce("var", -1, **LARGER)
reduce("prod", -1, **LARGER)
reduce("all", -1, "bool", **LARGER)
reduce("all", 0, "bool", **LARGER)
reduce("any", None, **LARGER)
for axis in (-1, 0):
    reduce("argmax", axis, argument="axis", **(ROWS if axis else LARGER))
    reduce("argmax", axis, transposed=True, argument="axis", **LARGER)
reduce("argmax", -1, "bfloat16", argument="axis", **LARGER)
reduce("argmin", -1, "int32", argument="axis", **LARGER)
reduce("median", -1, **LARGER)
reduce("count_nonzero", -1, **LARGER)


def order(name, call, mlx, numpy, dtype="float32", **sizes):
    @bench(f"{name} {dtype}", **sizes)
    def one(make, shape):
        x = make(shape, dtype)
        return Call(name, [x], call(shape[-1]), mlx=mlx and (lambda v: mlx(v, shape[-1])), numpy=numpy and (lambda v: numpy(v, shape[-1])), bytes=2 * x.data.nbytes)
    one.__module__ = __name__


LONG = {"small": (16,), "cache": (64, 1024), "large": (1 << 22,)}
for dtype in ("float32", "int32", "float64"):
    order("sort", lambda n: {}, lambda v, n: mx.sort(v), lambda v, n: np.sort(v), dtype, **LONG)
    order("argsort", lambda n: {}, lambda v, n: mx.argsort(v), lambda v, n: np.argsort(v), dtype, **LONG)
order("topk", lambda n: {"k": min(n, 50)}, lambda v, n: mx.topk(v, min(n, 50)), lambda v, n: np.partition(v, n - min(n, 50))[n - min(n, 50):], cache=(64, 1024), large=(8, 152064))
order("partition", lambda n: {"kth": n // 2}, lambda v, n: mx.partition(v, n // 2), lambda v, n: np.partition(v, n // 2), cache=(64, 1024), large=(4096, 1024))


@bench("searchsorted float32", small=(16, 16), cache=(1024, 16384), large=(1 << 20, 1 << 20))
def searchsorted(make, size):
    sequence, values = make((size[0],)), make((size[1],))
    sequence.data.sort()
    return Call("searchsorted", [sequence, values], mlx=mx.searchsorted, numpy=np.searchsorted)


@bench("histogram float32", cache=(1 << 16,), large=(1 << 22,))
def histogram(make, size):
    return Call("histogram", [make(size)], {"bins": 64}, numpy=lambda v: np.histogram(v, 64))
