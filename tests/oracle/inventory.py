"""What MLX has and how emily answers for it: inventory.tsv, checked against the op table, the Python package and the library.

An answer is one or more of op:NAME (a row of the op table), py:NAME (an attribute of emily.core), c:NAME (a public function), or
later:WHY. A row is present where every part of its answer is there.
"""
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Row:
    def __init__(self, line):
        self.name, self.group, answer = line.rstrip("\n").split("\t")
        self.later = answer.removeprefix("later:") if answer.startswith("later:") else None
        self.parts = [] if self.later else [part.split(":", 1) for part in answer.split(" ")]
        self.ops = [name for kind, name in self.parts if kind == "op"]
        self.missing = []

    @property
    def state(self):
        return "later" if self.later else "missing" if self.missing else "present"


def has_attribute(module, path):
    try:
        functools.reduce(getattr, path.split("."), module)
        return True
    except AttributeError:
        return False


def public_functions():
    headers = "".join(p.read_text() for p in (ROOT / "include/emily").glob("*.h"))
    return set(re.findall(r"\b(emily_[a-z0-9_]+)\(", headers))


def read(ops, core):
    """The rows, each with what of its answer is missing; ops: names of the table; core: the module emily.core, or None to leave
    the Python names unchecked."""
    functions = public_functions()
    there = {"op": ops.__contains__, "c": functions.__contains__, "py": lambda name: core is None or has_attribute(core, name)}
    lines = (ROOT / "tests/oracle/inventory.tsv").read_text().splitlines()
    rows = [Row(line) for line in [line for line in lines if not line.startswith("#")][1:]]  # behind the column names
    for row in rows:
        row.missing = [f"{kind}:{name}" for kind, name in row.parts if not there[kind](name)]
    return rows
