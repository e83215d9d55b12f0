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


# ---- products ----

def quantized(draw, shape, mode, group, bits, dtype):
    """A quantized matrix of `shape` (its last axis whole groups): words, scales, biases."""
    lead, groups = shape[:-1], shape[-1] // group
    words = Value(draw.rng.integers(0, 2 ** 32, lead + (shape[-1] * bits // 32,), np.uint32), "uint32")
    if mode == "mxfp8":  # no NaN
        data = words.data.view(np.uint8)
        data[data & 127 == 127] = 1
    if mode == "affine":
        scales = draw.floats(lead + (groups,), dtype, -0.5, 0.5, special=0)
        return words, scales, draw.floats(lead + (groups,), dtype, -2, 2, special=0)
    low, high = (0x20, 0x48) if mode == "nvfp4" else (120, 130)
    return words, Value(draw.rng.integers(low, high, lead + (groups,), np.uint8), "uint8"), None


def flip(w, transpose):
    return np.swapaxes(w, -1, -2) if transpose else w


def product_case(draw, mode, group, bits, attrs, x, parts, transpose, result, run, take, **more):
    """x [..., M, K]: the truth in float64, errors beside the sum of magnitudes of what is added: of x, of scale times code, and of bias."""
    k = x.shape[-1]

    def sides(v, w, s, b, lhs, rhs):
        full = unpacked(w, s, b, None, group, bits, mode)
        size = np.abs(unpacked(w, s, None, None, group, bits, mode)) + (0 if b is None else np.repeat(np.abs(b), group, -1))
        return take(v, flip(full, transpose), lhs, rhs), take(np.abs(v), flip(size, transpose), lhs, rhs)

    # A float32 sum of k products in their order, half an epsilon each at most, by blocks of 512; a few more for the weights themselves.
    return Case([x, *parts], attrs, mlx=run, truth=lambda v, w, s, b, lhs=None, rhs=None, *_: sides(v, w, s, b, lhs, rhs)[0],
                scale=lambda v, w, s, b, lhs=None, rhs=None, *_: sides(v, w, s, b, lhs, rhs)[1], epsilons=4 + min(k, 512) / 2,
                ulp=1 if result in ("float16", "bfloat16") else 2, dtype=result, mlx_ulp=2 ** 30, **more)


@sampler("quantized_matmul")
def quantized_matmul(draw, name):
    mode, group, bits, attrs = form(draw)
    transpose = draw.chance(0.7)
    attrs["transpose"] = transpose
    m, extent = draw.pick([1, 1, 2, 3, 4, 5, 7, 8, 9, 14, 17, 31, 33, 64, 65, 80]), draw.pick([1, 2, 3, 5, 7, 8, 9, 15, 17, 33, 65])
    grouped = group * draw.pick([1, 2, 3, 5, 9])
    w_shape, k, n = ((extent, grouped), grouped, extent) if transpose else ((extent, grouped), extent, grouped)
    batch = draw.pick([(), (), (2,), (1, 3)])
    w_batch = draw.pick([(), batch])
    dtype = draw.pick(SHORT_FLOATS + ["float32"])
    other = dtype if draw.chance(0.7) else draw.pick(SHORT_FLOATS)
    if draw.chance(0.06):
        dtype = "float64"
    x = draw.floats(batch + ((m,) if batch or draw.chance(0.9) else ()) + (k,), dtype, -2, 2, special=0)
    parts = quantized(draw, w_batch + w_shape, mode, group, bits, other)
    result = promote(dtype, other) if mode == "affine" else dtype

    def run(v, w, s, b):
        return mx.quantized_matmul(v, w, s, b, transpose=transpose, group_size=group, bits=bits, mode=mode)

    run = None if result == "float64" else run  # MLX fails inside an evaluation, and after ten of those it waits for ever
    return product_case(draw, mode, group, bits, attrs, x, parts, transpose, result, run, lambda v, w, lhs, rhs: v @ w)


@sampler("gather_qmm")
def gather_qmm(draw, name):
    mode, group, bits, attrs = form(draw)
    transpose = draw.chance(0.8)
    attrs["transpose"] = transpose
    m, extent, experts, inputs = draw.pick([1, 1, 1, 2, 5, 70]), draw.pick([1, 3, 7, 8, 9, 33]), draw.int(1, 6), draw.int(1, 7)
    grouped = group * draw.pick([1, 2, 3])
    k = grouped if transpose else extent
    dtype = draw.pick(SHORT_FLOATS + ["float32"]) if draw.chance(0.95) else "float64"
    x = draw.floats((inputs, m, k), dtype, -2, 2, special=0)
    parts = quantized(draw, (experts, extent, grouped), mode, group, bits, dtype)
    shape = draw.pick([(1,), (4,), (3, 2), (0,), (70,)])
    lhs = draw.integers(shape if draw.chance(0.7) else shape[-1:], draw.pick(["uint32", "int32"]), 0, inputs - 1)
    rhs = draw.integers(shape, draw.pick(["uint32", "int32", "uint8"]), 0, experts - 1)
    absent = draw.int(0, 5)
    if absent == 0:
        lhs, rhs = None, draw.integers((inputs,), "uint32", 0, experts - 1)
    elif absent == 1:
        lhs, rhs = draw.integers((experts,), "uint32", 0, inputs - 1), None
    elif absent == 2 and rhs.data.size:
        rhs, attrs["sorted_indices"] = Value(np.sort(rhs.data, None).reshape(rhs.shape), rhs.dtype), False

    def run(v, w, s, b, left, right):
        return mx.gather_qmm(v, w, s, b, left, right, transpose=transpose, group_size=group, bits=bits, mode=mode)

    def take(v, w, left, right):
        left = np.arange(len(v)) if left is None else left
        right = np.arange(len(w)) if right is None else right
        left, right = np.broadcast_arrays(left, right)
        return v[left] @ w[right]

    run = None if dtype == "float64" else run
    return product_case(draw, mode, group, bits, attrs, x, [*parts, lhs, rhs], transpose, dtype, run, take)


def even(v, mode, global_scale=None):
    """What x is after its quantization: ties of e2m1 to the even mantissa."""
    group, bits = MODES[mode]
    g = np.asarray(v, np.float64).reshape(-1, group)
    most = np.float32(np.abs(g).max(-1, keepdims=True, initial=0)) / np.float32(6 if bits == 4 else 448)
    encode = np.float32(1) if global_scale is None else np.float32(2688) / np.float32(global_scale)
    with np.errstate(all="ignore"):
        if mode == "nvfp4":
            scale = nearest_e4m3(most * encode)
        else:
            scale = np.where(most > 0, 2.0 ** np.clip(np.ceil(np.log2(most.astype(np.float64))), -127, 127), 1)
        y = np.where(scale > 0, np.float32(np.float32(g) / np.float32(scale)) * encode, 0)
        y = np.clip(y, -6, 6) if bits == 4 else y
        q = nearest(y, [0, 0.5, 1, 1.5, 2, 3, 4, 6]) if bits == 4 else nearest_e4m3(y)
    return (q * scale * (1 if global_scale is None else np.float64(global_scale) / 2688)).reshape(v.shape)


def nearest(y, values):
    """Among ascending values, halves to the even place."""
    values = np.array(values)
    magnitude = np.abs(y)
    high = np.clip(np.searchsorted(values, magnitude), 1, len(values) - 1)
    low = high - 1
    down, up = magnitude - values[low], values[high] - magnitude
    return np.sign(y) * np.where((down < up) | ((down == up) & (low % 2 == 0)), values[low], values[high])


def nearest_e4m3(y):
    return nearest(np.clip(y, -448, 448), e4m3(np.arange(127)))


def blocks(draw, shape, kind):
    """Random bytes of Q8_0 or Q4_0 whose scales are numbers, and what they stand for, by their definition: d, then the codes."""
    size = {"Q8_0": 34, "Q4_0": 18}[kind]
    data = draw.rng.integers(0, 256, (*shape, size), dtype=np.uint8)
    data[..., :2] = draw.rng.uniform(-0.1, 0.1, shape).astype(np.float16)[..., None].view(np.uint8)
    return Value(data.reshape(*shape[:-1], -1), "uint8")


def block_floats(data, kind):
    data = data.reshape(*data.shape[:-1], -1, {"Q8_0": 34, "Q4_0": 18}[kind])
    scale, codes = np.ascontiguousarray(data[..., :2]).view(np.float16).astype(np.float32), data[..., 2:]
    codes = codes.view(np.int8) if kind == "Q8_0" else np.concatenate([codes & 15, codes >> 4], axis=-1).astype(np.int8) - 8
    values = scale * codes.astype(np.float32)
    return values.reshape(*values.shape[:-2], -1)


@sampler("block_dequantize")
def block_dequantize(draw, name):
    kind = draw.pick(["Q8_0", "Q4_0"])
    dtype = draw.pick(SHORT_FLOATS)
    data = blocks(draw, (draw.int(1, 4), draw.int(1, 5)), kind)
    return Case([data], {"format": kind, "dtype": dtype}, dtype=dtype, truth=lambda v: block_floats(v, kind).astype(np.float64), ulp=1)


@sampler("block_matmul", "gather_block_mm")
def block_product(draw, name):
    kind, gather = draw.pick(["Q8_0", "Q4_0"]), name == "gather_block_mm"
    k, n, m, dtype = draw.int(1, 6), draw.pick([1, 3, 8, 17]), draw.pick([1, 2, 5, 50]), draw.pick(SHORT_FLOATS)
    x = draw.floats(((3, m) if gather else (m,)) + (32 * k,), dtype, -2, 2, special=0)
    w = blocks(draw, ((4,) if gather else ()) + (n, k), kind)
    indices = [Value(draw.rng.integers(0, 3, (5,)), "int32"), Value(draw.rng.integers(0, 4, (5,)), "int32")] if gather else []

    def product(v, data, *rest, size=False):
        left, right = np.asarray(v, np.float64), flip(block_floats(data, kind).astype(np.float64), True)
        if gather:
            left, right = left[rest[0]], right[rest[1]]
        return np.abs(left) @ np.abs(right) if size else left @ right

    return Case([x, w, *indices], {"format": kind}, dtype=dtype, truth=product, scale=lambda *v: product(*v, size=True), epsilons=16, ulp=2)


@sampler("qqmm", "gather_qqmm")
def both(draw, name):
    mode = draw.pick(["nvfp4", "nvfp4", "mxfp8", "mxfp4"])
    group, bits = MODES[mode]
    k, n, m, dtype = group * draw.int(1, 6), draw.pick([1, 3, 8, 17]), draw.pick([1, 1, 2, 5]), draw.pick(SHORT_FLOATS)
    gather = name == "gather_qqmm"
    x = draw.floats(((3, m) if gather else (m,)) + (k,), dtype, -2, 2, special=0)
    words, scales, _ = quantized(draw, ((4,) if gather else ()) + (n, k), mode, group, bits, dtype)
    globals_ = [Value(np.float32(v), "float32") for v in (2.5, 30)] if mode == "nvfp4" and draw.chance(0.3) else [None, None]
    indices = [Value(draw.rng.integers(0, 3, (5,)), "int32"), Value(draw.rng.integers(0, 4, (5,)), "int32")] if gather else []

    def sides(v, w, s, rest, size):
        lhs, rhs = rest[:2] if gather else (None, None)
        gx, gw = rest[-2:]
        left, right = even(v, mode, gx), unpacked(w, s, None, gw, group, bits, mode)
        if gather:
            left, right = left[lhs], right[rhs]
        return np.abs(left) @ np.abs(flip(right, True)) if size else left @ flip(right, True)

    def run(v, w, s, *rest):
        return mx.qqmm(v, w, s, group_size=group, bits=bits, mode=mode)

    plain = not gather and m == 1 and globals_[0] is None and mode != "mxfp8"
    return Case([x, words, scales, *indices, *globals_], {"mode": mode}, mlx=run if plain and mode == "nvfp4" else None, dtype=dtype, mlx_ulp=2 ** 30,
                truth=lambda v, w, s, *rest: sides(v, w, s, rest, False), scale=lambda v, w, s, *rest: sides(v, w, s, rest, True),
                epsilons=16, ulp=2, deliberate=None)
