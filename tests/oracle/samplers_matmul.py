"""Samplers of products. Floats are judged beside sums of products in float64; integers wrap in their dtype and bools are or of
ands, as in NumPy (MLX refuses both)."""
import mlx.core as mx
import numpy as np

from draw import FLOATS, INTEGERS, TAILS
from judge import MANTISSA, Case
from native import STORAGE
from samplers import HALVES, promote, rounding, sampler


def shapes(draw):
    m, k, n = (draw.pick([1, 2, 3, 5, 8, 16, 17, 33]) for _ in range(3))
    k = draw.pick([k, draw.pick(TAILS), 0 if draw.chance(0.05) else k])
    batch = draw.shape(0, 2)
    batch = tuple(min(n, 5) for n in batch)
    a, b = draw.broadcastable(batch) + (m, k), draw.broadcastable(batch) + (k, n)
    if draw.chance(0.15):
        a = (k,)
    if draw.chance(0.15):
        b = (k,)
    return a, b


def dtype_of(draw):
    return draw.pick(FLOATS + ["complex64", "float32"] + INTEGERS + ["bool"]) if draw.chance(0.7) else draw.pick(FLOATS)


def dtypes(draw, count=2):
    """Mostly alike."""
    first = dtype_of(draw)
    return [first] + [first if draw.chance(0.7) else dtype_of(draw) for _ in range(count - 1)]


def inexact(dtype):
    return dtype in FLOATS + ["complex64"]


def factors(draw, shapes, dtypes):
    """Integers that are promoted to floats are small: exact in all of these."""
    result = promote(*dtypes)
    low = {"low": 0, "high": 9} if inexact(result) else {}
    return [draw.floats(shape, dtype, -2, 2, special=0) if dtype in FLOATS else
            draw.value(shape, dtype, **(low if dtype in INTEGERS else {})) for shape, dtype in zip(shapes, dtypes)]


def widened(values):
    """As float64, or complex128: the products of integers that are promoted to floats do not wrap."""
    return [None if v is None else v if v.dtype == np.complex128 else v.astype(np.float64) for v in values]


def product_case(operands, attrs, mlx, compute, k, dtype=None, scale=None):
    """compute: the op in NumPy, on operands of one dtype. Sums of products: the error is that of float32 sums of |a| |b|, whatever
    the result; k equal terms err to one side."""
    result = dtype or promote(*[v.dtype for v in operands if v is not None])
    if not inexact(result):
        return Case(operands, attrs, truth=lambda *v: compute(*[None if x is None else x.astype(STORAGE[result]) for x in v]),
                    dtype=result, extension="products of integers wrap, as NumPy's")
    scale = scale or (lambda *v: compute(*[None if x is None else np.abs(x) for x in widened(v)]))
    return Case(operands, attrs, mlx=mlx, truth=lambda *v: compute(*widened(v)), scale=lambda *v: scale(*widened(v)),
                dtype=result, epsilons=4 + k / 8, ulp=rounding(2, result) + 2 * (result == "complex64"),
                deliberate=lambda *v: np.array(result in HALVES))  # MLX rounds some 16-bit products on the way


@sampler("matmul", "inner")
def matmul(draw, name):
    a, b = shapes(draw)
    if name == "inner":
        b = draw.shape(0, 2, empty=False)[:-1] + a[-1:]
    operands = factors(draw, (a, b), dtypes(draw))
    case = product_case(operands, {}, getattr(mx, name), getattr(np, name), a[-1])
    if 0 in a[-1:] and case.mlx:
        case.deliberate = lambda *v: np.array(True)
    return case


@sampler("outer")
def outer(draw, name):
    operands = factors(draw, (draw.shape(), draw.shape(0, 2)), dtypes(draw))
    return Case(operands, mlx=mx.outer, ulp=8 if promote(*[v.dtype for v in operands]) == "complex64" else 0)


@sampler("addmm")
def addmm(draw, name):
    a, b = shapes(draw)
    dtype = dtype_of(draw)
    shape = np.matmul(np.zeros(a), np.zeros(b)).shape
    operands = factors(draw, (draw.broadcastable(shape), a, b), [dtype] * 3)
    alpha, beta = draw.pick([1.0, 0.5, -2.0]), draw.pick([1.0, 0.0, 3.0])
    if not inexact(dtype):
        alpha, beta = (int(draw.pick([1, -2, 3])), int(beta)) if dtype != "bool" else (True, bool(beta))

    def compute(c, x, y):
        if inexact(dtype):
            return alpha * (x @ y) + beta * c
        one = STORAGE[dtype].type
        scalar = lambda v: one(v) if dtype == "bool" else np.array(v, np.int64).astype(one)  # noqa: E731
        return scalar(alpha) * (x @ y) + scalar(beta) * c

    case = product_case(operands, {"alpha": alpha, "beta": beta}, lambda c, x, y: mx.addmm(c, x, y, alpha, beta), compute, a[-1],
                        scale=lambda c, x, y: abs(alpha) * (np.abs(x) @ np.abs(y)) + abs(beta) * np.abs(c))
    if min(len(a), len(b)) == 1:
        case.extension, case.dtype = "MLX broadcasts c to a shape that still has the axis of a vector", dtype
    if a[-1] == 0:  # MLX leaves the result as it finds the memory
        case.deliberate = lambda *v: np.array(True)
    return case


@sampler("linear")
def linear(draw, name):
    k, n = draw.pick(TAILS), draw.pick(TAILS)
    x, w = draw.pick([("float32", "float32"), ("float32", "bfloat16"), ("float32", "float16"), ("bfloat16", "bfloat16"),
                      ("float16", "float16"), ("float64", "float64"), ("int32", "int32"), ("complex64", "complex64")])
    shape = tuple(min(v, 9) for v in draw.shape(0, 3)) + (k,)
    operands = factors(draw, (shape, (n, k), (n,)), (x, w, w))[:3 if draw.chance(0.5) else 2]
    case = product_case(operands, {}, None, lambda a, b, c=None: a @ b.T + (0 if c is None else c), k)
    case.deliberate = None
    return case


# ---- products along chosen axes ----

def pairs(draw, batched):
    """Two shapes and the axes that go together: contracted ones, and batches."""
    contracted, batches = draw.int(0, 2), draw.int(0, 2) if batched else 0
    common = [draw.pick([1, 2, 3, 5, 17]) for _ in range(contracted + batches)]
    if common and contracted and draw.chance(0.3):
        common[0] = draw.pick([0, 64, 70, 130])
    sides = []
    for _ in range(2):
        free = [draw.pick([1, 2, 3, 33]) for _ in range(draw.int(0, 2))]
        order = draw.rng.permutation(len(common) + len(free))
        shape = [(common + free)[i] for i in order]
        sides.append((tuple(shape), [int(np.argwhere(order == i)[0, 0]) for i in range(len(common))]))
    (a, axes_a), (b, axes_b) = sides
    signed = lambda axes, shape: [v - len(shape) if draw.chance(0.2) else v for v in axes]  # noqa: E731
    axes_a, axes_b = signed(axes_a, a), signed(axes_b, b)
    return a, b, axes_a[:contracted], axes_b[:contracted], axes_a[contracted:], axes_b[contracted:]


def depth(shape, axes):
    return int(np.prod([shape[i] for i in axes] or [1]))


@sampler("tensordot")
def tensordot(draw, name):
    a, b, axes_a, axes_b, *_ = pairs(draw, False)
    if draw.chance(0.3):
        axes = draw.int(0, min(2, len(a)))
        b = a[len(a) - axes:] + draw.shape(0, 2, empty=False)
        attrs, lists, k = {"axes": axes}, axes, depth(a, range(len(a) - axes, len(a)))
    else:
        attrs, lists, k = {"axes_a": axes_a, "axes_b": axes_b}, [axes_a, axes_b], depth(a, axes_a)
    operands = factors(draw, (a, b), dtypes(draw))
    case = product_case(operands, attrs, lambda x, y: mx.tensordot(x, y, lists), lambda x, y: np.tensordot(x, y, lists), k)
    if k == 0:
        case.mlx = None
    return case


def dot_in_order(x, y, contract_a, batch_a, contract_b, batch_b):
    """NumPy's einsum with a letter an axis."""
    a, b = list(range(x.ndim)), [x.ndim + i for i in range(y.ndim)]
    for i, j in list(zip(contract_a, contract_b)) + list(zip(batch_a, batch_b)):
        b[j] = a[i]
    batch, contracted = [a[i] for i in batch_a], {a[i] for i in contract_a}
    free = [i for i in a if i not in batch and i not in contracted] + [i for i in b if i >= x.ndim]
    return np.einsum(x, a, y, b, batch + free)


@sampler("dot_general")
def dot_general(draw, name):
    a, b, contract_a, contract_b, batch_a, batch_b = pairs(draw, True)
    attrs = {"contract_a": contract_a, "batch_a": batch_a, "contract_b": contract_b, "batch_b": batch_b}
    case = product_case(factors(draw, (a, b), dtypes(draw)), attrs, None, lambda x, y: dot_in_order(x, y, **attrs), depth(a, contract_a))
    case.deliberate = None
    return case


@sampler("vecdot")
def vecdot(draw, name):
    shape = draw.shape(1, 3)
    axis = draw.axis(len(shape))
    other = tuple(n if i == axis % len(shape) else draw.pick([n, 1]) for i, n in enumerate(shape))
    operands = factors(draw, (shape, other), dtypes(draw))
    result = promote(*[v.dtype for v in operands])
    if not inexact(result):
        return Case(operands, {"axis": axis}, mlx=lambda x, y: mx.vecdot(x, y, axis=axis))
    return product_case(operands, {"axis": axis}, lambda x, y: mx.vecdot(x, y, axis=axis),
                        lambda x, y: (np.conj(x) * y).sum(axis), shape[axis])


@sampler("kron")
def kron(draw, name):
    operands = factors(draw, (draw.shape(0, 3), draw.shape(0, 2)), dtypes(draw))
    return Case(operands, mlx=mx.kron, ulp=8 if promote(*[v.dtype for v in operands]) == "complex64" else 0)


# ---- einsum ----

FORMS = ["bhqd,bhkd->bhqk", "bqhd,bkhd->bhqk", "bhqk,bkhd->bqhd", "ij,jk", "ii", "ii->i", "iij->ji", "ij->ji", "i,j->ij", "ij,jk,kl->il",
         "...ij,...jk->...ik", "...ij,jk", "i...->...", "ab,bc,cd,de->ae", "i,i->i", "ij,ij->", "aab,bcc->ac", " i j , j -> i",
         "...,...->...", "ij,kj,lj->ikl", "aij,ajk", "abc,abd,abe->cde"]


def einsum_shapes(draw, form):
    extents, shapes = {}, []
    dots = [draw.pick([1, 2, 3]) for _ in range(draw.int(0, 2))]
    for subscript in form.replace(" ", "").split("->")[0].split(","):
        shape, letters = [], subscript.replace("...", ".")
        for letter in letters:
            if letter == ".":
                shape += [n if draw.chance(0.8) else 1 for n in dots[draw.int(0, len(dots)) if draw.chance(0.3) else 0:]]
            else:
                extents.setdefault(letter, draw.pick([1, 2, 3, 5, 16, 17]))
                shape.append(extents[letter])
        if draw.chance(0.1):  # an axis of extent 1 broadcasts
            letter = draw.pick(letters)
            if letter != "." and letters.count(letter) == 1 and "." not in letters:
                shape[letters.index(letter)] = 1
        shapes.append(tuple(shape))
    return shapes


@sampler("einsum")
def einsum(draw, name):
    form = draw.pick(FORMS)
    shapes_ = einsum_shapes(draw, form)
    dtype = draw.pick(FLOATS + ["complex64", "int32", "int64"])  # narrower ones are widened by sums, which NumPy's are not
    operands = factors(draw, shapes_, [draw.pick([dtype, "int32"]) if dtype in ("float32", "int64") else dtype for _ in shapes_])
    k = int(np.prod([n for shape in shapes_ for n in shape]) ** 0.5)
    case = product_case(operands, {"subscripts": form}, lambda *v: mx.einsum(form, *v), lambda *v: np.einsum(form, *v), k)
    case.extension = "products of integers, which MLX refuses"
    if dtype in HALVES:  # what comes between two contractions is rounded too
        case.epsilons += len(operands) * 2.0 ** (23 - MANTISSA[dtype])
    return case


# ---- chosen matrices, segments, blocks ----

def stack(draw):
    """A few matrices in a batch, now and then without one."""
    return tuple(draw.pick([1, 2, 3, 5]) for _ in range(draw.int(0, 2)))


def gathered(x, y, lhs, rhs):
    a, b = [v.reshape((int(np.prod(v.shape[:-2])),) + v.shape[-2:]) for v in (x, y)]
    every = [np.arange(len(m)).reshape(v.shape[:-2]) if i is None else i for i, m, v in ((lhs, a, x), (rhs, b, y))]
    lhs, rhs = np.broadcast_arrays(*[i.astype(np.int64) for i in every])
    return np.matmul(a[lhs], b[rhs])


@sampler("gather_mm")
def gather_mm(draw, name):
    m, n, k = draw.pick([1, 1, 2, 5, 33]), draw.pick([1, 3, 16, 33]), draw.pick([1, 3, 16, 65, 130, 0 if draw.chance(0.1) else 7])
    a, b = stack(draw) + (m, k), stack(draw) + (k, n)
    count = stack(draw)
    dtype = draw.pick(FLOATS + ["float32", "float32"])
    kinds = [dtype, draw.pick(["float16", "bfloat16"]) if dtype == "float32" and draw.chance(0.3) else dtype]
    operands = factors(draw, (a, b), kinds)
    indices = [draw.integers(count, draw.pick(["uint32", "int32", "int64"]), 0, int(np.prod(v[:-2])) - 1) for v in (a, b)]
    if draw.chance(0.5):
        indices[0 if b[:-2] or a[:-2] == () else 1] = None
    try:
        np.broadcast_shapes(*[v[:-2] if i is None else count for i, v in zip(indices, (a, b))])
    except ValueError:
        return gather_mm(draw, name)
    case = product_case(operands + indices, {}, lambda x, y, i, j: mx.gather_mm(x, y, i, j), None, k, dtype=promote(*kinds))
    cut = lambda x, y, i, j: gathered(*widened([x, y]), i, j)  # noqa: E731
    case.truth, case.scale = cut, lambda x, y, i, j: gathered(*[np.abs(v) for v in widened([x, y])], i, j)
    case.extension = "MLX's CPU has this in float32 alone"
    if k == 0:
        case.deliberate = lambda *v: np.array(True)
    return case


@sampler("segmented_mm")
def segmented_mm(draw, name):
    m, n, k = draw.pick([1, 2, 5, 33]), draw.pick([1, 3, 16, 33]), draw.pick([1, 3, 16, 65, 130])
    dtype = draw.pick(FLOATS)
    operands = factors(draw, ((m, k), (k, n)), [dtype] * 2)
    count = stack(draw)
    segments = draw.integers(count + (2,), draw.pick(["uint32", "int32", "int64"]), 0, k)

    def compute(x, y, s):
        ends = s.reshape(-1, 2).astype(np.int64)
        return np.stack([x[:, i:j] @ y[i:max(i, j)] for i, j in ends]).reshape(count + (m, n))

    case = product_case(operands + [segments], {}, mx.segmented_mm, None, k, dtype=dtype)
    case.truth = lambda x, y, s: compute(*widened([x, y]), s)
    case.scale = lambda x, y, s: compute(*[np.abs(v) for v in widened([x, y])], s)
    return case


def spread(mask, size, rows, cols):
    return np.repeat(np.repeat(mask, size, -2), size, -1)[..., :rows, :cols]


@sampler("block_masked_mm")
def block_masked_mm(draw, name):
    m, n, k = (draw.pick([1, 31, 64, 65, 100]) for _ in range(3))
    size, dtype = draw.pick([32, 64]), draw.pick(["float32", "float32", "float64", "bfloat16"])
    batch = draw.pick([(), (), (2,), (3, 1)])
    operands = factors(draw, (batch + (m, k), batch + (k, n)), [dtype] * 2)
    block = lambda rows, cols: draw.pick([batch, ()]) + (-(-rows // size), -(-cols // size))  # noqa: E731
    kind = "bool" if draw.chance(0.6) else dtype
    masks = [draw.value(block(*extents), kind) if kind == "bool" else draw.floats(block(*extents), kind, -2, 2, special=0)
             for extents in ((m, n), (m, k), (k, n))]
    masks = [None if draw.chance(0.3) else mask for mask in masks]

    def compute(x, y, out, lhs, rhs):
        x = x if lhs is None else x * spread(lhs, size, m, k)
        y = y if rhs is None else y * spread(rhs, size, k, n)
        return (x @ y) * (1 if out is None else spread(out, size, m, n))

    case = product_case(operands + masks, {"block_size": size}, lambda x, y, o, p, q: mx.block_masked_mm(x, y, size, o, p, q), None, k, dtype=dtype)
    case.truth = lambda *v: compute(*widened(v))
    case.scale = lambda *v: compute(*[None if x is None else np.abs(x) for x in widened(v)])
    case.extension = "MLX's CPU has this in float32 alone"
    case.layouts = draw.chance(0.5)
    if case.layouts:  # MLX's CPU ends the process on some strided operands: the truth judges alone
        case.mlx = None
    if dtype == "bfloat16":  # operands times masks are rounded, and so is the product before the mask of the result
        case.epsilons += 3 * 2.0 ** 16
    return case


@sampler("gated_delta_update")
def gated_delta_update(draw, name):
    dtype = draw.pick(FLOATS + ["float32"])
    b, t, shared, hk = draw.pick([1, 2]), draw.pick([1, 2, 5, 17]), draw.pick([1, 2, 3]), draw.pick([1, 2])
    dk, dv, hv = draw.pick([1, 3, 8, 33]), draw.pick([1, 5, 16, 17, 40]), shared * hk
    value = lambda *shape, low=-1, high=1: draw.floats(shape, dtype, low, high, special=0)  # noqa: E731
    gamma = value(b, t, hv, dk, low=0) if draw.chance(0.3) else value(b, t, hv, low=0)
    scale = 1 / dk ** 0.5
    operands = [value(b, t, hk, dk), value(b, t, hk, dk, low=-scale, high=scale), value(b, t, hv, dv), gamma, value(b, t, hv, low=0),
                draw.floats((b, hv, dv, dk), "float32", -1, 1, special=0) if draw.chance(0.6) else None,
                draw.value((b, t), "bool") if draw.chance(0.4) else None]

    def truth(q, k, v, g, beta, state, mask):
        q, k = np.repeat(q, shared, 2), np.repeat(k, shared, 2)
        state, out = np.zeros((b, hv, dv, dk)) if state is None else state, np.zeros(v.shape)
        for i in range(t):
            decay = g[:, i, :, None, None] if g.ndim == 3 else g[:, i, :, None, :]
            after = state * decay
            change = (v[:, i] - (after * k[:, i, :, None]).sum(-1)) * beta[:, i, :, None]
            after = after + change[..., None] * k[:, i, :, None]
            on = np.ones(b, bool) if mask is None else mask[:, i]
            state = np.where(on[:, None, None, None], after, state)
            out[:, i] = np.where(on[:, None, None], (state * q[:, i, :, None]).sum(-1), 0)
        return [out, state]

    # |state| stays below 1 + 2 t: each sum errs by some float32 roundings of that
    return Case(operands, mlx=mx.fast.gated_delta_update, truth=truth, ulp=rounding(2, dtype), epsilons=64 * t,
                scale=lambda *v: np.array(dk ** 0.5 * 4.0))
