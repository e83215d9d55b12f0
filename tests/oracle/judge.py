"""Whether two answers agree, by what measure, and what two libraries made of one Case."""
import collections
import dataclasses
import typing

import numpy as np

MANTISSA = {"float16": 10, "bfloat16": 7, "float32": 23, "float64": 52, "complex64": 23}
EXPONENT = {"float16": 15, "bfloat16": 127, "float32": 127, "float64": 1023, "complex64": 127}
FLOATS = ("float16", "bfloat16", "float32", "float64")
ALL_DTYPES = ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", *FLOATS, "complex64")


@dataclasses.dataclass
class Case:
    """One call. Functions get the operands as seen through their layouts: `mlx` as MLX arrays, the others as NumPy's (wide)."""
    operands: list
    attrs: dict = dataclasses.field(default_factory=dict)
    mlx: typing.Callable = None        # None: an extension; the truth alone judges, and `dtype` names the result's
    truth: typing.Callable = None      # in float64; None: MLX alone judges
    ulp: float = 0.0                   # allowed distance from the truth (from MLX, without one), in units of the last place
    mlx_ulp: float = None              # allowed distance from MLX before it counts as "MLX off"; None: 4 * ulp + 4
    scale: typing.Callable = None      # errors grow with this (a sum of absolute values), not with the result
    epsilons: float = 8.0              # allowed error in float32 epsilons (float64's for that dtype) of `scale`
    dtype: str = None
    extension: str = None              # why emily takes what MLX refuses
    refusal: str = None                # why emily refuses what MLX takes
    deliberate: typing.Callable = None  # a mask of the elements where emily differs from MLX on purpose
    zeros: bool = True                 # the sign of a zero counts, where results are exact
    layouts: typing.Any = True         # operands may be given as strided views; "whole": but not as broadcasts, which change them
    accept: typing.Callable = None     # judges instead: (got, reference, *operands) → list of messages


def spacing(want, dtype):
    """The unit of the last place of each number, of the smallest denormal at least."""
    magnitude = np.abs(want)
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(np.where(magnitude > 0, magnitude, 1)))
    exponent = np.where(magnitude > 0, exponent, -2000)
    return np.exp2(np.clip(exponent, 1 - EXPONENT[dtype], EXPONENT[dtype]) - MANTISSA[dtype])


def real_distance(got, want, dtype, slack):
    """In units of the last place beyond the slack; infinity where one is NaN or infinite and the other is not near the border."""
    border = np.float64(2.0) ** EXPONENT[dtype]
    with np.errstate(all="ignore"):
        far = np.isnan(got) != np.isnan(want)
        far |= np.isinf(want) & (got != want)
        g, w = (np.clip(np.where(np.isnan(v), 0, v) / 2, -border, border) for v in (got, want))
        excess = np.maximum(np.abs(g - w) - slack / 2, 0) / spacing(want, dtype) * 2
    return np.where(far, np.inf, np.where(got == want, 0, excess))


def distance(got, want, dtype, slack=0.0):
    """got, want: wide arrays of a result of `dtype`."""
    if dtype not in MANTISSA:
        return np.where((got == want) | ((got != got) & (want != want)), 0.0, np.inf)  # NaN is among those of 8 bits
    if dtype != "complex64":
        return real_distance(got, want, dtype, slack)
    with np.errstate(all="ignore"):  # the error of either part is judged beside the size of the whole
        apart = np.maximum(np.abs(got - want) - slack, 0) / spacing(np.abs(want), dtype)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0.0, np.where(np.isfinite(got) & np.isfinite(want), apart, np.inf))


def signs_differ(got, want, dtype):
    """-0.0 where 0.0 is wanted, or the reverse."""
    if dtype not in FLOATS:
        return np.zeros(np.shape(got), bool)
    return (got == 0) & (want == 0) & (np.signbit(got) != np.signbit(want))


class Tally:
    """What became of the cases of one op."""

    def __init__(self):
        self.cases = self.failed = self.refused = self.mlx_off = self.deliberate = 0
        self.worst, self.worst_case = 0.0, None
        self.dtypes = set()                       # of the operands
        self.features = collections.Counter()     # what the operands held, as report.FEATURES names it
        self.reasons = set()                      # why emily takes or refuses what MLX does not
        self.failures = []

    def differs(self):
        return bool(self.reasons or self.deliberate)

    def fail(self, number, text):
        self.failed += 1
        if len(self.failures) < 3:
            self.failures.append({"case": number, "why": text})

    def saw(self, value, steps):
        """An operand, and the steps that make it a view."""
        self.dtypes.add(value.dtype)
        self.features["0-d"] += value.data.ndim == 0
        self.features["empty"] += value.data.size == 0
        self.features["view"] += bool(steps)
        if value.dtype not in FLOATS or not value.data.size:
            return
        wide = value.wide()
        self.features["nan"] += bool(np.isnan(wide).any())
        self.features["inf"] += bool(np.isinf(wide).any())
        self.features["-0"] += bool(((wide == 0) & np.signbit(wide)).any())
        self.features["denormal"] += bool(((wide != 0) & (np.abs(wide) < 2.0 ** (1 - EXPONENT[value.dtype]))).any())

    def error(self, worst):
        """The largest error of a case that was judged."""
        if worst > self.worst:
            self.worst, self.worst_case = worst, self.cases


def example(where, *columns):
    index = tuple(int(i) for i in np.argwhere(where)[0])
    return f"{int(np.sum(where))} of {np.size(where)} elements, at {index}: " + ", ".join(
        f"{name} {values[index]!r}" for name, values in columns)


def judge_one(case, got, reference, truth, operands, tally):
    """Messages of what is wrong with one result."""
    dtype = reference.dtype if reference is not None else case.dtype
    shape = reference.shape if reference is not None else np.shape(truth)
    if got.dtype != dtype or got.shape != tuple(shape):
        return [f"{got.dtype}{list(got.shape)} instead of {dtype}{list(shape)}"]
    if got.data.size == 0:
        return []
    g = got.wide()
    slack = 0.0
    if case.scale:
        with np.errstate(all="ignore"):
            slack = case.epsilons * (2.0 ** -52 if dtype == "float64" else 2.0 ** -23) * case.scale(*operands)
            slack = np.where(np.isfinite(slack), slack, 0)
    skip = np.zeros(g.shape, bool)
    if case.deliberate:
        skip = np.broadcast_to(case.deliberate(*operands), g.shape)
        tally.deliberate += int(skip.sum())
    messages = []
    mlx_ulp = 4 * case.ulp + 4 if case.mlx_ulp is None else case.mlx_ulp
    if truth is None:
        r = reference.wide()
        error = np.where(skip, 0, distance(g, r, dtype, slack))
        wrong = error > case.ulp
        if case.ulp == 0 and case.zeros:
            wrong |= signs_differ(g, r, dtype) & ~skip
        if wrong.any():
            messages.append(example(wrong, ("emily", g), ("MLX", r)))
    else:
        t = np.asarray(truth)
        error = distance(g, t, dtype, slack)
        wrong = error > case.ulp
        if wrong.any():
            messages.append(example(wrong, ("emily", g), ("float64", t)))
        if reference is not None:
            r = reference.wide()
            off = distance(g, r, dtype, slack) > mlx_ulp
            tally.mlx_off += int((off & ~skip).sum())
            with np.errstate(all="ignore"):
                # MLX rounds on the way in 16 bits, and drops denormals: that is no other meaning
                room = 4 * slack * 2.0 ** (23 - MANTISSA[dtype] if dtype in ("float16", "bfloat16") else 0)
                gross = off & ~skip & ~(np.abs(g - r) <= 0.02 * np.abs(t) + room + 2.0 ** (4 - EXPONENT.get(dtype, 0)))
            if gross.any():
                messages.append("far from MLX: " + example(gross, ("emily", g), ("MLX", r), ("float64", t)))
    finite = error[np.isfinite(error)]
    if finite.size:
        tally.error(float(finite.max()))
    return messages
