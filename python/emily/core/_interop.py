"""NumPy, DLPack, pickles. NumPy is imported only where one of its objects is asked for."""
import sys

from .. import _emily
from .._emily import array

NEVER, IF_POSSIBLE, OR_FAIL = range(3)


def asarray(a, dtype=None, *, copy=None):
    """An array of anything. Memory is shared where it can be (copy=None); copy=False: shared or an error; copy=True: copied."""
    share = {None: IF_POSSIBLE, False: OR_FAIL, True: NEVER}[copy]
    if isinstance(a, array):
        if dtype is None or a.dtype is dtype:
            return a if not copy else _emily.from_bytes(bytes(a), a.shape, a.dtype)
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
    elif copy is False and isinstance(a, (bool, int, float, complex, list, tuple)):
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return _emily.convert(a, dtype, share)


def dlpack_of(x):
    """A capsule of an object's, versioned where the object knows that."""
    try:
        return x.__dlpack__(max_version=(1, 1))
    except TypeError:
        return x.__dlpack__()


def from_dlpack(x, /, *, copy=None):
    """An array over the memory of anything that has __dlpack__."""
    if isinstance(x, array):
        return asarray(x, copy=copy)
    capsule = dlpack_of(x) if hasattr(x, "__dlpack__") else x
    return _emily.from_capsule(capsule, {None: IF_POSSIBLE, False: OR_FAIL, True: NEVER}[copy])


def to_dlpack(self, stream=None, max_version=None, dl_device=None, copy=None):
    if dl_device is not None and tuple(dl_device) != (1, 0):
        raise BufferError(f"Cannot export to the DLPack device {dl_device}: the array is on the CPU.")
    if copy:
        self = _emily.from_bytes(bytes(self), self.shape, self.dtype)
    return _emily.dlpack(self, max_version is not None and max_version[0] >= 1, bool(copy))


def to_numpy(self, dtype=None, copy=None):
    numpy = sys.modules.get("numpy") or __import__("numpy")
    if self.dtype is _emily.bfloat16:
        try:
            import ml_dtypes
        except ImportError:
            raise TypeError("bfloat16 has no NumPy dtype: cast with astype(float32), view(uint16), or install ml_dtypes") from None
        from ._table import OPS
        value = numpy.asarray(OPS["view"](self, _emily.uint16)).view(ml_dtypes.bfloat16)
    else:
        value = numpy.asarray(memoryview(self)) if self.size else numpy.empty(self.shape, self.dtype.name)
    return numpy.array(value, dtype=dtype, copy=True) if copy or (dtype is not None and value.dtype != dtype) else value


def unpickle(data, shape, dtype):
    return _emily.from_bytes(data, shape, dtype)


def reduce(self):
    return unpickle, (bytes(self), self.shape, self.dtype)
