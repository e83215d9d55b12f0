#!/usr/bin/env python3
"""Compares every op of emily's table with MLX, and with NumPy in float64, on the same inputs.

    python3 tests/oracle/test_ops.py [--seed N] [--op NAME]… [--cases N] [--case NUMBER] [--report FOLDER] [--all]

For each op of the table samplers.py draws shapes, dtypes, values and attributes; operands come as plain arrays and as
views (reversed, transposed, broadcast, with an offset, with padding), made by either library from the same base. Moves,
integers, bools and random bits must be equal; floats stay within the distance stated beside the sampler of the op, of the
float64 result where there is one, else of MLX's. An op without a sampler fails. docs/CONFORMANCE.md lists where emily
differs from MLX on purpose.

The column "MLX off" counts elements where MLX itself is farther from the float64 result than a few times what emily is
held to (and emily is not); "skipped" those of the deliberate differences. --report writes report.md and report.json: what was tried of
each op, the worst error, the case that shows it, and where each row of inventory.tsv stands (report.py, inventory.py); it also fails
where a row is missing, or where an op differs on purpose and docs/CONFORMANCE.md does not name it.
"""
import argparse
import os
import pathlib
import sys
import time
import warnings
import zlib

import mlx.core as mx
import numpy as np

import inventory
import judge
import report
import samplers
from draw import Draw
from native import Emily, Error, Value

MLX_DTYPES = {name: getattr(mx, {"bool": "bool_"}.get(name, name)) for name in samplers.DTYPES}
NAMES = {str(dtype).split(".")[-1].replace("bool_", "bool"): name for name, dtype in MLX_DTYPES.items()}


def to_mlx(value):
    """Through the bits of floats, which keeps NaN, denormals and float64 as they are."""
    data = np.array(value.data, order="C").reshape(-1)
    if value.dtype in judge.FLOATS:
        data = data.view(f"uint{data.itemsize * 8}")
    array = mx.array(data)
    return mx.reshape(mx.view(array, MLX_DTYPES[value.dtype]) if value.dtype in judge.FLOATS else array, value.shape)


def from_mlx(array):
    dtype = NAMES[str(array.dtype).split(".")[-1]]
    if dtype == "bfloat16":
        return Value(np.array(mx.view(mx.contiguous(array), mx.uint16)).reshape(array.shape), dtype)
    return Value(np.array(array), dtype)


def mlx_steps(array, steps):
    for op, args in steps:
        if op == "flip":
            array = array[tuple(slice(None, None, -1) if i in args["axes"] else slice(None) for i in range(array.ndim))]
        elif op == "transpose":
            array = mx.transpose(array, args["axes"])
        elif op == "broadcast_to":
            array = mx.broadcast_to(array, args["shape"])
        else:
            array = array[tuple(slice(a, b, c) for a, b, c in zip(args["start"], args["stop"], args["strides"]))]
    return array


class Runner:
    def __init__(self, emily):
        self.emily = emily

    def from_emily(self, op, case, prepared):
        with self.emily as e:
            operands = []
            for item in prepared:
                address = e.array(item[1]) if item else None
                for step, args in item[2] if item else []:
                    address = e.call(step, [address], **args)[0]
                operands.append(address)
            return [e.read(y) for y in e.call(op, operands, **case.attrs)]

    @staticmethod
    def reference(case, prepared):
        """MLX's results, or what it said."""
        # MLX does not come back from some reductions of empty views: without elements a view is nothing but its shape
        arrays = [None if not item else mlx_steps(to_mlx(item[1]), item[2]) if item[0].data.size else to_mlx(item[0]) for item in prepared]
        try:
            answer = case.mlx(*arrays)
            answer = list(answer) if isinstance(answer, (list, tuple)) else [answer]
            mx.eval(answer)
            return [from_mlx(y) for y in answer]
        except (ValueError, TypeError, RuntimeError, IndexError, OverflowError) as error:
            return str(error)

    def case(self, op, case, draw, tally):
        prepared = [None if v is None else draw.layout(v, case.layouts != "whole") if case.layouts else (v, v, []) for v in case.operands]
        for item in prepared:
            if item:
                tally.saw(item[0], item[2])
        wide = [item[0].wide() if item else None for item in prepared]
        reference = self.reference(case, prepared) if case.mlx else None
        try:
            got = self.from_emily(op, case, prepared)
        except Error as error:
            got = str(error)
        if isinstance(got, str):
            if isinstance(reference, str) or case.refusal:
                tally.refused += 1
                if not isinstance(reference, str):
                    tally.reasons.add("refused: " + case.refusal)
                return []
            return [f"emily refuses: {got}"]
        if isinstance(reference, str):
            if not case.extension:
                return [f"emily takes what MLX refuses: {reference}"]
            tally.reasons.add("taken: " + case.extension)
            reference = None
        with np.errstate(all="ignore"):
            truth = case.truth(*wide) if case.truth else None
        if case.accept:
            return case.accept(got, reference, *wide)
        if reference is not None and len(got) != len(reference):
            return [f"{len(got)} results instead of {len(reference)}"]
        messages = []
        for i, y in enumerate(got):
            t = truth[i] if isinstance(truth, list) else truth
            messages += judge.judge_one(case, y, reference[i] if reference is not None else None, t, wide, tally)
        return messages

    def op(self, op, seed, numbers):
        tally = judge.Tally()
        for number in numbers:
            draw = Draw([seed, zlib.crc32(op.encode()), number])
            case = samplers.SAMPLERS[op](draw)
            messages = self.case(op, case, draw, tally)
            tally.cases += 1
            if messages:
                shapes = ", ".join("none" if v is None else f"{v.dtype}{list(v.shape)}" for v in case.operands)
                tally.fail(number, f"{op}({shapes}, {case.attrs}): " + "; ".join(messages))
        return tally


def write_report(folder, args, emily, tallies):
    """Number of what the report itself finds wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = inventory.read(emily.ops, emily.core)
    head = {"mlx": mx.__version__, "numpy": np.__version__, "seed": args.seed, "cases": args.cases, "level": emily.level()}
    report.write_json(folder / "report.json", head, rows, tallies)
    report.write_markdown(folder / "report.md", head, rows, tallies)
    wrong = [f"{row.name}: no {' '.join(row.missing)}" for row in rows if row.state == "missing"]
    page = (pathlib.Path(__file__).parents[2] / "docs/CONFORMANCE.md").read_text()
    wrong += [f"{op} differs on purpose, and docs/CONFORMANCE.md does not name it" for op, t in tallies.items()
              if t.differs() and f"`{op}" not in page]
    for line in wrong:
        print("    " + line)
    c = report.counts(rows, tallies)
    for group in ("inventory", "ops"):
        print(f"{group}: " + ", ".join(f"{n} {what}" for what, n in c[group].items()))
    print(f"{folder}/report.md, {folder}/report.json")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", time.time())))
    parser.add_argument("--op", action="append", help="only these")
    parser.add_argument("--cases", type=int, default=60, help="of each op")
    parser.add_argument("--case", type=int, help="only the one of this number")
    parser.add_argument("--all", action="store_true", help="print a line for each op, and not only for those that fail")
    parser.add_argument("--report", type=pathlib.Path, help="folder for report.md and report.json")
    args = parser.parse_args()
    mx.set_default_device(mx.cpu)
    warnings.simplefilter("ignore")  # NumPy on empty slices
    emily = Emily(os.environ.get("EMILY_TEST_BUILD", "build"))
    runner = Runner(emily)
    print(f"emily beside MLX {mx.__version__} and NumPy {np.__version__}; seed {args.seed}")
    print(f"{'op':30}{'cases':>7}{'failed':>8}{'refused':>9}{'worst':>10}{'MLX off':>9}{'skipped':>9}")
    tallies, failed = {}, 0
    for op in args.op or emily.ops:
        if op not in samplers.SAMPLERS:
            print(f"{op:30} has no sampler")
            failed += 1
            continue
        tally = tallies[op] = runner.op(op, args.seed, range(args.cases) if args.case is None else [args.case])
        failed += tally.failed
        if tally.failed or args.all or args.op:
            print(f"{op:30}{tally.cases:7}{tally.failed:8}{tally.refused:9}{tally.worst:10.3g}{tally.mlx_off:9}{tally.deliberate:9}", flush=True)
        for failure in tally.failures:
            print(f"    [case {failure['case']}] {failure['why']}")
    print("worst: units of the last place of the result's dtype")
    passed = sum(tally.cases - tally.failed for tally in tallies.values())
    if args.report:
        failed += write_report(args.report, args, emily, tallies)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
