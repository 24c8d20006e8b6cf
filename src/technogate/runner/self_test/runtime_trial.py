"""One trial of a runtime: every known answer is asked for through its fetch, and held to what is expected of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager, suppress

import msgspec

from technogate.drivers.console_driver import DriverError
from technogate.mock.listener import Refusal
from technogate.mock.mock_backend import MockBackend
from technogate.mock.reply_queue import FaultError
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Reply, ResponseTemplate
from technogate.model.driver_name import DriverName
from technogate.model.events import RuntimeFault, RuntimeProof
from technogate.runner.self_test.mock_examples import TEMPLATE
from technogate.runner.self_test.runtime_behaviour import KEPT_ALIVE, behaviour_of, stand_in
from technogate.runner.self_test.runtime_examples import ELSEWHERE, FetchOutcome, RuntimeExample, examples, stalls

#: Seconds that fetch may take over one response, and a runtime over all of them, on a busy machine too.
RESPONSE_S = 20.0
TRIAL_S = 60.0

#: Seconds after which a connection whose request was aborted must be closed.
CLOSED_S = 10.0

#: Operations beside the known answers: what tells the runtime to abort, a blank page, and requests that are refused.
_ABORT, PAGE, _REFUSED = "abort", "page", "refused"

#: What fetch made of each request, once for each time that it was sent.
Outcomes = Sequence[Sequence[FetchOutcome]]

#: Sends requests with the runtime's own fetch. All are aborted when the path is answered, unless it is "".
Fetch = Callable[[Sequence[Mapping[str, object]], str], Outcomes]

_OUTCOMES = msgspec.json.Decoder(list[list[FetchOutcome]])


def outcomes_of(text: str) -> Outcomes:
    """The outcomes that the probe reports. Raises a DecodeError or ValidationError of msgspec for anything else."""
    return _OUTCOMES.decode(text)


@contextmanager
def trial_backend() -> Iterator[MockBackend]:
    """A mock backend with an operation for each known answer."""
    operations = {name: (example.method, _path(name)) for name, example in _named().items()}
    operations |= {name: ("GET", _path(name)) for name in (_ABORT, PAGE, ELSEWHERE)}
    operations[_REFUSED] = ("POST", _path(_REFUSED))
    blank = ResponseTemplate(headers=(("Content-Type", "text/html"),), body=b"<!doctype html>")

    def page() -> Reply:
        return Conforming(template=blank).reply()

    with MockBackend(operations=operations, defaults={PAGE: page}) as mock_backend:
        yield mock_backend


def _path(name: str) -> str:
    return f"/self-test/{name}"


def _named() -> dict[str, RuntimeExample]:
    """The known answers, by the operation that each is the response of."""
    return {str(number): example for number, example in enumerate([*examples(), *stalls()])}


def trial(driver: DriverName, program: str, mock_backend: MockBackend, fetch: Fetch) -> RuntimeProof:
    """Try everything, and put together what is right and what is wrong."""
    try:
        problems = {**_try_answers(mock_backend, fetch), **_try_refusals(mock_backend, fetch)}
    except (DriverError, FaultError, LateError, msgspec.DecodeError, msgspec.ValidationError) as error:
        why = str(error) or type(error).__name__
        return RuntimeProof(driver=driver, program=program, problem=why)
    proven = tuple(name for name, lines in problems.items() if not lines)
    replaceable = _replaceable()
    faults = tuple(
        RuntimeFault(behaviour=name, problem=line, stand_in=KEPT_ALIVE if replaceable.get(name) in proven else "")
        for name, lines in problems.items()
        for line in dict.fromkeys(lines)
    )
    return RuntimeProof(driver=driver, program=program, proven=proven, faults=faults)


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
        until = _path(_ABORT) if stalling else ""
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
                mock_backend.wait_for(name, timeout=RESPONSE_S)
        mock_backend.release(_ABORT)


def _problem(mock_backend: MockBackend, name: str, example: RuntimeExample, seen: Sequence[FetchOutcome]) -> str:
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
        return {"path": _path(name), "method": "POST", "redirect": "manual", "times": 1}
    sent = {"method": example.method, "redirect": example.redirect, "times": len(example.faults)}
    return {"path": _path(name), **sent}
