"""Samplers of ops whose shape depends on data, and of masks and tuples of indices. NumPy is the judge where MLX has none."""
import mlx.core as mx
import numpy as np

from draw import DTYPES
from judge import Case
from native import Value
from samplers import sampler
from samplers_indexing import indices, positions, update_value, updated, wide_cast


def sparse(draw, shape, dtype):
    """With zeros, all of them zeros now and then; NaN is not zero."""
    x = draw.value(shape, dtype)
    keep = draw.rng.random(shape) < draw.pick([0, 0.02, 0.5, 0.98, 1])
    return Value(np.where(keep, x.data, np.zeros((), x.data.dtype)), dtype)


def long_shape(draw, low=1):
    return draw.shape(low, 4) if draw.chance(0.9) else (draw.int(30000, 70000),) if low < 2 else (260, draw.int(100, 300))


@sampler("nonzero", "argwhere", "flatnonzero")
def nonzero(draw, name):
    x = sparse(draw, long_shape(draw), draw.pick(DTYPES))
    truth = {"nonzero": lambda v: [a.astype(np.int64) for a in np.nonzero(v)], "argwhere": np.argwhere, "flatnonzero": np.flatnonzero}[name]
    return Case([x], truth=truth, dtype="int64")


def masked(draw):
    x = draw.value(long_shape(draw), draw.pick(DTYPES))
    lead = draw.int(1, x.data.ndim)
    return x, sparse(draw, x.shape[:lead], "bool")


@sampler("masked_select")
def masked_select(draw, name):
    x, mask = masked(draw)
    return Case([x, mask], truth=lambda v, m: v[m], dtype=x.dtype)


@sampler("masked_scatter")
def masked_scatter(draw, name):
    x, mask = masked(draw)
    rest = x.shape[mask.data.ndim:]
    shape = (mask.data.size + draw.int(0, 3),) + rest if draw.chance(0.6) else draw.broadcastable(rest)
    src = update_value(draw, shape, x.dtype)

    def truth(v, m, w):
        out = np.array(v)
        full = w.shape if w.ndim == len(rest) + 1 else (mask.data.size,) + rest
        out[m] = np.broadcast_to(wide_cast(w, x.dtype), full)[:int(m.sum())]
        return out

    return Case([x, mask, src], truth=truth, dtype=x.dtype)


@sampler("gather_nd", "indexed_put", "indexed_add")
def tuples(draw, name):
    x = draw.value(draw.shape(1, 3, empty=False), draw.pick(DTYPES))
    ndim = x.data.ndim
    n = draw.int(1, ndim)
    axes = [int(a) for a in draw.rng.permutation(ndim)[:n]] if draw.chance(0.5) else None
    named = axes or list(range(n))
    common = draw.shape(0, 2)
    columns = [np.asarray(indices(draw, common, x.shape[a]).data, np.int64) for a in named]
    i = Value(np.stack(columns, -1), "int64")
    if i.data.size and draw.chance(0.2):
        i.data.reshape(-1)[draw.int(0, i.data.size - 1)] = draw.pick([99, -99])
    rest = tuple(e for a, e in enumerate(x.shape) if a not in named)
    call = {"axes": axes} if axes else {}

    def each(w):
        for at in np.ndindex(*common):
            place = [slice(None)] * ndim
            where = [int(positions(w[at][k:k + 1], x.shape[a])[0]) for k, a in enumerate(named)]
            for a, p in zip(named, where):
                place[a] = p
            yield at, None if min(where) < 0 else tuple(place)

    if name == "gather_nd":
        def truth(v, w):
            out = np.zeros(common + rest, v.dtype)
            for at, place in each(w):
                if place is not None:
                    out[at] = v[place]
            return out
        return Case([x, i], call, truth=truth, dtype=x.dtype)

    u = update_value(draw, draw.broadcastable(common + rest), x.dtype)

    def truth(v, w, u):
        out = np.array(v)
        u = np.broadcast_to(wide_cast(u, x.dtype), common + rest)
        for at, place in each(w):
            if place is not None:
                updated(out, place, u[at], name[8:], x.dtype)
        return out

    return Case([x, i, u], call, truth=truth, dtype=x.dtype)


@sampler("unique")
def unique(draw, name):
    x = draw.value(draw.shape(0, 3), draw.pick([d for d in DTYPES if d != "complex64"]))
    if draw.chance(0.6):  # few values
        x = Value(draw.rng.choice(x.data.reshape(-1)[:draw.int(1, 4)], x.shape) if x.data.size else x.data, x.dtype)
    flags = {f"return_{k}": draw.chance(0.5) for k in ("index", "inverse", "counts")}
    size = draw.int(0, 6)
    fill = Value(np.asarray(draw.value((), x.dtype).data), x.dtype) if draw.chance(0.4) or not x.data.size else None
    call = {"size": size} | flags
    if x.data.size and draw.chance(0.4) and x.dtype not in ("float16", "bfloat16", "float32", "float64"):  # the size is found
        def truth(v):
            values, index, inverse, counts = np.unique(v, return_index=True, return_inverse=True, return_counts=True)
            rest = zip(("index", "inverse", "counts"), (index, inverse.reshape(v.shape), counts))
            return [values] + [a for k, a in rest if flags[f"return_{k}"]]
        want = [x.dtype] + [{"counts": "int32"}.get(k, "uint32") for k in ("index", "inverse", "counts") if flags[f"return_{k}"]]

        def accept(got, reference, v):
            pairs = list(zip(got, want, truth(v)))
            bad = [f"{g.data.tolist()} not {t.tolist()}" for g, d, t in pairs if g.dtype != d or not np.array_equal(g.wide(), t)]
            return bad + ([f"{len(got)} results"] if len(got) != len(want) else [])
        return Case([x], flags, accept=accept, dtype=x.dtype)
    return Case([x] + ([fill] if fill else []), call, zeros=False, layouts=False,
                mlx=lambda v, f=None: mx.unique(v, size, *flags.values(), **({"fill_value": f} if f is not None else {})))
