"""How far back each reading of an audit trail reaches: it shows the newest entries, and not all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from technogate.trail.history import TrailHistory


class ReadingWindow:
    """The readings of one audit trail by time. `ends` holds, by the number of an entry, when its request had ended."""

    def __init__(self, history: TrailHistory, times: Sequence[float | None]) -> None:
        self.ends: dict[int, float] = {}
        self._history = history
        self._times = times
        self._begun = [reading.at for reading in history.readings]

    def first_from(self, at: float) -> int | None:
        """The first reading that began at `at` or later."""
        index = bisect_left(self._begun, at)
        return index if index < len(self._begun) else None

    def shows(self, index: int, at: float | None) -> bool:
        """Whether the reading `index` would show an entry of the time `at`."""
        if self.is_whole(index):
            return True
        oldest = self._times[self._history.lists[index][-1]]
        return at is not None and oldest is not None and at > oldest

    def reaches(self, index: int, started: float) -> bool:
        """Whether the reading `index` shows anything older than a request that began at `started`.

        The requests of the entries shown decide that: the backend's clock may differ.
        """
        if self.is_whole(index):
            return True
        ends = (self.ends.get(number) for number in reversed(self._history.lists[index]))
        return next((end for end in ends if end is not None), started + 1) <= started

    def is_whole(self, index: int) -> bool:
        """Whether the reading showed fewer entries than its limit: all that there were."""
        limit = self._history.readings[index].limit
        return not limit or len(self._history.lists[index]) < limit
