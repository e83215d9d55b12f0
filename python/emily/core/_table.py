"""The functions of the op table, one a row, sorted into the modules that MLX has them in."""
from .. import _emily
from . import _signatures

PREFIXES = {"random": "random_", "linalg": "linalg_", "fft": "fft_"}


def place(op, group):
    """(module, name): "random_bits" is random.bits, "rms_norm" is fast.rms_norm."""
    prefix = PREFIXES.get(group, "")
    if prefix and op.startswith(prefix):
        return group, op[len(prefix):]
    return ("fast" if group == "fast" else ""), op


def ordered(params):
    """Required ones first: Python has no others after a default."""
    return all(not (late[6] is None and early[6] is not None and not late[2]) for i, early in enumerate(params)
               for late in params[i + 1:])


def make(row):
    op, group, summary, _, _ = row
    module, name = place(op, group)
    params = list(_signatures.parameters(row))
    text = _signatures.signature(params) if ordered(params) else None
    doc = (f"{name}({text})\n--\n\n" if text else "") + summary[:1].upper() + summary[1:] + "."
    home = "emily.core" + ("." + module if module else "")
    return module, name, _emily.function(op, name, home, doc, tuple(p[:5] for p in params), _signatures.gives_list(row))


ROWS = {row[0]: row for row in _emily.table()}
MODULES = {"": {}, "random": {}, "linalg": {}, "fft": {}, "fast": {}}
OPS = {}
for _row in ROWS.values():
    _module, _name, _function = make(_row)
    MODULES[_module][_name] = OPS[_row[0]] = _function
for _module, _aliases in _signatures.ALIASES.items():
    for _name, _of in _aliases.items():
        if _of in MODULES[_module]:
            MODULES[_module][_name] = MODULES[_module][_of]
