"""ERR-05, ERR-07: what clients get while an executor fails or other clients attack. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.response_predicates import (
    finding,
    has_reason_code,
    has_response,
    has_status,
    has_status_word,
    is_documented,
)
from technogate.checks.response_times import is_complete_within
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.loader import Contract


def is_served(contract: Contract, exchange: Exchange, *codes: int) -> list[Finding]:
    """A well-behaved request has a documented response in time, with one of `codes`, by default an answer (ERR-07)."""
    codes = codes or spoken().answers_of(exchange.operation)
    broken = [
        *has_response(exchange),
        *is_complete_within(exchange, contract.behavior.time.response_s),
        *has_status(exchange, *codes),
        *is_documented(contract, exchange),
    ]
    return broken[:1]


def failed_execution_is_blocked(contract: Contract, exchange: Exchange) -> list[Finding]:
    """A failed execution gets 500, or 200 and is blocked, as documented; it is never approved (ERR-05)."""
    broken = [
        *is_served(contract, exchange, *spoken().answers_of(exchange.operation), 500),
        *has_status_word(exchange, contract.behavior.statuses.blocked),
        *has_reason_code(exchange),
    ]
    return broken[:1]


def command_is_executed(contract: Contract, exchange: Exchange) -> list[Finding]:
    """An ordinary command is executed as if nothing had failed (ERR-05)."""
    approved = contract.behavior.statuses.approved
    return [*is_served(contract, exchange), *has_status_word(exchange, approved)][:1]


def big_header_is_refused(exchange: Exchange) -> list[Finding]:
    """A header that is too large gets 4xx, or the connection is closed; no 5xx, no missing response (ERR-07)."""
    if exchange.response is not None and exchange.response.status < 500:
        return []
    if exchange.response is None and "closed" in exchange.error:
        return []
    observed = f"status {exchange.response.status}" if exchange.response else exchange.error
    return finding("big header", exchange, "a response below 500, or a closed connection", observed)


EXAMPLES = (
    Example(
        requirement="ERR-05",
        predicate=failed_execution_is_blocked,
        good=lambda e: (e.contract, e.conforming(e.refused(500))),
        bad=lambda e: (e.contract, e.executed()),
    ),
    Example(
        requirement="ERR-05",
        predicate=command_is_executed,
        good=lambda e: (e.contract, e.conforming(e.executed())),
        bad=lambda e: (e.contract, e.refused(500)),
    ),
    Example(
        requirement="ERR-07",
        predicate=is_served,
        good=lambda e: (e.contract, e.conforming(e.executed()), 200),
        bad=lambda e: (e.contract, e.no_response(), 200),
    ),
    Example(
        requirement="ERR-07",
        predicate=big_header_is_refused,
        good=lambda e: (e.refused(400),),
        bad=lambda e: (e.refused(500),),
    ),
)

FAMILY = Family(prefixes=("ERR",), party=Party.BACKEND, examples=EXAMPLES)
