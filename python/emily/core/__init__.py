"""The interface of mlx.core over emily: `import emily.core as mx`.

Functions come from emily's op table at import; help(name) shows their arguments.
"""
import math as _math

from .. import _emily
from .._emily import Dtype, array, async_eval, eval, promote_types
from . import _device, _dtypes, _functions, _indexing, _interop, _io, _repr, _table
from ._device import *  # noqa: F403
from ._dtypes import DtypeCategory, can_cast, finfo, iinfo, isdtype, issubdtype, result_type
from ._indexing import ArrayAt
from ._interop import asarray, from_dlpack
from ._io import load, save, save_gguf, save_safetensors, savez, savez_compressed
from ._repr import PrintOptions, get_printoptions, printoptions, set_printoptions

__version__ = _emily.version()
e, pi, inf, nan, euler_gamma, newaxis = _math.e, _math.pi, _math.inf, _math.nan, 0.5772156649015329, None

globals().update(_table.MODULES[""])
globals().update(_dtypes.ALL)
globals().update(DtypeCategory.__members__)
globals().update(_functions.PUBLIC)

from . import cuda, fast, fft, linalg, metal, random  # noqa: E402

matrix_norm = linalg.norm


def _this_module():
    import sys
    return sys.modules[__name__]


_emily.set_hooks({
    "module": _dtypes, "methods": globals(), "device": _device.device_named, "stream": _device.stream_of,
    "getitem": _indexing.getitem, "setitem": _indexing.setitem, "at": ArrayAt, "repr": _repr.text, "format": _repr.formatted,
    "dlpack_of": _interop.dlpack_of, "to_dlpack": _interop.to_dlpack, "to_numpy": _interop.to_numpy, "reduce": _interop.reduce,
    "namespace": lambda self, api_version=None: _this_module(), "complex": lambda self: complex(self.item()),
    "matrix_transpose": _functions.matrix_transpose, "real": globals()["real"], "imag": globals()["imag"],
})
