"""Samplers of Fourier transforms. An error of a transform is judged beside the size of its line: by Parseval it is what rounding
leaves, some float32 epsilons times the root of the sum of squares, growing with the logarithm of the length; chirps (lengths with a
large prime factor) take two more transforms. The largest of 10^6 errors was 12 of these units. Where much of a line comes together at
one place (its mean, times its length), that number is larger than the line's size says, and its own roundings come on top: 4 in its last place."""
import mlx.core as mx
import numpy as np

from draw import DTYPES
from judge import Case
from samplers import sampler

LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20, 25, 27, 30, 31, 32, 36, 48, 49, 53, 60, 61, 64, 67, 71, 96, 100, 101, 113, 121, 127, 128, 134]
LONG = [255, 256, 257, 272, 400, 512, 521, 625, 720, 1000, 1009, 1024, 1331, 2048, 2187, 2310]
NORMS = ["backward", "ortho", "forward"]


def size(y, axes):
    """The root of the sum of squares along axes, for each line."""
    return np.sqrt(np.sum(np.abs(y) ** 2, axis=tuple(axes), keepdims=True))


def judged(call, truth, mlx, axes, x, read, norm, inverse):
    def scale(v):
        t = truth(v)
        points = np.prod([max(t.shape[a], v.shape[a]) for a in axes])
        factor = {"backward": 1 / points if inverse else 1, "ortho": points ** -0.5, "forward": 1 if inverse else 1 / points}[norm]
        # what comes out of a line, and what goes in: half a spectrum may hold numbers that do not count
        return (size(t, axes) / np.sqrt(points) + size(read(v), axes) * factor) * np.ones(t.shape)
    return Case([x], call, mlx=mlx, truth=truth, scale=scale, epsilons=64, ulp=4, zeros=False)


def as_read(real, inverse):
    """What the transform makes of the dtype: float32 or complex64."""
    def read(v):
        v = v.real.astype(np.float32) if real and not inverse else v.astype(np.complex64)
        return v.astype(np.float64 if v.dtype.kind == "f" else np.complex128)
    return read


def length_of(draw, long=0.25):
    return draw.pick(LONG) if draw.chance(long) else draw.pick(LENGTHS)


def signal(draw, shape):
    dtype = draw.pick(DTYPES) if draw.chance(0.4) else draw.pick(["float32", "complex64"])
    return draw.value(shape, dtype, **({} if dtype in ("bool", "complex64") else {"low": -5, "high": 5} if dtype[0] == "i" else {"low": 0, "high": 9}
                                       if dtype[0] == "u" else {"low": -3, "high": 3, "special": 0}))


@sampler("fft_fft", "fft_ifft", "fft_rfft", "fft_irfft")
def along_one(draw, name):
    kind = name.removeprefix("fft_")
    real, inverse = kind.startswith(("r", "ir")), kind.startswith("i")
    shape = [draw.pick([1, 2, 3, 5, 17]) for _ in range(draw.int(0, 2))] if draw.chance(0.9) else [0]
    axis = draw.int(0, len(shape))
    extent = length_of(draw)
    shape.insert(axis, extent)
    x = signal(draw, tuple(shape))
    n = None if draw.chance(0.5) else length_of(draw, 0.1)
    norm, at = draw.pick(NORMS), axis - len(shape) if draw.chance(0.5) else axis
    read = as_read(real, inverse)
    call = {"axis": at, "norm": norm, **({} if n is None else {"n": n})}
    if n is None and kind == "irfft" and extent == 1:
        return Case([x], call, mlx=lambda v: mx.fft.irfft(v, None, at, norm))
    return judged(call, lambda v: getattr(np.fft, kind)(read(v), n, at, norm), lambda v: getattr(mx.fft, kind)(v, n, at, norm), [at], x,
                  read, norm, inverse)


def along_some(draw, name):
    kind = name.removeprefix("fft_")
    plain = kind[:-1]
    real, inverse = plain.startswith(("r", "ir")), plain.startswith("i")
    ndim = draw.int(2 if kind[-1] == "2" else 1, 4)
    shape = tuple(draw.pick([2, 3, 4, 5, 7, 8, 12, 16, 17]) for _ in range(ndim))
    count = 2 if kind[-1] == "2" else draw.int(1, ndim)
    axes = [int(a) - ndim if draw.chance(0.4) else int(a) for a in draw.rng.permutation(ndim)[:count]] if draw.chance(0.7) else None
    used = axes if axes is not None else list(range(-2, 0)) if kind[-1] == "2" else list(range(ndim))
    s = [draw.pick([1, 2, 3, 5, 8, 9, 16, 20]) for _ in used] if draw.chance(0.5) else None
    norm, read = draw.pick(NORMS), as_read(real, inverse)
    x = signal(draw, shape)
    call = {"norm": norm, **({} if axes is None else {"axes": axes}), **({} if s is None else {"s": s})}
    return judged(call, lambda v: getattr(np.fft, kind)(read(v), s, used, norm),
                  lambda v: getattr(mx.fft, kind)(v, s, used, norm), used, x, read, norm, inverse)


for _name in ("fft", "ifft", "rfft", "irfft"):
    sampler(f"fft_{_name}2", f"fft_{_name}n")(along_some)


@sampler("fft_fftshift", "fft_ifftshift")
def shifts(draw, name):
    x = draw.value(draw.shape(), draw.pick(DTYPES))
    axes = draw.axes(x.data.ndim, none=0.4)
    call = {} if axes is None else {"axes": axes}
    return Case([x], call, mlx=lambda v: getattr(mx.fft, name[4:])(v, axes))


@sampler("fft_fftfreq", "fft_rfftfreq")
def frequencies(draw, name):
    n, d = draw.pick([1, 2, 3, 7, 8, 100, 1001]), draw.pick([1.0, 0.1, 2.5, -3.0, 1e-3])
    return Case([], {"n": n, "d": d}, mlx=lambda: getattr(mx.fft, name[4:])(n, d))


def windows(draw, n_fft):
    """(window or None, win_length or None)"""
    if draw.chance(0.4):
        return None, draw.int(1, n_fft) if draw.chance(0.3) else None
    size = n_fft if draw.chance(0.7) else draw.int(1, n_fft)
    return draw.value((size,), "float32", low=0.1, high=1, special=0), size if size != n_fft or draw.chance(0.5) else None


def short_time(x, window, n_fft, hop, center, mode, norm, onesided):
    """The definition, in float64."""
    hop, before = hop or n_fft // 4, 0 if window is None else (n_fft - len(window)) // 2
    w = np.ones(n_fft) if window is None else np.pad(window, (before, n_fft - len(window) - before))
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n_fft // 2, n_fft // 2)], mode)
    cuts = np.lib.stride_tricks.sliding_window_view(x, n_fft, axis=-1)[..., ::hop, :] * w
    return np.swapaxes((np.fft.rfft if onesided else np.fft.fft)(cuts, norm=norm), -1, -2)


@sampler("fft_stft")
def stft(draw, name):
    n_fft = draw.pick([1, 2, 5, 8, 16, 25, 64])
    hop = draw.pick([None, 1, 2, 3, n_fft])
    if hop is None and n_fft < 4:
        hop = 1
    window, win_length = windows(draw, n_fft)
    x = signal(draw, tuple(draw.pick([1, 2, 3]) for _ in range(draw.int(0, 2))) + (draw.int(n_fft + 1, 5 * n_fft + 9),))
    center, mode, norm = draw.chance(0.6), draw.pick(["reflect", "constant", "edge"]), draw.pick(NORMS)
    onesided = draw.pick([None, False]) if x.dtype == "complex64" else draw.pick([None, True, False])
    options = {"n_fft": n_fft, "hop_length": hop, "win_length": win_length, "center": center, "pad_mode": mode, "norm": norm, "onesided": onesided}
    call = {k: v for k, v in options.items() if v is not None}
    def truth(v, w=None):
        v = as_read(v.dtype.kind != "c", False)(v)
        w = np.ones(win_length) if w is None and win_length else w
        return short_time(v, w, n_fft, hop, center, mode, norm, v.dtype.kind != "c" if onesided is None else onesided)
    return Case([x, window], call, mlx=lambda v, w: mx.fft.stft(v, window=w, **options), truth=truth, zeros=False, ulp=1, epsilons=12,
                scale=lambda *v: np.maximum(1, np.abs(truth(*v)).max()), dtype="complex64", extension="a signal that is a view")


@sampler("fft_istft")
def istft(draw, name):
    n_fft = draw.pick([4, 5, 8, 16, 25, 64])
    hop = draw.pick([None, 1, 2, max(1, n_fft // 2)])
    window, win_length = windows(draw, n_fft)
    onesided, center, norm = draw.pick([None, True, False]), draw.chance(0.6), draw.pick(NORMS)
    bins = n_fft if onesided is False else n_fft // 2 + 1
    x = draw.complexes(tuple(draw.pick([1, 2, 3]) for _ in range(draw.int(0, 2))) + (bins, draw.int(4, 12)))
    length = draw.int(1, 8 * n_fft) if draw.chance(0.4) else None
    options = {"n_fft": n_fft if n_fft % 2 or onesided is False or draw.chance(0.5) else None, "hop_length": hop, "win_length": win_length, "center": center,
               "norm": norm, "onesided": onesided, "length": length}
    call = {k: v for k, v in options.items() if v is not None}
    # divided by the windows' squares, which may be small at the ends: judged in units of what that leaves
    return Case([x, window], call, mlx=lambda v, w: mx.fft.istft(v, window=w, **options), zeros=False, ulp=1, epsilons=2 ** 12,
                scale=lambda v, *w: np.float64(max(1, np.abs(v).max()) * n_fft))
