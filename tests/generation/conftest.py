"""What the tests of generated requests share: the contract, a tiny backend, and a driver for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from fixtures.request_batches import Batches
from technogate.contract.loader import Contract, load_contract
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.request_plan import RequestPlan
from technogate.journal.redaction import Redactor
from technogate.model.events import Exchange, RunWarning
from technogate.model.settings import Profile
from technogate.runner.suite import CheckCounter
from technogate.target.spec import Commands
from tests.generation.tiny_backend import KEY, Defect, TinyBackend, serving

COMMANDS = Commands(
    approved="PING", warning="CHECK", neutral="NOOP", expired="OLD", blocked="WIPE", slow="HANG", crashing="BOOM"
)


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(Path(__file__).parents[2] / "contracts" / "console-v0.1")


@pytest.fixture
def words() -> CommandSet:
    """The commands of the tiny backend, and two commands that a run must not send."""
    return CommandSet.of(COMMANDS)


class Bench:
    """A tiny backend under a driver: its recorded exchanges, notes and requests."""

    #: Drawing the same cases again for each test would take most of its time.
    _plans: ClassVar[dict[tuple[Profile, int], dict[str, RequestPlan]]] = {}

    def __init__(self, contract: Contract, url: str, backend: TinyBackend) -> None:
        numbers = itertools.count(1)
        self.backend = backend
        self.exchanges: list[Exchange] = []
        self.warnings: list[RunWarning] = []
        self.driver = HttpDriver(
            base_url=url,
            key=right_key(KEY),
            contract=contract,
            redactor=Redactor(KEY),
            record=self.exchanges.append,
            item=lambda: "item",
            new_id=lambda: f"main-{next(numbers)}",
            timeout_s=10,
            note=self.warnings.append,
        )

    def batches(self, profile: Profile = "quick", seed: int = 1) -> Batches:
        """Generated requests for this backend."""
        plans = self._plans.setdefault((profile, seed), {})
        return Batches(driver=self.driver, words=CommandSet.of(COMMANDS), profile=profile, seed=seed, plans=plans)


@pytest.fixture
def bench(contract: Contract) -> Iterator[Callable[[Defect | None], Bench]]:
    """Start tiny backends, each with one defect or none, and end them."""
    with ExitStack() as stack:

        def start(defect: Defect | None = None) -> Bench:
            backend = TinyBackend(defect)
            made = Bench(contract, stack.enter_context(serving(backend)), backend)
            stack.callback(made.driver.close)
            return made

        yield start


@pytest.fixture
def must_hold() -> CheckCounter:
    """The counter that suites use."""
    return CheckCounter()
