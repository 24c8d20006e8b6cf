"""TRL-07: what an audit trail kept through a kill: the entry of each request with a response, and none twice. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import is_answer, trace_id
from technogate.model.events import Exchange, Finding, TrailEntry, header_values
from technogate.model.requirement import Party
from technogate.util.phrases import few

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: Trace ids that a finding names.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """One kill and what the audit trail held afterwards.

    `exchanges` are the execute requests of the load that the kill ended, `entries` all that the trail
    held after the restart, `known` the trace ids of whatever else may have an entry: entries of
    before, and reads.
    """

    moment: str
    exchanges: Sequence[Exchange]
    entries: Sequence[TrailEntry]
    known: Collection[str] = ()

    @property
    def answered(self) -> list[Exchange]:
        """The requests that were answered with a success: each needs one entry."""
        return [exchange for exchange in self.exchanges if is_answer(exchange)]


def trace_id_of(exchange: Exchange, trace_header: str) -> str:
    """The trace id of a response: the body's, else the header's; "" without either."""
    in_header = header_values(exchange.response.headers, trace_header) if exchange.response else []
    return trace_id(exchange) or next(iter(in_header), "")


def entries_survive_kill(survival: Survival, trace_header: str) -> list[Finding]:
    """Every request with a 200 response has its entry after the kill (TRL-07)."""
    there = {entry.trace_id for entry in survival.entries}
    lost = [exchange for exchange in survival.answered if trace_id_of(exchange, trace_header) not in there]
    if not lost:
        return []
    ids = [trace_id_of(exchange, trace_header) or "(none)" for exchange in lost]
    expected = f"an entry for each of the {len(survival.answered)} requests that got 200 before the kill"
    observed = f"{len(lost)} have none: {few(ids, MOST_NAMED)}"
    return [_finding("entry after a kill", survival, lost, ids, expected, observed)]


def no_entry_is_doubled(survival: Survival, trace_header: str) -> list[Finding]:
    """No request has two entries, and those without a response have at most one each (TRL-07)."""
    count = Counter(entry.trace_id for entry in survival.entries if entry.trace_id)
    responded = {
        trace_id_of(exchange, trace_header): exchange
        for exchange in survival.exchanges
        if exchange.response is not None
    }
    twice = [name for name, often in count.items() if often > 1 and name not in survival.known]
    if twice:
        doubled = [responded[name] for name in twice if name in responded]
        observed = f"{len(twice)} have more: {few(twice, MOST_NAMED)}"
        return [_finding("one entry after a kill", survival, doubled, twice, "one entry for each request", observed)]
    unanswered = [exchange for exchange in survival.exchanges if exchange.response is None]
    of_others = [name for name in count if name not in survival.known and name not in responded]
    if len(of_others) <= len(unanswered):
        return []
    expected = f"at most one entry for each of the {len(unanswered)} requests that the kill left without a response"
    observed = f"{len(of_others)} entries of requests without a response: {few(of_others, MOST_NAMED)}"
    return [_finding("one entry after a kill", survival, unanswered, of_others, expected, observed)]


def _finding(
    check: str, survival: Survival, about: Sequence[Exchange], ids: Sequence[str], expected: str, observed: str
) -> Finding:
    return Finding(
        check=check,
        operation=next((exchange.operation for exchange in survival.exchanges), ""),
        expected=expected,
        observed=f"{survival.moment}: {observed}",
        example={"moment of the kill": survival.moment, "trace ids": ", ".join(ids)},
        exchanges=tuple(exchange.id for exchange in about[:MOST_NAMED]),
        trace_id=next(iter(ids), ""),
    )


def _survival(e: ExampleEvidence, *trace_ids: str) -> tuple[Survival, str]:
    """A kill after one executed command, with the audit trail that was found afterwards."""
    entries = [e.entry(trace_id=name) for name in trace_ids]
    survival = Survival(moment="self-test", exchanges=[e.executed()], entries=entries)
    return survival, e.contract.behavior.headers.trace


EXAMPLES = (
    Example(
        requirement="TRL-07",
        predicate=entries_survive_kill,
        good=lambda e: _survival(e, "t-1"),
        bad=lambda e: _survival(e),
    ),
    Example(
        requirement="TRL-07",
        predicate=no_entry_is_doubled,
        good=lambda e: _survival(e, "t-1"),
        bad=lambda e: _survival(e, "t-1", "t-1"),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES)
