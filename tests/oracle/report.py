"""The conformance report: for each op what was tried and how far off it was; for each row of the inventory where it stands."""
import json

import judge

FEATURES = {"0-d": "0-d arrays", "empty": "no elements", "view": "strided views", "nan": "NaN", "inf": "infinities", "-0": "negative zeros",
            "denormal": "denormals"}


def op_state(op, tallies):
    tally = tallies.get(op)
    return "untested" if tally is None else "failing" if tally.failed else "different" if tally.differs() else "conformant"


def row_state(row, tallies):
    """Of a row of the inventory: the least of its ops'."""
    if row.state != "present":
        return row.state
    states = {op_state(op, tallies) for op in row.ops}
    for state in ("untested", "failing", "different"):
        if state in states:
            return state
    return "conformant" if row.ops else "present"


def counts(rows, tallies):
    states = [row_state(row, tallies) for row in rows]
    ops = [op_state(op, tallies) for op in tallies]
    return {"inventory": {"rows": len(rows), "present": sum(s not in ("later", "missing") for s in states),
                          **{s: states.count(s) for s in ("missing", "later")}},
            "ops": {"of the inventory": len({op for row in rows for op in row.ops}),
                    "of the table": len(tallies), "conformant": ops.count("conformant") + ops.count("different"),
                    "with a deliberate difference": ops.count("different"), "failing": ops.count("failing"), "untested": ops.count("untested")},
            "cases": sum(t.cases for t in tallies.values()), "failed": sum(t.failed for t in tallies.values())}


def as_dict(op, tally):
    return {"op": op, "state": "failing" if tally.failed else "different" if tally.differs() else "conformant", "cases": tally.cases,
            "failed": tally.failed, "refused": tally.refused, "dtypes": sorted(tally.dtypes), "worst": tally.worst, "worst_case": tally.worst_case,
            "mlx_off": tally.mlx_off, "skipped": tally.deliberate, "differences": sorted(tally.reasons),
            "features": {k: tally.features[k] for k in FEATURES}, "failures": tally.failures}


def write_json(path, head, rows, tallies):
    report = {**head, "counts": counts(rows, tallies), "ops": [as_dict(op, t) for op, t in tallies.items()],
              "inventory": [{"name": r.name, "group": r.group, "state": row_state(r, tallies), "ops": r.ops, "missing": r.missing,
                             "later": r.later} for r in rows]}
    path.write_text(json.dumps(report, indent=1) + "\n")


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + ["| " + " | ".join(str(c) for c in line) + " |" for line in lines] + [""]


def short_dtypes(dtypes):
    names = {"all": set(judge.ALL_DTYPES), "floats": set(judge.FLOATS)}
    for name, members in names.items():
        if dtypes == members:
            return name
    return " ".join(sorted(dtypes))


def write_markdown(path, head, rows, tallies):
    c = counts(rows, tallies)
    out = ["# Conformance of emily's ops with MLX", "",
           f"emily beside MLX {head['mlx']} and NumPy {head['numpy']}, seed {head['seed']}, {head['cases']} cases an op, cpu level {head['level']}.",
           "Errors are in units of the last place of the result's dtype, beyond what the sampler states as error of the sum. Worst cases and failures are",
           "drawn again by `tests/oracle/test_ops.py --seed " + str(head["seed"]) + " --op NAME --case NUMBER`.", ""]
    out += table(["count", "of", "number"], [(k, group, n) for group in ("inventory", "ops") for k, n in c[group].items()] +
                 [("cases", "all ops", c["cases"]), ("failed", "all ops", c["failed"])])
    out += ["## Ops", ""]
    out += table(["op", "state", "cases", "failed", "refused", "worst", "in case", "MLX off", "skipped", "dtypes", "with"],
                 [(op, op_state(op, tallies), t.cases, t.failed, t.refused, f"{t.worst:.3g}", "" if t.worst_case is None else t.worst_case, t.mlx_off,
                   t.deliberate, short_dtypes(t.dtypes), ", ".join(k for k in FEATURES if t.features[k])) for op, t in tallies.items()])
    differing = [(op, reason) for op, t in tallies.items() for reason in sorted(t.reasons)]
    out += ["## Taken or refused on purpose", ""] + table(["op", "why"], differing)
    failing = [(op, f["case"], f["why"].replace("|", "\\|")) for op, t in tallies.items() for f in t.failures]
    if failing:
        out += ["## Failures", ""] + table(["op", "case", "what"], failing)
    out += ["## Inventory", ""]
    out += table(["row", "group", "state", "ops", "note"],
                 [(r.name.replace("|", "\\|"), r.group, row_state(r, tallies), " ".join(r.ops), r.later or " ".join(r.missing)) for r in rows])
    path.write_text("\n".join(out))
