"""How arrays are written, as MLX writes them."""
from .. import _emily

EDGE = 3


class PrintOptions:
    def __init__(self, precision=-1):
        self.precision = precision


_options = PrintOptions()


def set_printoptions(precision=-1):
    """Decimal places of floats; -1: as many as %g shows."""
    global _options
    _options = PrintOptions(precision)


def get_printoptions():
    return _options


class printoptions:
    def __init__(self, precision=-1):
        self.options = PrintOptions(precision)

    def __enter__(self):
        self.before = _options
        set_printoptions(self.options.precision)
        return self

    def __exit__(self, *unused):
        set_printoptions(self.before.precision)


def _number(value):
    if isinstance(value, float):
        return f"{value:g}" if _options.precision < 0 else f"{value:.{_options.precision}f}"
    if isinstance(value, complex):
        sign = "-" if value.imag < 0 else "+"
        return f"{_number(value.real)}{sign}{_number(abs(value.imag))}j"
    return str(value)


def _write(x, axis):
    """x: an array, or at the last axis a list of numbers."""
    extent = x.shape[0]
    last = x.ndim == 1
    long = extent > 2 * EDGE
    if last:
        rows = [_number(v) for v in (x[:EDGE].tolist() + x[-EDGE:].tolist() if long else x.tolist())]
    else:
        picked = [*range(EDGE), *range(extent - EDGE, extent)] if long else range(extent)
        rows = [_write(x[i], axis + 1) for i in picked]
    if long:
        rows.insert(EDGE, "...")
    return "[" + (", " if last else ",\n" + " " * (7 + axis)).join(rows) + "]"


def text(x):
    _emily.eval(x)
    return f"array({_write(x, 0) if x.ndim else _number(x.item())}, dtype={x.dtype.name})"


def formatted(x, spec=""):
    if not spec:
        return text(x)
    if x.ndim:
        raise TypeError("only 0-d arrays take a format")
    return format(x.item(), spec)
