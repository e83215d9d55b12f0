"""Random numbers, with the signatures of mlx.core.random and its key sequence: equal seeds give equal numbers.

Each thread has a sequence of its own: key=None splits its key, keeps the first half and uses the second.
"""
import threading as _threading
import time as _time

from .. import _emily
from ._table import MODULES as _MODULES, OPS as _OPS

globals().update(_MODULES["random"])


class _Sequence(_threading.local):
    def __init__(self):
        self.keys = None

    def list(self):
        if self.keys is None:
            self.keys = [key(_STARTED)]
        return self.keys

    def next(self):
        keys = self.list()
        both = _OPS["random_split"](keys[0])
        keys[0] = both[0]
        return both[1]


_STARTED = int(_time.time() * 1000)
_sequence = _Sequence()


class _RandomState:
    """mx.random.state: the calling thread's key, in a list of one."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return _sequence.list()[index]

    def __setitem__(self, index, value):
        _sequence.list()[index] = value

    def __iter__(self):
        return iter(_sequence.list())


state = _RandomState()


def seed(seed):
    """Start the calling thread's sequence of keys."""
    _sequence.list()[0] = key(seed)


def key(seed):
    """A key from a seed."""
    seed = int(seed)
    return _OPS["random_key"](seed - (1 << 64) if seed >= 1 << 63 else seed)


def _shape(shape):
    return () if shape is None else shape


def _float(value, dtype):
    """A bound or a moment, in the dtype of what is drawn."""
    return _OPS["astype"](_emily.weak(value, None), dtype or _emily.float32)


def _key(given):
    return _sequence.next() if given is None else given


def uniform(low=0, high=1, shape=(), dtype=_emily.float32, key=None, stream=None):
    """Uniform in [low, high)."""
    return _OPS["random_uniform"](_key(key), _float(low, dtype), _float(high, dtype), _shape(shape), dtype, stream=stream)


def normal(shape=(), dtype=_emily.float32, loc=None, scale=None, key=None, stream=None):
    """Normally distributed, mean loc, deviation scale."""
    loc, scale = [None if v is None else _float(v, dtype) for v in (loc, scale)]
    return _OPS["random_normal"](_key(key), _shape(shape), dtype, loc, scale, stream=stream)


def randint(low, high, shape=(), dtype=_emily.int32, key=None, stream=None):
    """Integers in [low, high)."""
    return _OPS["random_randint"](_key(key), low, high, _shape(shape), dtype, stream=stream)


def bernoulli(p=0.5, shape=None, key=None, stream=None):
    """True with probability p."""
    p = _emily.weak(p, None)
    return _OPS["random_bernoulli"](_key(key), p, p.shape if shape is None else shape, stream=stream)


def gumbel(shape=(), dtype=_emily.float32, key=None, stream=None):
    """Standard Gumbel distributed."""
    return _OPS["random_gumbel"](_key(key), _shape(shape), dtype, stream=stream)


def categorical(logits, axis=-1, shape=None, num_samples=None, key=None, stream=None):
    """Indices drawn with probabilities softmax(logits) along an axis."""
    if shape is not None and num_samples is not None:
        raise ValueError("[categorical] At most one of shape or num_samples can be specified.")
    return _OPS["random_categorical"](_key(key), logits, axis, shape, num_samples, stream=stream)


def split(key, num=2, stream=None):
    """num keys from one."""
    return _OPS["random_split"](key, num, stream=stream)


def bits(shape=(), width=4, key=None, stream=None):
    """Uniform bits, in unsigned integers of so many bytes."""
    return _OPS["random_bits"](_key(key), _shape(shape), width, stream=stream)


def truncated_normal(lower, upper, shape=None, dtype=_emily.float32, key=None, stream=None):
    """Normally distributed, within two bounds; shape None: that of the bounds, broadcast."""
    return _OPS["random_truncated_normal"](_key(key), _float(lower, dtype), _float(upper, dtype), shape, dtype, stream=stream)


def laplace(shape=(), dtype=_emily.float32, loc=0.0, scale=1.0, key=None, stream=None):
    """Laplace distributed."""
    return _OPS["random_laplace"](_key(key), _shape(shape), dtype, loc, scale, stream=stream)


def permutation(x, axis=0, key=None, stream=None):
    """The slices of an array along an axis in random order; of an integer n: 0 to n - 1."""
    if isinstance(x, _emily.array):
        return _OPS["random_permutation"](_key(key), x, axis, stream=stream)
    return _OPS["random_permutation_indices"](_key(key), x, stream=stream)


def multivariate_normal(mean, cov, shape=(), dtype=_emily.float32, key=None, stream=None):
    """Jointly normal, with a mean and a covariance."""
    return _OPS["random_multivariate_normal"](_key(key), mean, cov, _shape(shape), dtype, stream=stream)
