"""Runs the canary beside the start of a run, and writes what it proved into the journal."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import msgspec

from technogate.checks.response_checks import keeps_the_key, status
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.journal.journal_file import decode_line
from technogate.mock.mock_backend import Double
from technogate.mock.recorded_request import parse_answer
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.status_code import Status
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Draft, Fault
from technogate.model.events import Canary, Ended, Exchange, Header, Proof
from technogate.runner.run_context import Gate
from technogate.runner.self_test import bare_client, mock_examples
from technogate.runner.self_test.bare_client import Felt, Silence
from technogate.runner.self_test.console_examples import console_checks
from technogate.runner.self_test.mock_examples import Order
from technogate.runner.self_test.response_examples import backend_checks, unproven
from technogate.runner.self_test.trail_examples import sweeps

#: The item that canary exchanges are recorded for.
ITEM = "canary"

#: Seconds after which a canary that has not ended is taken for silent.
PATIENCE_S = 90.0

_REQUEST = b'{"command":"CANARY"}'


class CanaryRun:
    """The canary of one run, in a thread of its own: collecting the suites goes on meanwhile."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._proofs: list[Proof] = []
        self._recorded: list[Exchange] = []
        self._thread = threading.Thread(target=self._prove, name="technogate-canary", daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def end(self) -> list[str]:
        """Wait for the canary, record it, and return what is not proven, one line each."""
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._proofs.append(Proof(name="canary", problem=f"it did not end within {PATIENCE_S:g} s"))
        proofs = tuple(self._proofs)
        self._gate.record(Canary(proofs=proofs, seconds=time.monotonic() - self._began))
        return [f"{proof.name}: {proof.problem}" for proof in proofs if proof.problem]

    def _prove(self) -> None:
        gate, parties = self._gate, self._gate.target.ref.parties
        if "backend" in parties:
            self._proof("backend checks", lambda: unproven(backend_checks(gate.contract)))
            self._proof("trail reconciliation", lambda: unproven(sweeps(self._header())))
            self._proof("driver", self._driver)
        if "console" in parties:
            checks = console_checks(gate.contract, gate.redactor, gate.run_key)
            self._proof("console checks", lambda: unproven(checks))
            self._faults()
        self._proof("journal", self._journal)

    def _proof(self, name: str, prove: Callable[[], str]) -> None:
        """Keep what came of one proof. An instrument that raises is as broken as one that sees nothing."""
        try:
            problem = prove()
        except Exception as error:  # noqa: BLE001 - whatever breaks an instrument is told, and keeps the gate shut
            problem = f"{type(error).__name__}: {error}"
        self._proofs.append(Proof(name=name, problem=problem))

    def _header(self) -> Header:
        event = decode_line(self._gate.journal.path.read_bytes().split(b"\n")[0]).event
        if not isinstance(event, Header):
            raise TypeError("the journal does not begin with a header")
        return event

    def _keep(self, exchange: Exchange) -> Exchange:
        """Record an exchange as one with the double: it is nobody's whom the run judges."""
        own = msgspec.structs.replace(exchange, answered_by="double", item=ITEM)
        self._gate.record(own)
        self._recorded.append(own)
        return own

    # ---- the faults ----

    def _faults(self) -> None:
        """Every fault kind at once, each felt by a client of bare sockets; then the refusals."""
        orders = mock_examples.orders()
        problems: dict[str, list[str]] = {kind: [] for kind in (*(order.kind for order in orders), "refusal")}
        felt: list[Felt] = []

        def prove() -> str:
            operations = {order.name: ("POST", f"/canary/{number}") for number, order in enumerate(orders)}
            with Double(operations=operations, defaults={}) as double:
                felt.extend(asyncio.run(self._feel(double, orders)))
                double.settle()
                for order, one in zip(orders, felt, strict=True):
                    problem = order.judge(one)
                    if problem:
                        problems[order.kind].append(f"{order.name}: {problem}")
                recorded = double.exchanges(
                    item=ITEM, redact=self._gate.redactor, new_id=self._gate.new_id, case="canary"
                )
                by_operation = {one.operation: self._keep(one) for one in recorded}
                for order, one in zip(orders, felt, strict=True):
                    problem = _unrecorded(order, one, by_operation.get(order.name))
                    if problem:
                        problems[order.kind].append(f"{order.name}: {problem}")
                problems["refusal"] += asyncio.run(_refusals(double, self._gate.run_key))
            return ""

        try:
            prove()
        except Exception as error:  # noqa: BLE001 - a double that breaks has delivered nothing
            for kind in problems:
                problems[kind].append(f"{type(error).__name__}: {error}")
        self._proofs += [Proof(name=f"fault {kind}", problem="; ".join(some)) for kind, some in problems.items()]

    async def _feel(self, double: Double, orders: list[Order]) -> list[Felt]:
        address = ("127.0.0.1", double.port)

        async def one(number: int, order: Order) -> Felt:
            placed = double.script(order.name, order.fault)[0]
            silence = None
            if order.silent_after is not None:
                release = (lambda: double.release(mock_examples.HELD)) if order.kind == "held" else None
                silence = Silence(size=order.silent_after, arrived=lambda: placed.received is not None, then=release)
            return await bare_client.feel(
                address, bare_client.request(f"/canary/{number}", self._gate.run_key, _REQUEST), silence
            )

        return list(await asyncio.gather(*(one(number, order) for number, order in enumerate(orders))))

    # ---- the driver ----

    def _driver(self) -> str:
        """The driver of backends tells whole answers from others, and records what it got."""
        gate = self._gate
        body, key = mock_examples.BODY, gate.run_key
        leaking = Draft(headers=mock_examples.DRAFT.headers, body=b'{"message":"the key is ' + key.encode() + b'"}')
        kinds: dict[str, tuple[Fault, Callable[[Exchange], bool]]] = {
            "whole": (
                Conforming(draft=mock_examples.DRAFT),
                lambda one: one.end is Ended.OK and one.answer is not None and one.answer.body.raw == body,
            ),
            "another status": (Status(draft=mock_examples.DRAFT, code=422), lambda one: bool(status(one, 200))),
            "cut": (
                Truncated(draft=mock_examples.DRAFT, at=9),
                lambda one: one.end is not Ended.OK and one.answer is None,
            ),
            "reset": (Broken(draft=mock_examples.DRAFT), lambda one: one.end is not Ended.OK),
            "no HTTP": (Raw(data=b"\0\xff no HTTP"), lambda one: one.end is not Ended.OK),
            "the key": (
                Conforming(draft=leaking),
                lambda one: bool(keeps_the_key(one)) and one.answer is not None and key not in one.answer.body.text,
            ),
        }
        wrong: list[str] = []
        operations = {name: ("POST", f"/canary/{number}") for number, name in enumerate(kinds)}
        with Double(operations=operations, defaults={}) as double:
            driver = HttpDriver(
                base_url=double.base_url, key=right_key(key), contract=gate.contract, redactor=gate.redactor,
                record=lambda _: None, item=lambda: ITEM, new_id=gate.new_id, run=gate.run,
                timeout_s=bare_client.LIMIT_S,
            )  # fmt: skip
            for name, (fault, seen) in kinds.items():
                double.script(name, fault)
                case = Case(method="POST", path=operations[name][1], operation=name, body=_REQUEST, name="canary")
                exchange = self._keep(driver.send(case))
                if not seen(exchange):
                    wrong.append(f"{name}: recorded as {exchange.end}, {exchange.error or exchange.answer}")
            driver.close()
        return "; ".join(wrong)

    # ---- the journal ----

    def _journal(self) -> str:
        """The journal's file holds every canary exchange as it was recorded, and the key nowhere."""
        raw = self._gate.journal.path.read_bytes()
        if self._gate.run_key.encode() in raw:
            return "it holds the API key"
        lines = [line for line in raw.split(b"\n")[:-1] if line]
        events = [decode_line(line).event for line in lines]
        held = {event.id: event for event in events if isinstance(event, Exchange)}
        lost = [one.case or one.operation for one in self._recorded if held.get(one.id) != one]
        if not self._recorded or lost:
            return f"{len(lost)} of {len(self._recorded)} canary exchanges are not in it as they were"
        return ""


def _unrecorded(order: Order, felt: Felt, recorded: Exchange | None) -> str:
    """Why the record of an order is not what was felt, "" when it is."""
    if recorded is None:
        return "it was not recorded"
    if bool(recorded.disturbed_by) is (order.kind == "conforming" or order.name == "chunked whole"):
        return f"it was recorded as disturbed by {recorded.disturbed_by or 'nothing'}"
    if felt.end != "reset" and felt.data and recorded.answer != parse_answer(felt.data)[0]:
        return "another answer was recorded than was felt"
    return "" if recorded.request.body.raw == _REQUEST else "another request was recorded than was sent"


async def _refusals(double: Double, key: str) -> list[str]:
    """Connections refused, reset on arrival, and taken again."""
    address, said = ("127.0.0.1", double.port), bare_client.request("/canary/0", key, _REQUEST)
    found = []
    double.refuse("closed")
    found.append(("closed", await bare_client.feel(address, said), "refused"))
    double.refuse("reset")
    found.append(("reset", await bare_client.feel(address, said), "reset"))
    double.accept()
    found.append(("healed", await bare_client.feel(address, said), "closed"))
    return [f"connections {name}: ended with {felt.end}" for name, felt, end in found if felt.end != end]
