"""Checks of what others get while a backend is disturbed, and of what is refused."""

from __future__ import annotations

from collections.abc import Iterable

from technogate.checks.response_checks import answered, documented, error_response, finding, json_object, status
from technogate.contract.loader import Contract
from technogate.model.events import Exchange, Finding, TrailEntry

#: Status codes that say: refused, for want of a trail.
UNAVAILABLE = (500, 503)


def within(exchange: Exchange, seconds: float) -> list[Finding]:
    """The answer was complete within `seconds` (TMO-01)."""
    if exchange.response is not None and exchange.seconds <= seconds:
        return []
    observed = f"{exchange.seconds:.1f} s" if exchange.response is not None else exchange.error or "no answer"
    return finding("time of the answer", exchange, f"a complete answer within {seconds:g} s", observed)


def served(contract: Contract, exchange: Exchange, *codes: int) -> list[Finding]:
    """A well-behaved request is answered in time, with one of `codes`, as documented (ERR-07)."""
    broken = [
        *answered(exchange),
        *within(exchange, contract.behavior.time.response_s),
        *status(exchange, *codes),
        *documented(contract, exchange),
    ]
    return broken[:1]


def refused_unaudited(contract: Contract, exchange: Exchange) -> list[Finding]:
    """With the trail unwritable the request is refused, and says why (TRL-10)."""
    broken = status(exchange, *UNAVAILABLE)
    return broken or error_response(contract, exchange, contract.behavior.reason_codes.audit_unavailable)


def not_executed(contract: Contract, exchange: Exchange, entries: Iterable[TrailEntry]) -> list[Finding]:
    """No entry of the trail says that the request was executed (TRL-10)."""
    statuses = contract.behavior.statuses
    trace_id = json_object(exchange).get("trace_id")
    for entry in entries:
        if trace_id and entry.trace_id == trace_id and entry.state in statuses.executed:
            observed = f"an entry {entry.action} {entry.state} with its trace id"
            return finding("nothing executed", exchange, "no entry of an execution that was refused", observed)
    return []


def survives_big_header(exchange: Exchange) -> list[Finding]:
    """A header that is too large is refused with 4xx, or the connection closed; never 5xx, never silence (ERR-07)."""
    if exchange.response is not None and exchange.response.status < 500:
        return []
    if exchange.response is None and "closed" in exchange.error:
        return []
    observed = f"status {exchange.response.status}" if exchange.response else exchange.error
    return finding("big header", exchange, "an answer below 500, or a closed connection", observed)
