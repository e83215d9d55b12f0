"""Fourier transforms, with the signatures of mlx.core.fft: the ops of the table's group fft."""
from ._table import MODULES as _MODULES, OPS as _OPS

globals().update(_MODULES["fft"])


def _of_two_axes(name):
    op = _OPS[f"fft_{name}n"]

    def transform(a, s=None, axes=(-2, -1), norm="backward", stream=None):
        return op(a, s, axes, norm, stream=stream)
    transform.__name__ = transform.__qualname__ = name + "2"
    transform.__doc__ = f"{name}n along two axes, the last ones where none are named."
    return transform


fft2, ifft2, rfft2, irfft2 = _of_two_axes("fft"), _of_two_axes("ifft"), _of_two_axes("rfft"), _of_two_axes("irfft")
