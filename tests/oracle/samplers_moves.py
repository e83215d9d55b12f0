"""Samplers of shapes, indices, order and random numbers."""
import mlx.core as mx
import numpy as np

from draw import DTYPES, INTEGERS, REALS, SHORT_FLOATS
from judge import Case
from native import Value
from samplers import HALVES, MX, NO_AXIS, rounding, sampler


def anything(draw, low=0, **more):
    return draw.value(draw.shape(low, **more), draw.pick(DTYPES))


# ---- shape ----

def refactor(draw, n):
    """A random shape of n elements."""
    shape = []
    while n > 1 and len(shape) < 5:
        factor = draw.pick([f for f in range(1, min(n, 70) + 1) if n % f == 0])
        shape.append(factor)
        n //= factor
    return shape + [n] if n != 1 or not shape else shape


@sampler("reshape")
def reshape(draw, name):
    x = anything(draw)
    shape = refactor(draw, x.data.size) if x.data.size else [draw.pick([1, 3]), 0]
    if x.data.size and draw.chance(0.4):
        shape[draw.int(0, len(shape) - 1)] = -1
    return Case([x], {"shape": shape}, mlx=lambda v: mx.reshape(v, shape))


@sampler("flatten")
def flatten(draw, name):
    x = anything(draw)
    n = max(1, x.data.ndim)
    a, b = sorted([draw.int(0, n - 1), draw.int(0, n - 1)])
    a, b = draw.pick([a, a - n]), draw.pick([b, b - n])
    return Case([x], {"start_axis": a, "end_axis": b}, mlx=lambda v: mx.flatten(v, a, b))


@sampler("unflatten")
def unflatten(draw, name):
    x = anything(draw, 1, empty=False)
    axis = draw.axis(x.data.ndim)
    shape = refactor(draw, x.shape[axis])
    if draw.chance(0.4):
        shape[draw.int(0, len(shape) - 1)] = -1
    return Case([x], {"axis": axis, "shape": shape}, mlx=lambda v: mx.unflatten(v, axis, shape))


@sampler("squeeze")
def squeeze(draw, name):
    shape = tuple(1 if draw.chance(0.5) else n for n in draw.shape())
    ones = [i for i, n in enumerate(shape) if n == 1]
    axes = None if draw.chance(0.4) else [i - len(shape) if draw.chance(0.4) else i for i in ones if draw.chance(0.6)]
    return Case([draw.value(shape, draw.pick(DTYPES))], {"axes": axes}, mlx=lambda v: mx.squeeze(v, axes))


@sampler("expand_dims")
def expand_dims(draw, name):
    x = anything(draw)
    n = draw.int(1, 3)
    ndim = x.data.ndim + n
    axes = [int(a) - ndim if draw.chance(0.4) else int(a) for a in draw.rng.permutation(ndim)[:n]]
    return Case([x], {"axes": axes}, mlx=lambda v: mx.expand_dims(v, axes))


@sampler("transpose")
def transpose(draw, name):
    x = anything(draw)
    axes = None if draw.chance(0.3) else [int(a) - x.data.ndim if draw.chance(0.3) else int(a) for a in draw.rng.permutation(x.data.ndim)]
    return Case([x], {"axes": axes}, mlx=lambda v: mx.transpose(v, axes) if axes is not None else mx.transpose(v))


@sampler("swapaxes", "moveaxis")
def two_axes(draw, name):
    x = anything(draw, 1)
    a, b = draw.axis(x.data.ndim), draw.axis(x.data.ndim)
    names = ("axis1", "axis2") if name == "swapaxes" else ("source", "destination")
    return Case([x], dict(zip(names, (a, b))), mlx=lambda v: getattr(mx, name)(v, a, b))


@sampler("broadcast_to")
def broadcast_to(draw, name):
    shape = draw.shape()
    return Case([draw.value(draw.broadcastable(shape), draw.pick(DTYPES))], {"shape": shape}, mlx=lambda v: mx.broadcast_to(v, shape))


@sampler("broadcast_arrays")
def broadcast_arrays(draw, name):
    shape = draw.shape()
    xs = [draw.value(draw.broadcastable(shape), draw.pick(DTYPES)) for _ in range(draw.int(1, 4))]
    return Case(xs, mlx=lambda *v: mx.broadcast_arrays(*v))


@sampler("concatenate", "stack")
def join(draw, name):
    shape = draw.shape(1 if name == "concatenate" else 0, 4)
    axis = draw.axis(len(shape) + (name == "stack"))
    xs = []
    for _ in range(draw.int(1, 4)):
        part = list(shape)
        if name == "concatenate":
            part[axis] = draw.pick([0, 1, 2, 5, 17])
        xs.append(draw.value(tuple(part), draw.pick([draw.pick(DTYPES), "float32"])))
    return Case(xs, {"axis": axis}, mlx=lambda *v: getattr(mx, name)(list(v), axis))


@sampler("split")
def split(draw, name):
    x = anything(draw, 1)
    axis = draw.axis(x.data.ndim)
    n = x.shape[axis]
    if draw.chance(0.5):
        parts = [draw.pick([k for k in range(1, max(n, 1) + 1) if n % k == 0 and k <= 64])]
        return Case([x], {"parts": parts, "axis": axis}, mlx=lambda v: mx.split(v, parts[0], axis))
    parts = sorted(draw.int(0, n) for _ in range(draw.int(2, 4)))
    return Case([x], {"parts": parts, "axis": axis}, mlx=lambda v: mx.split(v, parts, axis))


@sampler("unstack")
def unstack(draw, name):
    x = draw.value(tuple(min(n, 17) for n in draw.shape(1)), draw.pick(DTYPES))
    axis = draw.axis(x.data.ndim)
    return Case([x], {"axis": axis}, 
                mlx=lambda v: [mx.squeeze(y, axis) for y in mx.split(v, v.shape[axis], axis)] if v.shape[axis] else [])


@sampler("repeat")
def repeat(draw, name):
    x = anything(draw)
    n, axis = draw.int(0, 4), None if x.data.ndim == 0 or draw.chance(0.3) else draw.axis(x.data.ndim)
    return Case([x], {"repeats": n, "axis": NO_AXIS if axis is None else axis}, mlx=lambda v: mx.repeat(v, n, axis))


@sampler("tile")
def tile(draw, name):
    reps = [draw.int(0 if draw.chance(0.1) else 1, 3) for _ in range(draw.int(0, 3))]
    return Case([anything(draw, 0)], {"reps": reps}, mlx=lambda v: mx.tile(v, reps))


def padded(x, low, high, interior, fill):
    """Nx's rule: elements between, then before and after; negative counts crop."""
    for axis, (a, b, c) in enumerate(zip(low, high, interior)):
        n = x.shape[axis]
        shape = list(x.shape)
        shape[axis] = max(0, n + (n - 1) * c)
        wide = np.full(shape, fill, x.dtype)
        wide[(slice(None),) * axis + (slice(None, None, c + 1),)] = x
        wide = np.pad(wide, [(max(0, a), max(0, b)) if i == axis else (0, 0) for i in range(x.ndim)], constant_values=fill)
        x = np.take(wide, range(max(0, -a), wide.shape[axis] - max(0, -b)), axis)
    return x


@sampler("pad")
def pad(draw, name):
    mode = draw.pick(["constant", "constant", "edge", "reflect", "symmetric"])
    x = draw.value(draw.shape(0, 5 if mode == "constant" else 2), draw.pick(DTYPES))
    count = lambda: draw.pick([0, 1, 2, 5] if mode == "constant" else [0, 1, 3, 7, 40])
    low, high = [count() for _ in x.shape], [count() for _ in x.shape]
    if mode != "constant":
        return Case([x, None], {"low": low, "high": high, "mode": mode}, mlx=lambda v, _: mx.pad(v, list(zip(low, high)), mode),
                    refusal="an empty axis has nothing to repeat" if 0 in x.shape else None)
    fill = draw.value((), x.dtype) if draw.chance(0.7) else None
    if draw.chance(0.5):
        interior = [draw.pick([0, 0, 1, 3]) for _ in x.shape]
        low, high = [[int(v) - draw.pick([0, 0, 1, 2, 4]) for v in side] for side in (low, high)]
        if min([n + max(0, n - 1) * c + a + b for n, a, b, c in zip(x.shape, low, high, interior)], default=0) >= 0:
            return Case([x, fill], {"low": low, "high": high, "interior": interior}, dtype=x.dtype,
                        truth=lambda v, f: padded(v, low, high, interior, 0 if f is None else f))
        low, high = [max(0, v) for v in low], [max(0, v) for v in high]
    return Case([x, fill], {"low": low, "high": high},
                mlx=lambda v, f: mx.pad(v, list(zip(low, high)), constant_values=0 if f is None else f))


@sampler("flip")
def flip(draw, name):
    x = anything(draw)
    axes = draw.axes(x.data.ndim)
    flat = set(range(x.data.ndim) if axes is None else [a % x.data.ndim for a in axes])
    return Case([x], {"axes": axes}, mlx=lambda v: v[tuple(slice(None, None, -1) if i in flat else slice(None) for i in range(v.ndim))]
                if v.ndim else v)


@sampler("roll")
def roll(draw, name):
    x = anything(draw, 1)
    axes = None if draw.chance(0.3) else [draw.axis(x.data.ndim) for _ in range(draw.int(1, 2))]
    shift = [draw.int(-70, 70) for _ in range(1 if axes is None or draw.chance(0.3) else len(axes))]
    arg = shift[0] if len(shift) == 1 else shift
    return Case([x], {"shift": shift, "axes": axes}, mlx=lambda v: mx.roll(v, arg, axes if axes is None or len(axes) > 1 else axes[0]))


@sampler("as_strided")
def as_strided(draw, name):
    x = anything(draw, 1, empty=False)
    shape, strides, low, high = [], [], 0, 0
    for _ in range(draw.int(0, 3)):
        n, s = draw.int(1, 4), draw.int(-3, 3)
        if high - low + abs(s) * (n - 1) >= x.data.size:
            continue
        shape.append(n)
        strides.append(s)
        low, high = low + min(0, s * (n - 1)), high + max(0, s * (n - 1))
    offset = draw.int(-low, x.data.size - 1 - high)
    return Case([x], {"shape": shape, "strides": strides, "offset": offset},
                mlx=lambda v: mx.as_strided(mx.contiguous(v), shape, strides, offset))


# ---- indexing ----

def indices(draw, shape, n):
    dtype = draw.pick(INTEGERS)
    low = 0 if dtype.startswith("u") else -n
    return draw.integers(shape, dtype, max(low, -128), min(n - 1, 127))


@sampler("take")
def take(draw, name):
    x = anything(draw, 1, empty=False)
    axis = None if draw.chance(0.3) else draw.axis(x.data.ndim)
    n = x.data.size if axis is None else x.shape[axis]
    return Case([x, indices(draw, draw.shape(0, 3), n)], {"axis": NO_AXIS if axis is None else axis},
                mlx=lambda v, i: mx.take(v, i, axis))


@sampler("take_along_axis")
def take_along_axis(draw, name):
    x = anything(draw, 1, empty=False)
    if draw.chance(0.2):
        return Case([x, indices(draw, draw.shape(1, 2), x.data.size)], {"axis": NO_AXIS},
                    mlx=lambda v, i: mx.take_along_axis(v, mx.flatten(i), None))
    axis = draw.axis(x.data.ndim)
    shape = [1 if draw.chance(0.2) else n for n in x.shape]
    shape[axis] = draw.pick([0, 1, 3, 9, 17])
    return Case([x, indices(draw, tuple(shape), x.shape[axis])], {"axis": axis}, mlx=lambda v, i: mx.take_along_axis(v, i, axis))


def window(draw, shape):
    """start, stop, stride of each axis, some out of range, as NumPy's slices: a negative number counts from the end."""
    starts, stops, strides = [], [], []
    for n in shape:
        stride = draw.pick([1, 1, 1, 2, 3, -1, -2])
        a, b = draw.int(-n - 2, n + 2), draw.int(-n - 2, n + 2)
        if draw.chance(0.6):  # mostly something is left
            a, b = (0, n) if stride > 0 else (n, -n - 1)
        starts.append(a)
        stops.append(b)
        strides.append(stride)
    return starts, stops, strides


@sampler("slice")
def slice_(draw, name):
    x = anything(draw, 0)
    start, stop, strides = window(draw, x.shape)
    at = tuple(slice(*triple) for triple in zip(start, stop, strides))
    return Case([x], {"start": start, "stop": stop, "strides": strides}, mlx=lambda v: v[at] if v.ndim else v)


@sampler("slice_update")
def slice_update(draw, name):
    x = anything(draw, 1)
    start, stop, strides = window(draw, x.shape)
    at = tuple(slice(*triple) for triple in zip(start, stop, strides))
    to = x.data[at].shape
    update = draw.value(draw.broadcastable(to), draw.pick([x.dtype, "bool"] if x.dtype in INTEGERS else [x.dtype, "int8"]))

    def reference(v, u):
        y = mx.array(v)
        y[at] = u
        return y
    return Case([x, update], {"start": start, "stop": stop, "strides": strides}, mlx=reference)


# ---- order ----

@sampler("sort", "argsort")
def sort(draw, name):
    x = draw.value(draw.shape(1), draw.pick(REALS))
    axis = None if draw.chance(0.2) else draw.axis(x.data.ndim)
    call = {"axis": NO_AXIS if axis is None else axis}
    if draw.chance(0.6):
        return Case([x], call, mlx=lambda v: getattr(mx, name)(v, axis))

    def descending(v):  # stable: the reversed row is sorted, and its places are counted from the end
        flat, at = (v.reshape(-1), 0) if axis is None else (v, axis)
        order = np.flip(flat.shape[at] - 1 - np.argsort(np.flip(flat, at), at, kind="stable"), at)
        return np.take_along_axis(flat, order, at) if name == "sort" else order
    return Case([x], {**call, "descending": True}, truth=descending, dtype=x.dtype if name == "sort" else "uint32")


@sampler("partition", "argpartition")
def partition(draw, name):
    x = draw.value(draw.shape(1, empty=False), draw.pick(REALS))
    axis = draw.axis(x.data.ndim)
    n = x.shape[axis]
    kth = draw.int(-n, n - 1)

    def accept(got, reference, v):
        y = got[0].wide() if name == "partition" else np.take_along_axis(v, got[0].data.astype(np.int64), axis)
        if got[0].dtype != reference[0].dtype or y.shape != v.shape:
            return [f"{got[0].dtype}{list(y.shape)}"]
        both = np.sort(v, axis)
        if not np.array_equal(np.sort(y, axis), both, equal_nan=v.dtype.kind == "f"):
            return ["not the same elements"]
        middle = np.take(both, [kth], axis)
        low, high = (np.take(y, span, axis) for span in (range(kth % n), range(kth % n, n)))
        nan = np.isnan(middle) if v.dtype.kind == "f" else False
        fine = np.all((low <= middle) | nan) and np.all((high >= middle) | (np.isnan(high) if v.dtype.kind == "f" else False))
        at = np.take(y, [kth], axis)
        return [] if fine and np.all((at == middle) | (np.isnan(at) & np.isnan(middle) if v.dtype.kind == "f" else False)) else ["no partition"]
    return Case([x], {"kth": kth, "axis": axis}, mlx=lambda v: getattr(mx, name)(v, kth, axis), accept=accept)


@sampler("topk")
def topk(draw, name):
    x = draw.value(draw.shape(1, empty=False), draw.pick(REALS))
    axis = draw.axis(x.data.ndim)
    k = draw.int(1, x.shape[axis])
    # MLX leaves the k largest in the order of its partition: both are put in order before they are compared.
    return Case([x], {"k": k, "axis": axis}, mlx=lambda v: mx.sort(mx.topk(v, k, axis), axis), zeros=False)


# ---- random numbers ----

def threefry(key, c0, c1):
    """Threefry 2x32, 20 rounds (Salmon et al. 2011)."""
    with np.errstate(over="ignore"):
        ks = [key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)]
        x0, x1 = c0 + ks[0], c1 + ks[1]
        for block in range(5):
            for turn in ((13, 15, 26, 6), (17, 29, 16, 24))[block % 2]:
                x0 = x0 + x1
                x1 = (x1 << np.uint32(turn)) | (x1 >> np.uint32(32 - turn))
                x1 = x1 ^ x0
            x0, x1 = x0 + ks[(block + 1) % 3], x1 + ks[(block + 2) % 3] + np.uint32(block + 1)
    return x0, x1


def random_bytes(key, count):
    """The bytes of one key, as MLX lays them out: word i and word i + half (and the odd one in the middle) are one block."""
    words = (count + 3) // 4
    half, odd = words // 2, words % 2
    i = np.arange(half, dtype=np.uint32)
    out = np.zeros(words, np.uint32)
    out[:half], out[half + odd:] = threefry(key, i, i + np.uint32(half + odd))
    if odd:
        out[half] = threefry(key, np.uint32([half]), np.uint32([0]))[0][0]
    return out.view(np.uint8)[:count]


def key_of(draw, shape=()):
    return Value(draw.rng.integers(0, 2 ** 32, shape + (2,), dtype=np.uint32), "uint32")


@sampler("random_key")
def random_key(draw, name):
    seed = draw.pick([0, 1, 42, 2 ** 32 - 1, 2 ** 32, 2 ** 63 - 1, draw.int(0, 2 ** 62)])
    return Case([], {"seed": seed}, mlx=lambda: mx.random.key(seed))


@sampler("random_split")
def random_split(draw, name):
    n = draw.pick([1, 2, 3, 7, 33])
    return Case([key_of(draw)], {"num": n}, mlx=lambda k: mx.random.split(k, n))


@sampler("random_bits")
def random_bits(draw, name):
    shape, width, keys = draw.shape(0, 3), draw.pick([1, 2, 4]), draw.pick([(), (), (3,), (2, 2)])
    dtype = f"uint{8 * width}"

    def truth(k):
        n = int(np.prod(shape)) * width
        rows = [random_bytes(one, n).view(dtype).reshape(shape) for one in k.reshape(-1, 2)]
        return np.array(rows, dtype).reshape(keys + shape)
    return Case([key_of(draw, keys)], {"shape": shape, "width": width}, truth=truth, dtype=dtype)


@sampler("random_uniform")
def random_uniform(draw, name):
    shape, dtype = draw.shape(), draw.pick(SHORT_FLOATS)
    if draw.chance(0.1):  # not in MLX: 53 bits from two words, the second the high one

        def truth(k, a, b):
            words = random_bytes(k, 8 * int(np.prod(shape))).view(np.uint64).reshape(shape)
            return a + (b - a) * ((words >> np.uint64(11)).astype(np.float64) * 2.0 ** -53)
        return Case([key_of(draw), Value(-1.0, "float64"), Value(2.5, "float64")], {"shape": shape, "dtype": "float64"}, truth=truth, dtype="float64")
    low = draw.value(draw.broadcastable(shape), dtype, low=-3, high=1, special=0)
    high = draw.value(draw.broadcastable(shape), dtype, low=1, high=5, special=0)
    return Case([key_of(draw), low, high], {"shape": shape, "dtype": dtype},
                mlx=lambda k, a, b: mx.random.uniform(a, b, shape, MX[dtype], k))


@sampler("random_normal")
def random_normal(draw, name):
    shape, dtype = draw.shape(), draw.pick(SHORT_FLOATS + ["complex64"])
    loc, scale = (draw.value((), "float32", low=0.5, high=2, special=0) if draw.chance(0.5) else None for _ in range(2))
    # erfinv near ±1 multiplies the error of a logarithm; the shift by loc may cancel
    return Case([key_of(draw), loc, scale], {"shape": shape, "dtype": dtype}, ulp=rounding(24, dtype) + (dtype in HALVES) * 3,
                mlx=lambda k, l, s: mx.random.normal(shape, MX[dtype], l, s, k), scale=lambda *v: np.float64(8.0),
                epsilons=4 if dtype not in HALVES else 65536 if dtype == "bfloat16" else 8192)


@sampler("random_randint")
def random_randint(draw, name):
    shape, dtype = draw.shape(), draw.pick(INTEGERS)
    low = draw.integers(draw.broadcastable(shape), dtype, -100, 3)
    high = draw.integers(draw.broadcastable(shape), dtype, 4, 100)
    if dtype in ("int64", "uint64") and draw.chance(0.3):  # float32 is coarse there: held between low and high - 1, exactly
        low, high = Value(np.array(2 ** 62 + 1), dtype), Value(np.array(2 ** 62 + draw.int(2, 2 ** 40)), dtype)
    return Case([key_of(draw), low, high], {"shape": shape, "dtype": dtype},
                mlx=lambda k, a, b: mx.random.randint(a, b, shape, MX[dtype], k))


@sampler("random_bernoulli")
def random_bernoulli(draw, name):
    shape = draw.shape()
    p = draw.value(draw.broadcastable(shape), draw.pick(SHORT_FLOATS), low=-0.1, high=1.1, special=0)
    return Case([key_of(draw), p], {"shape": shape}, mlx=lambda k, q: mx.random.bernoulli(q, shape, k))


@sampler("random_gumbel")
def random_gumbel(draw, name):
    shape, dtype = draw.shape(), draw.pick(SHORT_FLOATS)
    # -log(-log u): where u is close to 1/e the outer logarithm cancels
    return Case([key_of(draw)], {"shape": shape, "dtype": dtype}, ulp=rounding(8, dtype), scale=lambda k: np.float64(1.0),
                epsilons=8 if dtype == "float32" else 0, mlx=lambda k: mx.random.gumbel(shape, MX[dtype], k))
