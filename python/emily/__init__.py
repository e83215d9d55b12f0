"""emily: a tensor runtime. `import emily.core as mx` has the interface of mlx.core."""
from ._emily import version as _version

__version__ = _version()
