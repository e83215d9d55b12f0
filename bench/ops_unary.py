"""Elementwise functions of one operand."""
import mlx.core as mx
import numpy as np

from ops import Call, bench

SIZES = {"small": (16,), "cache": (64, 1024), "large": (4096, 4096)}


def register(name, numpy, dtype="float32", low=-1, high=1):
    @bench(f"{name} {dtype}", **SIZES)
    def one(make, shape):
        x = make(shape, dtype, low, high)
        return Call(name, [x], mlx=getattr(mx, name), numpy=numpy if dtype != "bfloat16" else None, bytes=2 * x.data.nbytes)
    one.__module__ = __name__


for name in ("abs", "exp", "sin", "tanh", "sqrt", "erf", "sigmoid"):
    register(name, getattr(np, name, None))
register("log", np.log, low=0.1, high=10)
for name in ("exp", "negative"):
    register(name, None, "bfloat16")
register("exp", np.exp, "float64")
register("abs", np.abs, "int32")
