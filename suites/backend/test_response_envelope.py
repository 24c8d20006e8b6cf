"""ENV: what every response of the backend must hold."""

from collections.abc import Callable

import pytest

from technogate.checks import response_predicates
from technogate.checks.response_envelope import has_current_time, has_trace_header
from technogate.checks.response_predicates import (
    declares_json,
    has_answer,
    has_reason_code,
    has_status_word,
    has_valid_member,
    is_documented,
    is_strict_json,
)
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY, foreign_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, needs, parts, requirement

Word = Callable[[str], str]


@requirement("ENV-01")
@parts("execute")
def test_executed_command_has_a_documented_response(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """An executed command gets 200 with a valid response."""
    exchange = backend.execute(word("approved"))
    needs(has_answer(exchange))
    must_hold(is_documented(contract, exchange))


@requirement("ENV-01")
@parts("execute")
def test_unknown_command_has_a_documented_response(
    backend: HttpDriver, contract: Contract, must_hold: MustHold
) -> None:
    """An unknown command gets a valid response too."""
    exchange = backend.execute("NO_SUCH_COMMAND_EXISTS")
    needs(has_answer(exchange))
    must_hold(is_documented(contract, exchange))


@requirement("ENV-02")
@parts("execute")
def test_status_is_one_of_the_five(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """The status of an execute response is one of the five words, in exactly that case."""
    for exchange in (backend.execute(word("approved")), backend.execute("NO_SUCH_COMMAND_EXISTS")):
        must_hold(has_status_word(exchange, *contract.status_words))


@requirement("ENV-03")
@parts("execute")
def test_time_is_utc_and_now(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """`ts_utc` ends in Z and lies within the tolerance of the time of the request."""
    for exchange in (backend.execute(word("approved")), backend.execute("not a command")):
        if response_predicates.carries(exchange, "ts_utc"):
            must_hold(has_current_time(exchange, contract.behavior.time.clock_tolerance_s))


@requirement("ENV-04")
@parts("execute")
def test_trace_id_has_its_form(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """The trace id of an execute response has the right form; that none repeats is checked over the whole run."""
    for exchange in [backend.execute(word("approved")) for _ in range(5)]:
        must_hold(has_valid_member(contract, exchange, "trace_id", contract.behavior.schemas.trace_id))


@requirement("ENV-04")
@parts("execute")
def test_trace_id_is_not_the_clients(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """Two requests that carry the same trace id still get two different trace ids."""
    sent = ((contract.behavior.headers.trace, "client-0001"),)
    body = backend.body(word("approved"))
    case = backend.case(contract.behavior.operations.execute, headers=sent, body=body)
    first, second = backend.send(case), backend.send(case)
    first_id, second_id = response_predicates.trace_id(first), response_predicates.trace_id(second)
    must_hold(has_valid_member(contract, first, "trace_id", contract.behavior.schemas.trace_id))
    must_hold(
        response_predicates.finding("unique trace id", second, "a trace id of its own", second_id)
        if first_id == second_id
        else []
    )


@requirement("ENV-05")
@parts("trace")
def test_responses_have_a_trace_header(backend: HttpDriver, guarded: str, must_hold: MustHold) -> None:
    """Each response of an operation carries a trace header, whether the request is allowed or refused."""
    for exchange in (backend.ask(guarded), backend.ask(guarded, key=NO_KEY)):
        must_hold(has_trace_header(exchange, backend.contract.behavior.headers.trace))


@requirement("ENV-05")
@parts("execute")
@pytest.mark.parametrize(
    "cause",
    [
        "bad-command",
        pytest.param("bad-limit", marks=parts("audit")),
        "wrong-key",
        "unknown-path",
        "wrong-method",
        "too-large",
        "other-type",
    ],
)
def test_refusals_have_a_trace_header(backend: HttpDriver, contract: Contract, cause: str, must_hold: MustHold) -> None:
    """Every refusal carries a trace header, whatever its cause: 400, 403, 404, 405, 413, 415."""
    names = contract.behavior.operations
    execute = contract.operations[names.execute]
    exchange = {
        "bad-command": lambda: backend.execute("lower case"),
        "bad-limit": lambda: backend.read(names.fallback or names.audit, {"limit": "0"}),
        "wrong-key": lambda: backend.ask(names.memory or names.execute, key=foreign_key()),
        "unknown-path": lambda: backend.send(Case(method="GET", path=f"{execute.path}/more")),
        "wrong-method": lambda: backend.send(Case(method="PUT", path=execute.path, body=b"{}")),
        "too-large": lambda: backend.send(
            backend.case(names.execute, body=b"{}".ljust(contract.behavior.request.max_body_bytes + 1))
        ),
        "other-type": lambda: backend.send(backend.case(names.execute, body=b"x", content_type="text/plain")),
    }[cause]()
    if cause == "too-large" and exchange.response is None and exchange.error:
        # A backend that responds before it has read all may close the connection: then the response can be lost.
        exchange = backend.execute("lower case")
    must_hold(has_trace_header(exchange, contract.behavior.headers.trace))


@requirement("ENV-06")
@parts("execute")
def test_blocked_has_a_reason(backend: HttpDriver, must_hold: MustHold) -> None:
    """A refusal with 200 carries at least one reason code."""
    exchange = backend.execute("NO_SUCH_COMMAND_EXISTS")
    needs(has_status_word(exchange, backend.contract.behavior.statuses.blocked))
    must_hold(has_reason_code(exchange))


@requirement("ENV-06")
@parts("execute")
def test_expired_has_a_reason(backend: HttpDriver, word: Word, must_hold: MustHold) -> None:
    """A response to an expired command carries at least one reason code."""
    exchange = backend.execute(word("expired"))
    needs(has_status_word(exchange, backend.contract.behavior.statuses.expired))
    must_hold(has_reason_code(exchange))


@requirement("ENV-07")
def test_bodies_are_strict_json(backend: HttpDriver, judged: str, must_hold: MustHold) -> None:
    """Bodies are declared as JSON and parse as strict JSON, allowed or refused."""
    general = {operation.id for operation in backend.contract.general}
    for exchange in (backend.ask(judged), backend.ask(judged, key=NO_KEY)):
        if judged in general:
            must_hold(is_documented(backend.contract, exchange))
        else:
            must_hold(declares_json(exchange), is_strict_json(exchange))


@requirement("ENV-07")
@parts("memory")
def test_executed_body_is_strict_json(backend: HttpDriver, word: Word, must_hold: MustHold) -> None:
    """The response to an executed command, and then its snapshot, are declared as JSON and parse as strict JSON."""
    for exchange in (backend.execute(word("approved")), backend.read(backend.contract.behavior.operations.memory)):
        must_hold(declares_json(exchange), is_strict_json(exchange))


@requirement("ENV-07")
@parts("memory")
def test_first_memory_has_no_body(
    backend: HttpDriver,  # noqa: ARG001 - started, so that the memory was read first
    first_memory: Exchange,
    must_hold: MustHold,
) -> None:
    """A 204 has no body and announces none; any other first response of the memory is strict JSON."""
    must_hold(declares_json(first_memory), is_strict_json(first_memory))
    if first_memory.response is None or first_memory.response.status != 204:
        return
    announced = [first_memory.response.header(name) for name in ("content-length", "transfer-encoding")]
    bodies = [value for value in announced if value not in (None, "0")]
    must_hold(
        response_predicates.finding("empty 204", first_memory, "no body with a 204", f"one of {bodies[0]}")
        if bodies
        else []
    )
