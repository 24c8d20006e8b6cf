"""The anomalies of one pair, each worded as what was expected and what was observed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from technogate.model.events import TrailReading
from technogate.trail.history import TrailHistory
from technogate.trail.reconcile.anomaly import Anomaly, AnomalyKind, entry_text
from technogate.trail.reconcile.expected_entries import ExpectedEntries, TrailTerms


class AnomalyLog:
    """Collects `anomalies`; `parallel` are the ids of the exchanges that were under way together with another."""

    def __init__(self, history: TrailHistory, terms: TrailTerms, parallel: AbstractSet[str]) -> None:
        self.anomalies: list[Anomaly] = []
        self._history = history
        self._terms = terms
        self._parallel = parallel

    def mistimed(self, expected: ExpectedEntries, number: int, deviation: str) -> None:
        """Add an entry whose timestamp is none, or outside of its request's time."""
        self._add(
            AnomalyKind.MISTIMED,
            "TRL-03",
            expected,
            f"a timestamp between start and end of the request, within {self._terms.tolerance_s:g} s",
            f"{self._history.entries[number].timestamp!r}, {deviation}",
            number,
        )

    def late(self, expected: ExpectedEntries, number: int, reading: TrailReading) -> None:
        """Add an entry that `reading` did not show although it was expected."""
        self._add(
            AnomalyKind.LATE,
            "TRL-06",
            expected,
            f"the entry in every reading that begins {self._terms.visible_s:g} s after the response or later",
            f"not in the reading {reading.id}, {reading.at - expected.exchange.ended:.1f} s after the response",
            number,
        )

    def lost(self, expected: ExpectedEntries) -> None:
        """Add a request that has no entry."""
        self._add(
            AnomalyKind.LOST,
            expected.requirement,
            expected,
            f"one entry{_description(expected)}",
            "none in the whole audit trail",
        )

    def duplicated(self, expected: ExpectedEntries, trace_id: str, requests: int, entries: int, number: int) -> None:
        """Add the entries of `trace_id` that are more than its requests."""
        wanted = "one entry" if requests == 1 else f"{requests} entries, one for each request that got this trace id"
        self._add(
            AnomalyKind.DUPLICATED,
            expected.requirement,
            expected,
            f"{'' if expected.least else 'at most '}{wanted}",
            f"{entries} entries with trace id {trace_id}",
            number,
        )

    def misstated(self, expected: ExpectedEntries, number: int) -> None:
        """Add an entry whose state is not that of the response."""
        self._add(
            AnomalyKind.MISSTATED,
            expected.requirement,
            expected,
            f"one entry{_description(expected)}",
            f"its state is {self._history.entries[number].state or 'none'}",
            number,
        )

    def phantom(self, number: int) -> None:
        """Add an entry that belongs to no request."""
        entry = self._history.entries[number]
        self.anomalies.append(
            Anomaly(
                kind=AnomalyKind.PHANTOM,
                requirement="TRL-04",
                expected="an entry of a request that was sent",
                observed=f"an entry of none: {entry_text(entry)}",
                trace_ids=(entry.trace_id,) if entry.trace_id else (),
                entry=entry,
            )
        )

    def _add(
        self,
        kind: AnomalyKind,
        requirement: str,
        request: ExpectedEntries,
        expected: str,
        observed: str,
        number: int | None = None,
    ) -> None:
        exchange = request.exchange
        self.anomalies.append(
            Anomaly(
                kind=kind,
                requirement=requirement,
                expected=expected,
                observed=observed,
                operation=exchange.operation,
                exchanges=(exchange.id,),
                trace_ids=request.ids,
                entry=None if number is None else self._history.entries[number],
                parallel=exchange.id in self._parallel,
            )
        )


def _description(expected: ExpectedEntries) -> str:
    """What the entry of a request must be like."""
    trace = f" with trace id {expected.ids[0]}" if expected.ids else ""
    return trace + (f" and state {expected.state}" if expected.state else "")
