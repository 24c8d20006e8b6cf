"""Times of the trail as seconds, fast enough for every entry of a long run."""

from __future__ import annotations

import re

from technogate.check.answer import seconds_of

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:)([0-5]\d(?:\.\d+)?)Z", re.ASCII)


class Moments:
    """Reads what `seconds_of` reads; the entries of one minute share the work on its date."""

    def __init__(self) -> None:
        self._minutes: dict[str, float | None] = {}

    def __call__(self, timestamp: str) -> float | None:
        """Seconds since the epoch of an RFC 3339 UTC time that ends in Z; None for anything else."""
        match = _FORM.fullmatch(timestamp)
        if match is None:
            return None
        minute, seconds = match.groups()
        if minute not in self._minutes:
            self._minutes[minute] = seconds_of(f"{minute}00Z")
        start = self._minutes[minute]
        return None if start is None else start + float(seconds)
