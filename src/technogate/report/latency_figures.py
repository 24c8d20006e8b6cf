"""Latencies as all reports show them: the figures as text, and the geometry of a chart.

The time axis is logarithmic and the same for each operation, so that charts can be compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from technogate.checks.latency import FEWEST
from technogate.model.verdict import Latency, VerdictDocument

#: Ends of the scale in seconds; a time outside is drawn at the nearer end.
_SHORTEST, _LONGEST = 0.0005, 20.0

#: Times named below a chart, in seconds.
_NAMED = (0.001, 0.01, 0.1, 1.0, 10.0)

#: The least height of a bar in percent; a lower one would not be visible.
_LOWEST = 4.0

#: The titles of the columns, and the sentence above them.
COLUMNS = ("responses", "p50", "p90", "p99", "max", "limit of p99")
LEAD = "Response times of the backend, over every complete response of the run without a fault."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation: its figures as text, in the order of `COLUMNS`, and whether p99 is within its limit.

    `held` is None without a limit, and with too `few` responses for a p99.
    """

    operation: str
    figures: tuple[str, ...]
    held: bool | None
    few: bool

    @property
    def judged(self) -> str:
        """How p99 was judged, in words."""
        if self.few:
            return f"not judged, fewer than {FEWEST} responses"
        return {True: "within its limit", False: "over its limit", None: "has no limit"}[self.held]

    @property
    def text(self) -> str:
        """The row as a sentence."""
        return ", ".join(f"{name} {figure}" for name, figure in zip(COLUMNS, self.figures, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Positions in percent: bars (start, width, height), percentiles, the limit (None without one), the axis labels."""

    bars: tuple[tuple[float, float, float], ...]
    p50: float
    p90: float
    p99: float
    max: float
    limit: float | None
    named: tuple[tuple[float, str], ...]


def seconds_text(seconds: float) -> str:
    """A time with its significant digits: `0.8 ms`, `47 ms`, `1.34 s`."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def rows(document: VerdictDocument) -> tuple[Row, ...]:
    """A row for each operation with a response."""
    return tuple(_row(latency) for latency in document.latency)


def _row(latency: Latency) -> Row:
    """The figures of one operation."""
    times = tuple(seconds_text(seconds) for seconds in (latency.p50, latency.p90, latency.p99, latency.max))
    limit = "none" if latency.limit_s is None else f"{latency.limit_s:g} s"
    few = latency.limit_s is not None and latency.count < FEWEST
    held = None if few or latency.limit_s is None else latency.p99 <= latency.limit_s
    return Row(operation=latency.operation, figures=(str(latency.count), *times, limit), held=held, few=few)


def chart(latency: Latency) -> Chart:
    """The histogram of one operation with its percentiles and its limit."""
    most = max(bucket.count for bucket in latency.buckets)
    bars = []
    start = 0.0
    for bucket in latency.buckets:
        end = 100.0 if bucket.upto_s is None else _place(bucket.upto_s)
        if bucket.count:
            bars.append((start, round(end - start, 2), round(max(_LOWEST, 100 * bucket.count / most), 2)))
        start = end
    return Chart(
        bars=tuple(bars),
        p50=_place(latency.p50),
        p90=_place(latency.p90),
        p99=_place(latency.p99),
        max=_place(latency.max),
        limit=None if latency.limit_s is None else _place(latency.limit_s),
        named=tuple(
            (_place(seconds), f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms") for seconds in _NAMED
        ),
    )


def _place(seconds: float) -> float:
    """The position of a time on the scale, in percent."""
    inside = min(max(seconds, _SHORTEST), _LONGEST)
    return round(100 * math.log(inside / _SHORTEST) / math.log(_LONGEST / _SHORTEST), 2)
