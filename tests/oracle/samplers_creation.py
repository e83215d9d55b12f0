"""Samplers of arrays made from little: diagonals, grids, windows, places; and of small changes of shape."""
import mlx.core as mx
import numpy as np

from draw import DTYPES, FLOATS, REALS
from judge import Case
from native import STORAGE
from samplers import HALVES, MX, NO_AXIS, as_dtype, inexact, sampler


@sampler("identity")
def identity(draw, name):
    n, dtype = draw.int(0, 40), draw.pick(DTYPES)
    return Case([], {"n": n, "dtype": dtype}, mlx=lambda: mx.identity(n, MX[dtype]))


@sampler("diag")
def diag(draw, name):
    k = draw.int(-6, 6)
    x = draw.value(draw.shape(1, 2), draw.pick(DTYPES))
    if x.data.ndim == 2 and not -x.shape[0] < k < x.shape[1]:
        k = 0
    return Case([x], {"k": k}, dtype=x.dtype, truth=lambda v: np.diag(v, k))


@sampler("iota")
def iota(draw, name):
    shape, dtype = draw.shape(), draw.pick(REALS[1:])
    axis = draw.axis(len(shape)) if shape and draw.chance(0.7) else NO_AXIS

    def truth():
        if axis == NO_AXIS:
            places = np.arange(np.prod(shape, dtype=np.int64)).reshape(shape)
        else:
            column = [-1 if i == axis % len(shape) else 1 for i in range(len(shape))]
            places = np.broadcast_to(np.arange(shape[axis]).reshape(column), shape)
        return as_dtype(places, dtype) if dtype in FLOATS else places.astype(STORAGE[dtype])
    return Case([], {"shape": shape, "axis": axis, "dtype": dtype}, dtype=dtype, truth=truth)


@sampler("empty_like")
def empty_like(draw, name):
    return Case([draw.value(draw.shape(), draw.pick(DTYPES))], mlx=mx.zeros_like)


@sampler("meshgrid")
def meshgrid(draw, name):
    xs = [draw.value((draw.int(0, 5),), draw.pick(DTYPES)) for _ in range(draw.int(1, 4))]
    sparse, indexing = draw.chance(0.4), draw.pick(["xy", "ij"])
    if any(x.data.size == 0 for x in xs):  # MLX can't reshape an empty array with -1
        return Case(xs, {"sparse": sparse, "indexing": indexing}, dtype=xs[0].dtype,
                    accept=lambda got, reference, *vs: [] if [y.shape for y in got] == [
                        y.shape for y in np.meshgrid(*vs, sparse=sparse, indexing=indexing)] else ["another shape than NumPy's"])
    return Case(xs, {"sparse": sparse, "indexing": indexing}, mlx=lambda *vs: mx.meshgrid(*vs, sparse=sparse, indexing=indexing))


@sampler("hanning", "hamming", "blackman", "bartlett")
def window(draw, name):
    count = draw.pick([-2, 0, 1, 2, 3, 5, 64, 100, draw.int(1, 5000)])
    return Case([], {"M": count}, dtype="float32", mlx=lambda: getattr(mx, name)(count), truth=lambda: getattr(np, name)(count), ulp=1,
                mlx_ulp=1e4, scale=lambda: np.float64(1))  # near 0 the sums of cosines cancel, MLX's in float32


@sampler("matrix_transpose")
def matrix_transpose(draw, name):
    return Case([draw.value(draw.shape(2), draw.pick(DTYPES))], mlx=lambda v: mx.swapaxes(v, -1, -2))


@sampler("atleast_1d", "atleast_2d", "atleast_3d")
def atleast(draw, name):
    return Case([draw.value(draw.shape(), draw.pick(DTYPES))], mlx=getattr(mx, name))


@sampler("number_of_elements")
def number_of_elements(draw, name):
    x = draw.value(draw.shape(1, empty=False), draw.pick(DTYPES))
    axes, inverted, dtype = draw.axes(x.data.ndim, none=0), draw.chance(0.3), draw.pick(["int32", "int64", "float32", "uint32"])
    return Case([x], {"axes": axes, "inverted": inverted, "dtype": dtype}, dtype=dtype,
                truth=lambda v: np.float64(np.prod([float(v.shape[a]) for a in axes]) ** (-1 if inverted else 1)).astype(STORAGE[dtype]), ulp=0.5)


SYLVESTER = {1: np.ones((1, 1))}


def hadamard_matrix(n):
    """MLX's own matrices, as its transform of the identity shows them; powers of two by Sylvester's rule."""
    odd = n
    while odd % 2 == 0:
        odd //= 2
    m = 1 if odd == 1 else 4 * odd
    if m not in SYLVESTER:
        SYLVESTER[m] = np.array(mx.hadamard_transform(mx.eye(m), 1.0), np.float64).T
    h = SYLVESTER[m]
    while h.shape[0] < n:
        h = np.block([[h, h], [h, -h]]) if m == 1 else np.kron(h, np.array([[1, 1], [1, -1]]))
    return h


@sampler("hadamard_transform")
def hadamard_transform(draw, name):
    n = draw.pick([1, 12, 20, 28]) * 2 ** draw.int(0, 7)
    kind = draw.pick(REALS)
    x = draw.value(draw.shape(0, 3, empty=False)[:-1] + (n,), kind, low=-100, high=100, **({"special": 0} if kind in FLOATS else {}))
    more = {"scale": draw.pick([1.0, 0.25, -2.0])} if draw.chance(0.4) else {}
    dtype = inexact(x.dtype)
    scale = more.get("scale", 1 / np.sqrt(n))
    reference = None if dtype == "float64" or n == 1 else lambda v: mx.hadamard_transform(v, **more)
    return Case([x], more, mlx=reference, dtype=dtype, ulp=1, epsilons=2 * np.log2(2 * n), mlx_ulp=1e9,
                truth=lambda v: as_dtype(v, dtype) @ hadamard_matrix(n).T * scale,
                scale=lambda v: np.sum(np.abs(v.astype(np.float64)), -1, keepdims=True) * abs(scale))
