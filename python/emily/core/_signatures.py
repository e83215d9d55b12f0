"""Where Python's signatures differ from the op table: other names, another order, aliases.

A spec lists parameters as `name`, or `name=argument` where the table has another name; after `*` keywords only; `*name` takes the rest.
Without a spec the table's order counts, with MLX's usual names: `a` for x, `axis` for axes (both are taken).
"""

SPECS = {
    "clip": "a=x, a_min=low, a_max=high",
    "repeat": "array=x, repeats, axis",
    "softmax": "a=x, axis=axes, *, precise",
    "broadcast_arrays": "*arrays=xs",
    "rms_norm": "x, weight, eps",
    "layer_norm": "x, weight, bias, eps",
    "allclose": "a, b, rtol, atol, equal_nan",
    "unstack": "x, axis",
    "tril": "x, k",
    "triu": "x, k",
    "where": "condition, x, y",
    "einsum": "subscripts, *operands",
    "meshgrid": "*arrays=xs, sparse, indexing",
    "quantize": "w, group_size, bits, mode, *, global_scale",
    "dequantize": "w, scales, biases, group_size, bits, mode, global_scale, dtype",
    "quantized_matmul": "x, w, scales, biases, transpose, group_size, bits, mode",
    "gather_qmm": "x, w, scales, biases, lhs_indices, rhs_indices, transpose, group_size, bits, mode, *, sorted_indices",
    "gather_block_mm": "x, w, format, lhs_indices, rhs_indices",
    "qqmm": "x, w, scales, group_size, bits, mode, global_scale_x, global_scale_w",
    "gather_qqmm": "x, w, scales, lhs_indices, rhs_indices, group_size, bits, mode, global_scale_x, global_scale_w, *, sorted_indices",
    "gather_mm": "a, b, lhs_indices, rhs_indices, *, sorted_indices",
    "bincount": "x, length, weights",
    "to_fp8": "x",
    "from_fp8": "x, dtype",
    "transpose": "a=x, axes",
    "fft_stft": "x, n_fft, hop_length, win_length, window, center, pad_mode, norm, onesided",
    "fft_istft": "stft_matrix=x, n_fft, hop_length, win_length, window, center, norm, onesided, length",
}

# Groups whose first operand keeps its name, and those whose list of axes does.
KEEP_X, KEEP_AXES = {"fast"}, {"fft"}

# Ops of several results give a tuple where their number is fixed, a list where it is not; but for these, as in MLX.
LISTS = {"divmod", "quantize", "gated_delta_update"}
TUPLES = {"meshgrid", "unstack"}

# name: the function that it is, in the same module.
ALIASES = {
    "": {
        "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
        "atanh": "arctanh", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift", "concat": "concatenate",
        "conj": "conjugate", "cumulative_prod": "cumprod", "cumulative_sum": "cumsum", "permute_dims": "transpose", "pow": "power",
    },
}

ARRAY, OPTIONAL, ARRAYS, INT, REAL, FLAG, DTYPE, INTS, AXES, TEXT, PER_AXIS = range(1, 12)


def parse(spec):
    """(name, argument, keyword_only, star) of each parameter."""
    params, keyword_only = [], False
    for part in spec.split(","):
        part = part.strip()
        if part == "*":
            keyword_only = True
            continue
        star = part.startswith("*")
        name, _, argument = part.lstrip("*").partition("=")
        params.append((name, argument or name, keyword_only, star))
        keyword_only = keyword_only or star
    return params


def usual(group, arguments):
    names = {argument[0] for argument in arguments}
    params = []
    for name, kind, _, _ in arguments:
        python = name
        if name == "x" and "a" not in names and group not in KEEP_X:
            python = "a"
        elif name == "axes" and kind in (AXES, INTS) and group not in KEEP_AXES:
            python = "axis"
        elif name == "xs":
            python = "arrays"
        params.append((python, name, False, False))
    return params


def default(kind, required, text):
    """A default as Python writes it; None where there is none, or only C can say it."""
    if kind == FLAG:
        return {"true": "True", "false": "False"}.get(text, text)
    if kind == TEXT:
        return repr(text)
    if kind in (INT, REAL):
        try:
            return repr(float(text) if kind == REAL and not text.lstrip("-").isdigit() else int(text))
        except ValueError:
            return "None"
    return "None"


def parameters(row):
    """The parameters of an op: (name, argument, keyword_only, star, also, kind, default or None where required)."""
    op, group, _, _, arguments = row
    of = {argument[0]: argument for argument in arguments}
    params = parse(SPECS[op]) if op in SPECS else usual(group, arguments)
    if any(argument not in of for _, argument, _, _ in params):  # the row was changed: a test says so
        params = usual(group, arguments)
    for name, argument, keyword_only, star in params:
        _, kind, required, text = of[argument]
        also = argument if argument != name else None
        yield name, argument, keyword_only, star, also, kind, None if required else default(kind, required, text)


def gives_list(row):
    return row[0] in LISTS or (row[3] == 0 and row[0] not in TUPLES)


def signature(params, annotate=None):
    """The text between the parentheses."""
    parts, starred = [], False
    for name, _, keyword_only, star, _, kind, otherwise in params:
        hint = ": " + annotate(kind, otherwise, star) if annotate else ""
        if star:
            parts.append("*" + name + hint)
            starred = True
            continue
        if keyword_only and not starred:
            parts.append("*")
            starred = True
        gap = " = " if annotate else "="
        parts.append(name + hint + (gap + otherwise if otherwise is not None else ""))
    if not starred:
        parts.append("*")
    parts.append("stream: Stream | Device | None = None" if annotate else "stream=None")
    return ", ".join(parts)
