"""Entries whose time cannot be read: what depends on it is undecided, not broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from technogate.trail.history import TrailHistory

#: What to write in the target file for such a time.
WRITE = 'say how it is written: time = "epoch_ms", say, in [backend.audit]'
#: What to write for one that is not there.
NAME = 'name its key: fields = { timestamp = "…" } in [backend.audit]'


class UnreadTimes:
    """The entries of one pair whose times were needed and could not be read; numbers in `mistimed` and `stray`."""

    def __init__(self, history: TrailHistory, times: Sequence[float | None]) -> None:
        self.mistimed: list[int] = []
        self.stray: list[int] = []
        self._entries = history.entries
        self._api = any(reading.source.startswith("api") for reading in history.readings)
        self._timed = any(at is not None for at in times)
        self._times = times

    def undecided(self, number: int) -> bool:
        """Whether an entry's time says nothing against the backend.

        How the API writes a time the contract rules (TRL-03), and one that is missing where others have theirs is none.
        """
        if self._api or self._times[number] is not None:
            return False
        return bool(self._entries[number].timestamp) or not self._timed

    @property
    def gaps(self) -> Mapping[str, str]:
        """Why a requirement is undecided."""
        gaps: dict[str, str] = {}
        if self.mistimed:
            gaps["TRL-03"] = self._why(self.mistimed)
        if self.stray:
            gaps["TRL-04"] = f"whether an entry belongs to a request cannot be told: {self._why(self.stray)}"
        return gaps

    def _why(self, numbers: Sequence[int]) -> str:
        return why_unread(self._entries[numbers[0]].timestamp, len(numbers) - 1)


def why_unread(text: str, others: int = 0) -> str:
    """The reason why the time `text` of an entry, and those of `others`, say nothing, and what to do."""
    more = f" (and of {others} more)" if others else ""
    if text:
        return f"the time {text!r} of an entry{more} cannot be read; {WRITE}"
    return f"an entry has no time{more}; {NAME}"
