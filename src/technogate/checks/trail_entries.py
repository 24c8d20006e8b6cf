"""Checks of the audit trail as its source gives it, against the requests of one item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from technogate.model.events import Exchange, Finding, TrailEntry
from technogate.trail.reconcile.anomaly import entry_text
from technogate.trail.reconcile.expected_entries import TrailTerms, expected_entries
from technogate.util.timestamps import seconds_of


def traces(exchanges: Iterable[Exchange], terms: TrailTerms) -> list[str]:
    """The trace ids that the answers name."""
    return [trace_id for exchange in exchanges for trace_id in expected_entries(exchange, terms).ids[:1]]


def of(entries: Iterable[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[TrailEntry]:
    """The entries that have the trace id of an answer."""
    ids = expected_entries(exchange, terms).ids
    return [entry for entry in entries if entry.trace_id in ids]


def has_its_entry(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """There is exactly one entry of the exchange, of the state that its answer asks for (TRL-01, TRL-02)."""
    owed = expected_entries(exchange, terms)
    expected = f"one entry with trace id {', '.join(owed.ids) or '(the answer names none)'}"
    expected += f" and state {owed.state}" if owed.state else ""
    found = of(entries, exchange, terms)
    if len(found) != 1:
        return _finding("one entry", exchange, expected, f"{len(found)} such entries among {len(entries)}", owed.ids)
    if owed.state and found[0].state != owed.state:
        return _finding("one entry", exchange, expected, entry_text(found[0]), owed.ids)
    return []


def at_most_one(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """There is no second entry of the exchange (TRL-04)."""
    found = of(entries, exchange, terms)
    if len(found) <= 1:
        return []
    ids = expected_entries(exchange, terms).ids
    return _finding("no second entry", exchange, "at most one entry", f"{len(found)} entries", ids)


def within_request(entries: Sequence[TrailEntry], exchange: Exchange, terms: TrailTerms) -> list[Finding]:
    """The entry's timestamp lies between start and end of the request, with the tolerance (TRL-03)."""
    found = of(entries, exchange, terms)
    if not found:
        return has_its_entry(entries, exchange, terms)
    at, tolerance = seconds_of(found[0].timestamp), terms.tolerance_s
    if at is not None and exchange.started - tolerance <= at <= exchange.ended + tolerance:
        return []
    off = "no UTC time" if at is None else f"{max(exchange.started - at, at - exchange.ended):.1f} s off"
    expected = f"a UTC time between start and end of the request, within {tolerance:g} s"
    observed = f"{found[0].timestamp!r}, {off}"
    return _finding("entry's time", exchange, expected, observed, expected_entries(exchange, terms).ids)


def still_there(before: Sequence[TrailEntry], after: Sequence[TrailEntry]) -> list[Finding]:
    """Every entry of `before` stands unchanged in `after` (TRL-05)."""
    for entry in before:
        if entry not in after:
            same = [one for one in after if entry.trace_id and one.trace_id == entry.trace_id]
            observed = f"it became {entry_text(same[0])}" if same else "it is gone"
            return [
                Finding(
                    check="append-only",
                    expected=f"the entry as it was: {entry_text(entry)}",
                    observed=observed,
                    trace_id=entry.trace_id,
                )
            ]
    return []


def free_of(entries: Iterable[TrailEntry], secrets: Mapping[str, str]) -> list[Finding]:
    """No field of any entry holds one of `secrets`, in any case; they are given by what to call them (TRL-09)."""
    for entry in entries:
        fields = {
            "timestamp": entry.timestamp,
            "action": entry.action,
            "result": entry.result,
            "state": entry.state,
            "execution_id": entry.execution_id,
            "trace_id": entry.trace_id,
            **{f"{name}": f"{name} {value}" for name, value in entry.extra.items()},
        }
        for field, text in fields.items():
            for what, secret in secrets.items():
                if secret.casefold() in text.casefold():
                    return [
                        Finding(
                            check="nothing of the request",
                            expected=f"no {what} in an entry",
                            observed=f"{what} in the entry's {field}",
                            trace_id=entry.trace_id,
                        )
                    ]
    return []


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
