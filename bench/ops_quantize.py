"""Quantized matrices beside MLX's CPU build, and beside our own dense product with bfloat16 weights.

What decode should cost, by bytes: of 4-bit weights in groups of 64, 4.5 bits each with scales and biases, 0.28 of bfloat16's time where
memory is the limit."""
import mlx.core as mx
import numpy as np

from native import Value, narrow
from ops import Call, bench


def weights(make, n, k, bits, group=64, dtype="bfloat16"):
    words = Value(make.draw.rng.integers(0, 2 ** 32, (n, k * bits // 32), np.uint32), "uint32")
    return [words, *(Value(narrow(make.draw.rng.uniform(0.01, 0.02, (n, k // group)), dtype), dtype) for _ in range(2))]


def product(make, size, bits, m, dtype="bfloat16"):
    x = make((m, size), dtype)
    attrs = {"bits": bits, "group_size": 64}
    return Call("quantized_matmul", [x, *weights(make, size, size, bits)], attrs, mlx=lambda *v: mx.quantized_matmul(*v, **attrs),
                flops=2 * m * size * size, bytes=size * size * (bits + 0.5) / 8)


def dense(make, size, m):
    w = make((size, size), "bfloat16")
    return Call("linear", [make((m, size), "bfloat16"), w], {}, mlx=lambda x, y: x @ y.T, flops=2 * m * size * size, bytes=2 * size * size)


for m in (1, 2, 3, 4, 6, 8, 11, 14, 16, 24, 32, 33, 64, 128, 512):
    bench(f"dense bf16, M = {m}", cache=512, large=4096)(lambda make, size, m=m: dense(make, size, m))
    for bits in (4, 8) if m != 1 else (2, 3, 4, 5, 6, 8):
        bench(f"quantized {bits} bits, M = {m}", cache=512, large=4096)(lambda make, size, m=m, bits=bits: product(make, size, bits, m))


@bench("quantized mxfp4, M = 1", cache=512, large=4096)
def mxfp4(make, size):
    words = weights(make, size, size, 4)[0]
    scales = Value(make.draw.rng.integers(120, 130, (size, size // 32), np.uint8), "uint8")
    return Call("quantized_matmul", [make((1, size), "bfloat16"), words, scales], {"mode": "mxfp4"},
                mlx=lambda x, w, s: mx.quantized_matmul(x, w, s, mode="mxfp4"), bytes=size * size * 4.25 / 8)


@bench("quantized nvfp4, M = 1", cache=512, large=4096)
def nvfp4(make, size):
    words = weights(make, size, size, 4)[0]
    scales = Value(make.draw.rng.integers(40, 60, (size, size // 16), np.uint8), "uint8")
    return Call("quantized_matmul", [make((1, size), "bfloat16"), words, scales], {"mode": "nvfp4"},
                mlx=lambda x, w, s: mx.quantized_matmul(x, w, s, mode="nvfp4"), bytes=size * size * 4.5 / 8)


for mode in ("affine", "mxfp4", "nvfp4", "mxfp8"):
    @bench(f"quantize {mode}", small=(1, 64), cache=(256, 512), large=(4096, 4096))
    def quantize(make, size, mode=mode):
        return Call("quantize", [make(size, "bfloat16")], {"mode": mode}, mlx=lambda w: mx.quantize(w, mode=mode), bytes=2.5 * size[0] * size[1])


@bench("dequantize 4 bits", cache=512, large=4096)
def dequantize(make, size):
    return Call("dequantize", weights(make, size, size, 4), {}, mlx=lambda *v: mx.dequantize(*v), bytes=2.5 * size * size)


@bench("gather_qmm 4 bits, 8 of 64 experts", large=(1024, 768))
def gather(make, size):
    k, n = size
    words = Value(make.draw.rng.integers(0, 2 ** 32, (64, n, k // 8), np.uint32), "uint32")
    scales, biases = (Value(narrow(make.draw.rng.uniform(0.01, 0.02, (64, n, k // 64)), "bfloat16"), "bfloat16") for _ in range(2))
    rhs = Value(make.draw.rng.permutation(64)[:8].astype(np.uint32), "uint32")
    lhs = Value(np.zeros(8, np.uint32), "uint32")
    return Call("gather_qmm", [make((1, 1, k), "bfloat16"), words, scales, biases, lhs, rhs], {},
                mlx=lambda x, w, s, b, left, right: mx.gather_qmm(x, w, s, b, left, right), bytes=8 * n * k * 4.5 / 8)
