"""TRL-10: with the audit trail unwritable, nothing is executed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import finding, has_status, is_error_response, json_object
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
    trace_id = json_object(exchange).get("trace_id")
    for entry in entries:
        if trace_id and entry.trace_id == trace_id and entry.state in statuses.executed:
            observed = f"an entry {entry.action} {entry.state} with its trace id"
            return finding("nothing executed", exchange, "no entry of an execution that was refused", observed)
    return []


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
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES)
