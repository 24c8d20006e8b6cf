"""Generated requests that were sent, and the rules that judge them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import Key
from technogate.drivers.http.http_driver import Case
from technogate.drivers.http.pace import TOO_MANY
from technogate.generation.requests.request_oracle import Auth, Expectation, RequestDefect, Validity
from technogate.generation.requests.request_plan import Mode
from technogate.model.events import Exchange, Finding

Findings = Sequence[Finding]


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
        """Whether the backend decided on the request: 429 and 5xx do not depend on it."""
        return self.status not in (0, TOO_MANY) and self.status < 500

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


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedRule:
    """One requirement: the exchanges that it concerns, and the check that must hold for each of them."""

    requirement: str
    modes: tuple[Mode, ...]
    concerns: Callable[[SentRequest], bool]
    check: Callable[[RuleTerms, SentRequest], Findings]

    def findings(self, terms: RuleTerms, sent: SentRequest) -> Findings:
        """What is wrong with one exchange: nothing, when it does not concern the rule."""
        return self.check(terms, sent) if self.concerns(sent) else []
