"""Runs the self-test beside the start of a run, and writes what it proved into the journal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import msgspec

from technogate.checks.example_evidence import ExampleEvidence
from technogate.checks.key_refusals import holds_no_key
from technogate.checks.prove_examples import problems_of, run_wide_problems
from technogate.checks.registry import REGISTRY
from technogate.checks.response_predicates import has_status
from technogate.drivers.http.http_driver import Case
from technogate.journal.journal_file import decode_line
from technogate.mock.mock_backend import MockBackend
from technogate.mock.recorded_request import parse_response
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.status_code import Status
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, ResponseTemplate
from technogate.model.events import Ended, Exchange, Header, Proof, SelfTest
from technogate.model.requirement import Party
from technogate.runner.run_context import RunContext
from technogate.runner.self_test import bare_client, mock_examples
from technogate.runner.self_test.bare_client import Observed, Silence
from technogate.runner.self_test.mock_examples import MockExample
from technogate.runner.self_test.self_test_driver import self_test_driver

#: The item that self-test exchanges are recorded for.
ITEM = "self-test"

#: Seconds after which a self-test that has not ended counts as failed.
TIMEOUT_S = 90.0

_REQUEST = b'{"command":"SELF_TEST"}'


class SelfTestRun:
    """The self-test of one run, in a thread of its own: collecting the suites goes on meanwhile."""

    def __init__(self, run_context: RunContext) -> None:
        self._run_context = run_context
        self._proofs: list[Proof] = []
        self._recorded: list[Exchange] = []
        self._thread = threading.Thread(target=self._prove, name="technogate-self-test", daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def end(self) -> list[str]:
        """Wait for the self-test, record it, and return what is not proven, one line each."""
        self._thread.join(TIMEOUT_S)
        if self._thread.is_alive():
            self._proofs.append(Proof(name="self-test", problem=f"it did not end within {TIMEOUT_S:g} s"))
        proofs = tuple(self._proofs)
        self._run_context.record(SelfTest(proofs=proofs, seconds=time.monotonic() - self._began))
        return [f"{proof.name}: {proof.problem}" for proof in proofs if proof.problem]

    def _prove(self) -> None:
        parties = self._run_context.target.ref.parties
        if "backend" in parties:
            self._proof("backend checks", lambda: self._examples(Party.BACKEND))
            self._proof(
                "run-wide checks", lambda: "; ".join(run_wide_problems(REGISTRY.run_wide_checks, self._header()))
            )
            self._proof("driver", self._driver)
        if "console" in parties:
            self._proof("console checks", lambda: self._examples(Party.CONSOLE))
            self._faults()
        if {"backend", "console"} <= set(parties):
            self._proof("pair checks", lambda: self._examples(Party.PAIR))
        self._proof("journal", self._journal)

    def _proof(self, name: str, prove: Callable[[], str]) -> None:
        """Keep what came of one proof. An instrument that raises is as broken as one that sees nothing."""
        try:
            problem = prove()
        except Exception as error:  # noqa: BLE001 - whatever breaks an instrument is reported and fails the self-test
            problem = f"{type(error).__name__}: {error}"
        self._proofs.append(Proof(name=name, problem=problem))

    def _examples(self, party: Party) -> str:
        """Which checks of a party's requirements fail their examples, "" when none does."""
        run_context = self._run_context
        evidence = ExampleEvidence(
            contract=run_context.contract.completed(), redactor=run_context.redactor, key=run_context.run_key
        )
        return "; ".join(problems_of(REGISTRY, party, evidence))

    def _header(self) -> Header:
        event = decode_line(self._run_context.journal.path.read_bytes().split(b"\n")[0]).event
        if not isinstance(event, Header):
            raise TypeError("the journal does not begin with a header")
        return event

    def _keep(self, exchange: Exchange) -> Exchange:
        """Record an exchange as one with the mock backend: it is not of a target that the run judges."""
        own = msgspec.structs.replace(exchange, responded_by="mock", item=ITEM)
        self._run_context.record(own)
        self._recorded.append(own)
        return own

    # ---- the faults ----

    def _faults(self) -> None:
        """Every fault kind at once, each observed by a client of bare sockets; then the refusals."""
        examples = mock_examples.examples()
        problems: dict[str, list[str]] = {kind: [] for kind in (*(example.kind for example in examples), "refusal")}
        observed: list[Observed] = []

        def prove() -> str:
            operations = {example.name: ("POST", f"/self-test/{number}") for number, example in enumerate(examples)}
            with MockBackend(operations=operations, defaults={}) as mock_backend:
                observed.extend(asyncio.run(self._observe(mock_backend, examples)))
                mock_backend.wait_until_complete()
                for example, observation in zip(examples, observed, strict=True):
                    problem = example.judge(observation)
                    if problem:
                        problems[example.kind].append(f"{example.name}: {problem}")
                recorded = mock_backend.exchanges(
                    item=ITEM, redact=self._run_context.redactor, new_id=self._run_context.new_id, case="self-test"
                )
                by_operation = {exchange.operation: self._keep(exchange) for exchange in recorded}
                for example, observation in zip(examples, observed, strict=True):
                    problem = _unrecorded(example, observation, by_operation.get(example.name))
                    if problem:
                        problems[example.kind].append(f"{example.name}: {problem}")
                problems["refusal"] += asyncio.run(_refusals(mock_backend, self._run_context.run_key))
            return ""

        try:
            prove()
        except Exception as error:  # noqa: BLE001 - a mock backend that breaks has delivered nothing
            for kind in problems:
                problems[kind].append(f"{type(error).__name__}: {error}")
        self._proofs += [Proof(name=f"fault {kind}", problem="; ".join(lines)) for kind, lines in problems.items()]

    async def _observe(self, mock_backend: MockBackend, examples: list[MockExample]) -> list[Observed]:
        address = ("127.0.0.1", mock_backend.port)

        async def observe(number: int, example: MockExample) -> Observed:
            placed = mock_backend.script(example.name, example.fault)[0]
            silence = None
            if example.silent_after is not None:
                release = (lambda: mock_backend.release(mock_examples.HELD)) if example.kind == "held" else None
                silence = Silence(size=example.silent_after, arrived=lambda: placed.received is not None, then=release)
            return await bare_client.observe(
                address, bare_client.request(f"/self-test/{number}", self._run_context.run_key, _REQUEST), silence
            )

        return list(await asyncio.gather(*(observe(number, example) for number, example in enumerate(examples))))

    # ---- the driver ----

    def _driver(self) -> str:
        """The driver of backends distinguishes complete responses from others, and records what it received."""
        run_context = self._run_context
        body, key = mock_examples.BODY, run_context.run_key
        leaking = ResponseTemplate(
            headers=mock_examples.TEMPLATE.headers, body=b'{"message":"the key is ' + key.encode() + b'"}'
        )
        kinds: dict[str, tuple[Fault, Callable[[Exchange], bool]]] = {
            "whole": (
                Conforming(template=mock_examples.TEMPLATE),
                lambda sent: sent.end is Ended.OK and sent.response is not None and sent.response.body.raw == body,
            ),
            "another status": (
                Status(template=mock_examples.TEMPLATE, code=422),
                lambda sent: bool(has_status(sent, 200)),
            ),
            "cut": (
                Truncated(template=mock_examples.TEMPLATE, at=9),
                lambda sent: sent.end is not Ended.OK and sent.response is None,
            ),
            "reset": (Broken(template=mock_examples.TEMPLATE), lambda sent: sent.end is not Ended.OK),
            "no HTTP": (Raw(data=b"\0\xff no HTTP"), lambda sent: sent.end is not Ended.OK),
            "the key": (
                Conforming(template=leaking),
                lambda sent: (
                    bool(holds_no_key(sent)) and sent.response is not None and key not in sent.response.body.text
                ),
            ),
        }
        wrong: list[str] = []
        operations = {name: ("POST", f"/self-test/{number}") for number, name in enumerate(kinds)}
        with (
            MockBackend(operations=operations, defaults={}) as mock_backend,
            self_test_driver(run_context, mock_backend.base_url, key, ITEM) as driver,
        ):
            for name, (fault, expected) in kinds.items():
                mock_backend.script(name, fault)
                case = Case(method="POST", path=operations[name][1], operation=name, body=_REQUEST, name="self-test")
                exchange = self._keep(driver.send(case))
                if not expected(exchange):
                    wrong.append(f"{name}: recorded as {exchange.end}, {exchange.error or exchange.response}")
        return "; ".join(wrong)

    # ---- the journal ----

    def _journal(self) -> str:
        """The journal's file holds every self-test exchange as it was recorded, and the key nowhere."""
        raw = self._run_context.journal.path.read_bytes()
        if self._run_context.run_key.encode() in raw:
            return "it holds the API key"
        lines = [line for line in raw.split(b"\n")[:-1] if line]
        events = [decode_line(line).event for line in lines]
        held = {event.id: event for event in events if isinstance(event, Exchange)}
        lost = [exchange.case or exchange.operation for exchange in self._recorded if held.get(exchange.id) != exchange]
        if not self._recorded or lost:
            return f"{len(lost)} of {len(self._recorded)} self-test exchanges are not in it as they were"
        return ""


def _unrecorded(example: MockExample, observed: Observed, recorded: Exchange | None) -> str:
    """Why the record of a scripted reply is not what was observed, "" when it is."""
    if recorded is None:
        return "it was not recorded"
    if bool(recorded.under_fault) is (example.kind == "conforming" or example.name == "chunked whole"):
        return f"it was recorded with the fault {recorded.under_fault or 'nothing'}"
    if observed.end != "reset" and observed.data and recorded.response != parse_response(observed.data)[0]:
        return "another response was recorded than was observed"
    return "" if recorded.request.body.raw == _REQUEST else "another request was recorded than was sent"


async def _refusals(mock_backend: MockBackend, key: str) -> list[str]:
    """Connections refused, reset on arrival, and taken again."""
    address, request = ("127.0.0.1", mock_backend.port), bare_client.request("/self-test/0", key, _REQUEST)
    observations = []
    mock_backend.refuse("closed")
    observations.append(("closed", await bare_client.observe(address, request), "refused"))
    mock_backend.refuse("reset")
    observations.append(("reset", await bare_client.observe(address, request), "reset"))
    mock_backend.accept()
    observations.append(("recovered", await bare_client.observe(address, request), "closed"))
    return [
        f"connections {name}: ended with {observed.end}" for name, observed, end in observations if observed.end != end
    ]
