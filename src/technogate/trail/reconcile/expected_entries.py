"""The entries that each request must or may leave in the audit trail: how many, of which state.

- A request without a response, or with a part of one, may have been handled: it may leave one entry, and
  need not. A request that surely never arrived leaves none.
- A refusal (400, 401, 403) by one of the guarded operations must leave one, of the state of a refusal (TRL-02).
- A 429 may leave one, of that state for an execute: it can come from what stands before the operation.
- Any other response to an execute must leave one, of the status in the response (TRL-01).
- Any other response may leave one: reads (D12), 404, 405, and what the contract does not name.
- Where the backend reports that the audit trail could not be written there may be none (TRL-10), as for a refusal
  of what an HTTP parser may reject before any route is known, or of a request under an injected fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from technogate.model.contract_words import ContractWords
from technogate.model.events import Ended, Exchange, Header, Request, header_values

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

#: Status codes of a refusal that must leave an entry.
REFUSALS = frozenset({400, 401, 403})

#: The status of a request beyond the rate limit.
TOO_MANY = 429

#: A longer head of a request may be turned away by an HTTP parser: servers' limits begin here.
LONG_HEAD = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailTerms:
    """The contract's terms for the audit trail, as far as reconciling needs them. Times in seconds."""

    execute: str
    guarded: frozenset[str]
    trace_header: str
    blocked: str
    unaudited: str
    words: ContractWords = field(default_factory=ContractWords)
    tolerance_s: float = 5.0
    response_s: float = 15.0
    visible_s: float = 2.0

    @classmethod
    def of_header(cls, header: Header) -> TrailTerms:
        """The terms that a journal's header holds."""
        return cls(
            execute=header.execute,
            guarded=frozenset(header.guarded),
            trace_header=header.trace_header,
            blocked=header.blocked,
            unaudited=header.unaudited,
            words=header.words,
            tolerance_s=header.tolerance_s,
            response_s=header.response_s,
            visible_s=header.trail_visible_s,
        )

    @classmethod
    def of_contract(cls, contract: Contract) -> TrailTerms:
        """The terms of a contract."""
        behavior = contract.behavior
        return cls(
            execute=behavior.operations.execute,
            guarded=frozenset(operation.id for operation in contract.guarded),
            trace_header=behavior.headers.trace,
            blocked=behavior.statuses.blocked,
            unaudited=behavior.reason_codes.audit_unavailable,
            words=contract.words,
            tolerance_s=behavior.time.clock_tolerance_s,
            response_s=behavior.time.response_s,
            visible_s=behavior.time.trail_visible_s,
        )


class ExpectedEntries(msgspec.Struct, frozen=True, gc=False):
    """One request's share of the audit trail: from `least` to `most` entries of `state` ("" for any).

    `ids` are the trace ids that the response names, at most one unless header and body contradict each
    other. `requirement` is the one that a missing, surplus or wrong entry breaks.
    """

    exchange: Exchange
    ids: tuple[str, ...]
    least: Literal[0, 1]
    most: Literal[0, 1]
    state: str = ""
    requirement: str = "TRL-04"


#: The members of a response body that matter here, whatever they hold.
_MEMBERS = ("trace_id", "status", "reason_codes")


@cache
def _decoder(trace_id: str, status: str, reason_codes: str) -> msgspec.json.Decoder[Any]:
    """Reads these three fields of a body, by the names that they have there."""
    names = dict(zip(_MEMBERS, (trace_id, status, reason_codes), strict=True))
    return msgspec.json.Decoder(
        msgspec.defstruct("Members", [(name, Any, None) for name in _MEMBERS], rename=names, frozen=True, gc=False)
    )


#: What is read of a body that is no object.
_NO_MEMBERS = _decoder(*_MEMBERS).decode("{}")


def expected_entries(exchange: Exchange, terms: TrailTerms) -> ExpectedEntries:
    """The entries that `exchange` must or may leave."""
    response = exchange.response
    if response is None:
        return ExpectedEntries(exchange, (), 0, 0 if exchange.end is Ended.FAILED else 1)
    members = _members_of(response.body.text, terms.words)
    ids = header_values(response.headers, terms.trace_header)
    if isinstance(members.trace_id, str) and members.trace_id not in ids:
        ids.append(members.trace_id)
    named = tuple(filter(None, ids))
    if exchange.operation not in terms.guarded or exchange.end is not Ended.OK:
        return ExpectedEntries(exchange, named, 0, 1)
    if response.status == TOO_MANY:
        # What limits the rate may stand before the operation, and before its trail.
        if exchange.operation == terms.execute:
            return ExpectedEntries(exchange, named, 0, 1, terms.blocked, "TRL-01")
        return ExpectedEntries(exchange, named, 0, 1)
    if response.status in REFUSALS:
        expected = ExpectedEntries(exchange, named, 1, 1, terms.blocked, "TRL-02")
    elif exchange.operation == terms.execute:
        status = members.status if isinstance(members.status, str) else ""
        expected = ExpectedEntries(exchange, named, 1, 1, status if response.status < 400 else terms.blocked, "TRL-01")
    else:
        return ExpectedEntries(exchange, named, 0, 1)
    codes = members.reason_codes
    unwritable = isinstance(codes, list) and terms.unaudited in codes
    refused = 400 <= response.status < 500
    if unwritable and exchange.under_fault:
        # What is written and then cannot be synced may stay in the trail, with the state that it was to have.
        return ExpectedEntries(exchange, named, 0, 1, "", expected.requirement)
    if unwritable or (refused and (exchange.under_fault or may_break_a_parser(exchange.request))):
        return ExpectedEntries(exchange, named, 0, 1, expected.state, expected.requirement)
    return expected


def _members_of(text: str, words: ContractWords) -> Any:
    """The members of a body that is a JSON object; nothing for any other body."""
    if not text.startswith("{"):
        text = text.lstrip()
        if not text.startswith("{"):
            return _NO_MEMBERS
    try:
        return _decoder(*(words.name("envelope", name) for name in _MEMBERS)).decode(text)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _NO_MEMBERS


def may_break_a_parser(request: Request) -> bool:
    """Whether the head has what an HTTP parser may refuse: great length, or other than printable ASCII."""
    parts = [request.method, request.path]
    for name, value in request.headers:
        parts += (name, value)
    return sum(map(len, parts)) > LONG_HEAD or not all(part.isascii() and part.isprintable() for part in parts)


def overlapping(requests: Sequence[ExpectedEntries]) -> set[str]:
    """The ids of the exchanges that must leave an entry and were under way while another such one was."""
    overlapping_ids: set[str] = set()
    exchanges = [request.exchange for request in requests if request.least]
    exchanges.sort(key=lambda exchange: exchange.started)
    longest = None
    for exchange in exchanges:
        if longest is not None and exchange.started < longest.ended:
            overlapping_ids |= {exchange.id, longest.id}
        if longest is None or exchange.ended > longest.ended:
            longest = exchange
    return overlapping_ids
