"""ERR-02, ERR-03, TMO-02: what is judged over the whole run, given something to judge when it is checked alone."""

import re
from collections.abc import Callable

from technogate.checks import response_checks
from technogate.checks.latency import FEWEST
from technogate.checks.leak import response_leaks
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.model.events import Exchange, Finding
from technogate.runner.suite import MustHold, requirement

Word = Callable[[str], str]


#: What the end of a stack trace leaves when its beginning is cut off: a line of code, an exception by its full name.
END_OF_TRACE = re.compile(
    r"\b(?:raise|throw new) [A-Z]\w*\(|\b(?:[a-z_]\w*\.)+[A-Z]\w*(?:Error|Exception)\b|^\s*[~^]+\s*$", re.MULTILINE
)


def tells_nothing(exchange: Exchange) -> list[Finding]:
    """The answer tells nothing of the backend's inside (ERR-03)."""
    found = response_leaks(exchange)
    message = str(response_checks.json_object(exchange).get("message", ""))
    end = END_OF_TRACE.search(message)
    if not found and end is not None and end[0] not in exchange.request.body.text:
        return response_checks.finding("nothing from within", exchange, "no stack trace", f"the end of one: {message}")
    if not found:
        return response_checks.answered(exchange)
    observed = f"{found[0].kind} in {found[0].place}: {found[0].text}"
    return response_checks.finding(
        "nothing from within", exchange, "no stack trace, path, SQL, host or address", observed
    )


@requirement("ERR-02")
def test_server_error_is_an_error_answer(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """A command whose executor fails is answered by a valid ErrorResponse, if by a 5xx; the sweep takes all others."""
    exchange = backend.execute(word("crashing"))
    must_hold(response_checks.answered(exchange))
    if exchange.response is not None and exchange.response.status >= 500:
        must_hold(response_checks.error_response(contract, exchange))


@requirement("ERR-03")
def test_errors_tell_nothing(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> None:
    """Answers to what goes wrong in every usual way tell nothing of the backend's inside."""
    names = contract.behavior.operations
    for exchange in (
        backend.send(backend.case(names.execute, body=b"{{{")),
        backend.send(backend.case(names.execute, body=b"\xff\xfe\x00")),
        backend.send(backend.case(names.execute, body=b'{"command": "PING", "session_id": {"a": [1]}}')),
        backend.send(backend.case(names.execute, body=b"[" * 5000)),
        backend.execute("'; DROP TABLE x; --"),
        backend.execute("../../../../x"),
        backend.read(names.audit, {"filter": "' OR 1=1 --"}),
        backend.read(names.fallback, {"limit": "1e309"}),
        backend.read(names.memory, key=NO_KEY),
        backend.send(Case(method="GET", path="/api/nothing")),
        backend.send(Case(method="DELETE", path=contract.operations[names.execute].path)),
    ):
        must_hold(tells_nothing(exchange))


@requirement("ERR-03")
def test_failing_executor_tells_nothing(backend: HttpDriver, word: Word, must_hold: MustHold) -> None:
    """The answer of a command whose executor fails tells nothing of the backend's inside."""
    must_hold(tells_nothing(backend.execute(word("crashing"))))


@requirement("TMO-02")
def test_operations_are_answered_often(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """Each operation is asked often enough to tell how fast it is; the sweep tells, over all answers of the run."""
    for operation in contract.guarded:
        for _ in range(FEWEST):
            if operation.id == contract.behavior.operations.execute:
                must_hold(response_checks.status(backend.execute(word("approved")), 200))
            else:
                must_hold(response_checks.status(backend.read(operation.id), 200, 204))
