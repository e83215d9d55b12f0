"""Linear algebra, with the signatures of mlx.core.linalg: the ops of the table's group linalg."""
from ._table import MODULES as _MODULES, OPS as _OPS

globals().update(_MODULES["linalg"])


def svd(a, compute_uv=True, *, stream=None):
    """Singular values with both sides (U, S, Vt), or the values alone."""
    return _OPS["linalg_svd"](a, stream=stream) if compute_uv else _OPS["linalg_svdvals"](a, stream=stream)


def norm(a, /, ord=None, axis=None, keepdims=False, *, stream=None):
    """Vector and matrix norms: ord is a number, inf, "fro", "nuc" or None."""
    return _OPS["linalg_norm"](a, "" if ord is None else str(ord), axis, keepdims, stream=stream)


matrix_norm = norm
