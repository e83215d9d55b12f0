"""mlx.core.cuda: whether a CUDA device runs ops."""
from . import _device


def is_available():
    """Whether ops can run on a CUDA device."""
    return _device.is_available(_device.gpu)
