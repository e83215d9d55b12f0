"""Fourier transforms, with the signatures of mlx.core.fft: the ops of the table's group fft."""
from ._table import MODULES as _MODULES

globals().update(_MODULES["fft"])
