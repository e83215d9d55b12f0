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
