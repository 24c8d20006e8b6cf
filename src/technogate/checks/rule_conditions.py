"""What several families' rules of generated requests require of a request before they judge it. Pure."""

from __future__ import annotations

import json

from technogate.checks import response_predicates
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.contract_words import spoken

#: Every list of cases that there is for an operation.
EVERY_MODE = tuple(Mode)

#: The lists whose cases come with the right key.
WITH_KEY = (Mode.ALLOWED, Mode.FORBIDDEN, Mode.OPEN)


def is_200(sent: SentRequest) -> bool:
    """Whether the response is an answer of the operation: a success with a body."""
    return response_predicates.is_answer(sent.exchange)


def has_status(sent: SentRequest) -> bool:
    """Whether there is a response at all."""
    return sent.status > 0


def is_decided(sent: SentRequest) -> bool:
    """Whether the backend decided on the request: 429 and 5xx mean nothing for the request itself."""
    return sent.decided


def is_allowed_200(sent: SentRequest) -> bool:
    """Whether the contract allows the request and the response is an answer of the operation."""
    return response_predicates.is_answer(sent.exchange) and sent.allowed


def members(sent: SentRequest) -> dict[str, object]:
    """The members of an execute request's body by what they mean, empty for what is no object."""
    try:
        value = json.loads(sent.case.body or b"")
    except (ValueError, RecursionError):
        return {}
    return spoken().meaning("request", value) if isinstance(value, dict) else {}


def command_of(sent: SentRequest) -> str:
    """The command of an execute request, "" without one."""
    return str(members(sent).get("command", ""))


def has_allowed_status(_: RuleTerms, sent: SentRequest) -> Findings:
    """The status code is one of those that conform for this request."""
    return response_predicates.has_status(sent.exchange, *sorted(sent.expectation.responses))
