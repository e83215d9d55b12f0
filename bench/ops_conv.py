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


def strided(x, window, strides):
    """[places…, taps…] as a view, which is how MLX pools."""
    places = [(n - w) // s + 1 for n, w, s in zip(x.shape, window, strides)]
    steps = [1]
    for n in x.shape[:0:-1]:
        steps.insert(0, steps[0] * n)
    return mx.as_strided(x, places + list(window), [a * s for a, s in zip(steps, strides)] + steps)


def window(name, fold, **sizes):
    """A size: (shape, window, strides)."""
    @bench(name, **sizes)
    def one(make, size):
        shape, taps, strides = size
        axes = tuple(range(len(shape), 2 * len(shape)))
        view = np.lib.stride_tricks.sliding_window_view
        at = tuple(slice(None, None, s) for s in strides)
        return Call(f"window_{fold}", [make(shape)], {"window": taps, "strides": strides},
                    mlx=lambda x: getattr(mx, fold)(strided(x, taps, strides), axes),
                    numpy=lambda x: getattr(np, fold)(view(x, taps)[at], axes), bytes=8 * int(np.prod(shape)))


window("window_max 3x3", "max", small=((1, 8, 8, 4), (1, 3, 3, 1), (1, 1, 1, 1)), cache=((1, 56, 56, 64), (1, 3, 3, 1), (1, 1, 1, 1)),
       large=((8, 112, 112, 64), (1, 3, 3, 1), (1, 2, 2, 1)))
window("window_sum 2x2", "sum", cache=((1, 56, 56, 64), (1, 2, 2, 1), (1, 2, 2, 1)))
window("window_max of 3 channels", "max", cache=((1, 224, 224, 3), (1, 3, 3, 1), (1, 2, 2, 1)))
window("window_sum of a line", "sum", cache=((100000,), (25,), (1,)), large=((4000000,), (400,), (1,)))


@bench("window_scatter_max", cache=((1, 56, 56, 64), (1, 2, 2, 1)))
def window_scatter_max(make, size):
    shape, taps = size
    places = tuple(n // t for n, t in zip(shape, taps))
    return Call("window_scatter_max", [make(shape), make(places), make(())], {"window": taps, "strides": taps}, bytes=12 * int(np.prod(shape)))
