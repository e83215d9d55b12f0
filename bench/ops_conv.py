"""Convolutions and windows."""
import mlx.core as mx
import numpy as np

from ops import Call, bench


def conv(name, op, dtype="float32", **sizes):
    """A size: (shape of the input, shape of the weight, attributes)."""
    axes = int(op[-2])

    @bench(name, **sizes)
    def one(make, size):
        x, w, attrs = size
        x, w = make(x, dtype), make(w, dtype)
        given = {k: v if axes > 1 or k == "groups" else v for k, v in attrs.items()}
        listed = {k: [v] if axes > 1 and k != "groups" else v for k, v in attrs.items()}
        out = getattr(mx, op)(mx.zeros(x.shape), mx.zeros(w.shape), **given).shape
        terms = int(np.prod(w.shape[1:])) * int(np.prod(out))
        if op.startswith("conv_transpose"):
            terms = int(np.prod(x.shape[:-1])) * int(np.prod(w.shape[1:])) * w.shape[0]
        return Call(op, [x, w], listed, mlx=lambda a, b: getattr(mx, op)(a, b, **given), flops=2 * terms)
    one.__module__ = __name__


conv("conv1d whisper", "conv1d", small=((1, 8, 8), (8, 3, 8), {"padding": 1}),
     cache=((1, 3000, 80), (384, 3, 80), {"padding": 1}), large=((1, 3000, 384), (384, 3, 384), {"padding": 1, "stride": 2}))
conv("conv1d bfloat16", "conv1d", "bfloat16", cache=((1, 3000, 80), (384, 3, 80), {"padding": 1}))
conv("conv2d 3x3", "conv2d", small=((1, 8, 8, 16), (16, 3, 3, 16), {"padding": 1}),
     cache=((1, 56, 56, 64), (64, 3, 3, 64), {"padding": 1}), large=((1, 28, 28, 512), (512, 3, 3, 512), {"padding": 1}))
conv("conv2d 7x7 of 3 channels", "conv2d", large=((1, 224, 224, 3), (64, 7, 7, 3), {"padding": 3, "stride": 2}))
conv("conv2d to 3 channels", "conv2d", large=((1, 128, 128, 128), (3, 3, 3, 128), {"padding": 1}))
conv("conv2d 1x1", "conv2d", cache=((1, 56, 56, 64), (256, 1, 1, 64), {}), large=((1, 56, 56, 256), (512, 1, 1, 256), {"stride": 2}))
conv("conv2d patchify", "conv2d", large=((1, 224, 224, 3), (768, 16, 16, 3), {"stride": 16}))
conv("conv2d depthwise", "conv2d", cache=((1, 56, 56, 96), (96, 3, 3, 1), {"padding": 1, "groups": 96}),
     large=((1, 56, 56, 96), (96, 7, 7, 1), {"padding": 3, "groups": 96}))
conv("conv2d 32 groups", "conv2d", cache=((1, 28, 28, 128), (128, 3, 3, 4), {"padding": 1, "groups": 32}))
conv("conv3d", "conv3d", cache=((1, 8, 28, 28, 32), (32, 3, 3, 3, 32), {"padding": 1}))
conv("conv_transpose2d", "conv_transpose2d", cache=((1, 28, 28, 64), (64, 4, 4, 64), {"stride": 2, "padding": 1}))


@bench("convolve", cache=(10000, 64), large=(1000000, 64))
def convolve(make, size):
    n, m = size
    return Call("convolve", [make((n,)), make((m,))], {"mode": "same"}, mlx=lambda a, v: mx.convolve(a, v, "same"),
                numpy=lambda a, v: np.convolve(a, v, "same"), flops=2 * n * m)
