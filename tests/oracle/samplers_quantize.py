"""Samplers of quantized matrices: packed layouts and dequantized numbers are MLX's to the bit; products are judged in float64."""
import mlx.core as mx
import numpy as np

from draw import FLOATS, SHORT_FLOATS
from judge import Case
from native import Value, narrow
from samplers import MX, promote, sampler

MODES = {"mxfp4": (32, 4), "mxfp8": (32, 8), "nvfp4": (16, 4)}
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def form(draw, mode=None):
    """mode, group size, bits, and the attributes that say so (defaults are left out now and then)."""
    mode = mode or draw.pick(["affine", "affine", "affine", "mxfp4", "mxfp8", "nvfp4"])
    group, bits = MODES[mode] if mode != "affine" else (draw.pick([32, 64, 128]), draw.pick([2, 3, 4, 5, 6, 8]))
    if draw.chance(0.2):
        group, bits = MODES.get(mode, (64, 4))
        return mode, group, bits, {"mode": mode}
    return mode, group, bits, {"mode": mode, "group_size": group, "bits": bits}


def matrix(draw, shape, dtype, group):
    """Groups that are random, constant, zero, huge, tiny or of a few values. The magnitudes of a row's groups differ."""
    count = int(np.prod(shape)) // group
    x = draw.rng.standard_normal((count, group)) * 10.0 ** draw.rng.uniform(-3, 2)
    for g in range(count):
        kind = draw.int(0, 11)
        if kind == 0:
            x[g] = 0
        elif kind == 1:
            x[g] = draw.rng.standard_normal()
        elif kind == 2:
            x[g] = np.round(x[g] * 4) / 4
        elif kind == 3:
            x[g] = np.abs(x[g])
        elif kind == 4:
            x[g] = -np.abs(x[g])
        elif kind == 5:
            x[g] *= {"float16": 1e3, "bfloat16": 1e30, "float32": 1e30, "float64": 1e30}[dtype]
        elif kind == 6:
            x[g] *= {"float16": 1e-3, "bfloat16": 1e-30, "float32": 1e-30, "float64": 1e-30}[dtype]
        elif kind == 7:
            x[g] = draw.rng.choice([-1, 0, 1, 6, -6, 0.25, 2.5], group) * 2.0 ** draw.int(-8, 8)
    if dtype == "float16":
        x = np.clip(x, -6e4, 6e4)
    return Value(narrow(x.reshape(shape), dtype), dtype)


def tiny(v, group, largest, float16):
    """Groups whose power of two e8m0 does not hold: MLX wraps it (or divides by what a float16 cannot hold)."""
    most = np.abs(v.reshape(-1, group)).max(-1, initial=0)
    with np.errstate(all="ignore"):
        return (most > 0) & (most / largest < (2.0 ** -24 if float16 else 2.0 ** -128))


@sampler("quantize")
def quantize(draw, name):
    mode, group, bits, attrs = form(draw)
    dtype = draw.pick(SHORT_FLOATS + ["float32"]) if draw.chance(0.95) else "float64"
    shape = draw.pick([(1,), (3,), (5,), (2, 3), (1, 2, 2), (0,)]) + (group * draw.pick([1, 2, 3, 5, 8]),)
    w = matrix(draw, shape, dtype, group)
    left_out = 0 in shape or np.prod(shape) % 32 != 0  # MLX packs fp modes by an odd reshape
    scale = None
    if mode == "nvfp4" and draw.chance(0.4):
        scale = Value(np.array(np.abs(w.wide()).max(initial=0) or 1, np.float32), "float32")

    def reference(x, g):
        x = x.astype(mx.float32) if x.dtype == mx.float64 else x
        y = mx.quantize(x, group, bits, mode, global_scale=g)
        return list(y[:1]) + [p.astype(MX[dtype]) for p in y[1:]] if mode == "affine" else list(y)

    def same(got, want, x, g=None):
        """Equal but for groups that MLX leaves without a meaning."""
        skip = tiny(x, group, 6 if bits == 4 else 448, dtype == "float16") if mode.startswith("mx") else np.zeros(x.size // group, bool)
        if want is None:
            return []
        if len(got) != len(want):
            return [f"{len(got)} results instead of {len(want)}"]
        messages = []
        for i, (a, b) in enumerate(zip(got, want)):
            if a.dtype != b.dtype or a.shape != b.shape:
                messages.append(f"result {i}: {a.dtype}{a.shape} instead of {b.dtype}{b.shape}")
                continue
            if not a.data.size:
                continue
            p, q = (v.data.reshape(len(skip), -1).view(np.uint8) for v in (a, b))
            wrong = (p != q).any(-1) & ~skip
            if wrong.any():
                at = int(np.argmax(wrong))
                messages.append(f"result {i}: group {at} of {len(skip)}: {p[at]} instead of {q[at]} for {x.reshape(-1, group)[at]}")
        return messages

    return Case([w, scale], attrs, mlx=reference, accept=same, extension="MLX reshapes" if mode != "affine" and left_out else None)


def e4m3(codes):
    codes = codes.astype(np.int64)
    exponent, mantissa = codes >> 3 & 15, codes & 7
    value = np.where(exponent > 0, (8 + mantissa) * 2.0 ** (exponent - 10), mantissa * 2.0 ** -9)
    return np.where(codes & 127 == 127, np.nan, np.where(codes >> 7, -value, value))


def codes_of(words, bits):
    """Elements of the last axis, from the lowest bit of each row on."""
    data = np.ascontiguousarray(words, np.uint32)
    stream = np.unpackbits(data.view(np.uint8).reshape(data.shape[:-1] + (data.shape[-1] * 4,)), axis=-1, bitorder="little")
    return (stream.reshape(data.shape[:-1] + (data.shape[-1] * 32 // bits, bits)) << np.arange(bits)).astype(np.uint8).sum(-1)


def unpacked(words, scales, biases, global_scale, group, bits, mode):
    """What a quantized matrix stands for, in float64."""
    codes = codes_of(words, bits)
    q = codes.astype(float) if mode == "affine" else E2M1[codes] if bits == 4 else e4m3(codes)
    s = scales if mode == "affine" else e4m3(scales) if mode == "nvfp4" else np.where(scales == 255, np.inf, 2.0 ** (scales.astype(float) - 127))
    y = q * np.repeat(s, group, -1) * (1 if global_scale is None else np.float64(global_scale) / 2688)
    return y if biases is None else y + np.repeat(biases, group, -1)


@sampler("dequantize")
def dequantize(draw, name):
    mode, group, bits, attrs = form(draw)
    lead = draw.pick([(1,), (3,), (5,), (2, 3), (1, 2, 2), (0,)])
    groups = draw.pick([1, 2, 3, 5, 8, 33])
    words = Value(draw.rng.integers(0, 2 ** 32, lead + (groups * group * bits // 32,), np.uint32), "uint32")
    shape = lead + (groups,)
    biases = scale = None
    if mode == "affine":
        dtype = draw.pick(FLOATS)
        other = dtype if draw.chance(0.8) else draw.pick(FLOATS)
        scales, biases = draw.floats(shape, dtype, -4, 4, special=0.02), draw.floats(shape, other, -4, 4, special=0.02)
        result = promote(dtype, other)
    else:
        low, high = draw.pick([(110, 140), (0, 254), (0, 255)]) if mode != "nvfp4" else (0, 255)
        scales, result = Value(draw.rng.integers(low, high, shape, np.uint8, endpoint=True), "uint8"), "bfloat16"
        scale = draw.floats((), "float32", 0.1, 1000, special=0) if mode == "nvfp4" and draw.chance(0.3) else None
    if draw.chance(0.4):
        result = attrs["dtype"] = draw.pick(SHORT_FLOATS)

    def reference(w, s, b, g):
        return mx.dequantize(w, s, b, group, bits, mode, global_scale=g, dtype=MX[result] if "dtype" in attrs else None).astype(MX[result])

    odd = 0 in lead or (mode != "affine" and bits == 4 and words.data.size % 4 != 0)  # MLX unpacks by a reshape to rows of four words
    return Case([words, scales, biases, scale], attrs, mlx=reference, zeros=False, dtype=result, extension="MLX reshapes" if odd else None,
                truth=(lambda w, s, b, g: unpacked(w, s, b, g, group, bits, mode)) if odd else None, ulp=2 if odd else 0)
