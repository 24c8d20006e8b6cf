"""Readings of one audit trail, stored compactly and restored in full.

The audit trail is read many times, and each reading shows up to a thousand entries that are mostly known.
A `Compactor` keeps the new entries and the order of all; `replay` restores the whole lists. So the
journal alone holds what every reading showed, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from technogate.model.events import TrailEntry, TrailReading

Runs = tuple[tuple[int, int], ...]


class Compactor:
    """Numbers the entries of one audit trail in the order in which they appear."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}

    def fold(
        self, entries: Sequence[TrailEntry], clean: Callable[[TrailEntry], TrailEntry]
    ) -> tuple[tuple[TrailEntry, ...], Runs]:
        """The entries that are new, each as `clean` leaves it, and the runs of numbers that make up the list.

        `entries` are newest first, and so are those returned; numbers are given from the oldest on, so
        that the whole of an audit trail that only grows is one run, counted down.
        """
        keys = [_key(entry) for entry in entries]
        fresh: list[TrailEntry] = []
        for key, entry in zip(reversed(keys), reversed(entries), strict=True):
            if key not in self._numbers:
                self._numbers[key] = len(self._numbers)
                fresh.append(clean(entry))
        runs: list[list[int]] = []
        for key in keys:
            number = self._numbers[key]
            if runs and runs[-1][0] - runs[-1][1] == number:
                runs[-1][1] += 1
            else:
                runs.append([number, 1])
        return tuple(reversed(fresh)), tuple((first, count) for first, count in runs)


def _key(entry: TrailEntry) -> object:
    """Equal for equal entries, and hashable."""
    extra = tuple(sorted(entry.extra.items())) if entry.extra else ()
    return (entry.trace_id, entry.timestamp, entry.state, entry.action, entry.result, entry.execution_id, extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailHistory:
    """All readings of one audit trail: `lists[i]` are the numbers of the entries in `readings[i]`, newest first.

    `entries` are by number, `first` is the index of the reading that was the first to show each. `failed` are the
    readings that failed.
    """

    readings: list[TrailReading]
    lists: list[list[int]]
    entries: list[TrailEntry]
    first: list[int]
    failed: list[TrailReading]


def replay(readings: Iterable[TrailReading]) -> TrailHistory:
    """The whole lists of the readings of one audit trail, which must come in the order in which they were made."""
    history = TrailHistory(readings=[], lists=[], entries=[], first=[], failed=[])
    for reading in readings:
        if reading.error:
            history.failed.append(reading)
            continue
        index = len(history.readings)
        history.entries.extend(reversed(reading.entries))
        history.first.extend([index] * len(reading.entries))
        layout = reading.layout or ((len(history.entries) - 1, len(reading.entries)),)
        history.readings.append(reading)
        history.lists.append([number for first, count in layout for number in range(first, first - count, -1)])
    return history
