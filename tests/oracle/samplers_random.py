"""Samplers of distributions."""
import mlx.core as mx
import numpy as np

from draw import INTEGERS, REALS, SHORT_FLOATS
from judge import Case
from native import Value
from samplers import HALVES, MX, rounding, sampler
from samplers_moves import key_of


@sampler("random_categorical")
def random_categorical(draw, name):
    logits = draw.floats(draw.shape(1, 4, empty=False), draw.pick(SHORT_FLOATS), -3, 3, special=0)
    axis = draw.axis(logits.data.ndim)
    rest = list(logits.shape)
    classes = rest.pop(axis % logits.data.ndim)
    kind = draw.pick(["plain", "shape", "samples", "one", "one"])
    if kind == "one":  # one distribution, of which some logits or all may be infinite
        logits = draw.floats(draw.pick([(7,), (1, 300), (5000,)]), draw.pick(SHORT_FLOATS), -3, 3, special=0)
        if draw.chance(0.3):
            logits.data.reshape(-1)[draw.int(0, logits.data.size - 1)] = Value(draw.pick([np.inf, -np.inf]), "float32").data if logits.dtype != "bfloat16" else 0xFF80
        axis, rest, classes = -1, list(logits.shape[:-1]), logits.shape[-1]
        kind = draw.pick(["shape", "samples"])
    if kind == "samples":
        samples = draw.pick([0, 1, 3, 100])
        attrs, call = {"axis": axis, "num_samples": samples}, {"num_samples": samples}
    else:
        shape = None if kind == "plain" else tuple(draw.shape(0, 1, empty=False)) + tuple(rest)
        attrs, call = {"axis": axis, **({} if shape is None else {"shape": shape})}, {} if shape is None else {"shape": shape}

    def accept(got, reference, *operands):
        """By the distribution function: where u meets a border, a last place of exp or of the sum may turn it to the class beside."""
        y = got[0].data.astype(np.int64)
        want = reference[0].data.astype(np.int64) if reference else np.zeros(list(rest) + [0], np.int64)
        if got[0].dtype != "uint32" or y.shape != want.shape:
            return [f"{got[0].dtype}{list(y.shape)} instead of uint32{list(want.shape)}"]
        off = y != want
        near = np.abs(y - want) <= 1 if logits.data.size == classes else ~off
        return [] if np.all(near) and off.sum() <= 1 + off.size * classes // 20000 else [f"{off.sum()} of {off.size} differ"]
    return Case([key_of(draw), logits], attrs, mlx=lambda k, v: mx.random.categorical(v, axis, key=k, **call), accept=accept, layouts=False,
                extension="no samples need no largest" if call.get("num_samples") == 0 else None, dtype="uint32")


@sampler("random_laplace")
def random_laplace(draw, name):
    shape, dtype = draw.shape(), draw.pick(SHORT_FLOATS)
    loc, scale = draw.pick([0, 0.5, -2]), draw.pick([1, 2.5])
    # log1p near -1 multiplies the rounding of its argument; the shift by loc may cancel
    return Case([key_of(draw)], {"shape": shape, "dtype": dtype, "loc": loc, "scale": scale}, ulp=rounding(8, dtype) + (dtype in HALVES) * 3,
                mlx=lambda k: mx.random.laplace(shape, MX[dtype], loc, scale, k), scale=lambda k: np.float64(4.0),
                epsilons=4 if dtype not in HALVES else 65536 if dtype == "bfloat16" else 8192)


@sampler("random_truncated_normal")
def random_truncated_normal(draw, name):
    shape, dtype = draw.shape(), draw.pick(SHORT_FLOATS)
    low = draw.value(draw.broadcastable(shape), dtype, low=-2, high=-0.5, special=0)
    high = draw.value(draw.broadcastable(shape), dtype, low=-0.25, high=2, special=0)
    given = draw.chance(0.7)
    # a last place of erf and of u, times the slope of erfinv (40 at 2 deviations); 16 bits are rounded at each step
    epsilon = {"float32": 2.0 ** -23, "float16": 2.0 ** -10, "bfloat16": 2.0 ** -7}[dtype]
    return Case([key_of(draw), low, high], {"dtype": dtype, **({"shape": shape} if given else {})}, ulp=2,
                scale=lambda *v: np.float64(1.0), epsilons=64 * epsilon * 2.0 ** 23,
                mlx=lambda k, a, b: mx.random.truncated_normal(a, b, shape if given else None, MX[dtype], k))


@sampler("random_multivariate_normal")
def random_multivariate_normal(draw, name):
    n, batch = draw.int(1, 5), draw.pick([(), (3,), (2, 1)])
    root = draw.rng.standard_normal(batch + (n, n))
    cov = Value((root @ np.swapaxes(root, -1, -2) + np.eye(n)).astype(np.float32), "float32")
    mean = Value(draw.rng.standard_normal(draw.pick([(), batch]) + (n,)).astype(np.float32), "float32")
    shape = draw.pick([None, batch, (4,) + batch])
    # the root of a covariance up to 30: roundings of a decomposition, a product of up to 5, and normal numbers up to 5
    return Case([key_of(draw), mean, cov], {} if shape is None else {"shape": shape}, ulp=4, scale=lambda *v: np.float64(64.0), epsilons=8, layouts=False,
                mlx=lambda k, m, c: mx.random.multivariate_normal(m, c, shape or [], key=k))


@sampler("random_permutation")
def random_permutation(draw, name):
    x = draw.value(draw.shape(1), draw.pick(REALS))
    axis = draw.axis(x.data.ndim)
    return Case([key_of(draw), x], {"axis": axis}, mlx=lambda k, v: mx.random.permutation(v, axis, k) if v.shape[axis] else v)


@sampler("random_permutation_indices")
def random_permutation_indices(draw, name):
    n = draw.pick([0, 1, 2, 17, 1000])
    return Case([key_of(draw)], {"n": n}, mlx=lambda k: mx.random.permutation(n, key=k) if n else mx.zeros((0,), mx.uint32))


@sampler("cross_entropy")
def cross_entropy(draw, name):
    dtype = draw.pick(["float16", "bfloat16", "float32", "float64"])
    logits = draw.floats(draw.shape(1, 4, empty=False), dtype, -20, 20, special=0)
    classes = logits.shape[-1]
    targets = draw.integers(logits.shape[:-1], draw.pick(INTEGERS), 0, min(classes - 1, 100))

    def truth(v, t):
        top = np.max(v, -1, keepdims=True)
        sums = np.log(np.sum(np.exp(v - top), -1)) + top[..., 0]
        return sums - np.take_along_axis(v, t.astype(np.int64)[..., None], -1)[..., 0]
    # the rounding of the logsumexp stays where the logit cancels it
    return Case([logits, targets], truth=truth, ulp=2, scale=lambda v, t: np.max(np.abs(v), -1) + 1, epsilons=4,
                dtype="float64" if dtype == "float64" else "float32")
