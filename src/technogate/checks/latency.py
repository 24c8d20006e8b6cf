"""How long responses took: nearest-rank percentiles and a histogram for each operation.

Only complete responses without fault count, whatever their status. The time is that of the
recording client, from the first byte sent to the end of the response.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from technogate.model.events import Ended, Exchange, Header
from technogate.model.verdict import Bucket, Latency

#: Fewer responses than this prove nothing about 99 of 100.
FEWEST = 20

#: Upper ends of the histogram's buckets in seconds; one more takes whatever is longer.
BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of values in ascending order: the smallest that `percent` of them do not exceed.

    Raises ValueError when there are no values.
    """
    if not ordered:
        raise ValueError("no values have no percentile")
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def histogram(values: Iterable[float]) -> tuple[Bucket, ...]:
    """How many values fall into each bucket; a value at a bound belongs below it."""
    counts = [0] * (len(BOUNDS) + 1)
    for value in values:
        counts[bisect_left(BOUNDS, value)] += 1
    ends: tuple[float | None, ...] = (*BOUNDS, None)
    return tuple(Bucket(upto_s=end, count=count) for end, count in zip(ends, counts, strict=True))


def latencies(exchanges: Iterable[Exchange], header: Header) -> tuple[Latency, ...]:
    """The latency of each guarded operation that has responses, in the contract's order."""
    taken: dict[str, list[float]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.response is not None and exchange.end is Ended.OK:
            # A clock that was set back in between must not make a negative time.
            taken[exchange.operation].append(max(0.0, exchange.seconds))
    return tuple(
        latency(operation, sorted(taken[operation]), header.p99_s.get(operation))
        for operation in header.guarded
        if operation in taken
    )


def latency(operation: str, ordered: Sequence[float], limit_s: float | None) -> Latency:
    """The latency of an operation whose responses took `ordered` seconds, ascending; raises ValueError without any."""
    return Latency(
        operation=operation,
        count=len(ordered),
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        max=ordered[-1],
        limit_s=limit_s,
        buckets=histogram(ordered),
    )
