"""Percentiles by nearest rank, the histogram, and the selection of samples."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.checks.latency import BOUNDS, histogram, latencies, percentile
from technogate.model.events import Ended, Exchange
from tests import builders


@pytest.mark.parametrize(("percent", "expected"), [(5, 15), (30, 20), (40, 20), (50, 35), (100, 50), (0, 15)])
def test_nearest_rank(percent: float, expected: float) -> None:
    """The percentiles are those of the textbook example of the nearest rank."""
    assert percentile([15, 20, 35, 40, 50], percent) == expected


def test_p99_of_a_hundred_is_the_second_largest() -> None:
    """One slow response in a hundred is allowed."""
    assert percentile([*[0.1] * 99, 9.0], 99) == 0.1
    assert percentile([*[0.1] * 98, 9.0, 9.0], 99) == 9.0


def test_no_values_have_no_percentile() -> None:
    """A percentile of no values is an error, never zero."""
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 99)


@given(values=st.lists(st.floats(0, 1e6), min_size=1), percent=st.floats(0.1, 100))
def test_percentile_bounds_its_share_of_values(values: list[float], percent: float) -> None:
    """At least that many per cent of the values do not exceed the percentile, which is one of them."""
    result = percentile(sorted(values), percent)
    assert result in values
    assert sum(value <= result for value in values) >= math.floor(len(values) * percent / 100)


@given(values=st.lists(st.floats(0, 1e6)))
def test_every_value_is_in_one_bucket(values: list[float]) -> None:
    """The buckets count every value once, in the bucket of its size."""
    buckets = histogram(values)
    assert [bucket.upto_s for bucket in buckets] == [*BOUNDS, None]
    assert sum(bucket.count for bucket in buckets) == len(values)
    assert sum(bucket.count for bucket in buckets[:-1]) == sum(value <= BOUNDS[-1] for value in values)


def lasting(seconds: float, number: int = 1) -> Exchange:
    """Return an exchange of this duration."""
    return msgspec.structs.replace(builders.exchange(number, trace_id="a"), started=10.0, ended=10.0 + seconds)


def test_only_complete_responses_count() -> None:
    """An exchange without a response, or with an incomplete one, has no latency."""
    head = msgspec.structs.replace(builders.header(), p99_s={"executeCommand": 1.0})
    gone = msgspec.structs.replace(lasting(5), response=None, end=Ended.INDETERMINATE)
    broken = msgspec.structs.replace(lasting(5), end=Ended.INDETERMINATE)
    rows = latencies([lasting(0.5), lasting(1.5), gone, broken], head)
    assert [(row.operation, row.count, row.p50, row.p99, row.max, row.limit_s) for row in rows] == [
        ("executeCommand", 2, 0.5, 1.5, 1.5, 1.0)
    ]
