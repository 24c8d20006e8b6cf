"""What an audit trail kept through a kill: each answered request's entry, and nothing twice (TRL-07)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from technogate.checks.response_checks import trace_id
from technogate.model.events import Exchange, Finding, TrailEntry, header_values

#: Trace ids that a finding names.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """One kill and what the trail held afterwards.

    `exchanges` are the execute requests of the load that the kill ended, `entries` all that the trail
    showed after the restart, `known` the trace ids of whatever else may have an entry: entries of
    before, and reads.
    """

    moment: str
    exchanges: Sequence[Exchange]
    entries: Sequence[TrailEntry]
    known: Collection[str] = ()

    @property
    def answered(self) -> list[Exchange]:
        """The requests that were answered 200: each owes one entry."""
        return [one for one in self.exchanges if one.response is not None and one.response.status == 200]


def traces(exchange: Exchange, trace_header: str) -> str:
    """The trace id of an answer: the body's, else the header's; "" without either."""
    in_header = header_values(exchange.response.headers, trace_header) if exchange.response else []
    return trace_id(exchange) or next(iter(in_header), "")


def kept(survival: Survival, trace_header: str) -> list[Finding]:
    """Every answered request has its entry after the kill (TRL-07)."""
    there = {entry.trace_id for entry in survival.entries}
    lost = [one for one in survival.answered if traces(one, trace_header) not in there]
    if not lost:
        return []
    ids = [traces(one, trace_header) or "(none)" for one in lost]
    expected = f"an entry for each of the {len(survival.answered)} requests answered before the kill"
    return [_finding("entry after a kill", survival, lost, ids, expected, f"{len(lost)} have none: {_named(ids)}")]


def not_doubled(survival: Survival, trace_header: str) -> list[Finding]:
    """No request has two entries, and unanswered ones have at most one each (TRL-07)."""
    count = Counter(entry.trace_id for entry in survival.entries if entry.trace_id)
    mine = {traces(one, trace_header): one for one in survival.exchanges if one.response is not None}
    twice = [name for name, often in count.items() if often > 1 and name not in survival.known]
    if twice:
        doubled = [mine[name] for name in twice if name in mine]
        observed = f"{len(twice)} have more: {_named(twice)}"
        return [_finding("one entry after a kill", survival, doubled, twice, "one entry for each request", observed)]
    unanswered = [one for one in survival.exchanges if one.response is None]
    strangers = [name for name in count if name not in survival.known and name not in mine]
    if len(strangers) <= len(unanswered):
        return []
    expected = f"at most one entry for each of the {len(unanswered)} requests that the kill left without an answer"
    observed = f"{len(strangers)} entries of none that was answered: {_named(strangers)}"
    return [_finding("one entry after a kill", survival, unanswered, strangers, expected, observed)]


def _finding(
    check: str, survival: Survival, about: Sequence[Exchange], ids: Sequence[str], expected: str, observed: str
) -> Finding:
    return Finding(
        check=check,
        operation=next((one.operation for one in survival.exchanges), ""),
        expected=expected,
        observed=f"{survival.moment}: {observed}",
        example={"moment of the kill": survival.moment, "trace ids": ", ".join(ids)},
        exchanges=tuple(one.id for one in about[:MOST_NAMED]),
        trace_id=next(iter(ids), ""),
    )


def _named(ids: Iterable[str]) -> str:
    """The first few of some trace ids."""
    listed = list(ids)
    return ", ".join(listed[:MOST_NAMED]) + (
        f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    )
