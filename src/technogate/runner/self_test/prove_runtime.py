"""Tries a runtime on the known answers: the Node that runs a client module, the browser that shows a page.

The runtime is started as its driver starts it, and asked through its own fetch, against the mock backend.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.module_process import ModuleCall, ModuleProcess, module_environment
from technogate.drivers.page.browser_process import borrow, give_back
from technogate.drivers.page.console_page import first_line
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.mock.listener import Refusal
from technogate.mock.mock_backend import MockBackend
from technogate.mock.reply_queue import FaultError
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Reply, ResponseTemplate
from technogate.model.events import RuntimeFault, RuntimeProof
from technogate.runner.self_test.mock_examples import TEMPLATE
from technogate.runner.self_test.runtime_behaviour import KEPT_ALIVE, behaviour_of, stand_in
from technogate.runner.self_test.runtime_examples import ELSEWHERE, Outcome, RuntimeExample, examples, stalls

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROBE = Path(__file__).with_name("runtime_probe.js")
PROBE_MODULE = Path(__file__).with_name("runtime_probe.mjs")

#: Seconds that fetch may take over one response, and a runtime over all of them, on a busy machine too.
RESPONSE_S = 20.0
TRIAL_S = 60.0

#: Seconds after which a connection whose request was aborted must be closed.
CLOSED_S = 10.0

#: Operations beside the known answers: what tells the runtime to abort, a blank page, and requests that are refused.
_ABORT, _PAGE, _REFUSED = "abort", "page", "refused"

#: Sends requests with the runtime's own fetch; returns the outcomes of each. All are aborted when the path is answered.
Fetch = Callable[[Sequence[Mapping[str, object]], str], Sequence[Sequence[Outcome]]]

_OUTCOMES = msgspec.json.Decoder(list[list[Outcome]])


def prove_node(node: Path) -> RuntimeProof:
    """What a Node gets right and wrong. Raises DriverError when it does not start."""

    def proof(mock_backend: MockBackend) -> RuntimeProof:
        # Without the console's own environment: what that changes is the console's.
        process = ModuleProcess(PROBE_MODULE, node, module_environment({}, mock_backend.base_url, window=False))

        def fetch(requests: Sequence[Mapping[str, object]], until: str) -> Sequence[Sequence[Outcome]]:
            call = ModuleCall(call="executeCommand", args=(_argument("", requests, until),))
            fields = process.send(call).result(TRIAL_S).fields
            return _OUTCOMES.decode(_message(fields))

        try:
            return _proof("module", f"Node {process.node_version.removeprefix('v')}", mock_backend, fetch)
        finally:
            process.close()

    return _with_mock_backend(proof)


def prove_browser(executable: Path, map_hosts: Mapping[str, str]) -> RuntimeProof:
    """The same of a browser, the one of this process if it has one. Raises DriverError when it does not start."""

    def proof(mock_backend: MockBackend) -> RuntimeProof:
        process = borrow(executable, map_hosts)
        try:
            page = process.run(lambda browser: _blank_page(browser, mock_backend))

            def fetch(requests: Sequence[Mapping[str, object]], until: str) -> Sequence[Sequence[Outcome]]:
                argument = _argument(mock_backend.base_url, requests, until)
                call = "argument => (" + _probe() + ")(JSON.parse(argument)).then(JSON.stringify)"
                return _OUTCOMES.decode(process.run(lambda _: str(page.evaluate(call, argument))))

            program = f"Chromium {process.run(lambda browser: browser.version)}"
            try:
                return _proof("browser", program, mock_backend, fetch)
            finally:
                process.run(lambda _: page.context.close())
        except PlaywrightError as error:
            raise DriverError(f"the browser {executable} cannot be tried: {first_line(error)}") from error
        finally:
            give_back(process)

    return _with_mock_backend(proof)


def _blank_page(browser: Browser, mock_backend: MockBackend) -> Page:
    """A page without content on another origin than that of the known answers, as a console's page is."""
    page = browser.new_context().new_page()
    page.goto(mock_backend.url(_PAGE, other=True))
    return page


def _with_mock_backend(prove: Callable[[MockBackend], RuntimeProof]) -> RuntimeProof:
    operations = {name: (example.method, f"/self-test/{name}") for name, example in _named().items()}
    operations |= {name: ("GET", f"/self-test/{name}") for name in (_ABORT, _PAGE, ELSEWHERE)}
    operations[_REFUSED] = ("POST", f"/self-test/{_REFUSED}")
    blank = ResponseTemplate(headers=(("Content-Type", "text/html"),), body=b"<!doctype html>")

    def page() -> Reply:
        return Conforming(template=blank).reply()

    with MockBackend(operations=operations, defaults={_PAGE: page}) as mock_backend:
        return prove(mock_backend)


def _named() -> dict[str, RuntimeExample]:
    """The known answers, by the operation that each is the response of."""
    return {str(number): example for number, example in enumerate([*examples(), *stalls()])}


def _proof(driver: str, program: str, mock_backend: MockBackend, fetch: Fetch) -> RuntimeProof:
    """Try everything, and put together what is right and what is wrong."""
    try:
        problems = {**_try_answers(mock_backend, fetch), **_try_refusals(mock_backend, fetch)}
    except (DriverError, FaultError, LateError, msgspec.DecodeError, msgspec.ValidationError) as error:
        why = str(error) or type(error).__name__
        return RuntimeProof(driver=driver, program=program, problem=why)  # type: ignore[arg-type]
    proven = tuple(name for name, lines in problems.items() if not lines)
    replaceable = _replaceable()
    faults = tuple(
        RuntimeFault(behaviour=name, problem=line, stand_in=KEPT_ALIVE if replaceable.get(name) in proven else "")
        for name, lines in problems.items()
        for line in dict.fromkeys(lines)
    )
    return RuntimeProof(driver=driver, program=program, proven=proven, faults=faults)  # type: ignore[arg-type]


def _replaceable() -> dict[str, str]:
    """The behaviour of the stand-in, for each behaviour that has one."""
    others = {example.behaviour: stand_in(example.faults[0]) for example in examples()}
    return {name: behaviour_of(other.reply()) for name, other in others.items() if other is not None}


def _try_answers(mock_backend: MockBackend, fetch: Fetch) -> dict[str, list[str]]:
    """What is wrong with each behaviour; first what ends by itself, then what stalls."""
    named = _named()
    problems: dict[str, list[str]] = {example.behaviour: [] for example in named.values()}
    for stalling in (False, True):
        batch = {name: example for name, example in named.items() if example.aborted is stalling}
        for name, example in batch.items():
            mock_backend.script(name, *example.faults)
        if stalling:
            mock_backend.script(_ABORT, Held(template=TEMPLATE, name=_ABORT))
        releasing = threading.Thread(target=_release, args=(mock_backend, batch if stalling else {}), daemon=True)
        releasing.start()
        until = f"/self-test/{_ABORT}" if stalling else ""
        outcomes = fetch([_request(name, example) for name, example in batch.items()], until)
        releasing.join()
        for (name, example), seen in zip(batch.items(), outcomes, strict=True):
            problem = _problem(mock_backend, name, example, seen)
            problems[example.behaviour] += [problem + example.when] if problem else []
    if mock_backend.received(ELSEWHERE):
        for name in problems:
            problems[name] += ["follows a redirect, although told not to"] if name.startswith("redirect ") else []
    return problems


def _release(mock_backend: MockBackend, stalling: Mapping[str, RuntimeExample]) -> None:
    """Tell the runtime to abort once every response stalls; at the latest after a time, for one that sends none."""
    if stalling:
        with suppress(FaultError):
            for name in stalling:
                mock_backend.wait_for(name)
        mock_backend.release(_ABORT)


def _problem(mock_backend: MockBackend, name: str, example: RuntimeExample, seen: Sequence[Outcome]) -> str:
    """What the runtime got wrong about one known answer, "" for nothing."""
    if len(seen) != len(example.faults) or any(outcome.type == "pending" for outcome in seen):
        return f"comes to no end with {example.what}"
    sent = len(mock_backend.received(name))
    if sent != len(example.faults):
        expected = "once" if len(example.faults) == 1 else "each time"
        return f"sends the request {sent} times instead of {expected} for {example.what}"
    if example.aborted and not _closed(mock_backend, name):
        return f"leaves the connection open of {example.what}"
    return example.judge(example.what, seen)


def _closed(mock_backend: MockBackend, name: str) -> bool:
    """Whether the runtime closed the connection of an aborted request."""
    with suppress(FaultError):
        mock_backend.wait_until_complete(CLOSED_S)
    return all(received.delivery is not None for received in mock_backend.received(name))


def _try_refusals(mock_backend: MockBackend, fetch: Fetch) -> dict[str, list[str]]:
    """What is wrong about connections that are refused, or reset on arrival."""
    ways: tuple[Refusal, ...] = ("closed", "reset")
    problems: dict[str, list[str]] = {}
    for how in ways:
        mock_backend.refuse(how)
        try:
            [[outcome]] = fetch([_request(_REFUSED)], "")
        finally:
            mock_backend.accept()
        refused = outcome.error and outcome.type != "pending"
        problems[f"connections {how}"] = [] if refused else ["takes a refused connection for a response"]
    return problems


def _request(name: str, example: RuntimeExample | None = None) -> dict[str, object]:
    """One request for the probe."""
    if example is None:
        return {"path": f"/self-test/{name}", "method": "POST", "redirect": "manual", "times": 1}
    sent = {"method": example.method, "redirect": example.redirect, "times": len(example.faults)}
    return {"path": f"/self-test/{name}", **sent}


def _argument(base: str, requests: Sequence[Mapping[str, object]], until: str) -> str:
    return json.dumps({"base": base, "until": until, "requests": list(requests), "limitMs": RESPONSE_S * 1000})


def _probe() -> str:
    """The probe as one expression."""
    return PROBE.read_text("utf-8").rstrip().rstrip(";")


def _message(fields: Mapping[str, str]) -> str:
    """What the probe returned. Raises DriverError for an error of its own."""
    if "message" not in fields:
        raise DriverError(fields.get("error", "the probe returned nothing"))
    return fields["message"]
