"""Samplers of the fused ops; the truth is the formula written out in float64."""
import mlx.core as mx
import numpy as np

from draw import FLOATS, SHORT_FLOATS, TAILS
from judge import Case
from native import Value, narrow
from samplers import promote, rounding, sampler


def rows(draw, dtype):
    shape = draw.shape(1, 4, empty=False)
    return draw.floats(shape, dtype, *draw.pick([(-2, 2), (-2, 2), (5, 6), (-6e4, 6e4), (-1e-7, 1e-7)]), special=0)


@sampler("rms_norm", "layer_norm")
def norm(draw, name):
    dtype = draw.pick(FLOATS)
    x = rows(draw, dtype)
    vector = lambda: draw.floats(x.shape[-1:], draw.pick([dtype, "float32"]), -2, 2, special=0) if draw.chance(0.6) else None
    operands = [x, vector()] + ([vector()] if name == "layer_norm" else [])
    if operands[1] is None and operands[-1] is not None and len(operands) == 3:  # MLX does not count a bias without a weight
        operands[2] = Value(narrow(operands[2].wide(), dtype), dtype)
    eps = draw.pick([1e-5, 1e-6, 1e-12])
    result = promote(*[v.dtype for v in operands if v is not None])

    def parts(v):
        centred = v - v.mean(-1, keepdims=True) if name == "layer_norm" else v
        return centred, 1 / np.sqrt((centred ** 2).mean(-1, keepdims=True) + np.float64(np.float32(eps)))

    def truth(v, weight, bias=None):
        centred, factor = parts(v)
        return centred * factor * (1 if weight is None else weight) + (0 if bias is None else bias)

    def scale(v, weight, bias=None):  # the mean is taken off numbers as large as the row's largest
        _, factor = parts(v)
        largest = np.abs(v).max(-1, keepdims=True)
        size = largest if name == "layer_norm" else np.abs(v)
        return size * factor * (1 if weight is None else np.abs(weight)) * (1 + (largest * factor if name == "layer_norm" else 0)) + (
            0 if bias is None else np.abs(bias))

    reference = (lambda v, w: mx.fast.rms_norm(v, w, eps)) if name == "rms_norm" else (lambda v, w, b: mx.fast.layer_norm(v, w, b, eps))
    return Case(operands, {"eps": eps}, mlx=reference, truth=truth, ulp=rounding(4, result), scale=scale, epsilons=4,
                deliberate=lambda *v: np.array(True) if dtype in ("float16", "bfloat16") or name == "layer_norm" else np.array(False),
                dtype=result)


@sampler("rope")
def rope(draw, name):
    dtype = draw.pick(SHORT_FLOATS)
    b, t, d = draw.int(1, 3), draw.pick([1, 1, 2, 5, 17]), draw.pick([2, 4, 8, 16, 30, 64])
    x = draw.floats((b,) + ((draw.int(1, 4),) if draw.chance(0.7) else ()) + (t, d), dtype, -2, 2, special=0)
    dims = draw.pick([d, max(2, d // 2 // 2 * 2)])
    traditional, base, scale, offset = draw.chance(0.5), draw.pick([10000.0, 500000.0, 100.0]), draw.pick([1.0, 0.5]), draw.pick([0, 3, 1000])
    kind = draw.pick(["number", "number", "0-d", "[B]", "[B, T]"])
    offsets = {"number": None, "0-d": (), "[B]": (b,), "[B, T]": (b, t)}[kind]
    offsets = None if offsets is None else draw.integers(offsets, draw.pick(["int32", "int64", "uint32"]), 0, 2000)
    freqs = None if draw.chance(0.7) else draw.floats((dims // 2,), "float32", 1, 1e4, special=0)

    def truth(v, at, f):
        period = f if f is not None else base ** (2 * np.arange(dims // 2) / dims)
        if at is None:
            p = offset + np.arange(t)[None, :]
        elif at.ndim == 2:
            p = at.astype(np.int64)
        else:
            p = at.astype(np.int64).reshape(-1, 1) + np.arange(t)[None, :]
        angle = (p * scale)[..., None] / period  # [B or 1, T, dims / 2]
        angle = angle.reshape(angle.shape[:1] + (1,) * (v.ndim - 3) + angle.shape[1:])
        y, half = v.copy(), dims // 2
        first, second = (slice(0, dims, 2), slice(1, dims, 2)) if traditional else (slice(0, half), slice(half, dims))
        y[..., first] = v[..., first] * np.cos(angle) - v[..., second] * np.sin(angle)
        y[..., second] = v[..., first] * np.sin(angle) + v[..., second] * np.cos(angle)
        return y

    def reference(v, at, f):
        return mx.fast.rope(v, dims, traditional=traditional, base=None if f is not None else base, scale=scale,
                            offset=offset if at is None else at.astype(mx.int32), freqs=f)
    # an angle of 3000 rad is exact to 2^-12 in float32: emily is asked for the angle in float64; MLX is not
    return Case([x, offsets, freqs], {"dims": dims, "traditional": traditional, "base": base, "scale": scale, "offset": 0 if offsets is not None else offset},
                mlx=None if kind == "[B, T]" else reference, truth=truth, ulp=rounding(2, dtype), epsilons=4, scale=lambda *v: np.float64(2.0),
                deliberate=lambda *v: np.array(True), dtype=dtype)


@sampler("scaled_dot_product_attention")
def attention(draw, name):
    dtype = draw.pick(SHORT_FLOATS)
    b, groups, shared = draw.int(1, 2), draw.int(1, 3), draw.pick([1, 1, 2, 3])
    tq, tk = draw.pick([1, 2, 5, 9, 33]), draw.pick([1, 2, 5, 17, 70])
    d, dv = draw.pick([4, 8, 16, 40, 64]), draw.pick([0, 0, 24])
    q, k, v = (draw.floats(shape, dtype, -1.5, 1.5, special=0) for shape in
               ((b, groups * shared, tq, d), (b, groups, tk, d), (b, groups, tk, dv or d)))
    scale = draw.pick([d ** -0.5, 1.0, 0.1])
    shape = draw.broadcastable((b, groups * shared, tq, tk))
    kind = draw.pick(["", "", "bool", "additive"])
    mask = {"": None, "bool": Value(draw.rng.random(shape) < 0.7, "bool")}.get(kind) if kind != "additive" else draw.floats(shape, dtype, -2, 2, special=0)
    causal = draw.chance(0.4)
    window = draw.pick([0, 1, 3]) if causal else 0
    sinks = draw.floats((groups * shared,), dtype, -1, 1, special=0) if draw.chance(0.2) else None

    def scores(q_, k_, mask_):
        s = np.matmul(q_, np.repeat(k_, shared, 1).swapaxes(-1, -2)) * np.float64(np.float32(scale))
        if mask_ is not None:
            s = np.where(mask_, s, -np.inf) if mask_.dtype == bool else s + mask_
        if causal:
            i, j = np.arange(tq)[:, None] + tk - tq, np.arange(tk)[None, :]
            s = np.where((j <= i) & ((window == 0) | (j > i - window)), s, -np.inf)
        return s

    def truth(q_, k_, v_, mask_, sinks_):
        s = scores(q_, k_, mask_)
        top = s.max(-1, keepdims=True)
        if sinks_ is not None:
            top = np.maximum(top, sinks_[:, None, None])
        top = np.where(np.isfinite(top), top, 0)
        e = np.exp(s - top)
        total = e.sum(-1, keepdims=True) + (0 if sinks_ is None else np.exp(sinks_[:, None, None] - top))
        return np.matmul(np.where(total > 0, e / np.where(total > 0, total, 1), 0), np.repeat(v_, shared, 1))

    def blind(q_, k_, v_, mask_, sinks_):  # rows that see nothing: emily gives zeros, MLX NaN or a mean
        return ~np.isfinite(scores(q_, k_, mask_)).any(-1, keepdims=True)

    def size(q_, k_, v_, *unused):  # exp multiplies the rounding of a score, itself a sum of products, by the score
        return np.abs(v_).max() * (1 + np.abs(q_).max() * np.abs(k_).max() * d ** 0.5 * scale)

    def reference(q_, k_, v_, mask_, sinks_):
        return mx.fast.scaled_dot_product_attention(q_, k_, v_, scale=scale, mask="causal" if causal else mask_, sinks=sinks_)
    plain = window == 0 and not (causal and kind)
    return Case([q, k, v, mask, sinks], {"scale": scale, "causal": causal, "window": window}, mlx=reference if plain else None, truth=truth,
                ulp=rounding(4, dtype), scale=size, epsilons=16, deliberate=blind, dtype=dtype)
