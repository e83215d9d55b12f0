"""Samplers of linear algebra. Factors are not unique, so they are judged by what defines them: the product is the matrix, columns are
orthonormal, A v = λ v; singular values and eigenvalues are compared directly. LAPACK is backward stable: errors are allowed
BACKWARD · max(M, N) units of the dtype's precision of the matrix's norm, and where a solution or an inverse is asked for times the
condition number, which is what the error in the result may grow by."""
import mlx.core as mx
import numpy as np

from draw import FLOATS, INTEGERS
from judge import Case
from native import Value, narrow
from samplers import MX, promote, sampler

DTYPES = ("float32", "float64", "complex64")
BACKWARD = 8.0
COMPLEX = "LAPACK has complex matrices too"


def epsilon(dtype):
    return 2.0 ** -52 if dtype == "float64" else 2.0 ** -23


def bound(dtype, *matrices):
    """By matrix of the batch: the allowed error of a product of these."""
    size = max(max(a.shape[-2:]) for a in matrices) + 1
    scale = np.float64(1)
    for a in matrices:
        scale = scale * np.sqrt((np.abs(a) ** 2).sum((-2, -1)))
    return BACKWARD * size * epsilon(dtype) * scale + 2.0 ** -120


def herm(a):
    return np.conj(np.swapaxes(a, -1, -2))


def near(what, got, want, limit):
    """Messages; limit by matrix (or by vector) of the batch."""
    if got.shape != want.shape:
        return [f"{what}: shape {got.shape} instead of {want.shape}"]
    limit = np.asarray(limit)
    limit = limit.reshape(limit.shape + (1,) * (got.ndim - limit.ndim))
    off = np.abs(got - want)
    bad = ~(off <= limit)
    if not bad.any():
        return []
    at = tuple(np.argwhere(bad)[0])
    return [f"{what}: off by {off[at]:.3g} at {at}, allowed {np.broadcast_to(limit, off.shape)[at]:.3g}"]


def orthonormal(what, q, dtype):
    """Columns are."""
    n = q.shape[-1]
    eye = np.broadcast_to(np.eye(n), q.shape[:-2] + (n, n))
    return near(what, herm(q) @ q, eye, BACKWARD * (q.shape[-2] + 1) * epsilon(dtype))


def same_kind(got, reference):
    """Dtypes and shapes as MLX's."""
    if reference is None:
        return []
    mine, other = [(y.dtype, y.shape) for y in got], [(y.dtype, y.shape) for y in reference]
    return [] if mine == other else [f"{mine} instead of {other}"]


def kinds(got, want):
    return [] if [y.dtype for y in got] == list(want) else [f"dtypes {[y.dtype for y in got]} instead of {list(want)}"]


def real_of(dtype):
    return "float32" if dtype == "complex64" else dtype


def shape_of(draw, square=False, empty=True):
    """Batch, rows, columns: mostly small, around the sizes where small matrices have loops of their own, now and then blocked ones."""
    sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33] + ([0] if empty else [])
    m = draw.pick(sizes) if draw.chance(0.9) else draw.pick([64, 70, 129])
    n = m if square or draw.chance(0.3) else draw.pick(sizes)
    batch = () if draw.chance(0.4) else tuple(draw.pick([1, 2, 3, 5] + [0] * (empty and draw.chance(0.2))) for _ in range(draw.int(1, 3)))
    return batch + (m, n)


def matrix(draw, shape, dtype, low=-1.0):
    """Of any size: also with rows that depend on each other, zeros, and scaled up or down."""
    x = draw.rng.uniform(low, 1, shape)
    if dtype == "complex64":
        x = x + 1j * draw.rng.uniform(-1, 1, shape)
    x = x * draw.pick([1, 1, 1, 100, 1e-3])
    return Value(narrow(x, dtype), dtype)


def regular(draw, shape, dtype):
    """A square matrix far from singular ones: its condition is a small number."""
    x = matrix(draw, shape, dtype).wide()
    n = shape[-1]
    scale = np.abs(x).max(initial=1e-3)
    return Value(narrow(x + np.eye(n) * scale * draw.pick([2, -3]) * (n ** 0.5 + 1), dtype), dtype)


# ---- singular values ----

@sampler("linalg_svd")
def svd(draw, name):
    dtype, full = draw.pick(DTYPES), draw.chance(0.5)
    a = matrix(draw, shape_of(draw), dtype)
    if draw.chance(0.2) and a.data.size:  # of rank 1
        a = Value(narrow(a.wide()[..., :1] * a.wide()[..., :1, :], dtype), dtype)

    def accept(got, reference, x):
        u, s, vt = (y.wide() for y in got)
        limit = bound(dtype, x)
        messages = kinds(got, [dtype, real_of(dtype), dtype]) + (same_kind(got, reference) if full else [])
        k = s.shape[-1]
        messages += near("u s vt", (u[..., :k] * s[..., None, :]) @ vt[..., :k, :], x, limit)
        messages += orthonormal("u", u, dtype) + orthonormal("v", herm(vt), dtype)
        messages += near("s", s, np.linalg.svd(x, compute_uv=False), limit)
        if reference is not None:
            messages += near("s, beside MLX's", s, reference[1].wide(), 2 * limit)
        return messages
    return Case([a], {"full_matrices": full}, mlx=lambda x: mx.linalg.svd(x), accept=accept)


@sampler("linalg_svdvals")
def svdvals(draw, name):
    dtype = draw.pick(DTYPES)
    a = matrix(draw, shape_of(draw), dtype)

    def accept(got, reference, x):
        limit = bound(dtype, x)
        s = got[0].wide()
        return (same_kind(got, reference) + near("s", s, np.linalg.svd(x, compute_uv=False), limit)
                + near("s, beside MLX's", s, reference[0].wide(), 2 * limit))
    return Case([a], mlx=lambda x: mx.linalg.svd(x, compute_uv=False), accept=accept)


# ---- QR ----

@sampler("linalg_qr")
def qr(draw, name):
    dtype, mode = draw.pick(DTYPES), draw.pick(["reduced", "reduced", "complete"])
    a = matrix(draw, shape_of(draw), dtype)

    def accept(got, reference, x):
        q, r = (y.wide() for y in got)
        m, n = x.shape[-2:]
        columns = m if mode == "complete" else min(m, n)
        messages = kinds(got, [dtype, dtype]) + (same_kind(got, reference) if mode == "reduced" else [])
        if q.shape[-2:] != (m, columns) or r.shape[-2:] != (columns, n):
            return messages + [f"shapes {q.shape} and {r.shape}"]
        messages += near("q r", q @ r, x, bound(dtype, x)) + orthonormal("q", q, dtype) + near("below r", r, np.triu(r), 0)
        if reference is not None and min(m, n):  # |r| is unique but for rows that cancel
            messages += near("|r|'s first row, beside MLX's", np.abs(r[..., 0, :]), np.abs(reference[1].wide()[..., 0, :]), 2 * bound(dtype, x))
        return messages
    return Case([a], {"mode": mode}, mlx=lambda x: mx.linalg.qr(x), accept=accept, extension=COMPLEX if dtype == "complex64" else None)
