"""Short pieces of text that messages and reports share: counts, shortened lists, one line of another program's text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


def many(number: int, noun: str) -> str:
    """A count with its noun: `1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def few(names: Sequence[str], most: int) -> str:
    """The first `most` names and the number of those left out: `a, b and 3 more`."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def one_line(text: str, limit: int = 300) -> str:
    """At most `limit` characters of `text`, all white space as single spaces."""
    return " ".join(text.split())[:limit]


def utc_time(seconds: float) -> str:
    """A time in seconds since the epoch as UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float) -> str:
    """A length of time: `340 ms`, `2.5 s`, `3 min 20 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
