"""Functions of mlx.core that are more than another order of a row's arguments, and a few that need no op."""
from .. import _emily
from .._emily import array, float32
from ._table import OPS


def _like(x, dtype):
    return x if dtype is None or x.dtype is dtype else OPS["astype"](x, dtype)


def _array(x):
    return x if isinstance(x, array) else _emily.weak(x, None)


def arange(*args, start=None, stop=None, step=None, dtype=None, stream=None):
    """arange(stop), arange(start, stop, step=1, dtype=None): numbers from start, below stop. Integers give int32, others float32."""
    given = list(args)
    if len(given) == 1 and stop is None:
        stop = given.pop()
    elif given:
        start = given.pop(0)
        stop = given.pop(0) if given else stop
    if given:
        step = given.pop(0)
    if given:
        dtype = given.pop(0)
    if given or stop is None:
        raise TypeError("arange(start, stop, step, dtype) takes 1 to 4 arguments")
    start, step = 0 if start is None else start, 1 if step is None else step
    if dtype is None:
        dtype = float32 if any(isinstance(v, float) for v in (start, stop, step)) else _emily.int32
    return OPS["arange"](start, stop, step, dtype, stream=stream)


def full(shape, vals, dtype=None, *, stream=None):
    """An array of a shape filled with a value broadcast to it."""
    vals = _emily.weak(vals, None) if dtype is None else _emily.convert(vals, dtype, 0)
    return OPS["full"](shape, vals, stream=stream)


def full_like(a, vals, dtype=None, *, stream=None):
    """An array of another's shape filled with a value."""
    return OPS["full"](a.shape, _emily.convert(vals, dtype or a.dtype, 0), stream=stream)


def zeros_like(a, /, dtype=None, *, stream=None):
    """Zeros of another array's shape."""
    return OPS["zeros"](a.shape, dtype or a.dtype, stream=stream)


def ones_like(a, /, dtype=None, *, stream=None):
    """Ones of another array's shape."""
    return OPS["ones"](a.shape, dtype or a.dtype, stream=stream)


def empty(shape, dtype=float32, *, stream=None):
    """Zeros: there is no memory without values."""
    return OPS["zeros"](shape, dtype, stream=stream)


empty_like = zeros_like


def identity(n, dtype=float32, *, stream=None):
    """The n by n identity matrix."""
    return OPS["eye"](n, n, 0, dtype, stream=stream)


def positive(a, /, *, stream=None):
    """a itself."""
    return _array(a)


def stop_gradient(a, /, *, stream=None):
    """a itself, through which no gradient flows."""
    return _array(a)


def matrix_transpose(a, /, *, stream=None):
    """The last two axes exchanged."""
    return OPS["swapaxes"](a, -1, -2, stream=stream)


def concatenate(arrays, axis=0, *, stream=None):
    """Arrays joined along an axis; axis=None: all of them flattened."""
    if axis is None:
        arrays, axis = [OPS["flatten"](_array(x)) for x in arrays], 0
    return OPS["concatenate"](arrays, axis, stream=stream)


concat = concatenate


def stack(arrays, axis=0, *, stream=None):
    """Arrays joined along a new axis; axis=None: all of them flattened and joined."""
    return concatenate(arrays, None) if axis is None else OPS["stack"](arrays, axis, stream=stream)


def split(a, /, indices_or_sections, axis=0, *, stream=None):
    """Parts of equal size, or the parts between indices."""
    if isinstance(indices_or_sections, int):
        return OPS["split"](a, [indices_or_sections], axis, stream=stream)
    indices = list(indices_or_sections)
    if len(indices) > 1:
        return OPS["split"](a, indices, axis, stream=stream)
    axis = axis + a.ndim if axis < 0 else axis
    before = (slice(None),) * axis
    return [a[before + (slice(None, *indices),)], a[before + (slice(*indices, None),)]] if indices else [a]


def _pad_widths(a, pad_width):
    if isinstance(pad_width, int):
        return [(pad_width, pad_width)] * a.ndim
    widths = list(pad_width)
    if widths and isinstance(widths[0], int):
        return [(widths[0], widths[-1])] * a.ndim
    widths = [tuple(w) if not isinstance(w, int) else (w, w) for w in widths]
    widths = [w if len(w) == 2 else (w[0], w[0]) for w in widths]
    if len(widths) == 1:
        widths *= a.ndim
    if len(widths) != a.ndim:
        raise ValueError(f"[pad] {len(widths)} widths for an array with {a.ndim} axes")
    return widths


def take_along_axis(a, /, indices, axis=-1, *, stream=None):
    """Elements at indices of the same rank along an axis; axis=None: of the flattened arrays."""
    return OPS["take_along_axis"](a, indices, axis, stream=stream)


def unique(a, /, size=None, return_index=False, return_inverse=False, return_counts=False, fill_value=None, *, stream=None):
    """The sorted different elements, filled up to size (None: as many as there are, for which a is read); alone, or in a tuple with the
    index of the first of each, the place of each element of a among them, and their counts."""
    found = OPS["unique"](a, fill_value, -1 if size is None else size, return_index, return_inverse, return_counts, stream=stream)
    return tuple(found) if len(found) > 1 else found[0]


def _each(op):
    def of_each(*arys, stream=None):
        given = arys[0] if len(arys) == 1 and isinstance(arys[0], (list, tuple)) else arys
        all = [OPS[op](x, stream=stream) for x in given]
        return all[0] if len(arys) == 1 and given is arys else all
    of_each.__name__ = of_each.__qualname__ = op
    of_each.__doc__ = f"Arrays with at least {op[-2]} axes: one, or a list of them."
    return of_each


atleast_1d, atleast_2d, atleast_3d = _each("atleast_1d"), _each("atleast_2d"), _each("atleast_3d")


def einsum_path(subscripts, *operands):
    """The order in which einsum contracts: a list of tuples of positions, and a text on what it costs."""
    return _emily.einsum_path(subscripts, [_array(x) for x in operands])


def pad(a, pad_width, mode="constant", constant_values=0, *, stream=None):
    """Values put around: a constant, or by mode the edge or a reflection. pad_width: one number, a pair, or a pair for each axis."""
    widths = _pad_widths(a, pad_width)
    low, high = [w[0] for w in widths], [w[1] for w in widths]
    if min(low + high, default=0) < 0:
        raise ValueError(f"[pad] Invalid padding size {pad_width}: it must be non-negative.")
    rest = {} if mode == "constant" else {"mode": mode}
    return OPS["pad"](a, low, high, constant_values, stream=stream, **rest)


def as_strided(a, /, shape=None, strides=None, offset=0, *, stream=None):
    """A view by explicit strides, in elements."""
    shape = a.shape if shape is None else list(shape)
    if strides is None:
        strides, step = [], 1
        for extent in reversed(shape):
            strides.insert(0, step)
            step *= extent
    return OPS["as_strided"](OPS["flatten"](a), shape, strides, offset, stream=stream)


def contiguous(a, /, allow_col_major=False, *, stream=None):
    """A row-contiguous array of the same value."""
    return OPS["contiguous"](a, stream=stream)


def broadcast_shapes(*shapes):
    """The shape that all of these broadcast to."""
    result = []
    for shape in shapes:
        shape = list(shape)
        short, long = sorted((result, shape), key=len)
        short = [1] * (len(long) - len(short)) + short
        for x, y in zip(short, long):
            if x != y and 1 not in (x, y):
                raise ValueError(f"[broadcast_shapes] Shapes {tuple(result)} and {tuple(shape)} cannot be broadcast.")
        result = [y if x == 1 else x for x, y in zip(short, long)]
    return tuple(result)


def dynamic_slice(a, start_indices, axes, slice_size, *, stream=None):
    """A slice whose starts are an array: one for each of the axes."""
    return OPS["dynamic_slice"](a, start_indices, axes, slice_size, stream=stream)


def dynamic_slice_update(a, update, start_indices, axes, *, stream=None):
    """a with a slice replaced whose starts are an array."""
    return OPS["dynamic_slice_update"](a, update, start_indices, axes, stream=stream)


def depends(inputs, dependencies):
    """The inputs, computed after the dependencies."""
    _emily.eval(dependencies)
    return inputs


def get_array_buffer_size(a):
    """Bytes of an array."""
    return a.nbytes


def conv_general(input, weight, /, stride=1, padding=0, kernel_dilation=1, input_dilation=1, groups=1, flip=False, *, stream=None):
    """A convolution of any kind; padding: a number, one for each axis, or a pair (before, after) of these."""
    low, high = padding if isinstance(padding, (tuple, list)) and padding and not isinstance(padding[0], int) else (padding, padding)
    axes = input.ndim - 2
    each = [v if isinstance(v, (list, tuple)) else [v] * axes for v in (stride, low, high, kernel_dilation, input_dilation)]
    return OPS["conv_general"](input, weight, *each, groups, flip, stream=stream)


def gather_qmm(x, w, /, scales, biases=None, lhs_indices=None, rhs_indices=None, transpose=True, group_size=None, bits=None, mode="affine",
               global_scale=None, *, sorted_indices=False, stream=None):
    """Products of matrices that indices choose, from batches of x and of quantized w."""
    if global_scale is not None:
        raise NotImplementedError("[gather_qmm] global_scale is not taken: scale the result.")
    return OPS["gather_qmm"](x, w, scales, biases, lhs_indices, rhs_indices, transpose, group_size, bits, mode,
                             sorted_indices=sorted_indices, stream=stream)


def tensordot(a, b, /, axes=2, *, stream=None):
    """Sums of products over the last axes of a and the first of b, or over two lists of axes."""
    if isinstance(axes, int):
        return OPS["tensordot"](a, b, axes, stream=stream)
    left, right = [[v] if isinstance(v, int) else list(v) for v in axes]
    return OPS["tensordot"](a, b, 0, left, right, stream=stream)


PUBLIC = {name: value for name, value in globals().items() if not name.startswith("_") and hasattr(value, "__code__")}
PUBLIC["slice"], PUBLIC["slice_update"] = PUBLIC.pop("dynamic_slice"), PUBLIC.pop("dynamic_slice_update")
