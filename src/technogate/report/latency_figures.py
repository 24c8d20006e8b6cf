"""How every report shows latencies: the same figures in the same words, and a chart's geometry.

Times run over a logarithmic scale that is the same for each operation, so that charts can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from technogate.checks.latency import FEWEST
from technogate.model.verdict import Latency, VerdictDocument

#: Ends of the scale in seconds; whatever lies outside is drawn at its end.
_SHORTEST, _LONGEST = 0.0005, 20.0

#: Times named below a chart, in seconds.
_NAMED = (0.001, 0.01, 0.1, 1.0, 10.0)

#: Height in percent below which a bar that counts something would not be seen.
_LOWEST = 4.0

#: What the reports call their columns, and say above them.
COLUMNS = ("answers", "p50", "p90", "p99", "max", "limit of p99")
LEAD = "How long the backend took, over every complete answer of the run that no fault disturbed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation: its figures as text, in the order of `COLUMNS`, and whether p99 keeps to its limit.

    `held` is None where there is no limit, or `few` answers that tell nothing about 99 of 100.
    """

    operation: str
    figures: tuple[str, ...]
    held: bool | None
    few: bool

    @property
    def judged(self) -> str:
        """What became of p99, in words."""
        if self.few:
            return f"not judged, fewer than {FEWEST} answers"
        return {True: "within its limit", False: "over its limit", None: "without a limit"}[self.held]

    @property
    def text(self) -> str:
        """The row as a sentence."""
        return ", ".join(f"{name} {figure}" for name, figure in zip(COLUMNS, self.figures, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Where things stand, in percent: bars as start, width and height, marks, times named below; None is no limit."""

    bars: tuple[tuple[float, float, float], ...]
    p50: float
    p90: float
    p99: float
    max: float
    limit: float | None
    named: tuple[tuple[float, str], ...]


def seconds_text(seconds: float) -> str:
    """A time with the digits that say something: `0.8 ms`, `47 ms`, `1.34 s`."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def rows(document: VerdictDocument) -> tuple[Row, ...]:
    """A row for each operation that was answered."""
    return tuple(_row(one) for one in document.latency)


def _row(one: Latency) -> Row:
    """The figures of one operation."""
    times = tuple(seconds_text(seconds) for seconds in (one.p50, one.p90, one.p99, one.max))
    limit = "none" if one.limit_s is None else f"{one.limit_s:g} s"
    few = one.limit_s is not None and one.count < FEWEST
    held = None if few or one.limit_s is None else one.p99 <= one.limit_s
    return Row(operation=one.operation, figures=(str(one.count), *times, limit), held=held, few=few)


def chart(one: Latency) -> Chart:
    """The histogram of one operation with its percentiles and its limit."""
    most = max(bucket.count for bucket in one.buckets)
    bars = []
    start = 0.0
    for bucket in one.buckets:
        end = 100.0 if bucket.upto_s is None else _place(bucket.upto_s)
        if bucket.count:
            bars.append((start, round(end - start, 2), round(max(_LOWEST, 100 * bucket.count / most), 2)))
        start = end
    return Chart(
        bars=tuple(bars),
        p50=_place(one.p50),
        p90=_place(one.p90),
        p99=_place(one.p99),
        max=_place(one.max),
        limit=None if one.limit_s is None else _place(one.limit_s),
        named=tuple(
            (_place(seconds), f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms") for seconds in _NAMED
        ),
    )


def _place(seconds: float) -> float:
    """Where a time stands on the scale, in percent."""
    inside = min(max(seconds, _SHORTEST), _LONGEST)
    return round(100 * math.log(inside / _SHORTEST) / math.log(_LONGEST / _SHORTEST), 2)
