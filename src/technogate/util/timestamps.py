"""Read timestamps in the contract's format as seconds, fast enough for every entry of a long run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:)([0-5]\d(?:\.\d+)?)Z", re.ASCII)


def seconds_of(timestamp: object) -> float | None:
    """Return seconds since the epoch for an RFC 3339 UTC time that ends in Z; None for anything else."""
    match = _FORM.fullmatch(timestamp) if isinstance(timestamp, str) else None
    if match is None:
        return None
    minute, seconds = match.groups()
    start = _start_of(minute)
    return None if start is None else start + float(seconds)


@lru_cache(maxsize=4096)
def _start_of(minute: str) -> float | None:
    """Seconds since the epoch of the start of a minute; None for a date that does not exist. Most repeat."""
    try:
        return datetime.strptime(minute, "%Y-%m-%dT%H:%M:").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def utc(seconds: float) -> str:
    """A time in seconds since the epoch as the contract writes it: RFC 3339, UTC, ending in Z."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
