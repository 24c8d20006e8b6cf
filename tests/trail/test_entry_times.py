"""Times of entries in whatever form: read as the contract's, or left as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from technogate.target.spec import TimeForm
from technogate.trail.entry_times import STEP_S, EntryTimes, is_time
from technogate.util.timestamps import seconds_of

AT = 1_767_323_045.123
TEXT = "2026-01-02T03:04:05.123000Z"


@pytest.mark.parametrize(
    "value",
    [
        TEXT,
        "2026-01-02T03:04:05.123+00:00",
        "2026-01-02T00:04:05.123-03:00",
        "2026-01-02T05:04:05.123+0200",
        "2026-01-02 03:04:05,123 UTC",
        "2026-01-02 03:04:05.123 +00:00",
        "2026-01-02t03:04:05.123z",
        "20260102T030405.123Z",
        "2026-01-02T03:04:05.123000001Z",
        1_767_323_045_123,
        "1767323045123",
        AT,
        "1767323045.123",
        Decimal("1767323045.123"),
        1_767_323_045_123_000,
        1_767_323_045_123_000_000,
        {"$date": "2026-01-02T03:04:05.123Z"},
        {"$date": {"$numberLong": "1767323045123"}},
        {"seconds": 1_767_323_045, "nanos": 123_000_000},
        datetime(2026, 1, 2, 3, 4, 5, 123_000, tzinfo=UTC),
        datetime(2026, 1, 2, 0, 4, 5, 123_000, tzinfo=timezone(timedelta(hours=-3))),
    ],
)
def test_every_usual_form_is_read(value: Any) -> None:
    """Offsets, numbers of any unit and what databases return are the same moment in UTC."""
    assert seconds_of(EntryTimes().text(value)) == pytest.approx(AT, abs=2e-6)
    assert is_time(value)


@pytest.mark.parametrize(
    "value", ["", "now", "12", 12, True, None, "02/Jan/2026:03:04:05 +0000", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_time_stays_as_it_is(value: Any) -> None:
    """A value that cannot be read keeps its text, so that a report can show it."""
    text = EntryTimes().text(value)
    assert seconds_of(text) is None
    assert text in (str(value), "true", "")
    assert not is_time(value)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("epoch_s", "1767323045.123"),
        ("epoch_ms", 1_767_323_045_123),
        ("epoch_us", 1_767_323_045_123_000),
        ("epoch_ns", "1767323045123000000"),
        ("rfc3339", "2026-01-02T06:04:05.123+03:00"),
    ],
)
def test_a_form_that_is_said_is_the_only_one(form: TimeForm, value: Any) -> None:
    """A declared form reads its own times and no others."""
    assert seconds_of(EntryTimes(form).text(value)) == pytest.approx(AT, abs=2e-6)
    other = TEXT.replace("Z", "+00:00") if form != "rfc3339" else 1_767_323_045_123
    assert seconds_of(EntryTimes(form).text(other)) is None


def test_an_epoch_in_another_unit_than_said_is_not_guessed() -> None:
    """Seconds that are read as milliseconds are a time of 1970, which is judged as such."""
    assert EntryTimes("epoch_ms").text(1_767_323_045) == "1970-01-21T10:55:23.045000Z"


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> float:
        """The time now."""
        return self.now


@pytest.mark.parametrize("offset", [0, 5.75 * 3600, -3 * 3600])
def test_a_time_without_a_zone_is_read_by_the_time_of_its_writing(offset: float) -> None:
    """The offset is told by entries that are new in a reading; what was shown before stays as it was."""
    clock = Clock()
    times = EntryTimes(clock=clock)

    def written(at: float) -> str:
        return datetime.fromtimestamp(at + offset, UTC).strftime("%Y-%m-%d %H:%M:%S")

    old = written(clock.now - 86_400)
    times.begin()
    assert times.text(old) == old
    assert times.note == ""
    clock.now += 2
    times.begin()
    assert seconds_of(times.text(written(clock.now - 1))) == pytest.approx(clock.now - 1, abs=1)
    assert times.text(old) == old
    assert "name no zone" in times.note
    clock.now += 3_600
    times.begin()
    assert seconds_of(times.text(written(clock.now))) == pytest.approx(clock.now, abs=1)


def test_a_time_that_may_be_of_two_zones_is_not_read() -> None:
    """After a long pause several offsets fit, and none is taken."""
    clock = Clock()
    times = EntryTimes(clock=clock)
    times.begin()
    clock.now += 2 * STEP_S
    times.begin()
    assert times.text("2026-01-02 03:14:05") == "2026-01-02 03:14:05"
    assert EntryTimes("rfc3339").text("2026-01-02 03:14:05") == "2026-01-02 03:14:05"
