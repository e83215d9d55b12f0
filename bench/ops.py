#!/usr/bin/env python3
"""Times ops of the table beside MLX's CPU build and NumPy, on the same inputs, in turns.

    python bench/ops.py [FAMILY]… [--op PATTERN] [--size small|cache|large] [--threads N] [--seconds S] [--slower] [--markdown]

A family is a file bench/ops_<family>.py, whose functions, marked with @bench, make the Calls of a size: small (the cost of a
call), cache (fits the second-level cache) or large (from memory). Each round runs every side once, in turns, so that what
else the machine does meets all alike; the time of a side is its fastest round. A ratio above 1 says how many times as long the
peer takes. --slower prints only rows where a peer is faster; --markdown a table for docs/PERFORMANCE.md. Needs mlx[cpu] and
numpy, and the library in EMILY_TEST_BUILD (default build).
"""
import argparse
import dataclasses
import importlib
import os
import pathlib
import re
import sys
import time
import typing
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "oracle")]

import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402

from draw import Draw  # noqa: E402
from native import Emily, Value, narrow  # noqa: E402

SIZES = ("small", "cache", "large")
CASES = []


@dataclasses.dataclass
class Call:
    """One measured call. mlx and numpy get the operands as their own arrays; None where there is no counterpart."""
    op: str
    operands: list                      # Values (native.py); None for an absent optional one
    attrs: dict = dataclasses.field(default_factory=dict)
    mlx: typing.Callable = None
    numpy: typing.Callable = None
    flops: float = 0                    # of the call, where arithmetic is the limit
    bytes: float = 0                    # read and written, where memory is
    transposed: tuple = ()              # places of operands that are given with their last two axes exchanged (as views)


def bench(name, **sizes):
    """@bench("cumsum rows", small=(64,), large=(4096, 4096)) marks a function (make, size) → Call; a size is any value."""
    def register(function):
        CASES.append((function.__module__.removeprefix("ops_"), name, sizes, function))
        return function
    return register


class Make:
    """Inputs: plain numbers, no special values. make(shape) is float32 in [-1, 1)."""

    def __init__(self, seed):
        self.draw = Draw(seed)

    def __call__(self, shape, dtype="float32", low=-1, high=1):
        if dtype in ("float16", "bfloat16", "float32", "float64"):
            return Value(narrow(self.draw.rng.uniform(low, high, shape), dtype), dtype)
        if dtype == "bool":
            return Value(self.draw.rng.random(shape) < 0.5, dtype)
        if dtype == "complex64":
            return Value(self.draw.rng.uniform(low, high, shape) + 1j * self.draw.rng.uniform(low, high, shape), dtype)
        low, high = (0, 100) if (low, high) == (-1, 1) else (low, high)
        return self.integers(shape, dtype, low, high)

    def integers(self, shape, dtype, low, high):
        """low ≤ n < high."""
        return Value(self.draw.rng.integers(low, high, shape), dtype)

    def permutation(self, n, dtype="uint32"):
        return Value(self.draw.rng.permutation(n), dtype)


def sides(emily, call):
    """A function that does the work once, for each side there is."""
    from test_ops import to_mlx
    ours = [emily.array(v) if v else None for v in call.operands]
    mlx = [to_mlx(v) if v else None for v in call.operands]
    numpy = [v.data if v else None for v in call.operands]
    for i in call.transposed:
        axes = list(range(numpy[i].ndim))
        axes[-2:] = axes[:-3:-1]
        ours[i] = emily.call("transpose", [ours[i]], axes=axes)[0]
        mlx[i] = mx.swapaxes(mlx[i], -1, -2)
        numpy[i] = np.swapaxes(numpy[i], -1, -2)
    mx.eval([m for m in mlx if m is not None])
    work = {"emily": emily.timed(call.op, ours, call.attrs)}
    if call.mlx:
        work["mlx"] = lambda: mx.eval(call.mlx(*mlx))
    if call.numpy:
        work["numpy"] = lambda: call.numpy(*numpy)
    return work


def measure(work, seconds):
    """The fastest run of each side, in seconds: rounds in turns, each long enough for the clock."""
    repeats, best = {}, {}
    for name, run in work.items():
        run()
        begin = time.perf_counter()
        run()
        once = time.perf_counter() - begin
        repeats[name] = max(1, min(1000, int(200e-6 / max(once, 1e-7))))
        best[name] = once
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < 5 or (time.perf_counter() < end and rounds < 200):
        for name, run in work.items():
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                run()
            best[name] = min(best[name], (time.perf_counter() - begin) / repeats[name])
        rounds += 1
    return best


def text(seconds):
    return f"{seconds * 1e6:.2f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def row(name, size, call, best, markdown):
    ours = best["emily"]
    ratios = {peer: best[peer] / ours for peer in ("mlx", "numpy") if peer in best}
    rate = f"{call.flops / ours / 1e9:.1f} GFLOP/s" if call.flops else f"{call.bytes / ours / 1e9:.1f} GB/s" if call.bytes else ""
    cells = [name, size, text(ours)] + [f"{ratios[p]:.2f}" if p in ratios else "-" for p in ("mlx", "numpy")] + [rate]
    if markdown:
        return "| " + " | ".join(cells) + " |", ratios
    return "{:38}{:7}{:>12}{:>8}{:>8}  {}".format(*cells), ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="*", help="all where none is named")
    parser.add_argument("--op", default="", help="only cases whose name this regular expression finds")
    parser.add_argument("--size", choices=SIZES, action="append")
    parser.add_argument("--threads", type=int, help="of emily; MLX and NumPy decide for themselves")
    parser.add_argument("--seconds", type=float, default=0.3, help="for each row")
    parser.add_argument("--slower", action="store_true", help="only rows where a peer is faster")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    mx.set_default_device(mx.cpu)
    found = {p.stem.removeprefix("ops_") for p in HERE.glob("ops_*.py")}
    for family in args.family or sorted(found):
        if family not in found:
            sys.exit(f"there is no family {family}; there are {', '.join(sorted(found))}")
        importlib.import_module("ops_" + family)
    emily = Emily(os.environ.get("EMILY_TEST_BUILD", "build"))
    if args.threads:
        emily.set_threads(args.threads)
    head = ["op", "size", "emily", "MLX", "NumPy", "rate"]
    print(f"MLX {mx.__version__}, NumPy {np.__version__}; ratios: time of the peer over emily's")
    print("| " + " | ".join(head) + " |\n|" + " --- |" * 6 if args.markdown else "{:38}{:7}{:>12}{:>8}{:>8}  {}".format(*head))
    for family, name, sizes, function in CASES:
        for size in SIZES:
            if size not in sizes or (args.size and size not in args.size) or not re.search(args.op, name):
                continue
            with emily:
                call = function(Make(zlib.crc32(name.encode())), sizes[size])
                line, ratios = row(name, size, call, measure(sides(emily, call), args.seconds), args.markdown)
            if not args.slower or any(r < 0.95 for r in ratios.values()):
                print(line, flush=True)


if __name__ == "__main__":
    sys.modules["ops"] = sys.modules["__main__"]  # the families import what is here
    main()
