"""The times of entries, in whatever form a file, a database or a program writes them.

What the contract says about times holds for the API alone. Elsewhere a time may have an offset, be a number since the
epoch, or name no zone at all. Whatever can be read becomes the contract's form; the rest stays as it is, which leaves
undecided what depends on it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from technogate.target.spec import TimeForm
from technogate.trail.entry import as_text
from technogate.util.timestamps import seconds_of, utc

#: How many of each unit of an epoch time make a second.
UNITS: dict[TimeForm, int] = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
#: Seconds since the epoch between which a number is taken for a time: the years 2000 to 2100.
PLAUSIBLE = (946_684_800, 4_102_444_800)
#: Offsets of time zones are multiples of this many seconds, and at most that many.
STEP_S, MOST_S = 900, 14 * 3600
#: Seconds that a clock may be off.
SKEW_S = 5.0
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE]\+?\d+)?", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-?\d\d-?\d\d.\d\d.*", re.ASCII | re.DOTALL)
_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d)")
_UTC_NAMES = re.compile(r"\s*(z|utc|gmt)$", re.IGNORECASE)


class EntryTimes:
    """Reads the times of one audit trail; `begin` is called before each reading.

    A time without a zone is read by the offset of the entries that are new in a reading: they were written since the
    one before. What was read once is read alike ever after.
    """

    def __init__(self, form: TimeForm = "auto", clock: Callable[[], float] = time.time) -> None:
        self._form = form
        self._clock = clock
        self._began: float | None = None
        self._before: float | None = None
        self._offset: int | None = None
        self._without_zone: dict[str, str] = {}

    @property
    def note(self) -> str:
        """What was found out about times without a zone; "" for nothing."""
        if self._offset is None:
            return ""
        sign, minutes = "-" if self._offset < 0 else "+", abs(self._offset) // 60
        return f"the times of entries name no zone; they are read as UTC{sign}{minutes // 60:02}:{minutes % 60:02}"

    def begin(self) -> None:
        """Note that a reading begins."""
        self._before, self._began = self._began, self._clock()

    def text(self, value: Any) -> str:
        """A time as RFC 3339 in UTC; the value's own text where it cannot be read."""
        value = _unwrapped(value)
        if self._form in UNITS:
            seconds = _seconds(value, UNITS[self._form])
            return as_text(value) if seconds is None else utc(seconds)
        if seconds_of(value) is not None:
            return str(value)
        if self._form == "auto" and (seconds := epoch_seconds(value)) is not None:
            return utc(seconds)
        at = _date_and_time(value)
        if at is None:
            return as_text(value)
        if at.tzinfo is not None:
            return utc(at.timestamp())
        return self._in_zone(as_text(value), at) if self._form == "auto" else as_text(value)

    def _in_zone(self, text: str, at: datetime) -> str:
        """A time without a zone; as it is until the offset is known."""
        if text not in self._without_zone:
            written = at.replace(tzinfo=UTC).timestamp()
            if self._offset is None:
                self._offset = self._offset_of(written)
            self._without_zone[text] = text if self._offset is None else utc(written - self._offset)
        return self._without_zone[text]

    def _offset_of(self, written: float) -> int | None:
        """The one offset with which `written` lies between the last reading and now; None for none or several."""
        if self._before is None:
            return None
        first, last = self._before - SKEW_S, self._clock() + SKEW_S
        fitting = [offset for offset in range(-MOST_S, MOST_S + 1, STEP_S) if first <= written - offset <= last]
        return fitting[0] if len(fitting) == 1 else None


def is_time(value: Any) -> bool:
    """Whether a value of a field of an unknown name can be nothing but a time."""
    value = _unwrapped(value)
    return epoch_seconds(value) is not None or _date_and_time(value) is not None


def epoch_seconds(value: Any) -> float | None:
    """Seconds since the epoch for a number of any unit, told by its size; None for what is no likely time."""
    for unit in UNITS.values():
        seconds = _seconds(value, unit)
        if seconds is not None and PLAUSIBLE[0] <= seconds < PLAUSIBLE[1]:
            return seconds
    return None


def _seconds(value: Any, unit: int) -> float | None:
    """A number of units since the epoch in seconds, to the microsecond; None for no number."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value).strip()):
        return None
    try:
        seconds = float(Decimal(str(value).strip()) / unit)
    except InvalidOperation:
        return None
    return seconds if abs(seconds) < PLAUSIBLE[1] * 10 else None


def _date_and_time(value: Any) -> datetime | None:
    """A value as a date with a time, with the zone that it names; None for anything else."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    text = _BEFORE_OFFSET.sub("", _UTC_NAMES.sub("+00:00", value.strip().upper()))
    if not _DATE_AND_TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _unwrapped(value: Any) -> Any:
    """A time as MongoDB's and Google's forms of JSON wrap it."""
    while isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("$date", "$numberLong"):
        value = next(iter(value.values()))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return utc(value / 1000)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return utc(int(value) / 1000)
    if isinstance(value, dict) and set(value) in ({"seconds"}, {"seconds", "nanos"}):
        seconds, nanos = _seconds(value["seconds"], 1), _seconds(value.get("nanos", 0), 10**9)
        return value if seconds is None or nanos is None else utc(seconds + nanos)
    return value
