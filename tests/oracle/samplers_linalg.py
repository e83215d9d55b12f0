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
    bad = ~((off <= limit) | (got == want) | np.isposinf(limit))
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


def unless_empty(a, reference):
    """MLX's LU divides by the number of elements of a matrix, which stops the program."""
    return reference if all(a.shape[-2:]) else None


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


# ---- eigenvalues ----

def sorted_values(w):
    """By real part, then imaginary part, both rounded so that conjugate pairs keep their order."""
    order = np.lexsort((np.round(w.imag, 3), np.round(w.real, 3)), axis=-1)
    return np.take_along_axis(w, order, -1)


@sampler("linalg_eigh", "linalg_eigvalsh")
def eigh(draw, name):
    dtype, uplo = draw.pick(DTYPES), draw.pick(["L", "U"])
    a = matrix(draw, shape_of(draw, square=True), dtype)
    if draw.chance(0.2) and a.data.size:  # repeated eigenvalues
        a = Value(narrow(np.broadcast_to(np.eye(a.shape[-1]) * 2, a.shape), dtype), dtype)

    def accept(got, reference, x):
        whole = np.tril(x) + herm(np.tril(x, -1)) if uplo == "L" else np.triu(x) + herm(np.triu(x, 1))
        diagonal = np.einsum("...ii->...i", whole)  # of a Hermitian matrix real
        diagonal[...] = diagonal.real
        limit, w = bound(dtype, whole), got[0].wide()
        messages = same_kind(got, reference) + near("w", w, np.linalg.eigvalsh(whole), limit)
        messages += near("w, beside MLX's", w, reference[0].wide(), 2 * limit)
        if name == "linalg_eigh":
            v = got[1].wide()
            messages += near("a v = v w", whole @ v, v * w[..., None, :], 2 * limit) + orthonormal("v", v, dtype)
        return messages
    if name == "linalg_eigh":
        return Case([a], {"UPLO": uplo}, mlx=lambda x: mx.linalg.eigh(x, uplo), accept=accept)
    return Case([a], {"UPLO": uplo}, mlx=lambda x: mx.linalg.eigvalsh(x, uplo), accept=accept)


@sampler("linalg_eig", "linalg_eigvals")
def eig(draw, name):
    dtype = draw.pick(DTYPES)
    shape = shape_of(draw, square=True)
    if draw.chance(0.5) and shape[-1]:  # well-conditioned eigenvalues, so that they can be compared directly
        a = Value(narrow(matrix(draw, shape, dtype).wide() / 1000 + np.diag(np.arange(1, shape[-1] + 1)), dtype), dtype)
        plain = True
    else:
        a, plain = matrix(draw, shape, dtype), False

    def accept(got, reference, x):
        limit, w = bound("float32", x), got[0].wide()  # results are complex64 also of float64
        messages = same_kind(got, reference)
        messages += near("sum of w", w.sum(-1), np.trace(x, axis1=-2, axis2=-1).astype(complex), limit)
        if plain:
            messages += near("w", sorted_values(w), sorted_values(np.linalg.eigvals(x).astype(complex)), 4 * limit)
        if name == "linalg_eig":
            v = got[1].wide()
            messages += near("a v = v w", x @ v, v * w[..., None, :], 2 * limit)
            messages += near("length of v", np.sqrt((np.abs(v) ** 2).sum(-2)), np.ones(w.shape), BACKWARD * (x.shape[-1] + 1) * epsilon("float32"))
        return messages
    return Case([a], mlx=(lambda x: mx.linalg.eig(x)) if name == "linalg_eig" else lambda x: mx.linalg.eigvals(x), accept=accept)


# ---- factors ----

def positive(draw, shape, dtype):
    x = matrix(draw, shape, dtype).wide()
    n = shape[-1]
    return Value(narrow(x @ herm(x) + np.eye(n) * (np.abs(x).max(initial=0) ** 2 * n / 4 + 1e-9), dtype), dtype)


@sampler("linalg_cholesky")
def cholesky(draw, name):
    dtype, upper = draw.pick(DTYPES), draw.chance(0.5)
    a = positive(draw, shape_of(draw, square=True), dtype)

    def accept(got, reference, x):
        f = got[0].wide()
        product = herm(f) @ f if upper else f @ herm(f)
        messages = kinds(got, [dtype]) + same_kind(got, reference) + near("factor", product, x, bound(dtype, x))
        messages += near("triangle", f, np.triu(f) if upper else np.tril(f), 0)
        if reference is not None:
            limit = bound(dtype, x) * condition(x) / np.sqrt(np.abs(x).max((-2, -1), initial=1e-30))
            messages += near("beside MLX's", f, reference[0].wide(), limit)
        return messages
    return Case([a], {"upper": upper}, mlx=lambda x: mx.linalg.cholesky(x, upper), accept=accept, layouts="whole",
                extension=COMPLEX if dtype == "complex64" else None)


def condition(a):
    if not a.size:
        return np.ones(a.shape[:-2])
    s = np.linalg.svd(a, compute_uv=False)
    return s[..., 0] / np.maximum(s[..., -1], 1e-300)


def triangular(draw, shape, dtype, upper):
    """With something in the other triangle, which must not be read."""
    a = regular(draw, shape, dtype)
    return a, (np.triu if upper else np.tril)


@sampler("linalg_cholesky_inv")
def cholesky_inv(draw, name):
    dtype, upper = draw.pick(DTYPES), draw.chance(0.5)
    a, cut = triangular(draw, shape_of(draw, square=True), dtype, upper)

    def accept(got, reference, x):
        f = cut(x)
        want = np.linalg.inv(herm(f) @ f if upper else f @ herm(f))
        limit = 4 * bound(dtype, want) * condition(f) ** 2
        messages = kinds(got, [dtype]) + same_kind(got, reference) + near("inverse", got[0].wide(), want, limit)
        if reference is not None:
            messages += near("beside MLX's", got[0].wide(), reference[0].wide(), 2 * limit)
        return messages
    return Case([a], {"upper": upper}, mlx=unless_empty(a, lambda x: mx.linalg.cholesky_inv(x, upper)), accept=accept, layouts="whole",
                extension=COMPLEX if dtype == "complex64" else None)


@sampler("linalg_lu")
def lu(draw, name):
    dtype = draw.pick(DTYPES)
    a = matrix(draw, shape_of(draw), dtype)

    def accept(got, reference, x):
        rows, l, u = got[0].data.astype(np.int64), got[1].wide(), got[2].wide()
        messages = kinds(got, ["uint32", dtype, dtype]) + same_kind(got, reference)
        messages += near("l[rows] u", np.take_along_axis(l, rows[..., None], -2) @ u, x, bound(dtype, x))
        messages += near("l", l, np.tril(l), 0) + near("u", u, np.triu(u), 0)
        messages += near("|l| ≤ 1", np.maximum(np.abs(l), 2 ** 0.5), np.full(l.shape, 2 ** 0.5), 1e-6)
        if not np.array_equal(np.sort(rows, -1), np.broadcast_to(np.arange(x.shape[-2]), rows.shape)):
            messages.append("rows are no permutation")
        return messages
    return Case([a], mlx=unless_empty(a, lambda x: mx.linalg.lu(x)), accept=accept,
                extension=COMPLEX if dtype == "complex64" else None)


@sampler("linalg_lu_factor")
def lu_factor(draw, name):
    dtype = draw.pick(DTYPES)
    a = matrix(draw, shape_of(draw), dtype)

    def accept(got, reference, x):
        packed, pivots = got[0].wide(), got[1].data.astype(np.int64)
        m, n = x.shape[-2:]
        k = min(m, n)
        l, u = np.tril(packed, -1)[..., :k] + np.eye(m, k), np.triu(packed)[..., :k, :]
        want = np.array(x)
        for index in np.ndindex(*x.shape[:-2]):
            for i in range(k):
                want[index][[i, pivots[index][i]]] = want[index][[pivots[index][i], i]]
        return kinds(got, [dtype, "uint32"]) + same_kind(got, reference) + near("l u", l @ u, want, bound(dtype, x))
    return Case([a], mlx=unless_empty(a, lambda x: mx.linalg.lu_factor(x)), accept=accept,
                extension=COMPLEX if dtype == "complex64" else None)


# ---- solutions and inverses ----

def inverse_case(draw, a, attrs, seen, reference):
    """seen(x): the matrix that is inverted."""
    def accept(got, mlx, x):
        want = np.linalg.inv(seen(x))
        limit = bound(a.dtype, want) * condition(seen(x))
        messages = kinds(got, [a.dtype]) + same_kind(got, mlx) + near("inverse", got[0].wide(), want, limit)
        return messages + (near("beside MLX's", got[0].wide(), mlx[0].wide(), 2 * limit) if mlx else [])
    return Case([a], attrs, mlx=unless_empty(a, reference), accept=accept, layouts="whole",
                extension=COMPLEX if a.dtype == "complex64" else None)


@sampler("linalg_inv")
def inv(draw, name):
    dtype = draw.pick(DTYPES)
    return inverse_case(draw, regular(draw, shape_of(draw, square=True), dtype), {}, lambda x: x, lambda x: mx.linalg.inv(x))


@sampler("linalg_tri_inv")
def tri_inv(draw, name):
    upper = draw.chance(0.5)
    a, cut = triangular(draw, shape_of(draw, square=True), draw.pick(DTYPES), upper)
    return inverse_case(draw, a, {"upper": upper}, cut, lambda x: mx.linalg.tri_inv(x, upper))


@sampler("linalg_pinv")
def pinv(draw, name):
    dtype = draw.pick(DTYPES)
    a = matrix(draw, shape_of(draw), dtype)
    if draw.chance(0.3) and a.data.size:
        a = Value(narrow(a.wide()[..., :1] * np.ones(a.shape[-1]), dtype), dtype)

    def accept(got, reference, x):
        limit = 10 * max(x.shape[-2:]) * epsilon(dtype)
        want = np.linalg.pinv(x, rcond=limit) if x.size else np.swapaxes(x, -1, -2)
        s = np.linalg.svd(x, compute_uv=False) if x.size else np.zeros(x.shape[:-1])
        largest = s.max(-1, initial=0)[..., None]
        near_cut = (np.abs(s / np.where(largest > 0, largest, 1) - limit) < limit * 0.99).any(-1) & (largest[..., 0] > 0)
        used = np.where(s > limit * largest, s, np.inf).min(-1, initial=np.inf)
        error = 4 * bound(dtype, x) / np.maximum(used, 1e-30) ** 2
        error = np.where(near_cut | ~np.isfinite(error), np.inf, error + 1e-30)
        return kinds(got, [dtype]) + same_kind(got, reference) + near("pseudo-inverse", got[0].wide(), want, error)
    return Case([a], mlx=lambda x: mx.linalg.pinv(x), accept=accept, extension=COMPLEX if dtype == "complex64" else None)


def sides(draw, dtype, left=True):
    """A regular matrix and a right side, of batches that broadcast; now and then a vector."""
    shape = shape_of(draw, square=True)
    a = regular(draw, shape, dtype)
    if draw.chance(0.2):
        return a, matrix(draw, shape[-1:], dtype)
    k = draw.pick([1, 1, 2, 3, 8, 17])
    batch = shape[:-2] if draw.chance(0.6) else draw.broadcastable(shape[:-2])
    return a, matrix(draw, tuple(batch) + ((shape[-1], k) if left else (k, shape[-1])), dtype)


def solution_case(a, b, attrs, seen, left, reference):
    dtype = promote(a.dtype, b.dtype)

    def accept(got, mlx, x, y):
        m = seen(x)
        right = y[..., None] if y.ndim == 1 and left else y[None, :] if y.ndim == 1 else y
        want = np.linalg.solve(m, right) if left else np.swapaxes(np.linalg.solve(np.swapaxes(m, -1, -2), np.swapaxes(right, -1, -2)), -1, -2)
        limit = bound(dtype, want) * condition(m) if want.ndim > 1 else 0
        if y.ndim == 1:
            want = want[..., 0] if left else want[..., 0, :]
        messages = kinds(got, [dtype]) + same_kind(got, mlx) + near("solution", got[0].wide(), want, limit)
        return messages + (near("beside MLX's", got[0].wide(), mlx[0].wide(), 2 * limit) if mlx else [])
    return Case([a, b], attrs, mlx=reference, accept=accept, layouts="whole")


@sampler("linalg_solve")
def solve(draw, name):
    a, b = sides(draw, draw.pick(DTYPES))
    if draw.chance(0.1):
        b = draw.integers(b.shape, draw.pick(INTEGERS), -5, 5)
    mine = promote(a.dtype, b.dtype) == "complex64" or b.dtype in INTEGERS
    return solution_case(a, b, {}, lambda x: x, True, None if mine or mlx_solves_not(a, b) else lambda x, y: mx.linalg.solve(x, y))


def mlx_solves_not(a, b):
    """MLX divides by zero for empty matrices and does not broadcast the batches of its parts."""
    return not a.data.size or not b.data.size or (b.data.ndim > 1 and a.shape[:-2] != b.shape[:-2]) or (b.data.ndim == 1 and a.data.ndim > 2)


@sampler("linalg_solve_triangular")
def solve_triangular(draw, name):
    upper, left, transform = draw.chance(0.5), draw.chance(0.7), draw.pick(["none", "none", "transpose", "conjugate"])
    dtype = draw.pick(DTYPES)
    a, b = sides(draw, dtype, left)
    cut = np.triu if upper else np.tril
    turned = {"none": lambda x: x, "transpose": lambda x: np.swapaxes(x, -1, -2), "conjugate": herm}[transform]
    plain = left and transform == "none" and dtype != "complex64" and not mlx_solves_not(a, b)
    return solution_case(a, b, {"upper": upper, "left_side": left, "transform": transform}, lambda x: turned(cut(x)), left,
                         (lambda x, y: mx.linalg.solve_triangular(x, y, upper=upper)) if plain else None)


# ---- determinants ----

@sampler("linalg_det", "linalg_slogdet")
def det(draw, name):
    dtype = draw.pick(DTYPES + ("float32", "float64", "float16", "bfloat16", "int8", "int32", "uint64", "bool"))
    shape = shape_of(draw, square=True)
    if dtype in DTYPES:
        a = matrix(draw, shape, dtype)
    else:
        a = draw.value(shape, dtype, **({} if dtype == "bool" else {"low": -3 if dtype != "uint64" else 0, "high": 3}),
                       **({"special": 0} if dtype in FLOATS else {}))
    result = dtype if dtype in FLOATS + ["complex64"] else "float32"
    inner = "float32" if result in ("float16", "bfloat16") else result
    own = {"float16": 2.0 ** -10, "bfloat16": 2.0 ** -7}.get(result, 0)

    def accept(got, reference, x):
        n = x.shape[-1]
        x = x.astype(complex if dtype == "complex64" else float)
        sign, logarithm = np.linalg.slogdet(x)
        # the determinant of a matrix that is off by the backward error: Hadamard's bound on the cofactors
        lengths = np.sqrt((np.abs(x) ** 2).sum(-1)) + 1e-30
        slack = BACKWARD * (n + 1) ** 2 * epsilon(inner) * np.prod(lengths, -1)
        # where that is more than the dtype holds, the product may overflow on its way, whatever comes out
        slack = np.where(slack >= np.finfo("float64" if inner == "float64" else "float32").max, np.inf, slack)
        want = sign * np.exp(logarithm)
        if name == "linalg_det":
            messages = kinds(got, [result]) + same_kind(got, reference)
            y = got[0].wide()
            messages += near("det", y, Value(narrow(want, result), result).wide(), slack + own * np.abs(want) + 2.0 ** (-24 if dtype == "float16" else -120))
                # MLX's is e^(log of it), and its exp of float64 has the precision and the range of float32
            blur = 2.0 ** -20 * (np.abs(np.where(want == 0, 0, logarithm)) + 1) * np.abs(want)
            limit = np.where(np.abs(logarithm) > 80, np.inf, 2 * slack + 8 * own * np.prod(lengths, -1) + blur)
            return messages + ([] if reference is None else near("beside MLX's", y, reference[0].wide(), limit))
        messages = kinds(got, [result, real_of(result)]) + same_kind(got, reference)
        s, l = got[0].wide(), got[1].wide()
        clear = np.abs(want) > 4 * slack  # else it may be singular
        relative = slack / np.where(clear, np.abs(want), 1)
        messages += near("sign", np.where(clear, s, 0), np.where(clear, sign, 0), 4 * relative + own)
        messages += near("log", np.where(clear, l, 0), np.where(clear, logarithm, 0),
                         4 * relative + (own + 8 * epsilon(inner)) * (np.abs(np.where(clear, logarithm, 0)) + 1))
        return messages
    why = "16-bit and complex determinants" if dtype in ("float16", "bfloat16", "complex64") else None
    if dtype == "float16" and shape[-1] <= 3 or dtype == "bfloat16" and shape[-1] <= 3:
        return Case([a], mlx=None, accept=accept)
    return Case([a], mlx=(lambda x: mx.linalg.det(x)) if name == "linalg_det" else lambda x: mx.linalg.slogdet(x), accept=accept, extension=why)


# ---- norms and products ----

@sampler("linalg_norm")
def norm(draw, name):
    dtype = draw.pick(FLOATS + ["float32", "float32", "complex64", "int8", "int32", "uint8", "bool"])
    kind = draw.pick(["", "", "vector", "matrix"])
    shape = draw.shape(low={"": 0, "vector": 1, "matrix": 2}[kind], high=4)
    keepdims, axes = draw.chance(0.4), None
    if kind == "vector":
        ord_ = draw.pick(["0", "1", "2", "3", "0.5", "-1", "-2", "inf", "-inf"])
        axes = None if len(shape) == 1 and draw.chance(0.5) else [draw.axis(len(shape))]
    elif kind == "matrix":
        ord_ = draw.pick(["fro", "f", "nuc", "1", "-1", "2", "-2", "inf", "-inf"])
        axes = None if len(shape) == 2 and draw.chance(0.5) else [int(i) - draw.pick([0, len(shape)]) for i in draw.rng.permutation(len(shape))[:2]]
    else:
        ord_ = ""
        if draw.chance(0.5) and shape:
            axes = [int(i) for i in draw.rng.permutation(len(shape))[:draw.int(1, min(2, len(shape)))]]
    negative = ord_ in ("-1", "-2", "0.5", "3")
    a = draw.value(shape, dtype, **({"low": 0.25 if negative else -2, "high": 3, "special": 0} if dtype in FLOATS else
                                    {"low": 1 if negative else -9, "high": 9} if dtype not in ("bool", "complex64") else {}))
    result = "float32" if dtype not in FLOATS else dtype
    own = {"float16": 2.0 ** -10, "bfloat16": 2.0 ** -7}.get(result, 0)
    value = {"": None, "fro": "fro", "f": "fro", "nuc": "nuc"}.get(ord_, float(ord_) if ord_ and ord_[0] not in "fn" else None)

    def accept(got, reference, x):
        x = x.astype(complex if dtype == "complex64" else float)
        where = tuple(axes) if axes is not None else None
        if ord_ == "":
            want = np.sqrt((np.abs(x) ** 2).sum(where, keepdims=keepdims))
        else:
            want = np.linalg.norm(x, value, where if where is None or len(where) > 1 else where[0], keepdims)
        y, size = got[0].wide(), x.size + 8
        slack = (8 + size ** 0.5) * epsilon(result if not own else "float32") * (np.abs(want) + (np.abs(x).sum() if ord_ in ("2", "-2", "nuc") else 0))
        messages = kinds(got, [result])
        messages += near("norm", y, np.asarray(want), np.where(np.isfinite(want), slack + own * np.abs(want) + 1e-30, np.inf))
        return messages + ([] if reference is None or dtype in ("int8", "uint8", "bool", "complex64") else same_kind(got, reference))
    def reference(x):
        return mx.linalg.norm(x, value if ord_ != "f" else "f", axes, keepdims)
    empty = not a.data.size
    return Case([a], {"ord": ord_, "axes": axes, "keepdims": keepdims}, mlx=None if empty else reference, accept=accept if ord_ in ("", "0") or not empty
                else lambda got, mlx, x: kinds(got, [result]), extension="integers and 16 bits are widened",
                refusal="an extreme of no elements" if empty else None)


@sampler("linalg_cross")
def cross(draw, name):
    dtypes = draw.pick(FLOATS + INTEGERS + ["complex64"]), draw.pick(FLOATS + INTEGERS + ["complex64"])
    axis = draw.int(-3, -1)
    shapes = draw.pair()
    operands = []
    for shape, dtype in zip(shapes, dtypes):
        shape = ((1,) * 3 + tuple(shape))[-3:]
        shape = list(shape)
        shape[axis] = draw.pick([3, 3, 2])
        operands.append(draw.value(tuple(shape), dtype, **({"low": -3, "high": 3} if dtype != "complex64" else {}), **({"special": 0} if dtype in FLOATS else {})))
    result = promote(*dtypes)
    scale = lambda a, b: np.float64(2 * np.abs(a.astype(complex)).max(initial=0) * np.abs(b.astype(complex)).max(initial=0))
    exact = result in INTEGERS

    def truth(a, b):
        kind = complex if result == "complex64" else float
        three = [np.concatenate([v, np.zeros_like(v[..., :1])], -1) if v.shape[-1] == 2 else v for v in
                 (np.moveaxis(x.astype(kind), axis, -1) for x in (a, b))]
        return np.moveaxis(np.cross(*three), -1, axis)
    epsilons = 4 * {"float16": 2.0 ** 13, "bfloat16": 2.0 ** 16}.get(result, 1)
    return Case(operands, {"axis": axis}, mlx=lambda a, b: mx.linalg.cross(a, b, axis), truth=None if exact else truth, ulp=0 if exact else 2,
                scale=None if exact else scale, epsilons=epsilons, zeros=False)
