"""Products. NumPy's float32, float64 and complex64 are OpenBLAS's."""
import mlx.core as mx
import numpy as np

from native import Value
from ops import Call, bench

KINDS = {"float32": True, "float64": False, "bfloat16": True, "complex64": True, "int8": False, "int32": False}


def square(dtype, transposed=()):
    name = f"matmul {dtype}" + ("".join(f", {'ab'[i]} transposed" for i in transposed))

    @bench(name, small=64, cache=512, large=1024)
    def one(make, n):
        slow = np.dtype(dtype).kind == "i" if dtype != "bfloat16" else True  # NumPy's own loops: seconds
        return Call("matmul", [make((n, n), dtype), make((n, n), dtype)], mlx=mx.matmul if KINDS[dtype] else None,
                    numpy=None if slow and (n > 600 or dtype == "bfloat16") else np.matmul, flops=2.0 * n ** 3, transposed=transposed)
    one.__module__ = __name__


for kind in KINDS:
    square(kind)
square("float32", (0,))
square("float32", (1,))
square("float64", (1,))


def batched(dtype, mlx=mx.matmul):
    @bench(f"matmul {dtype} of tiny batches", small=(64, 8, 8, 8), cache=(2048, 4, 4, 4), large=(4096, 16, 16, 16))
    def one(make, shape):
        batch, m, k, n = shape
        return Call("matmul", [make((batch, m, k), dtype), make((batch, k, n), dtype)], mlx=mlx, numpy=np.matmul,
                    flops=2.0 * batch * m * k * n)
    one.__module__ = __name__


batched("float32")
batched("float64", None)


@bench("einsum of attention's scores", small=(1, 4, 16, 16), cache=(2, 8, 128, 64), large=(4, 16, 512, 64))
def scores(make, shape):
    b, h, t, d = shape
    form = "bthd,bshd->bhts"
    return Call("einsum", [make((b, t, h, d)), make((b, t, h, d))], {"subscripts": form}, mlx=lambda q, k: mx.einsum(form, q, k),
                numpy=lambda q, k: np.einsum(form, q, k, optimize=True), flops=2.0 * b * h * t * t * d)


@bench("vecdot", small=(16, 64), cache=(256, 256), large=(8192, 1024))
def vecdot(make, shape):
    return Call("vecdot", [make(shape), make(shape)], mlx=mx.vecdot, numpy=getattr(np, "vecdot", None), bytes=8.0 * shape[0] * shape[1])


@bench("tensordot of two axes", small=(4, 8, 8, 4), cache=(32, 16, 16, 32), large=(128, 32, 64, 128))
def tensordot(make, shape):
    m, k, j, n = shape
    return Call("tensordot", [make((m, k, j)), make((k, j, n))], {"axes": 2}, mlx=lambda x, y: mx.tensordot(x, y, 2),
                numpy=lambda x, y: np.tensordot(x, y, 2), flops=2.0 * m * k * j * n)


def vector(dtype):
    @bench(f"matmul {dtype} by a vector", small=(64, 64), cache=(512, 512), large=(4096, 4096))
    def one(make, shape):
        a, v = make(shape, dtype), make(shape[1:], dtype)
        return Call("matmul", [a, v], mlx=mx.matmul if KINDS.get(dtype) else None, numpy=np.matmul if dtype != "bfloat16" else None,
                    bytes=a.data.nbytes)
    one.__module__ = __name__


for kind in ("float32", "float64", "complex64", "int8"):
    vector(kind)


def experts(name, tokens, sizes):
    """A mixture of experts' products: each token by a few of many matrices, whose inner axis is contiguous."""
    @bench(name, **sizes)
    def one(make, shape):
        count, k, n, each, dtype = shape
        x, w = make((tokens * each, 1, k), dtype), make((count, n, k), dtype)
        chosen = Value(np.sort(make.integers((tokens * each,), "uint32", 0, count).data), "uint32")
        mlx = lambda a, b, i, j: mx.gather_mm(a, b, rhs_indices=j, sorted_indices=True)  # noqa: E731 (MLX's CPU: float32 alone)
        return Call("gather_mm", [x, w, None, chosen], mlx=mlx if dtype == "float32" else None,
                    flops=2.0 * tokens * each * k * n, transposed=(1,))
    one.__module__ = __name__


SIZES = {"small": (4, 64, 64, 2, "float32"), "cache": (8, 256, 256, 2, "float32"), "large": (32, 1024, 768, 8, "bfloat16")}
experts("gather_mm, decode", 1, SIZES)
experts("gather_mm, prefill", 256, SIZES)


@bench("block_masked_mm", small=64, cache=256, large=1024)
def block_masked(make, n):
    tiles = (n + 63) // 64
    return Call("block_masked_mm", [make((n, n)), make((n, n)), None, make((tiles, tiles), "bool"), make((tiles, tiles), "bool")],
                mlx=lambda a, b, o, p, q: mx.block_masked_mm(a, b, 64, None, p, q), flops=2.0 * n ** 3)


@bench("gated_delta_update", small=(1, 1, 2, 32), cache=(1, 64, 4, 64), large=(1, 256, 16, 128))
def gated_delta(make, shape):
    b, t, h, d = shape
    operands = [make((b, t, h, d)), make((b, t, h, d), low=-0.1, high=0.1), make((b, t, h, d)), make((b, t, h), low=0), make((b, t, h), low=0)]
    return Call("gated_delta_update", operands, mlx=mx.fast.gated_delta_update, flops=8.0 * b * t * h * d * d)
