"""Fourier transforms. Arithmetic is counted as 5 n log2 n a complex line, whatever is really done."""
import math

import mlx.core as mx
import numpy as np

from ops import Call, bench


def register(name, what, **sizes):
    @bench(f"{name} {what}", **sizes)
    def one(make, size):
        shape, axis = size
        x = make(shape, "float32" if name == "rfft" else "complex64")
        n = shape[axis]
        work = 5 * n * math.log2(n) * x.data.size / n * (0.5 if name == "rfft" else 1)
        return Call(f"fft_{name}", [x], {"axis": axis}, mlx=lambda v: getattr(mx.fft, name)(v, axis=axis),
                    numpy=lambda v: getattr(np.fft, name)(v, axis=axis), flops=work)


register("fft", "one line", small=((64,), 0), cache=((4096,), 0), large=((1 << 20,), 0))
register("fft", "lines", small=((16, 60), 1), cache=((64, 512), 1), large=((2048, 1024), 1))
register("fft", "columns", cache=((512, 64), 0), large=((1024, 2048), 0))
register("fft", "prime length", cache=((64, 521), 1), large=((256, 10007), 1))
register("rfft", "frames of 400", small=((8, 400), 1), cache=((100, 400), 1), large=((3000, 400), 1))
register("rfft", "lines", large=((2048, 1024), 1))


@bench("fft2", cache=(128, 128), large=(2048, 1024))
def fft2(make, shape):
    x = make(shape, "complex64")
    n = shape[0] * shape[1]
    return Call("fft_fft2", [x], mlx=mx.fft.fft2, numpy=np.fft.fft2, flops=5 * n * math.log2(n))
