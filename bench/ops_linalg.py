"""Linear algebra: single matrices of 8, 64 and 512 rows, and batches of a thousand small ones. Flops are the textbook's counts."""
import mlx.core as mx
import numpy as np

from native import Value, narrow
from ops import Call, bench

SIZES = {"small": (8, 8), "cache": (64, 64), "large": (512, 512)}
BATCHES = {"small": (1000, 3, 3), "cache": (1000, 4, 4), "large": (1000, 16, 16)}


def regular(make, shape, symmetric=False):
    """Far from singular; positive definite where symmetric."""
    x = make(shape).wide()
    x = (x + np.swapaxes(x, -1, -2)) / 2 if symmetric else x
    return Value(narrow(x + np.eye(shape[-1]) * (shape[-1] + 1), "float32"), "float32")


def register(op, numpy, power, symmetric=False, sizes=SIZES, label="", arrays=1):
    @bench(f"{op}{label}", **sizes)
    def one(make, shape):
        operands = [regular(make, shape, symmetric)] + [make(shape) for _ in range(arrays - 1)]
        name = op.removeprefix("linalg_")
        return Call(op, operands, mlx=getattr(mx.linalg, name), numpy=numpy, flops=power * np.prod(shape[:-2], dtype=float) * shape[-1] ** 3)
    one.__module__ = __name__


for batched in (False, True):
    extra = {"sizes": BATCHES, "label": " batch"} if batched else {}
    register("linalg_cholesky", np.linalg.cholesky, 1 / 3, True, **extra)
    register("linalg_solve", np.linalg.solve, 8 / 3, arrays=2, **extra)
    register("linalg_inv", np.linalg.inv, 2, **extra)
    register("linalg_det", np.linalg.det, 2 / 3, **extra)
    register("linalg_qr", np.linalg.qr, 8 / 3, **extra)
    register("linalg_svd", np.linalg.svd, 22, **extra)
    register("linalg_eigh", np.linalg.eigh, 9, True, **extra)
register("linalg_lu", None, 2 / 3)
register("linalg_eig", np.linalg.eig, 25)
register("linalg_solve_triangular", None, 1, arrays=2)


@bench("linalg_norm", small=(8, 8), cache=(64, 1024), large=(4096, 4096))
def norm(make, shape):
    x = make(shape)
    return Call("linalg_norm", [x], mlx=mx.linalg.norm, numpy=np.linalg.norm, bytes=x.data.nbytes)


@bench("linalg_cross", small=(8, 3), cache=(4096, 3), large=(1 << 20, 3))
def cross(make, shape):
    x, y = make(shape), make(shape)
    return Call("linalg_cross", [x, y], mlx=mx.linalg.cross, numpy=np.cross, bytes=3 * x.data.nbytes)
