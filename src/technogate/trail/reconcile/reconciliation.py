"""The audit trail reconciled: every request of a run against every entry that its readings showed.

A pure function from exchanges and readings to anomalies. The part of an id before its last "-" names the
worker, and with the backend's address the pair; each pair has a trail of its own. Within a pair requests
and entries are compared as multisets by trace id, never by timing. Time decides only about entries that
name no request (`technogate.trail.reconcile.matching`), and about what a reading cannot have shown yet.

An entry that stood in the first reading, before the first request, is older than the run and needs no request.
What no reading could have shown is a gap: the requirements concerned are then undecided, not broken. Where
an entry was changed or removed after it was shown, that is one anomaly; everything else is judged by the
entry as it was first shown. The cost is linear in requests and entries (and n log n in those that overlap).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from technogate.model.events import Exchange, TrailReading
from technogate.trail.reconcile.anomaly import Anomaly
from technogate.trail.reconcile.expected_entries import TrailTerms, expected_entries
from technogate.trail.reconcile.reconciler import Reconciler

__all__ = ["Reconciliation", "reconcile"]

#: The requirements that reconciling decides about.
DECIDES = ("TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "TRL-08", "AUD-04")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The anomalies, the number of comparisons for each requirement, and why a requirement is undecided."""

    anomalies: tuple[Anomaly, ...]
    checks: Mapping[str, int]
    gaps: Mapping[str, str]

    def of(self, requirement: str) -> tuple[Anomaly, ...]:
        """The anomalies that break `requirement`."""
        return tuple(anomaly for anomaly in self.anomalies if anomaly.requirement == requirement)


def reconcile(exchanges: Iterable[Exchange], readings: Iterable[TrailReading], terms: TrailTerms) -> Reconciliation:
    """Compare the requests sent to each backend with the audit trail that it kept of them."""
    sent: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.responded_by == "backend":
            sent[_pair(exchange.id, exchange.base_url)].append(exchange)
    read: dict[tuple[str, str], list[TrailReading]] = defaultdict(list)
    for reading in readings:
        read[_pair(reading.id, reading.base_url)].append(reading)
    anomalies: list[Anomaly] = []
    checks: Counter[str] = Counter()
    gaps: dict[str, str] = {}
    for pair in dict.fromkeys((*sent, *read)):
        requests = [expected_entries(exchange, terms) for exchange in sent.get(pair, ())]
        reconciler = Reconciler(requests, read.get(pair, ()), terms)
        reconciler.reconcile()
        anomalies += reconciler.anomalies
        checks += reconciler.checks
        gaps = {**reconciler.gaps, **gaps}
    return Reconciliation(anomalies=tuple(anomalies), checks=checks, gaps=gaps)


def _pair(record_id: str, base_url: str) -> tuple[str, str]:
    """The pair to which a record belongs."""
    return record_id.rpartition("-")[0], base_url.rstrip("/")
