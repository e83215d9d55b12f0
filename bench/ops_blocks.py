"""Matrices in ggml's blocks beside our own dense product with bfloat16 weights and our own 4 and 8 bits in MLX's layout; peers have no such
product.

What decode should cost, by bytes: of bfloat16's 16 bits Q4_K has 4.5, Q5_K 5.5, Q6_K 6.56, Q8_0 8.5."""
import numpy as np

from native import Value
from ops import Call, bench

FORMATS = {"Q4_0": (32, 18), "Q5_0": (32, 22), "Q8_0": (32, 34), "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210)}


def product(make, size, kind, m):
    block, bytes_ = FORMATS[kind]
    data = make.draw.rng.integers(0, 64, (size, size // block * bytes_), np.uint8)  # scales that are numbers
    return Call("block_matmul", [make((m, size)), Value(data, "uint8")], {"format": kind}, flops=2 * m * size * size, bytes=data.size)


def dense(make, size, m):
    return Call("linear", [make((m, size)), make((size, size), "bfloat16")], {}, flops=2 * m * size * size, bytes=2 * size * size)


for m in (1, 4, 16, 128):
    bench(f"dense bf16, M = {m}", cache=512, large=4096)(lambda make, size, m=m: dense(make, size, m))
    for kind in FORMATS:
        bench(f"{kind}, M = {m}", cache=512, large=4096)(lambda make, size, m=m, kind=kind: product(make, size, kind, m))
