"""One reading of the audit trail beside the next: no entry once shown may change, vanish or change its place."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from technogate.trail.history import TrailHistory
from technogate.trail.reconcile.anomaly import Anomaly, AnomalyKind, entry_text

Times = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Continuity:
    """The result of comparing the readings: `compared` entries were in both, the order of `ordered` lists was checked.

    `replaced` are the numbers of entries that are later versions of others.
    """

    anomalies: list[Anomaly] = field(default_factory=list)
    replaced: set[int] = field(default_factory=set)
    compared: list[int] = field(default_factory=list)
    ordered: list[int] = field(default_factory=list)


def continuity(history: TrailHistory, times: Times) -> Continuity:
    """Compare each reading with the one before it (TRL-05), and check the order of each (AUD-04)."""
    result = Continuity()
    for index in range(1, len(history.lists)):
        _compare(history, times, index, result)
    reported: set[tuple[int, int]] = set()
    for reading, numbers in zip(history.readings, history.lists, strict=True):
        # Only the API guarantees an order by time; a file has its own, and a query that of its author.
        if reading.source.startswith("api") and len(numbers) > 1:
            result.ordered.append(len(numbers))
            _order(history, times, numbers, reported, result)
    return result


def _compare(history: TrailHistory, times: Times, index: int, result: Continuity) -> None:
    """Find the entries of the reading before `index` that `index` lacks, although it reaches as far back."""
    before, after = history.lists[index - 1], history.lists[index]
    still = set(after)
    gone = [(place, number) for place, number in enumerate(before) if number not in still]
    if kept := len(before) - len(gone):
        result.compared.append(kept)
    reading = history.readings[index]
    if reading.limit and len(after) >= reading.limit:
        # The list is full: newer entries may have pushed out the oldest. What stood above an entry that
        # is still there was not pushed out; among entries of the same time the order may be either.
        last = next((place for place in range(len(before) - 1, -1, -1) if before[place] in still), -1)
        edge = times[before[last]] if last >= 0 else None
        gone = [(place, number) for place, number in gone if place < last and times[number] != edge]
    if not gone:
        return
    known = set(before)
    fresh = [number for number in after if number not in known]
    versions = {history.entries[number].trace_id: number for number in fresh}
    versions |= {f"execution {history.entries[number].execution_id}": number for number in fresh}
    for _, number in gone:
        entry = history.entries[number]
        keys = [key for key in (entry.trace_id, entry.execution_id and f"execution {entry.execution_id}") if key]
        version = next((versions[key] for key in keys if key in versions), None)
        if version is None:
            what, kind = "it was gone", AnomalyKind.MISSING
        else:
            what, kind = f"it had become: {entry_text(history.entries[version])}", AnomalyKind.ALTERED
            result.replaced.add(version)
        result.anomalies.append(
            Anomaly(
                kind=kind,
                requirement="TRL-05",
                expected=f"the entry as it was in reading {history.readings[index - 1].id}: {entry_text(entry)}",
                observed=f"in reading {reading.id} {what}",
                trace_ids=(entry.trace_id,) if entry.trace_id else (),
                entry=entry,
            )
        )


def _order(
    history: TrailHistory, times: Times, numbers: list[int], reported: set[tuple[int, int]], result: Continuity
) -> None:
    """Find neighbours of which the upper is the older; each pair is reported once."""
    for upper, lower in itertools.pairwise(numbers):
        newer, older = times[upper], times[lower]
        if newer is None or older is None or older <= newer or (upper, lower) in reported:
            continue
        reported.add((upper, lower))
        above, below = history.entries[upper], history.entries[lower]
        result.anomalies.append(
            Anomaly(
                kind=AnomalyKind.DISORDERED,
                requirement="AUD-04",
                expected="the newest entry first",
                observed=f"the entry of {above.timestamp} stands above that of {below.timestamp}",
                trace_ids=tuple(entry.trace_id for entry in (above, below) if entry.trace_id),
                entry=above,
            )
        )
