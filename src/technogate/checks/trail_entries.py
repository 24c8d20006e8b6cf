"""TRL-01 to TRL-04: which entry each request has in the audit trail, and that no other is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.known_run import COUNT, START
from technogate.checks.reconciled import reconciled
from technogate.model.events import Exchange, Finding, TrailEntry
from technogate.model.requirement import Party
from technogate.trail.reconcile.anomaly import entry_text
from technogate.trail.reconcile.expected_entries import TrailTerms, expected_entries
from technogate.util.timestamps import seconds_of, utc

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

# ---- evidence ----


def trace_ids(exchanges: Iterable[Exchange], terms: TrailTerms) -> list[str]:
    """The trace ids that the responses name."""
    return [trace_id for exchange in exchanges for trace_id in expected_entries(exchange, terms).ids[:1]]


def entries_of(entries: Iterable[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[TrailEntry]:
    """The entries that have the trace id of a response."""
    ids = expected_entries(exchange, terms).ids
    return [entry for entry in entries if entry.trace_id in ids]


# ---- predicates ----


def has_one_entry(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """There is exactly one entry of the exchange, of the state that its response demands (TRL-01, TRL-02)."""
    wanted = expected_entries(exchange, terms)
    expected = f"one entry with trace id {', '.join(wanted.ids) or '(the response names none)'}"
    expected += f" and state {wanted.state}" if wanted.state else ""
    observed = entries_of(entries, exchange, terms)
    if len(observed) != 1:
        text = f"{len(observed)} such entries among {len(entries)}"
        return _finding("one entry", exchange, expected, text, wanted.ids)
    if wanted.state and observed[0].state != wanted.state:
        return _finding("one entry", exchange, expected, entry_text(observed[0]), wanted.ids)
    return []


def has_no_second_entry(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """There is no second entry of the exchange (TRL-04)."""
    observed = entries_of(entries, exchange, terms)
    if len(observed) <= 1:
        return []
    ids = expected_entries(exchange, terms).ids
    return _finding("no second entry", exchange, "at most one entry", f"{len(observed)} entries", ids)


def time_is_within_request(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """The entry's timestamp lies between start and end of the request, with the tolerance (TRL-03)."""
    own = entries_of(entries, exchange, terms)
    if not own:
        return has_one_entry(entries, exchange, terms)
    at, tolerance = seconds_of(own[0].timestamp), terms.tolerance_s
    if at is not None and exchange.started - tolerance <= at <= exchange.ended + tolerance:
        return []
    off = "no UTC time" if at is None else f"{max(exchange.started - at, at - exchange.ended):.1f} s off"
    expected = f"a UTC time between start and end of the request, within {tolerance:g} s"
    observed = f"{own[0].timestamp!r}, {off}"
    return _finding("entry's time", exchange, expected, observed, expected_entries(exchange, terms).ids)


def without_readable_time(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> str | None:
    """The time of the exchange's entry when it cannot be read; None for one that can, and without an entry."""
    own = entries_of(entries, exchange, terms)
    return own[0].timestamp if own and seconds_of(own[0].timestamp) is None else None


def _finding(check: str, exchange: Exchange, expected: str, observed: str, ids: Sequence[str]) -> list[Finding]:
    example = {"request": f"{exchange.request.method} {exchange.request.path}", "case": exchange.case}
    if exchange.request.body.size:
        example["request body"] = exchange.request.body.text or f"{exchange.request.body.size} bytes, not text"
    if exchange.response is not None:
        example["response"] = str(exchange.response.status)
    return [
        Finding(
            check=check,
            operation=exchange.operation,
            expected=expected,
            observed=observed,
            example=example,
            exchanges=(exchange.id,),
            trace_id=next(iter(ids), ""),
        )
    ]


# ---- examples ----


def _case(e: ExampleEvidence, *entries: TrailEntry) -> tuple[list[TrailEntry], Exchange, TrailTerms]:
    """The entries in the audit trail after a command was executed."""
    return list(entries), e.executed(), TrailTerms.of_contract(e.contract)


EXAMPLES = (
    Example(
        requirement="TRL-01",
        predicate=has_one_entry,
        good=lambda e: _case(e, e.entry()),
        bad=lambda e: _case(e, e.entry(state=e.contract.behavior.statuses.blocked)),
    ),
    Example(
        requirement="TRL-03",
        predicate=time_is_within_request,
        good=lambda e: _case(e, e.entry()),
        bad=lambda e: _case(e, e.entry(timestamp=utc(START))),
    ),
    Example(
        requirement="TRL-04",
        predicate=has_no_second_entry,
        good=lambda e: _case(e, e.entry()),
        bad=lambda e: _case(e, e.entry(), e.entry()),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="TRL-01",
        subject="Each execute request of the run has its one entry, with its status as state.",
        run=reconciled("TRL-01"),
        defects=(
            lambda run: run.last.pop(20),
            lambda run: run.last.append(run.last[20]),
            lambda run: run.entry(20, state=run.header.blocked, result=""),
        ),
    ),
    RunWideCheck(
        requirement="TRL-02",
        subject="Each refused request of the run has its one entry, blocked.",
        run=reconciled("TRL-02"),
        defects=(lambda run: run.last.pop(COUNT - 2),),
    ),
    RunWideCheck(
        requirement="TRL-03",
        subject="Each entry's time lies within its request's.",
        run=reconciled("TRL-03"),
        defects=(lambda run: run.entry(20, timestamp=utc(START - 60)),),
    ),
    RunWideCheck(
        requirement="TRL-04",
        subject="No entry of the run belongs to no request.",
        run=reconciled("TRL-04"),
        defects=(lambda run: run.add_entry("self-test-phantom"),),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
