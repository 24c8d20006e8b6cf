"""One generated request that was sent, and what rules judge it by. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

from technogate.generation.requests.request_oracle import Auth, Expectation, RequestDefect, Validity
from technogate.model.case import Case, Key
from technogate.model.events import Exchange, Finding

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

Findings = Sequence[Finding]

#: Entries that surely hold all that one sequence left in the trail, its reads too.
WHOLE = 60


class Mode(StrEnum):
    """What a list of cases is for. `unkeyed` cases are of every kind, and come without the right key."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    OPEN = "left open"
    UNKEYED = "unkeyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """One generated request that was sent: case, key, how the key must be taken, expectation, exchange.

    `deserves` is the status of its command by the target file, "" for a command that it does not name.
    """

    case: Case
    key: Key
    auth: Auth
    expectation: Expectation
    exchange: Exchange
    deserves: str = ""

    @property
    def status(self) -> int:
        """The status of the response, 0 without one."""
        return self.exchange.response.status if self.exchange.response else 0

    @property
    def decided(self) -> bool:
        """Whether the backend judged the request: 429 and 5xx state nothing about the request itself."""
        return self.status not in (0, HTTPStatus.TOO_MANY_REQUESTS) and self.status < 500

    @property
    def allowed(self) -> bool:
        """Whether the contract allows the request, its key included."""
        return self.auth is Auth.RIGHT and self.expectation.validity is Validity.ALLOWED

    def faulty(self, fault: RequestDefect, *besides: RequestDefect) -> bool:
        """Whether the request has the right key and `fault`, and no other than `besides`."""
        return self.auth is Auth.RIGHT and fault in self.expectation.faults <= {fault, *besides}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTerms:
    """What rules judge by: the contract, and the response to each command of the target alone."""

    contract: Contract
    plain: Mapping[str, Exchange]
