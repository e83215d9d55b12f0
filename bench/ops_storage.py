"""Storage dtypes, bits, borders, diagonals and the Hadamard transform."""
import mlx.core as mx
import numpy as np

from ops import Call, bench

SIZES = {"small": (16,), "cache": (64, 1024), "large": (4096, 4096)}
MATRICES = {"small": (4, 4), "cache": (256, 256), "large": (4096, 4096)}


@bench("erfc float32", **SIZES)
def erfc(make, shape):
    x = make(shape, "float32", -6, 6)
    return Call("erfc", [x], mlx=lambda v: 1 - mx.erf(v), bytes=2 * x.data.nbytes)


@bench("cbrt float32", **SIZES)
def cbrt(make, shape):
    x = make(shape)
    return Call("cbrt", [x], numpy=np.cbrt, bytes=2 * x.data.nbytes)


@bench("population_count int32", **SIZES)
def population_count(make, shape):
    x = make(shape, "uint32", 0, 2 ** 32)
    return Call("population_count", [x], numpy=np.bitwise_count, bytes=2 * x.data.nbytes)


@bench("nan_to_num float32", **SIZES)
def nan_to_num(make, shape):
    x = make(shape)
    return Call("nan_to_num", [x], mlx=mx.nan_to_num, numpy=np.nan_to_num, bytes=2 * x.data.nbytes)


for mode in ("constant", "edge", "reflect", "symmetric"):
    @bench(f"pad {mode}", **MATRICES)
    def pad(make, shape, mode=mode):
        x = make(shape)
        return Call("pad", [x], {"low": [3, 3], "high": [3, 3], "mode": mode}, mlx=lambda v: mx.pad(v, 3, mode),
                    numpy=lambda v: np.pad(v, 3, mode), bytes=2 * x.data.nbytes)


@bench("diag", small=(16,), cache=(256,), large=(4096,))
def diag(make, shape):
    return Call("diag", [make(shape)], mlx=mx.diag, numpy=np.diag, bytes=4 * shape[0] ** 2)


@bench("hadamard_transform", small=(1, 64), cache=(64, 1024), large=(2048, 4096))
def hadamard_transform(make, shape):
    x = make(shape)
    return Call("hadamard_transform", [x], mlx=mx.hadamard_transform, bytes=2 * x.data.nbytes)


@bench("to_fp8", **SIZES)
def to_fp8(make, shape):
    x = make(shape)
    return Call("to_fp8", [x], mlx=mx.to_fp8, bytes=5 * x.data.size)


@bench("from_fp8 float32", **SIZES)
def from_fp8(make, shape):
    x = make(shape, "uint8")
    return Call("from_fp8", [x], {"dtype": "float32"}, mlx=lambda v: mx.from_fp8(v, mx.float32), bytes=5 * x.data.size)


@bench("unpack uint4", **SIZES)
def unpack(make, shape):
    x = make(shape, "uint8")
    return Call("unpack", [x], {"dtype": "uint4"}, bytes=3 * x.data.size)
