"""TRL-10: with the audit trail unwritable, nothing is executed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import finding, has_status, is_error_response, json_object, trace_id
from technogate.model.events import Exchange, Finding, TrailEntry
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

#: Status codes of a request that is refused because its entry cannot be written.
UNAVAILABLE = (500, 503)


def is_refused_unaudited(contract: Contract, exchange: Exchange) -> list[Finding]:
    """With the audit trail unwritable the request is refused, with the reason for that (TRL-10)."""
    broken = has_status(exchange, *UNAVAILABLE)
    return broken or is_error_response(contract, exchange, contract.behavior.reason_codes.audit_unavailable)


def leaves_no_execution(contract: Contract, exchange: Exchange, entries: Iterable[TrailEntry]) -> list[Finding]:
    """No entry of the audit trail records the request as executed (TRL-10)."""
    statuses = contract.behavior.statuses
    name = json_object(exchange).get("trace_id")
    for entry in entries:
        if name and entry.trace_id == name and entry.state in statuses.executed:
            observed = f"an entry {entry.action} {entry.state} with its trace id"
            return finding("nothing executed", exchange, "no entry of an execution that was refused", observed)
    return []


def is_refused_or_recorded(contract: Contract, exchange: Exchange, entries: Iterable[TrailEntry]) -> list[Finding]:
    """While the disk refuses some writes, a request is refused, or its entry is in the audit trail (TRL-10).

    One without a response was not approved: a backend may end when it cannot write.
    """
    response = exchange.response
    if response is None:
        return []
    if response.status in UNAVAILABLE:
        return is_refused_unaudited(contract, exchange)
    if any(entry.trace_id == trace_id(exchange) for entry in entries):
        return []
    expected = f"status {' or '.join(map(str, UNAVAILABLE))}, or an entry with its trace id"
    return finding("refused or recorded", exchange, expected, f"status {response.status}, and no entry")


EXAMPLES = (
    Example(
        requirement="TRL-10",
        predicate=is_refused_unaudited,
        good=lambda e: (
            e.contract,
            e.conforming(e.refused(503, e.contract.behavior.reason_codes.audit_unavailable)),
        ),
        bad=lambda e: (e.contract, e.executed()),
    ),
    Example(
        requirement="TRL-10",
        predicate=leaves_no_execution,
        good=lambda e: (e.contract, e.refused(503), [e.entry(state=e.contract.behavior.statuses.blocked)]),
        bad=lambda e: (e.contract, e.refused(503), [e.entry(state=e.contract.behavior.statuses.executed[0])]),
    ),
    Example(
        requirement="TRL-10",
        predicate=is_refused_or_recorded,
        good=lambda e: (e.contract, e.executed(), [e.entry()]),
        bad=lambda e: (e.contract, e.executed(), []),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES)
