"""Fused ops of transformers, with the signatures of mlx.core.fast."""
from .. import _emily
from ._table import MODULES as _MODULES, OPS as _OPS

globals().update(_MODULES["fast"])


def rope(a, dims, *, traditional=False, base=10000.0, scale=1.0, offset=0, freqs=None, stream=None):
    """Rotary position embedding of the last axis; offset: an integer, or an array of one for each sequence."""
    if base is None and freqs is None:
        raise ValueError("[rope] Exactly one of base and freqs must be given.")
    if isinstance(offset, _emily.array) and offset.ndim == 0 and offset.size == 1:
        offset = offset.item()
    many = isinstance(offset, _emily.array)
    return _OPS["rope"](a, dims, traditional, 10000.0 if base is None else base, scale, 0 if many else offset,
                        offset if many else None, freqs, stream=stream)


def scaled_dot_product_attention(q, k, v, *, scale, mask=None, sinks=None, force_fused=False, stream=None):
    """softmax(q k^T scale + mask) v; mask: "causal", bool (true: seen), or added. k and v may have fewer heads."""
    causal = isinstance(mask, str)
    if causal and mask != "causal":
        raise ValueError(f"[scaled_dot_product_attention] mask {mask!r} is not known: 'causal' is.")
    return _OPS["scaled_dot_product_attention"](q, k, v, scale, None if causal else mask, causal, sinks=sinks, stream=stream)
