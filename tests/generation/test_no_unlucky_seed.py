"""With every seed, a conforming backend gets the requests that each rule needs."""

from __future__ import annotations

from collections import Counter
from typing import cast

import pytest

from fixtures.generated import request_lists
from fixtures.request_batches import Batches
from technogate.checks.registry import REGISTRY
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import Key, right_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.request_oracle import Auth, Validity, auth, expected
from technogate.generation.requests.request_plan import FEW
from technogate.model.events import Exchange, Request, Response
from technogate.model.settings import Profile
from technogate.target.spec import Commands

KEY = "TgAbCdEfGh0123456789"
#: A target that names all that it can, and one that names as little as a backend can be judged by.
TARGETS = {
    "many words": Commands(approved="PING", warning="CHECK", neutral="NOOP", expired="OLD", blocked="WIPE"),
    "one word": Commands(approved="PING"),
}
#: Seeds that a test draws with, by profile: the larger one leaves less to chance, and takes longer.
SEEDS: dict[Profile, range] = {"quick": range(20), "standard": range(1)}


class Conforming:
    """Replaces the driver, and returns at once what a backend must, with as little as the contract allows.

    What the contract leaves open is refused: so no rule can count on such a request being served.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.key = right_key(KEY)

    def send(self, case: Case, *, key: Key) -> Exchange:
        """Return the exchange that results from a case."""
        status = {Auth.MISSING: 401, Auth.WRONG: 403}.get(auth(key, self.key)) or self._status(case)
        request = Request(method=case.method, path=case.path)
        return Exchange(
            id="x",
            item="",
            responded_by="backend",
            request=request,
            started=0,
            ended=0,
            response=Response(status=status),
        )

    def _status(self, case: Case) -> int:
        expectation = expected(self.contract, case)
        if not expectation.responses:
            return 404
        return min(expectation.responses) if expectation.validity is Validity.ALLOWED else max(expectation.responses)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("profile", SEEDS)
def test_every_rule_has_cases_whatever_the_seed(contract: Contract, profile: Profile, target: str) -> None:
    """With every seed, each rule covers a few requests of each operation that it applies to."""
    pairs = [
        (requirement, operation)
        for requirement, rule in REGISTRY.rules.items()
        for operation in request_lists(contract, rule.scope)
    ]
    assert pairs
    fewest: Counter[tuple[str, str]] = Counter()
    for seed in SEEDS[profile]:
        driver = cast("HttpDriver", Conforming(contract))
        batches = Batches(driver=driver, words=CommandSet.of(TARGETS[target]), profile=profile, seed=seed)
        for requirement, operation in pairs:
            rule = REGISTRY.rules[requirement]
            count = sum(rule.concerns(sent) for sent in batches.sent(operation, rule.modes))
            fewest[requirement, operation] = min(count, fewest.get((requirement, operation), count))
    assert {pair: count for pair, count in fewest.items() if count < FEW} == {}
